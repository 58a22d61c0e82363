"""GraphQL over a WebSocket: the messages of graphql-transport-ws, what ends a connection, and what it costs."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import pytest
import websockets
from graphql import OperationType
from starlette.applications import Starlette

from accord.config.app import create_app
from accord.config.composition import Accord
from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Request, Result
from accord.schema.http.limits import HttpLimits
from accord.schema.http.websocket import GraphQLSocket
from accord.tests.browser import serve
from accord.tests.schema.asgi_clients import connected, connecting, serving
from accord.tests.waiting import PATIENCE, until

CHANGES = 'subscription { changes(types: ["Account"]) { kind node { ... on Account { name } } } }'
CREATE = "mutation ($name: String!) { createAccount(input: {name: $name}) { recordId } }"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Starlette]:
    async with serving(tmp_path_factory.mktemp("websocket")) as opened:
        yield opened


class Ticking:
    """A service whose only operation never ends by itself; it counts how many of them are under way."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.under_way = 0
        self.fault = fault

    def operation_type(self, request: Request) -> OperationType:
        return OperationType.SUBSCRIPTION

    async def subscribe(self, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
        self.under_way += 1
        try:
            yield Result(data={"tick": 0})
            if self.fault:
                raise self.fault
            await asyncio.Event().wait()
        finally:
            self.under_way -= 1

    def endpoint(self, **limits: Any) -> GraphQLSocket:
        """The endpoint around it."""
        caller = Caller(actor=SYSTEM_ACTOR, request="r-17")
        return GraphQLSocket(lambda _: cast(Any, self), lambda _: caller, HttpLimits(**limits))


def subscribe(id_: str, query: str = "subscription { tick }", **variables: Any) -> dict[str, Any]:
    return {"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}}


# operations --------------------------------------------------------------------------------------------------------


async def test_queries_and_mutations_are_run_over_the_socket(app: Starlette) -> None:
    async with connected(app) as socket:
        await socket.send(subscribe("1", CREATE, name="Kestrel"))
        created = await socket.receive()
        assert (created["id"], created["type"]) == ("1", "next")
        assert "errors" not in created["payload"]
        assert await socket.receive() == {"id": "1", "type": "complete"}
        node = "query ($id: ID!) { node(id: $id) { ... on Account { name } } }"
        await socket.send(subscribe("1", node, id=created["payload"]["data"]["createAccount"]["recordId"]))
        read = await socket.receive()
        assert (read["id"], read["type"], read["payload"]["data"]) == ("1", "next", {"node": {"name": "Kestrel"}})


async def test_a_subscription_sends_what_is_committed_until_it_is_completed(app: Starlette) -> None:
    accord: Accord = app.state.accord
    async with connected(app) as socket:
        await socket.send(subscribe("changes", CHANGES))
        await until(lambda: accord.feed.listeners)
        for name in ("Merlin", "Hobby"):
            await socket.send(subscribe(name, CREATE, name=name))
        received = [await socket.receive() for _ in range(6)]
        heard = [one["payload"]["data"]["changes"] for one in received if one["id"] == "changes"]
        assert sorted(one["node"]["name"] for one in heard) == ["Hobby", "Merlin"]
        await socket.send({"id": "changes", "type": "complete"})
        await until(lambda: not accord.feed.listeners)
        await socket.send(subscribe("changes", "{ __typename }"))  # the id is free again
        assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "SYNTAX_ERROR"),
        ("{ acounts { id } }", "VALIDATION_ERROR"),
        ("query A { __typename } query B { __typename }", "OPERATION_NAME_REQUIRED"),
        ("subscription ($n: Int!) { changes(after: $n) { recordId } }", "VALIDATION_ERROR"),
        ("subscription ($n: String!) { changes(after: $n) { recordId } }", "INVALID_VARIABLE"),
    ],
)
async def test_a_wrong_document_is_an_error_and_the_connection_stays(app: Starlette, query: str, code: str) -> None:
    async with connected(app) as socket:
        await socket.send(subscribe("1", query))
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await socket.send(subscribe("1", "{ __typename }"))
        assert (await socket.receive())["type"] == "next"


async def test_what_nobody_expected_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with connected(Ticking(ValueError("/srv/secret.key")).endpoint()) as socket:
        await socket.send(subscribe("1"))
        assert (await socket.receive())["payload"] == {"data": {"tick": 0}}
        message = await socket.receive()
        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == ["INTERNAL_ERROR"]
        assert "secret" not in json.dumps(message)
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "r-17" in record.getMessage()


async def test_results_of_several_operations_come_as_they_are_ready() -> None:
    service = Ticking()
    async with connected(service.endpoint()) as socket:
        for id_ in "abc":
            await socket.send(subscribe(id_))
        assert [(await socket.receive())["id"] for _ in range(3)] == ["a", "b", "c"]
        assert service.under_way == 3
        await socket.send({"id": "b", "type": "complete"})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        assert service.under_way == 2


async def test_completing_what_is_not_there_is_no_matter() -> None:
    async with connected(Ticking().endpoint()) as socket:
        await socket.send({"id": "ghost", "type": "complete"})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


# the connection ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocols", [[], ["graphql-ws"], ["graphql-ws", "other"]])
async def test_only_graphql_transport_ws_is_spoken(protocols: list[str]) -> None:
    async with connecting(Ticking().endpoint(), protocols=protocols) as socket:
        assert (await socket.event())["subprotocol"] is None
        assert (await socket.closing())[0] == 4406


async def test_the_protocol_is_chosen_among_several() -> None:
    async with connecting(Ticking().endpoint(), protocols=["graphql-ws", "graphql-transport-ws"]) as socket:
        assert (await socket.event())["subprotocol"] == "graphql-transport-ws"


async def test_a_connection_that_is_not_initialised_in_time_is_closed() -> None:
    async with connecting(Ticking().endpoint(init_seconds=1)) as socket:
        await socket.event()
        await socket.send({"type": "ping"})  # no way to stay longer
        assert await socket.receive() == {"type": "pong"}
        assert await socket.closing() == (4408, "Connection initialisation timeout")


async def test_three_seconds_are_given_and_none_count_afterwards() -> None:
    assert HttpLimits().init_seconds == 3
    async with connected(Ticking().endpoint(init_seconds=1)) as socket:
        await asyncio.sleep(1.1)
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_a_second_initialisation_closes_the_connection() -> None:
    async with connected(Ticking().endpoint()) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closing() == (4429, "Too many initialisation requests")


async def test_subscribing_before_the_initialisation_closes_the_connection() -> None:
    async with connecting(Ticking().endpoint()) as socket:
        await socket.event()
        await socket.send(subscribe("1"))
        code, reason = await socket.closing()
        assert (code, reason.split(":")[0]) == (4401, "Unauthorized")


@pytest.mark.parametrize("id_", ["1", "🏃" * 250], ids=["short", "long"])
async def test_an_id_that_is_in_use_closes_the_connection_and_ends_what_runs_on_it(id_: str) -> None:
    service = Ticking()
    async with connected(service.endpoint()) as socket:
        await socket.send(subscribe(id_))
        await socket.receive()
        await socket.send(subscribe(id_))
        code, reason = await socket.closing()
        assert (code, reason[:15]) == (4409, "Subscriber for ")
        assert len(reason.encode()) <= 123
        assert service.under_way == 0


MALFORMED: dict[str, Any] = {
    "no JSON": "nonsense",
    "no object": [1],
    "a number": 7,
    "null": None,
    "a text": '"subscribe"',
    "nested": "[" * 20_000,
    "binary": b'{"type": "ping"}',
    "no type": {"id": "1"},
    "a type that is no text": {"type": 5},
    "an unknown type": {"type": "start", "id": "1", "payload": {"query": "{ a }"}},
    "a type of the server's": {"type": "next", "id": "1", "payload": {}},
    "init with a text": {"type": "connection_init", "payload": "text"},
    "ping with a list": {"type": "ping", "payload": [1]},
    "pong with a number": {"type": "pong", "payload": 1},
    "complete without id": {"type": "complete"},
    "complete of a number": {"type": "complete", "id": 1},
    "subscribe without id": {"type": "subscribe", "payload": {"query": "{ a }"}},
    "subscribe with no text as id": {"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}},
    "subscribe with an empty id": {"type": "subscribe", "id": "", "payload": {"query": "{ a }"}},
    "subscribe with an id without end": {"type": "subscribe", "id": "x" * 256, "payload": {"query": "{ a }"}},
    "subscribe without payload": {"type": "subscribe", "id": "1"},
    "subscribe with a null": {"type": "subscribe", "id": "1", "payload": None},
    "subscribe with a text": {"type": "subscribe", "id": "1", "payload": "{ a }"},
    "subscribe with a list": {"type": "subscribe", "id": "1", "payload": [{"query": "{ a }"}]},
    "query missing": {"type": "subscribe", "id": "1", "payload": {}},
    "query no text": {"type": "subscribe", "id": "1", "payload": {"query": 5}},
    "variables a list": {"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": [1]}},
    "operationName no text": {"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": 5}},
    "extensions a text": {"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "extensions": "x"}},
}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_message_closes_the_connection(kind: str) -> None:
    service = Ticking()
    async with connected(service.endpoint()) as socket:
        await socket.send(subscribe("running"))
        await socket.receive()
        await socket.send(MALFORMED[kind])
        code, reason = await socket.closing()
        assert code == 4400
        assert 0 < len(reason.encode()) <= 123
        assert service.under_way == 0


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}])
async def test_a_ping_is_answered_with_its_payload(payload: Any) -> None:
    async with connected(Ticking().endpoint()) as socket:
        await socket.send({"type": "ping", "payload": payload})
        assert await socket.receive() == {"type": "pong", "payload": payload}
        await socket.send({"type": "pong", "payload": payload})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


# limits ------------------------------------------------------------------------------------------------------------


async def test_a_connection_has_a_hundred_operations_at_most() -> None:
    service = Ticking()
    async with connected(service.endpoint()) as socket:
        for number in range(101):
            await socket.send(subscribe(str(number)))
        received = [await socket.receive() for _ in range(101)]
        (refused,) = [one for one in received if one["type"] == "error"]
        assert refused["id"] == "100"
        assert [error["extensions"]["code"] for error in refused["payload"]] == ["TOO_MANY_OPERATIONS"]
        assert service.under_way == 100
        await socket.send({"id": "7", "type": "complete"})
        await socket.send(subscribe("7"))
        assert (await socket.receive())["type"] == "next"
    assert service.under_way == 0


async def test_a_message_has_a_greatest_length() -> None:
    async with connected(Ticking().endpoint(largest_request=1_000)) as socket:
        await socket.send(json.dumps({"type": "ping"}).ljust(1_000))
        assert await socket.receive() == {"type": "pong"}
        await socket.send(json.dumps({"type": "ping"}).ljust(1_001))
        assert (await socket.closing())[0] == 1009


async def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    service = Ticking()
    async with connected(service.endpoint()) as socket:
        for number in range(10):
            await socket.send(subscribe(str(number)))
            await socket.receive()
        assert service.under_way == 10
    assert service.under_way == 0


# origins -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://accord.test:8000", "http://accord.test.evil.example", "null", "http://x:y"],
)
async def test_a_page_of_another_origin_may_not_connect(app: Starlette, origin: str) -> None:
    async with connecting(app, origin=origin) as socket:
        answer = await socket.event()
        assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 403)
        (error,) = json.loads((await socket.event())["body"])["errors"]
        assert error["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"


@pytest.mark.parametrize("origin", ["http://accord.test", "https://accord.test", "http://accord.test:80"])
async def test_a_page_of_the_own_origin_may_connect(app: Starlette, origin: str) -> None:
    async with connecting(app, origin=origin) as socket:
        assert (await socket.event())["type"] == "websocket.accept"


async def test_a_page_of_an_origin_in_the_settings_may_connect(app: Starlette) -> None:
    accord: Accord = app.state.accord
    settings = Settings(database=accord.settings.database, allowed_origins=("https://app.example",))
    opened = create_app(settings, accord)
    async with opened.router.lifespan_context(opened):
        async with connecting(opened, origin="https://app.example") as socket:
            assert (await socket.event())["type"] == "websocket.accept"
        async with connecting(opened, origin="https://evil.example") as socket:
            assert (await socket.event())["status"] == 403


# over the wire -----------------------------------------------------------------------------------------------------


async def test_a_real_server_and_a_real_client_agree() -> None:
    service = Ticking()
    with serve(service.endpoint()) as origin:
        address = origin.replace("http", "ws") + "/graphql"
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address, origin=cast(Any, "https://evil.example"), open_timeout=PATIENCE)
        assert refused.value.response.status_code == 403
        spoken = [cast(Any, "graphql-transport-ws")]
        async with websockets.connect(address, subprotocols=spoken, open_timeout=PATIENCE) as socket:
            await socket.send('{"type": "connection_init"}')
            assert await socket.recv() == '{"type":"connection_ack"}'  # in a text frame: bytes would come as bytes
            await socket.send(json.dumps(subscribe("1")))
            assert json.loads(await socket.recv()) == {"id": "1", "type": "next", "payload": {"data": {"tick": 0}}}
            socket.transport.abort()  # gone without a word
        await until(lambda: not service.under_way)
