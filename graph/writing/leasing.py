"""Work that waits in a table and is taken under a lease: by one process at a time, and by another when that is gone.

A row's `due_at` is when it may be taken: for one that is taken, when its lease ends. Its `attempts` counts how often it
was begun, so that who has lost it to another finds the number changed.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ..catalogue import Kind
from ..databases.database import Database, Transaction, Update
from ..reading.rows import as_list
from ..storing import load, store
from .retrying import LEASE, MOST_ATTEMPTS, next_attempt

Further = Callable[[Sequence[Any]], Mapping[str, Any]]  # what else is set in a row that is taken
KINDS: Mapping[str, Kind] = {
    "attempts": Kind.INTEGER,
    "due_at": Kind.TIMESTAMP,
    "parked_at": Kind.TIMESTAMP,
    "trouble": Kind.TEXT,
}


@dataclass(frozen=True, kw_only=True)
class Leased:
    """A row that was taken: its columns as they were stored before, and which of them were set."""

    id: UUID
    row: Sequence[Any]
    attempts: int
    until: datetime
    changed: Mapping[str, Any]


def _nothing(row: Sequence[Any]) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Rows of one table, called d, that wait to be worked on; `beside` joins what is read along with them.

    `waits` says which ones they are, with the parameters from the second on (the first is the moment); `first` says
    which of them may be taken before the others.
    """

    database: Database
    now: Callable[[], datetime]
    table: str
    columns: Sequence[str]
    waits: str
    parameters: Sequence[Any]
    beside: str = ""
    first: str = ""
    order: str = "d.due_at, d.id"
    batch: int = 1
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    further: Further = _nothing

    async def claim(self) -> list[Leased]:
        """Take the rows that are due, a batch at most."""
        database, kind = self.database, self.database.kind
        due = f"{self.waits} and d.due_at <= {database.dialect.parameter(1, Kind.TIMESTAMP)}"
        asked = [store(Kind.TIMESTAMP, self.now(), kind), *self.parameters]
        if not await database.fetch(f"select 1 from {self.table} d where {due} limit 1", asked):
            return []  # seen by reading alone, so that nobody who writes waits for it
        async with database.transaction() as transaction:
            rows = await transaction.fetch(
                f"select d.id,d.attempts,{','.join(self.columns)} from {self.table} d {self.beside} "
                f"where {due} {self.first} order by {self.order} limit {self.batch}"
                f"{'' if kind == 'sqlite' else ' for update of d skip locked'}",
                asked,
            )
            until = self.now() + LEASE
            taken = [
                Leased(
                    id=load(Kind.ID, row[0], kind),
                    row=row[2:],
                    attempts=row[1] + 1,
                    until=until,
                    changed={"attempts": row[1] + 1, "due_at": until, **self.further(row[2:])},
                )
                for row in rows
            ]
            if taken:
                changed = [(row[0], self._stored(one.changed)) for row, one in zip(rows, taken, strict=True)]
                columns = tuple(taken[0].changed)
                await transaction.write([Update(table=self.table, key="id", columns=columns, rows=changed)])
        return taken

    def seconds_left(self, leased: Leased) -> float:
        """How long a lease lasts, and no longer than a whole one, wherever the clock was set meanwhile."""
        return min(leased.until - self.now(), LEASE).total_seconds()

    async def work(self, do: Callable[[Leased], Awaitable[None]], is_stopping: Callable[[], bool]) -> int:
        """Take what is due and do one after the other; returns how many were tried.

        None is begun that its lease would soon cut short, or once it is time to stop: those are given back.
        """
        tried = 0
        while not is_stopping():
            waiting = deque(await self.claim())
            if not waiting:
                break
            try:
                while waiting and self.seconds_left(waiting[0]) >= LEASE.total_seconds() / 2 and not is_stopping():
                    leased = waiting.popleft()
                    tried += 1
                    if leased.attempts > MOST_ATTEMPTS:
                        await self.park(leased, "no worker came to an end with it")
                    else:
                        await do(leased)
            finally:
                if waiting:
                    await self._give_back(list(waiting))
        return tried

    async def _give_back(self, several: Sequence[Leased]) -> None:
        """Undo the claim of rows that were not begun, as far as no other worker has them by now."""
        dialect, kind = self.database.dialect, self.database.kind
        async with self.database.transaction() as transaction:
            await transaction.execute(
                f"update {self.table} set attempts = attempts - 1, due_at = {dialect.parameter(1, Kind.TIMESTAMP)} "
                f"where due_at = {dialect.parameter(2, Kind.TIMESTAMP)} and {dialect.in_list('id', 3, Kind.ID)}",
                [
                    *(store(Kind.TIMESTAMP, moment, kind) for moment in (self.now(), several[0].until)),
                    as_list([store(Kind.ID, one.id, kind) for one in several], dialect),
                ],
            )

    async def finish(self, leased: Leased) -> bool:
        """Take a row that is done out of the table; whether it was still ours."""
        async with self.database.transaction() as transaction:
            return await self._run(transaction, leased, f"delete from {self.table}", [])

    async def park(self, leased: Leased, trouble: str) -> bool:
        """Put a row aside; whether it was still ours."""
        async with self.database.transaction() as transaction:
            return await self.change(transaction, leased, {"parked_at": self.now(), "trouble": trouble})

    async def put_off(self, leased: Leased, moment: datetime) -> None:
        """Give back a row that was not begun, to be taken no sooner than at a moment."""
        async with self.database.transaction() as transaction:
            await self.change(transaction, leased, {"due_at": moment, "attempts": leased.attempts - 1})

    async def fail(
        self,
        leased: Leased,
        trouble: str,
        beside: Callable[[Transaction, datetime], Awaitable[None]] | None = None,
    ) -> bool:
        """Let a row be tried again later, and do what goes `beside` that; after many attempts park it."""
        if leased.attempts >= MOST_ATTEMPTS:
            return await self.park(leased, trouble)
        later = next_attempt(self.now(), leased.attempts)
        async with self.database.transaction() as transaction:
            is_ours = await self.change(transaction, leased, {"due_at": later, "trouble": trouble})
            if is_ours and beside is not None:
                await beside(transaction, later)
        return is_ours

    async def change(
        self, transaction: Transaction, leased: Leased, values: Mapping[str, Any], *, further: str = ""
    ) -> bool:
        """Set columns of a row, if it is still ours and the `further` condition is true of it; whether it was."""
        places = [self.database.dialect.parameter(number, self.kinds[name]) for number, name in enumerate(values, 1)]
        settings = ", ".join(f"{name} = {place}" for name, place in zip(values, places, strict=True))
        statement = f"update {self.table} set {settings}"
        return await self._run(transaction, leased, statement, self._stored(values), further)

    async def _run(
        self, transaction: Transaction, leased: Leased, statement: str, parameters: Sequence[Any], further: str = ""
    ) -> bool:
        """Run a statement on a row, unless its lease ran out and another worker has begun it since."""
        place, number = self.database.dialect.parameter, len(parameters)
        touched = await transaction.execute(
            f"{statement} where id = {place(number + 1, Kind.ID)} "
            f"and attempts = {place(number + 2, Kind.INTEGER)} {further}",
            [*parameters, store(Kind.ID, leased.id, self.database.kind), leased.attempts],
        )
        return touched > 0

    def _stored(self, values: Mapping[str, Any]) -> list[Any]:
        return [store(self.kinds[column], value, self.database.kind) for column, value in values.items()]
