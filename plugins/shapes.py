"""Shapes: what the arguments and results of a plugin's operations are, read from their annotations."""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID


class Nature(StrEnum):
    """What kind of value a shape describes."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    FLOAT = "FLOAT"
    DECIMAL = "DECIMAL"
    DATE = "DATE"
    MOMENT = "MOMENT"
    CHOICE = "CHOICE"
    RECORD = "RECORD"
    LIST = "LIST"
    OBJECT = "OBJECT"
    JSON = "JSON"


PLAIN: Mapping[Any, Nature] = {
    str: Nature.TEXT,
    int: Nature.INTEGER,
    bool: Nature.BOOLEAN,
    float: Nature.FLOAT,
    Decimal: Nature.DECIMAL,
    date: Nature.DATE,
    datetime: Nature.MOMENT,
}
KNOWN = (
    "str, int, bool, float, Decimal, date, datetime, Choices, Annotated[UUID, of('Account')], list[...], a frozen "
    "dataclass, dict[str, Any] for any JSON, and each of them | None"
)


@dataclass(frozen=True, kw_only=True)
class OfRecord:
    """Says which record type an id is of."""

    record: str


def of(record: str) -> OfRecord:
    """The record type of an id: `account: Annotated[UUID, of("Account")]`.

    As an argument it is a global id of that type; in a result the record itself, null where it is gone.
    """
    return OfRecord(record=record)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A named value: an argument, or a field of an object. Without a default it has to be given."""

    name: str
    shape: "Shape"
    description: str = ""
    has_default: bool = False
    default: Any = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One value: `type` is the class of a choice or an object, `record` the record type of an id."""

    nature: Nature
    nullable: bool = False
    type: Any = None
    record: str = ""
    inner: "Shape | None" = None
    parts: tuple[Part, ...] = field(default=())

    @property
    def element(self) -> "Shape":
        """What a list holds."""
        if self.inner is None:
            raise TypeError(self.nature)
        return self.inner


class WrongAnnotation(Exception):
    """An annotation that no shape is known for; the message says which are."""


def shape_of(annotation: Any, *, within: Sequence[Any] = ()) -> Shape:
    """The shape that an annotation stands for; raises WrongAnnotation."""
    if get_origin(annotation) is Annotated:
        bare, *notes = get_args(annotation)
        records = [note for note in notes if isinstance(note, OfRecord)]
        if bare is UUID and records:
            return Shape(nature=Nature.RECORD, record=records[0].record)
        if get_origin(bare) in {Union, types.UnionType} and records:
            others = [one for one in get_args(bare) if one is not type(None)]
            if others == [UUID]:
                return Shape(nature=Nature.RECORD, record=records[0].record, nullable=True)
        return shape_of(bare, within=within)
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        others = [one for one in inside if one is not type(None)]
        if len(others) == 1 and len(others) < len(inside):
            return dataclasses.replace(shape_of(others[0], within=within), nullable=True)
    if origin in {dict, Mapping} and inside[:1] == (str,):
        return Shape(nature=Nature.JSON)
    if origin in {list, tuple, Sequence} and (len(inside) == 1 or inside[1:] == (Ellipsis,)):
        return Shape(nature=Nature.LIST, inner=shape_of(inside[0], within=within), type=origin)
    if annotation in PLAIN:
        return Shape(nature=PLAIN[annotation])
    if annotation is UUID:
        raise WrongAnnotation("an id says of what: Annotated[UUID, of('Account')]")
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Shape(nature=Nature.CHOICE, type=annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _object(annotation, within)
    name = getattr(cast(Any, annotation), "__name__", None) or str(cast(Any, annotation))
    raise WrongAnnotation(f"{name} can't be used here; there are {KNOWN}")


def _object(kind: Any, within: Sequence[Any]) -> Shape:
    if kind in within:
        raise WrongAnnotation(f"{kind.__name__} holds itself; an object of the API ends somewhere")
    if not kind.__dataclass_params__.frozen:
        raise WrongAnnotation(f"{kind.__name__} has to be frozen: @dataclass(frozen=True, kw_only=True)")
    hints = hints_of(kind)
    parts: list[Part] = []
    for one in dataclasses.fields(kind):
        try:
            shape = shape_of(hints[one.name], within=(*within, kind))
        except WrongAnnotation as wrong:
            raise WrongAnnotation(f"its field {kind.__name__}.{one.name}: {wrong}") from None
        made = one.default_factory() if one.default_factory is not dataclasses.MISSING else one.default
        has_default = made is not dataclasses.MISSING
        parts.append(
            Part(
                name=one.name,
                shape=shape,
                description=described(hints[one.name], one.name),
                has_default=has_default,
                default=made if has_default else None,
            )
        )
    return Shape(nature=Nature.OBJECT, type=kind, parts=tuple(parts))


def hints_of(thing: Any) -> Mapping[str, Any]:
    """The annotations of a function or class; raises WrongAnnotation for a name that leads nowhere."""
    try:
        return cast(Mapping[str, Any], get_type_hints(thing, include_extras=True))
    except (NameError, TypeError) as error:
        raise WrongAnnotation(f"an annotation can't be read: {error}") from None


def described(annotation: Any, name: str) -> str:
    """The text in an annotation, `Annotated[int, "How many days."]`, or the name in words."""
    notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    texts = [note for note in notes if isinstance(note, str)]
    return texts[0] if texts else f"{name.replace('_', ' ').capitalize()}."
