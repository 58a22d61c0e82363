"""An Accord on a database of its own, as tests use it: through GraphQL, with a clock that they turn."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from accord.config.composition import CORE, Accord, core_catalogue, migration_target, open_accord
from accord.config.settings import Settings
from accord.config.testing.host import Clock, Statements
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.migrating import MigrationApp, apply
from accord.graph.records import RECORDS
from accord.schema.building import BuiltSchema, build_schema
from accord.schema.exchange import Caller, Request, Result
from accord.tests.postgres_server import PostgresServer


@dataclass(frozen=True, kw_only=True)
class Bench:
    """An open Accord with what tests do to it."""

    accord: Accord
    clock: Clock

    @property
    def kind(self) -> str:
        return self.accord.settings.database_kind

    async def run(
        self, query: str, *, actor: UUID = SYSTEM_ACTOR, permissions: Iterable[str] = (), **variables: Any
    ) -> Result:
        """Run a document as a request would."""
        caller = Caller(actor=actor, request="test", permissions=frozenset(permissions))
        return await self.accord.service.run(Request(query=query, variables=variables), caller)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a document that must run without errors."""
        answer = (await self.run(query, **variables)).decoded()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a document that must have some."""
        answer = (await self.run(query, **variables)).decoded()
        assert answer.get("errors"), answer
        return answer["errors"]

    def counted(self) -> AbstractContextManager[list[str]]:
        """Listen to the statements that reach the database to read: `with bench.counted() as statements:`."""
        return Statements(self.accord.database).counted()


@cache
def core_schema() -> BuiltSchema:
    """The schema of the core records, built once for all tests: it holds nothing of a database."""
    return build_schema(core_catalogue(), name=lambda: "tests")


async def migrate(
    location: str, *, models: Sequence[type[Any]] = RECORDS, apps: Sequence[MigrationApp] = (CORE,)
) -> None:
    """Give the database at `location` (a setting) the core tables, or those of other models and apps."""
    target = migration_target(Settings(database=location), core_catalogue(models), apps=apps, clock=Clock())
    await apply(target, progress=lambda step: None)


@asynccontextmanager
async def open_bench(
    location: str,
    *,
    models: Sequence[type[Any]] = RECORDS,
    apps: Sequence[MigrationApp] = (CORE,),
    is_migrated: bool = False,
    **options: Any,
) -> AsyncIterator[Bench]:
    """An Accord on the database at `location` (a setting), migrated first."""
    clock = Clock()
    if not is_migrated:
        await migrate(location, models=models, apps=apps)
    if models is RECORDS:
        options = {"schema": core_schema()} | options
    async with open_accord(Settings(database=location), models=models, clock=clock, **options) as accord:
        yield Bench(accord=accord, clock=clock)


class CoreDatabases:
    """Databases with the core tables and nothing in them: copies of one that was migrated."""

    def __init__(self, folder: Path, server: PostgresServer | None) -> None:
        self._folder = folder
        self._server = server
        self._names = count()
        self._template = self.new_empty("template")
        asyncio.run(migrate(self._template))

    def new_empty(self, name: str) -> str:
        """The setting of a database without tables."""
        if self._server is not None:
            return self._server.create_database(name)
        return f"sqlite:{self._folder / name}.db"

    def new(self) -> str:
        """The setting of a database with the core tables."""
        name = f"copy{next(self._names)}"
        if self._server is not None:
            return self._server.create_database(name, template="template")
        copy = self._folder / f"{name}.db"
        shutil.copy(self._template.removeprefix("sqlite:"), copy)
        return f"sqlite:{copy}"

    def drop(self, location: str) -> None:
        """Remove a database again."""
        if self._server is not None:
            self._server.drop_database(urlsplit(location).path.lstrip("/"))
            return
        for end in ("", "-wal", "-shm"):
            Path(location.removeprefix("sqlite:") + end).unlink(missing_ok=True)
