"""The outbox: events written with their change, and the worker that hands them on after the commit, at least once."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from ...plugins.changes import Change, ChangeKind
from ..catalogue import Column, GroupField, Kind, Member, RecordType, ToOne
from ..databases.database import Database
from ..storing import load, store
from .checks import STAMPED
from .unit import UnitOfWork

log = logging.getLogger("accord.outbox")

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 12
BATCH = 100
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


@dataclass(frozen=True, kw_only=True)
class Event:
    """A committed change: `fields` are the changed fields by their names in the API. Handle it once by its `id`."""

    id: UUID
    record: str
    record_id: UUID
    kind: ChangeKind
    version: int
    fields: tuple[str, ...]
    actor: UUID
    occurred_at: datetime
    attempts: int


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
    for member in members.values():
        match member:
            case Column():
                yield member.api, tuple(filter(None, (member.name, member.currency)))
            case ToOne():
                yield member.api, (member.column,)
            case GroupField() if not member.whole:
                yield from ((f"{member.api}.{name}", columns) for name, columns in _columns(member.members))
            case _:  # a whole group's columns stand beside it as well; the rest are rows of their own
                continue


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

    def wake(self) -> None:
        """Look for events now instead of at the next turn."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.drain()
            except Exception:  # the database may be away for a while; the worker stays
                log.exception("the outbox could not be read; trying again")
            try:
                await asyncio.wait_for(self._wake.wait(), self._poll_seconds)
            except TimeoutError:
                continue

    async def drain(self) -> int:
        """Hand on everything that is due; returns how many events were tried."""
        tried = 0
        while True:
            until = self._now() + self._lease
            events = await self._claim(until)
            if not events:
                return tried
            for event in events:
                if self._now() >= until:
                    break  # the lease of the rest has run out, so another worker may have it by now
                await self._hand_on(event, until)
                tried += 1

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
        return [self._event(row) for row in rows]

    def _event(self, row: Sequence[Any]) -> Event:
        kind = self._database.kind
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

    async def _hand_on(self, event: Event, until: datetime) -> None:
        if event.attempts > MOST_ATTEMPTS:
            await self._set(event, parked_at=self._now(), trouble="no worker came to an end with it")
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
                await self._postpone(event, f"{consumer.name}: {type(error).__name__}")
                return
        await self._set(event, done_at=self._now())

    async def _postpone(self, event: Event, trouble: str) -> None:
        """Let the event be tried again later, or park it after its last attempt."""
        if event.attempts >= MOST_ATTEMPTS:
            await self._set(event, parked_at=self._now(), trouble=trouble)
        else:
            later = self._now() + timedelta(seconds=min(2**event.attempts, 3600))
            await self._set(event, due_at=later, trouble=trouble)

    async def _set(self, event: Event, **values: Any) -> None:
        """Set columns of an event, unless the lease ran out and another worker has tried it since."""
        kind, place = self._database.kind, self._database.dialect.parameter
        kinds = [Kind.TEXT if name == "trouble" else Kind.TIMESTAMP for name in values]
        settings = [f"{name} = {place(n, of)}" for n, (name, of) in enumerate(zip(values, kinds, strict=True), 1)]
        last = len(values)
        async with self._database.transaction() as transaction:
            touched = await transaction.execute(
                f"update outbox_event set {', '.join(settings)} "
                f"where id = {place(last + 1, Kind.ID)} and attempts = {place(last + 2, Kind.INTEGER)}",
                [
                    *(store(of, value, kind) for of, value in zip(kinds, values.values(), strict=True)),
                    store(Kind.ID, event.id, kind),
                    event.attempts,
                ],
            )
        if not touched:
            log.warning("event %s took longer than its lease of %s; another worker has it", event.id, self._lease)


def _is_cancelled() -> bool:
    """Whether the worker itself is told to stop, and not something that a consumer waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
