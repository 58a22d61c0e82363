"""A plugin that fails while Accord runs: what it would have guarded stays shut, and nobody hears its inner words."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from accord.config.app import create_app
from accord.config.composition import open_accord, target_of
from accord.config.settings import Settings
from accord.config.testing.host import Clock
from accord.graph.migrating import apply
from accord.plugins import PluginFailed
from accord.schema.plugin_report import MANAGE
from accord.tests.accord_fixture import Bench
from accord.tests.plugins.installing import Site

WORDS = "words from the inside"
READ = "failing.secret.read"
CREATE = """mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { recordId violations { code message plugin } } }"""
NAMES = "{ accounts { totalCount nodes { name } } }"
SECRETS = "{ accounts { nodes { name failing { secret } } } }"
PLUGINS = "{ plugins { name state reason } }"
INPUT = {"name": "Kestrel", "failing": {"secret": "s3cret"}}


@pytest.fixture
async def database(location: str, site: Site) -> str:
    """A database of each kind that is ready for the plugin."""
    site.install("failing")
    found = settings(location, "")
    await apply(target_of(found), progress=lambda step: None)
    return found.database


def settings(database: str, hook: str, **how: Any) -> Settings:
    return Settings(database=database, plugins=("failing",), plugin={"failing": {"hook": hook, **how}})


@asynccontextmanager
async def failing(database: str, hook: str, **how: Any) -> AsyncIterator[Bench]:
    """An Accord whose plugin fails in a hook."""
    clock = Clock()
    async with open_accord(settings(database, hook, **how), clock=clock) as accord:
        yield Bench(accord=accord, clock=clock)


async def answered(bench: Bench, document: str, **variables: Any) -> dict[str, Any]:
    """An answer, in which there must be no word from the inside."""
    found = (await bench.run(document, permissions=[READ], **variables)).decoded()
    assert WORDS not in json.dumps(found)
    return found


def incident_of(answer: dict[str, Any], words: str) -> str:
    """The incident of an answer's one error, which is the plugin's."""
    [error] = answer["errors"]
    facts = error["extensions"]
    assert (facts["code"], facts["plugin"]) == ("PLUGIN_FAILED", "failing")
    assert error["message"] == f"{words}; tell the operator about incident {facts['incident']}."
    return facts["incident"]


@pytest.mark.parametrize("hook", ["prepare", "validate", "before_commit"])
@pytest.mark.parametrize("is_slow", [False, True])
async def test_what_a_plugin_can_not_check_is_not_written(
    database: str, hook: str, is_slow: bool, caplog: pytest.LogCaptureFixture
):
    async with failing(database, hook, is_slow=is_slow) as bench:
        answer = await answered(bench, CREATE, input=INPUT)
        incident = incident_of(answer, f"The plugin failing could not do its part ({hook})")
        assert answer["data"] == {"createAccount": None}
        assert (await bench.ask(NAMES))["accounts"]["totalCount"] == 0
        for table in ("account", "outbox_event"):
            [[count]] = await bench.accord.database.fetch(f"select count(*) from {table}", [])
            assert count == 0
    [record] = [record for record in caplog.records if incident in record.getMessage()]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], TimeoutError if is_slow else RuntimeError)


async def test_what_a_plugin_can_not_take_note_of_does_not_leave(database: str):
    await create(database)
    async with failing(database, "record_access") as bench:
        answer = await answered(bench, SECRETS)
        incident_of(answer, "The plugin failing could not take note of classified values, so the answer is withheld")
        assert answer["data"] is None
        assert (await bench.ask(NAMES))["accounts"]["totalCount"] == 1


async def test_where_a_plugin_can_not_say_what_to_hide_nothing_is_shown(database: str):
    await create(database)
    async with failing(database, "read_policy") as bench:
        answer = await answered(bench, NAMES)
        told = "The plugin failing could not say what you may see, so nothing that it might hide is shown"
        incident_of(answer, told)
        assert answer["data"] == {"accounts": {"totalCount": 0, "nodes": []}}


async def test_after_a_commit_a_failure_touches_nobody_and_is_told_again(database: str):
    async with failing(database, "after_commit") as bench:
        assert (await answered(bench, CREATE, input=INPUT))["data"]["createAccount"]["violations"] == []
        await bench.accord.worker.drain()
        [timing] = [one for one in bench.accord.hooks.timings() if one.hook == "after_commit"]
        assert timing.failures == timing.calls > 0
        told = timing.calls
        bench.clock.turn(hours=1)
        await bench.accord.worker.drain()
        assert timing.calls > told
    async with failing(database, "") as bench:
        bench.clock.turn(days=1)
        await bench.accord.worker.drain()
        [timing] = [one for one in bench.accord.hooks.timings() if one.hook == "after_commit"]
        assert (timing.calls > 0, timing.failures) == (True, 0)


async def test_a_plugin_that_can_not_say_how_it_is_counts_as_degraded(database: str):
    async with failing(database, "health") as bench:
        found = (await bench.run(PLUGINS, permissions=[MANAGE])).decoded()["data"]["plugins"]
        [failing_one] = [one for one in found if one["name"] == "failing"]
        assert failing_one["state"] == "DEGRADED"
        assert failing_one["reason"].startswith("The plugin failing could not do its part (health); ")


async def test_a_plugin_that_can_not_start_refuses_the_start(database: str):
    app = create_app(settings(database, "startup"))
    with pytest.raises(PluginFailed, match=r"The plugin failing could not do its part \(startup\)"):
        async with app.router.lifespan_context(app):
            pass


async def create(database: str) -> None:
    """An account with a secret."""
    async with failing(database, "") as bench:
        assert (await bench.ask(CREATE, input=INPUT))["createAccount"]["violations"] == []
