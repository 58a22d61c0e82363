"""Stored filters: records that say by a filter which others belong to them, such as a filtered group of contacts.

A statement that reads such members holds the filters of records, each with the version it was read at. Of a record
whose filter it does not hold, or that has another version by then, it answers the id instead: then the filters are read
and the statement is made anew. As long as a database has few filters, each statement holds all of them; where it has
many, those that it meets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from ..catalogue import Catalogue, Kind, RecordType, ToMany
from ..databases.database import Reader, Row
from ..errors import InvalidInput
from ..storing import DatabaseKind, load, store
from .dialects import Dialect
from .rows import as_list

STALE = "\x01"  # before and after an id that stands in place of what a filter decides about; no JSON text holds it
MISSED = re.compile(f"{STALE}([^{STALE}]*){STALE}")
MOST_KNOWN = 10  # filters that any statement holds: PostgreSQL takes some milliseconds to plan each
MOST_MET = 1_000  # filters that one statement is made for


@dataclass(frozen=True, kw_only=True)
class StoredFilter:
    """One record's filter and the version of the record that it stands in."""

    id: UUID
    version: int
    filter: Mapping[str, Any]


class StoredFilters:
    """Stored filters of one database, as far as this process has read them; `signature` changes with them.

    All of them, as long as they are few (`is_whole`); with `is_own`, those that the statements of one reading meet.
    """

    def __init__(self, catalogue: Catalogue, *, is_own: bool = False) -> None:
        self._sources = tuple(_sources(catalogue))
        self._known: dict[str, tuple[StoredFilter, ...]] = {}
        self._met: set[UUID] = set()
        self.is_own = is_own
        self.is_whole = not is_own
        self.signature = 0

    async def refresh(self, reader: Reader, kind: DatabaseKind) -> None:
        """Read all stored filters if they are few, one statement for each record type that has any."""
        found: dict[str, tuple[StoredFilter, ...]] = {}
        for record, column in self._sources:
            rows = await reader.fetch(f"{_select(record, column)} order by id limit {MOST_KNOWN + 1}", [])
            found[record.name] = _read(rows, kind)
        self.is_whole = sum(map(len, found.values())) <= MOST_KNOWN
        self._set(found if self.is_whole else {})

    async def meet(self, reader: Reader, dialect: Dialect, ids: Iterable[UUID]) -> None:
        """Read the filters of these records and of those met before; raises InvalidInput for too many."""
        self._met.update(ids)
        if len(self._met) > MOST_MET:
            raise too_many("")
        wanted = as_list([store(Kind.ID, id_, dialect.kind) for id_ in self._met], dialect)
        found: dict[str, tuple[StoredFilter, ...]] = {}
        for record, column in self._sources:
            chosen = f"{_select(record, column)} and {dialect.in_list('id', 1, Kind.ID)} order by id"
            found[record.name] = _read(await reader.fetch(chosen, [wanted]), dialect.kind)
        self._set(found)

    def concerns(self, record: RecordType) -> bool:
        """Whether records of this type store filters."""
        return any(record.name == source.name for source, _ in self._sources)

    def of(self, record: RecordType) -> tuple[StoredFilter, ...]:
        """The filters stored in records of one type."""
        return self._known.get(record.name, ())

    def _set(self, found: dict[str, tuple[StoredFilter, ...]]) -> None:
        if found != self._known:
            self._known = found
            self.signature += 1


def missed(rows: Iterable[Row]) -> set[UUID]:
    """The records of which a statement's answer says that it does not know their filters."""
    texts = (row[-1] for row in rows if isinstance(row[-1], str) and STALE in row[-1])
    return {UUID(id_) for text in texts for id_ in MISSED.findall(text)}


def too_many(where: str) -> InvalidInput:
    """The error for an answer that hangs on more stored filters than a statement can hold."""
    return InvalidInput(
        "INVALID_PAGE",
        f"{where}{': ' if where else ''}more filtered groups would have to be read than one statement can hold; ask "
        "for smaller pages, and for less of each member.",
        **({"argument": where} if where else {}),
    )


def _select(record: RecordType, column: str) -> str:
    return f"select id,version,{column} from {record.table} where deleted_at is null and {column} is not null"


def _read(rows: Iterable[Row], kind: DatabaseKind) -> tuple[StoredFilter, ...]:
    return tuple(
        StoredFilter(id=load(Kind.ID, row[0], kind), version=row[1], filter=orjson.loads(row[2])) for row in rows
    )


def _sources(catalogue: Catalogue) -> Iterator[tuple[RecordType, str]]:
    for record in catalogue.types.values():
        for member in record.members.values():
            if isinstance(member, ToMany) and member.stored_filter is not None:
                yield record, member.stored_filter
