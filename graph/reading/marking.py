"""Marks: which rows of an answer hold classified values, told by the statement beside the text itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..catalogue import Column, Kind, RecordType, ToAny, ToOne
from .plan import Classified
from .scope import Compilation, Rows
from .selection import (
    Aggregates,
    AnyIdSelection,
    AnySelection,
    ColumnSelection,
    ComputedSelection,
    ExtensionFigures,
    MoneySelection,
    RecordSelection,
    Statistics,
)
from .text import Pieces, Sql


def row_mark(compilation: Compilation, rows: Rows, fields: Sequence[Any]) -> Pieces:
    """The mark of a row whose classified values stand in the answer, where somebody wants to know of them."""
    if not compilation.sight.is_noting:
        return []
    found = [member for field in fields for member in _members(rows.record, field)]
    classified = _classified(compilation, rows.record, found)
    if classified is None:
        return []
    number = compilation.note(classified)
    return [f"\x03{number}:", Sql(compilation.dialect.plain(rows.key, Kind.ID)), "\x03"]


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
        classified = _classified(compilation, record, [one.column])
        if classified is not None and compilation.sight.is_noting:
            compilation.note(replace(classified, whole=True))


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
