"""Deleting and restoring: what belongs to a record goes and comes back with it, and nothing else does."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ..catalogue import RecordType, ToOne
from .unit import UnitOfWork

Rows = Sequence[dict[str, Any]]


async def spread_deletions(unit: UnitOfWork) -> None:
    """Delete what belongs to the records being deleted, and what only they pointed at.

    Owned rows go with their owner. A record whose foreign keys are declared to orphan it (an address) goes with the
    last live row that points at it.
    """
    wave = [change for change in unit.all_changes() if change.kind is ChangeKind.DELETE]
    while wave:
        found: list[Change] = []
        for record, deleted in _by_record(wave).items():
            ids = [change.id for change in deleted]
            causes = {change.id: change for change in deleted}
            for kind, link in unit.catalogue.pointing_at(record):
                if link.policy.owner and kind.is_record:
                    for row in await unit.reader.find(kind, link.column, ids, lock="update"):
                        found += _also(unit, kind, row, ChangeKind.DELETE, causes[row[link.column]])
            for link in unit.catalogue[record].to_ones.values():
                if link.policy.orphans:
                    found += await _orphans(unit, unit.catalogue[record], link, deleted)
        wave = found


async def _orphans(unit: UnitOfWork, kind: RecordType, link: ToOne, deleted: Sequence[Change]) -> list[Change]:
    """The records that only rows being deleted point at by `link`."""
    targets = {change.after[link.column]: change for change in deleted if change.after[link.column] is not None}
    kept: set[UUID] = set()
    for row in await unit.reader.find(kind, link.column, targets):
        change = unit.change(kind.name, row["id"])
        if change is None or change.is_live:
            kept.add(row[link.column])
    kept |= {change.after[link.column] for change in unit.changes(kind.name) if change.is_write}
    found: list[Change] = []
    target = unit.catalogue[link.target]
    for row in await unit.reader.find(target, "id", [id_ for id_ in targets if id_ not in kept], lock="update"):
        found += _also(unit, target, row, ChangeKind.DELETE, targets[row["id"]])
    return found


async def spread_restorations(unit: UnitOfWork) -> None:
    """Bring back what was deleted together with the records being restored, as far as it belongs to them."""
    wave = [change for change in unit.all_changes() if change.kind is ChangeKind.RESTORE]
    while wave:
        found: list[Change] = []
        for record, restored in _by_record(wave).items():
            causes = {change.id: change for change in restored}
            for kind, link in unit.catalogue.pointing_at(record):
                if link.policy.owner and kind.is_record:
                    rows = await unit.reader.find(kind, link.column, causes, live=False)
                    found += _returning(unit, kind, rows, causes, link.column)
            for link in unit.catalogue[record].to_ones.values():
                if link.policy.orphans:
                    pointed = {change.after[link.column]: change for change in restored}
                    target = unit.catalogue[link.target]
                    rows = await unit.reader.find(target, "id", pointed, live=False)
                    found += _returning(unit, target, rows, pointed, "id")
        wave = found


def _returning(
    unit: UnitOfWork, kind: RecordType, rows: Rows, causes: dict[UUID, Change], column: str
) -> Iterable[Change]:
    for row in rows:
        cause = causes[row[column]]
        before = cause.before
        if row["deletion"] is not None and before is not None and row["deletion"] == before["deletion"]:
            yield from _also(unit, kind, row, ChangeKind.RESTORE, cause)


def _also(unit: UnitOfWork, kind: RecordType, row: dict[str, Any], what: ChangeKind, because: Change) -> list[Change]:
    known = unit.change(kind.name, row["id"])
    if known is not None and (known.kind is what or known.before is None):
        return []
    if known is not None:
        unit.forget(known)
    change = Change(
        kind=what,
        record=kind.name,
        id=row["id"],
        path=because.path,
        root=because.root,
        before=row,
        after=dict(row),
    )
    return [unit.add(change)]


def _by_record(changes: Iterable[Change]) -> dict[str, list[Change]]:
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.record, []).append(change)
    return grouped
