"""The outbox: events written with their change, and the worker that hands them on after the commit, at least once."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from ...plugins.changes import Change, ChangeKind
from ...plugins.contexts import Event
from ..catalogue import Column, GroupField, Kind, Member, RecordType, ToOne
from ..databases.database import Database, Transaction
from ..reading.rows import as_list
from ..storing import DatabaseKind, load, store
from .checks import STAMPED
from .unit import UnitOfWork

log = logging.getLogger("accord.outbox")

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 12
BATCH = 100
MOST_UNHEARD = 5_000  # events that are noted as done at once
POLL_SECONDS = 1.0
COLUMNS = (
    "id",
    "record",
    "record_id",
    "kind",
    "version",
    "fields_changed",
    "actor_id",
    "occurred_at",
    "attempts",
    "due_at",
)


class Consumer(Protocol):
    """Something that is told of every event. It may be told twice: raising means being told again later."""

    name: str

    async def handle(self, event: Event) -> None:
        """Take note of an event."""
        ...


async def write_events(unit: UnitOfWork) -> None:
    """Write one event for each record that the unit changed, in the unit's transaction."""
    kind = unit.dialect.kind
    rows: list[list[Any]] = []
    for change in unit.all_changes():
        record = unit.catalogue[change.record]
        if not record.is_record or (change.before is not None and not change.changed("version")):
            continue
        moment = store(Kind.TIMESTAMP, unit.now, kind)
        rows.append(
            [
                store(Kind.ID, unit.new_id(), kind),
                record.name,
                store(Kind.ID, change.id, kind),
                change.kind.value,
                change.after["version"],
                orjson.dumps(_fields(unit, record, change)).decode(),
                store(Kind.ID, unit.actor, kind),
                moment,
                0,
                moment,
            ]
        )
    if rows:
        await unit.transaction.insert("outbox_event", COLUMNS, rows)


def _fields(unit: UnitOfWork, record: RecordType, change: Change) -> list[str]:
    """The API names of the fields that changed (a plugin's as `hipaa.npi`); of a new record those that have a value."""
    names = _changed(record, change)
    for extension in unit.catalogue.extensions(record.name):
        beside = unit.change(extension.name, change.id)
        if beside is not None:
            names += [f"{extension.namespace}.{name}" for name in _changed(extension, beside)]
    return names


def _changed(record: RecordType, change: Change) -> list[str]:
    before, after = change.before or {}, change.after
    return [
        name
        for name, columns in _columns(record.members)
        if any(before.get(column) != after.get(column) for column in columns if column not in STAMPED)
    ]


def _columns(members: Mapping[str, Member]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field that the API shows, by its name there, with the columns that hold it."""
    for name, member in members.items():
        match member:
            case Column():
                yield name, tuple(filter(None, (member.name, member.currency)))
            case ToOne():
                yield name, (member.column,)
            case GroupField() if not member.whole:
                yield from ((f"{name}.{inner}", columns) for inner, columns in _columns(member.members))
            case _:  # a whole group's columns stand beside it as well; the rest are rows of their own
                continue


def loaded_event(row: Sequence[Any], kind: DatabaseKind) -> Event:
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
        attempts=row[8] + 1,
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
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._consumers = consumers
        self._now = now
        self._poll_seconds = poll_seconds
        self._lease = lease
        self._wake = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Look for events now instead of at the next turn."""
        self._wake.set()

    def stop(self) -> None:
        """Let the worker finish the event at hand, give the others back, and end."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped or cancelled."""
        while not self._is_stopping:
            self._wake.clear()
            try:
                await self.drain()
            except Exception:  # the database may be away for a while; the worker stays
                log.exception("the outbox could not be read; trying again")
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def drain(self) -> int:
        """Hand on everything that is due; returns how many events were tried."""
        tried = 0
        if not self._consumers:
            while count := await self._finish_unheard():
                tried += count
            return tried
        while not self._is_stopping:
            until = self._now() + self._lease
            waiting = deque(await self._claim(until))
            if not waiting:
                return tried
            try:
                # past the lease another worker may have the rest
                while waiting and self._now() < until and not self._is_stopping:
                    await self._hand_on(waiting.popleft(), until)
                    tried += 1
            finally:
                if waiting:
                    await self._give_back(waiting, until)
        return tried

    async def _finish_unheard(self) -> int:
        """Note many events as done at once, where nobody wants to be told of any; returns how many."""
        kind, now = self._database.kind, self._database.dialect.parameter(1, Kind.TIMESTAMP)
        locking = "" if kind == "sqlite" else " for update skip locked"
        async with self._database.transaction() as transaction:
            return await transaction.execute(
                f"update outbox_event set done_at = {now} where id in (select id from outbox_event "
                f"where done_at is null and parked_at is null and due_at <= {now} "
                f"order by due_at, id limit {MOST_UNHEARD}{locking})",
                [store(Kind.TIMESTAMP, self._now(), kind)],
            )

    async def _claim(self, until: datetime) -> list[Event]:
        """The first waiting event of each record, leased to this worker."""
        kind = self._database.kind
        place = self._database.dialect.parameter
        locking = "" if kind == "sqlite" else " for update of e skip locked"
        async with self._database.transaction() as transaction:
            rows = await transaction.fetch(
                f"select {','.join(f'e.{column}' for column in COLUMNS)} from outbox_event e "
                f"where e.done_at is null and e.parked_at is null and e.due_at <= {place(1, Kind.TIMESTAMP)} "
                "and not exists (select 1 from outbox_event p where p.record_id = e.record_id "
                "and p.done_at is null and p.parked_at is null and (p.version, p.id) < (e.version, e.id)) "
                f"order by e.due_at, e.id limit {BATCH}{locking}",
                [store(Kind.TIMESTAMP, self._now(), kind)],
            )
            leased = [(row[0], [row[8] + 1, store(Kind.TIMESTAMP, until, kind)]) for row in rows]
            if leased:
                await transaction.update("outbox_event", "id", ("attempts", "due_at"), leased)
        return [loaded_event(row, self._database.kind) for row in rows]

    async def _give_back(self, events: Iterable[Event], until: datetime) -> None:
        """Undo the claim of events that were not tried, as far as no other worker has them by now."""
        dialect, kind = self._database.dialect, self._database.kind
        ids = as_list([store(Kind.ID, event.id, kind) for event in events], dialect)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                f"update outbox_event set attempts = attempts - 1, due_at = {dialect.parameter(1, Kind.TIMESTAMP)} "
                f"where due_at = {dialect.parameter(2, Kind.TIMESTAMP)} and {dialect.in_list('id', 3, Kind.ID)}",
                [store(Kind.TIMESTAMP, self._now(), kind), store(Kind.TIMESTAMP, until, kind), ids],
            )

    async def _hand_on(self, event: Event, until: datetime) -> None:
        if event.attempts > MOST_ATTEMPTS:
            await self._finish(event, "parked_at", trouble="no worker came to an end with it")
            return
        for consumer in self._consumers:
            try:
                # past its lease another worker may be handing on the same event, or the next of its record
                async with asyncio.timeout((until - self._now()).total_seconds()):
                    await consumer.handle(event)
            except (Exception, asyncio.CancelledError) as error:  # a consumer may be a plugin or a remote service
                if _is_cancelled():
                    raise
                log.warning(
                    "%s failed on event %s, attempt %s", consumer.name, event.id, event.attempts, exc_info=error
                )
                trouble = f"{consumer.name}: {type(error).__name__}"
                if event.attempts < MOST_ATTEMPTS:
                    await self._postpone(event, trouble)
                else:
                    await self._finish(event, "parked_at", trouble=trouble)
                return
        await self._finish(event, "done_at")

    async def _finish(self, event: Event, how: str, *, trouble: str | None = None) -> None:
        """Note that the event is done or parked."""
        async with self._database.transaction() as transaction:
            await self._set(transaction, event, how, self._now(), trouble)

    async def _postpone(self, event: Event, trouble: str) -> None:
        """Let the event be tried again later; those after it, which wait for it, need not be looked at until then."""
        kind, place = self._database.kind, self._database.dialect.parameter
        later = self._now() + timedelta(seconds=min(2**event.attempts, 3600))
        async with self._database.transaction() as transaction:
            if not await self._set(transaction, event, "due_at", later, trouble):
                return
            await transaction.execute(
                f"update outbox_event set due_at = {place(1, Kind.TIMESTAMP)} where record_id = {place(2, Kind.ID)} "
                f"and done_at is null and parked_at is null and due_at < {place(1, Kind.TIMESTAMP)}",
                [store(Kind.TIMESTAMP, later, kind), store(Kind.ID, event.record_id, kind)],
            )

    async def _set(
        self, transaction: Transaction, event: Event, column: str, moment: datetime, trouble: str | None
    ) -> bool:
        """Set a time of an event, unless the lease ran out and another worker has tried it since."""
        kind, place = self._database.kind, self._database.dialect.parameter
        touched = await transaction.execute(
            f"update outbox_event set {column} = {place(1, Kind.TIMESTAMP)}, trouble = {place(2, Kind.TEXT)} "
            f"where id = {place(3, Kind.ID)} and attempts = {place(4, Kind.INTEGER)}",
            [store(Kind.TIMESTAMP, moment, kind), trouble, store(Kind.ID, event.id, kind), event.attempts],
        )
        if not touched:
            log.warning("event %s took longer than its lease of %s; another worker has it", event.id, self._lease)
        return touched > 0


def _is_cancelled() -> bool:
    """Whether the worker itself is told to stop, and not something that a consumer waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
