"""The type book: Strawberry types made from names and references, which may run ahead of what they name.

Fields, arguments and members of enums stand in alphabetical order, whatever order they were stated in.
"""

import keyword
import sys
import types
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLOneOfDirective
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema_directive import Location, schema_directive
from strawberry.schema_directives import OneOf
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import EnumValue
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType


@schema_directive(locations=[Location.INPUT_OBJECT], name="oneOf", description=GraphQLOneOfDirective.description)
class ExactlyOne(OneOf):
    """The directive as GraphQL describes it; Strawberry's own comes without a word."""


class SchemaError(Exception):
    """The schema can't be built: two things claim one name."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument of a field; one whose type is nullable may be left out."""

    name: str
    type: Any
    description: str
    default: Any = strawberry.UNSET


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """A field of an object, an interface or an input."""

    name: str
    type: Any
    description: str
    arguments: Sequence[Argument] = field(default_factory=tuple[Argument, ...])


def nullable(type_: Any) -> Any:
    """The type, or null."""
    return StrawberryOptional(_resolved(type_))


def listed(type_: Any) -> Any:
    """A list of the type, no element of which is null."""
    return StrawberryList(_resolved(type_))


def _resolved(type_: Any) -> Any:
    """The type as Strawberry knows it; left as an annotation, it would be worked out anew wherever it is looked at."""
    return StrawberryAnnotation(type_).resolve()


def alphabetical(name: str) -> tuple[bool, str]:
    """The key that sorts names of the schema: the id comes first."""
    return name != "id", name.casefold()


class TypeBook:
    """All types of one schema by name."""

    def __init__(self, module: str) -> None:
        self._module = types.ModuleType(module)
        self.names: dict[str, str] = {}
        self._enum_names: dict[type[Enum], str] = {}
        self.objects: dict[str, Any] = {}  # what types that are not a record's were made from

    @contextmanager
    def opened(self) -> Generator[None, None, None]:
        """While open, references find what they name; a schema is built inside."""
        sys.modules[self._module.__name__] = self._module
        try:
            yield
        finally:
            del sys.modules[self._module.__name__]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def reference(self, name: str) -> Any:
        """The type called `name`, which may be added later."""
        lazy: Any = LazyType
        return lazy(name, self._module.__name__)

    def get(self, name: str) -> Any:
        """The class of a type that was added."""
        return getattr(self._module, name)

    def output(
        self, name: str, description: str, fields: Iterable[FieldSpec], *, interfaces: Sequence[str] = ()
    ) -> None:
        """Add an object type."""
        bases = tuple(self.get(interface) for interface in interfaces)
        self._add(name, strawberry.type(self._class(name, fields, bases), name=name, description=description))

    def interface(self, name: str, description: str, fields: Iterable[FieldSpec]) -> None:
        """Add an interface."""
        self._add(name, strawberry.interface(self._class(name, fields, ()), name=name, description=description))

    def input(self, name: str, description: str, fields: Iterable[FieldSpec], *, one_of: bool = False) -> None:
        """Add an input type; of one that is `one_of` exactly one field is given."""
        made = self._class(name, fields, (), is_input=True)
        directives = [ExactlyOne()] if one_of else []
        self._add(name, strawberry.input(made, name=name, description=description, directives=directives))

    def name_enum(self, enum: type[Enum], prefix: str) -> None:
        """Say whose an enum is: its name begins with the prefix. The first word counts."""
        name = enum.__name__
        self._enum_names.setdefault(enum, name if name.startswith(prefix) else f"{prefix}{name}")

    def enum_name(self, enum: type[Enum]) -> str:
        """What the schema calls an enum."""
        return self._enum_names.get(enum, enum.__name__)

    def enum(self, enum: type[Enum], name: str | None = None) -> Any:
        """The enum as a type of the schema, added the first time it is asked for."""
        name = name or self.enum_name(enum)
        if name not in self.names:
            description = " ".join((enum.__doc__ or "").split())
            made: Any = strawberry.enum(enum, name=name, description=description)
            self._add(name, made)
            values: list[EnumValue] = made.__strawberry_definition__.values
            values.sort(key=lambda value: alphabetical(value.name))
            for value in values:
                value.description = getattr(enum[value.name], "description", None)
        elif self.get(name) is not enum:
            raise SchemaError(f"two enums are called {name}: {self.get(name)} and {enum}")
        return self.get(name)

    def _add(self, name: str, made: Any) -> None:
        if name in self.names:
            raise SchemaError(f"two types are called {name}; rename one of the records, links or groups behind them")
        self.names[name] = name
        setattr(self._module, name, made)

    def _class(
        self, name: str, fields: Iterable[FieldSpec], bases: tuple[type, ...], *, is_input: bool = False
    ) -> type:
        annotations: dict[str, Any] = {}
        namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": self._module.__name__}
        for spec in sorted(fields, key=lambda spec: alphabetical(spec.name)):
            python_name = f"{spec.name}_" if keyword.iskeyword(spec.name) else spec.name
            if python_name in annotations:
                raise SchemaError(f"{name} has two fields called {spec.name}")
            options: dict[str, Any] = {}
            if is_input and isinstance(spec.type, StrawberryOptional):
                options["default"] = strawberry.UNSET
            made = StrawberryField(
                python_name=python_name,
                graphql_name=spec.name,
                type_annotation=StrawberryAnnotation(spec.type),
                description=spec.description,
                **options,
            )
            if spec.arguments:
                arguments = sorted(spec.arguments, key=lambda argument: alphabetical(argument.name))
                made.arguments = [_argument(argument) for argument in arguments]
            annotations[python_name] = spec.type
            namespace[python_name] = made
        return types.new_class(name, bases, exec_body=lambda body: body.update(namespace))


def _argument(argument: Argument) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=f"{argument.name}_" if keyword.iskeyword(argument.name) else argument.name,
        graphql_name=argument.name,
        type_annotation=StrawberryAnnotation(argument.type),
        description=argument.description,
        default=argument.default,
    )
