"""Measuring: the servers take turns in short runs, and what counts are shares within one round."""

import asyncio
import random
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

WAITING = "select count(*) from outbox_delivery where parked_at is null"
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
class Subject:
    """What is measured: a server, the database behind it (a setting), and what requests name of that."""

    name: str
    server: ServerProcess
    location: str
    world: World

    def answer(self, workload: Workload, run: int) -> bytes:
        """The answer to the first request of a run."""
        return self.server.ask(workload.name, workload.bodies(self.world, run)[0])


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run of one subject. `cpu` is of the serving process, `p50`, `p99` and `slowest` are latencies; all in ms."""

    subject: str
    round: int
    rate: float
    cpu: float
    p50: float
    p99: float
    slowest: float
    failed: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """A workload on one database with so many connections, as all subjects did it."""

    database: str
    workload: str
    title: str
    connections: int
    samples: Sequence[Sample]

    def middle(self, subject: str, figure: str) -> float:
        """The median of a figure over the rounds."""
        return median(getattr(sample, figure) for sample in self.samples if sample.subject == subject)

    def ratios(self, subject: str, other: str, figure: str = "rate") -> list[float]:
        """In each round, what a subject reached as a share of what another reached in the same round."""
        by_round = {(sample.round, sample.subject): getattr(sample, figure) for sample in self.samples}
        return [by_round[one, subject] / by_round[one, other] for one in sorted({one for one, _ in by_round})]

    def ratio(self, subject: str, other: str, figure: str = "rate") -> float:
        """The median of the ratios."""
        return median(self.ratios(subject, other, figure))


class Meter:
    """Measures several subjects by turns."""

    def __init__(self, database: str, subjects: Sequence[Subject], folder: Path, say: Say) -> None:
        self.database = database
        self.subjects = list(subjects)
        self._folder = folder
        self._say = say
        self._run = int(time.time()) % 100_000  # writes of earlier runs must not be repeated

    def check(self, workload: Workload) -> None:
        """All subjects, before any was measured, give the same answer to a read, and a good one to a write."""
        found: list[Any] = []
        for subject in self.subjects:
            self._run += 1
            answer = orjson.loads(subject.answer(workload, self._run))
            if "errors" in answer or None in answer["data"].values():
                raise RuntimeError(f"{subject.name} can't do {workload.name}: {answer}")
            found.append(comparable(answer["data"]))
            if not workload.is_write and found[-1] != found[0]:
                names = f"{self.subjects[0].name} and {subject.name}"
                raise RuntimeError(f"{names} don't agree on {workload.name}:\n{found[0]}\n{found[-1]}")

    def measure(self, workload: Workload, connections: int, plan: Plan) -> Row:
        """All rounds of one row, with turns drawn: a machine's hiccups may keep a beat that fixed turns would meet."""
        for subject in self.subjects:
            self._sample(subject, workload, connections, WARM_UP, 0)
        samples: list[Sample] = []
        turns = random.Random(workload.name)  # the same turns in every run
        for number in range(plan.rounds):
            for subject in turns.sample(self.subjects, len(self.subjects)):
                samples.append(self._sample(subject, workload, connections, plan.seconds, number))
        return Row(
            database=self.database,
            workload=workload.name,
            title=workload.title,
            connections=connections,
            samples=samples,
        )

    def _sample(self, subject: Subject, workload: Workload, connections: int, seconds: float, number: int) -> Sample:
        """One run; what a write leaves to be done after its commit counts as its server's work, too."""
        self._say(f"{self.database}: {workload.name}, {connections} connections, {subject.name}")
        self._run += 1
        server = subject.server
        bodies = workload.bodies(subject.world, self._run)
        before = server.cpu_seconds()
        load = put_load(server.port, server.path(workload.name), bodies, connections, seconds, self._folder)
        if workload.is_write and server.name == "accord":
            wait_for_events(subject.location)
        used = server.cpu_seconds() - before
        return Sample(
            subject=subject.name,
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
    while _count(location, WAITING):
        if time.monotonic() > deadline:
            raise RuntimeError("The events of the writes are not handed on; see the log in var/bench.")
        time.sleep(0.05)


def _count(location: str, statement: str) -> int:
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
