"""Lists, one row at a time: order, pages and figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from accord.graph.catalogue import Column, GroupField, Kind, RecordType
from accord.tests.reference.matching import MINOR_UNITS, folded
from accord.tests.reference.rows import Row

EXACT = Context(prec=60)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of a list: the record, and the link that it came through."""

    row: Row
    link: Row | None = None


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """A column that a list is sorted by: of the record, or of the link that it came through."""

    record: str
    column: str
    is_descending: bool
    is_text: bool = False
    of_link: bool = field(default=False, compare=False)

    def value(self, entry: Entry) -> Any:
        """What an entry is sorted by."""
        value = (entry.link if self.of_link and entry.link else entry.row)[self.column]
        return folded(value) if self.is_text and value is not None else value


def sort_keys(record: RecordType, link: RecordType | None, wanted: Iterable[Mapping[str, Any]]) -> tuple[SortKey, ...]:
    """The keys of `orderBy`, and the one that tells all rows apart; without any, the list's own order."""
    keys: list[SortKey] = []
    for entry in wanted:
        ((name, value),) = entry.items()
        member = record.members[name]
        while isinstance(member, GroupField):
            ((name, value),) = value.items()
            member = member.members[name]
        assert isinstance(member, Column)
        columns = [member.name] if member.kind is not Kind.MONEY else [str(member.currency), member.name]
        keys += [
            SortKey(record=record.name, column=column, is_text=member.kind is Kind.TEXT, is_descending=value == "DESC")
            for column in columns
        ]
    if not keys and link is not None:
        keys = [SortKey(record=link.name, column=name, is_descending=False, of_link=True) for name in link.order]
    descending = keys[-1].is_descending if keys else False
    last = record if link is None else link
    return (*keys, SortKey(record=last.name, column="id", is_descending=descending, of_link=link is not None))


Position = tuple[Any, ...]


def position(keys: Sequence[SortKey], entry: Entry) -> Position:
    """Where an entry stands in the order."""
    return tuple(key.value(entry) for key in keys)


def compare(keys: Sequence[SortKey], one: Position, other: Position) -> int:
    """Negative if `one` comes first; a missing value is greater than every other."""
    for key, a, b in zip(keys, one, other, strict=True):
        if a == b:
            continue
        is_less = b is None or (a is not None and a < b)
        return -1 if is_less is not key.is_descending else 1
    return 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """The entries of a page, and what lies around it."""

    entries: Sequence[Entry]
    has_next: bool
    has_previous: bool


def page_of(
    entries: Iterable[Entry],
    keys: Sequence[SortKey],
    *,
    first: int | None,
    last: int | None,
    after: Position | None,
    before: Position | None,
) -> Page:
    """The page of a list that the arguments ask for."""
    placed = [(position(keys, entry), entry) for entry in entries]
    for number, key in reversed(list(enumerate(keys))):
        placed.sort(key=lambda one, number=number: _sortable(one[0][number]), reverse=key.is_descending)
    behind = [one for one in placed if after is None or compare(keys, one[0], after) > 0]
    window = [one for one in behind if before is None or compare(keys, one[0], before) < 0]
    if last is not None:
        beyond = before is not None and any(compare(keys, one[0], before) >= 0 for one in placed)
        shown = [entry for _, entry in window[-last:]]
        return Page(entries=shown, has_next=beyond, has_previous=len(window) > last)
    size = 50 if first is None else first
    shown = [entry for _, entry in window[:size]]
    return Page(entries=shown, has_next=len(window) > size, has_previous=len(behind) < len(placed))


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is None, 0 if value is None else value


def decimal_text(steps: int | Decimal, places: int) -> str:
    """Smallest steps as a decimal number, rounded half away from zero."""
    exact = EXACT.scaleb(Decimal(steps), -places)
    return format(EXACT.quantize(exact, Decimal(1).scaleb(-places)) if places else exact, "f")


def figures(record: RecordType, entries: Sequence[Entry]) -> dict[str, Any]:
    """Count, and for each column that has figures its minimum, maximum, sum and average."""
    result: dict[str, Any] = {"count": len(entries)}
    for member in record.members.values():
        if not isinstance(member, Column):
            continue
        values = [entry.row[member.name] for entry in entries if entry.row[member.name] is not None]
        low, high = (min(values), max(values)) if values else (None, None)
        match member.kind:
            case Kind.TIMESTAMP | Kind.DATE:
                result[member.api] = {"min": low, "max": high}
            case Kind.INTEGER:
                result[member.api] = {"min": low, "max": high, **_sums(values, 0)}
            case Kind.DECIMAL:
                shown = [None if one is None else decimal_text(one, member.places) for one in (low, high)]
                result[member.api] = {"min": shown[0], "max": shown[1], **_sums(values, member.places)}
            case Kind.MONEY:
                result[member.api] = _money_figures(member, entries)
            case _:
                pass
    return result


def _sums(values: Sequence[int], places: int) -> dict[str, Any]:
    if not values:
        return {"sum": None, "average": None}
    return {"sum": decimal_text(sum(values), places), "average": decimal_text(_mean(values, 4), places + 4)}


def _mean(values: Sequence[int], places: int) -> int:
    exact = EXACT.divide(Decimal(sum(values)).scaleb(places), Decimal(len(values)))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT))


def _money_figures(column: Column, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    amounts: dict[str, list[int]] = {}
    for entry in entries:
        if entry.row[column.name] is not None:
            amounts.setdefault(entry.row[str(column.currency)], []).append(entry.row[column.name])
    return [
        {"currency": code, "count": len(values)}
        | {
            name: decimal_text(value, MINOR_UNITS[code])
            for name, value in (
                ("min", min(values)),
                ("max", max(values)),
                ("sum", sum(values)),
                ("average", _mean(values, 0)),
            )
        }
        for code, values in sorted(amounts.items())
    ]
