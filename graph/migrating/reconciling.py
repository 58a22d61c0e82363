"""Giving a database the declared indexes, and reading which it has."""

from .enabling import read_plugins
from .errors import IndexFailed
from .indexes import PREFIX, UNIQUE_PREFIX, Index, IndexChange, find_changes
from .sessions import Session
from .target import Target

_SQLITE_INDEXES = (
    "SELECT name, tbl_name AS table_name, sql AS statement FROM sqlite_master WHERE type = 'index' AND sql <> ''"
)
# PostgreSQL prints a definition in its own words, so the statement is kept as the comment of the index, and goes with
# it. One that was left invalid by a failed build counts as unknown. Those behind a constraint belong to that.
_POSTGRES_INDEXES = """
    SELECT c.relname AS name, t.relname AS table_name,
           CASE WHEN i.indisvalid THEN obj_description(c.oid, 'pg_class') END AS statement
    FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE n.nspname = current_schema()
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('u', 'p', 'x'))
"""


async def read_changes(session: Session, target: Target) -> tuple[IndexChange, ...]:
    """What it takes to bring the indexes of the database to the declared ones.

    Those on the tables of a plugin that is not enabled stay: when it is again, they are still right.
    """
    rows = await session.rows(_SQLITE_INDEXES if session.kind == "sqlite" else _POSTGRES_INDEXES)
    here = {mark.name for mark in target.plugins}
    left = {
        table for name, one in (await read_plugins(session)).items() if name not in here for table in one.mark.tables
    }
    ours = {
        row["name"]: row["statement"]
        for row in rows
        if row["name"].startswith((PREFIX, UNIQUE_PREFIX)) and row["table_name"] not in left
    }
    return find_changes(target.indexes, ours)


async def apply_change(session: Session, target: Target, change: IndexChange) -> None:
    """Drop and make one index; raises IndexFailed."""
    try:
        for statement in change.statements:
            await session.run(statement)
        if change.index and session.kind == "postgresql":
            comment = change.index.statement.replace("'", "''")
            await session.run(f"COMMENT ON INDEX \"{change.name}\" IS '{comment}'")
    except Exception as error:
        raise IndexFailed(target.place, change.name, error) from error
    if change.index and session.kind == "sqlite":
        await _check_columns(session, target, change.index)


async def _check_columns(session: Session, target: Target, index: Index) -> None:
    """SQLite takes a quoted name that is no column for a text, and would index that."""
    columns = await session.rows(f'PRAGMA index_xinfo("{index.name}")')
    for name, column in zip(index.plain_columns(), columns, strict=False):
        if name and column["cid"] == -2:
            raise IndexFailed(target.place, index.name, f"table {index.table} has no column {name}")
