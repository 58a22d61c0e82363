"""An answer in JSON with the headers that every one of them has."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from .accepting import GRAPHQL_RESPONSE, JSON

COMMON = (
    (b"cache-control", b"no-store"),  # answers hold customers' data
    (b"vary", b"Accept"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NEWER, USUAL = ((b"content-type", f"{one}; charset=utf-8".encode()) for one in (GRAPHQL_RESPONSE, JSON))
NONE: Mapping[str, str] = {}


class Answer:
    """A whole answer, as an ASGI application; as application/json unless the newer type was asked for."""

    def __init__(
        self, body: bytes, media_type: str | None, status: HTTPStatus, headers: Mapping[str, str] = NONE
    ) -> None:
        self._body = body
        self._status = status
        self._headers = [
            NEWER if media_type == GRAPHQL_RESPONSE else USUAL,
            (b"content-length", b"%d" % len(body)),
            *COMMON,
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status.value, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})
