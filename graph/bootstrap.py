"""What every database holds from the beginning: the actor that Accord itself acts as."""

from datetime import datetime
from uuid import UUID

from .catalogue import Catalogue, Kind
from .databases.database import Database, Reader
from .reading.dialects import Dialect
from .reading.rows import RowReader, stored
from .storing import folded, store
from .writing.filling import blank

SYSTEM_ACTOR = UUID("00000000-0000-7000-8000-000000000001")
SYSTEM_NAME = "Accord"


async def ensure_system_actor(database: Database, catalogue: Catalogue, now: datetime) -> None:
    """Make the system's actor where it is missing; it is its own creator."""
    record = catalogue["Actor"]
    if await RowReader(database, database.dialect).find(record, "id", [SYSTEM_ACTOR], live=False):
        return
    async with database.transaction() as transaction:
        await transaction.lock("system actor")
        if await RowReader(transaction, database.dialect).find(record, "id", [SYSTEM_ACTOR], live=False):
            return
        row = blank(record) | {
            "id": SYSTEM_ACTOR,
            "name": SYSTEM_NAME,
            "name_folded": folded(SYSTEM_NAME),
            "kind": "SYSTEM",
            "version": 1,
            "created_at": now,
            "created_by_id": SYSTEM_ACTOR,
            "updated_at": now,
            "updated_by_id": SYSTEM_ACTOR,
        }
        columns = record.table_columns
        await transaction.insert(record.table, columns, [stored(record, columns, row, database.kind)])


async def is_untouched(reader: Reader, dialect: Dialect, catalogue: Catalogue) -> bool:
    """Whether a database holds no record, deleted or not, but the system's actor."""
    own = dialect.parameter(1, Kind.ID)
    found = " or ".join(f"exists (select 1 from {record.table} where id <> {own})" for record in catalogue.records())
    rows = await reader.fetch(f"select 1 where {found}", [store(Kind.ID, SYSTEM_ACTOR, dialect.kind)])
    return not rows
