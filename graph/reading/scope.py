"""Where a compiled expression finds its columns, and the parameters that a statement gathers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..catalogue import Catalogue, Kind, RecordType, ToMany
from .dialects import Dialect
from .plan import Classified, Completion, Parameter
from .selection import Ref
from .sight import EVERYTHING, NOBODY, Sight
from .stored_filters import StoredFilters


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What statements are compiled for: the records, one database's dialect, its stored filters, and who reads."""

    catalogue: Catalogue
    dialect: Dialect
    stored: StoredFilters
    sight: Sight = NOBODY


@dataclass
class Table:
    """Rows of a record's own table under an alias."""

    record: RecordType
    alias: str

    def column(self, name: str) -> str:
        """The expression for a column."""
        return f"{self.alias}.{name}"

    @property
    def key(self) -> str:
        """The expression for the primary key."""
        return self.column(self.record.key)


@dataclass
class PageRows:
    """Rows of one page: a derived table that holds just the columns that turn out to be used.

    `beside` are the extensions that are read along with the rows, by name; None where each is looked up by itself.
    """

    record: RecordType
    alias: str
    used: dict[str, str] = field(default_factory=dict[str, str])
    table: str = "t"
    beside: dict[str, Table] | None = None

    def column(self, name: str) -> str:
        """The expression for a column, which the derived table is then made to hold."""
        inner = f"{self.table}_{name}" if self.table != "t" else name
        self.used[inner] = f"{self.table}.{name}"
        return f"{self.alias}.{inner}"

    @property
    def key(self) -> str:
        """The expression for the primary key."""
        return self.column(self.record.key)

    def of_link(self, record: RecordType) -> "PageRows":
        """The same rows, seen as rows of the link that they came through."""
        return PageRows(record=record, alias=self.alias, used=self.used, table="l")

    def of_extension(self, table: Table) -> "PageRows":
        """The same rows, seen as rows of an extension that is read along with them."""
        return PageRows(record=table.record, alias=self.alias, used=self.used, table=table.alias)


Rows = Table | PageRows


class Compilation:
    """One statement in the making; `narrow` gives the condition that a plugin's filter sets on rows."""

    def __init__(
        self,
        catalogue: Catalogue,
        dialect: Dialect,
        sight: Sight,
        narrow: "Callable[[Compilation, Table, Mapping[str, Any]], str]",
    ) -> None:
        self.catalogue = catalogue
        self.dialect = dialect
        self.sight = sight
        self._narrow = narrow
        self.parameters: list[Parameter] = []
        self.completions: list[Completion] = []
        self.classified: dict[Classified, int] = {}
        self._known: dict[Any, int] = {}
        self._aliases = 0

    def alias(self) -> str:
        """A fresh alias."""
        self._aliases += 1
        return f"a{self._aliases}"

    def number(self, value: Any, convert: Callable[[Any], Any], where: str, purpose: str) -> int:
        """The number of a parameter; the same variable wanted for the same purpose is one parameter."""
        ref = value if isinstance(value, Ref) else None
        same = (ref.path, purpose) if ref else None
        if same in self._known:
            return self._known[same]
        self.parameters.append(Parameter(convert=convert, where=where, ref=ref, value=None if ref else value))
        if same:
            self._known[same] = len(self.parameters)
        return len(self.parameters)

    def parameter(self, value: Any, convert: Callable[[Any], Any], where: str, kind: Kind, purpose: str) -> str:
        """The placeholder for a value."""
        return self.dialect.parameter(self.number(value, convert, where, purpose), kind)

    def live(self, rows: Table) -> list[str]:
        """The conditions under which a row is there for the caller: it isn't deleted, nor hidden by a plugin."""
        return undeleted(rows) + self.unhidden(rows)

    def unhidden(self, rows: Table) -> list[str]:
        """The conditions under which no plugin hides a row from the caller.

        What a plugin's filter looks at is not narrowed in its turn, nor masked: it is no part of the answer.
        """
        if not self.sight.is_asking or not rows.record.is_record:
            return []
        narrowed = self.sight.narrowing(rows.record)
        if narrowed is None:
            return []
        if narrowed.nothing:
            return ["1 = 0"]
        sight, self.sight = self.sight, EVERYTHING
        try:
            return [self._narrow(self, rows, filter_) for filter_ in narrowed.where]
        finally:
            self.sight = sight

    def note(self, classified: Classified) -> int:
        """The number under which the statement marks rows whose classified values it holds."""
        return self.classified.setdefault(classified, len(self.classified))


def undeleted(rows: Table) -> list[str]:
    """The condition under which a row isn't deleted, where rows of its type can be."""
    return [f"{rows.alias}.deleted_at is null"] if rows.record.is_record else []


def of_type(alias: str, member: ToMany) -> list[str]:
    """The condition that rows which may belong to any record belong to the owner's type."""
    return [] if member.type_column is None else [f"{alias}.{member.type_column} = '{member.type_prefix}'"]
