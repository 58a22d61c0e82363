"""The outbox: events written with their change, and the worker that hands them on after the commit, at least once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from ...plugins.changes import Change, ChangeKind
from ...plugins.names import camel
from ..catalogue import Kind
from ..databases.database import Database
from ..storing import load, store
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
UNCOUNTED = frozenset({"version", "updated_at", "updated_by_id", "created_at", "created_by_id"})


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
                orjson.dumps(_fields(change)).decode(),
                store(Kind.ID, unit.actor, kind),
                moment,
                0,
                moment,
            ]
        )
    if rows:
        await unit.transaction.insert("outbox_event", COLUMNS, rows)


def _fields(change: Change) -> list[str]:
    """The API names of the columns that changed, twins and stamps aside."""
    names = (c for c in change.after if c not in UNCOUNTED and not c.endswith("_folded") and change.changed(c))
    return [camel(name.removesuffix("_id") if name != "id" else name) for name in names]


class OutboxWorker:
    """Hands events to consumers: in order for each record, each under a lease, again after a failure, then parked."""

    def __init__(
        self,
        database: Database,
        consumers: Sequence[Consumer],
        *,
        now: Callable[[], datetime],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._consumers = consumers
        self._now = now
        self._poll_seconds = poll_seconds
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
        while events := await self._claim():
            for event in events:
                await self._hand_on(event)
            tried += len(events)
        return tried

    async def _claim(self) -> list[Event]:
        """The first waiting event of each record, leased to this worker."""
        kind, now = self._database.kind, self._now()
        place = self._database.dialect.parameter
        locking = "" if kind == "sqlite" else " for update of e skip locked"
        async with self._database.transaction() as transaction:
            rows = await transaction.fetch(
                f"select {','.join(f'e.{column}' for column in COLUMNS)} from outbox_event e "
                f"where e.done_at is null and e.parked_at is null and e.due_at <= {place(1, Kind.TIMESTAMP)} "
                "and not exists (select 1 from outbox_event p where p.record_id = e.record_id "
                "and p.done_at is null and p.parked_at is null and p.id < e.id) "
                f"order by e.id limit {BATCH}{locking}",
                [store(Kind.TIMESTAMP, now, kind)],
            )
            until = store(Kind.TIMESTAMP, now + LEASE, kind)
            leased = [(row[0], [row[8] + 1, until]) for row in rows]
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

    async def _hand_on(self, event: Event) -> None:
        for consumer in self._consumers:
            try:
                await consumer.handle(event)
            except Exception as error:  # a consumer may be a plugin or a remote service: tried again, then parked
                log.warning(
                    "%s failed on event %s, attempt %s", consumer.name, event.id, event.attempts, exc_info=error
                )
                await self._postpone(event, f"{consumer.name}: {type(error).__name__}")
                return
        await self._set(event, done_at=self._now())

    async def _postpone(self, event: Event, trouble: str) -> None:
        if event.attempts >= MOST_ATTEMPTS:
            await self._set(event, parked_at=self._now(), trouble=trouble)
        else:
            later = self._now() + timedelta(seconds=min(2**event.attempts, 3600))
            await self._set(event, due_at=later, trouble=trouble)

    async def _set(self, event: Event, **values: Any) -> None:
        kind = self._database.kind
        stored = [value if name == "trouble" else store(Kind.TIMESTAMP, value, kind) for name, value in values.items()]
        async with self._database.transaction() as transaction:
            key = store(Kind.ID, event.id, kind)
            await transaction.update("outbox_event", "id", tuple(values), [(key, stored)])
