"""How requests end that would not end by themselves: when the server stops, and when nobody waits for the answer."""

import asyncio
from http import HTTPStatus
from typing import cast

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..schema.deadlines import Deadlines
from .request_log import NOTES, Notes, SocketNotes

WATCH_SECONDS = 0.25  # a request that takes longer is worth looking whether its client is still there
PAUSE = 0.05
GOING_AWAY = 1001  # close code of a WebSocket (RFC 6455, 7.4.1)
REASON = "The server is stopping; connect again"
UNAVAILABLE = orjson.dumps(
    {
        "errors": [
            {"message": "The server is stopping; send the request again.", "extensions": {"code": "SERVER_STOPPING"}}
        ]
    }
)


class Stopping:
    """Whether the server has been told to stop, and how long it may take for that."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._event = asyncio.Event()
        self._since = 0.0

    @property
    def is_set(self) -> bool:
        """Whether it is to stop."""
        return self._event.is_set()

    def set(self) -> None:
        """Stop; asked again, nothing changes."""
        if not self.is_set:
            self._since = asyncio.get_running_loop().time()
            self._event.set()

    def hurry(self) -> None:
        """Stop without waiting for anything."""
        self.set()
        self._seconds = 0.0

    async def wait(self) -> None:
        """Return once it is to stop."""
        await self._event.wait()

    def seconds_left(self) -> float:
        """How much of its time is left; at least a second, for putting things away."""
        passed = asyncio.get_running_loop().time() - self._since if self.is_set else 0.0
        return max(self._seconds - passed, 1.0)


class Endings:
    """ASGI middleware, right behind the request log.

    When the server stops, streams end, WebSockets are closed once what they asked has been answered, and a request that
    takes longer than the server waits is told so. A request whose client has gone is cancelled, in the database, too.
    """

    def __init__(self, app: ASGIApp, stopping: Stopping) -> None:
        self._app = app
        self._stopping = stopping
        self._watched = Deadlines(WATCH_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by what stands behind."""
        notes = scope.get(NOTES)
        if isinstance(notes, Notes):
            exchange = _Exchange(self._stopping, notes, receive, send)
            self._watched.add(exchange)
            try:
                await exchange.run(self._app, scope)
            finally:
                self._watched.remove(exchange)
        elif isinstance(notes, SocketNotes):
            await _Socket(self._stopping, notes, receive, send).run(self._app, scope)
        else:
            await self._app(scope, receive, send)


class _Exchange:
    """One HTTP request being answered."""

    def __init__(self, stopping: Stopping, notes: Notes, receive: Receive, send: Send) -> None:
        self._stopping = stopping
        self._notes = notes
        self._receive_next = receive
        self._send = send
        self._is_read = False  # the whole body
        self._is_listening = False  # the app itself waits for the client to leave
        self._is_left = False
        self._watching: asyncio.Task[None] | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        self._task = task = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            await app(scope, self._receive, self._send)
        except asyncio.CancelledError:
            if self._is_left:
                task.uncancel()
            elif self._stopping.is_set:
                task.uncancel()
                await self._refuse()
            else:
                raise
        finally:
            if self._watching is not None:
                self._watching.cancel()
        if self._notes.is_begun and not self._notes.is_answered and self._stopping.is_set:
            await self._send({"type": "http.response.body", "body": b""})

    def expire(self) -> None:
        """Look for the client's leaving from now on, unless the app does so itself."""
        if not self._is_listening and not self._notes.is_answered:
            self._watching = asyncio.get_running_loop().create_task(self._until_left(self._task))

    async def _until_left(self, task: "asyncio.Task[None]") -> None:
        while not self._is_read:  # noqa: ASYNC110  until then it is the app that reads
            await asyncio.sleep(WATCH_SECONDS)
        message = await self._receive_next()
        if message["type"] == "http.disconnect" and not self._notes.is_answered and not self._is_listening:
            self._is_left = True
            task.cancel()

    async def _receive(self) -> Message:
        if self._is_read:
            return await self._departure()
        message = await self._receive_next()
        self._is_read = not message.get("more_body", False)
        return message

    async def _departure(self) -> Message:
        """Wait for the client to leave; a stream is left when the server stops."""
        self._is_listening = True
        leaving = asyncio.ensure_future(self._receive_next())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((leaving, stopping), return_when=asyncio.FIRST_COMPLETED)
            if self._notes.is_streaming and not leaving.done():
                return {"type": "http.disconnect"}
            return await leaving
        finally:
            leaving.cancel()
            stopping.cancel()

    async def _refuse(self) -> None:
        """Answer in the place of an app that was given its time."""
        if self._notes.is_begun:
            return
        self._notes.errors, self._notes.codes = 1, {"SERVER_STOPPING": None}
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(UNAVAILABLE)).encode()),
            (b"cache-control", b"no-store"),
            (b"retry-after", b"1"),
            (b"connection", b"close"),
        ]
        await self._send(
            {"type": "http.response.start", "status": int(HTTPStatus.SERVICE_UNAVAILABLE), "headers": headers}
        )
        await self._send({"type": "http.response.body", "body": UNAVAILABLE})


class _Socket:
    """One WebSocket being served."""

    def __init__(self, stopping: Stopping, notes: SocketNotes, receive: Receive, send: Send) -> None:
        self._stopping = stopping
        self._notes = notes
        self._receive_next = receive
        self._send_next = send
        self._is_closed = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await app(scope, self._receive, self._send)
        except asyncio.CancelledError:
            if not self._stopping.is_set:
                raise
            task.uncancel()
            await self._close()
        finally:
            self._stop.cancel()

    async def _receive(self) -> Message:
        coming = asyncio.ensure_future(self._receive_next())
        try:
            await asyncio.wait((coming, self._stop), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
        finally:
            coming.cancel()
        await asyncio.sleep(PAUSE)  # what has been asked just now is noted when it begins
        while self._notes.unanswered:  # noqa: ASYNC110  there is no event for it; the server limits the time
            await asyncio.sleep(PAUSE)
        await self._close()
        return {"type": "websocket.disconnect", "code": GOING_AWAY}

    async def _send(self, message: Message) -> None:
        if self._is_closed:
            raise OSError("the connection is closed")  # as a server says it when the client is gone
        self._is_closed = message["type"] == "websocket.close"
        await self._send_next(message)

    async def _close(self) -> None:
        if not self._is_closed:
            await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": REASON})
