"""What was put aside after many attempts: events that a plugin could not take, and work of it that fell due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ..catalogue import Kind
from ..databases.database import Database, Reader
from ..reading.rows import as_list
from ..storing import DatabaseKind, load, store

MOST_LISTED = 1_000
TABLES = ("outbox_delivery", "due_work")


@dataclass(frozen=True, kw_only=True)
class Parked:
    """One thing put aside: `who` failed at it, `what` it is about, and `trouble` is what is known of why."""

    id: UUID
    who: str
    what: str
    attempts: int
    parked_at: datetime
    trouble: str


async def list_parked(reader: Reader, kind: DatabaseKind) -> list[Parked]:
    """All that is put aside, the oldest first."""
    events = await reader.fetch(
        "select d.id, d.consumer, e.record, e.kind, d.record_id, d.attempts, d.parked_at, d.trouble "
        "from outbox_delivery d join outbox_event e on e.id = d.event_id where d.parked_at is not null "
        f"order by d.parked_at, d.id limit {MOST_LISTED}",
        [],
    )
    due = await reader.fetch(
        "select id, plugin, name, record_id, attempts, parked_at, trouble from due_work where parked_at is not null "
        f"order by parked_at, id limit {MOST_LISTED}",
        [],
    )
    found = [_parked(kind, row[0], row[1], f"{row[3]} of {row[2]} {row[4]}", row[5:]) for row in events]
    found += [
        _parked(kind, row[0], f"plugin {row[1]}", f"due {row[2]}{f' of {row[3]}' if row[3] else ''}", row[4:])
        for row in due
    ]
    return sorted(found, key=lambda one: (one.parked_at, one.id))


def _parked(kind: DatabaseKind, id_: Any, who: str, what: str, rest: Sequence[Any]) -> Parked:
    attempts, parked_at, trouble = rest
    return Parked(
        id=load(Kind.ID, id_, kind),
        who=who,
        what=what,
        attempts=attempts,
        parked_at=load(Kind.TIMESTAMP, parked_at, kind),
        trouble=trouble or "",
    )


async def count_parked(reader: Reader) -> dict[str, int]:
    """How much is put aside, by who failed at it."""
    rows = await reader.fetch(
        "select consumer, count(*) from outbox_delivery where parked_at is not null group by consumer union all "
        "select 'due work of plugin ' || plugin, count(*) from due_work where parked_at is not null group by plugin",
        [],
    )
    return {row[0]: row[1] for row in sorted(rows, key=lambda row: str(row[0]))}


async def retry_parked(database: Database, ids: Sequence[UUID] | None, now: datetime) -> int:
    """Have these tried again, or all of it; returns how many. What came after a parked event has been handed on."""
    dialect, kind = database.dialect, database.kind
    count = 0
    async with database.transaction() as transaction:
        for table in TABLES:
            moment = dialect.parameter(1, Kind.TIMESTAMP)
            statement = (
                f"update {table} set parked_at = null, attempts = 0, due_at = {moment} where parked_at is not null"
            )
            parameters: list[Any] = [store(Kind.TIMESTAMP, now, kind)]
            if ids is not None:
                statement += f" and {dialect.in_list('id', 2, Kind.ID)}"
                parameters.append(as_list([store(Kind.ID, id_, kind) for id_ in ids], dialect))
            count += await transaction.execute(statement, parameters)
    return count
