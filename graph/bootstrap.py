"""What every database holds from the beginning: the actor that Accord itself acts as, and those of the settings."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .catalogue import Catalogue, Kind, RecordType
from .databases.database import Database, Insert, Reader
from .reading.dialects import Dialect
from .reading.rows import RowReader, stored
from .storing import folded, store
from .writing.filling import blank

SYSTEM_ACTOR = UUID("00000000-0000-7000-8000-000000000001")
SYSTEM_NAME = "Accord"
LAST_OWN_ACTOR = UUID("00000000-0000-7fff-bfff-ffffffffffff")  # the greatest id of the year 1970's first moment


@dataclass(frozen=True, kw_only=True)
class OwnActor:
    """An actor that Accord makes itself: the system, or one that the settings name."""

    id: UUID
    name: str
    kind: str


def own_actor_id(name: str) -> UUID:
    """The id of the actor that the settings call so, the same in every process: a UUIDv7 of the year 1970."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    return UUID(int=(7 << 76) | (2 << 62) | (digest >> 2))


async def ensure_system_actor(database: Database, catalogue: Catalogue, now: datetime) -> None:
    """Make the system's actor where it is missing; it is its own creator."""
    await ensure_actors(database, catalogue, now, [OwnActor(id=SYSTEM_ACTOR, name=SYSTEM_NAME, kind="SYSTEM")])


async def ensure_actors(database: Database, catalogue: Catalogue, now: datetime, actors: Sequence[OwnActor]) -> None:
    """Make those of the actors that are missing; what is known of the others stays as it is."""
    record = catalogue["Actor"]

    async def missing(reader: Reader) -> list[OwnActor]:
        wanted = [actor.id for actor in actors]
        known = {row["id"] for row in await RowReader(reader, database.dialect).find(record, "id", wanted, live=False)}
        return [actor for actor in actors if actor.id not in known]

    if not await missing(database):
        return
    async with database.transaction() as transaction:
        await transaction.lock("system actor")
        columns = record.table_columns
        rows = [stored(record, columns, _row(record, one, now), database.kind) for one in await missing(transaction)]
        if rows:
            await transaction.write([Insert(table=record.table, columns=columns, rows=rows)])


def _row(record: RecordType, actor: OwnActor, now: datetime) -> dict[str, Any]:
    return blank(record) | {
        "id": actor.id,
        "name": actor.name,
        "name_folded": folded(actor.name),
        "kind": actor.kind,
        "version": 1,
        "created_at": now,
        "created_by_id": SYSTEM_ACTOR,
        "updated_at": now,
        "updated_by_id": SYSTEM_ACTOR,
    }


async def is_untouched(reader: Reader, dialect: Dialect, catalogue: Catalogue) -> bool:
    """Whether a database holds no record, deleted or not, but the actors that Accord makes itself."""
    own = dialect.parameter(1, Kind.ID)
    found = " or ".join(f"exists (select 1 from {record.table} where id > {own})" for record in catalogue.records())
    rows = await reader.fetch(f"select 1 where {found}", [store(Kind.ID, LAST_OWN_ACTOR, dialect.kind)])
    return not rows
