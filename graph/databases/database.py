"""What Accord asks of a database."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import Unavailable
from ..reading.dialects import Dialect
from ..storing import DatabaseKind

Row = Sequence[Any]


def unreachable(kind: type[Unavailable] = Unavailable) -> Unavailable:
    """What whoever asks is told of a database that is away; what the driver said of it is to be the cause."""
    return kind("DATABASE_UNREACHABLE", "The database can't be reached; try again in a moment.")


class UniqueViolation(Exception):
    """A unique index refused a row: somebody else wrote the same value first. `index` is its name, if known."""

    def __init__(self, index: str | None, columns: tuple[str, ...]) -> None:
        super().__init__(index or ", ".join(columns))
        self.index = index
        self.columns = columns


@dataclass(frozen=True, kw_only=True)
class Insert:
    """New rows of a table, each with a value for every one of the columns."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Update:
    """Other values in these columns of rows of a table, each with its key."""

    table: str
    key: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, Sequence[Any]]]


Write = Insert | Update


class Reader(Protocol):
    """Something statements can be read through."""

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        """All rows of a statement."""
        ...


class Transaction(Reader, Protocol):
    """A transaction that may write. Nothing slow or remote is awaited while it is open."""

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; returns how many rows it touched. Raises UniqueViolation."""
        ...

    async def write(self, writes: Sequence[Write], *, announce: bool = False) -> None:
        """Write all of it at once, in no particular order: no two of the writes concern one row, or one unique value.

        With `announce`, every process that listens is told that something has changed, once the transaction is
        committed. It may be done as late as that; whatever comes first of this and the commit raises UniqueViolation.
        """
        ...

    async def lock(self, name: str) -> None:
        """Wait until no other transaction holds the lock called `name`; held until the transaction ends."""
        ...


class Database(Reader, Protocol):
    """A database: reads go to any connection, writes through a transaction."""

    kind: DatabaseKind
    dialect: Dialect

    @property
    def at_once(self) -> int:
        """How many statements it reads at the same time; one more waits."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction: committed at the end of the block, rolled back if the block raises."""
        ...

    def listening(self, wake: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """While open, `wake` is called when another process announces a change."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
