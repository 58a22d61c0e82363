"""The database is made ready for the enabled plugins, remembers them, and keeps what others have stored."""

import asyncio
import importlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accord.config.composition import open_accord, target_of
from accord.config.health import Readiness
from accord.config.settings import Settings
from accord.config.stopping import Stopping
from accord.graph.migrating import (
    BackfillFailed,
    PluginMissing,
    PluginsDiffer,
    PurgeRefused,
    Report,
    Step,
    apply,
    backfilling,
    compare,
    purge,
    read_stored,
    status,
)
from accord.tests.accord_fixture import Bench
from accord.tests.plugins.enabled import enable, opened, settings, target
from accord.tests.plugins.installing import Site

ACCOUNT = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId violations { code } } }"
VISIT = (
    "mutation ($input: CreateClinicVisitInput!) { createClinicVisit(input: $input) { recordId violations { code } } }"
)
DELETE = "mutation ($id: ID!) { deleteAccount(id: $id) { violations { code } } }"
RESTORE = "mutation ($id: ID!) { restoreAccount(id: $id) { violations { code } } }"
CLINICS = "{ accounts { nodes { name clinic { kind npi beds } } } }"


async def create(bench: Bench, *names: str, **values: Any) -> list[str]:
    """The ids of new accounts."""
    made = [await bench.ask(ACCOUNT, input={"name": name, **values}) for name in names]
    assert all(one["createAccount"]["violations"] == [] for one in made)
    return [one["createAccount"]["recordId"] for one in made]


async def change(bench: Bench, mutation: str, id_: str) -> None:
    (answer,) = (await bench.ask(mutation, id=id_)).values()
    assert answer["violations"] == []


async def rows(bench: Bench, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await bench.accord.database.fetch(statement, [])]


def names_of(report: Report) -> Sequence[str]:
    return [change.made for change in report.plugins]


async def test_every_owner_gets_its_row_deleted_ones_too(location: str, installed: Site):
    async with opened(location) as bench:
        _, gone = await create(bench, "Kestrel", "Gone")
        await change(bench, DELETE, gone)
    report = await enable(location, "clinic", "bank")
    assert (report.filled, names_of(report)) == (4, ["Enabled the plugin bank 1.0.", "Enabled the plugin clinic 1.0."])
    assert await compare(target(location, "clinic", "bank")) == []
    async with opened(location, "clinic", "bank") as bench:
        same = "select count(*) from account o join clinic_account e on e.owner_id = o.id"
        assert await rows(bench, f"{same} where (o.deleted_at is null) = (e.deleted_at is null)") == [(2,)]
        assert await rows(bench, "select count(*) from clinic_account where deleted_at is not null") == [(1,)]
        known = "sqlite_stat1 where tbl" if bench.kind == "sqlite" else "pg_stats where tablename"
        assert await rows(bench, f"select 1 from {known} = 'clinic_account' limit 1") == [(1,)]  # to plan with
        nodes = (await bench.ask(CLINICS))["accounts"]["nodes"]
        assert nodes == [{"name": "Kestrel", "clinic": {"kind": "NONE", "npi": None, "beds": 0}}]
        await change(bench, RESTORE, gone)
        found = await bench.ask("{ accounts(filter: {clinic: {beds: {eq: 0}}}) { nodes { id } } }")
        assert len(found["accounts"]["nodes"]) == 2
    again = await enable(location, "clinic", "bank")
    assert (again.filled, again.plugins, again.applied) == (0, (), ())


async def test_a_process_with_other_plugins_is_refused_and_told_what_differs(location: str, installed: Site):
    await enable(location, "clinic")
    with pytest.raises(PluginsDiffer) as raised:
        async with open_accord(settings(location)):
            pass
    assert str(raised.value).endswith(
        " was made ready for other plugins: clinic 1.0 is enabled in the database and not here. Enable clinic here, "
        "too (ACCORD_PLUGINS=clinic); or end every server that runs with it, and take it off by `ACCORD_PLUGINS= "
        "accord migrate apply`, which keeps its tables."
    )
    with pytest.raises(PluginsDiffer, match=r"bank 1\.0 is enabled here and not in the database"):
        async with open_accord(settings(location, "bank", "clinic")):
            pass
    installed.install("clinic", version="1.1")
    with pytest.raises(PluginsDiffer, match=r"clinic has version 1\.1 here and 1\.0 in the database"):
        async with open_accord(settings(location, "clinic")):
            pass
    found = await status(target(location, "clinic"))
    assert (found.state.value, [str(one) for one in found.differences]) == (
        "current",
        ["clinic has version 1.1 here and 1.0 in the database"],
    )
    assert names_of(await enable(location, "clinic")) == ["Took the plugin clinic from 1.0 to 1.1."]
    async with open_accord(settings(location, "clinic")) as accord:
        assert [one.version for one in accord.plugins] == ["1.1"]


async def test_what_ends_midway_goes_on_when_it_is_run_again(
    location: str, installed: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(backfilling, "BATCH", 2)
    async with opened(location) as bench:
        await create(bench, *"ABCDE")
    heard: list[tuple[str, int, int]] = []

    def die(step: Step) -> None:
        if step.action == "fill":
            heard.append((step.subject, step.position, step.total))
            if step.position == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await apply(target(location, "clinic"), progress=die)
    assert heard == [("clinic_account", 0, 5), ("clinic_account", 2, 5), ("clinic_account", 4, 5)]
    [stored] = await read_stored(target(location))
    assert (stored.plugin.is_enabled, stored.rows) == (
        False,
        {"clinic_account": 4, "clinic_contact": 0, "clinic_visit": 0},
    )
    with pytest.raises(PluginsDiffer):
        async with open_accord(settings(location, "clinic")):
            pass
    report = await enable(location, "clinic")
    assert (report.filled, report.applied, names_of(report)) == (1, (), ["Enabled the plugin clinic 1.0."])


KILLED = """
import asyncio, sys, time
from accord.graph.migrating import apply, backfilling
from accord.tests.plugins.enabled import target

def pause(step):
    if step.action == "fill" and step.position == 2:
        print("reached", flush=True)
        time.sleep(3600)

backfilling.BATCH = 1
asyncio.run(apply(target(sys.argv[1], "clinic"), progress=pause))
"""


async def test_a_process_that_is_killed_midway_is_followed_by_one_that_finishes(location: str, installed: Site):
    async with opened(location) as bench:
        await create(bench, *"ABCDE")
    command = [sys.executable, "-c", KILLED, location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220 - nothing else waits
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "reached\n"
        finally:
            process.kill()  # SIGKILL: nothing is tidied up
    [stored] = await read_stored(target(location))
    assert (stored.plugin.is_enabled, stored.rows["clinic_account"]) == (False, 2)
    report = await enable(location, "clinic")
    assert (report.filled, names_of(report)) == (3, ["Enabled the plugin clinic 1.0."])
    assert await compare(target(location, "clinic")) == []


async def test_processes_that_enable_side_by_side_leave_one_row_for_each_owner(
    location: str, installed: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(backfilling, "BATCH", 1)
    async with opened(location) as bench:
        await create(bench, *"ABC")
    await asyncio.gather(*(enable(location, "bank", "clinic") for _ in range(3)))
    [bank, clinic] = await read_stored(target(location))
    assert (bank.plugin.is_enabled, bank.rows) == (True, {"bank_account": 3})
    assert (clinic.plugin.is_enabled, clinic.rows["clinic_account"]) == (True, 3)


async def test_enabled_again_a_plugin_has_what_it_had_and_what_happened_since(location: str, installed: Site):
    await enable(location, "clinic")
    clinic = {"clinic": {"kind": "GENERAL", "beds": 7}}
    async with opened(location, "clinic") as bench:
        kept, gone, back = await create(bench, "Kept", "Gone", "Back", **clinic)
        await change(bench, DELETE, back)
        visits = [await bench.ask(VISIT, input={"title": "V", "accountId": one}) for one in (kept, gone)]
        assert all(one["createClinicVisit"]["violations"] == [] for one in visits)
    assert names_of(await enable(location)) == ["The plugin clinic is no longer enabled; its tables are kept."]
    async with opened(location) as bench:
        await create(bench, "New")
        await change(bench, DELETE, gone)
        await change(bench, RESTORE, back)
        assert (await bench.run("{ accounts { nodes { clinic { beds } } } }")).decoded().get("errors")
        indexes = "select name from sqlite_master where type = 'index' and name like 'uq_clinic%'"
        if bench.kind == "postgresql":
            indexes = "select indexname from pg_indexes where indexname like 'uq_clinic%'"
        assert await rows(bench, indexes) == [("uq_clinic_account__npi",)]
    report = await enable(location, "clinic")
    assert (report.filled, report.index_statements) == (1, ())
    async with opened(location, "clinic") as bench:
        order = "{ accounts(orderBy: [{name: ASC}]) { nodes { name clinic { beds } } } }"
        nodes = (await bench.ask(order))["accounts"]["nodes"]
        assert [(one["name"], one["clinic"]["beds"]) for one in nodes] == [("Back", 7), ("Kept", 7), ("New", 0)]
        same = "select count(*) from account o join clinic_account e on e.owner_id = o.id"
        assert await rows(bench, f"{same} where (o.deleted_at is null) = (e.deleted_at is null)") == [(4,)]
        assert len((await bench.ask("{ clinicVisits { nodes { id } } }"))["clinicVisits"]["nodes"]) == 1
        await change(bench, RESTORE, gone)
        assert len((await bench.ask("{ clinicVisits { nodes { id } } }"))["clinicVisits"]["nodes"]) == 2


async def test_a_value_that_was_taken_meanwhile_refuses_to_enable(location: str, installed: Site):
    npi = {"clinic": {"npi": "1234567890"}}
    await enable(location, "clinic")
    async with opened(location, "clinic") as bench:
        [gone] = await create(bench, "Gone", **npi)
        await change(bench, DELETE, gone)
        await create(bench, "Other", **npi)
    await enable(location)
    async with opened(location) as bench:
        await change(bench, RESTORE, gone)
    with pytest.raises(BackfillFailed, match=r"The rows of plugin clinic could not be made ready .* not enabled yet"):
        await enable(location, "clinic")
    [stored] = await read_stored(target(location))
    assert not stored.plugin.is_enabled
    async with opened(location) as bench:
        await change(bench, DELETE, gone)
    assert names_of(await enable(location, "clinic")) == ["Enabled the plugin clinic 1.0."]


async def test_a_server_is_not_ready_while_an_owner_lacks_its_row_or_the_plugins_differ(location: str, installed: Site):
    await enable(location, "clinic")
    async with opened(location, "clinic") as bench:
        await create(bench, "Kestrel")

        async def checks() -> dict[str, str | None]:
            asked = replace(target(location, "clinic"), clock=bench.clock)
            found = await Readiness(bench.accord, asked, Stopping(1)).checks()
            return {one.name: one.reason for one in found}

        ready = {"serving": None, "database": None, "migrations": None, "plugins": None, "system actor": None}
        assert await checks() == ready
        async with bench.accord.database.transaction() as transaction:
            await transaction.execute("delete from clinic_account")
        missing = "rows of clinic_account are missing; run `accord migrate apply`"
        assert await checks() == {**ready, "plugins": missing}
        assert (await enable(location, "clinic")).filled == 1
        assert await checks() == ready
        await enable(location, "bank", "clinic")
        differs = "bank 1.0 is enabled in the database and not here"
        assert await checks() == {**ready, "migrations": differs}


async def test_only_a_purge_drops_tables_and_of_enabled_plugins_none(location: str, installed: Site):
    await enable(location, "bank", "clinic")
    with pytest.raises(PurgeRefused, match="The plugin clinic is enabled in the database"):
        await purge(target(location), "clinic")
    with pytest.raises(PurgeRefused, match="holds nothing of a plugin 'clinik'; it knows bank, clinic"):
        await purge(target(location), "clinik")
    await enable(location, "bank")
    purged = await purge(target(location), "clinic")
    assert purged.stored.rows == {"clinic_account": 0, "clinic_contact": 0, "clinic_visit": 0}
    assert purged.stored.migrations == ("clinic.0001_initial",)
    assert (purged.copy is not None) == location.startswith("sqlite:")
    assert [one.plugin.mark.name for one in await read_stored(target(location))] == ["bank"]
    assert await compare(target(location, "bank")) == []
    report = await enable(location, "bank", "clinic")
    assert [str(name) for name in report.applied] == ["clinic.0001_initial"]
    assert await compare(target(location, "bank", "clinic")) == []


async def test_what_a_plugin_declares_bears_its_name(location: str, installed: Site):
    await enable(location, "bank", "clinic")
    async with opened(location, "bank", "clinic") as bench:
        types = bench.accord.catalogue.types
        found = {name: types[name].plugin for name in ("Account", "BankAccount", "ClinicAccount", "ClinicVisit")}
        assert found == {"Account": "core", "BankAccount": "bank", "ClinicAccount": "clinic", "ClinicVisit": "clinic"}
        create_account = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId"
        create_account += " violations { code path plugin reference } } }"
        answer = await bench.ask(create_account, input={"name": "", "clinic": {"kind": "GENERAL", "npi": "12"}})
        assert answer["createAccount"]["violations"] == [
            {
                "code": "BEDS_NEEDED",
                "path": ["input", "clinic", "beds"],
                "plugin": "clinic",
                "reference": "Test Act 1(2)",
            },
            {"code": "INVALID_NPI", "path": ["input", "clinic", "npi"], "plugin": "clinic", "reference": None},
            {"code": "REQUIRED", "path": ["input", "name"], "plugin": "core", "reference": None},
        ]
        taken = {"name": "A", "clinic": {"npi": "1234567890"}}
        answers = [(await bench.ask(create_account, input=taken))["createAccount"] for _ in range(2)]
        assert [[(one["code"], one["plugin"]) for one in answer["violations"]] for answer in answers] == [
            [],
            [("NOT_UNIQUE", "clinic")],
        ]
        known = answers[0]["recordId"]
        visit = {"title": " ", "accountId": known[:-1] + ("1" if known.endswith("0") else "0")}
        made = (await bench.ask(VISIT.replace("code", "code plugin"), input=visit))["createClinicVisit"]
        found = [(one["code"], one["plugin"]) for one in made["violations"]]
        assert found == [("NOT_FOUND", "clinic"), ("REQUIRED", "clinic")]


async def test_an_optional_plugin_that_has_stored_something_is_not_done_without(location: str, installed: Site):
    chosen = Settings(database=location, plugins=("bank", "clinic"), optional_plugins=("bank",))

    async def start() -> None:
        await apply(target_of(chosen), progress=lambda step: None)
        async with open_accord(chosen):
            pass

    await start()
    (installed.folder / "accord_bank" / "__init__.py").write_text("raise RuntimeError('broken')")
    forget("accord_bank")
    with pytest.raises(PluginsDiffer, match=r"bank 1\.0 is enabled in the database and not here"):
        async with open_accord(chosen):
            pass
    await start()  # its tables are empty
    assert [one.plugin.is_enabled for one in await read_stored(target(location))] == [False, True]
    installed.install("bank")
    forget("accord_bank")
    await start()
    async with opened(location, "bank", "clinic") as bench:
        await create(bench, "Kestrel")
    (installed.folder / "accord_bank" / "__init__.py").write_text("raise RuntimeError('broken again')")
    forget("accord_bank")
    with pytest.raises(PluginMissing, match=r"The plugin bank is optional and can't be used, .*\(bank_account\)"):
        await start()


def forget(package: str) -> None:
    """Let the next import read the source again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    for path in sys.path:
        shutil.rmtree(Path(path) / package / "__pycache__", ignore_errors=True)
    importlib.invalidate_caches()
