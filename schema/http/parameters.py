"""The parameters of a GraphQL request, from wherever they come: a URL, a body, a message."""

from codecs import BOM_UTF8
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson

from ..exchange import Request
from .accepting import JSON
from .refusal import Refusal

PLAIN_JSON = JSON.encode()
DEEPEST = 1024  # lists and objects within each other that are read
TEXT, OBJECT = (str, "text"), (dict, "an object or null")
KINDS = {"query": TEXT, "documentId": TEXT, "operationName": TEXT, "variables": OBJECT, "extensions": OBJECT}


def check_headers(content_type: bytes, content_encoding: bytes) -> None:
    """Raise Refusal unless the body is plain JSON in UTF-8.

    Nothing else is taken, so that no other site's form can post: a browser asks first before it sends JSON elsewhere.
    """
    if content_type != PLAIN_JSON:
        _check_type(content_type.decode("latin-1"))
    if content_encoding and content_encoding.strip().lower() != b"identity":
        given = content_encoding[:60].decode("latin-1")
        message = f"The body must be sent as it is, not with Content-Encoding: {given!r}."
        headers = {"Accept-Encoding": "identity"}
        raise Refusal("UNSUPPORTED_ENCODING", message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers)


def _check_type(content_type: str) -> None:
    media_type, *parameters = (word.strip().lower() for word in content_type.split(";"))
    charsets = [word.removeprefix("charset=").strip('"') for word in parameters if word.startswith("charset=")]
    if media_type != JSON:
        given = f"{media_type[:60]!r}" if media_type else "not given"
        message = f"The body must be JSON: send Content-Type: {JSON}; it is {given}."
    elif any(charset not in {"utf-8", "utf8"} for charset in charsets):
        message = f"The body must be in UTF-8, not in {charsets[0][:60]!r}."
    else:
        return
    raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"Accept": JSON})


def from_url(query_string: bytes) -> Request:
    """The request in the query of a URL; raises Refusal."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Refusal("MALFORMED_REQUEST", "The parameters in the URL are not in UTF-8.") from None
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name not in KINDS:
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
    found: dict[str, Any] = {}
    for name, value in cast(dict[str, Any], fields).items():
        if value is not None and name in KINDS:
            kind, words = KINDS[name]
            if not isinstance(value, kind):
                raise Refusal("MALFORMED_REQUEST", f"The parameter {name} must be {words}.")
            found[name] = value
    query, document_id, hashed = found.get("query"), found.get("documentId") or None, _hash(found)
    if query is None and document_id is None and hashed is None:
        raise Refusal("MALFORMED_REQUEST", f"{place} has no query: the document to run.")
    return Request(
        query=query,
        document_id=document_id or hashed,
        is_hash=document_id is None and hashed is not None,
        variables=found.get("variables", {}),
        operation_name=found.get("operationName") or None,
    )


def _hash(fields: dict[str, Any]) -> str | None:
    """The id of a document as Apollo Client and urql send it, for whom it is a hash among the extensions."""
    match fields:
        case {"extensions": {"persistedQuery": {"sha256Hash": str(found)}}}:
            return found
        case _:
            return None


def parsed(text: bytes | str, place: str) -> Any:
    """The value of a JSON text; raises Refusal."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        why = _misread(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), error)
        raise Refusal("MALFORMED_REQUEST", f"{place} {why}.") from None


def _misread(text: bytes, error: orjson.JSONDecodeError) -> str:
    """What keeps a text from being read as JSON, in words of ours: the parser's own speak of its insides."""
    if text.startswith(BOM_UTF8):
        return "begins with a byte order mark: leave it out"
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return f"is not in UTF-8: byte {wrong.start + 1:,} is none that may stand there"
    if "depth" in error.msg or "recursion" in error.msg.lower():
        return f"nests lists and objects too deeply to be read, {DEEPEST:,} are allowed: send something flatter"
    return f"is no JSON that can be read: see line {error.lineno}, column {error.colno}"
