"""Writing the next migration of an app, for those who change its models."""

import re
from collections.abc import Sequence
from importlib import import_module, invalidate_caches
from pathlib import Path
from posixpath import relpath
from typing import Any, cast

from tortoise.connection import ConnectionHandler
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.operations import (
    AddField,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RenameField,
    RenameModel,
    TortoiseOperation,
)
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from ...plugins.column import Column
from .errors import ChangeRefused, MigrationsUnusable
from .freezing import freeze_models, freeze_state
from .loading import MigrationPath, load_migrations
from .target import MigrationApp

_GUESSES = (DeleteModel, RemoveField, RemoveConstraint, RenameField, RenameModel)


async def make(apps: Sequence[MigrationApp], label: str, name: str, *, destructive: bool = False) -> Path | None:
    """Write the migration that takes the app `label` from its last migration to its models; None if nothing changed.

    `apps` are the app and all that it refers to. What loses data, and a rename, which can't be told from a removal
    beside an addition, raises ChangeRefused unless `destructive`; review the file then. So does a new column that the
    rows of a filled table would have no value for. Models that no migration knows are made, indexes never.
    """
    path = await load_migrations(apps)
    old = {key: freeze_state(state) for key, state in path.project(list(path.migrations)).models.items()}
    operations = OperationGenerator(_state(old), _state(freeze_models(apps))).generate([label])
    if not operations:
        return None
    for operation in operations:
        if isinstance(operation, CreateModel):
            operation.bases = None  # always Model, which a migration needs not say
    _refuse_guesses(operations, destructive)
    _refuse_empty_columns(operations)
    head = path.head(label)
    number = int(match.group()) + 1 if head and (match := re.match(r"\d+", head.name)) else 1
    writer = MigrationWriter(
        format_migration_name(number, name),
        label,
        operations,
        dependencies=_find_dependencies(path, label, operations),
        initial=head is None or None,
    )
    module = next(app.migrations for app in apps if app.label == label)
    file = Path(next(iter(import_module(module).__path__))) / f"{writer.name}.py"
    file.write_text(_write_source(writer, module), encoding="utf-8")
    invalidate_caches()
    return file


def _write_source(writer: MigrationWriter, module: str) -> str:
    """Tortoise's source with a docstring, blank lines, and Column imported in the way of the place."""
    source = writer.as_string()
    absolute = f"from {Column.__module__} import Column\n"
    if absolute in source:
        imports, body = source.replace(absolute, "").split("\n\nclass ", 1)
        source = f"{imports}\n\nfrom {_column_module(module)} import Column\n\nclass {body}"
    source = source.replace("\n\nclass Migration", "\n\n\nclass Migration")
    return f'"""Migration {writer.name} of {writer.app_label}."""\n\n{source}'


def _column_module(module: str) -> str:
    """Where the migrations in `module` import Column from: core's own by dots, all others from the contract."""
    core, _, _ = __name__.rpartition(".migrating.")
    if not module.startswith(f"{core}."):
        return Column.__module__.rpartition(".")[0]
    steps = relpath(Column.__module__.replace(".", "/"), module.replace(".", "/")).split("/")
    up = steps.count("..")
    return "." * (up + 1) + ".".join(steps[up:])


def _state(models: dict[tuple[str, str], ModelState]) -> State:
    return State(models=models, apps=StateApps(connections=ConnectionHandler()))


def _refuse_guesses(operations: Sequence[TortoiseOperation], destructive: bool) -> None:
    guesses = [operation.describe() for operation in operations if isinstance(operation, _GUESSES)]
    if guesses and not destructive:
        raise ChangeRefused(
            f"The models differ in a way that loses data or may be a rename: {'; '.join(guesses)}. Say --destructive "
            "if it is meant, and correct the file where a removal beside an addition was a rename."
        )


def _refuse_empty_columns(operations: Sequence[TortoiseOperation]) -> None:
    added = [operation for operation in operations if isinstance(operation, AddField)]
    empty = [
        f"{operation.model_name}.{operation.name}"
        for operation in added
        if isinstance(field := operation.field, Column | ForeignKeyFieldInstance)
        and not field.null
        and not field.has_db_default()
    ]
    if empty:
        raise ChangeRefused(
            f"New and NOT NULL: {', '.join(empty)}. The rows that are there would have no value for it. Give it "
            "db_default= or null=True; default= alone is unknown to the database."
        )


def _find_dependencies(
    path: MigrationPath, label: str, operations: Sequence[TortoiseOperation]
) -> list[tuple[str, str]]:
    """The app's last migration, and the last one of each app that a new foreign key points into."""
    fields: list[object] = []
    for operation in operations:
        if isinstance(operation, CreateModel):
            fields += [field for _, field in operation.fields]
        elif isinstance(operation, AddField | AlterField):
            fields.append(operation.field)
    # Frozen, so the model that a key refers to is a name.
    keys = [cast("ForeignKeyFieldInstance[Any]", one) for one in fields if isinstance(one, ForeignKeyFieldInstance)]
    others = {cast(str, key.model_name).partition(".")[0] for key in keys} - {label}
    dependencies: list[tuple[str, str]] = []
    for app in [label, *sorted(others)]:
        if head := path.head(app):
            dependencies.append((head.app, head.name))
        elif app != label:
            raise MigrationsUnusable(f"App {label} refers to {app}, which has no migration yet: make that one first.")
    return dependencies
