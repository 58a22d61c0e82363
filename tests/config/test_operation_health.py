"""Health: what load balancers and orchestrators are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from accord.config import health
from accord.config.app import create_app
from accord.config.composition import migration_target
from accord.tests.accord_fixture import Bench
from accord.tests.schema.asgi_clients import http_client

READY = [
    {"name": "serving", "state": "ok"},
    {"name": "database", "state": "ok"},
    {"name": "migrations", "state": "ok"},
    {"name": "system actor", "state": "ok"},
]


@asynccontextmanager
async def asking(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app around the bench."""
    app = create_app(bench.accord.settings, bench.accord)
    async with app.router.lifespan_context(app), http_client(app) as client:
        client.__dict__["state"] = app.state
        yield client


async def change(bench: Bench, statement: str) -> None:
    async with bench.accord.database.transaction() as transaction:
        await transaction.execute(statement)


def failed(name: str, reason: str) -> list[dict[str, str]]:
    """All checks, of which one failed."""
    return [{"name": name, "state": "failed", "reason": reason} if one["name"] == name else one for one in READY]


async def checks(client: httpx.AsyncClient, status: int) -> list[dict[str, str]]:
    answer = await client.get("/health/ready")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == ("ready" if status == 200 else "not ready")
    return body["checks"]


async def test_a_process_that_answers_is_alive_whatever_the_database_does(bench: Bench) -> None:
    async with asking(bench) as client:
        await change(bench, "drop table accord_migration")
        answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_server_is_ready_with_each_check_named(bench: Bench) -> None:
    async with asking(bench) as client:
        assert await checks(client, 200) == READY
        assert (await client.head("/health/ready")).status_code == 200


async def test_a_database_that_is_behind_is_not_ready(bench: Bench) -> None:
    async with asking(bench) as client:
        await change(bench, "delete from accord_migration where name = '0001_core'")
        assert await checks(client, 503) == failed("migrations", "1 pending")


async def test_a_database_that_is_newer_is_not_ready(bench: Bench) -> None:
    async with asking(bench) as client:
        moment = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
        await change(
            bench, f"insert into accord_migration (app, name, applied_at) values ('graph', '9999_later', '{moment}')"
        )
        assert await checks(client, 503) == failed("migrations", "newer than this version by 1")


async def test_without_the_system_actor_it_is_not_ready(bench: Bench) -> None:
    async with asking(bench) as client:
        await change(bench, "update actor set deleted_at = created_at")
        assert await checks(client, 503) == failed("system actor", "missing")


async def test_a_database_that_is_away_is_named_without_a_word_about_where_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(statement: str, parameters: Any) -> None:
        raise ConnectionRefusedError(f"no server at {bench.accord.settings.database}")

    async with asking(bench) as client:
        monkeypatch.setattr(bench.accord.database, "fetch", fail)
        found = await checks(client, 503)
    assert [one["state"] for one in found] == ["ok", "failed", "ok", "failed"]
    assert [one.get("reason") for one in found] == [None, "can't be reached", None, "not known"]


async def test_a_database_that_does_not_answer_is_not_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(statement: str, parameters: Any) -> None:
        await asyncio.Event().wait()

    async with asking(bench) as client:
        target = migration_target(bench.accord.settings, bench.accord.catalogue)
        state = client.__dict__["state"]
        state.readiness = health.Readiness(bench.accord, target, state.stopping, seconds=0.2)
        monkeypatch.setattr(bench.accord.database, "fetch", wait)
        found = await checks(client, 503)
    assert {"name": "database", "state": "failed", "reason": "no answer within 0.2 seconds"} in found


async def test_a_server_that_stops_is_alive_and_not_ready(bench: Bench) -> None:
    async with asking(bench) as client:
        client.__dict__["state"].stopping.set()
        assert await checks(client, 503) == failed("serving", "stopping")
        assert (await client.get("/health/live")).status_code == 200


async def test_the_migrations_are_looked_at_once_for_many_who_ask(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = health.read_status

    async def counted(target: Any) -> Any:
        nonlocal looks
        looks += 1
        return await look(target)

    monkeypatch.setattr(health, "read_status", counted)
    async with asking(bench) as client:
        found = await asyncio.gather(*(checks(client, 200) for _ in range(20)))
        assert found == [READY] * 20
        assert looks == 1
        monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    async with asking(bench) as client:
        await checks(client, 200)
        await checks(client, 200)
    assert looks == 3


async def test_health_is_read_and_nothing_else(bench: Bench) -> None:
    async with asking(bench) as client:
        assert (await client.post("/health/ready")).status_code == 405
