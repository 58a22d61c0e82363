"""The table of jobs: what is stored of each, how one is queued and cancelled, and how jobs are looked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ...plugins.choices import Choices
from ...plugins.operations import Operation
from ..catalogue import Kind
from ..databases.database import Database, Insert, Reader, Write
from ..identity import shown
from ..reading.dialects import Dialect
from ..reading.rows import as_list
from ..storing import BIGGEST_INT, DatabaseKind, load, store
from ..values.text import without_controls

MOST_LISTED = 200
LONGEST_MESSAGE = 1_000  # characters of what a job says of its progress
COLUMNS: Mapping[str, Kind] = {
    "id": Kind.ID,
    "plugin": Kind.CODE,
    "name": Kind.CODE,
    "arguments": Kind.DOCUMENT,
    "actor_id": Kind.ID,
    "permissions": Kind.TEXT_LIST,
    "state": Kind.CODE,
    "done": Kind.INTEGER,
    "total": Kind.INTEGER,
    "message": Kind.TEXT,
    "result": Kind.DOCUMENT,
    "trouble": Kind.TEXT,
    "attempts": Kind.INTEGER,
    "interruptions": Kind.INTEGER,  # of the attempts those that ended with an orderly stop of their process
    "due_at": Kind.TIMESTAMP,
    "cancelled_at": Kind.TIMESTAMP,
    "created_at": Kind.TIMESTAMP,
    "started_at": Kind.TIMESTAMP,
    "ended_at": Kind.TIMESTAMP,
}
UNSHOWN = frozenset({"arguments", "actor_id", "permissions", "interruptions", "due_at", "cancelled_at"})
SHOWN = tuple(column for column in COLUMNS if column not in UNSHOWN)  # of what may be long, the result alone


class JobState(Choices):
    """How far a job has come."""

    QUEUED = "QUEUED", "It waits for a process that has room for it."
    RUNNING = "RUNNING", "It is being worked on."
    DONE = "DONE", "It came to its end."
    FAILED = "FAILED", "It failed; the log says why."
    CANCELLED = "CANCELLED", "Somebody put an end to it."


def queue_job(
    operation: Operation,
    arguments: Mapping[str, Any],
    *,
    id_: UUID,
    actor: UUID,
    permissions: Iterable[str],
    now: datetime,
    kind: DatabaseKind,
) -> Write:
    """What stores a new job; its arguments as JSON. It runs with the permissions of who asks for it now."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    values |= {
        "id": id_,
        "plugin": operation.plugin,
        "name": operation.name,
        "arguments": dict(arguments),
        "actor_id": actor,
        "permissions": sorted(permissions),
        "state": JobState.QUEUED.value,
        "done": 0,
        "attempts": 0,
        "interruptions": 0,
        "due_at": now,
        "created_at": now,
    }
    row = [store(column_kind, values[column], kind) for column, column_kind in COLUMNS.items()]
    return Insert(table="job", columns=tuple(COLUMNS), rows=[row])


@dataclass(frozen=True, kw_only=True)
class Starter:
    """An actor to whom only those jobs count that it started, and everything that they run with it holds."""

    actor: UUID
    permissions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which jobs are looked for: the newest of those that are all of this; None is whatever there is.

    With `holding`, the results of those alone are read that run with no other permissions than these.
    """

    ids: Sequence[UUID] | None = None
    states: Sequence[str] | None = None
    starter: Starter | None = None
    holding: frozenset[str] | None = None
    most: int = 1


async def read_jobs(
    reader: Reader, dialect: Dialect, wanted: Wanted, *, with_results: bool = False
) -> list[dict[str, Any]]:
    """Jobs by column, the newest first, as Python values; but what came of them, if it is read, as JSON text."""
    columns = SHOWN if with_results else [column for column in SHOWN if column != "result"]
    statement, parameters = _newest(wanted, dialect, columns)
    kinds = [Kind.TEXT if column == "result" else COLUMNS[column] for column in columns]
    return [
        {column: load(kind, value, dialect.kind) for column, kind, value in zip(columns, kinds, row, strict=True)}
        for row in await reader.fetch(statement, parameters)
    ]


async def measure_results(reader: Reader, dialect: Dialect, wanted: Wanted) -> int:
    """How large the results of jobs are together, before any of them is read: in bytes or, on SQLite, characters."""
    length = "length(result)" if dialect.kind == "sqlite" else "octet_length(result)"
    statement, parameters = _newest(wanted, dialect, [f"{length} as size"])
    [row] = await reader.fetch(f"select coalesce(sum(size), 0) from ({statement}) found", parameters)
    return int(row[0])


def listed(most: int) -> int:
    """How many jobs are listed where so many are asked for."""
    return min(max(most, 1), MOST_LISTED)


def _newest(wanted: Wanted, dialect: Dialect, columns: Sequence[str]) -> tuple[str, list[Any]]:
    """The statement that reads columns of jobs, and its parameters."""
    parameters: list[Any] = []

    def among(expression: str, kind: Kind, values: Iterable[Any]) -> str:
        parameters.append(as_list([store(kind, value, dialect.kind) for value in values], dialect))
        return dialect.in_list(expression, len(parameters), kind)

    def runs_with(permissions: Iterable[str]) -> str:
        source, one = dialect.elements("permissions", "needed")
        return f"not exists (select 1 from {source} where not {among(one, Kind.CODE, sorted(permissions))})"

    conditions: list[str] = []
    if wanted.ids is not None:
        conditions.append(among("id", Kind.ID, wanted.ids))
    if wanted.states is not None:
        conditions.append(among("state", Kind.CODE, wanted.states))
    if wanted.starter is not None:
        conditions.append(among("actor_id", Kind.ID, [wanted.starter.actor]))
        conditions.append(runs_with(wanted.starter.permissions))
    where = f"where {' and '.join(conditions)} " if conditions else ""
    if wanted.holding is not None and "result" in columns:
        columns = [*columns]
        columns[columns.index("result")] = f"case when {runs_with(wanted.holding)} then result end as result"
    return f"select {','.join(columns)} from job {where}order by id desc limit {listed(wanted.most)}", parameters


async def cancel_job(database: Database, id_: UUID, now: datetime) -> None:
    """End a job that waits, and have one that runs be ended by its process; one that has ended stays as it is."""
    place, kind = database.dialect.parameter, database.kind
    async with database.transaction() as transaction:
        await transaction.execute(
            f"update job set cancelled_at = {place(1, Kind.TIMESTAMP)}, "
            f"ended_at = case when state = 'QUEUED' then {place(1, Kind.TIMESTAMP)} else ended_at end, "
            "state = case when state = 'QUEUED' then 'CANCELLED' else state end "
            f"where id = {place(2, Kind.ID)} and state in ('QUEUED','RUNNING') and cancelled_at is null",
            [store(Kind.TIMESTAMP, now, kind), store(Kind.ID, id_, kind)],
        )


def progress_of(done: Any, total: Any, message: Any) -> dict[str, Any]:
    """What is stored of a job's progress; raises ValueError for numbers that the table can't hold."""
    for name, value in (("done", done), ("total", total)):
        is_missing = value is None and name == "total"
        if not is_missing and (type(value) is not int or not 0 <= value <= BIGGEST_INT):
            raise ValueError(f"{name} is {shown(value)}; progress is told in whole numbers from 0 to {BIGGEST_INT}")
    text = without_controls(str(message or ""))
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    return {"done": done, "total": total, "message": text or None}


def loaded_job(row: Sequence[Any], kind: DatabaseKind) -> dict[str, Any]:
    """A job by column, as Python values."""
    return {c: load(k, value, kind) for (c, k), value in zip(COLUMNS.items(), row, strict=True)}
