"""Work that falls due: stored with its time, and done at least once after it by one of all processes."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from ...plugins.calling import Hooks
from ...plugins.contexts import Context
from ...plugins.operations import Due, Operation, OperationKind, is_due, operations_of
from ...plugins.plugin import Plugin
from ...plugins.units import NotYours
from ..catalogue import Kind
from ..databases.database import Database, Transaction
from ..reading.dialects import Dialect
from ..reading.rows import as_list
from ..storing import load, store
from .leasing import Leased, Queue
from .retrying import trouble_of
from .turns import POLL_SECONDS, Turns, is_cancelled

log = logging.getLogger("accord.due")

BATCH = 20
PAUSE = timedelta(seconds=1)  # between two times that work of one name is done for one record
MOST_REMEMBERED = 1_000
COLUMNS: Mapping[str, Kind] = {
    "id": Kind.ID,
    "plugin": Kind.CODE,
    "name": Kind.CODE,
    "record_id": Kind.ID,
    "data": Kind.DOCUMENT,
    "planned_for": Kind.TIMESTAMP,
    "actor_id": Kind.ID,
    "attempts": Kind.INTEGER,
    "due_at": Kind.TIMESTAMP,
    "created_at": Kind.TIMESTAMP,
}

Statement = tuple[str, Sequence[Any]]
Contexts = Callable[[str], Context]  # of a plugin's own work


def plan_due(
    plugin: Plugin,
    name: str,
    *,
    at: datetime | None,
    record: UUID | None,
    data: Mapping[str, Any] | None,
    id_: UUID,
    now: datetime,
    actor: UUID,
    dialect: Dialect,
) -> list[Statement]:
    """What plans work of a plugin, or takes it away; raises NotYours where the plugin has no such method."""
    if not is_due(plugin, name):
        raise NotYours(f"the plugin {plugin.name} has no method marked @due and called {name}")
    if at is not None and at.tzinfo is None:
        raise ValueError(f"the time {at} of {name} has no zone; give it in UTC")
    places = [dialect.parameter(number, kind) for number, kind in enumerate(COLUMNS.values(), 1)]
    if at is None:
        if record is None:
            raise ValueError(f"which {name} is to be taken away? give the record that it was planned with")
        where = " and ".join(
            f"{column} = {dialect.parameter(number, COLUMNS[column])}"
            for number, column in enumerate(("plugin", "name", "record_id"), 1)
        )
        return [(f"delete from due_work where {where}", [plugin.name, name, store(Kind.ID, record, dialect.kind)])]
    values = {
        "id": id_,
        "plugin": plugin.name,
        "name": name,
        "record_id": record,
        "data": dict(data or {}),
        "planned_for": at.astimezone(UTC),
        "actor_id": actor,
        "attempts": 0,
        "due_at": at.astimezone(UTC),
        "created_at": now,
    }
    changed = ",".join(f"{column} = excluded.{column}" for column in COLUMNS)
    statement = (
        f"insert into due_work ({','.join(COLUMNS)}) values ({','.join(places)}) "
        "on conflict (plugin,name,record_id) where record_id is not null "
        f"do update set {changed}, parked_at = null, trouble = null"
    )
    return [(statement, [store(kind, values[column], dialect.kind) for column, kind in COLUMNS.items()])]


class DueWorker:
    """Does what has fallen due of each plugin: under a lease, again later after a failure, then put aside."""

    def __init__(
        self,
        database: Database,
        hooks: Hooks,
        contexts: Contexts,
        *,
        now: Callable[[], datetime],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._hooks = hooks
        self._contexts = contexts
        self._now = now
        self._begun: dict[tuple[str, str, UUID], datetime] = {}
        self._methods: dict[str, dict[str, Operation]] = {}
        for plugin in hooks.plugins:
            found = {one.name: one for one in operations_of(plugin)[0] if one.kind is OperationKind.DUE}
            if found:
                self._methods[plugin.name] = found
        self._turns = {
            name: Turns(partial(self.drain, name), f"what is due of {name}", poll_seconds=poll_seconds)
            for name in self._methods
        }

    def wake(self) -> None:
        """Look now for what is due."""
        for turns in self._turns.values():
            turns.wake()

    def stop(self) -> None:
        """Let the work at hand be finished, give the rest back, and end."""
        for turns in self._turns.values():
            turns.stop()

    async def run(self) -> None:
        """Work until stopped or cancelled; no plugin waits for another."""
        async with asyncio.TaskGroup() as group:
            for turns in self._turns.values():
                group.create_task(turns.run())

    async def drain(self, plugin: str | None = None) -> int:
        """Do everything that is due, of one plugin or of all; returns how many were tried."""
        tried = 0
        for name in [plugin] if plugin else list(self._methods):
            queue, turns = self.queue(name), self._turns[name]
            tried += await queue.work(partial(self._do, name, queue), lambda turns=turns: turns.is_stopping)
        return tried

    def queue(self, plugin: str) -> Queue:
        """What waits of a plugin, but for what another version of it has planned: that waits for who has the method."""
        dialect = self._database.dialect
        return Queue(
            database=self._database,
            now=self._now,
            table="due_work",
            columns=tuple(COLUMNS),
            waits=f"d.plugin = {dialect.parameter(2, Kind.CODE)} and d.parked_at is null "
            f"and {dialect.in_list('d.name', 3, Kind.CODE)}",
            parameters=[plugin, as_list(list(self._methods[plugin]), dialect)],
            batch=BATCH,
        )

    async def _do(self, plugin: str, queue: Queue, leased: Leased) -> None:
        due = self._due(leased)
        if (later := self._pause(plugin, due)) is not None:
            await queue.put_off(leased, later)
            return
        method = self._methods[plugin][due.name]
        try:
            work = method.function(self._contexts(plugin), due)
            await self._hooks.contained(plugin, f"due {due.name}", work, seconds=queue.seconds_left(leased))
        except (Exception, asyncio.CancelledError) as error:  # the edge between Accord and a plugin
            if is_cancelled():
                raise
            log.warning("due work %s of %s failed, attempt %s", due.name, plugin, due.attempts, exc_info=error)
            await queue.fail(leased, trouble_of(error))
        else:
            await queue.finish(leased)  # planned anew meanwhile, it is another row

    def _pause(self, plugin: str, due: Due) -> datetime | None:
        """Until when work has to wait that was done for its record a moment ago.

        What plans itself anew for a time that has passed would otherwise keep the process busy with nothing else.
        """
        if due.record is None:
            return None
        now, key = self._now(), (plugin, due.name, due.record)
        before = self._begun.get(key)
        if before is not None and timedelta(0) <= now - before < PAUSE:
            log.warning("due work %s of %s plans itself anew for a time that has passed; it waits", due.name, plugin)
            return before + PAUSE
        if len(self._begun) >= MOST_REMEMBERED:
            self._begun = {key: moment for key, moment in self._begun.items() if now - moment < PAUSE}
        self._begun[key] = now
        return None

    def _due(self, leased: Leased) -> Due:
        kind = self._database.kind
        row = {c: load(k, value, kind) for (c, k), value in zip(COLUMNS.items(), leased.row, strict=True)}
        return Due(
            id=leased.id,
            name=row["name"],
            at=row["planned_for"],
            record=row["record_id"],
            actor=row["actor_id"],
            data=row["data"],
            attempts=leased.attempts,
        )


async def follow(transaction: Transaction, statements: Sequence[Statement]) -> None:
    """Run statements that go with a unit of work, in their order."""
    for statement, parameters in statements:
        await transaction.execute(statement, parameters)
