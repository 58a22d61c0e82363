"""The table in which a database remembers its migrations."""

from datetime import datetime

from .loading import MigrationName
from .sessions import Session

TABLE = "accord_migration"
_SQLITE_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
# Not to_regclass(): it answers from a cache, which after waiting for the lock may not know the table yet.
_POSTGRES_TABLE = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?"


async def has_table(session: Session, name: str) -> bool:
    """Whether the database has a table of that name."""
    return bool(await session.rows(_SQLITE_TABLE if session.kind == "sqlite" else _POSTGRES_TABLE, [name]))


async def read_history(session: Session) -> set[MigrationName]:
    """What is recorded; empty where there is no such table yet."""
    if not await has_table(session, TABLE):
        return set()
    rows = await session.rows(f"SELECT app, name FROM {TABLE}")
    return {MigrationName(app=row["app"], name=row["name"]) for row in rows}


async def ensure_history(session: Session) -> None:
    await session.run(
        f"CREATE TABLE IF NOT EXISTS {TABLE} "
        "(app TEXT NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL, PRIMARY KEY (app, name))"
    )


async def record(session: Session, migration: MigrationName, applied_at: datetime) -> None:
    await session.run(
        f"INSERT INTO {TABLE} (app, name, applied_at) VALUES (?, ?, ?)",
        [migration.app, migration.name, applied_at.isoformat()],
    )


async def forget_app(session: Session, app: str) -> None:
    """Forget the migrations of an app whose tables are gone."""
    await session.run(f"DELETE FROM {TABLE} WHERE app = ?", [app])
