"""SQLite: one connection that writes, several that read beside it, each in a thread of its own."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from aiosqlite import Connection as OtherThread

from ..errors import Unavailable
from ..reading.dialects import Dialect
from ..reading.dialects import SQLite as SQLiteDialect
from ..storing import DatabaseKind
from .database import Insert, Row, Transaction, UniqueViolation, Write, unreachable
from .finishing import to_its_end

READERS = 4
BUSY_MS = 10_000
BUSY_STEP = 0.05
FIRST_STEP = 0.001
AWAY = ("disk I/O error", "unable to open database file")  # what SQLite says of a file that it can't get at
WRITING = ("busy_timeout=0", "journal_mode=wal", "synchronous=normal", "foreign_keys=on")  # how it waits: _begin
READING = (f"busy_timeout={BUSY_MS}", "query_only=on", "mmap_size=268435456", "cache_size=-65536")


def newest_driver() -> ModuleType:
    """The driver with the newer SQLite: Python's own, or the wheel pysqlite3 where it is installed and newer.

    SQLite before 3.45 or so refuses deeply nested statements; the newer one takes all that the limits allow.
    """
    try:
        import pysqlite3  # pyright: ignore[reportMissingTypeStubs] - it has none
    except ImportError:
        return sqlite3
    newer: ModuleType = pysqlite3
    return newer if newer.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


class Connection(OtherThread):
    """A connection with a thread of its own; going there and back takes longer than a short statement."""

    async def in_its_thread(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """What the work gives, done in one go."""
        given: Any = self._execute  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - untyped
        return await given(work, self._conn)


class SQLite:
    """A database in one file.

    Raises Unavailable where the file is away, or other processes keep a writer waiting for longer than ten seconds; the
    writers of this process take turns, however long that takes.
    """

    kind: DatabaseKind = "sqlite"

    def __init__(self, path: Path, writer: Connection, readers: Sequence[Connection], driver: ModuleType) -> None:
        self.dialect: Dialect = SQLiteDialect()
        self.path = path
        self._driver = driver
        self._writer = writer
        self._writing = asyncio.Lock()
        self._readers = list(readers)
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._free.put_nowait(reader)

    @classmethod
    async def open(cls, path: Path, *, readers: int = READERS) -> "SQLite":
        """Open the file, which is made if it isn't there."""
        driver = newest_driver()
        opened: list[Connection] = []
        try:
            for pragmas in (WRITING, *[READING] * readers):
                opened.append(await _connect(driver, path, pragmas))
        except BaseException:
            for connection in opened:
                await connection.close()
            raise
        return cls(path, opened[0], opened[1:], driver)

    @property
    def at_once(self) -> int:
        """As many as there are connections that read."""
        return len(self._readers)

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        """All rows of a statement, read beside whatever is being written."""
        connection = await self._free.get()
        try:
            return await to_its_end(_fetch(connection, statement, parameters), connection.interrupt)
        except self._driver.OperationalError as error:
            if str(error) not in AWAY:
                raise
            raise unreachable() from error
        finally:
            self._free.put_nowait(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction, None]:
        """A transaction that holds the write lock from its beginning, so that what it reads stays true."""
        async with self._writing:
            try:
                await self._begin()
                yield _Transaction(self._writer, self._driver)
                await to_its_end(self._writer.execute("commit"))
            except self._driver.OperationalError as error:
                await self._roll_back()
                if str(error) in AWAY:
                    raise unreachable() from error
                if "locked" not in str(error):
                    raise
                raise Unavailable(
                    "DATABASE_BUSY", "Another process has been writing for too long; try again in a moment."
                ) from error
            except BaseException:
                await self._roll_back()
                raise

    async def _begin(self) -> None:
        """Take the write lock; waits here and not in SQLite, where no one who gives up could be let go."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + BUSY_MS / 1000
        step = FIRST_STEP
        while True:
            try:
                await to_its_end(self._writer.in_its_thread(_begin))
            except self._driver.OperationalError as error:
                if "locked" not in str(error) or loop.time() > deadline:
                    raise
                await asyncio.sleep(step)
                step = min(2 * step, BUSY_STEP)
            else:
                return

    async def _roll_back(self) -> None:
        if self._writer.in_transaction:
            await self._writer.execute("rollback")

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncGenerator[None, None]:
        """Nothing announces changes of a file; those of this process are told to who needs them directly."""
        yield

    async def close(self) -> None:
        """Close all connections, once whoever writes has ended."""
        async with self._writing:
            await self._writer.close()
        for connection in self._readers:
            await connection.close()


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")
    connection.execute("pragma defer_foreign_keys=on")  # rows of one table may point at each other


async def _connect(driver: ModuleType, path: Path, pragmas: Sequence[str]) -> Connection:
    def connect() -> Any:
        return driver.connect(str(path), isolation_level=None, cached_statements=256)

    connection = Connection(connect, 64)
    await connection
    try:
        for pragma in pragmas:
            await _set(connection, driver, pragma)
    except BaseException:
        await connection.close()  # its thread would keep the process from ending
        raise
    return connection


async def _set(connection: Connection, driver: ModuleType, pragma: str) -> None:
    """Set a pragma; to change the kind of journal SQLite does not wait for others, whatever the time-out."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_MS / 1000
    while True:
        try:
            await connection.execute(f"pragma {pragma}")
        except driver.OperationalError as error:
            if "locked" not in str(error) or loop.time() > deadline:
                raise
            await asyncio.sleep(BUSY_STEP)
        else:
            return


async def _fetch(connection: Connection, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
    rows = await connection.execute_fetchall(statement, parameters)
    return rows  # type: ignore[return-value] - aiosqlite says Iterable and gives a list


async def _execute(connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
    return await connection.execute(statement, parameters)


def _statement(write: Write) -> tuple[str, Sequence[Sequence[Any]]]:
    if isinstance(write, Insert):
        places = ",".join("?" * len(write.columns))
        return f"insert into {write.table} ({','.join(write.columns)}) values ({places})", write.rows
    settings = ",".join(f"{column}=?" for column in write.columns)
    rows = [(*values, key) for key, values in write.rows]
    return f"update {write.table} set {settings} where {write.key}=?", rows


def _write(statements: Sequence[tuple[str, Sequence[Sequence[Any]]]], connection: sqlite3.Connection) -> None:
    for statement, rows in statements:
        connection.executemany(statement, rows)


class _Transaction:
    """A transaction on the connection that writes."""

    def __init__(self, connection: Connection, driver: ModuleType) -> None:
        self._connection = connection
        self._driver = driver

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        return await self._run(_fetch(self._connection, statement, parameters))

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        try:
            cursor = await self._run(_execute(self._connection, statement, parameters))
        except self._driver.IntegrityError as error:
            raise _translated(error) from error
        return cursor.rowcount

    async def write(self, writes: Sequence[Write], *, announce: bool = False) -> None:
        """One statement after the other, in one go; nobody is told: processes that share a file look at it themselves.

        Where the rows of a write are many, one statement is run for all of them.
        """
        try:
            await self._run(self._connection.in_its_thread(partial(_write, [_statement(one) for one in writes])))
        except self._driver.IntegrityError as error:
            raise _translated(error) from error

    async def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do work that ends soon after nobody waits for it any more; SQLite then takes the transaction back itself."""
        return await to_its_end(work, self._connection.interrupt)

    async def lock(self, name: str) -> None:
        """The transaction holds the whole database already."""


def _translated(error: Exception) -> Exception:
    """`UNIQUE constraint failed: phone.account_id, phone.kind` names the columns, not the index."""
    text = str(error)
    prefix = "UNIQUE constraint failed: "
    if not text.startswith(prefix):
        return error
    index = text.removeprefix("UNIQUE constraint failed: index ").strip("'") if ": index " in text else None
    columns = () if index else tuple(part.strip() for part in text.removeprefix(prefix).split(","))
    return UniqueViolation(index, columns)
