"""Stored filters: records that say by a filter which others belong to them, such as a filtered group of contacts.

A statement that reads such members holds the filters of the records it may meet, each with the version it was read at.
Where a record has another version by then, the statement says so, and the filters are read anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from ..catalogue import Catalogue, Kind, RecordType, ToMany
from ..databases.database import Reader
from ..storing import DatabaseKind, load

STALE = "\x01"  # what a statement answers in place of members whose filter it does not know; no JSON text holds it
MOST = 200


@dataclass(frozen=True, kw_only=True)
class StoredFilter:
    """One record's filter and the version of the record that it stands in."""

    id: UUID
    version: int
    filter: Mapping[str, Any]


class StoredFilters:
    """All stored filters of one database, as far as this process has read them; `signature` changes with them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._sources = tuple(_sources(catalogue))
        self._known: dict[str, tuple[StoredFilter, ...]] = {}
        self.signature = 0

    async def refresh(self, reader: Reader, kind: DatabaseKind) -> None:
        """Read all stored filters, one statement for each record type that has any."""
        for record, column in self._sources:
            rows = await reader.fetch(
                f"select id,version,{column} from {record.table} "
                f"where deleted_at is null and {column} is not null order by id limit {MOST}",
                [],
            )
            self._known[record.name] = tuple(
                StoredFilter(id=load(Kind.ID, row[0], kind), version=row[1], filter=orjson.loads(row[2]))
                for row in rows
            )
        self.signature += 1

    def concerns(self, record: RecordType) -> bool:
        """Whether records of this type store filters."""
        return any(record.name == source.name for source, _ in self._sources)

    def of(self, record: RecordType) -> tuple[StoredFilter, ...]:
        """The filters stored in records of one type."""
        return self._known.get(record.name, ())


def _sources(catalogue: Catalogue) -> Iterator[tuple[RecordType, str]]:
    for record in catalogue.types.values():
        for member in record.members.values():
            if isinstance(member, ToMany) and member.stored_filter is not None:
                yield record, member.stored_filter
