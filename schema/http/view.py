"""The endpoint /graphql over HTTP: bytes become a request to run, its result becomes an answer.

After the draft of GraphQL over HTTP. Where it leaves the choice: without an Accept header the answer is
application/json; a document that is wrong is answered 200 as application/json and 400 as
application/graphql-response+json, a request that is malformed 400 as either.

Every request passes here, so that it is written on ASGI's own messages, with nothing in between.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..deadlines import Deadlines
from ..exchange import Caller
from .accepting import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, Accepted, accepted
from .answer import Answer
from .event_stream import EventStream
from .limits import HttpLimits
from .page import page_response
from .parameters import check_headers, from_body, from_url
from .refusal import Refusal
from .running import FindService, Identify, failure, results

DROPPED = 5  # times the greatest length of a body
MOST_KEPT = 200  # Accept headers whose meaning is remembered; a client sends the same one each time


class GraphQLView:
    """An ASGI application for one path, every method."""

    def __init__(self, service: FindService, identify: Identify, limits: HttpLimits) -> None:
        self._service = service
        self._identify = identify
        self._limits = limits
        self._body_deadlines = Deadlines(limits.body_seconds)
        self._kept: dict[bytes, Accepted] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        headers = _headers(scope)
        accepts = self._accepted(headers.get(b"accept", b""))
        media_type = accepts.answer_type
        caller: Caller | None = None
        try:
            is_get = _check_method(scope["method"]) == "GET"
            if is_get and accepts.wants_page and not _asks(scope["query_string"]):
                return page_response(Request(scope))
            if media_type is None:
                message = f"The answer can be had as {GRAPHQL_RESPONSE}, {JSON}, or {EVENT_STREAM}: accept one of them."
                raise Refusal("NOT_ACCEPTABLE", message, HTTPStatus.NOT_ACCEPTABLE)
            if is_get:
                asked = from_url(scope["query_string"])
            else:
                check_headers(headers.get(b"content-type", b""), headers.get(b"content-encoding", b""))
                asked = from_body(await self._body(receive, headers.get(b"content-length", b"")))
            caller = self._identify(scope)
            service = self._service(scope)
            if is_get and service.operation_type(asked) is OperationType.MUTATION:
                message = "Only queries can be run by GET; use POST."
                raise Refusal("QUERY_REQUIRED", message, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})
            if media_type == EVENT_STREAM:
                asked = replace(asked, after=headers.get(b"last-event-id", b"").decode("latin-1") or None)
                return EventStream(results(service, asked, caller), self._limits.heartbeat_seconds)
            result = await service.run(asked, caller)
            is_wrong = not result.ran and media_type == GRAPHQL_RESPONSE
            return Answer(result.encoded(), media_type, HTTPStatus.BAD_REQUEST if is_wrong else HTTPStatus.OK)
        except Refusal as refusal:
            return Answer(refusal.result().encoded(), media_type, refusal.status, refusal.headers)
        except ClientDisconnect:
            raise
        except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
            return Answer(failure(error, caller).encoded(), media_type, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _accepted(self, header: bytes) -> Accepted:
        found = self._kept.get(header)
        if found is None:
            found = accepted(header.decode("latin-1"))
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[header] = found
        return found

    async def _body(self, receive: Receive, stated: bytes) -> bytes:
        """The body, if it is there in time."""
        try:
            with self._body_deadlines.limit():
                return await self._whole_body(receive, stated)
        except TimeoutError:
            message = f"The body was not there within {self._body_deadlines.seconds:g} seconds; send it all at once."
            raise Refusal("BODY_TOO_SLOW", message, HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"}) from None

    async def _whole_body(self, receive: Receive, stated: bytes) -> bytes:
        """The body, as long as it isn't too long, whatever its headers say of it.

        Of a longer one the rest is read and dropped where it has an end soon: a client that is still sending when the
        connection is closed never sees the answer.
        """
        most = self._limits.largest_request
        room = most * DROPPED
        if stated.isdigit() and int(stated[:16]) > room:
            raise _too_large(most, is_read=False)
        parts: list[bytes] = []
        length = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part: bytes = message.get("body", b"")
            length += len(part)
            if length <= most:
                parts.append(part)
            elif length > room:
                raise _too_large(most, is_read=False)
            if not message.get("more_body", False):
                break
        if length > most:
            raise _too_large(most, is_read=True)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _headers(scope: Scope) -> Mapping[bytes, bytes]:
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    found = dict(pairs)
    if len(found) < len(pairs):  # a header that is there more than once counts as one with commas
        found = {name: b",".join(value for other, value in pairs if other == name) for name in found}
    return found


def _asks(query_string: bytes) -> bool:
    return b"query=" in query_string or b"documentId=" in query_string


def _check_method(method: str) -> str:
    if method not in {"GET", "POST"}:
        message = f"{method[:20]} is not answered here: send a GET for a query, a POST for anything."
        raise Refusal("METHOD_NOT_ALLOWED", message, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, POST"})
    return method


def _too_large(most: int, *, is_read: bool) -> Refusal:
    message = f"A request may have {most:,} bytes; ask for less at once."
    headers = {} if is_read else {"Connection": "close"}
    return Refusal("BODY_TOO_LARGE", message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers)
