"""The migrations as the code has them: loaded, checked, in order, and the models that they add up to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import cast

from tortoise.connection import ConnectionHandler
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AddIndex, RemoveIndex, RenameIndex, RunPython, SQLOperation
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from .editors import PostgresEditor, SqliteEditor
from .errors import MigrationFailed, MigrationsUnusable
from .target import MigrationApp


@dataclass(frozen=True, kw_only=True, order=True)
class MigrationName:
    app: str
    name: str

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class MigrationPath:
    """All migrations of all apps, each after those that it depends on."""

    migrations: dict[MigrationName, Migration]

    def head(self, app: str) -> MigrationName | None:
        return next((name for name in reversed(self.migrations) if name.app == app), None)

    def split(self, applied: Collection[MigrationName]) -> tuple[list[MigrationName], list[MigrationName]]:
        """Those applied and those pending; raises where one is applied and one that it stands on is not."""
        pending = [name for name in self.migrations if name not in applied]
        for name, migration in self.migrations.items():
            missing = [parent for parent in _parents(migration) if name in applied and parent in pending]
            if missing:
                raise MigrationsUnusable(
                    f"Migration {name} is applied, but {missing[0]}, which it depends on, is not. "
                    "A migration must not be put before one that was released: depend on it instead."
                )
        return [name for name in self.migrations if name in applied], pending

    def project(self, names: Sequence[MigrationName]) -> State:
        """The models after these migrations, in a registry that nothing else sees."""
        state = State(models={}, apps=StateApps(connections=ConnectionHandler()))
        for name in names:
            for operation in self.migrations[name].operations:
                operation.state_forward(name.app, state)
        state.validate_relations_initialized()
        return state


async def load_migrations(apps: Sequence[MigrationApp]) -> MigrationPath:
    """Import the migrations of all apps; raises MigrationsUnusable."""
    loader = MigrationLoader({app.label: {"migrations": app.migrations} for app in apps}, _NothingApplied(None))
    try:
        await loader.build_graph()
    except Exception as error:
        raise MigrationsUnusable(f"The migrations of {', '.join(a.label for a in apps)} don't load: {error}") from error
    labels = [app.label for app in apps]
    sorter: TopologicalSorter[MigrationKey] = TopologicalSorter()
    for key in sorted(loader.graph.nodes, key=lambda key: (labels.index(key.app_label), key.name)):
        sorter.add(key, *sorted(node.key for node in loader.graph.node_map[key].parents))
    try:
        keys = list(sorter.static_order())
    except CycleError as error:
        circle = " <- ".join(map(str, error.args[1]))
        raise MigrationsUnusable(f"Migrations depend on each other in a circle: {circle}.") from error
    migrations = {
        MigrationName(app=key.app_label, name=key.name): cast(Migration, loader.graph.nodes[key]) for key in keys
    }
    for name, migration in migrations.items():
        _check(name, migration)
    for app in apps:
        _check_heads(app.label, migrations)
    return MigrationPath(migrations=migrations)


async def run_operations(
    name: MigrationName, migration: Migration, state: State, editor: SqliteEditor | PostgresEditor, place: str
) -> None:
    """Take `state` and the database (or the editor's collected SQL) through a migration; raises MigrationFailed."""
    for operation in migration.operations:
        before = state.clone()
        try:
            operation.state_forward(name.app, state)
            if editor.collect_sql:
                editor.collected_sql.append(f"-- {operation.describe()}")
                if isinstance(operation, RunPython):
                    editor.collected_sql.append("-- (what the code will do can't be shown as SQL)")
                    continue
            await operation.database_forward(name.app, before, state, editor)
        except Exception as error:
            raise MigrationFailed(place, f"Migration {name} ({operation.describe()})", error) from error
    state.validate_relations_initialized()


class _NothingApplied(MigrationRecorder):
    """What is applied is read by this engine, not by Tortoise's loader."""

    async def applied_migrations(self) -> list[MigrationKey]:
        return []


def _parents(migration: Migration) -> list[MigrationName]:
    return [MigrationName(app=app, name=name) for app, name in migration.dependencies]


def _check(name: MigrationName, migration: Migration) -> None:
    if not migration.atomic:
        raise MigrationsUnusable(f"Migration {name} says atomic = False: all migrations run in one transaction.")
    for operation in migration.operations:
        if isinstance(operation, AddIndex | RemoveIndex | RenameIndex):
            raise MigrationsUnusable(
                f"Migration {name} has the operation {operation.describe()!r}: indexes are declared, not migrated."
            )
        if isinstance(operation, SQLOperation):
            raise MigrationsUnusable(f"Migration {name} uses SQLOperation, which Tortoise can't apply: use RunSQL.")


def _check_heads(app: str, migrations: dict[MigrationName, Migration]) -> None:
    parents = {
        parent for migration in migrations.values() for parent in _parents(migration) if migration.app_label == app
    }
    heads = [name for name in migrations if name.app == app and name not in parents]
    if len(heads) > 1:
        raise MigrationsUnusable(
            f"App {app} has several last migrations ({', '.join(map(str, heads))}): let one depend on the other."
        )
