"""A selection: what a caller wants to read, as plain values that know nothing of GraphQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..catalogue import AnyId, Column, ComputedField, ExtensionField, RecordType, ToAny, ToMany, ToOne


@dataclass(frozen=True)
class Ref:
    """A value to come: the variable that holds it, and the way into it."""

    path: tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A key whose value is known beforehand, such as `__typename`."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ColumnSelection:
    """A stored field."""

    key: str
    column: Column


@dataclass(frozen=True, kw_only=True)
class ObjectSelection:
    """A group of columns, or an amount of money: null where all of its `columns` are null."""

    key: str
    fields: tuple["Selection", ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class MoneySelection:
    """One part of an amount of money: `amount` or `currency`."""

    key: str
    column: Column
    part: str


@dataclass(frozen=True, kw_only=True)
class ComputedSelection:
    """A field that Python works out after the statement."""

    key: str
    field: ComputedField


@dataclass(frozen=True, kw_only=True)
class RecordSelection:
    """A record that a foreign key points at, or a plugin's extension."""

    key: str
    member: ToOne | ExtensionField
    record: RecordType
    fields: tuple["Selection", ...]


@dataclass(frozen=True, kw_only=True)
class AnySelection:
    """A record of any type: what is selected of each type that it may be."""

    key: str
    member: ToAny
    choices: tuple[tuple[RecordType, tuple["Selection", ...]], ...]


@dataclass(frozen=True, kw_only=True)
class AnyIdSelection:
    """The global id of a record of any type."""

    key: str
    member: AnyId


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The cursor of an edge."""

    key: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """The record of an edge."""

    key: str
    fields: tuple["Selection", ...]


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """The page's records as a list."""

    key: str
    fields: tuple["Selection", ...]


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The page's rows with their cursors and the fields of the link that they came through."""

    key: str
    fields: tuple["Selection | Cursor | Node", ...]


@dataclass(frozen=True, kw_only=True)
class PageInfo:
    """What Relay wants to know of a page: keys of the answer and which of the four facts each holds."""

    key: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class TotalCount:
    """The number of rows that the connection's filter matches."""

    key: str


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Minimum, maximum, sum and average of one column; `facts` are keys and which of them each holds.

    A fact that begins with = is a text known beforehand.
    """

    key: str
    column: Column
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class ExtensionFigures:
    """Figures over the fields that a plugin adds to the records."""

    key: str
    extension: RecordType
    parts: tuple[Statistics | Constant, ...]


@dataclass(frozen=True, kw_only=True)
class Aggregates:
    """Figures over all rows that the connection's filter matches."""

    key: str
    parts: tuple[TotalCount | Statistics | ExtensionFigures | Constant, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which rows of a connection, in which order. Values may be Refs, but page sizes are numbers."""

    first: int | None = None
    last: int | None = None
    after: Any = None
    before: Any = None
    filter: Mapping[str, Any] | None = None
    through: Mapping[str, Any] | None = None
    order: tuple[Mapping[str, Any], ...] = ()


ConnectionPart = Nodes | Edges | PageInfo | TotalCount | Aggregates | Constant


@dataclass(frozen=True, kw_only=True)
class ConnectionSelection:
    """A page of records: at the root (`member` is None), or those that belong to the record it stands in."""

    key: str
    record: RecordType
    page: Page
    parts: tuple[ConnectionPart, ...]
    member: ToMany | None = None
    link: RecordType | None = None


Selection = (
    Constant
    | ColumnSelection
    | ObjectSelection
    | MoneySelection
    | ComputedSelection
    | RecordSelection
    | AnySelection
    | AnyIdSelection
    | ConnectionSelection
)
