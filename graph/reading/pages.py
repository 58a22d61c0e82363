"""Pages: their sizes and shapes, and the rows that they are taken from."""

from collections.abc import Sequence

from ..catalogue import RecordType, ToMany
from ..errors import InvalidInput
from .filters import LISTED_OF_ALL, LISTED_OF_SOME, FilterCompiler
from .ordering import Ordering
from .scope import Compilation, Rows, Table, of_type, undeleted
from .selection import Aggregates, ConnectionSelection, TotalCount

DEFAULT_PAGE = 50
LARGEST_PAGE = 100


def page_size(first: int | None, last: int | None, where: str) -> tuple[int, bool]:
    """How many rows a page has and whether it is read from the end; raises InvalidInput for sizes out of range."""
    if first is not None and last is not None:
        raise InvalidInput("INVALID_PAGE", f"{where}: give first or last, not both.", argument=f"{where}.last")
    size = last if last is not None else first if first is not None else DEFAULT_PAGE
    if not 1 <= size <= LARGEST_PAGE:
        name = "first" if last is None else "last"
        raise InvalidInput(
            "INVALID_PAGE",
            f"{where}: {name} is {size}; pages hold 1 to {LARGEST_PAGE} rows.",
            argument=f"{where}.{name}",
        )
    return size, last is not None


class Shape:
    """How a page is read: its order and size, from which end, and whether rows are numbered and one more is read.

    `where` is what messages call it.
    """

    def __init__(
        self, *, where: str, ordering: Ordering, size: int, backwards: bool, peeks: bool, counted: bool
    ) -> None:
        self.where = where
        self.ordering = ordering
        self.size = size
        self.backwards = backwards
        self.peeks = peeks
        self.counted = counted


class Base:
    """The rows that a connection's filter matches, before any paging: tables t (target), l (link), e (extension)."""

    def __init__(
        self, compilation: Compilation, connection: ConnectionSelection, owner: Rows | None, where: str
    ) -> None:
        self.rows = Table(record=connection.record, alias="t")
        self.tables = {"t": self.rows}
        self.conditions: list[str] = []
        self._source = f"{connection.record.table} t"
        member, link = connection.member, connection.link
        self.is_all = member is None and link is None and not connection.page.filter  # there is of the record
        is_counted = any(isinstance(part, TotalCount | Aggregates) for part in connection.parts)
        filters = FilterCompiler(compilation, LISTED_OF_ALL if member is None and is_counted else LISTED_OF_SOME)
        if member is not None and owner is not None:
            if compilation.sight.is_way_masked(compilation.catalogue, member):
                self.conditions.append("1 = 0")
            self._belong(member, link, owner)
        if link is not None:
            self.conditions += compilation.live(self.tables["l"])
        unhidden = compilation.unhidden(self.rows)
        self.is_all = self.is_all and not unhidden
        self.conditions += [*undeleted(self.rows), *unhidden]
        if connection.page.filter:
            self.conditions.append(filters.compile(self.rows, connection.page.filter, f"{where}.filter"))
        if connection.page.through and link is not None:
            self.conditions.append(filters.compile(self.tables["l"], connection.page.through, f"{where}.through"))

    def _belong(self, member: ToMany, link: RecordType | None, owner: Rows) -> None:
        if link is None:
            self.conditions += [f"t.{member.foreign} = {owner.key}", *of_type("t", member)]
            return
        self.tables["l"] = Table(record=link, alias="l")
        self._source = (
            f"{link.table} l join {self.rows.record.table} t on t.{self.rows.record.key} = l.{member.link_target}"
        )
        self.conditions.append(f"l.{member.foreign} = {owner.key}")

    def source(self, ordering: Ordering | None = None) -> str:
        """What stands after FROM; with an ordering by an extension's field, that extension is joined."""
        if ordering is None or ordering.extension is None:
            return self._source
        return f"{self._source} join {ordering.extension.table} e on e.owner_id = t.{self.rows.record.key}"


def all_met(conditions: Sequence[str]) -> str:
    """The condition that all of these are met."""
    return " and ".join(f"({condition})" if " or " in condition else condition for condition in conditions) or "true"
