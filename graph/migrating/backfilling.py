"""Giving every owner its extension row, in batches that each stand alone, so that what was ended midway goes on."""

from collections.abc import Callable, Sequence
from typing import Any

from ..databases.database import Database
from .errors import BackfillFailed
from .marks import Backfill, Upkeep
from .sessions import Session

BATCH = 1_000  # rows; as many as a statement has places for, where they are wide
PLACES = 30_000  # values of a statement: PostgreSQL takes 32,767, SQLite as many or more


Heard = Callable[[str, int, int], None]


async def count_lacking(session: Session, backfill: Backfill) -> int:
    """How many owners lack their row."""
    [row] = await session.rows(f'SELECT count(*) AS number FROM "{backfill.owner}" o WHERE {backfill.lacking()}')
    return int(row["number"])


async def find_lacking(database: Database, backfills: Sequence[Backfill]) -> str | None:
    """The first extension's table that lacks a row for some owner, read through a database that is open."""
    for one in backfills:
        if await database.fetch(f'SELECT 1 FROM "{one.owner}" o WHERE {one.lacking()} LIMIT 1', []):
            return one.table
    return None


async def fill(session: Session, backfill: Backfill, place: str, heard: Heard) -> int:
    """Make the rows that are missing, deleted owners' included; returns how many. Raises BackfillFailed.

    `heard` is told the table, how many rows are done, and of how many.
    """
    total = await count_lacking(session, backfill)
    done, last = 0, None
    while total:
        heard(backfill.table, done, max(total, done))
        await session.begin()
        try:
            made, last = await _batch(session, backfill, last)
            await session.commit()
        except BaseException as error:
            await session.rollback()
            if isinstance(error, Exception):
                raise BackfillFailed(place, backfill.table, _said(error)) from error
            raise
        if not made:
            heard(backfill.table, done, done)
            break
        done += made
    return done


async def _batch(session: Session, backfill: Backfill, last: Any) -> tuple[int, Any]:
    size = min(BATCH, PLACES // (len(backfill.columns) + 2))
    after, values = ("", []) if last is None else ("o.id > ? AND ", [last])
    locked = "" if session.kind == "sqlite" else " FOR SHARE OF o"  # an owner that is deleted meanwhile waits
    owners = await session.rows(
        f'SELECT o.id, o.deleted_at FROM "{backfill.owner}" o WHERE {after}{backfill.lacking()} '
        f"ORDER BY o.id LIMIT {size}{locked}",
        values,
    )
    if not owners:
        return 0, last
    names = ("owner_id", "deleted_at", *backfill.columns)
    row = f"({', '.join('?' * len(names))})"
    given = [value for owner in owners for value in (owner["id"], owner["deleted_at"], *backfill.values())]
    columns = ", ".join(f'"{name}"' for name in names)
    await session.run(
        f'INSERT INTO "{backfill.table}" ({columns}) VALUES {", ".join([row] * len(owners))} '
        "ON CONFLICT (owner_id) DO NOTHING",
        given,
    )
    return len(owners), owners[-1]["id"]


async def keep_up(session: Session, upkeep: Upkeep, place: str) -> None:
    """Let a plugin's rows follow what happened to their owners while it was not enabled. Raises BackfillFailed."""
    await session.begin()
    try:
        for statement in upkeep.statements:
            await session.run(statement)
        await session.commit()
    except BaseException as error:
        await session.rollback()
        if isinstance(error, Exception):
            raise BackfillFailed(place, f"plugin {upkeep.plugin}", _said(error)) from error
        raise


def _said(error: Exception) -> str:
    """What a database says, without the values that PostgreSQL adds in further lines."""
    return str(error).partition("\n")[0]
