"""The core's own migrations: they lead to the models, and what stands on a populated database loses nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from accord.config.composition import CORE, core_catalogue, migration_target
from accord.config.settings import Settings
from accord.config.testing.host import Clock
from accord.graph.databases.sqlite import newest_driver
from accord.graph.migrating import DatabaseIsNewer, DatabaseState, MigrationApp, Target, apply, compare, make, status
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.waiting import PATIENCE

WIDER = """
from tortoise import migrations
from tortoise.migrations import operations as ops

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [("graph", "{last}")]
    operations = [
        ops.AlterField("Account", "name", Column("VARCHAR(320)", description="The name people use.")),
        ops.AlterField("Actor", "name", Column("VARCHAR(320)", description="The name shown beside what it did.")),
    ]
"""
BOOK = """{ accounts(first: 5, orderBy: [{name: ASC}]) { totalCount nodes { id name version parent { id }
  ancestors(first: 5) { nodes { id } } labels(first: 5) { nodes { name } } sources(first: 5) { nodes { category } }
  externalIds(first: 5) { nodes { value } } phones(first: 5) { nodes { number } }
  tasks(first: 5) { nodes { title subject { id } } } notes(first: 5) { nodes { text } }
  addresses(first: 5) { nodes { city country { code } } } contacts(first: 5) { nodes { id familyName reportsTo { id }
    groups(first: 5) { nodes { name } } emails(first: 5) { nodes { address } } addresses(first: 5) { nodes { city } } }
  } } } }"""
# of tables that are no record's
OWN_ROWS = (
    """insert into outbox_delivery (id,event_id,consumer,record_id,version,attempts,due_at)
       select id,id,'told',record_id,version,0,occurred_at from outbox_event""",
    """insert into due_work (id,plugin,name,record_id,data,planned_for,actor_id,attempts,due_at,created_at)
       select id,'toy','review',record_id,'{}',occurred_at,actor_id,0,occurred_at,occurred_at from outbox_event
       limit 1""",
    """insert into job (id,plugin,name,arguments,actor_id,permissions,state,done,attempts,interruptions,
       due_at,created_at) select id,'toy','import','{}',actor_id,'[]','QUEUED',0,0,0,occurred_at,occurred_at
       from outbox_event limit 1""",
)


@dataclass(frozen=True, kw_only=True)
class Core:
    """A database with the core tables, and a copy of the core's migrations to which a test may add."""

    target: Target
    settings: Settings
    package: Path

    @property
    def names(self) -> list[str]:
        return sorted(path.stem for path in self.package.glob("0*.py"))

    def widened(self) -> "Core":
        """With one more migration, which rebuilds the tables that most others point at."""
        source = WIDER.format(last=self.names[-1])
        (self.package / "9000_wider_names.py").write_text(source, encoding="utf-8")
        return self

    @property
    def own(self) -> Target:
        """The target by the package of the test."""
        app = MigrationApp(label=CORE.label, models=CORE.models, migrations=self.package.name)
        return replace(self.target, apps=(app,))

    async def rows(self, sql: str, location: str | None = None) -> list[dict[str, Any]]:
        location = location or self.target.location
        if self.target.kind == "sqlite":
            with closing(newest_driver().connect(location, isolation_level=None)) as connection:
                connection.execute("pragma foreign_keys=on")
                cursor = connection.execute(sql)
                return [dict(zip((c[0] for c in cursor.description or ()), row, strict=True)) for row in cursor]
        connection = await asyncpg.connect(location)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def contents(self, location: str | None = None) -> dict[str, list[str]]:
        """Every row of every table, in an order of its own."""
        if self.target.kind == "sqlite":
            tables = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        else:
            tables = "select tablename as name from pg_tables where schemaname = 'public'"
        names = sorted(row["name"] for row in await self.rows(tables, location))
        return {
            name: sorted(repr(sorted(row.items())) for row in await self.rows(f"select * from {name}", location))
            for name in names
        }


@pytest.fixture
def core(
    core_databases: CoreDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Core]:
    location = core_databases.new()
    package = tmp_path / f"core_{abs(hash(request.node.nodeid)):x}"
    package.mkdir()
    (package / "__init__.py").touch()
    for file in migration_files():
        source = file.read_text(encoding="utf-8").replace("from ...plugins.", "from accord.plugins.")
        (package / file.name).write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(database=location)
    target = migration_target(settings, core_catalogue(), clock=Clock())
    yield Core(target=target, settings=settings, package=package)
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]
    core_databases.drop(location)


def migration_files() -> list[Path]:
    """The core's migrations, where they stand in the source."""
    spec = find_spec(CORE.migrations)
    assert spec is not None
    assert spec.origin is not None
    return sorted(Path(spec.origin).parent.glob("0*.py"))


async def populate(core: Core) -> dict[str, Any]:
    """Fill every table through the API; returns the book as the API shows it."""
    async with open_bench(f"{core.settings.database}", is_migrated=True) as bench:
        await _write(bench)
        return await bench.ask(BOOK)


async def _write(bench: Bench) -> None:
    place = {"kind": "LEGAL", "isPrimary": True, "streetLines": ["Ring 1"], "postalCode": "1010", "city": "Wien"}
    place |= {"country": {"code": "AT"}}
    made = await bench.ask(
        """mutation ($place: AccountAddressesInput!, $home: ContactAddressesInput!) {
          createNamingRule(input: {kind: PARTNER, pattern: "[A-Z].*", example: "Acme", numberPrefix: "P-"}) { recordId
            violations { code message path } }
          createAccount(idempotencyKey: "k1", input: {name: "Kestrel Großhandel", website: "kestrel.example",
            annualRevenue: {amount: "1200000.50", currency: "EUR"}, description: "A; 'quoted' \\"line\\" — 株式会社",
            addresses: [$place], phones: [{number: "+43 1 5321", kind: WORK, isPrimary: true}],
            emails: [{address: "office@kestrel.example"}], externalIds: [{system: "erp", value: "K-1"}],
            sources: [{category: WEBSITE, detail: "a form"}], labels: [{name: "gold", scope: ACCOUNT}],
            tasks: [{title: "call"}], notes: [{text: "likes falcons"}],
            contacts: [{familyName: "Huber", roles: [OTHER], isPrimary: true, addresses: [$home],
              emails: [{address: "huber@kestrel.example", isPrimary: true}]}, {familyName: "Özdemir"}]}) {
            recordId violations { code message path } account { contacts { nodes { id } } } } }""",
        place=place,
        home={**place, "kind": "MAILING", "city": "Graz", "postalCode": "8010"},
    )
    assert [one["violations"] for one in made.values()] == [[], []], made
    parent, people = made["createAccount"]["recordId"], made["createAccount"]["account"]["contacts"]["nodes"]
    boss, clerk = (one["id"] for one in people)
    below = await bench.ask(
        """mutation ($parent: ID!, $boss: ID!, $clerk: ID!) {
          createAccounts(inputs: [{name: "Merlin", kind: PARTNER, parentId: $parent, contacts: [{id: $boss}]},
            {name: "Hobby"}]) { results { recordId } violations { code message path } }
          updateContact(input: {id: $clerk, reportsToId: $boss}) { violations { code message path } }
          createContactGroup(input: {name: "Press", kind: FIXED, members: [{id: $boss}, {id: $clerk}]}) {
            violations { code message path } } }""",
        parent=parent,
        boss=boss,
        clerk=clerk,
    )
    assert [one["violations"] for one in below.values()] == [[], [], []], below
    _, hobby = (one["recordId"] for one in below["createAccounts"]["results"])
    gone = await bench.ask(
        "mutation ($id: ID!) { deleteAccount(id: $id) { violations { code message path } } }", id=hobby
    )
    assert gone["deleteAccount"]["violations"] == []
    async with bench.accord.database.transaction() as transaction:
        for statement in OWN_ROWS:
            await transaction.execute(statement)


async def test_the_migrations_lead_to_the_models_and_the_declared_indexes(core: Core):
    assert await compare(core.target) == []
    assert await compare(core.own) == []


async def test_no_migration_is_missing(core: Core):
    before = [(file.name, file.read_bytes()) for file in migration_files()]
    made = await make(core.own.apps, CORE.label, "missing", destructive=True)
    assert made is None, made.read_text(encoding="utf-8")
    assert core.names == [Path(name).stem for name, _ in before]
    assert [(file.name, file.read_bytes()) for file in migration_files()] == before


async def test_parents_that_are_rebuilt_keep_every_row_of_every_table(core: Core):
    book = await populate(core)
    before = await core.contents()
    assert [name for name, rows in before.items() if not rows] == []
    assert (
        len(before) == len(core_catalogue().types) + 6
    )  # the outbox with its deliveries, the keys, due work, jobs, the history

    report = await apply(core.widened().own, progress=lambda step: None)

    assert [str(name) for name in report.applied] == ["graph.9000_wider_names"]
    after = await core.contents()
    assert len(after.pop("accord_migration")) == len(before.pop("accord_migration")) + 1
    assert after == before
    wide, narrow = ("VARCHAR(320)", "VARCHAR(200)")
    if core.target.kind == "postgresql":
        wide, narrow = ("character varying(320)", "character varying(200)")
    # all that differs from the models is what the test changed: keys, checks and indexes are as declared
    assert await compare(core.own) == [
        f"Column {table}.name is {wide} NOT NULL, not {narrow} NOT NULL." for table in ("account", "actor")
    ]
    if report.copy is not None:
        copied = await core.contents(str(report.copy))
        assert {name: rows for name, rows in copied.items() if name != "accord_migration"} == before
    assert (report.copy is None) == (core.target.kind == "postgresql")

    async with open_bench(f"{core.settings.database}", is_migrated=True) as bench:
        assert await bench.ask(BOOK) == book
        account = book["accounts"]["nodes"][0]
        renamed = await bench.ask(
            "mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { account { version } } }",
            input={"id": account["id"], "name": "Kestrel"},
        )
        assert renamed["updateAccount"] == {"account": {"version": account["version"] + 1}}
    await still_refuses(core, account["id"].removeprefix("acc_"))


async def still_refuses(core: Core, account: str) -> None:
    """Foreign keys and unique indexes hold as before."""
    if core.target.kind == "sqlite":
        assert await core.rows("pragma foreign_key_check") == []
        assert await core.rows("pragma integrity_check") == [{"integrity_check": "ok"}]
    errors = (asyncpg.IntegrityConstraintViolationError, newest_driver().IntegrityError)
    for statement in (
        f"delete from account where id = '{account}'",
        "delete from actor",
        "update account_contact set account_id = contact_id",
        "update account set number = 'same'",
    ):
        with pytest.raises(errors):
            await core.rows(statement)


async def test_three_processes_at_once_migrate_a_populated_database_once(core: Core):
    await populate(core)
    before = await core.contents()
    widened = core.widened()
    running = [start_apply(widened) for _ in range(3)]
    ended = [process.communicate(timeout=PATIENCE) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    assert sorted(out.strip() for out, _ in ended) == ["0", "0", "1"]
    after = await core.contents()
    assert len(after.pop("accord_migration")) == len(before.pop("accord_migration")) + 1
    assert after == before
    assert len(await compare(widened.own)) == 2


def start_apply(core: Core) -> "subprocess.Popen[str]":
    """Apply in a process of its own, which prints how many migrations it applied."""
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(core.package.parent)!r})
from dataclasses import replace
from accord.config.composition import CORE, core_catalogue, migration_target
from accord.config.settings import Settings
from accord.graph.migrating import MigrationApp, apply
app = MigrationApp(label=CORE.label, models=CORE.models, migrations={core.package.name!r})
target = migration_target(Settings(database={str(core.settings.database)!r}), core_catalogue(), apps=(app,))
print(len(asyncio.run(apply(target, progress=lambda step: None)).applied))
"""
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_a_database_from_a_newer_version_is_refused_and_left_alone(core: Core):
    await populate(core)
    await apply(core.widened().own, progress=lambda step: None)
    before = await core.contents()
    with pytest.raises(DatabaseIsNewer, match=r"graph\.9000_wider_names"):
        await apply(core.target, progress=lambda step: None)
    assert (await status(core.target)).state is DatabaseState.NEWER
    assert await core.contents() == before
