"""Measuring: the servers take turns in short runs, and what counts are shares within one round."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import orjson

from accord.bench.load import put_load
from accord.bench.servers import ServerProcess
from accord.bench.workloads import Workload, World
from accord.config.settings import Settings

WAITING = "select count(*) from outbox_event where done_at is null and parked_at is null"
WARM_UP = 0.3
PATIENCE = 120.0  # seconds until the work after the commits is done

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long is measured: rounds in which each server has one run of so many seconds."""

    rounds: int
    seconds: float
    connections: tuple[int, ...] = (16, 1)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run of one server. `cpu` is of the serving process, `p50`, `p99` and `slowest` are latencies; all in ms."""

    server: str
    round: int
    rate: float
    cpu: float
    p50: float
    p99: float
    slowest: float
    failed: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """A workload on one database with so many connections, as all servers did it."""

    database: str
    workload: str
    title: str
    connections: int
    samples: Sequence[Sample]

    def middle(self, server: str, figure: str) -> float:
        """The median of a figure over the rounds."""
        return median(getattr(sample, figure) for sample in self.samples if sample.server == server)

    def ratio(self, server: str, other: str, figure: str = "rate") -> float:
        """The median over the rounds of what a server reached in a round as a share of what another did there."""
        return median(self.ratios(server, other, figure))

    def ratios(self, server: str, other: str, figure: str = "rate") -> list[float]:
        by_round = {(sample.round, sample.server): getattr(sample, figure) for sample in self.samples}
        rounds = {sample.round for sample in self.samples}
        return [by_round[one, server] / by_round[one, other] for one in sorted(rounds)]


class Meter:
    """Measures the servers of one database."""

    def __init__(
        self, database: str, location: str, servers: Sequence[ServerProcess], world: World, folder: Path
    ) -> None:
        self.database = database
        self.location = location
        self.servers = list(servers)
        self.world = world
        self.folder = folder
        self.runs = int(time.time()) % 100_000  # writes of earlier runs must not be repeated

    def check(self, workload: Workload) -> None:
        """All servers, before any of them was measured, give the same answer to a read, and a good one to a write."""
        found: dict[str, Any] = {}
        for server in self.servers:
            self.runs += 1
            answer = orjson.loads(server.ask(workload.name, workload.bodies(self.world, self.runs)[0]))
            if "errors" in answer or None in answer["data"].values():
                raise RuntimeError(f"{server.name} can't do {workload.name}: {answer}")
            found[server.name] = comparable(answer["data"])
        first, *others = found.items()
        for name, data in others:
            if data != first[1] and not workload.is_write:
                raise RuntimeError(f"{first[0]} and {name} don't agree on {workload.name}:\n{first[1]}\n{data}")

    def measure(self, workload: Workload, connections: int, plan: Plan, say: Say) -> Row:
        """All rounds of one row."""
        for server in self.servers:
            self.sample(server, workload, connections, WARM_UP, 0)
        samples: list[Sample] = []
        for number in range(plan.rounds):
            start = number % len(self.servers)
            for server in [*self.servers[start:], *self.servers[:start]]:
                sample = self.sample(server, workload, connections, plan.seconds, number)
                say(f"{self.database} {workload.name} x{connections} {server.name}: {sample.rate:,.0f}/s")
                samples.append(sample)
        return Row(
            database=self.database,
            workload=workload.name,
            title=workload.title,
            connections=connections,
            samples=samples,
        )

    def sample(
        self, server: ServerProcess, workload: Workload, connections: int, seconds: float, number: int
    ) -> Sample:
        """One run; what a write leaves to be done after its commit counts as the server's work on it."""
        self.runs += 1
        bodies = workload.bodies(self.world, self.runs)
        before = server.cpu_seconds()
        load = put_load(server.port, server.path(workload.name), bodies, connections, seconds, self.folder)
        if workload.is_write and server.name == "accord":
            wait_for_events(self.location)
        used = server.cpu_seconds() - before
        return Sample(
            server=server.name,
            round=number,
            rate=load.requests / load.seconds,
            cpu=1000 * used / load.requests,
            p50=load.p50,
            p99=load.p99,
            slowest=load.slowest,
            failed=load.failed,
        )


def comparable(value: Any) -> Any:
    """An answer without what may differ: the spelling of UTC, and cursors, which are each server's own."""
    if isinstance(value, dict):
        return {name: comparable(inner) for name, inner in value.items() if name != "endCursor"}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


def wait_for_events(location: str) -> None:
    """Wait until everything that follows the commits is done."""
    deadline = time.monotonic() + PATIENCE
    while number(location, WAITING):
        if time.monotonic() > deadline:
            raise RuntimeError("The events of the writes are not handed on; see the log in var/bench.")
        time.sleep(0.05)


def number(location: str, statement: str) -> int:
    """What a statement counts."""
    settings = Settings(database=location)
    if settings.database_kind == "sqlite":
        connection = sqlite3.connect(settings.database_location)
        try:
            return connection.execute(statement).fetchone()[0]
        finally:
            connection.close()

    async def fetch() -> int:
        connection = await asyncpg.connect(settings.database_location)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())
