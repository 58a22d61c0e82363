"""The migrate engine on both databases: nothing is lost or half done, and what is there is what is declared."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from accord.graph.databases.sqlite import newest_driver
from accord.graph.migrating import (
    Action,
    BrokenForeignKeys,
    ChangeRefused,
    DatabaseIsNewer,
    DatabaseState,
    DatabaseUnreachable,
    Index,
    IndexFailed,
    IndexInvalid,
    LockTimeout,
    MigrationApp,
    MigrationFailed,
    MigrationsUnusable,
    Report,
    Target,
    apply,
    compare,
    find_copies,
    make,
    plan,
    status,
)

MIGRATIONS = Path(__file__).parent / "toy_shop" / "migrations"
MODELS = "accord.tests.graph.toy_shop.models"
CODE = Index(name="ix_customer_code", table="customer", columns=("code", "name DESC"))
NUMBER = Index(name="uq_order_number", table="shop_order", columns=("number",), unique=True, where="state = 'NEW'")
NOTE = Index(name="ix_profile_note", table="profile", columns=("lower(note)",))
ORDER = UUID("0198c0de-0000-7000-8000-000000000001")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A toy database with a package of migrations of its own."""

    target: Target
    folder: Path  # of the packages that the test writes

    def using(self, *names: str, **sources: str) -> "Shop":
        """The same database with the first migrations of the toy, and others written for the test."""
        package = self.folder / f"shop_{len(list(self.folder.iterdir()))}"
        package.mkdir()
        (package / "__init__.py").touch()
        for name in names:
            shutil.copy(MIGRATIONS / f"{name}.py", package)
        for name, source in sources.items():
            (package / f"{name.removeprefix('m')}.py").write_text(HEAD + source, encoding="utf-8")
        app = MigrationApp(label="shop", models=(MODELS,), migrations=package.name)
        return replace(self, target=replace(self.target, apps=(app,)))

    async def apply(self) -> Report:
        return await apply(self.target, progress=lambda step: None)

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        if self.target.kind == "sqlite":
            connection = newest_driver().connect(self.target.location, isolation_level=None)
            try:
                connection.execute("PRAGMA foreign_keys=ON")
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        connection = await asyncpg.connect(self.target.location)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def fill(self) -> None:
        for statement in ROWS:
            await self.fetch(statement)

    async def contents(self) -> list[list[tuple[Any, ...]]]:
        """All rows, and the names of all that stands in the database."""
        catalogue = "sqlite_master" if self.target.kind == "sqlite" else "pg_indexes WHERE schemaname = 'public'"
        definition = "name, sql" if self.target.kind == "sqlite" else "indexname, indexdef"
        queries = [f"SELECT * FROM {table} ORDER BY 1" for table in ("customer", "shop_order", "profile")]
        queries += ["SELECT app, name FROM accord_migration ORDER BY 1, 2"]
        return [await self.fetch(query) for query in [*queries, f"SELECT {definition} FROM {catalogue} ORDER BY 1"]]


HEAD = """import asyncio, pathlib
from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from accord.graph.migrating import Column

"""
FAILING = """class Migration(migrations.Migration):
    dependencies = [("shop", "0002_longer_names")]
    operations = [
        ops.RunSQL("UPDATE customer SET code = 'changed'"),
        ops.RunSQL("UPDATE nowhere SET code = 'changed'"),
    ]
"""
BREAKING = """class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [ops.RunSQL("UPDATE shop_order SET customer_id = 99")]
"""
PAUSING = """MARK, PAUSE = pathlib.Path({folder!r}, "reached"), pathlib.Path({folder!r}, "pause")

async def pause(apps, editor):
    MARK.touch()
    if PAUSE.exists():
        await asyncio.sleep(float(PAUSE.read_text()))

class Migration(migrations.Migration):
    dependencies = [("shop", "0003_credit")]
    operations = [
        ops.RunSQL("UPDATE customer SET code = 'half'"),
        ops.RunPython(pause),
        ops.RunSQL("UPDATE customer SET code = 'done'"),
    ]
"""
ROWS = (
    "INSERT INTO customer (id, name, code) VALUES (1, 'Ada', 'a'), (2, 'Bob; & sons', 'b'), (9, 'Cy', 'c')",
    "DELETE FROM customer WHERE id = 9",
    "UPDATE customer SET parent_id = 1 WHERE id = 2",
    f"INSERT INTO shop_order (id, customer_id, number) VALUES ('{ORDER}', 1, 'n1')",
    f"INSERT INTO profile (customer_id, favourite_id, note) VALUES (1, '{ORDER}', 'fond'), (2, NULL, NULL)",
)
ALL = ("0001_initial", "0002_longer_names", "0003_credit")


@pytest.fixture
def clock() -> Callable[[], datetime]:
    ticks = iter(range(1_000_000))
    return lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(ticks))


@pytest.fixture
def shop(
    database_kind: str,
    tmp_path: Path,
    clock: Callable[[], datetime],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """An empty database of either kind, before its first migration."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    if database_kind == "sqlite":
        target = Target(kind="sqlite", location=str(tmp_path / "shop.db"), apps=(), clock=clock, lock_timeout=20)
        yield Shop(target=target, folder=folder).using(*ALL)
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database("migrating")
        target = Target(kind="postgresql", location=url, apps=(), clock=clock, lock_timeout=20)
        yield Shop(target=target, folder=folder).using(*ALL)
        server.drop_database("migrating")
    for name in set(sys.modules) - before:
        if name.startswith("shop_"):
            del sys.modules[name]


async def test_a_populated_parent_that_is_rebuilt_keeps_its_rows_children_and_indexes(shop: Shop):
    old = shop.using("0001_initial")
    old = replace(old, target=replace(old.target, indexes=(CODE,)))
    await old.apply()
    await old.fill()

    report = await replace(shop, target=replace(shop.target, indexes=(CODE, NUMBER))).apply()

    assert [str(name) for name in report.applied] == ["shop.0002_longer_names", "shop.0003_credit"]
    customers, orders, _, history, _ = await shop.contents()
    assert [row[:2] for row in customers] == [(1, "Ada"), (2, "Bob; & sons")]
    assert await shop.fetch("SELECT parent_id, credit FROM customer ORDER BY id") == [(None, 5), (1, 5)]
    assert [str(row[0]) for row in orders] == [str(ORDER)]
    assert await shop.fetch("SELECT note FROM profile ORDER BY customer_id") == [("fond",), ("old; kept",)]
    assert [name for _, name in history] == list(ALL)
    assert await compare(replace(shop.target, indexes=(CODE, NUMBER))) == []


async def test_a_rebuilt_table_still_refuses_what_it_refused(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.apply()
    for refused in (
        "INSERT INTO customer (name, code) VALUES ('Ada', 'a')",
        f"INSERT INTO profile (customer_id, favourite_id) VALUES (2, '{ORDER}')",
        f"UPDATE profile SET favourite_id = '{ORDER}'",
        "UPDATE customer SET credit = -1",
        "DELETE FROM customer WHERE id = 1",
        "INSERT INTO shop_order (id, customer_id, number) VALUES ('0198c0de-0000-7000-8000-000000000002', 1, 'n1')",
    ):
        with pytest.raises((asyncpg.IntegrityConstraintViolationError, newest_driver().IntegrityError)):
            await shop.fetch(refused)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_rebuilt_table_gets_back_its_triggers_indexes_and_counter(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    for statement in (
        "CREATE INDEX by_hand ON customer (lower(name))",
        "CREATE INDEX by_referrer ON customer (referrer_id)",
        "CREATE TRIGGER own AFTER INSERT ON customer BEGIN UPDATE profile SET note = 'x;y'; END",
        "CREATE TRIGGER others AFTER INSERT ON shop_order BEGIN UPDATE customer SET code = 'z'; END",
        "CREATE VIEW names AS SELECT name FROM customer",
    ):
        await shop.fetch(statement)

    await shop.apply()

    found = await shop.fetch("SELECT name FROM sqlite_master WHERE type <> 'table' AND sql <> '' ORDER BY name")
    assert found == [("by_hand",), ("names",), ("others",), ("own",)]
    await shop.fetch("INSERT INTO customer (name, code) VALUES ('Dee', 'd')")
    # 9 was given and deleted, so the next is 10.
    assert await shop.fetch("SELECT max(id) FROM customer") == [(10,)]
    assert await shop.fetch("SELECT DISTINCT note FROM profile") == [("x;y",)]


async def test_a_failure_in_the_middle_leaves_everything_as_it_was(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()

    with pytest.raises(MigrationFailed) as raised:
        await shop.using("0001_initial", "0002_longer_names", m0003_failing=FAILING).apply()

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
        await shop.using("0001_initial", m0002_breaking=BREAKING).apply()
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
    current = await status(replace(shop.target, indexes=(CODE,)))
    assert (current.state, current.pending, current.index_changes) == (DatabaseState.CURRENT, (), (CODE.statement,))


async def test_a_plan_shows_the_sql_and_changes_nothing(shop: Shop):
    planned = await plan(replace(shop.target, indexes=(CODE,)))
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
        replace(shop.target, indexes=(CODE,)),
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
    target = shop.using(*ALL, m0004_pausing=PAUSING.format(folder=str(shop.folder.parent)))
    (shop.folder.parent / "pause").write_text("1")
    running = [start_apply(target) for _ in range(3)]
    ended = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    assert sorted(out.strip() for out, _ in ended) == ["0", "0", "4"]
    assert await compare(target.target) == []


async def test_what_was_killed_in_the_middle_is_finished_by_the_next(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    before = await shop.contents()
    target = shop.using(*ALL, m0004_pausing=PAUSING.format(folder=str(shop.folder.parent)))
    pause, reached = shop.folder.parent / "pause", shop.folder.parent / "reached"
    pause.write_text("60")
    process = start_apply(target)
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
    target = shop.using(*ALL, m0004_pausing=PAUSING.format(folder=str(shop.folder.parent)))
    (shop.folder.parent / "pause").write_text("60")
    process = start_apply(target)
    try:
        wait_for((shop.folder.parent / "reached").exists)
        with pytest.raises(LockTimeout, match=r"stayed locked for 0\.2 seconds"):
            await apply(replace(shop.target, lock_timeout=0.2), progress=lambda step: None)
    finally:
        process.kill()
        process.communicate()


async def test_indexes_are_brought_to_their_declarations(shop: Shop):
    await replace(shop, target=replace(shop.target, indexes=(CODE, NUMBER))).apply()
    assert await indexes(shop) == ["ix_customer_code", "uq_order_number"]
    # One is declared differently, one no longer, one anew; an index with a foreign name is left alone.
    await shop.fetch("CREATE INDEX by_hand ON customer (name)")
    changed = replace(CODE, columns=("code",))
    target = replace(shop.target, indexes=(changed, NOTE))
    report = await apply(target, progress=lambda step: None)
    assert report.applied == ()
    assert report.index_statements == (
        'DROP INDEX "uq_order_number"',
        'DROP INDEX "ix_customer_code"',
        changed.statement,
        NOTE.statement,
    )
    assert await indexes(shop) == ["by_hand", "ix_customer_code", "ix_profile_note"]
    assert await apply(target, progress=lambda step: None) == Report()


async def test_an_index_that_is_not_ours_but_has_the_name_is_made_anew(shop: Shop):
    await shop.apply()
    await shop.fetch("CREATE INDEX ix_customer_code ON customer (name)")
    target = replace(shop.target, indexes=(CODE,))
    assert await compare(target) == [f"Index ix_customer_code differs from its declaration: {CODE.statement}."]
    await apply(target, progress=lambda step: None)
    assert await compare(target) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Index(name="ix_customer_none", table="customer", columns=('"nothing"',)),
        Index(name="uq_customer_code", table="customer", columns=("code",), unique=True),
        Index(name="ix_nowhere", table="nowhere", columns=("code",)),
    ],
    ids=lambda index: index.name,
)
async def test_an_index_that_cannot_be_made_leaves_everything_as_it_was(shop: Shop, wrong: Index):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.fetch("UPDATE customer SET code = 'same'")
    before = await shop.contents()
    with pytest.raises(IndexFailed, match=f"^Index {wrong.name} failed on "):
        await apply(replace(shop.target, indexes=(CODE, wrong)), progress=lambda step: None)
    assert await shop.contents() == before


async def test_the_comparison_finds_what_is_missing(shop: Shop):
    target = replace(shop.target, indexes=(CODE,))
    await apply(target, progress=lambda step: None)
    assert await compare(target) == []
    for statement in (
        "DROP INDEX ix_customer_code",
        "CREATE INDEX ix_stray ON customer (name)",
        "ALTER TABLE profile DROP COLUMN note",
        "ALTER TABLE shop_order ADD COLUMN extra VARCHAR(5) NOT NULL DEFAULT 'x'",
        "CREATE TABLE stray (id INT)",
    ):
        await shop.fetch(statement)
    assert await compare(target) == [
        "Column profile.note is missing.",
        "Column shop_order.extra is of no model.",
        "Table stray is of no model.",
        "Index ix_stray is not declared.",
        f"Index ix_customer_code is missing: {CODE.statement}.",
    ]


async def test_the_comparison_finds_what_is_different(shop: Shop):
    await shop.using("0001_initial").apply()
    found = await compare(shop.target)
    sqlite = shop.target.kind == "sqlite"
    long, short = (f"VARCHAR({n})" if sqlite else f"character varying({n})" for n in (100, 50))
    names = [f"VARCHAR({n})" if sqlite else f"character varying({n})" for n in (200, 320)]
    assert found == [
        f"Column customer.name is {names[0]} NOT NULL, not {names[1]} NOT NULL.",
        "Column customer.active is missing.",
        "Column customer.credit is missing.",
        "Column customer.referrer_id is of no model.",
        "Table customer lacks the foreign key parent_id to customer.id on delete RESTRICT.",
        "Table customer has the foreign key parent_id to customer.id on delete CASCADE, of no model.",
        "Table customer has the foreign key referrer_id to customer.id on delete CASCADE, of no model.",
        f"Table customer lacks the check customer_credit{'' if sqlite else ' CHECK ((credit >= 0))'}.",
        f"Column profile.note is {short} NULL, not {long} NULL.",
    ]


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

    names = list(ALL)
    for number in range(4, 10):
        names.append(f"000{number}_more")
        source = f"""class Migration(migrations.Migration):
    dependencies = [("shop", "{names[-2]}")]
    operations = [ops.RunSQL("UPDATE customer SET credit = {number}")]
"""
        package = shop.folder / shop.target.apps[0].migrations
        (package / f"{names[-1]}.py").write_text(HEAD + source, encoding="utf-8")
        await shop.using(
            *ALL, **{f"m{p.stem}": p.read_text().removeprefix(HEAD) for p in package.glob("000[4-9]*")}
        ).apply()
    assert [path.name.partition("-from-")[2] for path in find_copies(shop.target)] == [
        f"shop.{name}.db" for name in names[3:8]
    ]


async def test_a_place_that_cannot_be_opened_is_named_without_its_password(shop: Shop):
    place = "/nowhere/shop.db" if shop.target.kind == "sqlite" else "postgresql://me:secret@127.0.0.1:1/shop"
    with pytest.raises(DatabaseUnreachable) as raised:
        await apply(replace(shop.target, location=place), progress=lambda step: None)
    assert str(raised.value).startswith(
        f"The database {'/nowhere/shop.db' if 'db' in place else '127.0.0.1/shop'} can't"
    )
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
    monkeypatch.syspath_prepend(tmp_path)
    target = Target(kind="sqlite", location="/nowhere", apps=(), clock=clock)
    odd = Shop(target=target, folder=tmp_path).using(
        *ALL, m0004_odd=f"class Migration(migrations.Migration):\n    {source}\n"
    )
    with pytest.raises(MigrationsUnusable, match=words):
        await status(odd.target)
    for name in [name for name in sys.modules if name.startswith("shop_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Index(name="customer_code", table="customer", columns=("code",)),
        lambda: Index(name="ix_customer_code", table="customer", columns=("code",), unique=True),
        lambda: Index(name="ix_" + "x" * 61, table="customer", columns=("code",)),
        lambda: Index(name="ix_customer", table="customer", columns=()),
        lambda: Target(kind="sqlite", location="", apps=(), clock=lambda: datetime.now(UTC), indexes=(CODE, CODE)),
    ],
)
def test_an_index_that_no_database_could_keep_is_refused(declare: Callable[[], object]):
    with pytest.raises(IndexInvalid):
        declare()


async def test_a_made_migration_leads_from_the_last_one_to_the_models(shop: Shop):
    last = shop.using("0001_initial", "0002_longer_names")
    made = await make(last.target.apps, "shop", "Credit & checks")
    assert made is not None
    assert made.name == "0003_credit_checks.py"
    first = made.read_text(encoding="utf-8")
    assert "from accord.graph.migrating.column import Column" in first
    assert "toy_shop" not in first
    await last.apply()
    assert await compare(last.target) == []
    assert await make(last.target.apps, "shop", "nothing") is None

    made.unlink()
    again = await make(shop.using("0001_initial", "0002_longer_names").target.apps, "shop", "Credit & checks")
    assert again is not None
    assert again.read_text(encoding="utf-8") == first


async def test_a_made_first_migration_makes_what_the_models_say(shop: Shop):
    fresh = shop.using()
    made = await make(fresh.target.apps, "shop", "initial")
    assert made is not None
    assert made.name == "0001_initial.py"
    await fresh.apply()
    assert await compare(fresh.target) == []


async def test_a_change_that_loses_data_is_made_only_when_it_is_meant(shop: Shop):
    first = shop.using("0001_initial")
    with pytest.raises(ChangeRefused, match="Remove field referrer from Customer"):
        await make(first.target.apps, "shop", "changes")
    made = await make(first.target.apps, "shop", "changes", destructive=True)
    assert made is not None
    await first.apply()
    assert await compare(first.target) == []


async def test_a_new_column_without_a_value_for_old_rows_is_refused(shop: Shop):
    without = shop.using(m0001_initial=FIRST_WITHOUT_NUMBER)
    with pytest.raises(ChangeRefused, match=r"New and NOT NULL: Order\.customer, Order\.number\."):
        await make(without.target.apps, "shop", "number")


FIRST_WITHOUT_NUMBER = """class Migration(migrations.Migration):
    operations = [
        ops.CreateModel(name="Order", fields=[("id", Column("UUID", sqlite="CHAR(36)", primary_key=True))],
                        options={"table": "shop_order"}),
    ]
"""


async def indexes(shop: Shop) -> list[str]:
    if shop.target.kind == "sqlite":
        rows = await shop.fetch("SELECT name FROM sqlite_master WHERE type = 'index' AND sql <> '' ORDER BY name")
    else:
        rows = await shop.fetch(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relnamespace = 'public'::regnamespace "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY 1"
        )
    return [name for (name,) in rows]


def start_apply(shop: Shop) -> subprocess.Popen[str]:
    """Apply in a process of its own, which prints how many migrations it applied."""
    [app] = shop.target.apps
    program = f"""
import asyncio, datetime, sys
sys.path.insert(0, {str(shop.folder)!r})
from accord.graph.migrating import MigrationApp, Target, apply
app = MigrationApp(label="shop", models=({MODELS!r},), migrations={app.migrations!r})
target = Target(kind={shop.target.kind!r}, location={shop.target.location!r}, apps=(app,),
                clock=lambda: datetime.datetime.now(datetime.UTC))
print(len(asyncio.run(apply(target, progress=lambda step: None)).applied))
"""
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen within 30 seconds"
        time.sleep(0.02)
