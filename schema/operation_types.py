"""The fields that plugins' operations add to Query and Mutation, typed as their methods are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

from ..graph.catalogue import Catalogue
from ..plugins.names import camel, pascal
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Part, Shape
from .mutation_types import write_arguments
from .scalars import JSON, Date, DateTime, Decimal
from .typebook import Argument, FieldSpec, SchemaError, TypeBook, listed, nullable

TYPES: Mapping[Nature, Any] = {
    Nature.TEXT: str,
    Nature.INTEGER: int,
    Nature.BOOLEAN: bool,
    Nature.FLOAT: float,
    Nature.DECIMAL: Decimal,
    Nature.DATE: Date,
    Nature.MOMENT: DateTime,
    Nature.JSON: JSON,
}
SIMPLE = frozenset({*TYPES, Nature.CHOICE}) - {Nature.JSON}


@dataclass(frozen=True, kw_only=True)
class OperationFields:
    """The fields of Query and of Mutation."""

    queries: Sequence[FieldSpec]
    mutations: Sequence[FieldSpec]


def add_operations(book: TypeBook, catalogue: Catalogue, operations: Sequence[Operation]) -> OperationFields:
    """Add the types that operations need. Raises SchemaError where one speaks of a record that there is not."""
    queries: list[FieldSpec] = []
    mutations: list[FieldSpec] = []
    for operation in operations:
        types = _Types(book, catalogue, operation)
        match operation.kind:
            case OperationKind.QUERY if operation.result is not None:
                queries.append(types.field(nullable(types.output(operation.result)), types.arguments()))
            case OperationKind.MUTATION | OperationKind.JOB:
                arguments = (*types.arguments(), *write_arguments())
                mutations.append(types.field(nullable(book.reference(types.payload())), arguments))
            case _:
                continue
    return OperationFields(queries=queries, mutations=mutations)


class _Types:
    """The types of one operation."""

    def __init__(self, book: TypeBook, catalogue: Catalogue, operation: Operation) -> None:
        self.book = book
        self.catalogue = catalogue
        self.operation = operation
        self.prefix = "" if operation.plugin == "core" else pascal(operation.plugin)

    def field(self, type_: Any, arguments: Sequence[Argument]) -> FieldSpec:
        operation = self.operation
        return FieldSpec(name=operation.api, type=type_, description=operation.description, arguments=tuple(arguments))

    def arguments(self) -> list[Argument]:
        return [
            Argument(name=camel(part.name), description=part.description, **self._given(part))
            for part in self.operation.arguments
        ]

    def payload(self) -> str:
        """The type of what a mutation answers."""
        operation = self.operation
        name = f"{pascal(operation.api[:1].upper() + operation.api[1:])}Payload"
        specs: list[FieldSpec] = []
        if operation.kind is OperationKind.JOB:
            specs.append(
                FieldSpec(name="job", type=nullable(self.book.reference("Job")), description="The job that was begun.")
            )
        elif operation.result is not None:
            specs.append(
                FieldSpec(name="result", type=nullable(self.output(operation.result)), description="What came of it.")
            )
        specs.append(
            FieldSpec(
                name="violations",
                type=listed(self.book.reference("Violation")),
                description="Everything wrong with it, or only warnings if it was done.",
            )
        )
        self.book.output(name, f"What came of {operation.api}.", specs)
        return name

    def _given(self, part: Part) -> dict[str, Any]:
        """The type of an argument, and its default where the schema can show it."""
        shape, default = part.shape, part.default
        type_ = self.input(shape)
        if not part.has_default or default is None:
            return {"type": nullable(type_) if shape.nullable or part.has_default else type_}
        if shape.nature not in SIMPLE:
            return {"type": nullable(type_)}  # left out, the method's own default holds
        if shape.nature in {Nature.DECIMAL, Nature.DATE, Nature.MOMENT}:
            default = default.isoformat() if hasattr(default, "isoformat") else str(default)
        return {"type": nullable(type_) if shape.nullable else type_, "default": default}

    def input(self, shape: Shape) -> Any:
        """The type of a value that is given; whether it may be null is for its place to say."""
        match shape.nature:
            case Nature.LIST:
                inner = self.input(shape.element)
                return listed(nullable(inner) if shape.element.nullable else inner)
            case Nature.RECORD:
                self._check_record(shape)
                return strawberry.ID
            case Nature.OBJECT:
                return self.book.reference(self._object(shape, is_input=True))
            case _:
                return self._leaf(shape)

    def output(self, shape: Shape) -> Any:
        """The type of a value that is answered; a record may be gone, so it may always be null."""
        match shape.nature:
            case Nature.LIST:
                inner = self.output(shape.element)
                may_be_null = shape.element.nullable or shape.element.nature is Nature.RECORD
                return listed(nullable(inner) if may_be_null else inner)
            case Nature.RECORD:
                self._check_record(shape)
                return self.book.reference(shape.record)
            case Nature.OBJECT:
                return self.book.reference(self._object(shape, is_input=False))
            case _:
                return self._leaf(shape)

    def _leaf(self, shape: Shape) -> Any:
        if shape.nature is Nature.CHOICE:
            return self._enum(shape.type)
        if shape.nature is Nature.TEXT and shape.type is not None:
            return shape.type
        return TYPES[shape.nature]

    def _enum(self, kind: type[Enum]) -> Any:
        self.book.name_enum(kind, self.prefix)
        return self.book.enum(kind)

    def _object(self, shape: Shape, *, is_input: bool) -> str:
        name = self._prefixed(shape.type.__name__) + ("Input" if is_input else "")
        if name in self.book:
            if self.book.objects.get(name) is not shape.type:
                raise SchemaError(
                    f"two types are called {name}; rename one of them in the plugin {self.operation.plugin}"
                )
            return name
        self.book.objects[name] = shape.type
        specs = list(self._parts(shape, is_input=is_input))
        if is_input:
            self.book.input(name, _description(shape.type), specs)
        else:
            self.book.output(name, _description(shape.type), specs)
        return name

    def _parts(self, shape: Shape, *, is_input: bool) -> Iterator[FieldSpec]:
        for part in shape.parts:
            type_ = self.input(part.shape) if is_input else self.output(part.shape)
            may_be_null = part.shape.nullable or (is_input and part.has_default)
            if may_be_null or (not is_input and part.shape.nature is Nature.RECORD):
                type_ = nullable(type_)
            yield FieldSpec(name=camel(part.name), type=type_, description=part.description)

    def _prefixed(self, name: str) -> str:
        return name if name.startswith(self.prefix) else f"{self.prefix}{name}"

    def _check_record(self, shape: Shape) -> None:
        record = self.catalogue.types.get(shape.record)
        if record is None or not record.is_record:
            operation = self.operation
            known = ", ".join(one.name for one in self.catalogue.records())
            raise SchemaError(
                f"plugin {operation.plugin}, {operation.kind.value} {operation.name}: of({shape.record!r}) is no "
                f"record; there are {known}"
            )


def _description(kind: type[Any]) -> str:
    """What a dataclass says of itself; what Python makes up for one without words is none."""
    said = " ".join((kind.__doc__ or "").split())
    return f"{kind.__name__}." if not said or said.startswith(f"{kind.__name__}(") else said
