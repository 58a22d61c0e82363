"""Marks: which rows of an answer hold classified values, told by the statement beside the text itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..catalogue import Column, Kind, RecordType, ToAny, ToMany, ToOne
from .ordering import Ordering, SortKey
from .plan import Classified
from .scope import Compilation, Rows
from .selection import (
    Aggregates,
    AnyIdSelection,
    AnySelection,
    ColumnSelection,
    ComputedSelection,
    ConnectionSelection,
    Cursor,
    Edges,
    ExtensionFigures,
    MoneySelection,
    Nodes,
    RecordSelection,
    Statistics,
    TotalCount,
)
from .sight import ways
from .text import Pieces, Sql


def row_mark(compilation: Compilation, rows: Rows, fields: Sequence[Any]) -> Pieces:
    """The mark of a row whose classified values stand in the answer, where somebody wants to know of them."""
    if not compilation.sight.is_noting:
        return []
    return _mark(
        compilation, rows.record, [member for field in fields for member in _members(rows.record, field)], rows
    )


def cursor_mark(compilation: Compilation, ordering: Ordering, rows: Rows, link: Rows | None) -> Pieces:
    """The mark of a row whose cursor stands in the answer, where the values that it is sorted by are classified."""
    if not compilation.sight.is_noting:
        return []
    pieces: list[str | Sql] = []
    for source, keys in _sources(ordering).items():
        found = [column for key in keys for column in _sorted_by(key)]
        pieces += _mark(compilation, keys[0].record, found, link if source == "l" and link else rows)
    return pieces


def way_mark(compilation: Compilation, member: ToMany | None, rows: Rows, link: Rows | None) -> Pieces:
    """The mark of a row of a list, where it is classified what record the row belongs to."""
    if member is None or not compilation.sight.is_noting:
        return []
    pieces: list[str | Sql] = []
    for record, reference in ways(compilation.catalogue, member):
        pieces += _mark(compilation, record, [reference], link if member.link and link else rows)
    return pieces


def _mark(
    compilation: Compilation, record: RecordType, members: Sequence[Column | ToOne | ToAny], rows: Rows
) -> Pieces:
    classified = _classified(compilation, record, members)
    if classified is None:
        return []
    number = compilation.note(classified)
    return [f"\x03{number}:", Sql(compilation.dialect.plain(rows.key, Kind.ID)), "\x03"]


def note_use(compilation: Compilation, record: RecordType, members: Sequence[Column | ToOne | ToAny]) -> None:
    """Note that an answer hangs on classified values of rows that it need not hold: it is filtered by them, say."""
    if not compilation.sight.is_noting:
        return
    classified = _classified(compilation, record, members)
    if classified is not None:
        compilation.note(replace(classified, whole=True))


def note_list(compilation: Compilation, connection: ConnectionSelection, ordering: Ordering) -> None:
    """Note that somebody sorts by classified values, or counts rows where it is classified whose they are.

    Where every row shows its cursor, its own mark tells of what it is sorted by.
    """
    if not compilation.sight.is_noting:
        return
    listed = [part for part in connection.parts if isinstance(part, Nodes | Edges)]
    shows_cursors = all(any(isinstance(field, Cursor) for field in part.fields) for part in listed)
    if connection.page.order and not shows_cursors:
        for keys in _sources(ordering).values():
            note_use(compilation, keys[0].record, [column for key in keys for column in _sorted_by(key)])
    if connection.member is not None and any(isinstance(part, TotalCount | Aggregates) for part in connection.parts):
        for record, reference in ways(compilation.catalogue, connection.member):
            note_use(compilation, record, [reference])


def _sources(ordering: Ordering) -> dict[str, list[SortKey]]:
    """The keys by the table that they are of: the record's, its link's or an extension's."""
    found: dict[str, list[SortKey]] = {}
    for key in ordering.keys:
        found.setdefault(key.source, []).append(key)
    return found


def _sorted_by(key: SortKey) -> Sequence[Column]:
    """The declared column that a sort key is of: itself, or the one whose folded twin or currency it is."""
    name = key.column.name
    return [column for column in key.record.columns.values() if name == column.name or name in column.sort_columns]


def note_figures(compilation: Compilation, part: Aggregates, record: RecordType, where: str) -> None:
    """Refuse figures over what the caller may not read, and note those over classified values."""
    for one in part.parts:
        if isinstance(one, ExtensionFigures):
            inner = [each for each in one.parts if isinstance(each, Statistics)]
            _note_figures(compilation, inner, one.extension, f"{where}.{one.key}")
        elif isinstance(one, Statistics):
            _note_figures(compilation, [one], record, where)


def _note_figures(compilation: Compilation, parts: Sequence[Statistics], record: RecordType, where: str) -> None:
    for one in parts:
        compilation.sight.check(record, one.column, f"{where}.{one.key}", "aggregated")
        note_use(compilation, record, [one.column])


def _classified(
    compilation: Compilation, record: RecordType, members: Sequence[Column | ToOne | ToAny]
) -> Classified | None:
    """Those of the fields that are classified and shown to the caller; None if none is."""
    found = [one for one in members if one.policy.classified and not compilation.sight.is_masked(record, one)]
    if not found:
        return None
    space = f"{record.namespace}." if record.namespace else ""
    names = sorted({f"{space}{one.api}" for one in found})
    classes = frozenset(str(one.policy.classified) for one in found)
    return Classified(record=record.owner or record.name, fields=tuple(names), classes=classes)


def _members(record: RecordType, field: Any) -> Sequence[Column | ToOne | ToAny]:
    """The columns and references of a row whose values a selected field shows, other than through objects in it."""
    match field:
        case ColumnSelection() | MoneySelection():
            return [field.column]
        case ComputedSelection():
            return [record.columns[need] for need in field.field.computed.needs]
        case RecordSelection() if isinstance(field.member, ToOne):
            return [field.member]
        case AnySelection():
            return [field.member]
        case AnyIdSelection():
            return [field.member.reference]
        case _:
            return []
