"""Costs: how many rows an operation may return, write or look through, computed before anything runs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ..graph.reading.pages import DEFAULT_PAGE
from ..graph.reading.selection import (
    Aggregates,
    AnySelection,
    ConnectionSelection,
    Edges,
    Node,
    Nodes,
    RecordSelection,
    Selection,
    TotalCount,
)
from ..graph.writing.planning import MOST_RECORDS

FIGURES = 10  # what counting or adding up all rows costs, in rows
HOP = 10  # what a relation to many costs that a filter crosses
QUANTIFIERS = frozenset({"some", "none", "every", "anyOf", "allOf", "noneOf"})


def cost_of(fields: Iterable[object]) -> int:
    """The rows that what is selected of one record may bring along."""
    total = 0
    for field in fields:
        match field:
            case RecordSelection():
                total += 1 + cost_of(field.fields)
            case AnySelection():
                total += 1 + max((cost_of(fields) for _, fields in field.choices), default=0)
            case ConnectionSelection():
                total += connection_cost(field)
            case Node():
                total += cost_of(field.fields)
            case _:
                pass
    return total


def connection_cost(connection: ConnectionSelection) -> int:
    """The rows that a page may bring along, with everything nested in them."""
    page = connection.page
    size = page.first if page.first is not None else page.last if page.last is not None else DEFAULT_PAGE
    total, figures = 0, 0
    for part in connection.parts:
        match part:
            case Nodes() | Edges():
                total += max(size, 0) * (1 + cost_of(part.fields))
            case TotalCount() | Aggregates():
                figures += 1
            case _:
                pass
    filtering = filters_cost(connection) * (figures + (total > 0))
    return total + figures * FIGURES + filtering or 1


def filters_cost(connection: ConnectionSelection) -> int:
    """What the filters of a connection cost each time they are run."""
    return filter_cost(connection.page.filter) + filter_cost(connection.page.through)


def filter_cost(filter_: Any, hop: int = HOP) -> int:
    """What the relations to many cost that a filter crosses: ten times as much for each that is within another."""
    total, waiting = 0, [filter_]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            for name, value in cast(Mapping[str, Any], one).items():
                if name in QUANTIFIERS:
                    total += hop + filter_cost(value, 10 * hop)
                else:
                    waiting.append(value)
        elif isinstance(one, list | tuple):
            waiting += cast(Iterable[Any], one)
    return total


def dearest_filter(fields: Iterable[object], path: tuple[str, ...] = ()) -> tuple[int, str]:
    """What the filter that costs most among fields costs each time it is run, and the way to it; 0 if none does."""
    return max(_filters(fields, path), default=(0, ""))


def _filters(fields: Iterable[object], path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for field in fields:
        match field:
            case ConnectionSelection():
                here = (*path, field.key)
                yield filters_cost(field), ".".join(here)
                yield from _filters(field.parts, here)
            case RecordSelection() | Nodes() | Edges() | Node():
                yield from _filters(field.fields, (*path, field.key))
            case AnySelection():
                for _, several in field.choices:
                    yield from _filters(several, (*path, field.key))
            case _:
                pass


def record_cost(fields: Iterable[Selection]) -> int:
    """The rows that one record may bring along, itself included."""
    return 1 + cost_of(fields)


def listed_records(given: Any) -> int:
    """The records that stand in lists of an input, at any depth; given as JSON is, so that anything may be in it.

    It is counted as far as one write can take: inputs that share a list could hold thousands of times what was sent.
    """
    total, waiting = 0, [given]
    while waiting and total <= MOST_RECORDS:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += cast(dict[str, Any], one).values()
        elif isinstance(one, list):
            records = [cast(dict[str, Any], inner) for inner in cast(list[Any], one) if isinstance(inner, dict)]
            total += len(records)
            waiting += records
    return total
