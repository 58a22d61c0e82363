"""GraphQL over HTTP: a request's bytes become a document to run, its result becomes a response."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import orjson
from graphql import GraphQLError
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response

from .graphiql_page import DIST, PAGE_CACHE, SECURITY_HEADERS, asset, missing_page, page
from .service import Caller, Request, Result, Service

LARGEST_BODY = 2_000_000  # bytes
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
Identify = Callable[[HttpRequest, str], Caller]


class Refusal(Exception):
    """A request that is no GraphQL request; answered in JSON with a code."""

    def __init__(self, status: HTTPStatus, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class GraphQLView:
    """The endpoint /graphql, and the page that a browser sees there."""

    def __init__(self, service: Callable[[HttpRequest], Service], identify: Identify) -> None:
        self._service = service
        self._identify = identify

    async def __call__(self, request: HttpRequest) -> Response:
        """Answer a GET or a POST."""
        if request.method == "GET" and "query" not in request.query_params and _wants_page(request):
            return page_response()
        media_type = GRAPHQL if GRAPHQL in request.headers.get("accept", "") else f"{JSON}; charset=utf-8"
        try:
            document = await self._document(request)
            caller = self._identify(request, uuid4().hex)
            is_get = request.method == "GET"
            result = await self._service(request).run(document, caller, queries_only=is_get)
            status = _status(result, media_type)
        except Refusal as refusal:
            error = GraphQLError(refusal.message, extensions={"code": refusal.code})
            body = Result(data=None, errors=[error], ran=False).encoded()
            return Response(body, refusal.status, refusal.headers, media_type)
        headers = {"Allow": "POST"} if status is HTTPStatus.METHOD_NOT_ALLOWED else None
        return Response(result.encoded(), status, headers, media_type)

    async def _document(self, request: HttpRequest) -> Request:
        if request.method == "GET":
            fields: dict[str, Any] = dict(request.query_params)
            for name in ("variables", "extensions"):
                fields[name] = _parsed(fields[name].encode()) if fields.get(name) else None
            return _request(fields)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", f"Send the request as {JSON}.")
        return _request(_parsed(await _body(request)))


async def _body(request: HttpRequest) -> bytes:
    """The body, as long as it isn't too long."""
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > LARGEST_BODY:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", f"A request has {LARGEST_BODY:,} bytes at most."
            )
        parts.append(part)
    return b"".join(parts)


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "The request is no JSON in UTF-8.") from None


def _request(fields: Any) -> Request:
    if not isinstance(fields, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "The request is no JSON object with a query in it.")
    query, variables, name = fields.get("query"), fields.get("variables"), fields.get("operationName")  # type: ignore[reportUnknownVariableType]
    if not isinstance(query, str) or not query.strip():
        raise Refusal(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "The field query is missing: the document to run.")
    if variables is not None and not isinstance(variables, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "The field variables is no object.")
    if name is not None and not isinstance(name, str):
        raise Refusal(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", "The field operationName is no text.")
    return Request(query=query, variables=variables or {}, operation_name=name or None)  # type: ignore[reportUnknownArgumentType]


def _status(result: Result, media_type: str) -> HTTPStatus:
    if result.ran:
        return HTTPStatus.OK
    if any((error.extensions or {}).get("code") == "QUERY_REQUIRED" for error in result.errors):
        return HTTPStatus.METHOD_NOT_ALLOWED
    return HTTPStatus.BAD_REQUEST if media_type == GRAPHQL else HTTPStatus.OK


def _wants_page(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("accept", "")


def page_response() -> Response:
    """GraphiQL, or what to do where it isn't built."""
    built = page(DIST)
    headers = {**SECURITY_HEADERS, "Cache-Control": PAGE_CACHE}
    return HTMLResponse(missing_page() if built is None else built, headers=headers)


async def asset_response(request: HttpRequest) -> Response:
    """One part of the GraphiQL page."""
    found = asset(DIST, request.path_params["name"])
    if found is None:
        return Response("Not found", HTTPStatus.NOT_FOUND, media_type="text/plain")
    headers = {**SECURITY_HEADERS, "Cache-Control": found.cache_control}
    return Response(found.content, headers=headers, media_type=found.media_type)
