"""PostgreSQL: a few connections for reads and writes alike."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from itertools import chain, count
from typing import Any, NamedTuple

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none; what comes from it is Any

from ..errors import Lost, Unavailable
from ..reading.dialects import Dialect
from ..reading.dialects import PostgreSQL as PostgreSQLDialect
from ..storing import DatabaseKind
from .connections import Connections
from .database import Insert, Row, Transaction, UniqueViolation, Write, unreachable
from .finishing import to_its_end

CONNECTIONS = 10
CHANNEL = "accord_changes"
FEW = 5  # rows that are quicker to insert one beside the other than from arrays
LOST = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
TEXTS = 500  # of statements that write, kept here as they are by a connection


class PostgreSQL:
    """A database on a server."""

    kind: DatabaseKind = "postgresql"

    def __init__(self, connections: Connections) -> None:
        self.dialect: Dialect = PostgreSQLDialect()
        self._connections = connections
        self._types: dict[str, dict[str, str]] = {}

    @classmethod
    async def open(cls, url: str, *, connections: int = CONNECTIONS) -> "PostgreSQL":
        """Connect; raises Unavailable with the reason if the server can't be reached."""
        kept = Connections(url, connections)
        try:
            async with kept.one():
                return cls(kept)
        except (OSError, asyncpg.PostgresError) as error:
            message = f"PostgreSQL can't be reached: {error}. Check its address and that it is running."
            raise Unavailable("DATABASE_UNREACHABLE", message) from error

    @property
    def at_once(self) -> int:
        """As many as there may be connections."""
        return self._connections.most

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        """All rows of a statement."""
        connection = await self._taken()
        try:
            return await connection.fetch(statement, *parameters)
        except Exception as error:
            if not _is_lost(connection, error):
                raise
            raise unreachable() from error
        finally:
            self._connections.give_back(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction, None]:
        """A transaction at READ COMMITTED; what must not change meanwhile is locked by who reads it.

        Not asyncpg's own: cancelled while it begins, it leaves a connection that never commits again.
        """
        connection = await self._taken()
        transaction = _Transaction(connection, self._types)
        try:
            yield transaction
            await transaction.finish()
        except BaseException as error:
            await transaction.roll_back()
            if not _is_lost(connection, error):
                raise
            raise unreachable(Lost) from error
        finally:
            self._connections.give_back(connection)

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncGenerator[None, None]:
        """Hold one connection that hears what other processes announce.

        Should it break, changes are still found by looking, every other second, until the process starts anew.
        """
        async with self._connections.one() as connection:

            def hear(*_: object) -> None:
                wake()

            await connection.add_listener(CHANNEL, hear)
            try:
                yield
            finally:
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, hear)

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    async def _taken(self) -> Any:
        """A connection, to be given back; raises Unavailable if there is none to be had."""
        try:
            return await self._connections.take()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise unreachable() from error


class _Transaction:
    """A transaction on one connection, with as few ways to the server as can be.

    It begins before the first statement that locks or writes: at READ COMMITTED a read before that sees what it would
    see afterwards. What is to be written waits until something else is asked for. Where nothing ever is, and nothing
    has begun, the one statement that writes it all is a transaction by itself.
    """

    def __init__(self, connection: Any, types: dict[str, dict[str, str]]) -> None:
        self._connection = connection
        self._types = types
        self._waiting: tuple[str, Sequence[Any]] | None = None
        self._is_alone = False

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        if self._waiting is not None or not _only_reads(statement):
            await self._begin()
        return await self._connection.fetch(statement, *parameters)

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        await self._begin()
        return await self._execute(statement, parameters)

    async def finish(self) -> None:
        """Write what is waiting, and commit."""
        if self._waiting is not None and not self._connection.is_in_transaction():
            self._is_alone = True
            await self._execute(*self._waiting)
        elif self._connection.is_in_transaction():
            await self._begin()
            await to_its_end(self._connection.execute("commit"))

    async def roll_back(self) -> None:
        """Undo everything; of a statement alone that was given up, wait for its end, be it done or undone."""
        if not self._connection.is_closed() and (self._is_alone or self._connection.is_in_transaction()):
            with suppress(*LOST, asyncpg.InterfaceError):  # the server has rolled back by itself
                await to_its_end(self._connection.execute("rollback"))

    async def _begin(self) -> None:
        """Begin if that is yet to be done, and write what is waiting."""
        if not self._connection.is_in_transaction():
            await to_its_end(self._connection.execute("begin"))
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            await self._execute(*waiting)

    async def _execute(self, statement: str, parameters: Sequence[Any]) -> int:
        try:
            status: str = await self._connection.execute(statement, *parameters)
        except asyncpg.UniqueViolationError as error:
            raise UniqueViolation(getattr(error, "constraint_name", None), ()) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def write(self, writes: Sequence[Write], *, announce: bool = False) -> None:
        """One statement for all: what foreign keys point at is looked for when all of its parts are done."""
        parts: list[_Part] = []
        values: list[Any] = []
        for write in writes:
            is_insert = isinstance(write, Insert)
            rows = write.rows if isinstance(write, Insert) else [(key, *row) for key, row in write.rows]
            columns = write.columns if isinstance(write, Insert) else (write.key, *write.columns)
            types: tuple[str, ...] | None = None
            if len(rows) <= (FEW if is_insert else 1):
                values += chain(*rows)
            else:
                known = await self._types_of(write.table)
                types = tuple(known[column] for column in columns)
                values += (list(column) for column in zip(*rows, strict=True))
            parts.append(_Part(write.table, columns, is_insert, len(rows) if types is None else 0, types))
        if parts or announce:
            if self._waiting is not None:
                await self._begin()
            self._waiting = (_written(tuple(parts), announce=announce), values)

    async def _types_of(self, table: str) -> dict[str, str]:
        """The columns' types as the server spells them, read once for each table."""
        if table not in self._types:
            rows = await self._connection.fetch(
                "select attname, format_type(atttypid, null) from pg_attribute "
                "where attrelid = $1::text::regclass and attnum > 0 and not attisdropped",
                table,
            )
            self._types[table] = {name: "text" if "char" in kind else kind for name, kind in rows}
        return self._types[table]

    async def lock(self, name: str) -> None:
        """An advisory lock that ends with the transaction."""
        await self.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", [name])


def _is_lost(connection: Any, error: BaseException) -> bool:
    """Whether an error is that of a connection that broke, whatever was made of it on its way."""
    return isinstance(error, LOST) or (isinstance(error, Exception) and connection.is_closed())


def _only_reads(statement: str) -> bool:
    """Whether a statement takes no lock, which is taken for granted of none but plain selects."""
    return statement.startswith("select ") and " for update" not in statement and " for share" not in statement


class _Part(NamedTuple):
    """What the text of one write depends on: few `rows` are given as they are, many as arrays of these `types`."""

    table: str
    columns: tuple[str, ...]
    is_insert: bool
    rows: int
    types: tuple[str, ...] | None


@lru_cache(maxsize=TEXTS)
def _written(parts: tuple[_Part, ...], *, announce: bool) -> str:
    """The statement that writes all parts; the server announces with the commit, once for a transaction."""
    number = count(1)
    texts = [_text(part, number) for part in parts]
    last = f"select pg_notify('{CHANNEL}','')" if announce else texts.pop()
    before = ",".join(f"w{place} as ({text})" for place, text in enumerate(texts))
    return f"with {before} {last}" if before else last


def _text(part: _Part, number: Iterator[int]) -> str:
    """The statement of one part; of many rows one array for each column, unnested: the same however many."""
    table, columns, is_insert, rows, types = part
    names = ",".join(columns)
    if types is not None:
        arrays = ",".join(f"${next(number)}::{type_}[]" for type_ in types)
        if is_insert:
            return f"insert into {table} ({names}) select * from unnest({arrays})"
        settings = ",".join(f"{column}=n.{column}" for column in columns[1:])
        key = columns[0]
        return f"update {table} t set {settings} from unnest({arrays}) n({names}) where t.{key}=n.{key}"
    if is_insert:
        places = ",".join(f"({','.join(f'${next(number)}' for _ in columns)})" for _ in range(rows))
        return f"insert into {table} ({names}) values {places}"
    key = next(number)
    settings = ",".join(f"{column}=${next(number)}" for column in columns[1:])
    return f"update {table} set {settings} where {columns[0]}=${key}"
