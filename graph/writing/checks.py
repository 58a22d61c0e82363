"""Checks that every record gets: required values, references that lead somewhere, one owner, unique keys."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.names import camel
from ...plugins.violations import Path
from ..catalogue import ABSENT, Column, Kind, RecordType, ToAny, ToOne, UniqueKey
from ..values.text import is_blank
from .discretion import hidden, is_guess, refuse_taken, withheld
from .rules import BLANK, FORBIDDEN, NOT_CHANGEABLE, NOT_FOUND, NOT_UNIQUE, ONE_OWNER, REPEATED, REQUIRED
from .unit import Raced, UnitOfWork, spelled, targets_of

STAMPED = frozenset({"id", "version", "created_at", "updated_at", "created_by_id", "updated_by_id"})
Key = tuple[Any, ...]


async def check(unit: UnitOfWork) -> None:
    """Report what breaks the rules that hold for every record."""
    types = unit.changed_types()
    for record in types:
        needed = unit.once.of(_Needed, record)
        for change in unit.changes(record.name):
            if change.is_write:
                needed.check(unit, change)
                _check_owner(unit, record, change)
    await _check_references(unit)
    for record in types:
        for key in record.uniques:
            await _check_unique(unit, record, key)


class _Needed:
    """What a record type's inputs have to give a value: columns, those that mustn't be blank, and references."""

    def __init__(self, record: RecordType) -> None:
        in_keys = {name for key in record.uniques for name in key.fields}
        writable = [c for c in record.columns.values() if not (c.policy.read_only or c.policy.hidden)]
        self.columns = [c for c in writable if not c.nullable and c.name not in STAMPED]
        self.texts = [c for c in writable if c.kind in {Kind.TEXT, Kind.CODE} and (not c.nullable or c.name in in_keys)]
        self.links = [link for link in record.references if not link.nullable and link.column not in STAMPED]
        self.groups = {name: group.api for name, group in record.groups.items()}

    def check(self, unit: UnitOfWork, change: Change) -> None:
        """Report what a change leaves without a value; an update is looked at as far as its input goes."""
        is_new = change.before is None
        for column in self.columns:
            if change.after.get(column.name) is None and (is_new or column.name in change.given):
                path = self._at(change, column)
                if not unit.is_wrong(path):
                    unit.violate(REQUIRED.broken(path, field=path[-1]), change)
        for column in self.texts:
            text = change.after.get(column.name)
            if isinstance(text, str) and column.name in change.given and is_blank(text):
                path = change.at(column.name)
                unit.violate(BLANK.broken(path, field=path[-1]), change)
        for link in self.links:
            if change.after.get(link.column) is None:
                path = change.paths.get(link.column) or (*change.path, f"{link.api}Id")
                unit.violate(REQUIRED.broken(path, field=f"{link.api}Id"), change)

    def _at(self, change: Change, column: Column) -> Path:
        """Where a value is missing; of a group's columns, which come from each other, the group is missing."""
        group = self.groups.get(column.name)
        if group is None:
            return change.at(column.name)
        given = change.paths.get(column.name)
        return given[:-1] if given else (*change.path, group)


def _check_owner(unit: UnitOfWork, record: RecordType, change: Change) -> None:
    """Where a record may belong to records of several types, it belongs to exactly one."""
    owners = [link for link in record.owners if link.nullable]
    if len(owners) < 2 or change.before is not None:
        return
    given = [link for link in owners if change.after[link.column] is not None]
    if len(given) != 1:
        names = " or ".join(f"{link.api}Id" for link in owners)
        unit.violate(ONE_OWNER.broken((*change.path, f"{owners[0].api}Id"), fields=names), change)


async def _check_references(unit: UnitOfWork) -> None:
    """Every foreign key that is set leads to a live record, or to one made in the same unit.

    One that an input states as it is stored is left alone, unless whoever writes may not know where it leads: then the
    answer must not hang on whether that was guessed.
    """
    wanted: dict[str, dict[UUID, list[tuple[Change, ToOne | ToAny]]]] = {}
    for record in unit.changed_types():
        links = unit.once.of(_references, record)
        for change in unit.changes(record.name):
            if change.kind is ChangeKind.DELETE:
                continue
            for link in links:
                value = change.after.get(link.column)
                if value is None or value is ABSENT:
                    continue
                if _is_kept(change, link) and not _is_guess(unit, change, link):
                    continue
                if change.kind is ChangeKind.RESTORE and not link.policy.owner:
                    continue
                target = unit.catalogue.target(link, change.after)
                if target is not None:  # else a plugin's that is not enabled: nothing can be said about it
                    wanted.setdefault(target.name, {}).setdefault(value, []).append((change, link))
    for name, ids in wanted.items():
        within = {id_ for id_ in ids if (change := unit.change(name, id_)) is not None and change.is_live}
        gone = {id_ for id_ in ids if (change := unit.change(name, id_)) is not None and not change.is_live}
        target = unit.catalogue[name]
        stored = await unit.reader.find(target, "id", [i for i in ids if i not in within], lock="share")
        there = within | ({row["id"] for row in stored} - gone)
        unseen = await hidden(unit, target, ids.keys() - within)
        for id_, places in ids.items():
            for change, link in places:
                is_stated = link.column in change.paths
                is_missing = id_ not in there and not (_is_kept(change, link) and not _is_masked(unit, change, link))
                if is_missing or (id_ in unseen and is_stated):
                    path = change.paths.get(link.column) or change.path
                    what = NOT_FOUND.broken(path, what=target.name, id=unit.shown(name, id_))
                    if _is_kept(change, link) and link.policy.create_only:  # as any other would be answered
                        what = NOT_CHANGEABLE.broken(path, field=f"{link.api}Id")
                    unit.violate(what, change, other=unit.change(name, id_))


def _is_kept(change: Change, link: ToOne | ToAny) -> bool:
    """Whether a stored record goes on leading where it led."""
    return change.kind is ChangeKind.UPDATE and not change.changed(link.column)


def _is_guess(unit: UnitOfWork, change: Change, link: ToOne | ToAny) -> bool:
    """Whether an input states a reference of which whoever writes might not know where it leads."""
    return link.column in change.given and (unit.sight.is_asking or _is_masked(unit, change, link))


def _is_masked(unit: UnitOfWork, change: Change, link: ToOne | ToAny) -> bool:
    return unit.sight.is_masked(unit.catalogue[change.record], link)


def _references(record: RecordType) -> Sequence[ToOne | ToAny]:
    """What of a record leads to another, but for what is set by Accord itself."""
    return [link for link in record.references if link.column not in {*STAMPED, record.key}]


async def _check_unique(unit: UnitOfWork, record: RecordType, key: UniqueKey) -> None:
    """No two live rows hold the same key, neither stored ones nor those of the unit.

    Whoever may not read a key may not state one: the answer would tell whether it is taken. A dry run tells nothing of
    rows that whoever writes may not see: the value counts as free, or values could be guessed by the thousand. Raises
    Raced if the key of an upsert that found nothing is there by now.
    """
    columns = (*key.columns, *([key.where] if key.where else []))
    holding: dict[Key, Change] = {}
    asking: list[tuple[Key, Change]] = []
    secret = withheld(unit, record, key)
    for change in unit.changes(record.name):
        if not change.is_live or (key.where and not change.after.get(key.where)):
            continue
        if secret and is_guess(record, change, key):
            names = _names(record, change, key)
            unit.violate(FORBIDDEN.broken(_at(record, change, key), fields=names, why=secret), change)
            continue
        value = tuple(change.after.get(column) for column in key.columns)
        if any(part is None or part is ABSENT for part in value):
            continue
        if change.kind is ChangeKind.RESTORE or change.changed(*columns):
            asking.append((value, change))
        else:
            holding[value] = change
    asked: dict[Key, Change] = {}
    for value, change in asking:
        other = holding.setdefault(value, change)
        if other is change:
            asked[value] = change
        elif secret:
            _take(unit, record, key, change, other)
        else:
            at, names = spelled(_at(record, other, key)), _names(record, change, key)
            unit.violate(
                REPEATED.broken(_at(record, change, key), what=record.owner or record.name, fields=names, other=at),
                change,
                other=other,
            )
    asked = {value: change for value, change in asked.items() if not _is_new(unit, record, key, value)}
    rows = await unit.reader.find_keys(record, key.columns, asked, where=key.where)
    unseen = await _unseen(unit, record, rows)
    for row in rows:
        if unit.change(record.name, row[record.key]) is not None:
            continue  # its value after the unit counts, and that was looked at above
        value = tuple(row[column] for column in key.columns)
        if (record.name, value) in unit.missed:
            raise Raced  # somebody has made it since the upsert looked for it
        change = asked[value]
        if row[record.key] in unseen and unit.dry_run:
            unit.set_aside.setdefault(record.name, set()).add(row[record.key])
        elif row[record.key] in unseen or secret:
            _take(unit, record, key, change)
        else:
            what, names = record.owner or record.name, _names(record, change, key)
            shown = unit.shown(what, row[record.key])
            unit.violate(NOT_UNIQUE.broken(_at(record, change, key), what=what, fields=names, id=shown), change)


def _take(unit: UnitOfWork, record: RecordType, key: UniqueKey, change: Change, other: Change | None = None) -> None:
    """Report that a key is taken by what whoever writes may not see."""
    at, what, names = _at(record, change, key), record.owner or record.name, _names(record, change, key)
    refuse_taken(unit, at, change, what=what, fields=names, other=other)


async def _unseen(unit: UnitOfWork, record: RecordType, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """The rows, by their keys, that whoever writes may not see, or whose owner that is."""
    if not unit.sight.is_asking or not rows:
        return set()
    kind = unit.catalogue[record.owner or record.name]
    unseen = await hidden(unit, kind, [row[record.key] for row in rows])
    for link in record.owners:
        leading: dict[str, dict[UUID, UUID]] = {}
        for row in rows:
            target = unit.catalogue.target(link, row) if row[link.column] is not None else None
            if target is not None:
                leading.setdefault(target.name, {})[row[record.key]] = row[link.column]
        for name, owners in leading.items():
            gone = await hidden(unit, unit.catalogue[name], owners.values())
            unseen |= {id_ for id_, owner in owners.items() if owner in gone}
    return unseen


def _is_new(unit: UnitOfWork, record: RecordType, key: UniqueKey, value: Key) -> bool:
    """Whether a key names a record that the unit makes, which no stored row can."""
    targets = unit.once.of(targets_of, record)
    return any(
        column in targets and unit.is_new(targets[column], part)
        for column, part in zip(key.columns, value, strict=True)
    )


def _at(record: RecordType, change: Change, key: UniqueKey) -> Path:
    """Where a value stands that breaks a key: the last one that the input states, else the record itself."""
    if not change.is_write:
        return change.path
    for name in ([key.where] if key.where else []) + [*reversed(key.fields)]:
        reference = record.to_ones.get(name) or record.to_anys.get(name)
        column = reference.column if reference else name
        if column in change.paths:
            return change.paths[column]
    return change.path


def _names(record: RecordType, change: Change, key: UniqueKey) -> str:
    """The fields of a key as the API calls them; for one that it doesn't show, the input's field that it comes from."""
    names: list[str] = []
    for name in key.fields:
        column = record.columns.get(name)
        if column is None or not column.policy.hidden:
            names.append(camel(name))
        elif name in change.paths:
            names.append(str(change.paths[name][-1]))
    return " and ".join([*names, *([camel(key.where)] if key.where else [])])
