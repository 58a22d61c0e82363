"""Discretion: what a write tells nobody who may not read it: that a record is there, or what a field holds."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ...plugins.changes import Change
from ...plugins.violations import Path
from ..catalogue import ABSENT, RecordType, UniqueKey
from ..reading.compiler import compile_unhidden
from ..storing import load
from .rules import TAKEN
from .unit import UnitOfWork


async def settle(unit: UnitOfWork) -> None:
    """Ask plugins what whoever writes may see of each type that is changed; inputs need not have named it.

    Raises PluginFailed where one can't say.
    """
    if unit.sight.is_asking:
        await unit.sight.settle(record.owner or record.name for record in unit.changed_types())


async def hidden(unit: UnitOfWork, record: RecordType, ids: Iterable[Any]) -> set[UUID]:
    """Which of the records plugins hide from whoever writes; deleted ones are looked at like others."""
    wanted = {id_ for id_ in ids if isinstance(id_, UUID)}
    if not wanted or not unit.sight.is_asking or not record.is_record:
        return set()
    await unit.sight.settle([record.name])
    plan = compile_unhidden(unit.ground, record, list(wanted))
    if plan is None:
        return set()
    rows = await unit.transaction.fetch(plan.statement, plan.bind(unit.sight.values))
    return wanted - {load(record.columns["id"].kind, row[0], unit.dialect.kind) for row in rows}


def refuse_taken(
    unit: UnitOfWork, path: Path, change: Change, *, what: str, fields: str, other: Change | None = None
) -> None:
    """Report that values are taken, and not by which record; it is noted as well, since they may have been guesses."""
    unit.violate(TAKEN.broken(path, what=what, fields=fields), change, other=other)
    unit.taken.add((change.root, what, fields))


def withheld(unit: UnitOfWork, record: RecordType, key: UniqueKey) -> str | None:
    """Why whoever writes may not read a key; None where they may."""
    members = [record.columns.get(name) or record.to_ones.get(name) or record.to_anys.get(name) for name in key.fields]
    for member in members:
        if member is not None and unit.sight.is_masked(record, member):
            return unit.sight.why_masked(member)
    return None


def is_guess(record: RecordType, change: Change, key: UniqueKey) -> bool:
    """Whether an input states a key, or a part of one whose rest is stored; to state null tells nothing."""
    links = {link.name: link.column for link in record.references}
    columns = [links.get(name, name) for name in (*key.fields, *([key.where] if key.where else []))]
    set_ = {column for column in columns if change.after.get(column) not in (None, ABSENT)}
    return not change.given.isdisjoint(set_) and (change.before is not None or len(set_) == len(columns))


def states_secrets(unit: UnitOfWork, change: Change) -> frozenset[str]:
    """The columns stated by an input that whoever writes may not read.

    They count as changed, whatever stood there before: else it could be told that a guess was right.
    """
    record = unit.catalogue[change.record]
    if not (unit.sight.is_asking or unit.once.of(_is_protected, record)):
        return frozenset()
    return unit.sight.masked(record, change.given)


def _is_protected(record: RecordType) -> bool:
    """Whether any field of a record takes a permission to read."""
    return any(member.policy.read is not None for member in (*record.columns.values(), *record.references))
