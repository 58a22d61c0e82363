"""The database that the settings name, with nothing of Accord around it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ..graph.databases.database import Database
from ..graph.databases.postgresql import PostgreSQL
from ..graph.databases.sqlite import SQLite
from .settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Database]:
    """The settings' database, closed at the end; raises what its driver does where it can't be had."""
    database: Database
    if settings.database_kind == "sqlite":
        database = await SQLite.open(Path(settings.database_location))
    else:
        database = await PostgreSQL.open(settings.database_location)
    try:
        yield database
    finally:
        await database.close()
