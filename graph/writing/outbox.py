"""The outbox: events written with their change, and the worker that hands them on after the commit, at least once.

Of each event there is a delivery for each consumer, so that none waits for another.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from ...plugins.changes import Change, ChangeKind
from ...plugins.contexts import Event
from ..catalogue import Column, GroupField, Kind, Member, RecordType, ToAny, ToOne
from ..databases.database import Database, Insert, Transaction, Update, Write
from ..reading.rows import as_list
from ..storing import DatabaseKind, load, store
from .checks import STAMPED
from .discretion import states_secrets
from .due import trouble_of
from .retrying import LEASE, MOST_ATTEMPTS, next_attempt
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


@dataclass(frozen=True, kw_only=True)
class _Delivery:
    id: UUID
    event: Event


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
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._now = now
        self._lease = lease
        self._turns = [
            (consumer, Turns(self._turn(consumer), f"the outbox of {consumer.name}", poll_seconds=poll_seconds))
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

    def _turn(self, consumer: Consumer) -> Callable[[], Awaitable[int]]:
        return lambda: self._drain(consumer)

    async def _drain(self, consumer: Consumer) -> int:
        tried = 0
        while not self._is_stopping:
            until = self._now() + self._lease
            waiting = deque(await self._claim(consumer, until))
            if not waiting:
                return tried
            try:
                # past the lease another worker may have the rest, and none is begun that would soon be cut short
                while waiting and until - self._now() >= self._lease / 2 and not self._is_stopping:
                    await self._hand_on(consumer, waiting.popleft(), until)
                    tried += 1
            finally:
                if waiting:
                    await self._give_back(waiting, until)
        return tried

    async def _claim(self, consumer: Consumer, until: datetime) -> list[_Delivery]:
        """The first waiting event of each record, leased to this worker."""
        kind = self._database.kind
        place = self._database.dialect.parameter
        locking = "" if kind == "sqlite" else " for update of d skip locked"
        moment = store(Kind.TIMESTAMP, self._now(), kind)
        waits = f"consumer = {place(1, Kind.CODE)} and parked_at is null and due_at <= {place(2, Kind.TIMESTAMP)}"
        asked = [consumer.name, moment]
        if not await self._database.fetch(f"select 1 from outbox_delivery where {waits} limit 1", asked):
            return []  # seen by reading alone, so that nobody who writes waits for it
        async with self._database.transaction() as transaction:
            rows = await transaction.fetch(
                f"select {','.join(f'e.{column}' for column in COLUMNS)},d.id,d.attempts "
                "from outbox_delivery d join outbox_event e on e.id = d.event_id "
                f"where d.consumer = {place(1, Kind.CODE)} and d.parked_at is null "
                f"and d.due_at <= {place(2, Kind.TIMESTAMP)} "
                "and not exists (select 1 from outbox_delivery p where p.consumer = d.consumer "
                "and p.record_id = d.record_id and p.parked_at is null "
                "and (p.version, p.event_id) < (d.version, d.event_id)) "
                f"order by d.due_at, d.event_id limit {BATCH}{locking}",
                asked,
            )
            leased = [(row[-2], [row[-1] + 1, store(Kind.TIMESTAMP, until, kind)]) for row in rows]
            if leased:
                update = Update(table="outbox_delivery", key="id", columns=("attempts", "due_at"), rows=leased)
                await transaction.write([update])
        return [_Delivery(id=load(Kind.ID, row[-2], kind), event=loaded_event(row, kind, row[-1] + 1)) for row in rows]

    async def _give_back(self, deliveries: Iterable[_Delivery], until: datetime) -> None:
        """Undo the claim of deliveries that were not tried, as far as no other worker has them by now."""
        dialect, kind = self._database.dialect, self._database.kind
        ids = as_list([store(Kind.ID, one.id, kind) for one in deliveries], dialect)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                f"update outbox_delivery set attempts = attempts - 1, due_at = {dialect.parameter(1, Kind.TIMESTAMP)} "
                f"where due_at = {dialect.parameter(2, Kind.TIMESTAMP)} and {dialect.in_list('id', 3, Kind.ID)}",
                [store(Kind.TIMESTAMP, self._now(), kind), store(Kind.TIMESTAMP, until, kind), ids],
            )

    async def _hand_on(self, consumer: Consumer, delivery: _Delivery, until: datetime) -> None:
        event = delivery.event
        if event.attempts > MOST_ATTEMPTS:
            await self._park(delivery, "no worker came to an end with it")
            return
        try:
            # past its lease another worker may be handing on the same event, or the next of its record
            async with asyncio.timeout((until - self._now()).total_seconds()):
                await consumer.handle(event)
        except (Exception, asyncio.CancelledError) as error:  # a consumer may be a plugin or a remote service
            if is_cancelled():
                raise
            log.warning("%s failed on event %s, attempt %s", consumer.name, event.id, event.attempts, exc_info=error)
            if event.attempts < MOST_ATTEMPTS:
                await self._postpone(consumer, delivery, trouble_of(error))
            else:
                await self._park(delivery, trouble_of(error))
            return
        kind, place = self._database.kind, self._database.dialect.parameter
        async with self._database.transaction() as transaction:
            touched = await transaction.execute(
                f"delete from outbox_delivery where id = {place(1, Kind.ID)} and attempts = {place(2, Kind.INTEGER)}",
                [store(Kind.ID, delivery.id, kind), event.attempts],
            )
        self._told(delivery, touched)

    async def _park(self, delivery: _Delivery, trouble: str) -> None:
        """Put a delivery aside, so that those after it go on."""
        async with self._database.transaction() as transaction:
            await self._set(transaction, delivery, "parked_at", self._now(), trouble)

    async def _postpone(self, consumer: Consumer, delivery: _Delivery, trouble: str) -> None:
        """Let the event be tried again later; those after it, which wait for it, need not be looked at until then."""
        kind, place = self._database.kind, self._database.dialect.parameter
        later = next_attempt(self._now(), delivery.event.attempts)
        async with self._database.transaction() as transaction:
            if not await self._set(transaction, delivery, "due_at", later, trouble):
                return
            await transaction.execute(
                f"update outbox_delivery set due_at = {place(1, Kind.TIMESTAMP)} "
                f"where consumer = {place(2, Kind.CODE)} and record_id = {place(3, Kind.ID)} "
                f"and parked_at is null and due_at < {place(1, Kind.TIMESTAMP)}",
                [store(Kind.TIMESTAMP, later, kind), consumer.name, store(Kind.ID, delivery.event.record_id, kind)],
            )

    async def _set(
        self, transaction: Transaction, delivery: _Delivery, column: str, moment: datetime, trouble: str
    ) -> bool:
        """Set a time of a delivery, unless the lease ran out and another worker has tried it since."""
        kind, place = self._database.kind, self._database.dialect.parameter
        touched = await transaction.execute(
            f"update outbox_delivery set {column} = {place(1, Kind.TIMESTAMP)}, trouble = {place(2, Kind.TEXT)} "
            f"where id = {place(3, Kind.ID)} and attempts = {place(4, Kind.INTEGER)}",
            [store(Kind.TIMESTAMP, moment, kind), trouble, store(Kind.ID, delivery.id, kind), delivery.event.attempts],
        )
        self._told(delivery, touched)
        return touched > 0

    def _told(self, delivery: _Delivery, touched: int) -> None:
        if not touched:
            log.warning(
                "event %s took longer than its lease of %s; another worker has it", delivery.event.id, self._lease
            )
