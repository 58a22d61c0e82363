"""An Accord with the toy plugins on a database of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from accord.config.composition import migration_target, open_accord
from accord.config.plugin_loading import catalogue_of
from accord.config.plugin_work import all_operations
from accord.config.settings import Settings
from accord.config.testing.host import Clock
from accord.graph.migrating import MigrationApp, apply
from accord.plugins.calling import Hooks
from accord.plugins.loading import LoadedPlugin
from accord.schema.building import BuiltSchema, build_schema
from accord.tests.accord_fixture import Bench, CoreDatabases
from accord.tests.made_migrations import made_migrations
from accord.tests.plugins.working.toys import Hipaa, Kyc

CREATE = """mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
  recordId violations { code path plugin reference severity message } } }"""
UPDATE = CREATE.replace("create", "update").replace("Create", "Update")


@dataclass(frozen=True, kw_only=True)
class ToyDatabases:
    """Databases with the tables of the core and of the toys: copies of one that was migrated."""

    core: CoreDatabases
    template: str
    schema: BuiltSchema
    server: Any
    folder: Path
    names: Iterator[int] = field(default_factory=count)

    def new(self) -> str:
        """The setting of a database with the tables."""
        name = f"toys{next(self.names)}"
        if self.server is not None:
            return self.server.create_database(name, template="toys_template")
        copy = self.folder / f"{name}.db"
        shutil.copy(self.template.removeprefix("sqlite:"), copy)
        return f"sqlite:{copy}"


@dataclass(frozen=True, kw_only=True)
class Toys:
    """An open Accord with the toys."""

    bench: Bench
    hipaa: Hipaa
    kyc: Kyc
    location: str
    databases: ToyDatabases

    async def create(self, name: str, **values: Any) -> str:
        """The id of a new account."""
        made = await self.bench.ask(CREATE, input={"name": name, **values})
        assert made["createAccount"]["violations"] == []
        return made["createAccount"]["recordId"]

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds."""
        return [tuple(row) for row in await self.bench.accord.database.fetch(statement, [])]

    @asynccontextmanager
    async def restarted(self) -> AsyncIterator["Toys"]:
        """Another process on the same database, with plugins of its own."""
        async with opened(self.databases, self.location, clock=self.bench.clock) as toys:
            yield toys


@asynccontextmanager
async def opened(
    databases: ToyDatabases, location: str, *, clock: Clock | None = None, turned: bool = False
) -> AsyncIterator[Toys]:
    """An Accord with the toys; `turned` has their hooks run the other way round."""
    clock = clock or Clock()
    hipaa, kyc = Hipaa(), Kyc()
    plugins = [LoadedPlugin(plugin=one, version=one.version) for one in ((kyc, hipaa) if turned else (hipaa, kyc))]
    settings = Settings(database=location)
    async with open_accord(settings, plugins=plugins, clock=clock, schema=databases.schema) as accord:
        bench = Bench(accord=accord, clock=clock)
        yield Toys(bench=bench, hipaa=hipaa, kyc=kyc, location=location, databases=databases)


@pytest.fixture(scope="session")
def toy_databases(
    database_kind: str,
    core_databases: CoreDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[ToyDatabases]:
    """Where tests get databases for the toys from."""
    folder = tmp_path_factory.mktemp("toys")
    kinds = (Hipaa, Kyc)
    apps = [MigrationApp(label=one.name, migrations=str(one.migrations), classes=one.models) for one in kinds]
    plugins = [LoadedPlugin(plugin=one(), version=one.version) for one in kinds]
    server = request.getfixturevalue("postgres_server") if database_kind == "postgresql" else None
    template = f"sqlite:{folder / 'template.db'}" if server is None else server.create_database("toys_template")
    catalogue = catalogue_of(plugins)
    with made_migrations(folder, *apps):
        target = migration_target(Settings(database=template), catalogue, plugins=plugins, clock=Clock())
        asyncio.run(apply(target, progress=lambda step: None))
        operations = all_operations(Hooks([one.plugin for one in plugins]))
        schema = build_schema(catalogue, name=lambda: f"toys_{database_kind}", operations=operations)
        yield ToyDatabases(core=core_databases, template=template, schema=schema, server=server, folder=folder)


@pytest.fixture
async def toys(toy_databases: ToyDatabases) -> AsyncIterator[Toys]:
    """An Accord with the toys on a database of its own, on each kind of database."""
    location = toy_databases.new()
    async with opened(toy_databases, location) as found:
        yield found
    toy_databases.core.drop(location)
