"""Planning, applying and asking after migrations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from .backfilling import fill, keep_up
from .copies import copy_database, drop_old_copies
from .drifting import find_drifted, refuse
from .enabling import find_differences, note_tables, read_plugins, record_plugins
from .errors import BrokenForeignKeys, DatabaseIsNewer, LockTimeout, PluginMissing, PluginsDiffer
from .history import ensure_history, read_history, record
from .indexes import IndexChange
from .loading import MigrationName, MigrationPath, load_migrations, run_operations
from .marks import Difference
from .reconciling import apply_change, read_changes
from .sessions import Session, SqliteSession, is_lock_timeout, open_session
from .target import Target

# As many broken rows as a message names; the rest is counted.
SHOWN_VIOLATIONS = 10


class DatabaseState(StrEnum):
    EMPTY = "empty"
    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a database stands to this code.

    `unknown` are recorded migrations of a target's app that the code lacks; `absent` are apps that are recorded but not
    part of the target, as those of a plugin that was taken out. `index_changes` are statements; an index that is
    missing or too many makes no database old, so they don't touch `state`. `differences` are those between the plugins
    that the database was made ready for and the target's. `drifted` says in what records of plugins differ from their
    migrations, by plugin, whatever the database holds.
    """

    state: DatabaseState
    applied: tuple[MigrationName, ...]
    pending: tuple[MigrationName, ...]
    unknown: tuple[MigrationName, ...]
    absent: tuple[str, ...]
    index_changes: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    drifted: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


@dataclass(frozen=True, kw_only=True)
class PlannedMigration:
    migration: MigrationName
    statements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The SQL that `apply` would run, as text to read; and the plugins that it would enable, or no longer."""

    migrations: tuple[PlannedMigration, ...]
    index_statements: tuple[str, ...]
    differences: tuple[Difference, ...] = ()


class Action(StrEnum):
    COPY = "copy"
    MIGRATE = "migrate"
    INDEX = "index"
    CHECK = "check"
    FILL = "fill"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is about to be done; `position` counts from 1 to `total` within the action."""

    action: Action
    subject: str
    position: int = 1
    total: int = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was done; all empty where nothing was to do, or another process did it first.

    `filled` counts the rows that extensions were given, and `plugins` says what was changed about those enabled.
    """

    applied: tuple[MigrationName, ...] = ()
    index_statements: tuple[str, ...] = ()
    copy: Path | None = None
    filled: int = 0
    plugins: tuple[Difference, ...] = ()


async def status(target: Target) -> Status:
    """Tell whether the database is empty, current, behind or newer; writes nothing."""
    path = await load_migrations(target.apps)
    async with open_session(target, writable=False) as session:
        return replace(await _survey(session, target, path), drifted=find_drifted(target, path))


async def plan(target: Target) -> Plan:
    """List the pending migrations with their SQL; writes nothing. Raises DatabaseIsNewer and RecordsDiffer."""
    path = await load_migrations(target.apps)
    refuse(target, path)
    async with open_session(target, writable=False) as session:
        survey = await _survey(session, target, path)
        _refuse_newer(target, survey)
        state = path.project(survey.applied)
        planned: list[PlannedMigration] = []
        for name in survey.pending:
            editor = session.editor(collecting=True)
            await run_operations(name, path.migrations[name], state, editor, target.place)
            planned.append(PlannedMigration(migration=name, statements=tuple(editor.collected_sql)))
        return Plan(migrations=tuple(planned), index_statements=survey.index_changes, differences=survey.differences)


async def apply(target: Target, *, progress: Callable[[Step], None], keeping: bool = False) -> Report:
    """Bring the database to this code in one transaction, under a lock that any number of processes may ask for.

    Everything of that is done or nothing is. Then the extensions of enabled plugins are given the rows that they lack,
    in batches, and at last these plugins are recorded; whatever ends it there, a second run goes on. With `keeping`, no
    plugin of the database is taken off: PluginsDiffer is raised instead. Raises MigrationError, one of its kinds for
    each way to fail.
    """
    path = await load_migrations(target.apps)
    refuse(target, path)
    async with open_session(target, writable=True) as session:
        await _refuse_missing(session, target)
        report = await _bring(session, target, path, progress, keeping)
        differences = find_differences(await read_plugins(session), target.plugins)
        return replace(report, filled=await _fill(session, target, progress, keeping), plugins=differences)


async def _bring(
    session: Session, target: Target, path: MigrationPath, progress: Callable[[Step], None], keeping: bool
) -> Report:
    """Migrations and indexes, in one transaction."""
    survey = await _survey(session, target, path)
    _refuse_newer(target, survey)
    if keeping:
        _refuse_taking(target, survey.differences)
    if not survey.pending and not survey.index_changes:
        return Report()
    await session.begin()
    copy = None
    try:
        # Read again: what was pending before the lock was got may have been done by its last holder.
        survey = await _survey(session, target, path)
        _refuse_newer(target, survey)
        copy = await _copy(session, target, survey, progress)
        indexes = await _work(session, target, path, survey, progress)
        await session.commit()
    except BaseException as error:
        await session.rollback()
        if copy:
            copy.unlink()
        if is_lock_timeout(error):
            raise LockTimeout(target.place, target.lock_timeout) from error
        raise
    if copy:
        drop_old_copies(target)
    return Report(applied=survey.pending, index_statements=indexes, copy=copy)


async def _fill(session: Session, target: Target, progress: Callable[[Step], None], keeping: bool) -> int:
    """Give the enabled plugins' extensions their rows, then record those plugins; returns how many rows were made."""

    def heard(table: str, done: int, total: int) -> None:
        progress(Step(action=Action.FILL, subject=table, position=done, total=total))

    known = await read_plugins(session)
    current = {name for name, one in known.items() if one.is_enabled}
    for upkeep in target.upkeep:
        if upkeep.plugin in known and upkeep.plugin not in current:
            await keep_up(session, upkeep, target.place)
    filled = 0
    for backfill in target.backfills:
        filled += await fill(session, backfill, target.place, heard)
    if filled:
        await session.run("ANALYZE")  # or the database plans for empty tables, until it finds the time itself
    if find_differences(known, target.plugins):
        await session.begin()
        try:
            if keeping:  # another process may have enabled some meanwhile
                _refuse_taking(target, find_differences(await read_plugins(session), target.plugins))
            await record_plugins(session, target.plugins, target.clock())
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
    return filled


async def _copy(session: Session, target: Target, survey: Status, progress: Callable[[Step], None]) -> Path | None:
    """A copy of a SQLite file that has something in it and is about to be migrated."""
    if not survey.pending or not isinstance(session, SqliteSession):
        return None
    if not await session.rows("SELECT 1 FROM sqlite_master LIMIT 1"):
        return None
    progress(Step(action=Action.COPY, subject=target.place))
    return await copy_database(target, str(survey.applied[-1]) if survey.applied else "no-migration")


async def _work(
    session: Session, target: Target, path: MigrationPath, survey: Status, progress: Callable[[Step], None]
) -> tuple[str, ...]:
    """Everything that stands in the transaction; returns the statements for the indexes."""
    if survey.pending:
        await _migrate(session, target, path, survey, progress)
    changes = await read_changes(session, target)
    for position, change in enumerate(changes, start=1):
        progress(Step(action=Action.INDEX, subject=change.name, position=position, total=len(changes)))
        await apply_change(session, target, change)
    if survey.pending and isinstance(session, SqliteSession):
        progress(Step(action=Action.CHECK, subject="foreign keys"))
        await _check_foreign_keys(session, target)
    return _statements(changes)


async def _migrate(
    session: Session,
    target: Target,
    path: MigrationPath,
    survey: Status,
    progress: Callable[[Step], None],
) -> None:
    await ensure_history(session)
    labels = {name.app for name in survey.pending}
    if marks := [mark for mark in target.plugins if mark.name in labels]:
        await note_tables(session, marks, target.clock())
    state = path.project(survey.applied)
    for position, name in enumerate(survey.pending, start=1):
        progress(Step(action=Action.MIGRATE, subject=str(name), position=position, total=len(survey.pending)))
        await run_operations(name, path.migrations[name], state, session.editor(), target.place)
        await record(session, name, target.clock())


async def _survey(session: Session, target: Target, path: MigrationPath) -> Status:
    recorded = await read_history(session)
    labels = {app.label for app in target.apps}
    applied, pending = path.split(recorded)
    unknown = sorted(name for name in recorded if name.app in labels and name not in path.migrations)
    if unknown:
        state = DatabaseState.NEWER
    elif not recorded:
        state = DatabaseState.EMPTY
    else:
        state = DatabaseState.BEHIND if pending else DatabaseState.CURRENT
    return Status(
        state=state,
        applied=tuple(applied),
        pending=tuple(pending),
        unknown=tuple(unknown),
        absent=tuple(sorted({name.app for name in recorded} - labels)),
        index_changes=_statements(await read_changes(session, target)),
        differences=find_differences(await read_plugins(session), target.plugins),
    )


async def _check_foreign_keys(session: SqliteSession, target: Target) -> None:
    found = await session.rows("PRAGMA foreign_key_check")
    if found:
        shown = [f"row {row['rowid']} of {row['table']} points at no row of {row['parent']}" for row in found]
        raise BrokenForeignKeys(target.place, shown[:SHOWN_VIOLATIONS], len(found))


async def _refuse_missing(session: Session, target: Target) -> None:
    """Optional plugins that can't be used must have stored nothing."""
    if not target.missing:
        return
    known = await read_plugins(session)
    for name in target.missing:
        if name not in known:
            continue
        tables = known[name].mark.tables
        filled = [table for table in tables if await session.rows(f'SELECT 1 FROM "{table}" LIMIT 1')]
        if filled:
            raise PluginMissing(target.place, name, filled)


def _refuse_newer(target: Target, survey: Status) -> None:
    if survey.unknown:
        raise DatabaseIsNewer(target.place, survey.unknown)


def _refuse_taking(target: Target, differences: tuple[Difference, ...]) -> None:
    """Plugins of the database stay enabled, but for optional ones that can't be used, and have stored nothing."""
    if any(one.here is None and one.plugin not in target.missing for one in differences):
        raise PluginsDiffer(target.place, differences, target.plugin_names)


def _statements(changes: tuple[IndexChange, ...]) -> tuple[str, ...]:
    return tuple(statement for change in changes for statement in change.statements)
