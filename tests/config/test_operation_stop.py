"""Stopping: the first signal lets requests finish, the second does not; streams and WebSockets are told."""

import asyncio
import json
import signal
import sqlite3
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accord.config.app import create_app
from accord.graph.writing.outbox import Event
from accord.tests.accord_fixture import CoreDatabases, open_bench
from accord.tests.config.operation import Server, running, sending, until
from accord.tests.waiting import PATIENCE

CREATE = 'mutation { createAccount(input: {name: "Kestrel"}) { recordId } }'
COUNT = "{ accounts { totalCount } }"
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000) select max(i) from n"
STOPPING = {
    "errors": [
        {"message": "The server is stopping; send the request again.", "extensions": {"code": "SERVER_STOPPING"}}
    ]
}


@contextmanager
def held(location: str) -> Generator[threading.Event]:
    """Keep everybody from writing, until the event is set."""
    release, taken = threading.Event(), threading.Event()

    def hold_file() -> None:
        connection = sqlite3.connect(location.removeprefix("sqlite:"), isolation_level=None, timeout=PATIENCE)
        connection.execute("begin immediate")
        taken.set()
        release.wait(PATIENCE)
        connection.execute("rollback")
        connection.close()

    async def hold_table() -> None:
        connection = await asyncpg.connect(location)
        async with connection.transaction():
            await connection.execute("lock table account in share mode")
            taken.set()
            await asyncio.to_thread(release.wait, PATIENCE)
        await connection.close()

    holding = hold_file if location.startswith("sqlite:") else lambda: asyncio.run(hold_table())
    thread = threading.Thread(target=holding)
    thread.start()
    try:
        assert taken.wait(PATIENCE)
        yield release
    finally:
        release.set()
        thread.join()


@contextmanager
def asked(server: Server, query: str) -> Generator["Future[httpx.Response]"]:
    """A request under way."""
    with sending(server, query) as answer:
        arrived(server)
        assert not answer.done()
        yield answer


def arrived(server: Server) -> None:
    """Wait until the server is at what was sent just now: it looks at connections in the order in which they come."""
    for _ in range(3):
        assert httpx.get(f"{server.origin}/health/live", timeout=PATIENCE).status_code == 200


def refuses(server: Server) -> bool:
    """Whether nobody listens any more."""
    try:
        httpx.get(f"{server.origin}/health/live", timeout=PATIENCE)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def assert_clean(server: Server) -> None:
    """Its log has nothing that an operator would have to look at."""
    levels = {line["level"] for line in server.lines()}
    assert levels <= {"info"}, server.log()
    assert server.said.read_text().endswith("\nAccord has ended.\n")


@pytest.fixture
def location(core_databases: CoreDatabases) -> Generator[str]:
    """A migrated database of each kind."""
    made = core_databases.new()
    yield made
    core_databases.drop(made)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_and_nobody_new_is_let_in(
    tmp_path: Path, location: str, number: signal.Signals
):
    with running(tmp_path, "--no-demo", database=location) as server:
        with held(location) as release, asked(server, CREATE) as answer:
            server.tell(number)
            until(lambda: refuses(server))
            assert server.process.poll() is None
            assert not answer.done()
            release.set()
            made = answer.result(PATIENCE)
        assert made.json()["data"]["createAccount"]["recordId"]
        assert made.headers["connection"] == "close"
        assert server.ended() == 0
    assert_clean(server)
    with running(tmp_path, "--no-demo", database=location) as server:
        assert server.ask(COUNT) == {"accounts": {"totalCount": 1}}


@contextmanager
def stuck(location: str) -> Generator[None]:
    """Let no write come to an end: SQLite gives up waiting for others, so that there it is kept busy."""
    if location.startswith("sqlite:"):
        with closing(sqlite3.connect(location.removeprefix("sqlite:"), timeout=PATIENCE)) as connection:
            connection.execute(f"create trigger endless before insert on outbox_event begin {ENDLESS}; end")
        yield
    else:
        with held(location):
            yield


def connections(location: str) -> int:
    """How many connections servers have to a database."""
    if location.startswith("sqlite:"):
        return 0

    async def count() -> int:
        connection = await asyncpg.connect(location)
        try:
            return await connection.fetchval(
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and application_name = 'accord'"
            )
        finally:
            await connection.close()

    return asyncio.run(count())


def test_a_second_signal_ends_it_at_once(tmp_path: Path, location: str):
    long = {"stop_seconds": "600", "request_seconds": "600"}
    with (
        running(tmp_path, "--no-demo", database=location, **long) as server,
        stuck(location),
        asked(server, CREATE) as answer,
    ):
        server.tell(signal.SIGTERM)
        until(lambda: refuses(server))
        time.sleep(1)
        assert server.process.poll() is None
        server.tell(signal.SIGTERM)
        server.ended()
        until(lambda: connections(location) == 0)
        refusal = None if answer.exception(PATIENCE) else answer.result().json()
        assert refusal in (None, STOPPING)  # it is told if there is time for it
    with running(tmp_path, "--no-demo", database=location) as server:
        assert server.ask(COUNT) == {"accounts": {"totalCount": 0}}


def test_a_request_that_takes_longer_than_the_server_waits_is_told(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", database=location, stop_seconds="1") as server:
        with held(location), asked(server, CREATE) as answer:
            server.tell(signal.SIGTERM)
            refused = answer.result(PATIENCE)
            assert (refused.status_code, refused.json()) == (503, STOPPING)
        assert server.ended() == 0
    assert "Traceback" not in server.log()
    [line] = [line for line in server.lines() if line["message"] == "request"]
    assert (line["status"], line["codes"]) == (503, ["SERVER_STOPPING"])


@contextmanager
def socket_to(server: Server) -> Generator[ClientConnection]:
    """A WebSocket that may ask."""
    address = server.address.replace("http:", "ws:")
    # a text will do
    with connect(address, subprotocols=["graphql-transport-ws"], open_timeout=PATIENCE) as socket:  # pyright: ignore[reportArgumentType]
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
        yield socket


def subscribe(socket: ClientConnection, query: str) -> None:
    socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))


def test_a_websocket_is_closed_as_going_away_once_it_has_its_answer(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", database=location) as server:
        with held(location) as release, socket_to(server) as idle, socket_to(server) as busy:
            subscribe(idle, "subscription { changes { kind } }")
            subscribe(busy, CREATE)
            arrived(server)
            server.tell(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                idle.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
                1001,
                "The server is stopping; connect again",
            )
            release.set()
            assert json.loads(busy.recv(PATIENCE))["payload"]["data"]["createAccount"]["recordId"]
            assert json.loads(busy.recv(PATIENCE)) == {"id": "1", "type": "complete"}
            with pytest.raises(ConnectionClosed) as closed:
                busy.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        assert server.ended() == 0
    assert_clean(server)
    assert [line["close"] for line in server.lines() if line["message"] == "connection"] == [1001, 1001]


def test_an_event_stream_comes_to_a_clean_end(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", database=location) as server:
        body = {"query": "subscription { changes { kind } }"}
        headers = {"Accept": "text/event-stream"}
        with httpx.stream("POST", server.address, json=body, headers=headers, timeout=PATIENCE) as stream:
            chunks = stream.iter_text()
            assert next(chunks) == ":\n\n"
            server.tell(signal.SIGTERM)
            assert "".join(chunks).replace(":\n\n", "") == ""  # raises if it breaks off
        assert server.ended() == 0
    assert_clean(server)


def test_connections_that_only_wait_hold_nobody_up(tmp_path: Path, location: str):
    with (
        running(tmp_path, "--no-demo", database=location, stop_seconds="600") as server,
        httpx.Client(timeout=PATIENCE) as client,
    ):
        assert client.get(f"{server.origin}/health/live").status_code == 200
        server.tell(signal.SIGTERM)
        assert server.ended() == 0
    assert_clean(server)


@dataclass
class Slow:
    """A consumer that takes its time for each event."""

    name: str = "slow"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    events: list[Event] = field(default_factory=list[Event])

    async def handle(self, event: Event) -> None:
        self.begun.set()
        await self.go_on.wait()
        self.events.append(event)


async def test_the_outbox_finishes_the_event_at_hand_and_gives_the_others_back(location: str) -> None:
    slow = Slow()
    async with open_bench(location, is_migrated=True, consumers=[slow]) as bench:
        for name in ("First", "Second", "Third"):
            await bench.ask(f'mutation {{ createAccount(input: {{name: "{name}"}}) {{ recordId }} }}')
        app = create_app(bench.accord.settings, bench.accord)
        lifespan = app.router.lifespan_context(app)
        await lifespan.__aenter__()
        async with asyncio.timeout(PATIENCE):
            await slow.begun.wait()
            ending = asyncio.create_task(lifespan.__aexit__(None, None, None))
            await asyncio.sleep(0.5)
            assert not ending.done()
            slow.go_on.set()
            await ending
        rows: Any = await bench.accord.database.fetch(
            "select d.attempts, d.due_at <= e.occurred_at from outbox_delivery d "
            "join outbox_event e on e.id = d.event_id",
            [],
        )
    assert [event.attempts for event in slow.events] == [1]
    assert [(attempts, bool(is_due)) for attempts, is_due in rows] == [(0, True)] * 2  # due again at once
