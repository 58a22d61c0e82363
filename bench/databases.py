"""The databases of the benchmark: made once by SQL, kept under var/bench, and copied for each run."""

import asyncio
import hashlib
import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from accord.bench.population import START, Population, Row, Size
from accord.config.composition import core_catalogue, migration_target, open_accord, target_of
from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.catalogue import Catalogue, RecordType
from accord.graph.indexes import derive_indexes
from accord.graph.migrating import apply
from accord.graph.reading.rows import kind_of, stored
from accord.graph.storing import DatabaseKind, store
from accord.graph.writing.filling import blank
from accord.tests.postgres_server import running_postgres

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "bench"
MADE_FROM = ("bench/population.py", "bench/databases.py", "graph/migrations/*.py")
# What a server of a few gigabytes would be given; that nothing waits for the disk is said in tests/postgres_server.py.
POSTGRESQL = {
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "256MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "1h",
}
STAMPED = {
    "version": 1,
    "created_at": START,
    "updated_at": START,
    "created_by_id": SYSTEM_ACTOR,
    "updated_by_id": SYSTEM_ACTOR,
}

Say = Callable[[str], None]


@contextmanager
def filled_databases(kind: DatabaseKind, sizes: Sequence[Size], say: Say) -> Iterator[dict[str, str]]:
    """A database of each size, by the size's name, each as the settings name it; changed only until the block ends."""
    kept = KEPT / "-".join([kind, *(size.name for size in sizes), _stamp()])
    if kind == "sqlite":
        if not (kept / "done").exists():
            _forget_others(kept)
            for size in sizes:
                _fill(f"sqlite:{kept / size.name}.db", size, say)
            (kept / "done").touch()
        used = KEPT / "in-use"
        shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(kept, used)
        try:
            yield {size.name: f"sqlite:{used / size.name}.db" for size in sizes}
        finally:
            shutil.rmtree(used)
        return
    is_made = (kept / "done").exists()
    with running_postgres(settings=POSTGRESQL, data=kept / "data" if is_made else None) as server:
        if is_made and server.data is not None:
            yield {size.name: urlunsplit(urlsplit(server.url)._replace(path=f"/{size.name}")) for size in sizes}
            return
        places = {size.name: server.create_database(size.name) for size in sizes}
        for size in sizes:
            _fill(places[size.name], size, say)
        if server.data is not None:
            _forget_others(kept)
            asyncio.run(_keep(server.url, server.data, kept))
        yield places


async def with_plugins(location: str, plugins: Sequence[str]) -> str:
    """A copy of a database, beside it and gone with it, that is ready for these plugins: every row of theirs there."""
    settings = Settings(database=location)
    if settings.database_kind == "sqlite":
        copy = f"{settings.database_location}.plugins"
        shutil.copy(settings.database_location, copy)
        made = f"sqlite:{copy}"
    else:
        url = urlsplit(location)
        name = url.path.lstrip("/")
        connection = await asyncpg.connect(urlunsplit(url._replace(path="/postgres")))
        try:
            await connection.execute(f'drop database if exists "{name}_plugins"')
            await connection.execute(f'create database "{name}_plugins" template "{name}"')
        finally:
            await connection.close()
        made = urlunsplit(url._replace(path=f"/{name}_plugins"))
    await apply(target_of(Settings(database=made, plugins=tuple(plugins))), progress=lambda step: None)
    return made


def _stamp() -> str:
    """Changes with whatever the databases are made from."""
    files = sorted(path for pattern in MADE_FROM for path in ROOT.glob(pattern))
    indexes = repr(derive_indexes(core_catalogue())).encode()
    return hashlib.sha256(b"".join([*(path.read_bytes() for path in files), indexes])).hexdigest()[:12]


def _forget_others(kept: Path) -> None:
    """Remove what was kept of the same kind and size with another stamp, or only half made."""
    for other in KEPT.glob(kept.name.rpartition("-")[0] + "-*"):
        if other.name.count("-") == kept.name.count("-"):
            shutil.rmtree(other)
    kept.mkdir(parents=True)


async def _keep(url: str, data: Path, kept: Path) -> None:
    """Copy the files of a server at which nobody writes, once all of them are written."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    shutil.copytree(data, kept / "data", ignore=shutil.ignore_patterns("postmaster.*"))
    (kept / "done").touch()


def _fill(location: str, size: Size, say: Say) -> None:
    say(f"making {urlsplit(location).scheme} with {size.accounts:,} accounts")
    asyncio.run(_filled(Settings(database=location), size))


async def _filled(settings: Settings, size: Size) -> None:
    catalogue = core_catalogue()
    await apply(migration_target(settings, catalogue), progress=lambda step: None)
    async with open_accord(settings):
        pass  # it makes the actor that everything is written by
    if settings.database_kind == "sqlite":
        _fill_sqlite(Path(settings.database_location), catalogue, size)
    else:
        await _fill_postgresql(settings.database_location, catalogue, size)


def _fill_sqlite(path: Path, catalogue: Catalogue, size: Size) -> None:
    """Without indexes until the rows are there: that is several times faster."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma synchronous=off")
    indexes = connection.execute("select name,sql from sqlite_master where type='index' and sql is not null").fetchall()
    connection.execute("begin")
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    for name, rows in Population(size).tables():
        record = catalogue[name]
        columns = record.table_columns
        places = ",".join("?" * len(columns))
        statement = f"insert into {record.table} ({','.join(columns)}) values ({places})"
        connection.executemany(statement, _encoded(record, rows, "sqlite"))
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("commit")
    connection.execute("analyze")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


async def _fill_postgresql(url: str, catalogue: Catalogue, size: Size) -> None:
    """Without indexes and checks of foreign keys until the rows are there."""
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute("set session_replication_role=replica")
        indexes = await connection.fetch(
            "select indexname,indexdef from pg_indexes i where schemaname='public' "
            "and not exists (select 1 from pg_constraint c where c.conname=i.indexname)"
        )
        for name, _ in indexes:
            await connection.execute(f"drop index {name}")
        for name, rows in Population(size).tables():
            record = catalogue[name]
            await connection.copy_records_to_table(
                record.table, columns=record.table_columns, records=_encoded(record, rows, "postgresql")
            )
        for _, statement in indexes:
            await connection.execute(statement)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


def _encoded(record: RecordType, rows: Iterator[Row], database: DatabaseKind) -> Iterator[list[Any]]:
    """The rows as the database takes them; what a row leaves out is as in every new row."""
    first = next(rows)
    columns = record.table_columns
    usual = stored(record, columns, blank(record) | STAMPED, database)
    given = [(columns.index(column), column, kind_of(record, column)) for column in first]
    for row in itertools.chain([first], rows):
        values = usual.copy()
        for place, column, kind in given:
            values[place] = store(kind, row[column], database)
        yield values
