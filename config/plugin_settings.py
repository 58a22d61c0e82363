"""The settings of plugins: from their tables in accord.toml and their variables, into the types that they declare."""

import os
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import SecretBytes, SecretStr, ValidationError

from ..plugins.names import nearest
from ..plugins.plugin import PluginSettings
from .settings import FILE, HIDDEN, PLUGIN, PLUGIN_PREFIX, Settings, Shown, plugin_variable

LISTS = (list, tuple, set, frozenset)
PLAIN = frozenset({str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID, Path, NoneType})


def find_strangers(settings: Settings, known: Iterable[str]) -> Iterator[str]:
    """What is set for plugins that there are not; `known` are those enabled or installed."""
    known = tuple(known)
    for name, values in settings.plugin.items():
        if name not in known:
            near = nearest(name, known)
            advice = f"did you mean {near}?" if near else "install it, or take that out."
            places = [_place(name, key) for key in values] or [f"{PLUGIN}.{name} in {FILE}"]
            yield f"{places[0]} is for a plugin {name!r}, and none of that name is installed; {advice}"


def read_plugin(settings: Settings, name: str, kind: type[PluginSettings]) -> tuple[PluginSettings | None, list[str]]:
    """The settings of a plugin, or what is wrong with them, a sentence each."""
    given = {key: _listed(kind, key, value) for key, value in settings.plugin.get(name, {}).items()}
    try:
        return kind.model_validate(given), []
    except ValidationError as error:
        return None, [_problem(name, kind, problem) for problem in error.errors()]


def shown_plugin(name: str, values: PluginSettings) -> list[Shown]:
    """Every setting of a plugin as people may see it."""
    found: list[Shown] = []
    dumped = values.model_dump(mode="json")
    for key, field in type(values).model_fields.items():
        value: Any = getattr(values, key)
        secret = isinstance(value, SecretStr | SecretBytes) or not field.repr
        shown = (None if value is None else HIDDEN) if secret else dumped[key]
        variable = _variable(name, key)
        is_given = key in values.model_fields_set
        source = f"environment variable {variable}" if variable else str(FILE) if is_given else "default"
        description = field.description or ""
        found.append(Shown(name=f"{PLUGIN}.{name}.{key}", value=shown, source=source, description=description))
    return found


def _listed(kind: type[PluginSettings], key: str, value: Any) -> Any:
    """The value as the field takes it: a variable holds a list with commas, and anything deeper as JSON."""
    field = kind.model_fields.get(key)
    if field is None or not isinstance(value, str) or (isinstance(field.annotation, type) and not _is_deep(field)):
        return value
    if value.lstrip().startswith(("[", "{")):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    if get_origin(field.annotation) in LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _is_deep(field: Any) -> bool:
    return field.annotation in {*LISTS, dict} or hasattr(field.annotation, "model_fields")


def _problem(name: str, kind: type[PluginSettings], problem: Any) -> str:
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if not key:
        return f"{PLUGIN}.{name}: {problem['msg']}."
    place = _place(name, key)
    is_whole = len(problem["loc"]) == 1  # nothing inside of it
    if problem["type"] == "extra_forbidden" and is_whole:
        near = nearest(key, kind.model_fields)
        there = ", ".join(kind.model_fields) or "none"
        advice = f"did you mean {near}?" if near else f"there are {there}."
        return f"{place} is no setting of the plugin; {advice}"
    if problem["type"] == "missing" and is_whole:
        variable = f"{PLUGIN_PREFIX}{name.upper()}__{key.upper()}"
        return f"the setting {key} is missing; give it in [{PLUGIN}.{name}] of {FILE}, or by {variable}."
    field = kind.model_fields.get(key)
    message = problem["msg"].removeprefix("Value error, ")
    is_told = field is not None and field.repr and _is_plain(field.annotation) and type(problem["input"]) in PLAIN
    value = f" is {problem['input']!r}" if is_told else ""
    return f"{place}{value}: {message[:1].lower()}{message[1:]}."


def _is_plain(kind: Any) -> bool:
    """Whether a type has single plain values alone; in others, such as an object, a secret may stand at any depth."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return kind in PLAIN or issubclass(kind, Enum)
    match get_origin(kind):
        case origin if origin is Literal:
            return True
        case origin if origin is Annotated:
            return _is_plain(get_args(kind)[0])
        case origin if origin in (Union, UnionType):
            return all(_is_plain(one) for one in get_args(kind))
        case _:
            return False


def _place(name: str, key: str) -> str:
    variable = _variable(name, key)
    return f"{variable} in the environment" if variable else f"{PLUGIN}.{name}.{key} in {FILE}"


def _variable(name: str, key: str) -> str | None:
    """The variable that sets it, if one does."""
    return next((one for one in os.environ if plugin_variable(one) == (name, key)), None)
