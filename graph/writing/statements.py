"""The statements that write a unit of work: new rows by table, owners first, then changed rows, then derived ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ..catalogue import Kind, RecordType, UniqueKey
from ..databases.database import Insert, Update, Write
from ..reading.rows import as_list, kind_of, places_of
from ..storing import DatabaseKind, store
from .discretion import states_secrets
from .unit import Raced, UnitOfWork

ACTORS = frozenset({"created_by_id", "updated_by_id"})
ALIKE = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.CODE, Kind.ENUM, Kind.INTEGER, Kind.MONEY})  # stored as they are
NATIVE = frozenset({Kind.ID, Kind.BOOLEAN, Kind.TIMESTAMP, Kind.DATE})  # to PostgreSQL

Storings = Mapping[str, Callable[[Any], Any] | None]


async def stamp_changes(unit: UnitOfWork) -> None:
    """Give each change its version, time and actor. Raises Raced if a row has changed that was read without a lock."""
    await _hold_unlocked(unit)
    changes = unit.all_changes()
    deletion = unit.new_id() if any(not change.is_live for change in changes) else None
    for change in changes:
        _stamp(unit, change, deletion)


async def store_changes(unit: UnitOfWork, events: Sequence[Write]) -> None:
    """Write all changes, and the events that tell of them. Raises UniqueViolation."""
    types = unit.changed_types()
    parked = {record.name: await _park(unit, record) for record in types}
    writes: list[Write] = []
    for record in unit.catalogue.owners_first:
        created = [change for change in unit.changes(record.name) if change.kind is ChangeKind.CREATE]
        if created:
            writes.append(_insert(unit, record, [change.after for change in created]))
    for record in types:
        writes += _updates(unit, record, parked[record.name])
    await unit.transaction.write([*writes, *events, *unit.writes], announce=bool(events))
    await _store_derived(unit)


def _insert(unit: UnitOfWork, record: RecordType, rows: Iterable[Mapping[str, Any]]) -> Write:
    storings = _storings(unit, record)
    encoded = [
        [row.get(column) if storing is None else storing(row.get(column)) for column, storing in storings.items()]
        for row in rows
    ]
    return Insert(table=record.table, columns=record.table_columns, rows=encoded)


def _update(
    unit: UnitOfWork, record: RecordType, columns: tuple[str, ...], rows: Iterable[tuple[UUID, Mapping[str, Any]]]
) -> Write:
    storings = [(column, _storings(unit, record)[column]) for column in columns]
    encoded = [
        (
            store(Kind.ID, id_, unit.dialect.kind),
            [row.get(column) if storing is None else storing(row.get(column)) for column, storing in storings],
        )
        for id_, row in rows
    ]
    return Update(table=record.table, key=record.key, columns=columns, rows=encoded)


async def _hold_unlocked(unit: UnitOfWork) -> None:
    """Lock the rows that rules change without the input naming them; they must still be what the rules saw."""
    if unit.dialect.kind == "sqlite":
        return  # the transaction holds the whole database since it began
    seen: dict[str, dict[UUID, Mapping[str, Any]]] = {}
    for change in unit.unlocked:
        if change.before is not None:
            seen.setdefault(change.record, {})[change.id] = change.before
    for name, rows in seen.items():
        key = unit.catalogue[name].key
        found = await unit.reader.find(unit.catalogue[name], key, rows, lock="update")
        if len(found) < len(rows) or any(row != rows[row[key]] for row in found):
            raise Raced


async def _park(unit: UnitOfWork, record: RecordType) -> set[UUID]:
    """Take rows out of the unique keys for a moment whose values others of the unit take over.

    The keys hold among live rows alone, so a row that is marked as deleted gives its value free, whatever it is. What a
    dry run has set aside stays out until it is rolled back.
    """
    stored = [change for change in unit.changes(record.name) if change.before is not None]
    parked = set(unit.set_aside.get(record.name, ()))
    if not stored and not parked:
        return parked
    for key in record.uniques:
        freed = {
            value: change
            for change in stored
            if change.kind is not ChangeKind.RESTORE and (value := _value(key, change.before or {})) is not None
        }
        for change in unit.changes(record.name) if freed else ():
            value = _value(key, change.after) if change.is_live else None
            holder = freed.get(value) if value is not None else None
            if holder is not None and holder is not change:
                parked.add(holder.id)
    if parked:
        kind = unit.dialect.kind
        moment = store(Kind.TIMESTAMP, unit.now, kind)
        rows = [(store(Kind.ID, id_, kind), [moment]) for id_ in parked]
        await unit.transaction.write([Update(table=record.table, key=record.key, columns=("deleted_at",), rows=rows)])
    return parked


def _value(key: UniqueKey, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What a row holds of a key; None if the key doesn't concern it."""
    value = tuple(row.get(column) for column in key.columns)
    return None if None in value or (key.where and not row.get(key.where)) else value


def _updates(unit: UnitOfWork, record: RecordType, parked: set[UUID]) -> Iterator[Write]:
    """What writes changed rows; rows that change the same columns go together."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in unit.changes(record.name):
        if change.before is None:
            continue
        before, after = change.before, change.after
        returns = change.id in parked
        columns = tuple(
            column
            for column in record.table_columns
            if before.get(column) != after.get(column) or (returns and column == "deleted_at")
        )
        if columns:
            groups.setdefault(columns, []).append(change)
    for columns, changes in groups.items():
        yield _update(unit, record, columns, [(change.id, change.after) for change in changes])


async def _store_derived(unit: UnitOfWork) -> None:
    kind, transaction = unit.dialect.kind, unit.transaction
    for name, column, ids, rows in unit.relations:
        record = unit.catalogue[name]
        held = [store(kind_of(record, column), id_, kind) for id_ in ids]
        if held:
            condition = unit.dialect.in_list(column, 1, kind_of(record, column))
            await transaction.execute(f"delete from {record.table} where {condition}", [as_list(held, unit.dialect)])
        if rows:
            await transaction.write([_insert(unit, record, [{"id": unit.new_id(), **row} for row in rows])])
    for name, column, changed in unit.derived:
        values = [(id_, {column: value}) for id_, value in changed.items()]
        if values:
            await transaction.write([_update(unit, unit.catalogue[name], (column,), values)])


def _storings(unit: UnitOfWork, record: RecordType) -> Storings:
    """What makes each column's value one for the database; None where it is stored as it is."""
    return unit.once.of(_for_sqlite if unit.dialect.kind == "sqlite" else _for_postgresql, record)


def _for_sqlite(record: RecordType) -> Storings:
    return {column: _storing(record, column, "sqlite", ALIKE) for column in record.table_columns}


def _for_postgresql(record: RecordType) -> Storings:
    return {column: _storing(record, column, "postgresql", ALIKE | NATIVE) for column in record.table_columns}


def _storing(
    record: RecordType, column: str, database: DatabaseKind, as_they_are: frozenset[Kind]
) -> Callable[[Any], Any] | None:
    kind, places = kind_of(record, column), places_of(record, column)
    if kind in as_they_are:
        return None

    def storing(value: Any) -> Any:
        return None if value is None else store(kind, value, database, places=places)

    # The moment and the actor of a unit stand in every row of it, so they are worked out once.
    return lru_cache(maxsize=8)(storing) if column in ACTORS or kind is Kind.TIMESTAMP else storing


def _stamp(unit: UnitOfWork, change: Change, deletion: UUID | None) -> None:
    """Version, time and actor of a change; a change that changes nothing stays without."""
    record, after = unit.catalogue[change.record], change.after
    if record.owner is not None and not change.is_write:
        after["deleted_at"] = unit.now if change.kind is ChangeKind.DELETE else None
    if not record.is_record:
        return
    if change.kind is ChangeKind.CREATE:
        after |= {"version": 1, "created_at": unit.now, "created_by_id": unit.actor}
    elif change.kind is ChangeKind.UPDATE and not _changes_anything(unit, record, change):
        return
    else:
        after["version"] = (change.before or {})["version"] + 1
    after |= {"updated_at": unit.now, "updated_by_id": unit.actor}
    if change.kind is ChangeKind.DELETE:
        after |= {"deleted_at": unit.now, "deletion": deletion}
    elif change.kind is ChangeKind.RESTORE:
        after |= {"deleted_at": None, "deletion": None}


def _changes_anything(unit: UnitOfWork, record: RecordType, change: Change) -> bool:
    """Whether a change sets a new value in its row, or in a plugin's beside it."""
    beside = (unit.change(extension.name, change.id) for extension in unit.catalogue.extensions(record.name))
    return (
        change.changed(*record.table_columns)
        or bool(states_secrets(unit, change))
        or any(one is not None and (one.changed(*one.after) or states_secrets(unit, one)) for one in beside)
    )
