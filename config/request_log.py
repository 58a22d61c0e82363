"""The log of requests: an id and a line for each, with what was asked for by name, and never with what was sent."""

import logging
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from time import perf_counter
from typing import Any, cast
from uuid import UUID

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..schema.documents import Operation
from ..schema.exchange import Caller, Refused, Request, Result
from ..schema.http.running import failure
from ..schema.service import Service
from .logging import write

log = logging.getLogger("accord.request")

NOTES = "accord.notes"  # where a scope holds them
HEADER = b"x-request-id"
TOKEN = re.compile(r"[A-Za-z0-9._=-]{1,128}")
METHODS = frozenset(HTTPMethod)
LONGEST_NAME = 64
MOST_CODES = 10
HEALTH = "/health/"
INTERNAL_ERROR = 1011  # close code of a WebSocket


@dataclass(kw_only=True, slots=True)
class Notes:
    """What is noted of one request while it is answered."""

    request: str
    is_begun: bool = False  # the answer
    is_answered: bool = False  # to its end
    operation: tuple[str, str | None] | None = None  # its kind and name
    cost: int | None = None
    errors: int = 0
    events: int | None = None  # of a subscription
    codes: dict[str, None] = field(default_factory=dict[str, None])
    incidents: list[str] = field(default_factory=list[str])

    @property
    def is_streaming(self) -> bool:
        """Whether it has no end of its own."""
        return self.events is not None

    def add(self, result: Result) -> None:
        """Note what came of it, or of a part of it."""
        if result.cost is not None:
            self.cost = result.cost.requested
        self.errors += len(result.errors)
        self.add_codes(error.extensions or {} for error in result.errors)

    def add_codes(self, several: Iterable[Mapping[str, Any]]) -> None:
        """Note the codes and incidents of errors, by their extensions."""
        for extensions in several:
            if len(self.codes) < MOST_CODES:
                self.codes[str(extensions.get("code", "?"))] = None
            if "incident" in extensions:
                self.incidents.append(extensions["incident"])

    def fields(self) -> dict[str, Any]:
        """What the log says of it."""
        found: dict[str, Any] = {}
        if self.operation is not None:
            kind, name = self.operation
            found["operation"] = {"type": kind, "name": name}
        if self.cost is not None:
            found["cost"] = self.cost
        if self.events is not None:
            found["events"] = self.events
        found["errors"] = self.errors
        if self.codes:
            found["codes"] = list(self.codes)
        if self.incidents:
            found["incidents"] = self.incidents
        return found


@dataclass(kw_only=True, slots=True)
class SocketNotes:
    """What is noted of one WebSocket: how many operations it has had, and how many are to be answered yet."""

    request: str
    operations: int = 0
    unanswered: int = 0


@dataclass(kw_only=True)
class NotedCaller(Caller):
    """Who asks, with where to note what comes of it; `socket` where it is one of many operations."""

    notes: Notes
    socket: SocketNotes | None = None


def noted_caller(scope: Scope, actor: UUID, permissions: frozenset[str] = frozenset()) -> Caller:
    """The caller of a request, or of the next operation on a WebSocket."""
    notes = scope.get(NOTES)
    if isinstance(notes, SocketNotes):
        notes.operations += 1
        request = f"{notes.request}-{notes.operations}"
        own = Notes(request=request)
        return NotedCaller(actor=actor, request=request, permissions=permissions, notes=own, socket=notes)
    if isinstance(notes, Notes):
        return NotedCaller(actor=actor, request=notes.request, permissions=permissions, notes=notes)
    return Caller(actor=actor, request=_new_id(), permissions=permissions)


class NotedService(Service):
    """The service, which notes what it is asked and what comes of it."""

    async def run(self, request: Request, caller: Caller, *, queries_only: bool = False) -> Result:
        """Run one document."""
        if not isinstance(caller, NotedCaller):
            return await super().run(request, caller, queries_only=queries_only)
        if caller.socket is None:
            result = await super().run(request, caller, queries_only=queries_only)
            caller.notes.add(result)
            return result
        started = perf_counter()
        caller.socket.unanswered += 1
        try:
            result = await super().run(request, caller, queries_only=queries_only)
            caller.notes.add(result)
            return result
        finally:
            caller.socket.unanswered -= 1
            _write_operation(caller.notes, started)

    async def subscribe(self, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
        """The results of a subscription as they come."""
        if not isinstance(caller, NotedCaller):
            async with aclosing(super().subscribe(request, caller)) as results:
                async for result in results:
                    yield result
            return
        notes, started = caller.notes, perf_counter()
        notes.events = 0
        try:
            async with aclosing(super().subscribe(request, caller)) as results:
                async for result in results:
                    notes.events += 1
                    notes.add(result)
                    yield result
        except Refused as refused:
            notes.add(refused.result)
            raise
        finally:
            if caller.socket is not None:
                _write_operation(notes, started)

    def found(self, operation: Operation, caller: Caller) -> None:
        """Note the kind and the name of an operation."""
        if isinstance(caller, NotedCaller):
            name = operation.node.name
            caller.notes.operation = (operation.type.value, name.value[:LONGEST_NAME] if name else None)


class RequestLog:
    """ASGI middleware: gives each request an id, writes its line, and contains what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by what stands behind."""
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "websocket":
                await self._connect(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        notes = scope[NOTES] = Notes(request=request_id(scope))
        header = (HEADER, notes.request.encode())
        status, size = 0, 0

        async def note(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                notes.is_begun = True
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            else:
                body: bytes = message.get("body", b"")
                size += len(body)
                notes.is_answered = not message.get("more_body", False)
                if status >= HTTPStatus.BAD_REQUEST and not notes.codes:
                    _note_refusal(notes, body)
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
            result = failure(error, Caller(actor=UUID(int=0), request=notes.request))
            notes.add(result)
            if not status:
                await _send_failure(note, result)
        finally:
            path = _path(scope)
            level = logging.DEBUG if path.startswith(HEALTH) else logging.INFO
            if log.isEnabledFor(level):
                method = scope["method"] if scope["method"] in METHODS else "-"
                fields = {"request": notes.request, "method": method, "path": path, "status": status}
                fields |= {"ms": _since(started), "bytes": size, **notes.fields()}
                write(log, level, "request", fields)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        notes = scope[NOTES] = SocketNotes(request=request_id(scope))
        header = (HEADER, notes.request.encode())
        status, code = 0, 0

        async def heed() -> Message:
            nonlocal code
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code = code or message.get("code", 0)
            return message

        async def note(message: Message) -> None:
            nonlocal status, code
            match message["type"]:
                case "websocket.accept":
                    status = HTTPStatus.SWITCHING_PROTOCOLS
                    message["headers"] = [*message.get("headers", ()), header]
                case "websocket.http.response.start":
                    status = message["status"]
                    message["headers"] = [*message.get("headers", ()), header]
                case "websocket.close" if status:
                    code = message.get("code", 1000)
                case "websocket.close":
                    status = HTTPStatus.FORBIDDEN
                case _:
                    pass
            await send(message)

        try:
            await self._app(scope, heed, note)
        except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
            failure(error, Caller(actor=UUID(int=0), request=notes.request))
            if not code:
                await note({"type": "websocket.close", "code": INTERNAL_ERROR})
        finally:
            fields = {"request": notes.request, "method": "WEBSOCKET", "path": _path(scope), "status": int(status)}
            fields |= {"ms": _since(started), "close": code, "operations": notes.operations}
            write(log, logging.INFO, "connection", fields)


def request_id(scope: Scope) -> str:
    """The id that the client or a proxy gave the request, if it is a plain token, or a new one."""
    stated = header(scope, HEADER)
    return stated if stated is not None and TOKEN.fullmatch(stated) else _new_id()


def header(scope: Scope, wanted: bytes) -> str | None:
    """The first header of this name."""
    for name, value in cast(list[tuple[bytes, bytes]], scope["headers"]):
        if name == wanted:
            return value.decode("latin-1")
    return None


def _new_id() -> str:
    return os.urandom(16).hex()


def _path(scope: Scope) -> str:
    """The path by which the app knows it; any other may hold anything, and is not written."""
    return getattr(scope.get("route"), "path", "-")


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)


def _write_operation(notes: Notes, started: float) -> None:
    fields = {"request": notes.request, "method": "WEBSOCKET", "ms": _since(started), **notes.fields()}
    write(log, logging.INFO, "operation", fields)


def _note_refusal(notes: Notes, body: bytes) -> None:
    """The codes of a request that was turned away before the service saw it stand in its answer alone."""
    try:
        errors = orjson.loads(body)["errors"]
        notes.errors += len(errors)
        notes.add_codes(error["extensions"] for error in errors)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return  # another kind of answer


async def _send_failure(send: Callable[[Message], Any], result: Result) -> None:
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store")]
    body = result.encoded()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(HTTPStatus.INTERNAL_SERVER_ERROR), "headers": headers})
    await send({"type": "http.response.body", "body": body})
