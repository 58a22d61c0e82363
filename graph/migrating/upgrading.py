# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The check of upgrades: rows that were written at each earlier revision of a plugin are there after the last one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.schema_generator.state import ModelState

from ...plugins.column import Column
from ..catalogue import Catalogue
from ..storing import DatabaseKind, iso
from .applying import apply
from .history import ensure_history, record
from .loading import MigrationName, MigrationPath, load_migrations, run_operations
from .sessions import Session, open_session
from .target import Target

ROWS = 3
FIRST_DAY = date(1911, 1, 1)
FIRST_MOMENT = datetime(1911, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


async def revisions(target: Target, plugin: str) -> list[MigrationName]:
    """The migrations of a plugin, the first one first."""
    path = await load_migrations(target.apps)
    return [name for name in path.migrations if name.app == plugin]


async def find_lost(target: Target, catalogue: Catalogue, revision: MigrationName) -> AsyncIterator[str]:
    """Migrate a plugin to a revision, write rows, migrate to the last, and tell what is not there any more.

    The target's database has the core's tables, with owners in them, and none of the plugin's.
    """
    path = await load_migrations(target.apps)
    async with open_session(target, writable=True) as session:
        await session.begin()
        await ensure_history(session)
        applied = [name for name in path.migrations if name.app == "graph"]
        steps = _up_to(path, revision)
        state = path.project(applied)
        for name in steps:
            await run_operations(name, path.migrations[name], state, session.editor(), target.place)
            await record(session, name, target.clock())
        models = [model for (app, _), model in state.models.items() if app == revision.app]
        written = await _write(session, models, catalogue, target.kind)
        await session.commit()
    await apply(target, progress=lambda step: None)
    async with open_session(target, writable=False) as session:
        for table, (key, rows) in written.items():
            try:
                found = {str(row[key]): row for row in await session.rows(f'SELECT * FROM "{table}"')}
            except Exception as error:  # each driver has its own class for a table that is gone
                yield f"after {revision} the table {table} can't be read any more: {error}"
                return
            for text in _compare(table, key, rows, found):
                yield f"from {revision} on: {text}"


def _compare(table: str, key: str, rows: Sequence[Row], found: Mapping[str, Row]) -> list[str]:
    """Rows that are gone, and columns that have lost their values."""
    gone = [row for row in rows if str(row[key]) not in found]
    if gone:
        return [f"{len(gone)} of {len(rows)} rows of {table} are gone"]
    emptied = {
        column
        for row in rows
        for column, value in row.items()
        if value is not None and column in found[str(row[key])] and found[str(row[key])][column] is None
    }
    return [f"the column {table}.{column} has lost its values" for column in sorted(emptied)]


def _up_to(path: MigrationPath, revision: MigrationName) -> list[MigrationName]:
    """The plugin's migrations up to a revision, in order."""
    own = [name for name in path.migrations if name.app == revision.app]
    return own[: own.index(revision) + 1]


async def _write(
    session: Session, models: Sequence[ModelState], catalogue: Catalogue, kind: DatabaseKind
) -> dict[str, tuple[str, list[Row]]]:
    """Write rows into every table of these models; gives each table's key and rows."""
    written: dict[str, tuple[str, list[Row]]] = {}
    ids: dict[str, list[Any]] = {}
    waiting = list(models)
    for _ in range(len(models) + 1):  # those that refer to others of them come after these
        for model in list(waiting):
            own = {_target(field) for field in model.fields.values() if isinstance(field, ForeignKeyFieldInstance)}
            if own & {one.name for one in waiting if one is not model}:
                continue
            waiting.remove(model)
            table = str(model.options["table"])
            rows = [await _row(session, model, catalogue, number, ids, kind) for number in range(ROWS)]
            key = next(_column(name, field) for name, field in model.fields.items() if field.pk)
            ids[model.name] = [row[key] for row in rows]
            for row in rows:
                columns, marks = ",".join(f'"{column}"' for column in row), ",".join("?" * len(row))
                await session.run(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', list(row.values()))
            written[table] = (key, rows)
    return written


async def _row(
    session: Session,
    model: ModelState,
    catalogue: Catalogue,
    number: int,
    ids: dict[str, list[Any]],
    kind: DatabaseKind,
) -> Row:
    row: Row = {}
    for name, field in model.fields.items():
        column = _column(name, field)
        if isinstance(field, ForeignKeyFieldInstance):
            row[column] = await _key(session, _target(field), catalogue, number, ids)
        elif name in {"deleted_at", "deletion"}:
            row[column] = None
        elif isinstance(field, Column):
            row[column] = _value(model, name, field, catalogue, number, kind)
    return row


async def _key(session: Session, target: str, catalogue: Catalogue, number: int, ids: dict[str, list[Any]]) -> Any:
    if target not in ids and target in catalogue.types:
        table = catalogue[target].table
        ids[target] = [row["id"] for row in await session.rows(f"SELECT id FROM {table} ORDER BY id LIMIT {ROWS}")]
    known = ids.get(target) or [None]
    return known[number % len(known)]


def _value(model: ModelState, name: str, field: Column, catalogue: Catalogue, number: int, kind: DatabaseKind) -> Any:
    """A value that the column takes, as the database's driver takes it."""
    sql = str(field.get_for_dialect("postgres", "SQL_TYPE")).upper()
    now = catalogue.types.get(model.name)
    enum = now.columns[name].enum if now is not None and name in now.columns else None
    if enum is not None and sql.startswith("VARCHAR"):
        members = list(enum)
        return members[number % len(members)].value
    on_sqlite = kind == "sqlite"
    if sql.startswith("VARCHAR"):
        length = int(sql.partition("(")[2].partition(")")[0])
        return f"zq{number:08d}"[-length:]
    if sql.startswith(("BIGINT", "INT", "SMALLINT")):
        return 7_300 + number
    if sql.startswith("UUID"):
        made = UUID(int=(0x0197 << 112) | (hash_of(model.name) << 80) | (7 << 76) | (2 << 62) | number)
        return str(made) if on_sqlite else made
    if sql.startswith("TIMESTAMP"):
        moment = datetime.fromtimestamp(FIRST_MOMENT.timestamp() + number, FIRST_MOMENT.tzinfo)
        return iso(moment) if on_sqlite else moment
    if sql.startswith("DATE"):
        day = date.fromordinal(FIRST_DAY.toordinal() + number)
        return day.isoformat() if on_sqlite else day
    if sql.startswith("BOOL"):
        return int(number % 2 == 0) if on_sqlite else number % 2 == 0
    if sql.startswith(("NUMERIC", "DECIMAL")):
        return str(number) if on_sqlite else Decimal(number)
    if sql.startswith(("DOUBLE", "REAL")):
        return float(number)
    return f"[{number}]"  # of text, and of a list or a document that is stored as text


def hash_of(name: str) -> int:
    """A number of 32 bits that is the same in every process."""
    number = 0
    for letter in name:
        number = (number * 131 + ord(letter)) % 2**32
    return number


def _target(field: Any) -> str:
    return str(field.model_name).rpartition(".")[2]


def _column(name: str, field: Any) -> str:
    return field.source_field or (f"{name}_id" if isinstance(field, ForeignKeyFieldInstance) else name)
