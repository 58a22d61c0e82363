"""The log: a line for each request, by names and figures, and never what customers typed."""

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from websockets.sync.client import connect

from accord.config.logging import JsonLines, TextLines, described, hear_of_failures
from accord.plugins.units import NotYours
from accord.tests.config.operation import running, until
from accord.tests.schema.asgi_clients import connected, connecting, http_client, serving, streaming
from accord.tests.waiting import PATIENCE
from accord.tests.waiting import until as wait_until

SECRET = "jane.doe@example.com"
CREATE = "mutation NewAccount($name: String!) { createAccount(input: {name: $name}) { recordId } }"
SEARCH = 'query Search($name: String!) { accounts(filter: {name: {eq: $name}}) { nodes { name } } } # "jane.doe"'


class Log:
    """What has been logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        """The lines of requests, without what differs each time."""
        varying = ("time", "process", "logger", "request", "ms", "bytes")
        return [
            {name: value for name, value in line.items() if name not in varying}
            for line in self.lines
            if line["logger"] == "accord.request"
        ]


@pytest.fixture
def log() -> Iterator[Log]:
    """The log of Accord as JSON lines, from info on."""
    heard = Log()
    handler = logging.StreamHandler(heard.stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("accord")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield heard
    logger.removeHandler(handler)
    logger.setLevel(before)


@asynccontextmanager
async def clients(folder: Path) -> AsyncIterator[tuple[Starlette, httpx.AsyncClient]]:
    async with serving(folder) as app, http_client(app) as client:
        yield app, client


async def test_a_request_is_one_line_with_its_operation_and_without_its_values(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (_, client):
        made = await client.post("/graphql?key=hunter2", json={"query": CREATE, "variables": {"name": SECRET}})
        read = await client.post("/graphql", json={"query": SEARCH, "variables": {"name": SECRET}})
    assert made.json()["data"]["createAccount"]["recordId"]
    assert read.json()["data"]["accounts"]["nodes"] == [{"name": SECRET}]
    line: dict[str, Any] = {"level": "info", "message": "request", "method": "POST", "path": "/graphql", "status": 200}
    assert log.requests() == [
        {**line, "operation": {"type": "mutation", "name": "NewAccount"}, "cost": 1, "errors": 0},
        {**line, "operation": {"type": "query", "name": "Search"}, "cost": 50, "errors": 0},
    ]
    [_, last] = log.lines
    assert last["request"] == read.headers["x-request-id"]
    assert last["bytes"] == len(read.content)
    assert last["ms"] > 0
    assert last["time"].endswith("Z")
    for value in (SECRET, "jane", "hunter2", "createAccount"):
        assert value not in log.text


async def test_what_is_wrong_is_told_by_its_codes(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (_, client):
        await client.post("/graphql", json={"query": f'{{ nothing(at: "{SECRET}") }}'})
        await client.post("/graphql", json={"query": SEARCH, "variables": {"name": [SECRET]}})
        await client.post("/graphql", content=SECRET)
        await client.post("/graphql", json={"query": "{ a }" * 2000, "operationName": SECRET})
        await client.get(f"/customers/{SECRET}")
        await client.request("JANE", "/graphql")
    assert [(one["path"], one["status"], one["errors"], one.get("codes")) for one in log.requests()] == [
        ("/graphql", 200, 1, ["VALIDATION_ERROR"]),
        ("/graphql", 200, 1, ["INVALID_VARIABLE"]),
        ("/graphql", 415, 1, ["UNSUPPORTED_MEDIA_TYPE"]),
        ("/graphql", 200, 1, ["DOCUMENT_TOO_LARGE"]),
        ("-", 404, 1, ["NOT_FOUND"]),
        ("/graphql", 405, 1, ["METHOD_NOT_ALLOWED"]),
    ]
    assert [one["method"] for one in log.requests()] == [*["POST"] * 4, "GET", "-"]
    assert "jane" not in log.text.lower()


async def test_a_long_name_is_cut(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (_, client):
        await client.post("/graphql", json={"query": f"query {'N' * 500} {{ __typename }}"})
    assert [one["operation"]["name"] for one in log.requests()] == ["N" * 64]


@pytest.mark.parametrize("given", ["abc", "4b8a-11.x_Y=", "x" * 128])
async def test_the_id_that_a_proxy_gave_a_request_is_kept(tmp_path: Path, log: Log, given: str) -> None:
    async with clients(tmp_path) as (_, client):
        answers = [
            await client.get("/graphql", params={"query": "{ __typename }"}, headers={"X-Request-ID": given}),
            await client.get("/nowhere", headers={"X-Request-ID": given}),
            await client.post("/graphql", headers={"X-Request-ID": given}),
        ]
    assert [answer.headers["x-request-id"] for answer in answers] == [given] * 3
    assert [line["request"] for line in log.lines] == [given] * 3


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", SECRET, 'a"b', "ä", "a;b", "{}"])
async def test_an_id_that_is_no_plain_token_is_replaced(tmp_path: Path, log: Log, given: str) -> None:
    async with clients(tmp_path) as (_, client):
        first, second = [await client.get("/", headers=[(b"X-Request-ID", given.encode())]) for _ in range(2)]
    made = [answer.headers["x-request-id"] for answer in (first, second)]
    assert [line["request"] for line in log.lines] == made
    assert all(len(one) == 32 and one.isalnum() for one in made)
    assert made[0] != made[1]


async def test_health_is_asked_too_often_to_be_logged(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (_, client):
        await client.get("/health/live")
        await client.get("/health/ready")
        assert log.lines == []
        logging.getLogger("accord").setLevel(logging.DEBUG)
        await client.get("/health/live")
    assert [(one["level"], one["path"]) for one in log.requests()] == [("debug", "/health/live")]


async def test_a_failure_is_found_by_its_incident_and_its_request_without_its_words(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(statement: str, parameters: Any) -> None:
        raise ValueError(f"{SECRET} can't be read")

    async with clients(tmp_path) as (app, client):
        monkeypatch.setattr(app.state.accord.database, "fetch", fail)
        answer = await client.post(
            "/graphql", json={"query": SEARCH, "variables": {"name": SECRET}}, headers={"X-Request-ID": "r-1"}
        )
    [error] = answer.json()["errors"]
    incident = error["extensions"]["incident"]
    [failure] = [line for line in log.lines if line["logger"] == "accord.schema"]
    assert incident in failure["message"]
    assert "r-1" in failure["message"]
    assert failure["level"] == "error"
    assert failure["error"]["type"] == "ValueError"
    assert failure["error"]["stack"][-1].endswith(" fail")
    [request] = log.requests()
    assert (request["errors"], request["codes"], request["incidents"]) == (1, ["INTERNAL_ERROR"], [incident])
    assert "jane" not in log.text


async def test_a_failure_outside_of_graphql_is_contained_as_well(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (app, client):
        app.state.readiness = SECRET
        answer = await client.get("/health/ready", headers={"X-Request-ID": "r-2"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "r-2"
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    [failure] = [line for line in log.lines if line["logger"] == "accord.http"]
    assert error["extensions"]["incident"] in failure["message"]
    assert "r-2" in failure["message"]
    assert "jane" not in log.text


async def test_each_operation_on_a_websocket_is_a_line_and_so_is_its_end(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (app, client), connected(app) as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": {"query": "query Kind { __typename }"}})
        assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}
        assert (await socket.receive())["type"] == "complete"
        changes = {"query": "subscription Changes { changes { kind } }"}
        await socket.send({"type": "subscribe", "id": "2", "payload": changes})
        await wait_until(lambda: app.state.accord.feed.listeners)
        await client.post("/graphql", json={"query": CREATE, "variables": {"name": SECRET}})
        assert (await socket.receive())["payload"]["data"] == {"changes": {"kind": "CREATE"}}
    [query, _, changes, connection] = log.requests()
    assert query == {
        "level": "info",
        "message": "operation",
        "method": "WEBSOCKET",
        "operation": {"type": "query", "name": "Kind"},
        "cost": 0,
        "errors": 0,
    }
    assert changes["operation"] == {"type": "subscription", "name": "Changes"}
    assert (changes["events"], changes["errors"]) == (1, 0)
    assert connection == {
        "level": "info",
        "message": "connection",
        "method": "WEBSOCKET",
        "path": "/graphql",
        "status": 101,
        "close": 1006,
        "operations": 2,
    }
    ids = [line["request"] for line in log.lines if line["logger"] == "accord.request"]
    assert [ids[0], ids[2]] == [f"{ids[3]}-1", f"{ids[3]}-2"]
    assert "jane" not in log.text


async def test_a_websocket_is_told_its_request_id(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (app, _):
        async with connecting(app, **{"x-request-id": "s-1"}) as socket:
            accepted = await socket.event()
        async with connecting(app, origin="https://elsewhere.example") as socket:
            refused = await socket.event()
    assert (b"x-request-id", b"s-1") in accepted["headers"]
    assert refused["status"] == 403
    assert dict(refused["headers"])[b"x-request-id"]
    assert [(one["status"], one["operations"]) for one in log.requests()] == [(101, 0), (403, 0)]


async def test_a_stream_is_logged_at_its_end(tmp_path: Path, log: Log) -> None:
    async with clients(tmp_path) as (app, client):
        body = {"query": "subscription Changes { changes { kind } }"}
        async with streaming(app, {"accept": "text/event-stream", "x-request-id": "e-1"}, body) as stream:
            started = await stream.sent.get()
            assert (b"x-request-id", b"e-1") in started["headers"]
            await wait_until(lambda: app.state.accord.feed.listeners)
            await client.post("/graphql", json={"query": CREATE, "variables": {"name": "Kestrel"}})
            assert "CREATE" in await stream.event()
    [_, line] = log.requests()
    assert (line["operation"], line["events"]) == ({"type": "subscription", "name": "Changes"}, 1)


def logged(formatter: logging.Formatter, name: str, message: Any, *values: Any, error: Any = None) -> str:
    """The text of one record."""
    record = logging.LogRecord(name, logging.ERROR, "place.py", 7, message, values, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return formatter.format(record)


def failing() -> Exception:
    """An error from a database, and what it caused."""
    try:
        try:
            raise asyncpg.UniqueViolationError(f"Key (email)=({SECRET}) already exists.")
        except asyncpg.UniqueViolationError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        return error


def test_of_an_exception_its_type_its_place_and_its_codes_are_written():
    line = json.loads(
        logged(JsonLines(), "accord.outbox", "%s failed: %s", "mail", ValueError(SECRET), error=failing())
    )
    assert line["message"] == "mail failed: ValueError"
    assert line["error"]["type"] == "KeyError"
    assert line["error"]["stack"][0].endswith(" failing")
    cause = line["error"]["cause"]
    assert (cause["type"], cause["sqlstate"]) == ("asyncpg.exceptions.UniqueViolationError", "23505")


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()])
def test_no_form_writes_the_words_of_an_exception(formatter: logging.Formatter):
    several = ExceptionGroup(SECRET, [ValueError(SECRET), failing()])
    for error in (failing(), several, FileNotFoundError(2, "no such file", SECRET)):
        assert "jane" not in logged(formatter, "accord.outbox", "%s", error, error=error)


def test_what_the_author_of_a_plugin_did_wrong_is_written_in_words():
    assert described(NotYours("Account belongs to the core"))["said"] == "Account belongs to the core"
    assert "said" not in described(ValueError("Ann Lee"))


def test_of_other_packages_no_values_are_written():
    for message, values in ((f"executing with {SECRET}", ()), ("executing %s", (SECRET,)), ({SECRET: 1}, ())):
        line = logged(JsonLines(), "aiosqlite", message, *values)
        assert "jane" not in line
        assert json.loads(line)["message"].startswith("from place:7")


async def test_a_failure_that_nobody_waits_for_is_logged_without_its_words(log: Log) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    hear_of_failures(loop)
    try:
        loop.call_exception_handler({"message": f"Task failed {SECRET}", "exception": ValueError(SECRET)})
    finally:
        loop.set_exception_handler(before)
    [line] = log.lines
    assert line["error"]["type"] == "ValueError"
    assert "jane" not in log.text


def test_people_read_a_line_of_text():
    record = logging.LogRecord("accord.request", logging.INFO, "", 0, "request", (), None)
    record.__dict__["fields"] = {
        "request": "r-1",
        "status": 200,
        "operation": {"type": "query", "name": None},
        "codes": ["A", "B"],
        "errors": 0,
    }
    text = TextLines().format(record)
    assert text[8:] == " info    request request=r-1 status=200 operation.type=query codes=A,B errors=0"


def test_a_server_logs_in_json_where_nobody_watches_and_in_text_where_it_is_told(tmp_path: Path):
    with running(tmp_path, "--no-demo") as server:
        server.ask("query Kind { __typename }")
        httpx.post(server.address, content=b"\x00", headers={"Content-Type": "application/json"}, timeout=PATIENCE)
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as raw:
            raw.sendall(f"GET /{SECRET} nonsense\r\n\r\n".encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
        with connect(f"ws://127.0.0.1:{server.port}/graphql?token={SECRET}", open_timeout=PATIENCE):
            pass
        until(lambda: "connection" in server.messages())
        [kind, malformed] = [line for line in server.lines() if line["message"] == "request"]
        [nonsense] = [line for line in server.lines() if line["logger"] == "uvicorn.error"]
    assert kind["operation"] == {"type": "query", "name": "Kind"}
    assert malformed["codes"] == ["MALFORMED_REQUEST"]
    assert (nonsense["level"], nonsense["message"]) == ("warning", "Invalid HTTP request received.")
    assert "jane" not in server.log()
    with running(tmp_path, "--no-demo", log_format="text", log_level="warning") as server:
        server.ask("query Kind { __typename }")
        assert server.log() == ""
    with running(tmp_path, "--no-demo", log_format="text", log_level="debug") as server:
        server.ask("query Kind { __typename }")
        words = until(lambda: [line for line in server.log().splitlines() if " request " in line])
    assert "operation.type=query operation.name=Kind" in words[0]
    assert "SELECT" not in server.log().upper().replace("SELECTED", "")
