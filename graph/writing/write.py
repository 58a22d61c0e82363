"""One write: BEGIN, plan, prepare, check, validate, write, outbox, COMMIT; or nothing at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from ...plugins.calling import Hooks, PluginFailed
from ...plugins.changes import Change, ChangeKind
from ...plugins.units import Refused
from ...plugins.violations import Path, Violation
from ..catalogue import Catalogue, RecordType
from ..databases.database import Database, Transaction, UniqueViolation, Write
from ..errors import InvalidInput, Lost, Unavailable
from ..identity import NewId, parse_id
from .cascade import spread_deletions, spread_restorations, spread_to_extensions, touch_owners
from .checks import check
from .discretion import hidden, settle
from .due import follow
from .faces import Faces
from .idempotency import claim, remember
from .once import Once
from .outbox import events_of
from .outcome import Operation, Outcome, WriteRequest
from .planning import Action, Planner
from .plugin_unit import May
from .rules import NOT_DELETED, NOT_FOUND, STALE_VERSION, TANGLED
from .standing import look_for
from .statements import stamp_changes, store_changes
from .unit import Finding, Raced, UnitOfWork

log = logging.getLogger("accord.writes")

T = TypeVar("T")

LARGEST_BULK = 5_000
ATTEMPTS = 5  # a write that lost a race for a unique value is tried anew, so that the loss is reported as a violation
ROUNDS = 20  # row by row: how often the rest is looked at anew
OUTCOME_UNKNOWN = (
    "The connection to the database broke while this was to be kept, so that it may be kept or not. Send it again with "
    "the same idempotencyKey; without one, look first whether it is there."
)
LOST_RACES = frozenset({"40001", "40P01"})  # SQLSTATE: serialization failure, deadlock


def _nothing() -> None:
    """What follows a commit where nobody waits for it."""


Preview = Callable[[Transaction, Outcome], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes to one database. `now` and `new_id` are the sources of time and identity."""

    catalogue: Catalogue
    database: Database
    now: Callable[[], datetime]
    new_id: NewId
    committed: Callable[[], None] = _nothing  # called after each commit, to wake whoever hands changes on
    once: Once = field(default_factory=Once)
    consumers: Sequence[str] = ()  # the names of those who are told of each change
    hooks: Hooks = field(default_factory=Hooks)

    async def write(self, request: WriteRequest, preview: Preview | None = None) -> Outcome:
        """Do one write as one transaction, or as many as it takes to lose no race.

        `preview` is awaited within a dry run's transaction, before it is rolled back, to read what would be there.
        Raises InvalidInput for what is wrong about the request itself, such as too many inputs, and Unavailable with
        the code OUTCOME_UNKNOWN where the connection broke while the database was to keep the write.
        """
        if len(request.inputs) > LARGEST_BULK:
            raise InvalidInput(
                "INVALID_BULK", f"A bulk takes {LARGEST_BULK} inputs at most; this one has {len(request.inputs)}."
            )
        for _ in range(ATTEMPTS):
            try:
                return await self._attempt(request, preview)
            except Exception as error:  # not contained, only looked at: databases have no common class for lost races
                if not any(map(_is_lost_race, _causes(error))):
                    raise
        raise Unavailable("CONFLICT", "Others keep writing the same values; try again in a moment.")

    async def _attempt(self, request: WriteRequest, preview: Preview | None) -> Outcome:
        standing, outcome, writes = request.standing, Outcome(ids=()), list[Write]()
        standing.kept = False
        try:
            async with self.database.transaction() as transaction:
                moment = self.now()
                known = await claim(transaction, self.database.kind, request, moment)
                if known is not None:
                    standing.kept = True
                    raise _RolledBack(known)
                if request.find is not None:
                    inputs, paths = await request.find(transaction)
                    request = replace(request, inputs=inputs, paths=paths)
                outcome, unit = await self._prepared(request, transaction)
                if unit is None:
                    raise _RolledBack(outcome)
                await stamp_changes(unit)
                events = [] if request.dry_run else events_of(unit, self.consumers)
                await store_changes(unit, events)
                await follow(transaction, unit.following)
                await self.hooks.before_commit(Faces(unit, self.hooks, request.may), unit.size)
                if request.dry_run:
                    if preview is not None:
                        await preview(transaction, outcome)
                    raise _RolledBack(outcome)
                await remember(transaction, self.database.kind, request, outcome)
                writes = [*events, *unit.writes]
                standing.kept = None
        except _RolledBack as rolled_back:
            return rolled_back.outcome
        except (Lost, asyncio.CancelledError) as error:
            if standing.kept is None:
                standing.kept = await look_for(self.database, writes, is_over=not isinstance(error, Lost))
                if standing.kept is None and isinstance(error, Lost):
                    raise Unavailable("OUTCOME_UNKNOWN", OUTCOME_UNKNOWN, written=None) from error
            if standing.kept:
                self.committed()
            if isinstance(error, asyncio.CancelledError) or not standing.kept:
                raise
        except Exception:
            standing.kept = False  # undone by the database
            raise
        standing.kept = True
        self.committed()
        return outcome

    async def _prepared(self, request: WriteRequest, transaction: Transaction) -> tuple[Outcome, UnitOfWork | None]:
        """The unit of work that passed every check; None where errors leave nothing to write.

        Row by row, inputs with errors are left out and the others looked at anew, since they may have relied on them.
        """
        count = len(request.inputs)
        refused: dict[int, list[Violation]] = {}
        taken: set[tuple[int, str, str]] = set()
        for _ in range(ROUNDS):
            unit = UnitOfWork(
                catalogue=self.catalogue,
                transaction=transaction,
                dialect=self.database.dialect,
                now=self.now(),
                actor=request.actor,
                new_id=self.new_id,
                once=self.once,
                sight=request.sight,
                dry_run=request.dry_run,
            )
            left = [root for root in range(count) if root not in refused]
            ids: dict[int, UUID] = {}
            result: Any = None
            if request.act is None:
                ids = await _changes(unit, self.catalogue[request.record], request, left)
            else:
                result = await _acted(unit, request.act)
            await _look_over(unit, self.hooks, request.may)
            errors = unit.errors()
            taken |= unit.taken
            if not errors:
                _note_taken(request, taken)
                found = [(root, one) for root, several in refused.items() for one in several]
                warnings = [(one.root, one.violation) for one in unit.found]
                outcome = _outcome([ids.get(root) for root in range(count)], [*found, *warnings])
                return replace(outcome, result=result), unit
            out = set(left) if request.atomic else _to_refuse(errors)
            for finding in unit.found:
                if finding.root in out:
                    refused.setdefault(finding.root, []).append(finding.violation)
            if request.atomic or len(refused) == count:
                break
        _note_taken(request, taken)
        for root in range(count) if not request.atomic else ():
            if root not in refused:
                refused[root] = [TANGLED.broken(request.paths[root])]
        return _outcome([None] * count, [(root, one) for root, several in refused.items() for one in several]), None


def _note_taken(request: WriteRequest, taken: Collection[tuple[int, str, str]]) -> None:
    """Leave a trace of a write that was told that values are taken which its actor may not see: they may be guesses."""
    if taken:
        fields = ", ".join(sorted({f"{fields} of {record}" for _, record, fields in taken}))
        log.warning(
            "%s of actor %s was refused %s values as taken by what the actor may not see: %s",
            request.name,
            request.actor,
            len(taken),
            fields,
        )


def _causes(error: Exception) -> list[BaseException | None]:
    """An error; of plugins' failures, what lies behind each: a plugin may lose a race with what it reads."""
    if not isinstance(error, PluginFailed):
        return [error]
    return [failed.__cause__ for failed in (error, *error.beside)]


def _is_lost_race(error: BaseException | None) -> bool:
    return isinstance(error, UniqueViolation | Raced) or getattr(error, "sqlstate", None) in LOST_RACES


class _RolledBack(Exception):
    """Carries an outcome out of a transaction that must not be committed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _to_refuse(errors: Sequence[Finding]) -> set[int]:
    """The inputs to leave out now: those that are wrong by themselves, and others of them may be right without these.

    Where all that is wrong is that inputs clash with each other, the earlier ones stay.
    """
    clashing: dict[int, set[int | None]] = {}
    for error in errors:
        clashing.setdefault(error.root, set()).add(error.other)
    certain = {root for root, others in clashing.items() if not others <= clashing.keys()}
    if certain:
        return certain
    out: set[int] = set()
    for root, others in sorted(clashing.items()):
        if any(other is not None and other < root and other not in out for other in others):
            out.add(root)
    return out


def _outcome(ids: Sequence[UUID | None], violations: Sequence[tuple[int, Violation]]) -> Outcome:
    def place(entry: tuple[int, Violation]) -> Any:
        root, violation = entry
        steps = [f"{step:08d}" if isinstance(step, int) else step for step in violation.path]
        return root, steps, violation.code, violation.message, violation.plugin

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
    unseen = await hidden(unit, record, rows)
    for root, (id_, path, expected) in ids.items():
        row = rows.get(id_)
        if row is None or id_ in unseen:
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


async def _acted(unit: UnitOfWork, act: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
    """The result of an operation that makes changes by itself; None where it ended with a violation."""
    try:
        return await act(unit)
    except Refused:
        if not unit.errors():
            raise
        return None


async def _look_over(unit: UnitOfWork, hooks: Hooks, may: May) -> None:
    """Spread deletions and restorations, derive values, and check everything."""
    await spread_deletions(unit)
    await spread_restorations(unit)
    await spread_to_extensions(unit)
    faces = Faces(unit, hooks, may)
    await _prepare_models(unit, faces, frozenset())
    if hooks.has("prepare"):
        await _prepare_plugins(unit, faces)
    unit.is_open = False
    await touch_owners(unit)
    await settle(unit)
    await check(unit)
    for record in unit.changed_types():
        validate = getattr(record.model, "validate_changes", None)
        if validate is None:
            continue
        if record.plugin in faces:
            await faces.validate(record, validate)
            continue
        async for change, violation in validate(unit.changes(record.name), unit):
            unit.violate(violation, change)
    for change, violation in await _forgiving(unit, hooks.validate(faces, unit.size)) or ():
        unit.violate(violation, change)


async def _prepare_models(unit: UnitOfWork, faces: Faces, known: Collection[int]) -> None:
    """Let the models derive values of changes that are not known yet."""
    for record in unit.catalogue.types.values():  # a rule may add changes of types that come later
        prepare = getattr(record.model, "prepare", None)
        changes = [one for one in unit.changes(record.name) if id(one) not in known] if prepare else []
        if prepare is not None and changes:
            if record.plugin in faces:
                await _forgiving(unit, faces.prepare(record, prepare, changes))
            else:
                await prepare(changes, unit)


async def _prepare_plugins(unit: UnitOfWork, faces: Faces) -> None:
    """Let plugins derive values; what they add is treated as what the input asks for."""
    before = unit.all_changes()
    known = {id(change) for change in before}
    await _forgiving(unit, faces.hooks.prepare(faces, unit.size))
    added = [change for change in unit.all_changes() if id(change) not in known]
    if any(not change.is_live for change in added):
        await spread_deletions(unit)
        await spread_to_extensions(unit)
    if added:
        await _prepare_models(unit, faces, known)


async def _forgiving(unit: UnitOfWork, work: Awaitable[T]) -> T | None:
    """Await a plugin's work; where the write is refused already, a plugin may stumble over what is wrong with it."""
    try:
        return await work
    except PluginFailed:
        if not unit.errors():
            raise
        return None
