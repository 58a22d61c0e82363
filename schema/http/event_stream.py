"""Server-sent events: the results of one operation as a stream, by GraphQL over SSE in distinct connections mode."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from ..exchange import Result
from .accepting import EVENT_STREAM

HEADERS = (
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"Accept"),
)
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"  # without its empty data no browser would dispatch it
Write = Callable[[bytes], Awaitable[None]]


class EventStream:
    """A response that writes each result as it comes, and ends the operation when the client goes away."""

    def __init__(self, results: AsyncGenerator[Result, None], heartbeat_seconds: float) -> None:
        self._results = results
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        turn = asyncio.Lock()

        async def write(chunk: bytes) -> None:
            async with turn:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await write(HEARTBEAT)  # the headers leave with the first piece of the body, and an event may take its time
        events = asyncio.create_task(self._write_events(write))
        beside = [asyncio.create_task(self._beat(write)), asyncio.create_task(_departure(receive))]
        tasks = [events, *beside]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not events.cancelled():
            events.result()  # raises what went wrong in it
            await send({"type": "http.response.body", "body": b""})

    async def _write_events(self, write: Write) -> None:
        async with aclosing(self._results) as results:
            async for result in results:
                # JSON as it is written here has no line breaks, so that one line of data holds it
                place = b"" if result.cursor is None else b"id: %b\n" % result.cursor.encode()
                await write(b"event: next\n" + place + b"data: " + result.encoded() + b"\n\n")
        await write(COMPLETE)

    async def _beat(self, write: Write) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_seconds)
            await write(HEARTBEAT)


async def _departure(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
