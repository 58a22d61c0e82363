"""The parameters of a GraphQL request, from wherever they come: a URL, a body, a message."""

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson

from ..service import Request
from .accepting import JSON
from .refusal import Refusal

IN_URLS = ("query", "variables", "operationName", "extensions")


def check_headers(content_type: str, content_encoding: str) -> None:
    """Raise Refusal unless the body is plain JSON in UTF-8.

    Nothing else is taken, so that no other site's form can post: a browser asks first before it sends JSON elsewhere.
    """
    media_type, *parameters = (word.strip().lower() for word in content_type.split(";"))
    charsets = [word.removeprefix("charset=").strip('"') for word in parameters if word.startswith("charset=")]
    unsupported = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if media_type != JSON:
        given = f"{media_type[:60]!r}" if media_type else "not given"
        message = f"The body must be JSON: send Content-Type: {JSON}; it is {given}."
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, unsupported, {"Accept": JSON})
    if any(charset not in {"utf-8", "utf8"} for charset in charsets):
        message = f"The body must be in UTF-8, not in {charsets[0][:60]!r}."
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, unsupported, {"Accept": JSON})
    if content_encoding.strip().lower() not in {"", "identity"}:
        message = f"The body must be sent as it is, not with Content-Encoding: {content_encoding[:60]!r}."
        raise Refusal("UNSUPPORTED_ENCODING", message, unsupported, {"Accept-Encoding": "identity"})


def from_url(query_string: bytes) -> Request:
    """The request in the query of a URL; raises Refusal."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Refusal("MALFORMED_REQUEST", "The parameters in the URL are not in UTF-8.") from None
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name not in IN_URLS:
            continue
        if name in fields:
            raise Refusal("MALFORMED_REQUEST", f"The parameter {name} stands in the URL twice.")
        if name in {"variables", "extensions"}:
            fields[name] = parsed(text.encode(), f"The parameter {name}") if text else None
        else:
            fields[name] = text
    return from_fields(fields, "The URL")


def from_body(body: bytes) -> Request:
    """The request in a body of JSON; raises Refusal."""
    if not body:
        raise Refusal("MALFORMED_REQUEST", 'The body is empty; send {"query": "…"}.')
    return from_fields(parsed(body, "The body"), "The body")


def from_fields(fields: Any, place: str) -> Request:
    """The request in an object that was JSON, at a place to name in messages; raises Refusal."""
    if isinstance(fields, list):
        message = f"{place} is a list, and requests are not taken in batches; send them one by one, also at once."
        raise Refusal("BATCH_REFUSED", message)
    if not isinstance(fields, dict):
        raise Refusal("MALFORMED_REQUEST", f'{place} is no object; send {{"query": "…"}}.')
    found = cast(dict[str, Any], fields)
    query, name, variables = found.get("query"), found.get("operationName"), found.get("variables")
    if query is None:
        raise Refusal("MALFORMED_REQUEST", f"{place} has no query: the document to run.")
    if not isinstance(query, str):
        raise Refusal("MALFORMED_REQUEST", "The parameter query must be text: the document to run.")
    if name is not None and not isinstance(name, str):
        raise Refusal("MALFORMED_REQUEST", "The parameter operationName must be text or null.")
    for parameter in ("variables", "extensions"):
        if not isinstance(found.get(parameter), dict | None):
            raise Refusal("MALFORMED_REQUEST", f"The parameter {parameter} must be an object or null.")
    return Request(query=query, variables=variables or {}, operation_name=name or None)


def parsed(text: bytes | str, place: str) -> Any:
    """The value of a JSON text; raises Refusal."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Where it is wrong, in words of ours: the parser's own speak of its insides.
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal("MALFORMED_REQUEST", f"{place} is no JSON in UTF-8 that can be read: see {where}.") from None
