"""Veiling: what a dry run stores for values of unique fields that whoever asks for it may not read.

Whether such a value is taken must not be told, and the database would. So another value is stored in its place, which
looks like it behind its mask, whether it is taken or not; all of it is rolled back.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from ...plugins.changes import Change
from ..catalogue import Column, Kind, RecordType, UniqueKey
from ..reading.sight import mask_of
from ..storing import folded
from .unit import UnitOfWork

TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.CODE})
FIRST, COUNT = 0xE000, 6_400  # characters for private use: nobody's values have them
MOST = 5  # as many as an id has randomness for


def is_veilable(unit: UnitOfWork) -> bool:
    """Whether each value that a dry run may tell nothing about can be veiled; without that, nothing can be stored."""
    return all(_veil(unit, *guess) for guess in unit.guesses)


@contextmanager
def veiled(unit: UnitOfWork) -> Generator[None]:
    """Have other values in the changes while they are stored."""
    kept: list[tuple[Change, Mapping[str, Any]]] = []
    for record, key, change in unit.guesses:
        kept.append((change, dict(change.after)))
        change.after.update(_veil(unit, record, key, change))
    try:
        yield
    finally:
        for change, after in reversed(kept):
            change.after.update(after)


def _veil(unit: UnitOfWork, record: RecordType, key: UniqueKey, change: Change) -> Mapping[str, Any]:
    """Another value for one field of a key; none where each of them has to be there, and is no text."""
    for name in key.fields:
        column = record.columns.get(name)
        if column is not None and column.kind in TEXTS and unit.sight.is_masked(record, column):
            text = _other_text(column, change.after[name], unit.new_id())
            return {name: text} | ({column.folded: folded(text)} if column.folded else {})
    for name in key.fields:
        member = record.columns.get(name) or record.to_ones.get(name) or record.to_anys.get(name)
        if member is not None and member.nullable and unit.sight.is_masked(record, member):
            return {member.name if isinstance(member, Column) else member.column: None}
    return {}


def _other_text(column: Column, text: str, seed: UUID) -> str:
    """A text that nobody else has, as long as the given one and with the same last characters where they are shown."""
    shown = mask_of(column).shown
    kept = shown if len(text) > 2 * shown else 0
    count = min(MOST, len(text) - kept)
    return "".join(chr(FIRST + seed.int // COUNT**place % COUNT) for place in range(count)) + text[count:]
