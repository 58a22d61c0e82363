"""One write: BEGIN, plan, prepare, check, validate, write, outbox, COMMIT; or nothing at all."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.violations import Path, Severity, Violation
from ..catalogue import Catalogue, RecordType
from ..databases.database import Database, Transaction, UniqueViolation
from ..errors import InvalidInput, Unavailable
from ..identity import NewId, parse_id
from ..reading.rows import as_list, kind_of, stored
from ..storing import store
from .cascade import spread_deletions, spread_restorations
from .checks import check
from .idempotency import claim, remember
from .outbox import write_events
from .outcome import Operation, Outcome, WriteRequest
from .planning import Action, Planner
from .rules import NOT_DELETED, NOT_FOUND, STALE_VERSION
from .unit import UnitOfWork

LARGEST_BULK = 5_000
ATTEMPTS = 3  # a write that lost a race for a unique value is tried anew, so that the loss is reported as a violation

Preview = Callable[[Transaction, Outcome], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes to one database. `now` and `new_id` are the sources of time and identity."""

    catalogue: Catalogue
    database: Database
    now: Callable[[], datetime]
    new_id: NewId

    async def write(self, request: WriteRequest, preview: Preview | None = None) -> Outcome:
        """Do one write as one transaction, or as many as it takes to lose no race.

        `preview` is awaited within a dry run's transaction, before it is rolled back, to read what would be there.
        Raises InvalidInput for what is wrong about the request itself, such as too many inputs.
        """
        if not 1 <= len(request.inputs) <= LARGEST_BULK:
            raise InvalidInput(
                "INVALID_BULK", f"A bulk takes 1 to {LARGEST_BULK} inputs; this one has {len(request.inputs)}."
            )
        for _ in range(ATTEMPTS):
            try:
                return await self._attempt(request, preview)
            except UniqueViolation:
                continue
        raise Unavailable("CONFLICT", "Others keep writing the same values; try again in a moment.")

    async def _attempt(self, request: WriteRequest, preview: Preview | None) -> Outcome:
        try:
            async with self.database.transaction() as transaction:
                moment = self.now()
                known = await claim(transaction, self.catalogue, self.database.kind, request, moment)
                if known is not None:
                    return known
                outcome, unit = await self._prepared(request, transaction)
                if unit is None:
                    raise _RolledBack(outcome)
                await _store(unit)
                if request.dry_run:
                    if preview is not None:
                        await preview(transaction, outcome)
                    raise _RolledBack(outcome)
                await write_events(unit)
                await remember(transaction, self.database.kind, request, outcome, moment)
                return outcome
        except _RolledBack as rolled_back:
            return rolled_back.outcome

    async def _prepared(self, request: WriteRequest, transaction: Transaction) -> tuple[Outcome, UnitOfWork | None]:
        """The unit of work that passed every check; None where errors leave nothing to write.

        Row by row, inputs with errors are left out and the others looked at anew, since they may have relied on them.
        """
        count = len(request.inputs)
        refused: dict[int, list[Violation]] = {}
        while True:
            unit = UnitOfWork(
                catalogue=self.catalogue,
                transaction=transaction,
                dialect=self.database.dialect,
                now=self.now(),
                actor=request.actor,
                new_id=self.new_id,
            )
            left = [root for root in range(count) if root not in refused]
            ids = await _changes(unit, self.catalogue[request.record], request, left)
            await _look_over(unit)
            errors = unit.errors()
            for root, violation in unit.found if errors else ():
                if request.atomic or any(at == root for at, _ in errors):
                    refused.setdefault(root, []).append(violation)
            if not errors or request.atomic or len(refused) == count:
                break
        found = [(root, one) for root, several in refused.items() for one in several]
        if errors:
            return _outcome([None] * count, found), None
        warnings = [(root, one) for root, one in unit.found if one.severity is Severity.WARNING]
        return _outcome([ids.get(root) for root in range(count)], [*found, *warnings]), unit


class _RolledBack(Exception):
    """Carries an outcome out of a transaction that must not be committed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _outcome(ids: Sequence[UUID | None], violations: Sequence[tuple[int, Violation]]) -> Outcome:
    def place(entry: tuple[int, Violation]) -> Any:
        root, violation = entry
        return root, [str(step).rjust(8) for step in violation.path], violation.code, violation.message

    unique = dict.fromkeys(sorted(violations, key=place))
    return Outcome(ids=ids, violations=tuple(unique))


async def _changes(
    unit: UnitOfWork, record: RecordType, request: WriteRequest, roots: Sequence[int]
) -> dict[int, UUID]:
    """The changes that the inputs ask for."""
    inputs = [(root, request.paths[root], request.inputs[root]) for root in roots]
    match request.operation:
        case Operation.CREATE | Operation.UPDATE | Operation.UPSERT:
            return await Planner(unit).plan(record, Action(request.operation), inputs)
        case Operation.DELETE | Operation.RESTORE:
            return await _by_id(unit, record, request.operation, inputs)


async def _by_id(unit: UnitOfWork, record: RecordType, operation: Operation, inputs: Sequence[Any]) -> dict[int, UUID]:
    """The changes of a deletion or a restoration, whose inputs hold an id and perhaps an expected version."""
    ids: dict[int, tuple[UUID, Path, Any]] = {}
    for root, path, given in inputs:
        try:
            ids[root] = (parse_id(record, given["id"]), path, given.get("expectedVersion"))
        except InvalidInput as error:
            unit.violate_at(Violation(code=error.code, message=error.message, path=path), root)
    restoring = operation is Operation.RESTORE
    wanted = [id_ for id_, _, _ in ids.values()]
    rows = {row["id"]: row for row in await unit.reader.find(record, "id", wanted, live=not restoring, lock="update")}
    for root, (id_, path, expected) in ids.items():
        row = rows.get(id_)
        if row is None:
            shown = unit.shown(record.name, id_)
            unit.violate_at(NOT_FOUND.broken(path, what=record.name, id=shown), root)
            continue
        if restoring and row["deleted_at"] is None:
            unit.violate_at(NOT_DELETED.broken(path), root)
            continue
        if expected is not None and expected != row["version"]:
            at = (*path[:-1], "expectedVersion")
            unit.violate_at(STALE_VERSION.broken(at, actual=row["version"], expected=expected), root)
        kind = ChangeKind.RESTORE if restoring else ChangeKind.DELETE
        if unit.change(record.name, id_) is None:
            unit.add(Change(kind=kind, record=record.name, id=id_, path=path, root=root, before=row, after=dict(row)))
    return {root: id_ for root, (id_, _, _) in ids.items()}


async def _look_over(unit: UnitOfWork) -> None:
    """Spread deletions and restorations, derive values, and check everything."""
    await spread_deletions(unit)
    await spread_restorations(unit)
    for record in unit.catalogue.types.values():
        prepare = getattr(record.model, "prepare", None)
        if prepare is not None and (changes := unit.changes(record.name)):
            await prepare(changes, unit)
    await check(unit)
    for record in unit.catalogue.types.values():
        validate = getattr(record.model, "validate_changes", None)
        if validate is not None and (changes := unit.changes(record.name)):
            async for change, violation in validate(changes, unit):
                unit.violate(violation, change)


async def _store(unit: UnitOfWork) -> None:
    """Write all changes: new rows by table, owners first, then changed rows, then derived ones."""
    kind = unit.dialect.kind
    deletion = unit.new_id()
    for change in unit.all_changes():
        _stamp(unit, change, deletion)
    for record in _in_order(unit):
        created = [change for change in unit.changes(record.name) if change.kind is ChangeKind.CREATE]
        if created:
            columns = record.table_columns
            rows = [stored(record, columns, change.after, kind) for change in created]
            await unit.transaction.insert(record.table, columns, rows)
    for record in unit.catalogue.types.values():
        await _store_updates(unit, record)
    await _store_derived(unit)


async def _store_updates(unit: UnitOfWork, record: RecordType) -> None:
    """Write changed rows; rows that change the same columns go in one statement.

    Rows that give a unique value up are written before those that take one over.
    """
    kind = unit.dialect.kind
    for giving_up in (True, False):
        groups: dict[tuple[str, ...], list[tuple[Any, list[Any]]]] = {}
        for change in unit.changes(record.name):
            if change.before is None or _gives_up(record, change) is not giving_up:
                continue
            columns = tuple(column for column in record.table_columns if change.changed(column))
            if columns:
                key = store(kind_of(record, record.key), change.id, kind)
                groups.setdefault(columns, []).append((key, stored(record, columns, change.after, kind)))
        for columns, rows in groups.items():
            await unit.transaction.update(record.table, record.key, columns, rows)


def _gives_up(record: RecordType, change: Change) -> bool:
    """Whether a change makes a unique value free: a deletion, a primary that is none any more."""
    if change.kind is ChangeKind.DELETE:
        return True
    before = change.before or {}
    return any(key.where and before.get(key.where) and not change.after.get(key.where) for key in record.uniques)


async def _store_derived(unit: UnitOfWork) -> None:
    kind, transaction = unit.dialect.kind, unit.transaction
    for name, column, ids, rows in unit.relations:
        record = unit.catalogue[name]
        held = [store(kind_of(record, column), id_, kind) for id_ in ids]
        if held:
            condition = unit.dialect.in_list(column, 1, kind_of(record, column))
            await transaction.execute(f"delete from {record.table} where {condition}", [as_list(held, unit.dialect)])
        if rows:
            columns = record.table_columns
            values = [stored(record, columns, {"id": unit.new_id(), **row}, kind) for row in rows]
            await transaction.insert(record.table, columns, values)
    for name, column, changed in unit.derived:
        record = unit.catalogue[name]
        values = [
            (store(kind_of(record, "id"), id_, kind), stored(record, (column,), {column: value}, kind))
            for id_, value in changed.items()
        ]
        if values:
            await transaction.update(record.table, "id", (column,), values)


def _stamp(unit: UnitOfWork, change: Change, deletion: UUID) -> None:
    """Version, time and actor of a change; a change that changes nothing stays without."""
    record, after = unit.catalogue[change.record], change.after
    if not record.is_record:
        return
    if change.kind is ChangeKind.CREATE:
        after |= {"version": 1, "created_at": unit.now, "created_by_id": unit.actor}
    elif change.kind is ChangeKind.UPDATE and not change.changed(*record.table_columns):
        return
    else:
        after["version"] = (change.before or {})["version"] + 1
    after |= {"updated_at": unit.now, "updated_by_id": unit.actor}
    if change.kind is ChangeKind.DELETE:
        after |= {"deleted_at": unit.now, "deletion": deletion}
    elif change.kind is ChangeKind.RESTORE:
        after |= {"deleted_at": None, "deletion": None}


def _in_order(unit: UnitOfWork) -> list[RecordType]:
    """Record types so that what is pointed at comes before what points at it; a type may point at itself."""
    ordered: dict[str, RecordType] = {}

    def visit(record: RecordType, seen: frozenset[str]) -> None:
        if record.name in ordered or record.name in seen:
            return
        for link in record.to_ones.values():
            visit(unit.catalogue[link.target], seen | {record.name})
        ordered[record.name] = record

    for record in unit.catalogue.types.values():
        visit(record, frozenset())
    return list(ordered.values())
