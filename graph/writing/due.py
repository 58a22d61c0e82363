"""Work that falls due: stored with its time, and done at least once after it by one of all processes."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ...plugins.calling import Hooks, PluginFailed
from ...plugins.contexts import Context
from ...plugins.operations import Due, Operation, OperationKind, is_due, operations_of
from ...plugins.plugin import Plugin
from ...plugins.units import NotYours
from ..catalogue import Kind
from ..databases.database import Database, Transaction, Update
from ..reading.dialects import Dialect
from ..reading.rows import as_list
from ..storing import load, store
from .retrying import LEASE, MOST_ATTEMPTS, next_attempt
from .turns import POLL_SECONDS, Turns, is_cancelled

log = logging.getLogger("accord.due")

BATCH = 20
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


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    due: Due
    plugin: str


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
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._hooks = hooks
        self._contexts = contexts
        self._now = now
        self._lease = lease
        self._methods: dict[str, dict[str, Operation]] = {}
        for plugin in hooks.plugins:
            found = {one.name: one for one in operations_of(plugin)[0] if one.kind is OperationKind.DUE}
            if found:
                self._methods[plugin.name] = found
        self._turns = {
            name: Turns(_turn(self, name), f"what is due of {name}", poll_seconds=poll_seconds)
            for name in self._methods
        }

    def wake(self) -> None:
        """Look now for what is due."""
        for turns in self._turns.values():
            turns.wake()

    def stop(self) -> None:
        """Let what is at hand be finished, and end."""
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
            while not self._turns[name].is_stopping:
                until = self._now() + self._lease
                claimed = await self._claim(name, until)
                if not claimed:
                    break
                for one in claimed:
                    # what is left past the lease, or when told to stop, comes again when its lease has run out
                    if self._now() < until and not self._turns[name].is_stopping:
                        await self._do(one, until)
                        tried += 1
        return tried

    async def _claim(self, plugin: str, until: datetime) -> list[_Claimed]:
        kind, place = self._database.kind, self._database.dialect.parameter
        locking = "" if kind == "sqlite" else " for update skip locked"
        names = as_list(list(self._methods[plugin]), self._database.dialect)  # others wait for a process that has them
        condition = (
            f"plugin = {place(1, Kind.CODE)} and parked_at is null and due_at <= {place(2, Kind.TIMESTAMP)} "
            f"and {self._database.dialect.in_list('name', 3, Kind.CODE)}"
        )
        statement = f"select {','.join(COLUMNS)} from due_work where {condition} order by due_at, id limit {BATCH}"
        asked = [plugin, store(Kind.TIMESTAMP, self._now(), kind), names]
        if not await self._database.fetch(f"select 1 from due_work where {condition} limit 1", asked):
            return []
        async with self._database.transaction() as transaction:
            rows = [
                {c: load(k, value, kind) for (c, k), value in zip(COLUMNS.items(), row, strict=True)}
                for row in await transaction.fetch(f"{statement}{locking}", asked)
            ]
            leased = [
                (store(Kind.ID, row["id"], kind), [row["attempts"] + 1, store(Kind.TIMESTAMP, until, kind)])
                for row in rows
            ]
            if leased:
                columns = ("attempts", "due_at")
                await transaction.write([Update(table="due_work", key="id", columns=columns, rows=leased)])
        return [
            _Claimed(
                plugin=plugin,
                due=Due(
                    id=row["id"],
                    name=row["name"],
                    at=row["planned_for"],
                    record=row["record_id"],
                    actor=row["actor_id"],
                    data=row["data"],
                    attempts=row["attempts"] + 1,
                ),
            )
            for row in rows
        ]

    async def _do(self, claimed: _Claimed, until: datetime) -> None:
        due, plugin = claimed.due, claimed.plugin
        method = self._methods[plugin][due.name]
        if due.attempts > MOST_ATTEMPTS:
            await self._set(due, "parked_at", self._now(), "no worker came to an end with it")
            return
        seconds = (until - self._now()).total_seconds()
        try:
            work = method.function(self._contexts(plugin), due)
            await self._hooks.contained(plugin, f"due {due.name}", work, seconds=seconds)
        except (Exception, asyncio.CancelledError) as error:  # the edge between Accord and a plugin
            if is_cancelled():
                raise
            log.warning("due work %s of %s failed, attempt %s", due.name, plugin, due.attempts, exc_info=error)
            later = next_attempt(self._now(), due.attempts)
            parked = due.attempts >= MOST_ATTEMPTS
            await self._set(
                due, "parked_at" if parked else "due_at", self._now() if parked else later, trouble_of(error)
            )
            return
        async with self._database.transaction() as transaction:
            place = self._database.dialect.parameter
            # planned anew meanwhile, it is another row
            await transaction.execute(
                f"delete from due_work where id = {place(1, Kind.ID)} and attempts = {place(2, Kind.INTEGER)}",
                [store(Kind.ID, due.id, self._database.kind), due.attempts],
            )

    async def _set(self, due: Due, column: str, moment: datetime, trouble: str | None) -> None:
        kind, place = self._database.kind, self._database.dialect.parameter
        async with self._database.transaction() as transaction:
            await transaction.execute(
                f"update due_work set {column} = {place(1, Kind.TIMESTAMP)}, trouble = {place(2, Kind.TEXT)} "
                f"where id = {place(3, Kind.ID)} and attempts = {place(4, Kind.INTEGER)}",
                [store(Kind.TIMESTAMP, moment, kind), trouble, store(Kind.ID, due.id, kind), due.attempts],
            )


def trouble_of(error: BaseException) -> str:
    """What operators are told of a failure: the type of it, and where to find the rest."""
    if isinstance(error, PluginFailed):
        return f"{type(error.__cause__).__name__}, incident {error.incident}"
    return type(error).__name__


def _turn(worker: DueWorker, plugin: str) -> Callable[[], Any]:
    return lambda: worker.drain(plugin)


async def follow(transaction: Transaction, statements: Sequence[Statement]) -> None:
    """Run statements that go with a unit of work, in their order."""
    for statement, parameters in statements:
        await transaction.execute(statement, parameters)
