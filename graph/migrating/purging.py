"""Dropping the tables of a plugin that is no longer enabled: the one thing that loses what it stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .catalogue import read_tables
from .copies import copy_database, drop_old_copies
from .enabling import forget_plugin, read_plugins
from .errors import PurgeRefused
from .history import TABLE as HISTORY
from .history import forget_app, has_table, read_history
from .marks import RecordedPlugin
from .sessions import Session, SqliteSession, open_session
from .target import Target

# Accord's own tables that hold something of plugins: the column that says whose it is, and how that is written there
SHARED: Mapping[str, tuple[str, str]] = {
    "job": ("plugin", "{}"),
    "due_work": ("plugin", "{}"),
    "outbox_delivery": ("consumer", "plugin {}"),
}
PARKING = frozenset({"due_work", "outbox_delivery"})


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a database holds of a plugin: rows by table, its own and, in `shared`, those of Accord.

    `migrations` are those recorded for it; so many of the shared rows as `parked` says were put aside.
    """

    plugin: RecordedPlugin
    rows: dict[str, int]
    migrations: tuple[str, ...]
    shared: dict[str, int] = field(default_factory=dict[str, int])
    parked: int = 0


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was dropped, and where the database was copied to before."""

    stored: Stored
    copy: Path | None


async def read_stored(target: Target) -> list[Stored]:
    """What the database holds of each plugin that it knows; writes nothing."""
    async with open_session(target, writable=False) as session:
        return [await _stored(session, one) for one in (await read_plugins(session)).values()]


async def purge(target: Target, name: str) -> Purged:
    """Drop a plugin's tables, delete what Accord's own hold of it, and forget its migrations. Raises PurgeRefused.

    A SQLite file is copied first.
    """
    async with open_session(target, writable=True) as session:
        await session.begin()
        copy = None
        try:
            stored = await _purgeable(session, target, name)
            if isinstance(session, SqliteSession):
                copy = await copy_database(target, stored.migrations[-1] if stored.migrations else name)
            await _drop(session, stored)
            await session.commit()
        except BaseException:
            await session.rollback()
            if copy:
                copy.unlink()
            raise
        if copy:
            drop_old_copies(target)
        return Purged(stored=stored, copy=copy)


async def _purgeable(session: Session, target: Target, name: str) -> Stored:
    known = await read_plugins(session)
    if name not in known:
        there = ", ".join(known) or "none"
        raise PurgeRefused(f"The database {target.place} holds nothing of a plugin {name!r}; it knows {there}.")
    if known[name].is_enabled:
        raise PurgeRefused(
            f"The plugin {name} is enabled in the database {target.place}. Take it out of the setting plugins, run "
            "`accord migrate apply`, and purge it then."
        )
    return await _stored(session, known[name])


async def _stored(session: Session, one: RecordedPlugin) -> Stored:
    there = await read_tables(session)
    rows: dict[str, int] = {}
    for table in one.mark.tables:
        if table in there:
            [row] = await session.rows(f'SELECT count(*) AS number FROM "{table}"')
            rows[table] = int(row["number"])
    shared: dict[str, int] = {}
    parked = 0
    for table, (column, written) in SHARED.items():
        if table in there:
            of_plugin = f"FROM {table} WHERE {column} = ?"
            values = [written.format(one.mark.name)]
            [row] = await session.rows(f"SELECT count(*) AS number {of_plugin}", values)
            shared[table] = int(row["number"])
            if table in PARKING:
                [row] = await session.rows(f"SELECT count(*) AS number {of_plugin} AND parked_at IS NOT NULL", values)
                parked += int(row["number"])
    history = await read_history(session)
    migrations = tuple(str(name) for name in sorted(history) if name.app == one.mark.name)
    return Stored(plugin=one, rows=rows, migrations=migrations, shared=shared, parked=parked)


async def _drop(session: Session, stored: Stored) -> None:
    tables = [f'"{table}"' for table in stored.rows]
    if session.kind == "sqlite":
        for table in tables:
            await session.run(f"DROP TABLE {table}")
    elif tables:  # together, since they may refer to each other; nothing else may refer to them
        await session.run(f"DROP TABLE {', '.join(tables)}")
    for table in stored.shared:
        column, written = SHARED[table]
        await session.run(f"DELETE FROM {table} WHERE {column} = ?", [written.format(stored.plugin.mark.name)])
    if await has_table(session, HISTORY):
        await forget_app(session, stored.plugin.mark.name)
    await forget_plugin(session, stored.plugin.mark.name)
