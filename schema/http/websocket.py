"""GraphQL over a WebSocket, by the protocol graphql-transport-ws: many operations side by side on one connection."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any, cast

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..exchange import Caller, Request, Result
from ..service import Service
from .accepting import JSON
from .limits import HttpLimits
from .origins import is_welcome
from .parameters import from_fields
from .refusal import Refusal
from .running import AUTHORIZATION, Admit, FindService, Identify, failure, results

PROTOCOL = "graphql-transport-ws"
LONGEST_REASON = 123  # bytes that a close frame has room for (RFC 6455, 5.5)
LONGEST_ID = 255

# Close codes: the first two are the WebSocket's own, the others the protocol's.
TOO_BIG = 1009
MALFORMED = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
WRONG_PROTOCOL = 4406
INIT_TIMEOUT = 4408
ID_TAKEN = 4409
SECOND_INIT = 4429


class Closing(Exception):
    """The connection has to end; the client is told why by code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")


class GraphQLSocket:
    """An ASGI application for the WebSockets of one path."""

    def __init__(
        self,
        service: FindService,
        identify: Identify,
        limits: HttpLimits,
        origins: Collection[str] = (),
        admit: Admit = lambda scope: None,
    ) -> None:
        self._admit = admit
        self._service = service
        self._identify = identify
        self._limits = limits
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        socket = WebSocket(scope, receive, send)
        if not is_welcome(socket.headers, self._origins):
            message = "Pages of this origin may not connect; the setting allowed_origins names those that may."
            await _turn_away(socket, Refusal("ORIGIN_NOT_ALLOWED", message, HTTPStatus.FORBIDDEN))
            return
        try:
            self._admit(scope)
        except Refusal as refusal:
            await _turn_away(socket, refusal)
            return
        is_spoken = PROTOCOL in socket.scope["subprotocols"]
        await socket.accept(PROTOCOL if is_spoken else None)
        connection = _Connection(
            socket, self._service(scope), lambda: self._identify(scope), lambda: self._admit(scope), self._limits
        )
        try:
            if not is_spoken:
                raise Closing(WRONG_PROTOCOL, f"Subprotocol not acceptable: connect with {PROTOCOL}")
            await connection.listen()
        except Closing as closing:
            await connection.end()
            with suppress(WebSocketDisconnect):
                await socket.close(closing.code, closing.reason)
        except WebSocketDisconnect:
            pass
        finally:
            await connection.end()


class _Connection:
    """An accepted WebSocket with the operations under way on it."""

    def __init__(
        self,
        socket: WebSocket,
        service: Service,
        identify: Callable[[], Caller],
        admit: Callable[[], None],
        limits: HttpLimits,
    ) -> None:
        self._socket = socket
        self._admit = admit
        self._service = service
        self._identify = identify
        self._limits = limits
        self._is_ready = False
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Do what the messages say; raises Closing, and WebSocketDisconnect when the client is gone."""
        deadline = asyncio.get_running_loop().time() + self._limits.init_seconds
        while True:
            try:
                async with asyncio.timeout_at(None if self._is_ready else deadline):
                    message = await self._receive()
            except TimeoutError:
                raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None
            await self._obey(message)

    async def end(self) -> None:
        """End all operations."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _receive(self) -> dict[str, Any]:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text = event.get("text")
        if text is None:
            raise Closing(MALFORMED, "Messages are JSON in text frames, not binary ones")
        if len(text.encode(errors="surrogatepass")) > self._limits.largest_request:
            raise Closing(TOO_BIG, f"A message may have {self._limits.largest_request:,} bytes")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closing(MALFORMED, "The message is no JSON that can be read") from None
        if not isinstance(message, dict):
            raise Closing(MALFORMED, "A message is an object with a type")
        return cast(dict[str, Any], message)

    async def _obey(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                _check_payload(message)
                if self._is_ready:
                    raise Closing(SECOND_INIT, "Too many initialisation requests")
                self._authorise(message.get("payload") or {})
                self._is_ready = True
                await self._send({"type": "connection_ack"})
            case "ping":
                _check_payload(message)
                payload = {"payload": message["payload"]} if "payload" in message else {}
                await self._send({"type": "pong", **payload})
            case "pong":
                _check_payload(message)
            case "subscribe":
                await self._start(_operation_id(message), _request(message))
            case "complete":
                task = self._by_id.pop(_operation_id(message), None)
                if task is not None:
                    task.cancel()
                    await asyncio.wait({task})
            case str(other):
                raise Closing(MALFORMED, f"There is no message of the type {other[:40]!r} to a server")
            case _:
                raise Closing(MALFORMED, "A message has a type, which is text")

    def _authorise(self, payload: dict[str, Any]) -> None:
        """Take the token that a client states here because a browser can't state it in a header; raises Closing."""
        stated = payload.get("Authorization", payload.get("authorization"))
        if stated is None:
            return
        if not isinstance(stated, str):
            raise Closing(MALFORMED, "The authorization in the payload of connection_init is text: Bearer TOKEN")
        if not stated.lower().startswith("bearer "):
            raise Closing(FORBIDDEN, "Forbidden: the authorization is written 'Bearer TOKEN'")
        self._socket.scope[AUTHORIZATION] = stated
        try:
            self._admit()
        except Refusal as refusal:
            raise Closing(FORBIDDEN, f"Forbidden: {refusal.message}") from None

    async def _start(self, id_: str, request: Request) -> None:
        if not self._is_ready:
            raise Closing(UNAUTHORIZED, "Unauthorized: send connection_init and wait for connection_ack")
        if id_ in self._by_id:
            raise Closing(ID_TAKEN, f"Subscriber for {id_} already exists")
        if len(self._tasks) >= self._limits.most_operations:
            message = f"A connection may have {self._limits.most_operations} operations under way; complete one first."
            await self._send(_error(id_, Refusal("TOO_MANY_OPERATIONS", message).result()))
            return
        task = asyncio.create_task(self._run(id_, request))
        self._by_id[id_] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, id_: str, request: Request) -> None:
        try:
            last = await self._answer(id_, request)
        except WebSocketDisconnect:
            return  # the listening side hears of it, too
        except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
            last = _error(id_, failure(error, None))
        self._by_id.pop(id_, None)  # before the client hears of it, because it may use the id again then
        with suppress(WebSocketDisconnect):
            await self._send(last)

    async def _answer(self, id_: str, request: Request) -> dict[str, Any]:
        """Send the results of an operation; gives the message that ends it."""
        async with aclosing(results(self._service, request, self._identify())) as found:
            async for result in found:
                if not result.ran:
                    return _error(id_, result)
                await self._send({"id": id_, "type": "next", "payload": orjson.Fragment(result.encoded())})
        return {"id": id_, "type": "complete"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(orjson.dumps(message).decode())


def _error(id_: str, result: Result) -> dict[str, Any]:
    """The message for an operation that was not run."""
    return {"id": id_, "type": "error", "payload": result.decoded()["errors"]}


def _check_payload(message: dict[str, Any]) -> None:
    if not isinstance(message.get("payload"), dict | None):
        raise Closing(MALFORMED, f"The payload of {message['type']} is an object or null")


def _operation_id(message: dict[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= LONGEST_ID:
        raise Closing(MALFORMED, f"The id of {message['type']} is a text of 1 to {LONGEST_ID} characters")
    return id_


def _request(message: dict[str, Any]) -> Request:
    try:
        return from_fields(message.get("payload"), "The payload of subscribe")
    except Refusal as refusal:
        raise Closing(MALFORMED, refusal.message) from None


async def _turn_away(socket: WebSocket, refusal: Refusal) -> None:
    """Refuse the handshake: with the reason in the body where the server can send one, with a bare 403 elsewhere."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        body = refusal.result().encoded()
        await socket.send_denial_response(Response(body, refusal.status, media_type=f"{JSON}; charset=utf-8"))
    else:
        await socket.close()
