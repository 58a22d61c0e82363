"""The composition root: from settings to a running Accord. As many as are wanted may live in one process."""

import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import orjson

from ..graph.bootstrap import ensure_system_actor
from ..graph.catalogue import Catalogue
from ..graph.databases.database import Database
from ..graph.databases.postgresql import PostgreSQL
from ..graph.databases.sqlite import SQLite
from ..graph.declaring import declare
from ..graph.feed import ChangeFeed
from ..graph.identity import IdSource, NewId
from ..graph.indexes import derive_indexes
from ..graph.migrating import MigrationApp, Target
from ..graph.reading.scope import Ground
from ..graph.reading.stored_filters import StoredFilters
from ..graph.records import RECORDS
from ..graph.writing.outbox import Consumer, OutboxWorker
from ..graph.writing.write import Writer
from ..schema.building import BuiltSchema, build_schema
from ..schema.limits import Limits
from ..schema.reading import Roots
from ..schema.service import Service
from ..schema.subscribing import Subscriptions
from ..schema.writing import Mutations
from .request_log import NotedService
from .settings import Settings, SettingsInvalid

CORE = MigrationApp(
    label="graph",
    models=("accord.graph.records", "accord.graph.writing.tables"),
    migrations="accord.graph.migrations",
)
Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def random_ids() -> NewId:
    """A source of ids for production: the machine's time and its randomness."""
    return IdSource(now_ms=lambda: time.time_ns() // 1_000_000, random_bits=random.SystemRandom().getrandbits)


@dataclass(frozen=True, kw_only=True)
class Accord:
    """A running Accord: everything that requests and commands work with."""

    settings: Settings
    catalogue: Catalogue
    database: Database
    schema: BuiltSchema
    writer: Writer
    service: Service
    worker: OutboxWorker
    feed: ChangeFeed


def core_catalogue(models: Sequence[type[Any]] = RECORDS) -> Catalogue:
    """The catalogue of the core records, or of those given."""
    return declare(models)


def migration_target(
    settings: Settings,
    catalogue: Catalogue,
    *,
    apps: Sequence[MigrationApp] = (CORE,),
    clock: Clock = wall_clock,
) -> Target:
    """What migrations take the settings' database to."""
    return Target(
        kind=settings.database_kind,
        location=settings.database_location,
        apps=tuple(apps),
        indexes=derive_indexes(catalogue),
        clock=clock,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        tokens=settings.limit_tokens,
        depth=settings.limit_depth,
        fields=settings.limit_fields,
        aliases=settings.limit_aliases,
        directives=settings.limit_directives,
        cost=settings.limit_cost,
        errors=settings.limit_errors,
        introspection=settings.introspection,
    )


def _trusted(settings: Settings) -> dict[str, str] | None:
    """The trusted documents by their ids; raises SettingsInvalid for a file that can't be read or has another form."""
    path = settings.trusted_documents
    if path is None:
        return None
    try:
        documents = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsInvalid([f"trusted_documents: {path} can't be read as JSON: {error}"]) from None
    if not isinstance(documents, dict) or not all(isinstance(one, str) for one in documents.values()):  # pyright: ignore[reportUnknownVariableType]
        raise SettingsInvalid([f"trusted_documents: {path} is no object of ids and documents"])
    return cast(dict[str, str], documents)


@asynccontextmanager
async def open_accord(
    settings: Settings,
    *,
    models: Sequence[type[Any]] = RECORDS,
    clock: Clock = wall_clock,
    new_id: NewId | None = None,
    consumers: Sequence[Consumer] = (),
    schema: BuiltSchema | None = None,
) -> AsyncGenerator[Accord, None]:
    """Open a migrated database and put everything around it together; raises GraphError Unavailable if it can't be.

    A `schema` built from the same models may be shared by several.
    """
    catalogue = core_catalogue(models)
    database: Database
    if settings.database_kind == "sqlite":
        database = await SQLite.open(Path(settings.database_location))
    else:
        database = await PostgreSQL.open(settings.database_location)
    try:
        await ensure_system_actor(database, catalogue, clock())
        schema = schema or build_schema(catalogue, name=lambda: uuid4().hex)
        worker = OutboxWorker(database, consumers, now=clock)
        feed = ChangeFeed(database, catalogue)

        def wake() -> None:
            worker.wake()
            feed.wake()

        writer = Writer(
            catalogue=catalogue, database=database, now=clock, new_id=new_id or random_ids(), committed=wake
        )
        ground = Ground(catalogue=catalogue, dialect=database.dialect, stored=StoredFilters(catalogue))
        await ground.stored.refresh(database, database.kind)
        mutations = Mutations(schema.writes, writer, database, ground)
        subscriptions = Subscriptions(feed=feed, database=database, ground=ground)
        roots = Roots(ground, schema.reads)
        service = NotedService(
            schema.core,
            database,
            roots,
            mutations,
            subscriptions,
            limits=_limits(settings),
            seconds=settings.request_seconds,
            suggestions=settings.suggestions,
            trusted=_trusted(settings),
        )
        yield Accord(
            settings=settings,
            catalogue=catalogue,
            database=database,
            schema=schema,
            writer=writer,
            service=service,
            worker=worker,
            feed=feed,
        )
    finally:
        await database.close()
