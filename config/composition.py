"""The composition root: from settings to a running Accord. As many as are wanted may live in one process."""

import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ..graph.backfills import derive_backfills, derive_upkeep
from ..graph.bootstrap import ensure_actors, ensure_system_actor
from ..graph.catalogue import Catalogue
from ..graph.databases.database import Database
from ..graph.declaring import declare
from ..graph.feed import ChangeFeed
from ..graph.housekeeping import Housekeeper
from ..graph.identity import IdSource, NewId
from ..graph.indexes import derive_indexes
from ..graph.migrating import MigrationApp, PluginsDiffer, Target, find_differences, read_enabled, refuse_drifted
from ..graph.reading.scope import Ground
from ..graph.reading.sight import permissions_of
from ..graph.reading.stored_filters import StoredFilters
from ..graph.records import RECORDS
from ..graph.writing.due import DueWorker
from ..graph.writing.jobs import JobWorker
from ..graph.writing.outbox import Consumer, OutboxWorker
from ..graph.writing.write import Writer
from ..plugins.calling import Hooks
from ..plugins.loading import LoadedPlugin
from ..schema.building import BuiltSchema, build_schema
from ..schema.limits import Limits
from ..schema.operating import Operations
from ..schema.plugin_context import PluginContexts
from ..schema.reading import Roots
from ..schema.seeing import Watch
from ..schema.service import Service
from ..schema.subscribing import Subscriptions, turns_of
from ..schema.typebook import SchemaError
from ..schema.writing import Mutations
from .databases import opened
from .identities import OPERATING, Tokens, TokensInvalid, read_tokens, unknown_permissions
from .plugin_loading import apps_of, catalogue_of, load_plugins, marks_of
from .plugin_report import PluginReporter
from .plugin_work import all_operations, arguments_for, plugin_consumers
from .request_log import NotedService
from .settings import PluginsRefused, Settings, SettingsInvalid
from .trusted import read_trusted, wrong_documents

log = logging.getLogger("accord.settings")

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
    tokens: Tokens
    plugins: tuple[LoadedPlugin, ...]
    catalogue: Catalogue
    database: Database
    schema: BuiltSchema
    writer: Writer
    service: Service
    worker: OutboxWorker
    due: DueWorker
    jobs: JobWorker
    housekeeper: Housekeeper
    feed: ChangeFeed
    hooks: Hooks
    contexts: PluginContexts
    permissions: frozenset[str]  # all that anything asks for


def core_catalogue(models: Sequence[type[Any]] = RECORDS) -> Catalogue:
    """The catalogue of the core records, or of those given."""
    return declare(models)


def migration_target(
    settings: Settings,
    catalogue: Catalogue,
    *,
    apps: Sequence[MigrationApp] | None = None,
    plugins: Sequence[LoadedPlugin] = (),
    clock: Clock = wall_clock,
) -> Target:
    """What migrations take the settings' database to: the tables of the core and of these plugins."""
    kind = settings.database_kind
    return Target(
        kind=kind,
        location=settings.database_location,
        apps=tuple(apps) if apps is not None else (CORE, *apps_of(plugins)),
        indexes=derive_indexes(catalogue),
        clock=clock,
        plugins=marks_of(plugins),
        backfills=derive_backfills(catalogue, kind),
        upkeep=derive_upkeep(catalogue, kind),
        missing=tuple(name for name in settings.plugins if name not in {one.name for one in plugins}),
    )


def target_of(settings: Settings, *, unmigrated: bool = False) -> Target:
    """What migrations take the settings' database to, enabled plugins loaded; raises PluginsRefused."""
    plugins = load_plugins(settings, unmigrated=unmigrated)
    return migration_target(settings, catalogue_of(plugins), plugins=plugins)


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


@asynccontextmanager
async def open_accord(
    settings: Settings,
    *,
    plugins: Sequence[LoadedPlugin] | None = None,
    models: Sequence[type[Any]] | None = None,
    clock: Clock = wall_clock,
    new_id: NewId | None = None,
    consumers: Sequence[Consumer] = (),
    schema: BuiltSchema | None = None,
    hooks: Hooks | None = None,
) -> AsyncGenerator[Accord, None]:
    """Open a migrated database and put everything around it together; raises GraphError Unavailable if it can't be.

    The settings' plugins are loaded, unless they are given; with `models` there are these alone, and no plugins. Raises
    PluginsRefused for plugins that can't be used, RecordsDiffer where the records of one are not as its migrations make
    them, and PluginsDiffer where the database was made ready for others. A `schema` built from the same models may be
    shared by several.
    """
    is_loaded = plugins is None and models is None
    if plugins is None:
        plugins = load_plugins(settings) if models is None else ()
    catalogue = catalogue_of(plugins) if models is None else core_catalogue(models)
    if is_loaded:
        await refuse_drifted(migration_target(settings, catalogue, plugins=plugins))
    if hooks is None:
        hooks = Hooks([one.plugin for one in plugins])
    try:
        tokens = read_tokens(settings.tokens)
    except TokensInvalid as error:
        raise SettingsInvalid([str(error)]) from None
    asked_for = permissions_of(catalogue) | {one.name for plugin in hooks.plugins for one in plugin.permissions}
    permissions = frozenset(asked_for | OPERATING)
    for name, one in settings.tokens.items():
        for slip in unknown_permissions(one.permissions, permissions):
            log.warning("tokens.%s: %s", name, slip)
    trusted = read_trusted(settings.trusted_documents)
    async with opened(settings) as database:
        if differences := find_differences(await read_enabled(database), marks_of(plugins)):
            raise PluginsDiffer(settings.database_place, differences, sorted(one.name for one in plugins))
        await ensure_system_actor(database, catalogue, clock())
        if tokens.actors:
            await ensure_actors(database, catalogue, clock(), tokens.actors)
        offered = all_operations(hooks)
        try:
            schema = schema or build_schema(catalogue, name=lambda: uuid4().hex, operations=offered)
        except SchemaError as error:
            if not hooks.plugins:
                raise
            raise PluginsRefused([str(error)]) from None
        new_id = new_id or random_ids()

        def wake() -> None:
            for one in (worker, due, jobs, feed):
                one.wake()

        contexts = PluginContexts(hooks=hooks, database=database, now=clock, new_id=new_id, committed=wake)
        told = [*consumers, *plugin_consumers(hooks, contexts)]
        worker = OutboxWorker(database, told, now=clock)
        due = DueWorker(database, hooks, contexts.of, now=clock)
        jobs = JobWorker(database, hooks, contexts.acting, arguments_for(catalogue), now=clock)
        feed = ChangeFeed(database, catalogue)

        writer = Writer(
            catalogue=catalogue,
            database=database,
            now=clock,
            new_id=new_id,
            committed=wake,
            consumers=tuple(consumer.name for consumer in told),
            hooks=hooks,
        )
        ground = Ground(catalogue=catalogue, dialect=database.dialect, stored=StoredFilters(catalogue))
        await ground.stored.refresh(database, database.kind)
        mutations = Mutations(schema.writes, writer, database, ground)
        subscriptions = Subscriptions(feed=feed, database=database, ground=ground, turns=turns_of(database))
        roots = Roots(ground, schema.reads)
        reporter = PluginReporter(
            settings=settings,
            plugins=plugins,
            catalogue=catalogue,
            schema=schema,
            hooks=hooks,
            target=migration_target(settings, catalogue, plugins=plugins),
            database=database,
        )
        operations = Operations(
            offered, hooks=hooks, contexts=contexts, writer=writer, database=database, reports=reporter.reports
        )
        service = NotedService(
            schema.core,
            database,
            roots,
            mutations,
            subscriptions,
            Watch(ground, hooks, now=clock),
            operations,
            limits=_limits(settings),
            seconds=settings.request_seconds,
            suggestions=settings.suggestions,
            trusted=trusted,
        )
        contexts.service = service
        for slip in wrong_documents(trusted or {}, service.documents):
            log.warning("%s", slip)
        yield Accord(
            settings=settings,
            tokens=tokens,
            plugins=tuple(plugins),
            catalogue=catalogue,
            database=database,
            schema=schema,
            writer=writer,
            service=service,
            worker=worker,
            due=due,
            housekeeper=Housekeeper(database, now=clock),
            jobs=jobs,
            feed=feed,
            hooks=hooks,
            contexts=contexts,
            permissions=permissions,
        )
