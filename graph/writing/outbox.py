"""The outbox: events written with their change, and the worker that hands them on after the commit, at least once.

Of each event there is a delivery for each consumer, so that none waits for another.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import orjson

from ...plugins.changes import Change, ChangeKind
from ...plugins.contexts import Event
from ..catalogue import Column, GroupField, Kind, Member, RecordType, ToAny, ToOne
from ..databases.database import Database, Insert, Transaction, Write
from ..storing import DatabaseKind, load, store
from .checks import STAMPED
from .discretion import states_secrets
from .leasing import Leased, Queue
from .retrying import trouble_of
from .turns import POLL_SECONDS, Turns, is_cancelled
from .unit import UnitOfWork

log = logging.getLogger("accord.outbox")

BATCH = 100
COLUMNS = (
    "id",
    "record",
    "record_id",
    "kind",
    "version",
    "fields_changed",
    "actor_id",
    "occurred_at",
)
DELIVERY = ("id", "event_id", "consumer", "record_id", "version", "attempts", "due_at")


class Consumer(Protocol):
    """Something that is told of every event. It may be told twice: raising means being told again later."""

    name: str

    async def handle(self, event: Event) -> None:
        """Take note of an event."""
        ...


def events_of(unit: UnitOfWork, consumers: Sequence[str]) -> list[Write]:
    """What writes one event for each record that the unit changed, once its changes are stamped."""
    kind = unit.dialect.kind
    rows: list[list[Any]] = []
    deliveries: list[list[Any]] = []
    moment, actor = store(Kind.TIMESTAMP, unit.now, kind), store(Kind.ID, unit.actor, kind)
    for change in unit.all_changes():
        record = unit.catalogue[change.record]
        if not record.is_record or (change.before is not None and not change.changed("version")):
            continue
        id_, record_id, version = (
            store(Kind.ID, unit.new_id(), kind),
            store(Kind.ID, change.id, kind),
            change.after["version"],
        )
        fields = orjson.dumps(_fields(unit, record, change)).decode()
        rows.append([id_, record.name, record_id, change.kind.value, version, fields, actor, moment])
        for consumer in consumers:
            deliveries.append([store(Kind.ID, unit.new_id(), kind), id_, consumer, record_id, version, 0, moment])
    writes: list[Write] = [Insert(table="outbox_event", columns=COLUMNS, rows=rows)] if rows else []
    return [*writes, Insert(table="outbox_delivery", columns=DELIVERY, rows=deliveries)] if deliveries else writes


def _fields(unit: UnitOfWork, record: RecordType, change: Change) -> list[str]:
    """The API names of the fields that changed (a plugin's as `hipaa.npi`); of a new record those that have a value."""
    names = _changed(unit, record, change)
    for extension in unit.catalogue.extensions(record.name):
        beside = unit.change(extension.name, change.id)
        if beside is not None:
            names += [f"{extension.namespace}.{name}" for name in _changed(unit, extension, beside)]
    return names


def _changed(unit: UnitOfWork, record: RecordType, change: Change) -> list[str]:
    before, after = change.before or {}, change.after
    differing = {name for name, value in after.items() if before.get(name) != value} | states_secrets(unit, change)
    return [name for name, columns in unit.once.of(_shown, record) if not differing.isdisjoint(columns)]


def _shown(record: RecordType) -> list[tuple[str, list[str]]]:
    """Each field that the API shows, with the columns that hold it, but for what is stamped."""
    fields = [(name, [one for one in columns if one not in STAMPED]) for name, columns in _columns(record.members)]
    return [(name, columns) for name, columns in fields if columns]


def _columns(members: Mapping[str, Member]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field that the API shows, by its name there, with the columns that hold it."""
    for name, member in members.items():
        match member:
            case Column():
                yield name, tuple(filter(None, (member.name, member.currency)))
            case ToOne():
                yield name, (member.column,)
            case ToAny():
                yield name, (member.type_column, member.column)
            case GroupField() if not member.whole:
                yield from ((f"{name}.{inner}", columns) for inner, columns in _columns(member.members))
            case _:  # a whole group's columns stand beside it as well; the rest are rows of their own
                continue


def loaded_event(row: Sequence[Any], kind: DatabaseKind, attempts: int = 0) -> Event:
    """The event in a row of COLUMNS."""
    return Event(
        id=load(Kind.ID, row[0], kind),
        record=row[1],
        record_id=load(Kind.ID, row[2], kind),
        kind=ChangeKind(row[3]),
        version=row[4],
        fields=tuple(orjson.loads(row[5])),
        actor=load(Kind.ID, row[6], kind),
        occurred_at=load(Kind.TIMESTAMP, row[7], kind),
        attempts=attempts,
    )


class OutboxWorker:
    """Hands events to consumers: in order for each record, each under a lease, again after a failure, then parked.

    The order is that of the record's versions, not of the events' ids: those are made by clocks that may disagree.
    """

    def __init__(
        self,
        database: Database,
        consumers: Sequence[Consumer],
        *,
        now: Callable[[], datetime],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._now = now
        self._turns = [
            (
                consumer,
                Turns(partial(self._drain, consumer), f"the outbox of {consumer.name}", poll_seconds=poll_seconds),
            )
            for consumer in consumers
        ]
        self._is_stopping = False

    def wake(self) -> None:
        """Look for events now instead of at the next turn."""
        for _, turns in self._turns:
            turns.wake()

    def stop(self) -> None:
        """Let the worker finish the events at hand, give the others back, and end."""
        self._is_stopping = True
        for _, turns in self._turns:
            turns.stop()

    async def run(self) -> None:
        """Work until stopped or cancelled, for all consumers side by side."""
        async with asyncio.TaskGroup() as group:
            for _, turns in self._turns:
                group.create_task(turns.run())

    async def drain(self) -> int:
        """Hand on everything that is due; returns how many deliveries were tried."""
        return sum([await self._drain(consumer) for consumer, _ in self._turns])

    async def _drain(self, consumer: Consumer) -> int:
        queue = self._queue(consumer)
        return await queue.work(partial(self._hand_on, consumer, queue), lambda: self._is_stopping)

    def _queue(self, consumer: Consumer) -> Queue:
        """The first waiting event of each record."""
        return Queue(
            database=self._database,
            now=self._now,
            table="outbox_delivery",
            columns=[f"e.{column}" for column in COLUMNS],
            beside="join outbox_event e on e.id = d.event_id",
            waits=f"d.consumer = {self._database.dialect.parameter(2, Kind.CODE)} and d.parked_at is null",
            parameters=[consumer.name],
            first="and not exists (select 1 from outbox_delivery p where p.consumer = d.consumer "
            "and p.record_id = d.record_id and p.parked_at is null "
            "and (p.version, p.event_id) < (d.version, d.event_id))",
            order="d.due_at, d.event_id",
            batch=BATCH,
        )

    async def _hand_on(self, consumer: Consumer, queue: Queue, leased: Leased) -> None:
        event = loaded_event(leased.row, self._database.kind, leased.attempts)
        try:
            # past its lease another worker may be handing on the same event, or the next of its record
            async with asyncio.timeout(queue.seconds_left(leased)):
                await consumer.handle(event)
        except (Exception, asyncio.CancelledError) as error:  # a consumer may be a plugin or a remote service
            if is_cancelled():
                raise
            log.warning("%s failed on event %s, attempt %s", consumer.name, event.id, event.attempts, exc_info=error)
            is_ours = await queue.fail(leased, trouble_of(error), partial(self._postpone, consumer, event))
        else:
            is_ours = await queue.finish(leased)
        if not is_ours:
            log.warning("event %s took longer than its lease; another worker has it", event.id)

    async def _postpone(self, consumer: Consumer, event: Event, transaction: Transaction, later: datetime) -> None:
        """Have those after an event, which wait for it, not be looked at until then."""
        kind, place = self._database.kind, self._database.dialect.parameter
        await transaction.execute(
            f"update outbox_delivery set due_at = {place(1, Kind.TIMESTAMP)} "
            f"where consumer = {place(2, Kind.CODE)} and record_id = {place(3, Kind.ID)} "
            f"and parked_at is null and due_at < {place(1, Kind.TIMESTAMP)}",
            [store(Kind.TIMESTAMP, later, kind), consumer.name, store(Kind.ID, event.record_id, kind)],
        )
