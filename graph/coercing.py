"""The arguments and results of operations: from what the API and stored jobs hold to Python's values, and back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

import orjson

from ..plugins.names import camel
from ..plugins.shapes import Nature, Part, Shape
from ..plugins.violations import FieldError, Path
from .catalogue import Catalogue, Column, Kind
from .errors import InvalidInput
from .identity import global_id, parse_id
from .storing import BIGGEST_INT, iso, parse_date, parse_document, parse_number, parse_timestamp

MOST_PLACES = 9  # of a decimal argument
LEVELS = 50  # of lists and objects around a JSON value in an answer, at most
NO_COLUMN = Column(name="", api="", kind=Kind.TEXT, nullable=True, description="")


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """An argument's value that can't be used, and where it stands."""

    path: Path
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Coerced:
    """Arguments by the names of the method's; `ids` are the records named in them, by type, with their paths."""

    values: Mapping[str, Any]
    misfits: Sequence[Misfit]
    ids: Mapping[str, Mapping[UUID, Path]]


def coerced(
    catalogue: Catalogue, parts: Sequence[Part], given: Mapping[str, Any], *, to_store: bool = False
) -> Coerced:
    """What a method is called with, from values by API name; `to_store` where it is called later, from what is kept."""
    work = _Coercion(catalogue, to_store)
    values = work.parts(parts, given, ())
    return Coerced(values=values, misfits=work.misfits, ids=work.ids)


class _Coercion:
    def __init__(self, catalogue: Catalogue, to_store: bool) -> None:
        self.catalogue = catalogue
        self.to_store = to_store
        self.misfits: list[Misfit] = []
        self.ids: dict[str, dict[UUID, Path]] = {}

    def parts(self, parts: Sequence[Part], given: Mapping[str, Any], path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for part in parts:
            name = camel(part.name)
            value = given.get(name)
            if value is None and part.has_default and (name not in given or not part.shape.nullable):
                values[part.name] = part.default
            elif value is None:
                values[part.name] = None
            else:
                values[part.name] = self.value(part.shape, value, (*path, name))
        return values

    def value(self, shape: Shape, value: Any, path: Path) -> Any:
        if value is None:
            return None
        try:
            match shape.nature:
                case Nature.LIST:
                    items = [self.value(shape.element, item, (*path, place)) for place, item in enumerate(value)]
                    return items if shape.type is list else tuple(items)
                case Nature.OBJECT:
                    before = len(self.misfits)
                    fields = self.parts(shape.parts, value, path)
                    return None if len(self.misfits) > before else shape.type(**fields)
                case Nature.RECORD:
                    id_ = parse_id(self.catalogue[shape.record], value)
                    self.ids.setdefault(shape.record, {}).setdefault(id_, path)
                    return id_
                case Nature.JSON if self.to_store:
                    return parse_document(NO_COLUMN, value)
                case _:
                    return _plain(shape, value)
        except FieldError as error:
            self.misfits.append(Misfit(path=path, code=error.code, message=error.message))
        except InvalidInput as error:
            self.misfits.append(Misfit(path=path, code=error.code, message=error.message))
        return None


def _plain(shape: Shape, value: Any) -> Any:
    match shape.nature:
        case Nature.DECIMAL:
            return parse_number(value, MOST_PLACES)
        case Nature.DATE:
            return parse_date(NO_COLUMN, value)
        case Nature.MOMENT:
            return parse_timestamp(NO_COLUMN, value)
        case Nature.CHOICE:
            return value if isinstance(value, shape.type) else _member(shape.type, value)
        case Nature.FLOAT:
            return float(value)
        case _:
            return value


def _member(kind: type[Enum], value: Any) -> Enum:
    if value in kind.__members__:
        return kind[value]
    try:
        return kind(value)
    except ValueError:
        raise FieldError("INVALID_VALUE", f"{value!r} is none of {', '.join(kind.__members__)}.") from None


def encoded(catalogue: Catalogue, shape: Shape, value: Any, where: str) -> Any:
    """A result as JSON has it, records by their global ids; raises TypeError where it is not what was declared."""
    if value is None:
        if shape.nullable or shape.nature is Nature.RECORD:
            return None
        raise TypeError(f"{where} is None; declare it with | None, or return a value")
    match shape.nature:
        case Nature.LIST if isinstance(value, Sequence) and not isinstance(value, str):
            several = cast(Sequence[Any], value)
            return [encoded(catalogue, shape.element, one, f"{where}[{place}]") for place, one in enumerate(several)]
        case Nature.OBJECT if isinstance(value, shape.type):
            return {
                camel(part.name): encoded(catalogue, part.shape, getattr(value, part.name), f"{where}.{part.name}")
                for part in shape.parts
            }
        case Nature.RECORD if isinstance(value, UUID):
            return global_id(catalogue[shape.record], value)
        case Nature.CHOICE if isinstance(value, Enum) or value in shape.type.__members__:
            return value.name if isinstance(value, Enum) else value
        case Nature.DATE if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        case Nature.MOMENT if isinstance(value, datetime) and value.tzinfo is not None:
            return iso(value)
        case Nature.DECIMAL if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return format(_finite(Decimal(value), where), "f")
        case Nature.FLOAT if isinstance(value, float | int) and not isinstance(value, bool):
            return _finite(float(value), where)
        case Nature.INTEGER if isinstance(value, int) and not isinstance(value, bool):
            if not -BIGGEST_INT - 1 <= value <= BIGGEST_INT:
                raise TypeError(f"{where} is a whole number beyond 32 bits, which no Int holds; declare it as Decimal")
            return value
        case Nature.BOOLEAN if isinstance(value, bool):
            return value
        case Nature.TEXT if isinstance(value, str):
            return _text(value, where)
        case Nature.JSON:
            return _document(value, where)
        case _:
            raise TypeError(f"{where} is a {type(value).__name__}, and {shape.nature.value.lower()} was declared")


def _finite(value: Any, where: str) -> Any:
    if not math.isfinite(value):
        raise TypeError(f"{where} is {value}, which no number of JSON is")
    return value


def _text(value: str, where: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TypeError(f"{where} holds one half of a surrogate pair, which no text of JSON does") from None
    return str(value)


def _document(value: Any, where: str) -> Any:
    """A value as it is read from its JSON, which can be written again some levels down in an answer."""
    for _ in range(LEVELS):
        value = [value]
    try:
        return orjson.loads(orjson.dumps(value)[LEVELS:-LEVELS])
    except orjson.JSONEncodeError as error:
        raise TypeError(f"{where} can't be written as JSON: {error}") from None


def stored_arguments(catalogue: Catalogue, parts: Sequence[Part], values: Mapping[str, Any]) -> dict[str, Any]:
    """A method's arguments by API name as JSON has them, to be kept until a job runs."""
    return {
        camel(part.name): None
        if values[part.name] is None
        else encoded(catalogue, part.shape, values[part.name], part.name)
        for part in parts
    }
