"""The feed of committed changes: every process numbers them, reads them in that order, and hands them to who listens.

An event gets its position after its commit, under a lock, so that positions grow in the order in which changes became
visible, and a client that comes back names the last position it saw and misses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from .catalogue import Catalogue, Kind, RecordType, ToOne
from .databases.database import Database
from .errors import InvalidInput
from .reading.rows import RowReader
from .writing.outbox import COLUMNS, Event, loaded_event

log = logging.getLogger("accord.feed")

BATCH = 500
QUEUE = 1_000  # events that may wait for one listener; one that lags further is told to come back
POLL_SECONDS = 2.0
MOST_MISSED = 10_000  # events that a client may catch up on
MISSED = 100  # of them that are read at once, for one client after the other


class Step(NamedTuple):
    """A record by type and id, and the reference that leads to it: the type of record that has it, and its column."""

    record: str
    id: UUID
    by: tuple[str, str] | None = None


Way = tuple[Step, ...]  # each leads to the next, the last is an account
Concerned = dict[UUID, set[tuple[UUID, Way]]]  # by a record's id, the events that concern it and their ways to it


class Lagging(Exception):
    """A listener fell too far behind; it may come back with the last position it saw."""


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """An event at its position in the feed; for who listens to a subtree, with the ways by which it concerns that."""

    position: int
    event: Event
    ways: frozenset[Way] = frozenset()


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
        self._reached = 0  # what is handed on, up to here, may pass by those who come in meanwhile
        self._joining = asyncio.Semaphore(1)  # who comes in and catches up reads in turn, between requests

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
            position = self._reached = batch[-1].position
            listeners = list(self._listeners)  # who comes in from here on reads up to this position by itself
            sorting = _Sorting(self._database, self._catalogue, batch)
            for listener in listeners:
                for numbered in await sorting.wanted(listener.interest):
                    self._hand(listener, numbered)
        self._position = position

    async def listen(self, interest: Interest, after: int | None = None) -> AsyncGenerator[Numbered, None]:
        """Changes of interest as they come, or from a position on. Raises Lagging, and InvalidInput for one too old."""
        listener = _Listener(interest)
        async with self._joining:
            await number_events(self._database)
            start = await self._last()
        if self._position is None or not self._listeners:
            self._position = start
        self._listeners.add(listener)
        self._wake.set()  # what happened meanwhile
        try:
            seen = max(start, self._reached)
            since = start if after is None else after
            if after is not None or since < seen:
                async for numbered in self._missed(interest, since, seen):
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
        async with self._joining:
            is_there = 0 <= until - after <= MOST_MISSED and await self._count(after, until) == until - after
        if not is_there:
            raise InvalidInput(
                "CURSOR_EXPIRED", "Too much has happened since this cursor; read what you need anew, then listen on."
            )
        position = after
        while part := await self._part(interest, position, until):
            position, wanted = part
            for numbered in wanted:
                yield numbered

    async def _part(self, interest: Interest, after: int, until: int) -> tuple[int, list[Numbered]] | None:
        """Some of what was missed, and how far that reaches; None where nothing is left."""
        async with self._joining:
            batch = [one for one in await self._after(after, MISSED) if one.position <= until]
            if not batch:
                return None
            return batch[-1].position, await _Sorting(self._database, self._catalogue, batch).wanted(interest)

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


class _Sorting:
    """The events of one batch, sorted for those who listen; where they belong is looked up once for all subtrees."""

    def __init__(self, database: Database, catalogue: Catalogue, batch: Sequence[Numbered]) -> None:
        self._database = database
        self._catalogue = catalogue
        # events of a plugin that was taken out concern nobody any more
        self._batch = [one for one in batch if one.event.record in catalogue.types]
        self._subtrees: Mapping[UUID, Sequence[Numbered]] | None = None

    async def wanted(self, interest: Interest) -> list[Numbered]:
        """The events that a listener wants."""
        listed = self._batch
        if interest.subtree is not None:
            if self._subtrees is None:
                self._subtrees = await self._sorted()
            listed = self._subtrees.get(interest.subtree, ())
        return [
            one
            for one in listed
            if (not interest.records or one.event.record in interest.records)
            and (not interest.ids or one.event.record_id in interest.ids)
        ]

    async def _sorted(self) -> Mapping[UUID, Sequence[Numbered]]:
        """The events that concern each account or one below it."""
        ways = await ways_of(self._database, self._catalogue, [one.event for one in self._batch])
        accounts = {way[-1].id for several in ways.values() for way in several}
        above = {account: {account} for account in accounts}
        record = self._catalogue["AccountAncestry"]
        for row in await RowReader(self._database, self._database.dialect).find(record, "descendant_id", accounts):
            above[row["descendant_id"]].add(row["ancestor_id"])
        found: dict[UUID, list[Numbered]] = {}
        for one in self._batch:
            within: dict[UUID, set[Way]] = {}
            for way in ways[one.event.id]:
                for top in above[way[-1].id]:
                    within.setdefault(top, set()).add(way)
            for top, several in within.items():
                found.setdefault(top, []).append(replace(one, ways=frozenset(several)))
        return found


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


async def ways_of(database: Database, catalogue: Catalogue, events: Sequence[Event]) -> dict[UUID, set[Way]]:
    """How each event concerns accounts: as the account itself, as a row that belongs to it, or by their contact.

    A row that is about any record concerns the accounts that the record does. Rows are looked at whether live or not,
    so that the end of a relationship is heard of, too.
    """
    rows = RowReader(database, database.dialect)
    found: dict[UUID, set[Way]] = {event.id: set() for event in events}
    contacts: Concerned = {}
    addresses: Concerned = {}
    wave: dict[str, Concerned] = {}
    for event in events:
        way: Way = (Step(event.record, event.record_id),)
        wave.setdefault(event.record, {}).setdefault(event.record_id, set()).add((event.id, way))
    while wave:
        subjects: dict[str, Concerned] = {}
        for name, concerned in wave.items():
            record = catalogue[name]
            stored = {row["id"]: row for row in await rows.find(record, "id", concerned, live=False)}
            for id_, several in concerned.items():
                row = stored.get(id_, {})
                reached = [(name, id_, several)]
                for link in _leading(record) if row else ():
                    if row[link.column] is not None:
                        step = Step(link.target, row[link.column], (name, link.column))
                        reached.append((link.target, row[link.column], _onward(several, step)))
                for target, target_id, led in reached:
                    if target == "Account":
                        for event_id, way in led:
                            found[event_id].add(way)
                    elif target == "Contact":
                        contacts.setdefault(target_id, set()).update(led)
                    elif target == "Address":
                        addresses.setdefault(target_id, set()).update(led)
                for link in record.to_anys.values() if row else ():
                    subject = catalogue.target(link, row)
                    if subject is not None:
                        step = Step(subject.name, row[link.column], (name, link.column))
                        subjects.setdefault(step.record, {}).setdefault(step.id, set()).update(_onward(several, step))
        wave = subjects  # no record that leads to any leads to another such, so this ends
    for link, column, wanted in (("AccountContact", "contact_id", contacts), ("AddressLink", "address_id", addresses)):
        for row in await rows.find(catalogue[link], column, wanted, live=False):
            if row["account_id"] is not None:
                steps = (
                    Step(link, row["id"], (link, column)),
                    Step("Account", row["account_id"], (link, "account_id")),
                )
                for event_id, way in _onward(wanted[row[column]], *steps):
                    found[event_id].add(way)
    return found


def _leading(record: RecordType) -> list[ToOne]:
    """What a row is a part of, and the account and the contact that it names.

    A use of an address does not concern the others that use it.
    """
    named = {"account_id", "contact_id"}
    links = [link for link in record.to_ones.values() if link.policy.owner or link.column in named]
    return [link for link in links if (record.name, link.target) != ("AddressLink", "Address")]


def _onward(several: set[tuple[UUID, Way]], *steps: Step) -> set[tuple[UUID, Way]]:
    return {(event_id, (*way, *steps)) for event_id, way in several}
