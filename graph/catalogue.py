"""The catalogue: every record, field and relation as plain values, derived once from the declarations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any

from ..plugins.declarations import Computed, Policy


class Kind(StrEnum):
    """What a column holds; everything about storing, comparing and printing a value hangs on it."""

    ID = "ID"
    TEXT = "TEXT"
    LONG_TEXT = "LONG_TEXT"
    CODE = "CODE"
    ENUM = "ENUM"
    BOOLEAN = "BOOLEAN"
    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    MONEY = "MONEY"
    TIMESTAMP = "TIMESTAMP"
    DATE = "DATE"
    TEXT_LIST = "TEXT_LIST"
    DOCUMENT = "DOCUMENT"


class Absent(Enum):
    """The absence of a value, where None is a value."""

    ABSENT = "ABSENT"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, kw_only=True)
class Column:
    """A stored field. `folded` and `currency` name the columns beside it, where it has them."""

    name: str
    api: str
    kind: Kind
    nullable: bool
    description: str
    policy: Policy = field(default_factory=Policy)
    indexed: bool = False
    max_length: int | None = None
    places: int = 0
    enum: type[Enum] | None = None
    folded: str | None = None
    currency: str | None = None
    default: Any = ABSENT
    validators: tuple[Callable[[Any], Any], ...] = ()

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The stored columns by which this field sorts."""
        if self.currency:
            return (self.currency, self.name)
        return (self.folded or self.name,)


@dataclass(frozen=True, kw_only=True)
class ToOne:
    """A foreign key: `column` holds the id of a `target` record."""

    name: str
    api: str
    column: str
    target: str
    nullable: bool
    description: str
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, kw_only=True)
class ToAny:
    """A reference to a record of any of the `targets`: `column` holds its id, `type_column` the prefix of its ids."""

    name: str
    api: str
    column: str
    type_column: str
    targets: tuple[str, ...]
    nullable: bool
    description: str
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, kw_only=True)
class AnyId:
    """The global id that a reference to any record holds, a field of the API beside the record itself."""

    name: str
    api: str
    reference: ToAny
    description: str


@dataclass(frozen=True, kw_only=True)
class ToMany:
    """The rows that point back: `target` rows whose `foreign` column is the owner's id, or through rows of `link`.

    With a `link`, `foreign` and `link_target` are columns of the link. `owned` rows belong to the owner, and stand in
    its input where they are `nested`. Where the owner's column `stored_filter` holds a filter, the records that it
    matches take the place of the linked ones. Where `foreign` may hold ids of any type, `type_column` is the column
    that says which, and holds the owner's `type_prefix`.
    """

    name: str
    api: str
    target: str
    foreign: str
    description: str
    link: str | None = None
    link_target: str | None = None
    owned: bool = False
    nested: bool = True
    stored_filter: str | None = None
    type_column: str | None = None
    type_prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupField:
    """Columns and groups that the API shows as one object; `members` by their name in the API."""

    name: str
    api: str
    type_name: str
    description: str
    members: Mapping[str, "Column | GroupField"]
    whole: bool

    def columns(self) -> Iterator[Column]:
        """All columns of the group, those of groups in it included."""
        for member in self.members.values():
            if isinstance(member, GroupField):
                yield from member.columns()
            else:
                yield member


@dataclass(frozen=True, kw_only=True)
class ComputedField:
    """A field worked out in Python from `needs` (by API name)."""

    name: str
    api: str
    computed: Computed
    description: str


@dataclass(frozen=True, kw_only=True)
class ExtensionField:
    """The fields that a plugin adds, under its namespace; `target` is the extension's record type."""

    name: str
    api: str
    target: str
    description: str


Member = Column | ToOne | ToAny | AnyId | ToMany | GroupField | ComputedField | ExtensionField


@dataclass(frozen=True, kw_only=True)
class UniqueKey:
    """Columns in which live rows differ, `where` a boolean column is true; `fields` are the names to report it by."""

    name: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """One record, relation or extension, and the plugin that declares it.

    `key` is its primary key's column, `order` its columns by default. Of a relation that is the closure of a reference,
    `closes` names the record and the reference.
    """

    name: str
    table: str
    prefix: str
    singular: str
    plural: str
    description: str
    key: str
    model: type[Any]
    columns: Mapping[str, Column]
    to_ones: Mapping[str, ToOne]
    members: Mapping[str, Member]
    uniques: tuple[UniqueKey, ...]
    is_record: bool
    is_root: bool
    order: tuple[str, ...]
    namespace: str | None = None
    owner: str | None = None
    to_anys: Mapping[str, ToAny] = field(default_factory=dict[str, ToAny])
    plugin: str = "core"
    closes: tuple[str, str] | None = None

    @cached_property
    def owners(self) -> tuple[ToOne | ToAny, ...]:
        """The references to the records that this one belongs to."""
        return tuple(link for link in self.references if link.policy.owner)

    @cached_property
    def references(self) -> tuple[ToOne | ToAny, ...]:
        """All that leads to one other record."""
        return (*self.to_ones.values(), *self.to_anys.values())

    @cached_property
    def groups(self) -> Mapping[str, GroupField]:
        """The groups of the columns that the API shows in a group alone, by the columns' names."""
        groups = [member for member in self.members.values() if isinstance(member, GroupField) and not member.whole]
        return {column.name: group for group in groups for column in group.columns()}

    def column(self, api: str) -> Column:
        """The column that the API calls so; raises KeyError if there is none."""
        member = self.members[api]
        if not isinstance(member, Column):
            raise KeyError(api)
        return member

    def list_of(self, api: str) -> ToMany:
        """The rows pointing back that the API calls so; raises KeyError if there are none."""
        member = self.members[api]
        if not isinstance(member, ToMany):
            raise KeyError(api)
        return member

    @cached_property
    def table_columns(self) -> tuple[str, ...]:
        """The names of all columns of the table."""
        names: list[str] = []
        for column in self.columns.values():
            names.append(column.name)
            names.extend(extra for extra in (column.folded, column.currency) if extra)
        names.extend(link.column for link in self.to_ones.values())
        names.extend(name for link in self.to_anys.values() for name in (link.type_column, link.column))
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All record types, by name and by the prefix of their ids."""

    types: Mapping[str, RecordType]
    prefixes: Mapping[str, RecordType]

    def __getitem__(self, name: str) -> RecordType:
        return self.types[name]

    def records(self) -> tuple[RecordType, ...]:
        """The types with a lifecycle of their own: neither relations nor extensions."""
        return tuple(kind for kind in self.types.values() if kind.is_record)

    def extensions(self, name: str) -> tuple[RecordType, ...]:
        """The extensions of the record called `name`."""
        return tuple(kind for kind in self.types.values() if kind.owner == name)

    def pointing_at(self, name: str) -> Iterator[tuple[RecordType, ToOne]]:
        """Each record type with each foreign key of it that points at the record called `name`."""
        for kind in self.types.values():
            for link in kind.to_ones.values():
                if link.target == name:
                    yield kind, link

    @cached_property
    def owners_first(self) -> Sequence["RecordType"]:
        """All types so that what a foreign key leads to comes before what has it; a type may lead to itself."""
        ordered: dict[str, RecordType] = {}

        def visit(record: RecordType, seen: frozenset[str]) -> None:
            if record.name in ordered or record.name in seen:
                return
            for link in record.to_ones.values():
                visit(self[link.target], seen | {record.name})
            ordered[record.name] = record

        for record in self.types.values():
            visit(record, frozenset())
        return list(ordered.values())

    def pointing_anywhere(self) -> Iterator[tuple[RecordType, ToAny]]:
        """Each record type with each reference of it to any record."""
        for kind in self.types.values():
            for link in kind.to_anys.values():
                yield kind, link

    def target(self, link: ToOne | ToAny, row: Mapping[str, Any]) -> RecordType | None:
        """The record type that a reference in a row leads to; None if no type has such ids, such as a plugin's that is
        not enabled.
        """
        return self[link.target] if isinstance(link, ToOne) else self.prefixes.get(row[link.type_column] or "")
