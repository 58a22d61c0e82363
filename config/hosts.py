"""Which names this server answers to, so that no web page can reach it under a name of the page's own.

A page may have the name of its site lead to 127.0.0.1 once it is loaded ("DNS rebinding"): to the browser this server
then is that site. The Host header tells, because a page can't choose it.
"""

from collections.abc import Collection
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..schema.http.accepting import JSON
from ..schema.http.answer import Answer
from ..schema.http.refusal import Refusal
from .host_names import is_local, name_in
from .request_log import HEALTH, header

MOST_KEPT = 100  # Host headers that are known to be right; clients send the same one each time
LONGEST_SHOWN = 100
DENIAL = "websocket.http.response"


class Hosts:
    """ASGI middleware: turns away requests for names other than this machine's own and those allowed."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._kept: set[str | None] = {None}  # without the header it is no browser's

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by what stands behind. Who asks for health knows servers by their addresses, and is told little."""
        if scope["type"] in {"http", "websocket"}:
            host = header(scope, b"host")
            if host not in self._kept and not scope["path"].startswith(HEALTH) and not self._is_ours(str(host)):
                await _turn_away(str(host), scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = name_in(host)
        if name is None or not (name in self._allowed or is_local(name)):
            return False
        if len(self._kept) < MOST_KEPT:
            self._kept.add(host)
        return True


async def _turn_away(host: str, scope: Scope, receive: Receive, send: Send) -> None:
    message = (
        f"This server does not answer for the host {host[:LONGEST_SHOWN]!r}. If it is to, have the operator name it in "
        "the setting allowed_hosts (ACCORD_ALLOWED_HOSTS)."
    )
    refusal = Refusal("HOST_NOT_ALLOWED", message, HTTPStatus.MISDIRECTED_REQUEST)
    answer = Answer(refusal.result().encoded(), JSON, refusal.status)
    if scope["type"] == "http":
        await answer(scope, receive, send)
    elif DENIAL in scope.get("extensions", {}):
        await answer(scope, receive, _denying(send))
    else:
        await send({"type": "websocket.close"})


def _denying(send: Send) -> Send:
    """Sends an answer in place of the handshake of a WebSocket."""

    async def deny(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return deny
