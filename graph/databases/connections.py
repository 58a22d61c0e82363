"""The connections to PostgreSQL that a process keeps."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none; what comes from it is Any

from ..errors import Unavailable

CLOSE_SECONDS = 5
IDLE_SECONDS = 300  # what lies between here and the server may forget a connection that is silent for longer
STATEMENTS = 500  # prepared statements kept by a connection; the plans kept above it are of use to several
LONGEST_STATEMENT = 100_000  # characters; longer ones are prepared anew each time
SETTINGS = {"timezone": "UTC", "datestyle": "ISO", "jit": "off", "application_name": "accord"}


class Connections:
    """Made when they are needed, at most so many; the one that was used last is used next.

    asyncpg's own pool has the server reset a session whenever one comes back, and takes, with its bookkeeping, four
    times as long as a short statement. Nothing is ever set in a session here, so that it can be used again as it is.
    """

    def __init__(
        self, url: str, most: int, *, idle_seconds: float = IDLE_SECONDS, close_seconds: float = CLOSE_SECONDS
    ) -> None:
        self._url = url
        self.most = most
        self._idle_seconds = idle_seconds
        self._close_seconds = close_seconds
        self._made: set[Any] = set()
        self._is_closed = False
        # each with the time when it was given back; None where there is room for one that is yet to be made
        self._free: asyncio.LifoQueue[tuple[Any, float]] = asyncio.LifoQueue()
        for _ in range(most):
            self._free.put_nowait((None, 0.0))

    async def take(self) -> Any:
        """A connection, as soon as there is one, to be given back."""
        connection: Any
        connection, since = await self._free.get() if self._free.empty() else self._free.get_nowait()
        if connection is not None and not connection.is_closed():
            if asyncio.get_running_loop().time() - since < self._idle_seconds:
                return connection
            connection.terminate()
        self._made.discard(connection)
        try:
            if self._is_closed:
                raise Unavailable("DATABASE_CLOSED", "The database has been closed; start Accord again.")
            # untyped
            made: Any = await asyncpg.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
                self._url,
                statement_cache_size=STATEMENTS,
                max_cacheable_statement_size=LONGEST_STATEMENT,
                server_settings=SETTINGS,
            )
        except BaseException:
            self._free.put_nowait((None, 0.0))
            raise
        self._made.add(made)
        return cast(Any, made)

    def give_back(self, connection: Any) -> None:
        """Let others have it; left within a transaction, it is cut off, which ends that."""
        if not connection.is_closed() and connection.is_in_transaction():
            connection.terminate()
        self._free.put_nowait((connection, asyncio.get_running_loop().time()))

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[Any, None]:
        """A connection for a block."""
        connection = await self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    async def close(self) -> None:
        """Close them all, each when it is given back; one that is still at work after a while is cut off."""
        self._is_closed = True
        try:
            async with asyncio.timeout(self._close_seconds):
                for _ in range(self.most):
                    connection, _ = await self._free.get()
                    if connection is not None:
                        await connection.close()
        except TimeoutError:
            for connection in self._made:
                connection.terminate()
        self._free.put_nowait((None, 0.0))  # who still wants one is told
