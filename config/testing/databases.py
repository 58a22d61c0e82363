"""Databases for tests of plugins: each new one is a copy of one that was migrated for the same plugins."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none

from ...schema.building import BuiltSchema

Kind = Literal["sqlite", "postgresql"]
VARIABLE = "TEST_DATABASE_URL"
NO_POSTGRESQL = f"not run on PostgreSQL: set {VARIABLE} to the URL of a server on which databases may be made"


def server_url() -> str | None:
    """The PostgreSQL server that the environment names for tests; raises ValueError where it is none."""
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    scheme, *rest = urlsplit(given)
    if scheme not in {"postgresql", "postgres", "asyncpg"}:
        raise ValueError(f"{VARIABLE} names no PostgreSQL: write postgresql:// for its scheme, not {scheme}.")
    return urlunsplit(("postgresql", *rest))


class Databases:
    """Makes databases in a folder, or on a PostgreSQL server, and drops those on the server at the end."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.server = server
        self._folder = folder
        self._numbers = count(1)
        self._templates: dict[tuple[Kind, tuple[str, ...]], str] = {}
        self._made: list[str] = []
        self.schemas: dict[tuple[str, ...], BuiltSchema] = {}  # by plugins; a schema holds nothing of a database

    async def empty(self, kind: Kind) -> str:
        """The setting `database` of a new database without tables."""
        return await self._make(kind, None)

    async def migrated(self, kind: Kind, plugins: Sequence[str], migrate: Callable[[str], Awaitable[None]]) -> str:
        """The setting of a new database that has the tables of these plugins; `migrate` makes them, once."""
        key = (kind, tuple(plugins))
        if key not in self._templates:
            template = await self.empty(kind)
            await migrate(template)
            self._templates[key] = template
        return await self._make(kind, self._templates[key])

    async def drop_all(self) -> None:
        """Drop what was made on the server; the folder is its maker's to remove."""
        for location in reversed(self._made):
            await self._execute(f'drop database if exists "{_name(location)}" with (force)')
        self._made.clear()
        self._templates.clear()

    async def drop(self, location: str) -> None:
        """Drop one database, which nobody needs any more."""
        if location in self._made:
            await self._execute(f'drop database if exists "{_name(location)}" with (force)')
            self._made.remove(location)
        elif location.startswith("sqlite:"):
            await asyncio.to_thread(_remove, location.removeprefix("sqlite:"))

    async def _make(self, kind: Kind, template: str | None) -> str:
        name = f"accord_kit_{os.getpid()}_{id(self):x}_{next(self._numbers)}"
        if kind == "sqlite":
            file = self._folder / f"{name}.db"
            if template is not None:
                await asyncio.to_thread(shutil.copy, template.removeprefix("sqlite:"), file)
            return f"sqlite:{file}"
        server = urlsplit(self.server or "")
        source = f' template "{_name(template)}"' if template else ""
        await self._execute(f'create database "{name}"{source}')
        location = urlunsplit(server._replace(path=f"/{name}"))
        self._made.append(location)
        return location

    async def _execute(self, statement: str) -> None:
        connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - untyped
        connection: Any = await connect(self.server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _remove(file: str) -> None:
    for end in ("", "-wal", "-shm"):
        Path(file + end).unlink(missing_ok=True)


def _name(location: str) -> str:
    return urlsplit(location).path.lstrip("/")
