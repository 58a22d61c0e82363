"""How a write stands, for who has to tell of one that did not end as it should."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ..catalogue import Kind
from ..databases.database import Database, Insert, Write
from ..errors import Unavailable

LOOKING_SECONDS = 5.0


@dataclass
class Standing:
    """`kept` is True once the database has kept a write, and False before.

    In between it is None: from when the database is told to keep it until it has said that it did.
    """

    kept: bool | None = False


async def look_for(database: Database, writes: Sequence[Write], *, is_over: bool) -> bool | None:
    """Whether a write was kept of whose end nothing was heard, by a row of it; None where that can't be said.

    While it may not be over, a row that isn't there may still come.
    """
    for write in writes:
        if isinstance(write, Insert) and write.columns[0] == "id":
            statement = f"select 1 from {write.table} where id={database.dialect.parameter(1, Kind.ID)}"
            try:
                async with asyncio.timeout(LOOKING_SECONDS):
                    found = await database.fetch(statement, [write.rows[0][0]])
            except (Unavailable, TimeoutError):
                return None
            return True if found else False if is_over else None
    return None
