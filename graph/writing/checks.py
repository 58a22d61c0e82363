"""Checks that every record gets: required values, references that lead somewhere, one owner, unique keys."""

from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.names import camel
from ...plugins.violations import Path
from ..catalogue import ABSENT, Kind, RecordType, ToOne, UniqueKey
from .rules import NOT_FOUND, NOT_UNIQUE, ONE_OWNER, REPEATED, REQUIRED
from .unit import UnitOfWork, spelled

STAMPED = frozenset({"id", "version", "created_at", "updated_at", "created_by_id", "updated_by_id"})


async def check(unit: UnitOfWork) -> None:
    """Report what breaks the rules that hold for every record."""
    for record in unit.catalogue.types.values():
        changes = unit.changes(record.name)
        if not changes:
            continue
        for change in changes:
            if change.is_write:
                _check_required(unit, record, change)
                _check_owner(unit, record, change)
    await _check_references(unit)
    for record in unit.catalogue.types.values():
        for key in record.uniques:
            await _check_unique(unit, record, key)


def _check_required(unit: UnitOfWork, record: RecordType, change: Change) -> None:
    """What is not null needs a value; what an input got wrong has been reported already."""
    reported = {violation.path for _, violation in unit.found}
    for column in record.columns.values():
        path = change.at(column.name)
        if not column.nullable and column.name not in STAMPED and change.after.get(column.name) is None:
            at = _within_group(record, change, column.name) or path
            if not any(one[: len(at)] == at for one in reported):
                unit.violate(REQUIRED.broken(at, field=str(at[-1])), change)
    for link in record.to_ones.values():
        if link.column in STAMPED or change.after.get(link.column) is ABSENT:
            continue
        if not link.nullable and change.after.get(link.column) is None:
            path = change.paths.get(link.column) or (*change.path, f"{link.api}Id")
            unit.violate(REQUIRED.broken(path, field=f"{link.api}Id"), change)


def _within_group(record: RecordType, change: Change, column: str) -> Path | None:
    """The path of a column that inputs state as part of a group."""
    if column in change.paths:
        return change.paths[column]
    for member in record.members.values():
        inner = getattr(member, "members", None)
        if inner and not getattr(member, "whole", False):
            for api, part in inner.items():
                if getattr(part, "name", None) == column:
                    return (*change.path, member.api, api)
    return None


def _check_owner(unit: UnitOfWork, record: RecordType, change: Change) -> None:
    """Where a record may belong to records of several types, it belongs to exactly one."""
    owners = [link for link in record.owners if link.nullable]
    if len(owners) < 2:
        return
    given = [link for link in owners if change.after[link.column] is not None]
    if len(given) != 1:
        names = " or ".join(f"{link.api}Id" for link in owners)
        unit.violate(ONE_OWNER.broken((*change.path, f"{owners[0].api}Id"), fields=names), change)


async def _check_references(unit: UnitOfWork) -> None:
    """Every foreign key that is set leads to a live record, or to one made in the same unit."""
    wanted: dict[str, dict[UUID, list[tuple[Change, ToOne]]]] = {}
    for record in unit.catalogue.types.values():
        for change in unit.changes(record.name):
            if change.kind is ChangeKind.DELETE or record.owner:
                continue
            for link in record.to_ones.values():
                value = change.after.get(link.column)
                if value in (None, ABSENT) or link.column in STAMPED:
                    continue
                if change.kind is ChangeKind.UPDATE and not change.changed(link.column):
                    continue
                if change.kind is ChangeKind.RESTORE and not link.policy.owner:
                    continue
                wanted.setdefault(link.target, {}).setdefault(value, []).append((change, link))
    for name, ids in wanted.items():
        within = {id_ for id_ in ids if (change := unit.change(name, id_)) is not None and change.is_live}
        gone = {id_ for id_ in ids if (change := unit.change(name, id_)) is not None and not change.is_live}
        target = unit.catalogue[name]
        stored = await unit.reader.find(target, "id", [i for i in ids if i not in within], lock="share")
        there = within | ({row["id"] for row in stored} - gone)
        for id_, places in ids.items():
            if id_ not in there:
                for change, link in places:
                    path = change.paths.get(link.column) or (*change.path, f"{link.api}Id")
                    unit.violate(NOT_FOUND.broken(path, what=target.name, id=unit.shown(name, id_)), change)


async def _check_unique(unit: UnitOfWork, record: RecordType, key: UniqueKey) -> None:
    """No two live rows hold the same key, neither stored ones nor those of the unit."""
    columns = (*key.columns, *([key.where] if key.where else []))
    mine: dict[tuple[Any, ...], Change] = {}
    asked: dict[tuple[Any, ...], Change] = {}
    for change in unit.changes(record.name):
        if not change.is_live or (key.where and not change.after.get(key.where)):
            continue
        value = tuple(change.after.get(column) for column in key.columns)
        if any(part is None or part is ABSENT for part in value):
            continue
        if value in mine:
            other = spelled(mine[value].at(key.fields[-1]))
            unit.violate(
                REPEATED.broken(_at(record, change, key), what=record.name, fields=_fields(key), other=other), change
            )
            continue
        mine[value] = change
        if change.kind is ChangeKind.RESTORE or change.changed(*columns):
            asked[value] = change
    if not asked:
        return
    for row in await unit.reader.find_keys(record, key.columns, asked, where=key.where):
        own = unit.change(record.name, row["id"])
        if own is not None:
            continue  # its value after the unit counts, and that was looked at above
        change = asked[tuple(row[column] for column in key.columns)]
        shown = unit.shown(record.name, row["id"])
        unit.violate(
            NOT_UNIQUE.broken(_at(record, change, key), what=record.name, fields=_fields(key), id=shown), change
        )


def _at(record: RecordType, change: Change, key: UniqueKey) -> Path:
    name = key.where if key.where and key.where in change.given else key.fields[-1]
    if name in record.to_ones:
        return change.paths.get(record.to_ones[name].column) or change.path
    if record.columns[name].policy.hidden or record.columns[name].kind is Kind.BOOLEAN:
        return change.at(name) if name in change.paths else change.path
    return change.at(name)


def _fields(key: UniqueKey) -> str:
    return " and ".join(camel(name) for name in key.fields)
