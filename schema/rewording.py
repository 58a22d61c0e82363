"""What graphql-core says of wrong requests, as callers write them: values as JSON, and nothing that only follows."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import GraphQLError

from .places import IN_VARIABLE

FROM_INSIDE = re.compile(r", but encountered error '.*?'(?=; found: )", re.DOTALL)
SUGGESTED = re.compile(r" Did you mean '\w+ \{ \.\.\. \}'\?")  # which graphql-core says whatever it is told
ECHOED = re.compile(r"(?P<before>(?:[,;.?] ?[Ff]ound|\bvalue): )(?P<value>[^ ].*?)(?P<after>\.?)$", re.DOTALL)
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
LONGEST_ECHO = 200  # characters


def coded(error: GraphQLError, code: str, place: str | None = None) -> GraphQLError:
    """The error with a code in its extensions, unless it has one, and without words of Python in its message.

    `place` says which argument or field it is about.
    """
    error.message = FROM_INSIDE.sub("", error.message).replace(" not to be None", " not to be null")
    where = {} if place is None else {"argument": place}
    error.extensions = {"code": code, **where, **(error.extensions or {})}
    return error


def unsuggested(error: GraphQLError) -> GraphQLError:
    """The error without the one suggestion that graphql-core always makes."""
    error.message = SUGGESTED.sub("", error.message)
    return error


def in_json(error: GraphQLError, variables: Mapping[str, Any]) -> GraphQLError:
    """The error about a variable with the value that it echoes as the request has it, in JSON."""
    place = IN_VARIABLE.match(error.message)
    echo = None if place is None else ECHOED.search(error.message, place.end())
    if place is not None and echo is not None:
        value = _value_at(variables, place[1].removeprefix("$"), place[2] or "")
        error.message = f"{error.message[: echo.start()]}{echo['before']}{_written(value)}{echo['after']}"
    return error


def _written(value: Any) -> str:
    """The beginning of a value's JSON, and no more work than that: a request may hold much."""
    text = ""
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += part
        if len(text) > LONGEST_ECHO:
            return f"{text[:LONGEST_ECHO]}…"
    return text


def _value_at(variables: Mapping[str, Any], name: str, path: str) -> Any:
    value = variables.get(name)
    for key, index in STEP.findall(path):
        if index and isinstance(value, list):
            value = cast(list[Any], value)[int(index)]
        elif key and isinstance(value, dict):
            value = cast(dict[str, Any], value).get(key)
    return value


def without_what_follows(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors but for those of an object of one field that has no such field: the wrong name has been told."""
    unknown = [_place(error) for error in errors if "unknown field" in error.message]
    return [
        error
        for error in errors
        if "OneOf Input Object" not in error.message
        or not any(place == _place(error) or place.startswith(f"{_place(error)}.") for place in unknown)
    ]


def _place(error: GraphQLError) -> str:
    return str((error.extensions or {}).get("argument"))
