"""The limit: a bare ASGI application that runs the statements that Accord compiles, and knows nothing else.

It reads no document, checks nothing, and takes the parameters of the next request from a list. A write is what a
hand-made application would do at best: on PostgreSQL one statement for everything, without events for others.
"""

import itertools
import pickle
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from accord.bench.limit_writes import UPDATE, creating
from accord.bench.recording import Recorded
from accord.config.composition import core_catalogue
from accord.config.settings import Settings
from accord.graph.databases.sqlite import newest_driver
from accord.graph.identity import IdSource

CONNECTIONS = 10  # as many as Accord's pool has
Answer = Callable[[], Awaitable[bytes]]


class Statements(Protocol):
    """What the two databases have in common here."""

    async def read(self, recorded: Recorded, parameters: Sequence[Any]) -> str: ...
    async def create(self) -> str: ...
    async def update(self) -> str: ...


def make_limit(settings: Settings, recorded_at: Path) -> Any:
    """The application; what it runs for each workload was recorded in a file."""
    recorded, accounts = pickle.loads(recorded_at.read_bytes())  # noqa: S301 - written a moment ago by this benchmark
    answers: dict[str, Answer] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            async with _open(settings, accounts) as database:
                answers.update(_answers(database, recorded))
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (await receive()).get("more_body"):
            pass
        answer = answers.get(scope["path"])
        body = b"{}" if answer is None else await answer()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200 if answer else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def _answers(database: Statements, recorded: dict[str, Recorded]) -> dict[str, Answer]:
    def reading(one: Recorded) -> Answer:
        start = f'{{"data":{{"{one.field}":'
        parameters = itertools.cycle(one.parameters)

        async def answer() -> bytes:
            return f"{start}{await database.read(one, next(parameters))}}}}}".encode()

        return answer

    def writing(field: str, work: Callable[[], Awaitable[str]]) -> Answer:
        async def answer() -> bytes:
            return f'{{"data":{{"{field}":{{"account":{await work()},"violations":[]}}}}}}'.encode()

        return answer

    reads = {f"/{name}": reading(one) for name, one in recorded.items()}
    writes = {"/M1": writing("createAccount", database.create), "/M2": writing("updateAccount", database.update)}
    return reads | writes


@asynccontextmanager
async def _open(settings: Settings, accounts: list[UUID]) -> AsyncIterator[Statements]:
    if settings.database_kind == "sqlite":
        yield _SQLite(Path(settings.database_location), accounts)
        return
    async with asyncpg.create_pool(
        settings.database_location,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        server_settings={"timezone": "UTC", "jit": "off"},
        reset=_leave,
    ) as pool:
        yield _PostgreSQL(pool, accounts)


async def _leave(connection: Any) -> None:
    """Nothing is set in a session here, so that nothing has to be reset, which would take a statement of its own."""


class _Source:
    """The values of the next write."""

    def __init__(self, accounts: list[UUID], random: Random) -> None:
        self.accounts = itertools.cycle(accounts)
        self.numbers = itertools.count(int(time.time()))
        self.new_id = IdSource(now_ms=lambda: time.time_ns() // 1_000_000, random_bits=random.getrandbits)

    def created(self) -> tuple[str, list[UUID], str]:
        """A name, the ids of the rows that come with it, and the answer."""
        name = f"Limit {next(self.numbers)}"
        ids = [self.new_id() for _ in range(9)]
        answer = (
            f'{{"id":"acc_{ids[0]}","name":"{name}","version":1,"contacts":{{"nodes":['
            f'{{"id":"con_{ids[1]}","name":"Mina Keller"}},{{"id":"con_{ids[2]}","name":"Edith Eriksen"}}]}},'
            f'"addresses":{{"nodes":['
            f'{{"id":"adr_{ids[5]}","city":"Aachen"}},{{"id":"adr_{ids[6]}","city":"Celle"}}]}}}}'
        )
        return name, ids, answer

    def updated(self) -> tuple[UUID, int]:
        return next(self.accounts), next(self.numbers) % 100_000


class _PostgreSQL:
    def __init__(self, pool: Any, accounts: list[UUID]) -> None:
        self._pool = pool
        self._source = _Source(accounts, Random())
        *parts, last = creating(core_catalogue(), "postgresql")
        self._create = f"with {','.join(f'w{number} as ({part})' for number, part in enumerate(parts))} {last}"

    async def read(self, recorded: Recorded, parameters: Sequence[Any]) -> str:
        return await self._pool.fetchval(recorded.statement, *parameters)

    async def create(self) -> str:
        name, ids, answer = self._source.created()
        await self._pool.execute(self._create, name, *ids)
        return answer

    async def update(self) -> str:
        return await self._pool.fetchval(UPDATE["postgresql"], *self._source.updated())


class _SQLite:
    """One connection, which holds up everything while it works: nothing is faster for a single statement."""

    def __init__(self, path: Path, accounts: list[UUID]) -> None:
        self._connection = newest_driver().connect(str(path), isolation_level=None, cached_statements=256)
        for pragma in ("journal_mode=wal", "synchronous=normal", "busy_timeout=10000", "mmap_size=268435456"):
            self._connection.execute(f"pragma {pragma}")
        self._source = _Source(accounts, Random())
        statements = creating(core_catalogue(), "sqlite")
        self._create = [(one, max(map(int, re.findall(r"\?(\d+)", one)))) for one in statements]

    async def read(self, recorded: Recorded, parameters: Sequence[Any]) -> str:
        return self._connection.execute(recorded.statement, parameters).fetchone()[0]

    async def create(self) -> str:
        name, ids, answer = self._source.created()
        values = [name, *map(str, ids)]
        self._connection.execute("begin immediate")
        for statement, most in self._create:
            self._connection.execute(statement, values[:most])
        self._connection.execute("commit")
        return answer

    async def update(self) -> str:
        id_, number = self._source.updated()
        return self._connection.execute(UPDATE["sqlite"], [str(id_), number]).fetchone()[0]
