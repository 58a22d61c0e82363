"""The table in which a database remembers which plugins it was made ready for, and which tables each of them has."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson

from ..databases.database import Database
from .history import has_table
from .marks import Difference, PluginMark, RecordedPlugin
from .sessions import Row, Session

TABLE = "accord_plugin"
SELECT = f"SELECT name, version, distribution, is_enabled, tables FROM {TABLE} ORDER BY name"


async def read_plugins(session: Session) -> Mapping[str, RecordedPlugin]:
    """The plugins that are recorded, by name; none where there is no such table yet."""
    if not await has_table(session, TABLE):
        return {}
    return _recorded(await session.rows(SELECT))


def _recorded(rows: Iterable[Row]) -> Mapping[str, RecordedPlugin]:
    """The plugins in rows of the table."""
    found: dict[str, RecordedPlugin] = {}
    for row in rows:
        tables = tuple(orjson.loads(row["tables"]))
        mark = PluginMark(name=row["name"], version=row["version"], distribution=row["distribution"], tables=tables)
        found[mark.name] = RecordedPlugin(mark=mark, is_enabled=row["is_enabled"] == 1)
    return found


def find_differences(known: Mapping[str, RecordedPlugin], wanted: Sequence[PluginMark]) -> tuple[Difference, ...]:
    """In what the plugins that a database was made ready for differ from those `wanted`, by name."""
    there = {name: one.mark.version for name, one in known.items() if one.is_enabled}
    here = {mark.name: mark.version for mark in wanted}
    return tuple(
        Difference(plugin=name, here=here.get(name), there=there.get(name))
        for name in sorted(here.keys() | there.keys())
        if here.get(name) != there.get(name)
    )


async def note_tables(session: Session, marks: Sequence[PluginMark], moment: datetime) -> None:
    """Note the tables of plugins that are about to get some, without calling them enabled."""
    known = await read_plugins(session)
    for mark in marks:
        there = known.get(mark.name)
        await _write(session, mark, there is not None and there.is_enabled, moment)


async def record_plugins(session: Session, marks: Sequence[PluginMark], moment: datetime) -> None:
    """Record these plugins as the enabled ones; the others keep what they have."""
    known = await read_plugins(session)
    wanted = {mark.name for mark in marks}
    for mark in marks:
        await _write(session, mark, True, moment)
    for name, one in known.items():
        if one.is_enabled and name not in wanted:
            await _write(session, one.mark, False, moment)


async def forget_plugin(session: Session, name: str) -> None:
    """Forget a plugin whose tables are gone."""
    if await has_table(session, TABLE):
        await session.run(f"DELETE FROM {TABLE} WHERE name = ?", [name])


async def _write(session: Session, mark: PluginMark, is_enabled: bool, moment: datetime) -> None:
    await session.run(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (name TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL, "
        "distribution TEXT NOT NULL, is_enabled INTEGER NOT NULL, tables TEXT NOT NULL, changed_at TEXT NOT NULL)"
    )
    await session.run(f"DELETE FROM {TABLE} WHERE name = ?", [mark.name])
    tables = orjson.dumps(mark.tables).decode()
    await session.run(
        f"INSERT INTO {TABLE} (name, version, distribution, is_enabled, tables, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
        [mark.name, mark.version, mark.distribution, int(is_enabled), tables, moment.isoformat()],
    )


async def read_enabled(database: Database) -> Mapping[str, RecordedPlugin]:
    """The plugins that are recorded, read through a database that is open."""
    tables = "pg_tables WHERE schemaname = current_schema() AND tablename"
    if database.kind == "sqlite":
        tables = "sqlite_master WHERE type = 'table' AND name"
    if not await database.fetch(f"SELECT 1 FROM {tables} = '{TABLE}'", []):
        return {}
    names = ("name", "version", "distribution", "is_enabled", "tables")
    return _recorded(dict(zip(names, row, strict=True)) for row in await database.fetch(SELECT, []))
