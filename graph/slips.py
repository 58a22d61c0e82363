# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
"""What the author of a record may get wrong without a word from Python or Tortoise."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from tortoise import fields

from ..plugins.declarations import Computed, Group, Policy, Through, Unique
from ..plugins.fields import AnyKey, Choice, Identity, TextList
from ..plugins.records import Extension, Record, Relation

OPTIONS = {  # class arguments
    Record: {"prefix", "plural", "root", "order"},
    Relation: {"prefix", "order", "closes"},
    Extension: {"namespace"},
}
PREFIX = re.compile(r"[a-z]{3,10}")  # of global ids
NAMESPACE = re.compile(r"[a-z][a-zA-Z0-9]*")
# Tables that no record has: those of the outbox, of requests that came with a key, of plugins' work, and of migrations.
RESERVED_TABLES = frozenset(
    {"outbox_event", "outbox_delivery", "idempotency_key", "due_work", "job", "accord_migration", "accord_plugin"}
)
# What inputs, filters and edges call by themselves.
RESERVED_NAMES = frozenset(
    {"and", "or", "not", "by", "expectedVersion", "delete", "disconnect", "cursor", "node", "linkId", "count"}
)


def find_slips(model: type[Any]) -> Iterator[str]:
    """Every slip in the declaration of one record, relation or extension, a sentence each."""
    name = model.__name__
    if not (model.__doc__ or "").strip():
        yield f"{name}: it needs a docstring, which is its description in the API"
    yield from _class_arguments(model)
    if model._meta.unique_together:
        yield f"{name}.Meta.unique_together counts deleted rows; write unique(…) among the Policies instead"
    if model._meta.indexes:
        yield f"{name}.Meta.indexes are not kept; db_index=True and the Policies say which indexes there are"
    for field_name, field in model._meta.fields_map.items():
        yield from (f"{name}.{field_name}: {slip}" for slip in _field(field_name, field))
    for policy_name, policy in _policies(model).items():
        if not isinstance(policy, Policy | Unique | Group | Through | Computed):
            yield (
                f"{name}.Policies.{policy_name} is {policy!r}; it takes a Policy, or what unique(), group(), through() "
                "or computed() give"
            )


def _policies(model: type[Any]) -> Mapping[str, Any]:
    declared = getattr(model, "Policies", object)
    return {name: value for name, value in vars(declared).items() if not name.startswith("_")}


def _class_arguments(model: type[Any]) -> Iterator[str]:
    name, options = model.__name__, model.__options__
    for base, known in OPTIONS.items():
        if issubclass(model, base):
            for option in sorted(options.keys() - known):
                yield f"{name}: there is no class argument {option!r}; there are {', '.join(sorted(known))}"
    prefix = options.get("prefix", "")
    if issubclass(model, Record) and not PREFIX.fullmatch(prefix):
        yield f"{name}: its prefix is {prefix!r}; the prefix of ids is three to ten small letters, as in prefix='acc'"
    namespace = options.get("namespace", "")
    if issubclass(model, Extension) and not NAMESPACE.fullmatch(namespace):
        yield f"{name}: its namespace is {namespace!r}; it is a name of the API such as namespace='hipaa'"
    if issubclass(model, Extension) and "owner" not in model._meta.fields_map:
        yield f"{name}: it has no owner; derive it from AccountExtension, ContactExtension or AddressExtension"


def _field(name: str, field: Any) -> Iterator[str]:
    if field.unique and not field.pk:
        yield "unique=True counts deleted rows; write Policy(unique=True) instead"
    if isinstance(field, fields.UUIDField) and not isinstance(field, Identity | AnyKey) and name != "deletion":
        yield "a UUID is only for ids; use a foreign key, or a Code of 36 characters"
    enum = getattr(field, "enum_type", None)
    if enum is not None and not (isinstance(field, Choice) and issubclass(enum, StrEnum)):
        yield f"{enum.__name__} can't be stored; use a CharEnumField of a StrEnum"
    choices = getattr(field, "choices", None) if isinstance(field, TextList) else None
    if choices is not None and not issubclass(choices, StrEnum):
        yield f"{choices.__name__} can't be stored; the choices of a TextList are a StrEnum"


def find_shared(models: Iterable[type[Any]]) -> Iterator[str]:
    """What two models claim at once, and can't both have: a name, a table."""
    names: dict[str, type[Any]] = {}
    tables: dict[str, type[Any]] = {}
    for model in models:
        known = names.setdefault(model.__name__, model)
        if known is not model:
            yield f"two records are called {model.__name__}: one in {known.__module__}, one in {model.__module__}"
        table = model._meta.db_table
        owner = tables.setdefault(table, model)
        if owner is not model:
            yield f"{_told(owner)} and {_told(model)} both have the table {table}"
        elif table in RESERVED_TABLES:
            yield f"{model.__name__}: the table {table} is Accord's own; call the record something else"


def _told(model: type[Any]) -> str:
    return f"{model.__name__} ({model.__module__})"
