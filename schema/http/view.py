"""The endpoint /graphql over HTTP: bytes become a request to run, its result becomes a response.

After the draft of GraphQL over HTTP. Where it leaves the choice: without an Accept header the answer is
application/json; a document that is wrong is answered 200 as application/json and 400 as
application/graphql-response+json, a request that is malformed 400 as either.
"""

from http import HTTPStatus

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..service import Caller, Result
from .accepting import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, Accepted, accepted
from .event_stream import EventStream
from .limits import HttpLimits
from .page import page_response
from .parameters import check_headers, from_body, from_url
from .refusal import Refusal
from .running import FindService, Identify, failure, results

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",  # answers hold customers' data
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept",
}
MOST_KEPT = 200  # Accept headers whose meaning is remembered; a client sends the same one each time


class GraphQLView:
    """An ASGI application for one path, every method."""

    def __init__(self, service: FindService, identify: Identify, limits: HttpLimits) -> None:
        self._service = service
        self._identify = identify
        self._limits = limits
        self._kept: dict[str, Accepted] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response | EventStream:
        accepts = self._accepted(request)
        media_type = accepts.answer_type()
        caller: Caller | None = None
        try:
            if request.method == "GET" and accepts.wants_page() and "query" not in request.query_params:
                return page_response(request)
            if request.method not in {"GET", "POST"}:
                message = f"{request.method[:20]} is not answered here: send a GET for a query, a POST for anything."
                raise Refusal("METHOD_NOT_ALLOWED", message, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, POST"})
            if media_type is None:
                message = f"The answer can be had as {GRAPHQL_RESPONSE}, {JSON}, or {EVENT_STREAM}: accept one of them."
                raise Refusal("NOT_ACCEPTABLE", message, HTTPStatus.NOT_ACCEPTABLE)
            if request.method == "GET":
                asked = from_url(request.scope["query_string"])
            else:
                check_headers(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
                asked = from_body(await self._body(request))
            caller = self._identify(request)
            service = self._service(request)
            if request.method == "GET" and service.operation_type(asked) is OperationType.MUTATION:
                message = "Only queries can be run by GET; use POST."
                raise Refusal("QUERY_REQUIRED", message, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})
            if media_type == EVENT_STREAM:
                return EventStream(results(service, asked, caller), self._limits.heartbeat_seconds)
            result = await service.run(asked, caller)
            is_wrong = not result.ran and media_type == GRAPHQL_RESPONSE
            return _response(result, HTTPStatus.BAD_REQUEST if is_wrong else HTTPStatus.OK, media_type)
        except Refusal as refusal:
            return _response(refusal.result(), refusal.status, media_type, dict(refusal.headers))
        except ClientDisconnect:
            raise
        except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
            return _response(failure(error, caller), HTTPStatus.INTERNAL_SERVER_ERROR, media_type)

    def _accepted(self, request: Request) -> Accepted:
        header = ",".join(request.headers.getlist("accept"))
        found = self._kept.get(header)
        if found is None:
            found = accepted(header)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[header] = found
        return found

    async def _body(self, request: Request) -> bytes:
        """The body, as long as it isn't too long, whatever its headers say of it."""
        most = self._limits.largest_request
        stated = request.headers.get("content-length", "")
        parts: list[bytes] = []
        length = int(stated) if stated.isascii() and stated.isdigit() else 0
        if length <= most:
            length = 0
            async for part in request.stream():
                length += len(part)
                if length > most:
                    break
                parts.append(part)
        if length > most:
            message = f"A request may have {most:,} bytes; ask for less at once."
            # what is left of the body is not read, so that the connection is of no more use
            headers = {"Connection": "close"}
            raise Refusal("BODY_TOO_LARGE", message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers)
        return b"".join(parts)


def _response(
    result: Result, status: HTTPStatus, media_type: str | None, headers: dict[str, str] | None = None
) -> Response:
    json_type = media_type if media_type == GRAPHQL_RESPONSE else JSON
    return Response(result.encoded(), status, {**HEADERS, **(headers or {})}, f"{json_type}; charset=utf-8")
