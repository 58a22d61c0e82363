"""The feed of committed changes: every process numbers them, reads them in that order, and hands them to who listens.

An event gets its position after its commit, under a lock, so that positions grow in the order in which changes became
visible, and a client that comes back names the last position it saw and misses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from .catalogue import Catalogue, Kind
from .databases.database import Database
from .errors import InvalidInput
from .reading.rows import RowReader
from .writing.outbox import COLUMNS, Event, loaded_event

log = logging.getLogger("accord.feed")

BATCH = 500
QUEUE = 1_000  # events that may wait for one listener; one that lags further is told to come back
POLL_SECONDS = 2.0
MOST_MISSED = 10_000  # events that a client may catch up on


class Lagging(Exception):
    """A listener fell too far behind; it may come back with the last position it saw."""


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """An event at its position in the feed."""

    position: int
    event: Event


@dataclass(frozen=True, kw_only=True)
class Interest:
    """What a listener wants to hear of; an empty set stands for everything, `subtree` for an account and all below."""

    records: frozenset[str] = frozenset()
    ids: frozenset[UUID] = frozenset()
    subtree: UUID | None = None


@dataclass(eq=False)
class _Listener:
    interest: Interest
    queue: asyncio.Queue[Numbered | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    is_lagging: bool = False


class ChangeFeed:
    """Hands committed changes to the listeners of this process."""

    def __init__(self, database: Database, catalogue: Catalogue, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._catalogue = catalogue
        self._poll_seconds = poll_seconds
        self._listeners: set[_Listener] = set()
        self._wake = asyncio.Event()
        self._position: int | None = None

    def wake(self) -> None:
        """Look for new changes now instead of at the next turn, if anybody listens."""
        if self._listeners:
            self._wake.set()

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._listeners)

    async def run(self) -> None:
        """Work until cancelled; without listeners nothing is read."""
        async with self._database.listening(self.wake):
            while True:
                self._wake.clear()
                try:
                    if self._listeners:
                        await self.turn()
                except Exception:  # the database may be away for a while; the feed stays
                    log.exception("changes could not be read; trying again")
                try:
                    async with asyncio.timeout(self._poll_seconds):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def turn(self) -> None:
        """Number what is new, and hand it on."""
        await number_events(self._database)
        position = self._position if self._position is not None else await self._last()
        while batch := await self._after(position, BATCH):
            position = batch[-1].position
            for listener in list(self._listeners):
                for numbered in await self._wanted(listener.interest, batch):
                    self._hand(listener, numbered)
        self._position = position

    async def listen(self, interest: Interest, after: int | None = None) -> AsyncGenerator[Numbered, None]:
        """Changes of interest as they come, or from a position on. Raises Lagging, and InvalidInput for one too old."""
        listener = _Listener(interest)
        await number_events(self._database)
        start = await self._last()
        if self._position is None or not self._listeners:
            self._position = start
        self._listeners.add(listener)
        self._wake.set()  # what happened meanwhile
        try:
            seen = start
            if after is not None:
                async for numbered in self._missed(interest, after, start):
                    yield numbered
            while True:
                numbered = await listener.queue.get()
                if numbered is None:
                    raise Lagging
                if numbered.position > seen:
                    seen = numbered.position
                    yield numbered
        finally:
            self._listeners.discard(listener)

    async def _missed(self, interest: Interest, after: int, until: int) -> AsyncGenerator[Numbered, None]:
        if until - after > MOST_MISSED or after > until or await self._count(after, until) < until - after:
            raise InvalidInput(
                "CURSOR_EXPIRED", "Too much has happened since this cursor; read what you need anew, then listen on."
            )
        position = after
        while batch := [one for one in await self._after(position, BATCH) if one.position <= until]:
            position = batch[-1].position
            for numbered in await self._wanted(interest, batch):
                yield numbered

    def _hand(self, listener: _Listener, numbered: Numbered) -> None:
        if listener.is_lagging:
            return
        try:
            listener.queue.put_nowait(numbered)
        except asyncio.QueueFull:
            listener.is_lagging = True
            listener.queue.get_nowait()
            listener.queue.put_nowait(None)

    # the database ----------------------------------------------------------------------------------------------

    async def _last(self) -> int:
        rows = await self._database.fetch("select coalesce(max(position),0) from outbox_event", [])
        return rows[0][0]

    async def _count(self, after: int, until: int) -> int:
        """How many events are there after a position, up to another: all that ever were, unless some were purged."""
        first, last = (self._database.dialect.parameter(number, Kind.INTEGER) for number in (1, 2))
        rows = await self._database.fetch(
            f"select count(*) from outbox_event where position > {first} and position <= {last}", [after, until]
        )
        return rows[0][0]

    async def _after(self, position: int, most: int) -> list[Numbered]:
        place = self._database.dialect.parameter(1, Kind.INTEGER)
        rows = await self._database.fetch(
            f"select {','.join(COLUMNS)},position from outbox_event where position > {place} "
            f"order by position limit {most}",
            [position],
        )
        return [Numbered(position=row[-1], event=loaded_event(row, self._database.kind)) for row in rows]

    async def _wanted(self, interest: Interest, batch: Sequence[Numbered]) -> list[Numbered]:
        """The events of a batch that a listener wants."""
        found = [
            one
            for one in batch
            if (not interest.records or one.event.record in interest.records)
            and (not interest.ids or one.event.record_id in interest.ids)
        ]
        if interest.subtree is None or not found:
            return found
        accounts = await accounts_of(self._database, self._catalogue, [one.event for one in found])
        within = await self._below(interest.subtree, {account for several in accounts.values() for account in several})
        return [one for one in found if accounts[one.event.id] & within]

    async def _below(self, top: UUID, accounts: Iterable[UUID]) -> set[UUID]:
        """Which of the accounts are `top` or lie below it."""
        record = self._catalogue["AccountAncestry"]
        rows = await RowReader(self._database, self._database.dialect).find(record, "descendant_id", accounts)
        return {row["descendant_id"] for row in rows if row["ancestor_id"] == top} | {top}


async def number_events(database: Database) -> None:
    """Give committed events without a position the next ones."""
    rows = await database.fetch("select 1 from outbox_event where position is null limit 1", [])
    if not rows:
        return
    async with database.transaction() as transaction:
        await transaction.lock("change positions")
        # by id, but within a record by version: clocks of processes differ, versions never do
        await transaction.execute(
            "update outbox_event set position = n.place from ("
            "with new as (select id, record_id, row_number() over (order by id) as slot, "
            "row_number() over (partition by record_id order by id) as nth_slot, "
            "row_number() over (partition by record_id order by version, id) as nth_version "
            "from outbox_event where position is null) "
            "select v.id, s.slot + (select coalesce(max(position),0) from outbox_event) as place "
            "from new v join new s on s.record_id = v.record_id and s.nth_slot = v.nth_version"
            ") n where outbox_event.id = n.id and outbox_event.position is null"
        )


async def accounts_of(database: Database, catalogue: Catalogue, events: Sequence[Event]) -> dict[UUID, set[UUID]]:
    """The accounts that each event concerns: the account itself, the one a row belongs to, or those of its contact.

    A row that is about any record concerns the accounts that the record does. Rows are looked at whether live or not,
    so that the end of a relationship is heard of, too.
    """
    rows = RowReader(database, database.dialect)
    found: dict[UUID, set[UUID]] = {event.id: set() for event in events}
    contacts: dict[UUID, set[UUID]] = {}
    addresses: dict[UUID, set[UUID]] = {}
    wave: dict[str, dict[UUID, set[UUID]]] = {}  # the events that concern each record, by type and id
    for event in events:
        wave.setdefault(event.record, {}).setdefault(event.record_id, set()).add(event.id)
    while wave:
        subjects: dict[str, dict[UUID, set[UUID]]] = {}
        for name, concerned in wave.items():
            record = catalogue[name]
            stored = {row["id"]: row for row in await rows.find(record, "id", concerned, live=False)}
            for id_, several in concerned.items():
                row = stored.get(id_, {})
                account = id_ if name == "Account" else row.get("account_id")
                contact = id_ if name == "Contact" else row.get("contact_id")
                if account is not None:
                    for event_id in several:
                        found[event_id].add(account)
                if contact is not None:
                    contacts.setdefault(contact, set()).update(several)
                if name == "Address":
                    addresses.setdefault(id_, set()).update(several)
                for link in record.to_anys.values() if row else ():
                    subject = catalogue.target(link, row)
                    if subject is not None:
                        subjects.setdefault(subject.name, {}).setdefault(row[link.column], set()).update(several)
        wave = subjects  # no record that leads to any leads to another such, so this ends
    for link, column, wanted in (("AccountContact", "contact_id", contacts), ("AddressLink", "address_id", addresses)):
        for row in await rows.find(catalogue[link], column, wanted, live=False):
            if row["account_id"] is not None:
                for event_id in wanted[row[column]]:
                    found[event_id].add(row["account_id"])
    return found
