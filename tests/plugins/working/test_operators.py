"""What operators are told of plugins and others are not, what telling them takes, and what a purge deletes."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from accord.config import plugin_report
from accord.config.app import create_app
from accord.config.composition import core_catalogue, migration_target
from accord.graph.migrating import read_stored
from accord.graph.writing.retrying import MOST_ATTEMPTS
from accord.schema.plugin_report import MANAGE
from accord.tests.plugins.working.toy_host import Toys
from accord.tests.plugins.working.toys import fail
from accord.tests.schema.asgi_clients import http_client
from accord.tests.waiting import PATIENCE

TROUBLE = "the register at db.internal:5432 can't be reached"
PLUGINS = "{ plugins { name state reason } }"
START = 'mutation { hipaaImportList(url: "file:phi") { job { id } } }'


async def listed(toys: Toys, *permissions: str) -> dict[str, tuple[str, str | None]]:
    """How the toys stand, as somebody with these permissions is told."""
    answer = (await toys.bench.run(PLUGINS, permissions=permissions)).decoded()["data"]["plugins"]
    return {one["name"]: (one["state"], one["reason"]) for one in answer if one["name"] in {"hipaa", "kyc"}}


async def put_one_aside(toys: Toys) -> None:
    toys.hipaa.doing["after_commit"] = fail
    await toys.create("Kestrel")
    for _ in range(MOST_ATTEMPTS):
        await toys.bench.accord.worker.drain()
        toys.bench.clock.turn(hours=1)


async def test_health_names_plugins_and_what_is_wrong_with_them_is_for_operators(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def health() -> Mapping[str, str]:
        return {"kyc": TROUBLE}

    await put_one_aside(toys)
    monkeypatch.setattr(toys.bench.accord.hooks, "health", health)
    app = create_app(toys.bench.accord.settings, toys.bench.accord)
    toys.hipaa.doing.clear()
    async with app.router.lifespan_context(app), http_client(app) as client:
        answers = [await client.get("/health/ready") for _ in range(2)]
    for answer in answers:
        body = answer.json()
        assert body["attention"] == [
            {"name": "plugin hipaa", "state": "degraded"},
            {"name": "plugin kyc", "state": "degraded"},
        ]
        assert "put aside" not in answer.text
        assert "register" not in answer.text
    said = [record.getMessage() for record in caplog.records if record.name == "accord.health"]
    assert said == [f"plugin kyc: {TROUBLE}", "plugin hipaa: 1 put aside; see accord events list"]
    assert await listed(toys, MANAGE) == {
        "hipaa": ("DEGRADED", "1 put aside; see accord events list"),
        "kyc": ("DEGRADED", TROUBLE),
    }
    assert await listed(toys) == {"hipaa": ("ENABLED", None), "kyc": ("ENABLED", None)}


async def test_telling_of_plugins_takes_one_look_however_often_one_request_asks(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
):
    looks: dict[str, int] = {}

    def counting(name: str) -> None:
        function = getattr(plugin_report, name)

        def counted(*arguments: Any) -> Any:
            looks[name] = looks.get(name, 0) + 1
            return function(*arguments)

        monkeypatch.setattr(plugin_report, name, counted)

    for name in ("discover", "survey_plugins", "read_enabled", "read_status"):
        counting(name)
    many = " ".join(f"a{number}: plugins {{ name state }}" for number in range(15))
    monkeypatch.setattr(plugin_report, "KEPT_SECONDS", 3.0)
    with toys.bench.counted() as statements:
        result = await toys.bench.run(f"{{ {many} }}", permissions=[MANAGE])
    answer = result.decoded()
    assert "errors" not in answer
    assert len({json.dumps(one) for one in answer["data"].values()}) == 1
    assert result.cost is not None
    assert result.cost.requested == 15 * 50
    assert looks == {"discover": 1, "survey_plugins": 1, "read_enabled": 1, "read_status": 1}
    assert [one for one in statements if "count(*)" in one.lower() and "parked_at is not null" not in one] == []
    monkeypatch.setattr(plugin_report, "KEPT_SECONDS", 0.0)
    await asyncio.sleep(3.1)  # so long is believed what was seen
    await listed(toys, MANAGE)
    assert looks == {"discover": 1, "survey_plugins": 1, "read_enabled": 2, "read_status": 2}


async def test_a_look_that_takes_long_is_believed_by_all_who_waited_for_it(toys: Toys, monkeypatch: pytest.MonkeyPatch):
    looks = 0
    read = plugin_report.read_enabled

    async def slow(database: Any) -> Any:
        nonlocal looks
        looks += 1
        await asyncio.sleep(2.1)
        return await read(database)

    monkeypatch.setattr(plugin_report, "read_enabled", slow)
    monkeypatch.setattr(plugin_report, "KEPT_SECONDS", 2.0)
    many = " ".join(f"a{number}: plugins {{ name }}" for number in range(5))
    assert "errors" not in (await toys.bench.run(f"{{ {many} }}", permissions=[MANAGE])).decoded()
    assert looks == 1


async def accord(toys: Toys, folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run a command without any plugin; its code and what it wrote."""
    environment = os.environ | {"ACCORD_DATABASE": toys.location, "ACCORD_PLUGINS": ""}

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from accord.config.cli import main; main()", *arguments]
        return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)

    done = await asyncio.to_thread(run)
    return done.returncode, [*done.stdout.splitlines(), *done.stderr.splitlines()]


async def test_a_purge_deletes_a_plugins_jobs_its_work_and_what_it_was_to_be_told(toys: Toys, tmp_path: Path):
    await put_one_aside(toys)
    await toys.create("Osprey")  # nobody was told of it yet
    context = toys.bench.accord.contexts.of("hipaa")
    await context.schedule("review", at=toys.bench.clock(), data={"mrn": "MR-1"})
    for _ in range(2):
        await context.ask(START)
    await toys.bench.accord.jobs.drain()
    assert await accord(toys, tmp_path, "migrate", "apply") == (
        0,
        [
            "The plugin hipaa is no longer enabled; its tables are kept.",
            "The plugin kyc is no longer enabled; its tables are kept.",
        ],
    )
    stored = await read_stored(migration_target(toys.bench.accord.settings, core_catalogue()))
    assert {one.plugin.mark.name: one.parked for one in stored} == {"hipaa": 1, "kyc": 0}
    _, asked = await accord(toys, tmp_path, "plugin", "purge", "hipaa")
    assert [line.split() for line in asked if "  migration" not in line and "  table" not in line][1:-1] == [
        ["jobs", "2"],
        ["due", "work", "1"],
        ["events", "2"],
    ]
    code, said = await accord(toys, tmp_path, "plugin", "purge", "hipaa", "--yes")
    assert code == 0, said
    assert said[-4:] == [
        "Deleted 2 jobs.",
        "Deleted 1 due work.",
        "Deleted 2 events.",
        "The database holds nothing of the plugin hipaa any more.",
    ]
    assert await toys.rows("select count(*) from job") == [(0,)]
    assert await toys.rows("select count(*) from due_work") == [(0,)]
    assert await toys.rows("select distinct consumer from outbox_delivery") == [("plugin kyc",)]
