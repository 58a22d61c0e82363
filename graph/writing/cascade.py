"""Deleting and restoring: what belongs to a record goes and comes back with it, and nothing else does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ..catalogue import RecordType, ToAny, ToOne
from .unit import UnitOfWork

Row = dict[str, Any]


async def spread_deletions(unit: UnitOfWork) -> None:
    """Delete what belongs to the records being deleted, and what only they pointed at.

    Owned rows go with their owner. A record whose foreign keys are declared to orphan it (an address) goes with the
    last live row that points at it, when that row goes with its owner; a row that is taken away by itself leaves the
    record behind, to be linked elsewhere.
    """
    wave, is_first = [change for change in unit.all_changes() if change.kind is ChangeKind.DELETE], True
    while wave:
        found: list[Change] = []
        for kind, link, causes in _belonging(unit, wave):
            for row in await unit.reader.find(kind, link.column, causes, lock="update"):
                found += _also(unit, kind, row, ChangeKind.DELETE, causes[row[link.column]])
        for record, deleted in _by_record(wave).items():
            for link in unit.catalogue[record].to_ones.values():
                if link.policy.orphans and not is_first:
                    found += await _orphans(unit, unit.catalogue[record], link, deleted)
        wave, is_first = found, False


def _belonging(
    unit: UnitOfWork, wave: Iterable[Change]
) -> Iterator[tuple[RecordType, ToOne | ToAny, Mapping[UUID, Change]]]:
    """Each kind of record that belongs to changed ones, by which reference, and those changes by the record's id.

    No two records have one id, so that references to any record need no look at the type.
    """
    for record, changes in _by_record(wave).items():
        for kind, link in unit.catalogue.pointing_at(record):
            if link.policy.owner and kind.is_record:
                yield kind, link, {change.id: change for change in changes}
    for kind, link in unit.catalogue.pointing_anywhere():
        causes = {change.id: change for change in wave if change.record in link.targets}
        if link.policy.owner and causes:
            yield kind, link, causes


async def _orphans(unit: UnitOfWork, kind: RecordType, link: ToOne, deleted: Sequence[Change]) -> list[Change]:
    """The records that only rows being deleted point at by `link`.

    They are locked before the rows are looked at: of two that let go of one record at once, the second finds it alone.
    """
    targets = {change.after[link.column]: change for change in deleted if change.after[link.column] is not None}
    target = unit.catalogue[link.target]
    locked = await unit.reader.find(target, "id", targets, lock="update")
    kept: set[UUID] = {change.after[link.column] for change in unit.changes(kind.name) if change.is_write}
    for row in await unit.reader.find(kind, link.column, [row["id"] for row in locked]):
        change = unit.change(kind.name, row["id"])
        if change is None or change.is_live:
            kept.add(row[link.column])
    found: list[Change] = []
    for row in locked:
        if row["id"] not in kept:
            found += _also(unit, target, row, ChangeKind.DELETE, targets[row["id"]])
    return found


async def spread_restorations(unit: UnitOfWork) -> None:
    """Bring back what was deleted together with the records being restored, as far as it belongs to them.

    A row between two records comes back when both are there. Until then it waits with the deletion that took the other
    one, so that the restoration of that one brings it back.
    """
    wave = [change for change in unit.all_changes() if change.kind is ChangeKind.RESTORE]
    while wave:
        found: list[Change] = []
        for kind, link, causes in _belonging(unit, wave):
            rows = _taken_with(causes, await _deleted(unit, kind, link.column, causes), link.column)
            for row in await _without_waiting(unit, kind, rows, link):
                found += _also(unit, kind, row, ChangeKind.RESTORE, causes[row[link.column]])
        for record, restored in _by_record(wave).items():
            for link in unit.catalogue[record].to_ones.values():
                if link.policy.orphans:
                    pointed = {change.after[link.column]: change for change in restored}
                    target = unit.catalogue[link.target]
                    for row in _taken_with(pointed, await _deleted(unit, target, "id", pointed), "id"):
                        found += _also(unit, target, row, ChangeKind.RESTORE, pointed[row["id"]])
        wave = found


async def spread_to_extensions(unit: UnitOfWork) -> None:
    """Plugins' rows go and come back with the records that they belong to."""
    for extension in unit.catalogue.types.values():
        if extension.owner is None:
            continue
        causes = {one.id: one for one in unit.changes(extension.owner) if not one.is_write}
        for row in await unit.reader.find(extension, extension.key, causes, lock="update"):
            cause = causes[row[extension.key]]
            known = unit.change(extension.name, cause.id)
            if known is not None:
                unit.forget(known)
            unit.add(
                Change(
                    kind=cause.kind,
                    record=extension.name,
                    id=cause.id,
                    path=cause.path,
                    root=cause.root,
                    before=row,
                    after=dict(row),
                )
            )


async def touch_owners(unit: UnitOfWork) -> None:
    """Where a rule changes a plugin's row, the record that it belongs to is changed as well."""
    for extension in unit.catalogue.types.values():
        if extension.owner is None:
            continue
        alone = {one.id: one for one in unit.changes(extension.name) if unit.change(extension.owner, one.id) is None}
        for row in await unit.reader.find(unit.catalogue[extension.owner], "id", alone, lock="update"):
            unit.update(extension.owner, row, {}, because=alone[row["id"]])


async def _deleted(unit: UnitOfWork, kind: RecordType, column: str, ids: Iterable[UUID]) -> list[Row]:
    rows = await unit.reader.find(kind, column, ids, live=False, lock="update")
    return [row for row in rows if row["deleted_at"] is not None]


def _taken_with(causes: Mapping[UUID, Change], rows: Iterable[Row], column: str) -> list[Row]:
    """The rows that the same deletion took as the records that they belong to."""
    taken = ((row, causes[row[column]].before or {}) for row in rows)
    return [row for row, before in taken if row["deletion"] == before.get("deletion")]


async def _without_waiting(unit: UnitOfWork, kind: RecordType, rows: Sequence[Row], by: ToOne | ToAny) -> list[Row]:
    """The rows whose other owners are there, or come back with them; the rest is noted to wait for the owner."""
    waiting: dict[UUID, UUID] = {}
    for link, target in _owners(unit, kind):
        owners = {row[link.column] for row in rows if row[link.column] is not None}
        if link is by or not owners:
            continue
        gone = {row["id"]: row["deletion"] for row in await _deleted(unit, target, "id", owners)}
        for row in rows:
            deletion = gone.get(row[link.column])
            change = unit.change(target.name, row[link.column])
            is_back = change is not None and change.is_live
            comes_back = link.policy.orphans and deletion == row["deletion"]
            if deletion is not None and not is_back and not comes_back:
                waiting[row["id"]] = deletion
    if waiting:
        unit.set_derived(kind.name, "deletion", waiting)
    return [row for row in rows if row["id"] not in waiting]


def _owners(unit: UnitOfWork, kind: RecordType) -> Iterator[tuple[ToOne | ToAny, RecordType]]:
    """Each reference to an owner with each type of record that it may lead to."""
    for link in kind.owners:
        for name in link.targets if isinstance(link, ToAny) else (link.target,):
            yield link, unit.catalogue[name]


def _also(unit: UnitOfWork, kind: RecordType, row: Row, what: ChangeKind, because: Change) -> list[Change]:
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
