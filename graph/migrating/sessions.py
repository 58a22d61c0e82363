# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
"""One connection to the database that is migrated, and the one transaction that all of the work stands in.

No Tortoise context is entered and nothing is registered: Tortoise's clients are built by hand round a connection, so
that several apps of one process can be migrated while others serve.
"""

import sqlite3
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeAlias

import aiosqlite
import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.exceptions import BaseORMException

from ..databases.sqlite import newest_driver
from ..storing import DatabaseKind
from .editors import PostgresEditor, SqliteEditor
from .errors import DatabaseUnreachable, LockTimeout
from .target import Target

# Any fixed number: advisory locks are counted for each database, and this is Accord's for migrations.
POSTGRES_LOCK = 4_702_001_077
ALIAS = "accord-migrating"
MEMORY = "file::memory:"
SCRATCH_SCHEMA = "accord_compare"
Row: TypeAlias = dict[str, Any]


class Session(Protocol):
    """What the engine needs of either database. Statements of the engine's own mark their values with `?`."""

    kind: DatabaseKind

    async def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]: ...
    async def run(self, sql: str, values: Sequence[object] = ()) -> None: ...
    def editor(self, *, collecting: bool = False) -> SqliteEditor | PostgresEditor: ...
    async def begin(self) -> None:
        """Open the transaction and wait for the sole right to migrate; raises LockTimeout."""
        ...

    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...


def split_statements(script: str) -> Iterator[str]:
    """Cut a script at the semicolons that end a statement, not at those in quotes, comments or trigger bodies."""
    statement = ""
    for piece in script.split(";"):
        statement += piece
        if sqlite3.complete_statement(statement + ";"):
            if statement.strip():
                yield statement.strip()
            statement = ""
        else:
            statement += ";"
    if statement.strip("; \n\t"):
        yield statement.strip()


class _SqliteScriptClient(SqliteTransactionWrapper):
    """Tortoise's client inside our transaction; the script function of sqlite3 would commit it first."""

    async def execute_script(self, query: str) -> None:
        for statement in split_statements(query):
            await self.execute_query(statement)


class SqliteSession:
    kind: DatabaseKind = "sqlite"

    def __init__(self, connection: aiosqlite.Connection, driver: ModuleType, target: Target) -> None:
        self.connection = connection
        self.driver = driver
        self._target = target
        parent = SqliteClient(target.location, connection_name=ALIAS)
        parent._connection = connection
        self._client = _SqliteScriptClient(parent)

    async def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return [dict(row) for row in await self.connection.execute_fetchall(sql, list(values))]

    async def run(self, sql: str, values: Sequence[object] = ()) -> None:
        await self.connection.execute_fetchall(sql, list(values))

    def editor(self, *, collecting: bool = False) -> SqliteEditor:
        return SqliteEditor(self._client, atomic=True, collect_sql=collecting)

    async def begin(self) -> None:
        # With foreign keys on, dropping a table that is being rebuilt would empty its children. Switching them is
        # only possible outside of a transaction. BEGIN IMMEDIATE is the lock: no second writer, readers go on.
        await self.run("PRAGMA foreign_keys=OFF")
        await self._wait("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        await self._wait("COMMIT")

    async def rollback(self) -> None:
        if self.connection.in_transaction:
            await self.run("ROLLBACK")

    async def _wait(self, statement: str) -> None:
        try:
            await self.run(statement)
        except self.driver.OperationalError as error:
            if "locked" in str(error):
                raise LockTimeout(self._target.place, self._target.lock_timeout) from error
            raise


class PostgresSession:
    kind: DatabaseKind = "postgresql"

    def __init__(self, client: AsyncpgDBClient, connection: Any, target: Target) -> None:
        # asyncpg's pooled connection is a proxy that its types don't describe.
        self.connection = connection
        self._target = target
        self._client = TransactionWrapper(client)
        self._client._connection = connection

    async def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return [dict(row) for row in await self.connection.fetch(_numbered(sql), *values)]

    async def run(self, sql: str, values: Sequence[object] = ()) -> None:
        await self.connection.execute(_numbered(sql), *values)

    def editor(self, *, collecting: bool = False) -> PostgresEditor:
        return PostgresEditor(self._client, atomic=True, collect_sql=collecting)

    async def begin(self) -> None:
        # What is read after the lock was got must be what the last holder committed, hence READ COMMITTED. The lock
        # belongs to the transaction, not to the session, so that it also works behind a pool of connections. The
        # timeout stays for the statements: one that waits for a table holds up everybody behind it.
        self._transaction = self.connection.transaction(isolation="read_committed")
        await self._transaction.start()
        self._client.transaction = self._transaction
        await self.run("SET LOCAL statement_timeout = 0")
        await self.run(f"SET LOCAL lock_timeout = {int(self._target.lock_timeout * 1000)}")
        try:
            await self.run("SELECT pg_advisory_xact_lock(?)", [POSTGRES_LOCK])
        except asyncpg.LockNotAvailableError as error:
            await self.rollback()
            raise LockTimeout(self._target.place, self._target.lock_timeout) from error

    async def commit(self) -> None:
        await self._transaction.commit()

    async def rollback(self) -> None:
        # A connection that broke has rolled back by itself; the error that broke it is the one to show.
        with suppress(asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            await self._transaction.rollback()


@asynccontextmanager
async def open_session(target: Target, *, writable: bool) -> AsyncGenerator[Session]:
    """Connect; a SQLite file that doesn't exist is made when `writable`, and reads as an empty database otherwise."""
    opened = open_sqlite(target, writable=writable) if target.kind == "sqlite" else _open_postgres(target)
    async with opened as session:
        yield session


@asynccontextmanager
async def open_scratch(session: Session, target: Target) -> AsyncGenerator[Session]:
    """An empty place of the same kind, gone afterwards: in memory, or a schema that is rolled back."""
    if isinstance(session, SqliteSession):
        async with open_sqlite(target, address=MEMORY, writable=True) as scratch:
            yield scratch
        return
    [row] = await session.rows("SELECT quote_ident(current_schema()) AS name")
    await session.begin()
    try:
        await session.run(f"CREATE SCHEMA {SCRATCH_SCHEMA}")
        await session.run(f"SET LOCAL search_path TO {SCRATCH_SCHEMA}, {row['name']}")
        yield session
    finally:
        await session.rollback()


@asynccontextmanager
async def open_sqlite(target: Target, *, address: str = "", writable: bool) -> AsyncGenerator[SqliteSession]:
    """Connect to the target's file, or to another `address` instead."""
    address = address or _address(target, writable)
    # The one that serves: two copies of SQLite in a process undo each other's locks on a file.
    driver = newest_driver()

    def connect() -> sqlite3.Connection:
        connection = driver.connect(address, uri=True, timeout=target.lock_timeout, isolation_level=None)
        connection.row_factory = driver.Row
        return connection

    connection = aiosqlite.Connection(connect, 64)
    try:
        await connection
        await connection.execute_fetchall("SELECT count(*) FROM sqlite_master")
        if not writable:
            await connection.execute_fetchall("PRAGMA query_only=ON")
    except driver.Error as error:
        await connection.close()
        # Where it never opened, its thread ends by itself and says so to the loop, which must still be there then.
        connection._thread.join()
        advice = "Check that it is a file of SQLite which you may read and write, or name another."
        raise DatabaseUnreachable(target.place, error, advice) from error
    try:
        yield SqliteSession(connection, driver, target)
    finally:
        await connection.close()


@asynccontextmanager
async def _open_postgres(target: Target) -> AsyncGenerator[PostgresSession]:
    client = AsyncpgDBClient(connection_name=ALIAS, **expand_db_url(target.location)["credentials"])
    try:
        # the URL is read as it is for serving: Tortoise would hand sslmode and its like on as what they are not
        client._pool = await asyncpg.create_pool(target.location, min_size=1, max_size=1)
    except (OSError, asyncpg.PostgresError, BaseORMException) as error:
        advice = "Check its address and that it is running."
        raise DatabaseUnreachable(target.place, error, advice) from error
    try:
        async with client._pool.acquire() as connection:
            yield PostgresSession(client, connection, target)
    finally:
        await client.close()


def is_lock_timeout(error: BaseException | None) -> bool:
    """Whether PostgreSQL gave up waiting for a lock, however deep the error was wrapped."""
    while error is not None and not isinstance(error, asyncpg.LockNotAvailableError):
        error = error.__cause__
    return error is not None


def _address(target: Target, writable: bool) -> str:
    path = Path(target.location).absolute()
    exists = path.exists()
    return f"{path.as_uri()}?mode={'rw' if exists else 'rwc'}" if exists or writable else MEMORY


def _numbered(sql: str) -> str:
    """PostgreSQL numbers its values."""
    first, *others = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, start=1))
