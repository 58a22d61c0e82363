# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Freezing models: what the database sees of them, as a migration keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, cast

from tortoise.connection import ConnectionHandler
from tortoise.fields.base import DB_DEFAULT_NOT_SET, Field
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

from ...plugins.column import Column
from .errors import MigrationsUnusable
from .target import MigrationApp

# Everything else among a model's options is of no concern to the database.
_KEPT_OPTIONS = ("unique_together", "constraints", "table_description")


def find_models(apps: Sequence[MigrationApp]) -> dict[str, list[type[Model]]]:
    """The models of each app, by name; one that several apps can see belongs to the first."""
    found: dict[str, list[type[Model]]] = {}
    claimed: set[type[Model]] = set()
    for app in apps:
        models: set[type[Model]] = set(app.classes)
        for module in app.models:
            try:
                values = vars(import_module(module)).values()
            except ImportError as error:
                raise MigrationsUnusable(f"The models of app {app.label} can't be imported: {error}") from error
            classes = {value for value in values if isinstance(value, type) and issubclass(value, Model)}
            models |= {model for model in classes if model is not Model and not model._meta.abstract}
        found[app.label] = sorted(models - claimed, key=lambda model: model.__name__)
        claimed |= models
    return found


def freeze_models(apps: Sequence[MigrationApp]) -> dict[tuple[str, str], ModelState]:
    """The models as they are now, frozen; the classes themselves are left as they were."""
    return {
        (label, model.__name__): freeze_state(ModelState.make_from_model(label, model))
        for label, models in find_models(apps).items()
        for model in models
    }


def freeze_state(state: ModelState) -> ModelState:
    """The same model with frozen fields and without what the database doesn't see."""
    table = state.table or state.name.lower()
    options = {name: state.options[name] for name in _KEPT_OPTIONS if state.options.get(name)}
    fields = {name: freeze_field(name, field) for name, field in state.fields.items()}
    return replace(state, table=table, options={"table": table, **options}, bases=(Model,), fields=fields)


def render_models(states: Mapping[tuple[str, str], ModelState]) -> list[type[Model]]:
    """Model classes of these states, each after those that it refers to, in a registry that nothing else sees."""
    models = dict(states)
    apps = StateApps(connections=ConnectionHandler()).clone(model_states=models)
    order = OperationGenerator._sort_by_dependencies(list(models), State(models=models, apps=apps))
    return [apps.get_model(label, name) for label, name in order]


def freeze_field(name: str, field: Field[Any]) -> Field[Any]:
    if isinstance(field, ManyToManyFieldInstance):
        return field
    if isinstance(field, ForeignKeyFieldInstance):
        return _freeze_reference(name, field)
    sql, sqlite = (field.get_for_dialect(dialect, "SQL_TYPE") for dialect in ("postgres", "sqlite"))
    generated = tuple(field.get_for_dialect(dialect, "GENERATED_SQL") for dialect in ("postgres", "sqlite"))
    column = Column(
        sql,
        sqlite=sqlite if sqlite != sql else None,
        generated_as=cast("tuple[str, str]", generated) if field.generated and all(generated) else None,
        source_field=field.source_field if field.source_field != name else None,
        primary_key=field.pk,
        null=field.null,
        unique=field.unique,
        description=field.description,
        db_default=_freeze_default(field),
    )
    column.model_field_name = name
    return column


def _freeze_default(field: Field[Any]) -> Any:
    if not field.has_db_default():
        return DB_DEFAULT_NOT_SET
    default = field.db_default
    return default if hasattr(default, "get_sql") else field.to_db_value(default, field.model)


def _freeze_reference(name: str, field: ForeignKeyFieldInstance[Any]) -> ForeignKeyFieldInstance[Any]:
    _, _, given = field.deconstruct()
    # A model that Tortoise has initialised spells out what its author left to the defaults.
    related = getattr(field, "related_model", None)
    to_field = None if related is not None and field.to_field == related._meta.pk_attr else field.to_field
    source = given.get("source_field")
    frozen = type(field)(
        given["model_name"],
        related_name=False,
        on_delete=field.on_delete,
        to_field=to_field,
        source_field=source if source != f"{name}_id" else None,
        primary_key=field.pk,
        null=field.null,
        description=field.description,
        db_default=_freeze_default(field),
    )
    frozen.model_field_name = name
    return frozen
