"""All of a run is done or nothing, by one process, on the right database."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from accord.graph.migrating import (
    Action,
    BrokenForeignKeys,
    DatabaseIsNewer,
    DatabaseState,
    DatabaseUnreachable,
    LockTimeout,
    MigrationFailed,
    MigrationsUnusable,
    Report,
    Target,
    apply,
    compare,
    find_copies,
    plan,
    status,
)
from accord.tests.graph.migrating.toy_shop.shop import ALL, CODE, Shop
from accord.tests.waiting import PATIENCE

FAILING = """    dependencies = [("shop", "0002_longer_names")]
    operations = [
        ops.RunSQL("UPDATE customer SET code = 'changed'"),
        ops.RunSQL("UPDATE nowhere SET code = 'changed'"),
    ]
"""
BREAKING = """    dependencies = [("shop", "0001_initial")]
    operations = [ops.RunSQL("UPDATE shop_order SET customer_id = 99")]
"""
# Tells that it was reached, and waits there for as long as the file `pause` says.
PAUSING = """
    async def pause(apps, editor, folder=pathlib.Path(__file__).parent.parent.parent):
        (folder / "reached").touch()
        if (folder / "pause").exists():
            await asyncio.sleep(float((folder / "pause").read_text()))

    dependencies = [("shop", "0003_credit")]
    operations = [
        ops.RunSQL("UPDATE customer SET code = 'half'"),
        ops.RunPython(pause),
        ops.RunSQL("UPDATE customer SET code = 'done'"),
    ]
"""
PAUSED = {"0004_pausing": PAUSING}


async def test_a_failure_in_the_middle_leaves_everything_as_it_was(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()

    with pytest.raises(MigrationFailed) as raised:
        await shop.using("0001_initial", "0002_longer_names", written={"0003_failing": FAILING}).apply()

    assert str(raised.value).startswith("Migration shop.0003_failing (Run SQL) failed on ")
    assert "nowhere" in str(raised.value)
    assert str(raised.value).endswith("Nothing was changed: correct the cause and run the migration again.")
    assert await shop.contents() == before
    assert len((await shop.apply()).applied) == 2


async def test_rows_that_would_point_at_nothing_are_refused(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()
    # PostgreSQL refuses the statement itself, SQLite all of them before the commit.
    with pytest.raises(BrokenForeignKeys if shop.target.kind == "sqlite" else MigrationFailed) as raised:
        await shop.using("0001_initial", written={"0002_breaking": BREAKING}).apply()
    if isinstance(raised.value, BrokenForeignKeys):
        assert raised.value.violations == ("row 1 of shop_order points at no row of customer",)
    assert await shop.contents() == before


async def test_a_database_that_is_newer_than_the_code_is_refused(shop: Shop):
    await shop.apply()
    older = shop.using("0001_initial", "0002_longer_names")
    for act in (older.apply(), plan(older.target)):
        with pytest.raises(DatabaseIsNewer) as raised:
            await act
        assert "holds migrations that this version doesn't know: shop.0003_credit." in str(raised.value)
    found = await status(older.target)
    assert (found.state, [str(name) for name in found.unknown]) == (DatabaseState.NEWER, ["shop.0003_credit"])


async def test_what_a_plugin_that_was_taken_out_left_is_no_newer_database(shop: Shop):
    await shop.apply()
    await shop.fetch("INSERT INTO accord_migration VALUES ('finance', '0001_initial', '2026-01-01')")
    await shop.fetch("CREATE TABLE finance_ledger (id INT)")
    found = await status(shop.target)
    assert (found.state, found.absent) == (DatabaseState.CURRENT, ("finance",))
    assert await shop.apply() == Report()
    assert await compare(shop.target) == []


async def test_the_status_tells_empty_behind_and_current(shop: Shop):
    assert (await status(shop.target)).state is DatabaseState.EMPTY
    await shop.using("0001_initial").apply()
    behind = await status(shop.target)
    assert (behind.state, len(behind.applied), len(behind.pending)) == (DatabaseState.BEHIND, 1, 2)
    await shop.apply()
    current = await status(shop.indexed(CODE).target)
    assert (current.state, current.pending, current.index_changes) == (DatabaseState.CURRENT, (), (CODE.statement,))


async def test_a_plan_shows_the_sql_and_changes_nothing(shop: Shop):
    planned = await plan(shop.indexed(CODE).target)
    assert [str(one.migration) for one in planned.migrations] == [f"shop.{name}" for name in ALL]
    text = "\n".join(statement for one in planned.migrations for statement in one.statements)
    assert "-- Create model Customer" in text
    assert 'CREATE TABLE "customer"' in text
    assert "VARCHAR(320)" in text
    assert "UPDATE customer SET credit = 5" in text
    assert planned.index_statements == (CODE.statement,)
    if shop.target.kind == "sqlite":
        assert "shop.db" not in os.listdir(shop.folder.parent)
    else:
        assert await shop.fetch("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []

    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()
    assert len((await plan(shop.target)).migrations) == 2
    assert await shop.contents() == before


async def test_progress_is_told_before_each_step(shop: Shop):
    await shop.using("0001_initial").apply()
    told: list[tuple[Action, str, int, int]] = []
    await apply(
        shop.indexed(CODE).target,
        progress=lambda step: told.append((step.action, step.subject, step.position, step.total)),
    )
    expected = [
        (Action.MIGRATE, "shop.0002_longer_names", 1, 2),
        (Action.MIGRATE, "shop.0003_credit", 2, 2),
        (Action.INDEX, "ix_customer_code", 1, 1),
    ]
    if shop.target.kind == "sqlite":
        expected = [(Action.COPY, shop.target.location, 1, 1), *expected, (Action.CHECK, "foreign keys", 1, 1)]
    assert told == expected


async def test_three_processes_at_once_all_end_well_and_one_does_the_work(shop: Shop):
    target = shop.using(*ALL, written=PAUSED)
    (shop.folder.parent / "pause").write_text("1")
    running = [target.start_apply() for _ in range(3)]
    ended = [process.communicate(timeout=PATIENCE) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    assert sorted(out.strip() for out, _ in ended) == ["0", "0", "4"]
    assert await compare(target.target) == []


async def test_what_was_killed_in_the_middle_is_finished_by_the_next(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()
    target = shop.using(*ALL, written=PAUSED)
    pause, reached = shop.folder.parent / "pause", shop.folder.parent / "reached"
    pause.write_text("3600")
    process = target.start_apply()
    wait_for(reached.exists)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert await shop.contents() == before

    pause.unlink()
    assert len((await target.apply()).applied) == 3
    assert await shop.fetch("SELECT DISTINCT code FROM customer") == [("done",)]
    assert await compare(target.target) == []


async def test_who_waits_too_long_for_the_lock_is_told(shop: Shop):
    await shop.using("0001_initial").apply()
    target = shop.using(*ALL, written=PAUSED)
    (shop.folder.parent / "pause").write_text("3600")
    process = target.start_apply()
    try:
        wait_for((shop.folder.parent / "reached").exists)
        with pytest.raises(LockTimeout, match=r"stayed locked for 0\.2 seconds"):
            await apply(replace(shop.target, lock_timeout=0.2), progress=lambda step: None)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_file_is_copied_before_it_is_migrated_and_five_copies_are_kept(shop: Shop):
    empty = await shop.using("0001_initial").apply()
    assert (empty.copy, find_copies(shop.target)) == (None, [])
    await shop.fill()
    before = await shop.contents()
    report = await shop.apply()
    assert report.copy is not None
    assert report.copy.name == "shop-20260301T000001Z-from-shop.0001_initial.db"
    copied = replace(shop, target=replace(shop.target, location=str(report.copy)))
    assert await copied.contents() == before

    written: dict[str, str] = {}
    for number in range(4, 10):
        before_it = list(written)[-1] if written else ALL[-1]
        written[f"000{number}_more"] = f"""    dependencies = [("shop", "{before_it}")]
    operations = [ops.RunSQL("UPDATE customer SET credit = {number}")]
"""
        await shop.using(*ALL, written=written).apply()
    # Of seven copies the first two are gone.
    kept = [path.name.partition("-from-")[2] for path in find_copies(shop.target)]
    assert kept == [f"shop.{name}.db" for name in list(written)[:5]]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_run_that_failed_leaves_no_copy(shop: Shop):
    await shop.fetch("CREATE TABLE customer (id INT)")
    with pytest.raises(MigrationFailed, match="already exists"):
        await shop.apply()
    assert os.listdir(shop.folder.parent / "backups") == []


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_file_that_knows_no_migrations_is_copied_too(shop: Shop):
    await shop.fetch("CREATE TABLE other (id INT)")
    copy = (await shop.apply()).copy
    assert copy is not None
    assert copy.name == "shop-20260301T000000Z-from-no-migration.db"


async def test_a_place_that_cannot_be_opened_is_named_without_its_password(shop: Shop):
    places = {"/nowhere/shop.db": "/nowhere/shop.db"}
    if shop.target.kind == "postgresql":
        missing = urlunsplit(urlsplit(shop.target.location)._replace(path="/missing"))
        places = {"postgresql://me:secret@127.0.0.1:1/shop": "127.0.0.1/shop", missing: "/missing"}
    for location, place in places.items():
        with pytest.raises(DatabaseUnreachable) as raised:
            await apply(replace(shop.target, location=location), progress=lambda step: None)
        assert f"{place} can't be opened: " in str(raised.value)
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("operations = [ops.SQLOperation('SELECT 1', [])]", "use RunSQL"),
        ("operations = [ops.RemoveIndex('Customer', name='x')]", "indexes are declared, not migrated"),
        ("atomic = False\n    operations = []", "all migrations run in one transaction"),
        ("dependencies = [('shop', '0001_initial')]\n    operations = []", "several last migrations"),
        ("dependencies = [('shop', '0009_none')]\n    operations = []", "nonexistent parent"),
        ("dependencies = [('shop', '0004_odd')]\n    operations = []", "in a circle"),
        ("operations = [nonsense]", "don't load"),
    ],
)
async def test_migrations_that_cannot_work_are_refused_before_the_database_is_opened(
    source: str, words: str, tmp_path: Path, clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    target = Target(kind="sqlite", location="/nowhere", apps=(), clock=clock)
    odd = Shop(target=target, folder=folder).using(*ALL, written={"0004_odd": f"    {source}\n"})
    with pytest.raises(MigrationsUnusable, match=words):
        await status(odd.target)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
