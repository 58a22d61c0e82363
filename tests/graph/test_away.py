"""A database that is away for a while: whoever asks is told so, and no more; the log has the rest."""

import asyncio
import logging
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.databases.postgresql import _Transaction
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench
from accord.tests.config.command_line import serving
from accord.tests.config.test_serve import free_ports
from accord.tests.postgres_server import PostgresServer
from accord.tests.waiting import until

READ = "{ accounts { totalCount } }"
WRITE = 'mutation { createAccount(input: {name: "Kestrel"}) { violations { code } } }'
LISTEN = "subscription { changes { kind } }"
MESSAGE = "The database can't be reached; try again in a moment."
UNKNOWN = {"code": "OUTCOME_UNKNOWN", "written": None}
WAITING = """from pg_locks where not granted
  and database = (select oid from pg_database where datname = current_database())"""
on_server = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


def away(field: str) -> dict[str, Any]:
    """The error of a root field, without its place in the document."""
    return {"message": MESSAGE, "path": [field], "extensions": {"code": "DATABASE_UNREACHABLE"}}


def errors(answer: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "locations"} for one in answer["errors"]]


@asynccontextmanager
async def cut_off(bench: Bench, server: PostgresServer) -> AsyncIterator[None]:
    """End all connections of an Accord, and let it make no other."""
    name = urlsplit(bench.accord.settings.database).path.lstrip("/")
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(f'alter database "{name}" allow_connections false')
        await connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1", name
        )
        yield
    finally:
        await connection.execute(f'alter database "{name}" allow_connections true')
        await connection.close()


@on_server
async def test_reads_writes_and_subscriptions_are_told_that_the_database_is_away_until_it_is_back(
    bench: Bench, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
):
    service = bench.accord.service
    caller = Caller(actor=SYSTEM_ACTOR, request="r1")
    assert (await bench.ask(WRITE))["createAccount"]["violations"] == []
    async with cut_off(bench, postgres_server):
        read = (await service.run(Request(query=READ), caller)).decoded()
        write = (await service.run(Request(query=WRITE), caller)).decoded()
        listened = [one.decoded() async for one in service.subscribe(Request(query=LISTEN), caller)]
    assert (read["data"], errors(read)) == ({"accounts": None}, [away("accounts")])
    assert (write["data"], errors(write)) == ({"createAccount": None}, [away("createAccount")])
    assert [(one["data"], errors(one)) for one in listened] == [(None, [away("changes")])]
    logged = [one for one in caplog.records if one.name == "accord.schema"]
    assert [(one.levelno, one.getMessage()) for one in logged] == [
        (logging.WARNING, f"DATABASE_UNREACHABLE in request r1 at {field}")
        for field in ("accounts", "createAccount", "changes")
    ]
    assert all(one.exc_info and one.exc_info[1] and one.exc_info[1].__cause__ for one in logged)
    assert (await bench.ask(WRITE))["createAccount"]["violations"] == []
    assert await bench.ask(READ) == {"accounts": {"totalCount": 2}}


async def broken_at(bench: Bench, table: str, query: str) -> Any:
    """The answer to a document whose connection is broken while it waits for a table."""
    other = await asyncpg.connect(bench.accord.settings.database)
    try:
        await other.execute(f"begin; lock table {table} in access exclusive mode")
        running = asyncio.create_task(bench.run(query))

        async def waits() -> bool:
            return await other.fetchval(f"select count(*) > 0 {WAITING}")

        await until(waits)
        await other.execute(f"select pg_terminate_backend(pid) {WAITING}")
        return (await running).decoded()
    finally:
        await other.close()


@on_server
@pytest.mark.parametrize(("query", "field"), [(READ, "accounts"), (WRITE, "createAccount")])
async def test_what_was_under_way_when_the_connection_broke_is_told(bench: Bench, query: str, field: str):
    answer = await broken_at(bench, "account", query)
    (error,) = errors(answer)
    assert answer["data"] == {field: None}
    assert error == away(field) if query == READ else error["extensions"] == UNKNOWN
    assert await bench.ask(READ) == {"accounts": {"totalCount": 0}}


DIE = """create function die() returns trigger language plpgsql as $$
  begin perform pg_terminate_backend(pg_backend_pid()), pg_sleep(10); return null; end $$;
create constraint trigger die after insert on outbox_event deferrable initially deferred
  for each row execute function die()"""


@on_server
async def test_a_write_whose_connection_broke_when_it_was_to_be_kept_is_told_as_unknown(bench: Bench):
    async with bench.accord.database.transaction() as transaction:
        for statement in DIE.split(";\ncreate"):
            await transaction.execute(statement if statement.startswith("create") else f"create{statement}")
    answer = (await bench.run(WRITE)).decoded()
    (error,) = errors(answer)
    assert answer["data"] == {"createAccount": None}
    assert (error["path"], error["extensions"]) == (["createAccount"], UNKNOWN)
    assert "the same idempotencyKey" in error["message"]


@on_server
async def test_a_write_that_was_kept_before_its_connection_broke_is_found_and_told_as_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    finish = _Transaction.finish

    async def finish_and_break(transaction: Any) -> None:
        await finish(transaction)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(_Transaction, "finish", finish_and_break)
        made = await bench.ask(WRITE)
    assert made == {"createAccount": {"violations": []}}
    assert await bench.ask(READ) == {"accounts": {"totalCount": 1}}


@on_server
async def test_a_write_whose_answer_can_not_be_read_any_more_tells_that_it_is_kept(bench: Bench):
    document = """mutation { createAccount(input: {name: "Kestrel"}) {
      recordId account { name labels { totalCount } } violations { code } } }"""
    answer = await broken_at(bench, "label_link", document)
    made = answer["data"]["createAccount"]
    assert made == {"recordId": made["recordId"], "account": None, "violations": []}
    assert errors(answer) == [
        {
            "message": f"createAccount is done and kept; only its answer is missing. {MESSAGE}",
            "path": ["createAccount", "account"],
            "extensions": {"code": "DATABASE_UNREACHABLE", "written": True},
        }
    ]
    assert await bench.ask("{ accounts { nodes { id } } }") == {"accounts": {"nodes": [{"id": made["recordId"]}]}}


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lets one process limit another")
def test_a_file_that_can_not_be_written_is_told_the_same(tmp_path: Path):
    (port,) = free_ports(1)
    with serving(tmp_path, port, "--no-demo", log_level="error") as server:
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
        answer = httpx.post(server.address, json={"query": WRITE}).json()
        assert (answer["data"], errors(answer)) == ({"createAccount": None}, [away("createAccount")])
        assert server.ask(READ) == {"accounts": {"totalCount": 0}}
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        assert server.ask(WRITE) == {"createAccount": {"violations": []}}
