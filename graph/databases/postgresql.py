"""PostgreSQL: a few connections for reads and writes alike."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from itertools import chain, count
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none; what comes from it is Any

from ..errors import Unavailable
from ..reading.dialects import Dialect
from ..reading.dialects import PostgreSQL as PostgreSQLDialect
from ..storing import DatabaseKind
from .connections import Connections
from .database import Row, Transaction, UniqueViolation
from .finishing import to_its_end

CONNECTIONS = 10
CHANNEL = "accord_changes"
FEW = 5  # rows that are quicker to insert one beside the other than from arrays


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
            raise Unavailable("DATABASE_UNREACHABLE", f"PostgreSQL can't be reached: {error}") from error

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        """All rows of a statement."""
        connection = await self._connections.take()
        try:
            return await connection.fetch(statement, *parameters)
        finally:
            self._connections.give_back(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction, None]:
        """A transaction at READ COMMITTED; what must not change meanwhile is locked by who reads it.

        Not asyncpg's own: cancelled while it begins, it leaves a connection that never commits again.
        """
        async with self._connections.one() as connection:
            try:
                await to_its_end(connection.execute("begin"))
                yield _Transaction(connection, self._types)
                await to_its_end(connection.execute("commit"))
            except BaseException:
                if not connection.is_closed() and connection.is_in_transaction():
                    await to_its_end(connection.execute("rollback"))
                raise

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


class _Transaction:
    """A transaction on one connection."""

    def __init__(self, connection: Any, types: dict[str, dict[str, str]]) -> None:
        self._connection = connection
        self._types = types

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        return await self._connection.fetch(statement, *parameters)

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        try:
            status: str = await self._connection.execute(statement, *parameters)
        except asyncpg.UniqueViolationError as error:
            raise UniqueViolation(getattr(error, "constraint_name", None), ()) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Few rows as they are; of many one array for each column, unnested: the same statement however many."""
        if len(rows) <= FEW:
            places = _places(len(columns), len(rows))
            await self.execute(f"insert into {table} ({','.join(columns)}) values {places}", [*chain(*rows)])
            return
        types = await self._types_of(table)
        arrays = ",".join(f"${number}::{types[column]}[]" for number, column in enumerate(columns, 1))
        values = [list(column) for column in zip(*rows, strict=True)]
        await self.execute(f"insert into {table} ({','.join(columns)}) select * from unnest({arrays})", values)

    async def update(
        self, table: str, key: str, columns: Sequence[str], rows: Sequence[tuple[Any, Sequence[Any]]]
    ) -> None:
        if len(rows) == 1:
            settings = ",".join(f"{column}=${number}" for number, column in enumerate(columns, 2))
            await self.execute(f"update {table} set {settings} where {key}=$1", [rows[0][0], *rows[0][1]])
            return
        types = await self._types_of(table)
        names = [key, *columns]
        arrays = ",".join(f"${number}::{types[column]}[]" for number, column in enumerate(names, 1))
        settings = ",".join(f"{column}=n.{column}" for column in columns)
        values = [[id_ for id_, _ in rows], *(list(v) for v in zip(*(values for _, values in rows), strict=True))]
        await self.execute(
            f"update {table} t set {settings} from unnest({arrays}) n({','.join(names)}) where t.{key}=n.{key}", values
        )

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

    async def announce(self) -> None:
        """PostgreSQL sends the word with the commit, and one for all that a transaction says."""
        await self._connection.execute(f"notify {CHANNEL}")

    async def lock(self, name: str) -> None:
        """An advisory lock that ends with the transaction."""
        await self._connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)


@cache
def _places(columns: int, rows: int) -> str:
    """The placeholders of so many rows."""
    number = count(1)
    return ",".join(f"({','.join(f'${next(number)}' for _ in range(columns))})" for _ in range(rows))
