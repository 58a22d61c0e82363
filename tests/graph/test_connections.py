"""The connections to PostgreSQL: how many there are, and that each is of use again whatever happened on it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from accord.graph.databases.connections import Connections
from accord.graph.errors import Unavailable
from accord.tests.postgres_server import PostgresServer
from accord.tests.waiting import PATIENCE, until

BUSY = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"


@pytest.fixture
async def connections(postgres_server: PostgresServer) -> AsyncIterator[Connections]:
    kept = Connections(postgres_server.url, 2)
    yield kept
    await kept.close()


async def number(connection: Any) -> int:
    return await connection.fetchval("select pg_backend_pid()")


async def test_the_connection_used_last_is_used_next(connections: Connections) -> None:
    async with connections.one() as first, connections.one() as second:
        used = [await number(first), await number(second)]
    async with connections.one() as again:
        assert await number(again) == used[0]  # given back after the second


async def test_who_finds_none_free_waits_for_one(connections: Connections) -> None:
    async with connections.one(), connections.one():
        waiting = asyncio.ensure_future(connections.take())
        await asyncio.sleep(0.05)
        assert not waiting.done()
    async with asyncio.timeout(PATIENCE):
        connections.give_back(await waiting)


async def test_one_that_the_server_ended_is_made_anew(connections: Connections) -> None:
    async with connections.one() as first, connections.one() as second:
        gone = await number(first)
        await second.execute("select pg_terminate_backend($1)", gone)
        await until(first.is_closed)
    found: set[int] = set()
    async with connections.one() as one, connections.one() as other:
        found |= {await number(one), await number(other)}
    assert len(found) == 2
    assert gone not in found


async def test_a_statement_nobody_waits_for_is_cancelled_and_its_connection_used_again(
    connections: Connections,
) -> None:
    async def sleep() -> None:
        async with connections.one() as connection:
            await connection.execute("select pg_sleep(60)")

    async with connections.one() as watching:
        sleeping = asyncio.ensure_future(sleep())
        await until(lambda: watching.fetchval(BUSY))
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        async with connections.one() as again:
            assert await again.fetchval("select 7") == 7
        assert await watching.fetchval(BUSY) == 0


async def test_one_left_within_a_transaction_is_not_used_again(connections: Connections) -> None:
    async with connections.one() as connection:
        left = await number(connection)
        await connection.execute("begin")
    async with connections.one() as one, connections.one() as other:
        assert left not in {await number(one), await number(other)}


async def test_one_that_was_idle_for_long_is_made_anew(postgres_server: PostgresServer) -> None:
    connections = Connections(postgres_server.url, 1, idle_seconds=0)
    async with connections.one() as connection:
        before = await number(connection)
    async with connections.one() as connection:
        assert await number(connection) != before
    await connections.close()


async def test_a_server_that_cannot_be_reached_takes_no_place() -> None:
    connections = Connections("postgresql://nobody@127.0.0.1:1/none", 1)
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await connections.take()
    await connections.close()


async def test_closing_cuts_off_what_is_still_at_work(postgres_server: PostgresServer) -> None:
    connections = Connections(postgres_server.url, 2, close_seconds=0.1)
    async with connections.one() as connection:
        await connections.close()
        assert connection.is_closed()
    with pytest.raises(Unavailable) as caught:
        await connections.take()
    assert caught.value.code == "DATABASE_CLOSED"
