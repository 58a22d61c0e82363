"""Several processes: workers of one server, and servers on one database."""

import json
import os
import signal
import sqlite3
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from accord.tests.accord_fixture import CoreDatabases
from accord.tests.config.command_line import run
from accord.tests.config.operation import Server, running, sending, until
from accord.tests.waiting import PATIENCE

CREATE = "mutation ($name: String!) { createAccount(input: {name: $name}) { recordId } }"
COUNT = "{ accounts { totalCount } }"
CHANGES = "subscription { changes { kind node { ... on Account { name } } } }"


@pytest.fixture
def location(core_databases: CoreDatabases) -> Generator[str]:
    """A migrated database of each kind."""
    made = core_databases.new()
    yield made
    core_databases.drop(made)


def total(server: Server) -> int:
    return server.ask(COUNT)["accounts"]["totalCount"]


def processes(server: Server, known: int = 0) -> set[int]:
    """The processes that have answered requests, after so many lines of the log."""
    return {line["process"] for line in server.lines()[known:] if line["message"] == "request"}


def workers(server: Server) -> list[int]:
    """The workers that were started, in that order."""
    starts = [line["message"] for line in server.lines() if " is process " in line["message"]]
    return [int(message.rpartition(" ")[2]) for message in starts]


def is_alive(process: int) -> bool:
    """Whether there is still such a process, other than as a name that nobody has asked after."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ask_until_all_answer(server: Server, count: int) -> None:
    """Ask many at once, each on a connection of its own, until so many processes have answered.

    Whatever was sent before is under way by then: connections are looked at in the order in which they come.
    """
    known = len(server.lines())

    def are_all() -> bool:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: server.ask("{ __typename }"), range(16)))
        return len(processes(server, known)) >= count

    until(are_all)


def test_workers_share_the_work_on_a_database_that_is_made_once(tmp_path: Path):
    with running(tmp_path, "--workers", "2") as server:
        ask_until_all_answer(server, 2)
        assert processes(server) == set(workers(server))
        assert server.process.pid not in processes(server)
        assert server.said.read_text().count("Loaded the demo: ") == 1
        assert total(server) == 210
        server.tell(signal.SIGTERM)
        assert server.ended() == 0
        assert not any(map(is_alive, workers(server)))
    assert server.messages().count("stopping") == 2
    assert {line["level"] for line in server.lines()} == {"info"}
    assert server.said.read_text().endswith("\nAccord has ended.\n")


def test_workers_write_at_once_and_nothing_is_lost(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", workers="3", database=location) as server:
        ask_until_all_answer(server, 3)
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda number: server.ask(CREATE, name=f"Account {number}"), range(60)))
        assert total(server) == 60


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
def test_a_worker_that_dies_is_replaced(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", "--workers", "2", database=location) as server:
        ask_until_all_answer(server, 2)
        lost = workers(server)[0]
        os.kill(lost, signal.SIGKILL)
        until(lambda: len(workers(server)) == 3)
        until(lambda: _ask_again(server) and workers(server)[2] in processes(server))
        server.tell(signal.SIGTERM)
        assert server.ended() == 0
    [error] = [line["message"] for line in server.lines() if line["level"] == "error"]
    assert error == f"worker 0, process {lost}, ended with -9; another is started"


def _ask_again(server: Server) -> bool:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: server.ask("{ __typename }"), range(8)))
    return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, location: str):
    with running(tmp_path, "--no-demo", "--workers", "2", database=location) as server:
        ask_until_all_answer(server, 2)
        server.tell(signal.SIGKILL)
        server.ended()
        until(lambda: not any(map(is_alive, workers(server))))
    assert server.messages().count("the process that started this one is gone") == 2


def test_a_request_is_finished_by_its_worker_and_a_second_signal_ends_them_all(tmp_path: Path):
    run(tmp_path, "migrate", "apply")
    file = tmp_path / "var" / "accord.db"
    with running(tmp_path, "--no-demo", "--workers", "2") as server:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=PATIENCE)) as other:
            other.execute("begin immediate")
            with sending(server, CREATE, name="Kestrel") as answer:
                ask_until_all_answer(server, 2)
                assert total(server) == 0  # who reads does not wait for who writes
                server.tell(signal.SIGTERM)
                until(lambda: server.messages().count("stopping") == 2)
                other.execute("rollback")
        assert answer.result().json()["data"]["createAccount"]["recordId"]
        assert server.ended() == 0
    with running(tmp_path, "--no-demo", "--workers", "2", stop_seconds="600", request_seconds="600") as server:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=PATIENCE)) as other:
            endless = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000)"
            other.execute(f"create trigger endless before insert on account begin {endless} select max(i) from n; end")
        with sending(server, CREATE, name="Kestrel") as stuck:
            ask_until_all_answer(server, 2)
            server.tell(signal.SIGTERM)
            until(lambda: server.messages().count("stopping") == 2)
            server.tell(signal.SIGTERM)
            server.ended()
            stuck.exception(PATIENCE)


def test_what_keeps_workers_from_starting_is_said_once(tmp_path: Path):
    (tmp_path / "trusted.json").write_text("no JSON")
    done = run(tmp_path, "serve", "--no-demo", "--workers", "2", trusted_documents="trusted.json")
    assert done.code == 1
    assert "Accord is ready" not in done.out
    [complaint] = done.complaints
    assert complaint.startswith("trusted_documents: trusted.json can't be read as JSON: ")


def test_workers_that_keep_dying_are_given_up(tmp_path: Path):
    trusted = tmp_path / "trusted.json"
    trusted.write_text('{"one": "{ __typename }"}')
    with running(tmp_path, "--no-demo", "--workers", "2", trusted_documents="trusted.json") as server:
        ask_until_all_answer(server, 2)
        trusted.write_text("no JSON")
        for worker in workers(server):
            os.kill(worker, signal.SIGKILL)
        assert server.ended() == 1
    assert "workers keep ending right after their start; stopping" in server.log()
    assert server.log().endswith("accord: Workers did not end as they should; what they logged stands above.\n")


def test_what_one_process_changes_is_heard_by_subscribers_of_another(tmp_path: Path, location: str):
    with (
        running(tmp_path, "--no-demo", database=location) as one,
        running(tmp_path, "--no-demo", database=location) as other,
        connect(
            other.address.replace("http:", "ws:"),
            subprotocols=["graphql-transport-ws"],  # pyright: ignore[reportArgumentType] - a plain text will do
            open_timeout=PATIENCE,
        ) as socket,
    ):
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(PATIENCE)) == {"type": "connection_ack"}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": CHANGES}}))
        body = {"query": CHANGES}
        headers = {"Accept": "text/event-stream"}
        with httpx.stream("POST", other.address, json=body, headers=headers, timeout=PATIENCE) as stream:
            chunks = stream.iter_text()
            assert next(chunks) == ":\n\n"
            until(lambda: total(other) == 0)
            until(lambda: _hears(one, socket))
            event = until(lambda: _streams(one, chunks))
    assert '"kind":"CREATE"' in event
    assert '"name":"Kestrel"' in event


def _streams(one: Server, chunks: Iterator[str]) -> str | None:
    """Change something through one server, and read the stream of the other on; gives an event, if it is one."""
    one.ask(CREATE, name="Kestrel")
    chunk = next(chunks)  # a comment, if nothing else comes
    return chunk if chunk.startswith("event: next") else None


def _hears(one: Server, socket: object) -> bool:
    """Change something through one server, and look whether it is heard of at the other."""
    one.ask(CREATE, name="Kestrel")
    try:
        message = json.loads(socket.recv(5))  # pyright: ignore[reportAttributeAccessIssue]
    except TimeoutError:
        return False  # the subscription had not begun yet
    assert message["payload"]["data"]["changes"] == {"kind": "CREATE", "node": {"name": "Kestrel"}}
    return True
