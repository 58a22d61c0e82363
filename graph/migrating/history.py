"""The table in which a database remembers its migrations."""

from datetime import datetime

from .loading import MigrationName
from .sessions import Session

TABLE = "accord_migration"


async def read_history(session: Session) -> set[MigrationName]:
    """What is recorded; empty where there is no such table yet."""
    if session.kind == "sqlite":
        found = await session.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [TABLE])
    else:
        found = await session.rows("SELECT 1 WHERE to_regclass(?) IS NOT NULL", [TABLE])
    if not found:
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
