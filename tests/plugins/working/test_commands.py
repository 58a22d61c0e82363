"""Commands of plugins, what was put aside and comes back, rules that are listed, health, start and end."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.config.app import create_app
from accord.config.commands.failures import CommandFailed
from accord.config.commands.plugin_commands import run_command
from accord.config.composition import migration_target
from accord.config.health import Readiness
from accord.config.settings import Settings
from accord.config.stopping import Stopping
from accord.graph.writing.parked import list_parked
from accord.graph.writing.retrying import MOST_ATTEMPTS
from accord.plugins.operations import OperationKind, operations_of
from accord.tests.plugins.working.toy_host import Toys
from accord.tests.plugins.working.toys import Hipaa, Kyc, fail
from accord.tests.waiting import PATIENCE, until

# the command line is the same on both
once = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def installed(toys: Toys, tmp_path: Path) -> dict[str, str]:
    """An environment in which the toys are installed and enabled, on the database of the test."""
    for kind in (Hipaa, Kyc):
        folder = tmp_path / f"toy_{kind.name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toy-{kind.name}\nVersion: 1.0\n", "utf-8")
        place = f"{kind.name} = accord.tests.plugins.working.toys:{kind.__name__}"
        (folder / "entry_points.txt").write_text(f"[accord.plugins]\n{place}\n", "utf-8")
    path = os.pathsep.join([str(tmp_path), str(toys.databases.folder)])
    return os.environ | {"PYTHONPATH": path, "ACCORD_DATABASE": toys.location, "ACCORD_PLUGINS": "hipaa,kyc"}


async def accord(environment: dict[str, str], folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command; its code and what it wrote."""

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from accord.config.cli import main; main()", *arguments]
        return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)

    done = await asyncio.to_thread(run)
    return done.returncode, done.stdout, done.stderr


@once
async def test_a_plugins_commands_have_its_name_its_options_and_its_words(
    toys: Toys, installed: dict[str, str], tmp_path: Path
):
    await toys.create("Kestrel")
    rescreen = ("hipaa", "rescreen")
    code, told, complained = await accord(installed, tmp_path, *rescreen, "--limit", "7", "--on", "2026-01-31")
    assert (code, complained) == (0, "")
    assert told.splitlines()[-1] == "1 accounts, limit 7, on 2026-01-31"
    assert "half" in told
    code, told, _ = await accord(installed, tmp_path, *rescreen, "--help")
    assert code == 0
    assert "Look at all accounts again." in told
    assert "[default: 100]" in told
    code, told, _ = await accord(installed, tmp_path, "--help")
    assert "hipaa" in told
    code, _, complained = await accord(installed, tmp_path, *rescreen, "--on", "soon")
    assert (code, complained) == (1, "accord: --on: 'soon' is no date; write it like '2026-01-31'.\n")


async def test_what_was_put_aside_is_listed_shown_in_health_and_tried_again(
    toys: Toys, installed: dict[str, str], tmp_path: Path
):
    toys.hipaa.doing["after_commit"] = fail
    await toys.create("Kestrel")
    for _ in range(MOST_ATTEMPTS):
        await toys.bench.accord.worker.drain()
        toys.bench.clock.turn(hours=1)
    settings = toys.bench.accord.settings
    target = migration_target(settings, toys.bench.accord.catalogue, plugins=toys.bench.accord.plugins)
    readiness = Readiness(toys.bench.accord, target, Stopping(1))
    assert await readiness.attention() == [{"name": "plugin hipaa", "state": "degraded"}]
    (parked,) = await list_parked(toys.bench.accord.database, toys.bench.accord.database.kind)
    assert (parked.who, parked.attempts) == ("plugin hipaa", MOST_ATTEMPTS)
    code, told, _ = await accord(installed, tmp_path, "events", "list")
    assert code == 0
    assert f"{parked.id}  plugin hipaa  CREATE of Account" in told
    if toys.bench.kind == "sqlite":
        code, _, complained = await accord(installed, tmp_path, "events", "retry")
        assert (code, complained) == (1, "accord: Say what to try again: ids, or --all.\n")
    assert await accord(installed, tmp_path, "events", "retry", str(parked.id)) == (0, "1 will be tried again.\n", "")
    toys.hipaa.doing.clear()
    toys.bench.clock.now = datetime.now(UTC) + timedelta(days=1)  # the command's clock is the real one
    await toys.bench.accord.worker.drain()
    assert [(event.version, event.attempts) for event in toys.hipaa.told] == [(1, 1)]


@once
async def test_a_command_that_fails_says_why(toys: Toys, monkeypatch: pytest.MonkeyPatch):
    operation = next(one for one in operations_of(toys.hipaa)[0] if one.kind is OperationKind.COMMAND)
    monkeypatch.setattr(Hipaa, "rescreen", fail)
    monkeypatch.setattr("accord.config.composition.load_plugins", lambda settings: toys.bench.accord.plugins)
    with pytest.raises(CommandFailed, match="hipaa rescreen: RuntimeError: the secret is 42"):
        await run_command(Settings(database=toys.location), operation, {})


async def test_the_server_starts_and_ends_its_plugins_and_their_work(toys: Toys, caplog: pytest.LogCaptureFixture):
    started: list[Any] = []
    ended: list[str] = []

    async def startup(context: Any) -> None:
        started.append((await context.ask("{ accounts { totalCount } }"))["accounts"]["totalCount"])

    async def shutdown() -> None:
        ended.append("hipaa")

    async def failing_shutdown() -> None:
        ended.append("kyc")
        await fail()

    toys.hipaa.doing |= {"startup": startup, "shutdown": shutdown}
    toys.kyc.ending = failing_shutdown
    app = create_app(toys.bench.accord.settings, toys.bench.accord)
    async with app.router.lifespan_context(app):
        assert started == [0]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://accord") as client:
            document = 'mutation { createAccount(input: {name: "A"}) { recordId } }'
            made = await client.post("/graphql", json={"query": document})
            assert made.status_code == 200, made.text
        await until(lambda: toys.hipaa.told and toys.kyc.told)
        assert ended == []
    assert ended == ["kyc", "hipaa"]  # the other way round than they started, and whatever becomes of one of them
    assert "in plugin kyc, shutdown" in caplog.text
