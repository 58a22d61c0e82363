"""Clients that speak to an app without a network: for requests, for streams that have no end, and for WebSockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from accord.config.app import create_app
from accord.config.composition import open_accord
from accord.config.settings import Settings
from accord.tests.accord_fixture import core_schema, migrate
from accord.tests.waiting import PATIENCE

ORIGIN = "http://accord.test"


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Starlette]:
    """An app at work on an embedded database of its own: what is tested through it is the same on every database."""
    location = f"sqlite:{folder / 'accord.db'}"
    await migrate(location)
    chosen = Settings(database=location, **settings)
    async with open_accord(chosen, schema=core_schema()) as accord:
        app = create_app(chosen, accord)
        async with app.router.lifespan_context(app):
            yield app


def http_client(app: ASGIApp) -> httpx.AsyncClient:
    """A client for whole requests and answers."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)


@dataclass
class Stream:
    """An answer that is read while it comes."""

    asked: Message
    sent: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue[Message]())
    is_gone: asyncio.Event = field(default_factory=asyncio.Event)
    has_asked: bool = False

    async def receive(self) -> Message:
        if not self.has_asked:
            self.has_asked = True
            return self.asked
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def read(self) -> bytes:
        """The next piece of the body; nothing at its end."""
        async with asyncio.timeout(PATIENCE):
            message = await self.sent.get()
        assert message["type"] == "http.response.body"
        return message["body"]

    async def event(self) -> str:
        """The next piece that is no heartbeat."""
        while (piece := await self.read()) == b":\n\n":
            pass
        return piece.decode()


@asynccontextmanager
async def streaming(app: ASGIApp, headers: dict[str, str], body: Any = None, query: str = "") -> AsyncIterator[Stream]:
    """Ask for a stream, and leave at the end."""
    scope = {
        "type": "http",
        "method": "GET" if body is None else "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": encoded_headers({"host": "accord.test", "content-type": "application/json", **headers}),
        "client": ("127.0.0.1", 1),
        "server": ("accord.test", 80),
        "http_version": "1.1",
    }
    stream = Stream({"type": "http.request", "body": json.dumps(body).encode(), "more_body": False})
    async with under_way(app(scope, stream.receive, stream.sent.put), stream.is_gone):
        yield stream


@dataclass
class Socket:
    """A WebSocket as a client holds it."""

    incoming: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue[Message]())
    sent: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue[Message]())
    is_gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Any) -> None:
        """Send a message as it is if it is text or bytes, as JSON otherwise."""
        kind = "bytes" if isinstance(message, bytes) else "text"
        content = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.incoming.put({"type": "websocket.receive", kind: content})

    async def receive(self) -> dict[str, Any]:
        """The next message from the server."""
        message = await self.event()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def event(self) -> Message:
        """The next event of the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.sent.get()

    async def closing(self) -> tuple[int, str]:
        """The code and the reason of the closing, which must come next."""
        message = await self.event()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]

    async def leave(self) -> None:
        """Close, or just be gone: a server hears the same."""
        await self.incoming.put({"type": "websocket.disconnect", "code": 1006})


@asynccontextmanager
async def connecting(
    app: ASGIApp, *, protocols: Sequence[str] = ("graphql-transport-ws",), **headers: str
) -> AsyncIterator[Socket]:
    """Open a WebSocket, and leave at the end; what the server says to the handshake is the first event."""
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": encoded_headers({"host": "accord.test", **headers}),
        "subprotocols": list(protocols),
        "extensions": {"websocket.http.response": {}},
    }
    socket = Socket()
    await socket.incoming.put({"type": "websocket.connect"})
    async with under_way(app(scope, socket.incoming.get, socket.sent.put), socket.is_gone):
        yield socket
        await socket.leave()


@asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[Socket]:
    """A WebSocket that has said who it is, and may ask."""
    async with connecting(app) as socket:
        assert (await socket.event())["subprotocol"] == "graphql-transport-ws"
        await socket.send({"type": "connection_init"})
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


@asynccontextmanager
async def under_way(answering: Any, is_gone: asyncio.Event) -> AsyncIterator[None]:
    """Let the app answer meanwhile; it must come to an end by itself once the client is gone."""
    task = asyncio.ensure_future(answering)
    try:
        yield
    except BaseException:
        task.cancel()
        raise
    is_gone.set()
    async with asyncio.timeout(PATIENCE):
        await task


def encoded_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers as an app sees them."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
