"""GraphQL over HTTP: media types, status codes, methods, bodies and their limits, and errors that clients can read."""

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller
from accord.schema.http.limits import HttpLimits
from accord.schema.http.view import GraphQLView
from accord.tests.browser import serve
from accord.tests.schema.asgi_clients import http_client, serving
from accord.tests.waiting import PATIENCE

JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
CREATE = 'mutation { createAccount(input: {name: "Kestrel"}) { recordId } }'
CALLER = Caller(actor=SYSTEM_ACTOR, request="r-17")
COUNT = "{ accounts { totalCount } }"
WRONG_DOCUMENTS = {
    "SYNTAX_ERROR": {"query": "{"},
    "VALIDATION_ERROR": {"query": "{ acounts { totalCount } }"},
    "INVALID_VARIABLE": {"query": "query ($n: Int) { accounts(first: $n) { totalCount } }", "variables": {"n": "x"}},
    "UNKNOWN_OPERATION": {"query": "query A { __typename }", "operationName": "B"},
    "OPERATION_NAME_REQUIRED": {"query": "query A { __typename } query B { __typename }"},
    "NO_STREAM": {"query": "subscription { changes { recordId } }"},
}


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Starlette]:
    async with serving(tmp_path_factory.mktemp("http")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(app) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, fields: Any, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json=fields, headers={"accept": "*/*", **headers})


async def send(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    wanted = {"content-type": "application/json", "accept": "*/*"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.post("/graphql", content=body, headers=wanted)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check that nothing was run and that a GraphQL client can read why; gives the message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] in {JSON, GRAPHQL}
    body = answer.json()
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error["extensions"]["code"] == code
    return error["message"]


# media types -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/graphql-response+json", GRAPHQL),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("APPLICATION/GRAPHQL-RESPONSE+JSON", GRAPHQL),
        ("*/*", JSON),
        ("application/*", JSON),
        ("", JSON),
        ("application/json, application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json,application/json;q=0.9", GRAPHQL),
        ("application/json, application/graphql-response+json;q=0.5", JSON),
        ("application/graphql-response+json;q=0, */*", JSON),
        ("application/json;q=0, */*", GRAPHQL),
        ("application/json, text/plain, */*", JSON),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json", JSON),
        ("text/event-stream, application/json;q=0.1", JSON),
        (URQL, GRAPHQL),
        (BROWSER, JSON),
    ],
)
async def test_the_answer_has_the_type_that_is_accepted_most(
    client: httpx.AsyncClient, accept: str, expected: str
) -> None:
    answer = await ask(client, {"query": "{ __typename }"}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_without_an_accept_header_the_answer_is_json(client: httpx.AsyncClient) -> None:
    request = client.build_request("POST", "/graphql", json={"query": "{ __typename }"})
    del request.headers["accept"]
    answer = await client.send(request)
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0", "multipart/mixed", "*/*;q=0"])
async def test_what_can_not_be_had_is_not_acceptable_and_not_run(client: httpx.AsyncClient, accept: str) -> None:
    before = (await ask(client, {"query": COUNT})).json()
    message = refused(await ask(client, {"query": CREATE}, accept=accept), 406, "NOT_ACCEPTABLE")
    assert "application/graphql-response+json" in message
    assert (await ask(client, {"query": COUNT})).json() == before


@pytest.mark.parametrize("code", WRONG_DOCUMENTS)
async def test_a_wrong_document_is_400_as_graphql_response_and_200_as_json(
    client: httpx.AsyncClient, code: str
) -> None:
    strict = await ask(client, WRONG_DOCUMENTS[code], accept="application/graphql-response+json")
    refused(strict, 400, code)
    assert strict.headers["content-type"] == GRAPHQL
    loose = await ask(client, WRONG_DOCUMENTS[code], accept="application/json")
    refused(loose, 200, code)
    assert loose.headers["content-type"] == JSON


async def test_an_error_beside_data_is_200(client: httpx.AsyncClient) -> None:
    query = '{ __typename node(id: "acc_nothing") { id } }'
    answer = await ask(client, {"query": query}, accept="application/graphql-response+json")
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"__typename": "Query", "node": None}
    assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [(["node"], "INVALID_ID")]


# documents with several operations, and subscriptions --------------------------------------------------------------


async def test_several_operations_without_a_name_are_not_run(client: httpx.AsyncClient) -> None:
    two = "query One { __typename } query Two { accounts { totalCount } }"
    message = refused(await ask(client, {"query": two}), 200, "OPERATION_NAME_REQUIRED")
    assert "One, Two" in message
    for none in (None, ""):
        refused(await ask(client, {"query": two, "operationName": none}), 200, "OPERATION_NAME_REQUIRED")
    chosen = await ask(client, {"query": two, "operationName": "One"})
    assert chosen.json()["data"] == {"__typename": "Query"}


async def test_a_subscription_without_a_stream_is_told_where_there_is_one(client: httpx.AsyncClient) -> None:
    subscription = "subscription { changes { recordId } }"
    message = refused(await ask(client, {"query": subscription}), 200, "NO_STREAM")
    assert "WebSocket" in message
    assert "server-sent events" in message
    answer = await client.get("/graphql", params={"query": subscription}, headers={"accept": "application/json"})
    refused(answer, 200, "NO_STREAM")


async def test_what_stands_nowhere_is_answered_with_where_the_api_is(client: httpx.AsyncClient) -> None:
    for address in ("/grahpql", "/graphql/v1", "/graphql/static/none/there"):
        message = refused(await client.post(address, json={"query": "{ __typename }"}), 404, "NOT_FOUND")
        assert message == "There is nothing at this address; the API is at /graphql."
    for address in ("/", "/health/ready"):
        answer = await client.post(address, json={})
        message = refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert message == "This address is not for this method; the API is at /graphql."
        assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD"]


async def test_a_slash_too_many_loses_no_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql/", json={"query": "{ __typename }"}, follow_redirects=True)
    assert [one.status_code for one in answer.history] == [307]
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_trusted_document_is_asked_for_by_its_id(tmp_path: Any) -> None:
    file = tmp_path / "trusted.json"
    documents = {
        "sha256:0a": "{ __typename }",
        "0b": "query B($n: String!) { __type(name: $n) { name } }",
        "0c": CREATE,
    }
    file.write_text(json.dumps(documents))
    async with serving(tmp_path, trusted_documents=file) as app, http_client(app) as client:
        assert (await ask(client, {"documentId": "sha256:0a"})).json()["data"] == {"__typename": "Query"}
        apollo = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0b"}}, "variables": {"n": "Account"}}
        assert (await ask(client, apollo)).json()["data"] == {"__type": {"name": "Account"}}
        by_url = await client.get("/graphql", params={"documentId": "0b", "variables": '{"n": "Account"}'})
        assert by_url.json()["data"] == {"__type": {"name": "Account"}}
        refused(await client.get("/graphql", params={"documentId": "0c"}), 405, "QUERY_REQUIRED")
        refused(await ask(client, {"documentId": "0d"}), 200, "UNTRUSTED_DOCUMENT")
        refused(await ask(client, {"query": "{ accounts { totalCount } }"}), 200, "UNTRUSTED_DOCUMENT")


@pytest.mark.parametrize("suggestions", [True, False])
async def test_where_no_documents_are_trusted_a_hash_is_answered_so_that_clients_send_the_text(
    tmp_path: Any, suggestions: bool
) -> None:
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0b"}}}
    told = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    async with serving(tmp_path, suggestions=suggestions) as app, http_client(app) as client:
        assert (await ask(client, hashed)).json() == {"errors": [told]}
        by_url = await client.get("/graphql", params={"extensions": json.dumps(hashed["extensions"])})
        assert by_url.json() == {"errors": [told]}
        assert (await ask(client, hashed | {"query": "{ __typename }"})).json()["data"] == {"__typename": "Query"}
        refused(await ask(client, {"documentId": "0b"}), 200, "UNKNOWN_DOCUMENT")
        refused(await ask(client, hashed | {"documentId": "0c"}), 200, "UNKNOWN_DOCUMENT")


# methods -----------------------------------------------------------------------------------------------------------


async def test_a_query_can_be_asked_by_get_with_variables_and_a_name(client: httpx.AsyncClient) -> None:
    query = "query A($name: String!) { __type(name: $name) { name } } query B { __typename }"
    parameters = {"query": query, "operationName": "A", "variables": '{"name": "Account"}', "extensions": "{}"}
    answer = await client.get("/graphql", params=parameters)
    assert answer.json()["data"] == {"__type": {"name": "Account"}}


async def test_empty_parameters_of_a_get_count_as_not_given(client: httpx.AsyncClient) -> None:
    empty = {"query": "{ __typename }", "operationName": "", "variables": "", "extensions": ""}
    answer = await client.get("/graphql", params=empty)
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "query",
    [
        "query=%7B__typename%7D&variables=nonsense",
        "query=%7B__typename%7D&variables=[]",
        "query=%7B__typename%7D&variables=%22text%22",
        "query=%7B__typename%7D&extensions=7",
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%FF%FE",
        "query=%7B__typename%7D&operationName=%ED%A0%80",
        "variables={}",
        "",
    ],
)
async def test_a_get_with_damaged_parameters_is_malformed(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/graphql?{query}", headers={"accept": "application/json"})
    refused(answer, 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "text/event-stream", BROWSER]
)
async def test_a_mutation_by_get_is_not_run(client: httpx.AsyncClient, accept: str) -> None:
    before = (await ask(client, {"query": COUNT})).json()
    answer = await client.get("/graphql", params={"query": CREATE}, headers={"accept": accept})
    refused(answer, 405, "QUERY_REQUIRED")
    assert answer.headers["allow"] == "POST"
    named = {"query": f"query A {{ __typename }} {CREATE.replace('mutation', 'mutation B')}", "operationName": "B"}
    refused(await client.get("/graphql", params=named, headers={"accept": accept}), 405, "QUERY_REQUIRED")
    assert (await ask(client, {"query": COUNT})).json() == before


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "HEAD", "NONSENSE"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    if method != "HEAD":  # whose answer has no body
        refused(answer, 405, "METHOD_NOT_ALLOWED")


# bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json ; x=y",
    ],
)
async def test_json_is_taken_however_its_type_is_written(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await send(client, b'{"query": "{ __typename }"}', content_type=content_type)
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json, text/plain",
        "application/jsonp",
        "application/json; charset=utf-16",
    ],
)
async def test_a_body_of_another_type_is_unsupported(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await send(client, json.dumps({"query": CREATE}).encode(), content_type=content_type)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_without_a_type_is_unsupported(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", content=b'{"query": "{ __typename }"}')
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_packed_body_is_unsupported(client: httpx.AsyncClient) -> None:
    packed = gzip.compress(b'{"query": "{ __typename }"}')
    answer = await send(client, packed, content_encoding="gzip")
    refused(answer, 415, "UNSUPPORTED_ENCODING")
    assert answer.headers["accept-encoding"] == "identity"
    refused(await send(client, packed), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b'{"query": "{ __typename }"',
        b'{"query": "\xff\xfe"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"7",
        b'"{ __typename }"',
        b"null",
        b"true",
        b"[" * 20_000 + b"]" * 20_000,
        b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
        b'{"query": "{ __typename }", "operationName": "\\ud800"}',
        b'{"query": "{ __typename }", "variables": {"n": NaN}}',
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"documentId": 5}',
        b'{"extensions": {"persistedQuery": {"sha256Hash": 5}}}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "extensions": "x"}',
    ],
    ids=lambda body: body[:60].decode("ascii", "replace"),
)
async def test_a_malformed_body_is_400_whatever_is_accepted(client: httpx.AsyncClient, body: bytes) -> None:
    for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
        refused(await send(client, body, accept=accept), 400, "MALFORMED_REQUEST")


DEEP = "The body nests lists and objects too deeply to be read, 1,024 are allowed: send something flatter."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"query": "\xff"}', "The body is not in UTF-8: byte 12 is none that may stand there."),
        ('{"query": "ü"}'.encode("latin-1"), "The body is not in UTF-8: byte 12 is none that may stand there."),
        ('{"query": "{ a }"}'.encode("utf-16"), "The body is not in UTF-8: byte 1 is none that may stand there."),
        (b'\xef\xbb\xbf{"query": "{ a }"}', "The body begins with a byte order mark: leave it out."),
        (b'{"variables": {"a": ' + b"[" * 1_100 + b"]" * 1_100 + b"}}", DEEP),
        (b'{\n "query": nonsense}', "The body is no JSON that can be read: see line 2, column 11."),
    ],
    ids=["a byte", "latin-1", "utf-16", "mark", "deep", "nonsense"],
)
async def test_a_body_that_can_not_be_read_is_told_why(client: httpx.AsyncClient, body: bytes, message: str) -> None:
    assert refused(await send(client, body), 400, "MALFORMED_REQUEST") == message


async def test_a_body_that_nests_as_deeply_as_is_read_gets_further(client: httpx.AsyncClient) -> None:
    deep = b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 1_022 + b"]" * 1_022 + b"}}"
    assert (await send(client, deep)).json()["data"] == {"__typename": "Query"}


async def test_a_batch_is_refused(client: httpx.AsyncClient) -> None:
    message = refused(await ask(client, [{"query": "{ __typename }"}] * 2), 400, "BATCH_REFUSED")
    assert "one by one" in message


async def test_null_stands_for_a_parameter_that_is_not_given(client: httpx.AsyncClient) -> None:
    nothing = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None}
    assert (await ask(client, nothing)).json()["data"] == {"__typename": "Query"}


# limits ------------------------------------------------------------------------------------------------------------


async def test_a_body_that_states_too_great_a_length_is_refused_unread(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000

    headers = {"content-type": "application/json", "content-length": "30000000"}
    answer = await client.post("/graphql", content=endless(), headers=headers)
    refused(answer, 413, "BODY_TOO_LARGE")
    assert (read, answer.headers["connection"]) == (0, "close")


async def test_a_body_of_unknown_length_is_cut_off(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000

    answer = await client.post("/graphql", content=endless(), headers={"content-type": "application/json"})
    message = refused(answer, 413, "BODY_TOO_LARGE")
    assert "2,000,000" in message
    assert (read, answer.headers["connection"]) == (101, "close")


async def test_over_the_wire_a_body_without_end_is_cut_off() -> None:
    view = GraphQLView(lambda _: cast(Any, Broken()), lambda _: CALLER, HttpLimits())
    with serve(view) as origin:
        _, writer = await asyncio.open_connection(*origin.removeprefix("http://").split(":"))
        writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")

        async def pour() -> None:
            while True:
                writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                await writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(pour(), PATIENCE)
        writer.close()


async def test_over_the_wire_whoever_sends_too_much_is_told() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b" " * 50_000

    view = GraphQLView(lambda _: cast(Any, Broken()), lambda _: CALLER, HttpLimits())
    json_type = {"content-type": "application/json"}
    with serve(view) as origin:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for body in (chunks(), b" " * 3_000_000):
                answer = await client.post(f"{origin}/graphql", content=body, headers=json_type)
                refused(answer, 413, "BODY_TOO_LARGE")
                assert "connection" not in answer.headers


async def test_the_limit_of_a_body_is_a_setting(tmp_path: Any) -> None:
    async with serving(tmp_path, largest_request=1_000) as app, http_client(app) as client:
        body = b'{"query": "{ __typename }"}'
        assert (await send(client, body.ljust(1_000))).status_code == 200
        refused(await send(client, body.ljust(1_001)), 413, "BODY_TOO_LARGE")


# errors ------------------------------------------------------------------------------------------------------------


class Broken:
    """A service in which something nobody thought of goes wrong."""

    def operation_type(self, request: Any) -> None:
        return None

    async def run(self, request: Any, caller: Caller) -> Any:
        raise ValueError("Incorrect padding in /srv/secret.key")


async def test_what_nobody_expected_is_masked_and_logged_with_an_incident(caplog: pytest.LogCaptureFixture) -> None:
    view = GraphQLView(lambda _: cast(Any, Broken()), lambda _: CALLER, HttpLimits())
    async with http_client(view) as client:
        answer = await ask(client, {"query": "{ __typename }"})
    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert "padding" not in answer.text
    assert error["extensions"]["incident"] in error["message"]
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert error["extensions"]["incident"] in record.getMessage()
    assert "r-17" in record.getMessage()
    assert record.exc_info is not None


@pytest.mark.parametrize(
    "cursor", ["x", "99999999", "%%%", "'; drop table account; --", "\x00", "🏃" * 100, "e30", "5b5d"]
)
async def test_a_naughty_cursor_is_answered_without_words_from_the_inside(
    client: httpx.AsyncClient, cursor: str
) -> None:
    query = "query ($c: String) { accounts(after: $c) { totalCount } }"
    (error,) = (await ask(client, {"query": query, "variables": {"c": cursor}})).json()["errors"]
    assert error["extensions"]["code"] == "INVALID_CURSOR"
    assert not any(
        word in error["message"].lower() for word in ("padding", "codec", "traceback", "json", "expected to")
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "{ " + "x" * 1_000_000 + " }"},
        {"query": "query ($" + "x" * 1_000_000 + ": Int!) { __typename }"},
        {"query": "{ __typename @" + "x" * 1_000_000 + " }"},
        {"query": "{ ... on " + "x" * 1_000_000 + " { id } }"},
        {"query": "query A { __typename }", "operationName": "x" * 1_000_000},
        {"query": "query ($n: Int) { accounts(first: $n) { totalCount } }", "variables": {"n": "x" * 1_000_000}},
        {"query": "query ($n: Int) { accounts(first: $n) { totalCount } }", "variables": {"n": "x " * 500_000}},
        {"query": '{ node(id: "' + "x" * 1_000_000 + '") { id } }'},
    ],
    ids=range(8),
)
async def test_a_name_without_end_is_not_echoed_whole(client: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    answer = await ask(client, fields)
    (error, *_) = answer.json()["errors"]
    assert len(error["message"]) < 2_100
    assert len(answer.content) < 20_000


MISSPELT = [
    ({"query": "{ acounts { totalCount } }"}, "accounts"),
    ({"query": "{ accounts(frist: 1) { totalCount } }"}, "first"),
    ({"query": "{ node(id: 1) { ... on Acount { id } } }"}, "Account"),
    ({"query": "mutation { creatAccount(input: {}) { id } }"}, "createAccount"),
    ({"query": "{ accounts(filter: {naem: {eq: 1}}) { totalCount } }"}, "name"),
    ({"query": "query ($f: AccountFilter) { accounts(filter: $f) { nodes { id } } }", "variables": {"f": {"naem": 1}}},
     "name"),
    ({"query": "query ($f: AcountFilter) { accounts(filter: $f) { totalCount } }"}, "AccountFilter"),
    ({"query": "{ accounts(orderBy: [{name: ASCC}]) { totalCount } }"}, "ASC"),
    ({"query": "{ accounts @skp(if: true) { totalCount } }"}, "skip"),
]  # fmt: skip


async def test_a_misspelt_name_is_answered_with_the_right_one(client: httpx.AsyncClient) -> None:
    answers = [(await ask(client, fields)).text for fields, _ in MISSPELT[:-1]]
    assert ["Did you mean" in answer for answer in answers] == [True] * len(answers)


async def test_suggestions_can_be_switched_off(tmp_path: Any) -> None:
    async with serving(tmp_path, suggestions=False) as app, http_client(app) as client:
        for fields, name in MISSPELT:
            answer = await ask(client, fields)
            assert answer.json()["errors"]
            assert "did you mean" not in answer.text.lower()
            assert f"'{name}'" not in answer.text


# browsers ----------------------------------------------------------------------------------------------------------


async def test_every_answer_says_that_it_is_what_it_says_it_is(client: httpx.AsyncClient) -> None:
    answers = [
        await ask(client, {"query": "{ __typename }"}),
        await ask(client, {"query": "{"}),
        await send(client, b"nonsense"),
        await client.put("/graphql"),
        await client.get("/graphql", headers={"accept": BROWSER}),
    ]
    assert [answer.headers["x-content-type-options"] for answer in answers] == ["nosniff"] * 5
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store"] * 4 + ["no-cache"]
    assert {answer.headers["vary"] for answer in answers} == {"Accept"}


async def test_a_browser_sees_the_page_and_may_not_frame_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", headers={"accept": BROWSER})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", "text/html;q=0.5, */*"])
async def test_whoever_asks_for_no_page_sees_none(client: httpx.AsyncClient, accept: str) -> None:
    refused(await client.get("/graphql", headers={"accept": accept}), 400, "MALFORMED_REQUEST")


async def test_a_query_in_the_url_is_run_in_a_browser_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": "{ __typename }"}, headers={"accept": BROWSER})
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_no_other_site_may_read_an_answer(client: httpx.AsyncClient) -> None:
    foreign = {"origin": "https://evil.example", "accept": "application/json"}
    preflight = {**foreign, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    answers = [
        await client.get("/graphql", params={"query": "{ __typename }"}, headers=foreign),
        await ask(client, {"query": "{ __typename }"}, **foreign),
        await client.options("/graphql", headers=preflight),
    ]
    assert [name for answer in answers for name in answer.headers if name.startswith("access-control")] == []
    assert answers[0].headers["cross-origin-resource-policy"] == "same-origin"
    assert answers[2].status_code == 405


async def test_a_site_that_the_settings_name_may(tmp_path: Any) -> None:
    site = "https://app.example"
    async with serving(tmp_path, allowed_origins=(site,)) as app, http_client(app) as client:
        headers = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,x-trace"}
        preflight = await client.options("/graphql", headers={"origin": site, **headers})
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, site)
        answer = await ask(client, {"query": "{ __typename }"}, origin=site)
        assert answer.headers["access-control-allow-origin"] == site
        assert set(answer.headers["vary"].split(", ")) == {"Accept", "Origin"}
        other = await ask(client, {"query": "{ __typename }"}, origin="https://evil.example")
        assert "access-control-allow-origin" not in other.headers
        own = await client.options("/graphql", headers={"origin": "https://evil.example", **headers})
        assert "access-control-allow-origin" not in own.headers


def test_origins_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_ALLOWED_ORIGINS", "https://app.example, http://localhost:5173")
    assert Settings().allowed_origins == ("https://app.example", "http://localhost:5173")
    for wrong in ("*", "https://app.example/", "app.example", "https://app.example/page", "ftp://app.example"):
        with pytest.raises(ValidationError, match="is no origin"):
            Settings(allowed_origins=(wrong,))


async def test_a_body_that_trickles_in_is_not_waited_for_for_ever() -> None:
    view = GraphQLView(lambda _: cast(Any, Broken()), lambda _: CALLER, HttpLimits(body_seconds=0.05))

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    async with http_client(view) as client:
        answer = await client.post("/", content=trickle(), headers={"content-type": "application/json"})
    message = refused(answer, 408, "BODY_TOO_SLOW")
    assert message == "The body was not there within 0.05 seconds; send it all at once."
    assert answer.headers["connection"] == "close"
