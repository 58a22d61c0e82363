"""Costs: how many rows an operation may return at most, computed from its page sizes before anything runs."""

from collections.abc import Iterable
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

FIGURES = 10  # what counting or adding up all rows costs, in rows


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
    total = 0
    for part in connection.parts:
        match part:
            case Nodes() | Edges():
                total += max(size, 0) * (1 + cost_of(part.fields))
            case TotalCount() | Aggregates():
                total += FIGURES
            case _:
                pass
    return total or 1


def record_cost(fields: Iterable[Selection]) -> int:
    """The rows that one record may bring along, itself included."""
    return 1 + cost_of(fields)


def listed_records(given: Any) -> int:
    """The records that stand in lists of an input, at any depth; given as JSON is, so that anything may be in it."""
    total, waiting = 0, [given]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += cast(dict[str, Any], one).values()
        elif isinstance(one, list):
            records = [cast(dict[str, Any], inner) for inner in cast(list[Any], one) if isinstance(inner, dict)]
            total += len(records)
            waiting += records
    return total
