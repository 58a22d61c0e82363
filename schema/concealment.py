"""What errors keep to themselves where suggestions are off: every name of the schema that the request doesn't hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

from .exchange import Request, Result
from .wording import shortened

NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
QUOTED = re.compile(r"(?<!\w)(['\"`])([^'\"`]{1,200})\1(?!\w)")
HIDDEN = "…"
REPEATED = re.compile(rf"{HIDDEN}(?:\.{HIDDEN})+")


class Concealment:
    """The names of one schema, to be kept out of errors.

    A name is left out where a message can only mean the schema by it: in quotes, on a path or in braces, written as no
    word of a sentence is, or called as a type is. Names that the request holds stay, in capitals or not.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        roots = {type_.name for type_ in (schema.query_type, schema.mutation_type, schema.subscription_type) if type_}
        types = [name for name in _types(schema) if name not in roots]
        self._names = {*types, *_members(schema)}
        self._called_as_types = {name.lower() for name in types}

    def conceal(self, result: Result, request: Request, text: str) -> Result:
        """The result with errors that name nothing but what the request holds, whose document has this text."""
        if not result.errors:
            return result
        held = _words(text, request.variables, request.operation_name)
        return replace(result, errors=[self._error(error, held) for error in result.errors])

    def _error(self, error: GraphQLError, held: set[str]) -> GraphQLError:
        extensions = {
            name: self._message(value, held) if isinstance(value, str) and name != "code" else value
            for name, value in (error.extensions or {}).items()
        }
        return GraphQLError(
            self._message(error.message, held),
            nodes=error.nodes,
            source=error.source,
            positions=error.positions,
            path=error.path,
            extensions=extensions,
        )

    def _message(self, message: str, held: set[str]) -> str:
        message = shortened(message)
        quoted = [found.span() for found in QUOTED.finditer(message)]

        def spelled(found: re.Match[str]) -> str:
            name, (start, end) = found[0], found.span()
            if name not in self._names or name.casefold() in held:
                return name
            means_the_schema = (
                any(first < start and end < last for first, last in quoted)
                or message[start - 1 : start] in {".", "{"}
                or bool(re.match(r"\.\w", message[end:]))
                or (name in self._called_as_types if name.islower() else _is_no_word(message, found))
            )
            return HIDDEN if means_the_schema else name

        return REPEATED.sub(HIDDEN, NAME.sub(spelled, message))


def _is_no_word(message: str, found: re.Match[str]) -> bool:
    """Whether a name has capitals where no word has them: words begin sentences, and are abbreviations."""
    name, before = found[0], message[: found.start()].rstrip()
    begins = name[1:].islower() and (not before or before[-1] in ".:;!?")
    return not begins and not name.isupper()


def _types(schema: GraphQLSchema) -> Iterator[str]:
    for name, type_ in schema.type_map.items():
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_):
            yield name


def _members(schema: GraphQLSchema) -> Iterator[str]:
    """The names of fields, arguments and enum values."""
    for name in _types(schema):
        match schema.type_map[name]:
            case GraphQLObjectType() | GraphQLInterfaceType() as type_:
                for field, definition in type_.fields.items():
                    yield field
                    yield from definition.args
            case GraphQLInputObjectType() as type_:
                yield from type_.fields
            case GraphQLEnumType() as type_:
                yield from type_.values
            case _:
                pass


def _words(*values: Any) -> set[str]:
    """Every word in texts, however deep in lists and objects, without regard to capitals."""
    found: set[str] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            found.update(word.casefold() for word in NAME.findall(value))
        elif isinstance(value, Mapping):
            pairs = cast(Mapping[str, Any], value)
            stack += [*pairs.keys(), *pairs.values()]
        elif isinstance(value, list | tuple):
            stack += cast(list[Any], value)
    return found
