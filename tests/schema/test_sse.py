"""Server-sent events: an operation's results as a stream, while the client stays."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from graphql import OperationType
from starlette.applications import Starlette

from accord.config.app import create_app
from accord.config.composition import Accord
from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Request, Result
from accord.schema.http.limits import HttpLimits
from accord.schema.http.view import GraphQLView
from accord.tests.accord_fixture import migrate
from accord.tests.browser import serve
from accord.tests.schema.asgi_clients import Stream, http_client, serving, streaming
from accord.tests.waiting import PATIENCE, until

STREAM = {"accept": "text/event-stream"}
COMPLETE = "event: complete\ndata:\n\n"
CHANGES = 'subscription { changes(types: ["Account"]) { kind node { ... on Account { name } } } }'
CREATE = {"query": 'mutation { createAccount(input: {name: "Kestrel"}) { recordId } }'}


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Starlette]:
    async with serving(tmp_path_factory.mktemp("sse")) as opened:
        yield opened


class Ticking:
    """A service with a subscription of some results, and an end or none."""

    def __init__(self, *results: dict[str, Any], ends: bool = True, fault: Exception | None = None) -> None:
        self.results = results
        self.ends = ends
        self.fault = fault
        self.under_way = 0

    def operation_type(self, request: Request) -> OperationType:
        return OperationType.SUBSCRIPTION

    async def subscribe(self, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
        self.under_way += 1
        try:
            for data in self.results:
                yield Result(data=data)
            if self.fault:
                raise self.fault
            if not self.ends:
                await asyncio.Event().wait()
        finally:
            self.under_way -= 1

    def endpoint(self, **limits: Any) -> GraphQLView:
        """The endpoint around it."""
        caller = Caller(actor=SYSTEM_ACTOR, request="r-17")
        return GraphQLView(lambda _: cast(Any, self), lambda _: caller, HttpLimits(**limits))


def identified(event: str) -> tuple[str | None, Any]:
    """The id of a next event, if it has one, and its payload; it must be written with line feeds alone."""
    head, _, rest = event.partition("\ndata: ")
    kind, _, id_line = head.partition("\n")
    assert kind == "event: next"
    assert rest.endswith("\n\n")
    assert "\n" not in rest[:-2]
    assert "\r" not in event
    assert not id_line or id_line.startswith("id: ")
    return id_line.removeprefix("id: ") or None, orjson.loads(rest)


def data(event: str) -> Any:
    """The payload of a next event."""
    return identified(event)[1]


async def started(stream: Stream) -> dict[str, str]:
    """The headers of a stream that began."""
    async with asyncio.timeout(PATIENCE):
        message = await stream.sent.get()
    assert message["status"] == 200
    return {name.decode(): value.decode() for name, value in message["headers"]}


async def test_a_subscription_is_streamed_until_the_client_leaves(app: Starlette) -> None:
    accord: Accord = app.state.accord
    async with streaming(app, STREAM, {"query": CHANGES}) as stream:
        headers = await started(stream)
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        assert headers["x-content-type-options"] == "nosniff"
        await until(lambda: accord.feed.listeners)
        async with http_client(app) as client:
            await client.post("/graphql", json=CREATE)
        assert data(await stream.event()) == {"data": {"changes": {"kind": "CREATE", "node": {"name": "Kestrel"}}}}
    await until(lambda: not accord.feed.listeners)


@pytest.mark.parametrize(
    "accept",
    ["text/event-stream", "text/event-stream, multipart/mixed", "text/*", "text/event-stream;q=0.1, image/png"],
)
async def test_a_query_can_be_streamed_where_no_json_is_accepted(app: Starlette, accept: str) -> None:
    async with streaming(app, {"accept": accept}, {"query": "{ __typename }"}) as stream:
        await started(stream)
        assert data(await stream.event())["data"] == {"__typename": "Query"}
        assert await stream.event() == COMPLETE
        assert await stream.read() == b""


@pytest.mark.parametrize(
    "accept",
    ["text/event-stream, application/json;q=0.1", "text/event-stream, */*", "application/json, text/event-stream"],
)
async def test_where_json_is_accepted_too_there_is_no_stream(app: Starlette, accept: str) -> None:
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": accept})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_browser_can_subscribe_by_get(app: Starlette) -> None:
    parameters = urlencode(
        {"query": "subscription A($t: [String!]) { changes(types: $t) { kind } }", "variables": "{}"}
    )
    accord: Accord = app.state.accord
    async with streaming(app, STREAM, query=parameters) as stream:
        await started(stream)
        await until(lambda: accord.feed.listeners)
    await until(lambda: not accord.feed.listeners)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "SYNTAX_ERROR"),
        ("subscription { changs { id } }", "VALIDATION_ERROR"),
        ("query A { __typename } query B { __typename }", "OPERATION_NAME_REQUIRED"),
        ('subscription { changes(after: "x") { recordId } }', "INVALID_CURSOR"),
    ],
)
async def test_what_is_wrong_is_told_in_the_stream(app: Starlette, query: str, code: str) -> None:
    async with streaming(app, STREAM, {"query": query}) as stream:
        await started(stream)
        (error,) = data(await stream.event())["errors"]
        assert error["extensions"]["code"] == code
        assert await stream.event() == COMPLETE


async def test_an_event_is_one_line_whatever_its_data_holds() -> None:
    name = "first line\nsecond\r\nthird\rfourth\u2028fifth"
    async with streaming(Ticking({"name": name}).endpoint(), STREAM, {"query": "-"}) as stream:
        await started(stream)
        assert data(await stream.event()) == {"data": {"name": name}}
        assert await stream.event() == COMPLETE


async def test_a_silent_stream_is_kept_open_by_comments() -> None:
    assert HttpLimits().heartbeat_seconds == 12
    service = Ticking(ends=False)
    async with streaming(service.endpoint(heartbeat_seconds=0.02), STREAM, {"query": "-"}) as stream:
        await started(stream)
        assert [await stream.read() for _ in range(4)] == [b":\n\n"] * 4
    assert service.under_way == 0


async def test_headers_do_not_wait_for_the_first_event() -> None:
    async with streaming(Ticking(ends=False).endpoint(), STREAM, {"query": "-"}) as stream:
        await started(stream)
        assert await stream.read() == b":\n\n"


async def test_the_end_of_the_operation_is_the_end_of_the_stream() -> None:
    service = Ticking({"tick": 1}, {"tick": 2})
    async with streaming(service.endpoint(), STREAM, {"query": "-"}) as stream:
        await started(stream)
        assert [data(await stream.event())["data"] for _ in range(2)] == [{"tick": 1}, {"tick": 2}]
        assert await stream.event() == COMPLETE
        assert await stream.sent.get() == {"type": "http.response.body", "body": b""}
        assert service.under_way == 0


async def test_what_nobody_expected_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    service = Ticking({"tick": 1}, fault=ValueError("/srv/secret.key"))
    async with streaming(service.endpoint(), STREAM, {"query": "-"}) as stream:
        await started(stream)
        await stream.event()
        last = await stream.event()
        assert [error["extensions"]["code"] for error in data(last)["errors"]] == ["INTERNAL_ERROR"]
        assert "secret" not in last
        assert await stream.event() == COMPLETE
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "r-17" in record.getMessage()


async def test_over_the_wire_events_come_at_once_and_a_vanished_client_costs_nothing() -> None:
    service = Ticking({"tick": 1}, ends=False)
    with serve(service.endpoint()) as origin:
        async with (
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("POST", f"{origin}/graphql", json={"query": "-"}, headers=STREAM) as answer,
        ):
            pieces = answer.aiter_raw()
            received = b""
            while b"event: next\n" not in received:
                received += await anext(pieces)
            assert service.under_way == 1
        await until(lambda: not service.under_way)


async def test_over_the_wire_a_stream_goes_on_from_the_last_event_that_the_client_names(tmp_path: Path) -> None:
    location = f"sqlite:{tmp_path / 'accord.db'}"
    await migrate(location)
    names = ["Alder", "Birch", "Cedar"]
    asked = {
        "query": 'subscription { changes(types: ["Account"], after: "0") { cursor node { ... on Account { name } } } }'
    }
    with serve(create_app(Settings(database=location))) as origin:
        async with httpx.AsyncClient(timeout=PATIENCE, base_url=origin) as client:
            for name in names:
                make = f'mutation {{ createAccount(input: {{name: "{name}"}}) {{ recordId }} }}'
                await client.post("/graphql", json={"query": make})
            first = await heard(client, asked, 2)
            assert [told["data"]["changes"]["node"]["name"] for _, told in first] == names[:2]
            for id_, told in first:
                assert id_ == told["data"]["changes"]["cursor"]
            second = await heard(client, asked, 2, first[0][0] or "")
            assert [told["data"]["changes"]["node"]["name"] for _, told in second] == names[1:]
            [(id_, told)] = await heard(client, asked, 1, "x")
            assert (id_, [(error["message"], error["extensions"]) for error in told["errors"]]) == (
                None,
                [
                    (
                        "Last-Event-ID: 'x' is no cursor of a change; leave it out, or give one as you have read it.",
                        {"code": "INVALID_CURSOR"},
                    )
                ],
            )


async def heard(client: httpx.AsyncClient, asked: Any, count: int, last: str = "") -> list[tuple[str | None, Any]]:
    """So many next events of a stream, as a browser asks for them that has seen the one with the id `last`."""
    headers = STREAM | ({"last-event-id": last} if last else {})
    found: list[tuple[str | None, Any]] = []
    async with client.stream("GET", "/graphql", params=asked, headers=headers) as answer:
        text = ""
        async for piece in answer.aiter_text():
            *events, text = (text + piece).split("\n\n")
            found += [identified(f"{event}\n\n") for event in events if event.startswith("event: next")]
            if len(found) >= count:
                break
    return found[:count]


async def test_an_event_without_a_place_in_the_feed_has_no_id(app: Starlette) -> None:
    async with streaming(app, STREAM | {"last-event-id": "7"}, {"query": "{ __typename }"}) as stream:
        await started(stream)
        id_, told = identified(await stream.event())
        assert (id_, told["data"]) == (None, {"__typename": "Query"})
