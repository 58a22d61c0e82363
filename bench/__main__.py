"""`make bench`: measures, prints tables, writes var/bench/results.json and, after a whole run, README.md."""

import argparse
import asyncio
import os
import pickle
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, get_args
from uuid import UUID

from rich.console import Console

from accord.bench import recording, report
from accord.bench.databases import KEPT, ROOT, filled_databases, with_plugins
from accord.bench.load import Load, put_load
from accord.bench.measuring import Meter, Plan, Row, Say, Subject
from accord.bench.population import GROWN, USUAL, Size
from accord.bench.servers import running_server
from accord.bench.workloads import (
    EXTENDED,
    LIST,
    NESTED,
    OF_PLUGINS,
    ONE,
    PAGE_200,
    PLUGINS,
    UPDATE,
    WORKLOADS,
    Workload,
    World,
)
from accord.config.settings import Settings
from accord.graph.storing import DatabaseKind

SERVERS = ("limit", "accord", "baseline")
GROWING = (ONE, LIST, NESTED, PAGE_200)
CORE_FIELDS, WITH_FIELDS = "core fields", "and the plugins' fields"
WITHOUT, WITH = "without plugins", "with two"
QUICK = Plan(rounds=2, seconds=0.5)
# many turns tell more than long ones: the same server may be twice as fast a second later
WHOLE = Plan(rounds=15, seconds=0.5)
PAIRS = Plan(rounds=30, seconds=0.3)


def main() -> None:
    """Read the command line, measure, and tell."""
    given = _arguments()
    usual = QUICK if given.quick else PAIRS if given.growth or given.plugins else WHOLE
    plan = replace(usual, rounds=given.rounds or usual.rounds, seconds=given.seconds or usual.seconds)
    workloads = [one for one in WORKLOADS if not given.only or one.name in given.only.split(",")]
    kinds: Sequence[DatabaseKind] = [given.database] if given.database else ["postgresql", "sqlite"]
    console = Console(width=None if sys.stdout.isatty() else 200)
    KEPT.mkdir(parents=True, exist_ok=True)
    before = os.getloadavg()[0]
    rows: list[Row] = []
    growth: list[Row] = []
    beside: list[Row] = []
    plugged: list[Row] = []
    known: list[str | None] = [None]
    with console.status("") as status:
        client = _client()
        for kind in kinds:
            bench = _Bench(kind, plan, status.update)
            if given.growth:
                growth += bench.growth()
            elif given.plugins:
                plugged += bench.plugins()
            else:
                rows += bench.rows(workloads)
                beside += bench.beside_writer()
            known.append(bench.version)
    command = f"make bench ARGS='{' '.join(sys.argv[1:])}'" if sys.argv[1:] else "make bench"
    findings = report.Findings(
        command=command,
        rows=rows,
        growth=growth,
        beside_writer=beside,
        plugins=plugged,
        versions=report.versions(next(filter(None, known), None)),
        client=client,
        loads=(before, os.getloadavg()[0]),
    )
    report.print_rows(console, rows)
    if beside:
        report.print_pairs(console, "Reads on SQLite while another process writes", beside, "alone", "beside a writer")
    if growth:
        report.print_pairs(console, "With more accounts", growth, USUAL.name, GROWN.name)
    if plugged:
        reads = [row for row in plugged if row.workload == EXTENDED.name]
        writes = [row for row in plugged if row.workload != EXTENDED.name]
        report.print_pairs(console, "A page of 50 on a server with two plugins", reads, CORE_FIELDS, WITH_FIELDS)
        report.print_pairs(console, "Two plugins that look at every write", writes, WITHOUT, WITH)
    rate = client.requests / client.seconds
    console.print(f"The load generator by itself sends {rate:,.0f} requests a second to a server that does nothing.")
    console.print(f"Load average {findings.loads[0]:.1f} at the beginning, {findings.loads[1]:.1f} at the end.")
    path = KEPT / ("growth.json" if given.growth else "plugins.json" if given.plugins else "results.json")
    report.write_json(path, findings)
    console.print(f"Wrote {path.relative_to(ROOT)}.")
    if not (given.quick or given.only or given.database or given.growth or given.plugins):
        done = report.write_readme(ROOT / "README.md", findings)
        console.print("Wrote the table in README.md." if done else f"README.md has no {report.START}.")


class _Bench:
    """What is measured on one kind of database."""

    def __init__(self, kind: DatabaseKind, plan: Plan, say: Say) -> None:
        self.kind: DatabaseKind = kind
        self.plan = plan
        self.say = say
        self.version: str | None = None

    def rows(self, workloads: Sequence[Workload]) -> Iterator[Row]:
        """The three servers side by side."""
        with self._open([USUAL]) as (places, log), ExitStack() as stack:
            subjects = self._subjects(stack, USUAL, places[USUAL.name], SERVERS, log, workloads)
            meter = Meter(self.kind, subjects, KEPT, self.say)
            for workload in workloads:
                meter.check(workload)
            for workload in workloads:
                for connections in self.plan.connections:
                    yield meter.measure(workload, connections, self.plan)

    def growth(self) -> Iterator[Row]:
        """Accord with few accounts and with many."""
        with self._open([USUAL, GROWN]) as (places, log), ExitStack() as stack:
            subjects = [
                replace(one, name=size.name)
                for size in (USUAL, GROWN)
                for one in self._subjects(stack, size, places[size.name], ["accord"], log)
            ]
            meter = Meter(self.kind, subjects, KEPT, self.say)
            for workload in GROWING:
                for connections in self.plan.connections:
                    yield meter.measure(workload, connections, self.plan)

    def plugins(self) -> Iterator[Row]:
        """A page with and without the fields of two plugins, and a write with and without their hooks."""
        with self._open([USUAL]) as (places, log), ExitStack() as stack:
            plain = places[USUAL.name]
            self.say(f"{self.kind}: enabling two plugins")
            plugged = asyncio.run(with_plugins(plain, PLUGINS))
            (without,) = self._subjects(stack, USUAL, plain, ["accord"], log)
            server = stack.enter_context(running_server("accord", plugged, KEPT / "nothing", log, PLUGINS))
            with_two = replace(without, server=server, location=plugged)
            extended = replace(without.world, fields=OF_PLUGINS)
            pages = [replace(with_two, name=CORE_FIELDS), replace(with_two, name=WITH_FIELDS, world=extended)]
            reads = Meter(self.kind, pages, KEPT, self.say)
            writes = Meter(self.kind, [replace(without, name=WITHOUT), replace(with_two, name=WITH)], KEPT, self.say)
            for meter, workload in ((reads, EXTENDED), (writes, UPDATE)):
                for connections in self.plan.connections:
                    yield meter.measure(workload, connections, self.plan)

    def beside_writer(self) -> Iterator[Row]:
        """Reads alone, and while a transaction of somebody else has written and isn't committed."""
        if self.kind != "sqlite":
            return
        with self._open([USUAL]) as (places, log), ExitStack() as stack:
            (subject,) = self._subjects(stack, USUAL, places[USUAL.name], ["accord"], log)
            for workload in (ONE, NESTED):
                for connections in self.plan.connections:
                    alone = Meter(self.kind, [replace(subject, name="alone")], KEPT, self.say)
                    row = alone.measure(workload, connections, self.plan)
                    beside = Meter(self.kind, [replace(subject, name="beside a writer")], KEPT, self.say)
                    with _long_transaction(Path(Settings(database=places[USUAL.name]).database_location)):
                        other = beside.measure(workload, connections, self.plan)
                    yield replace(row, samples=[*row.samples, *other.samples])

    @contextmanager
    def _open(self, sizes: Sequence[Size]) -> Iterator[tuple[dict[str, str], IO[bytes]]]:
        log = KEPT / f"log-{self.kind}"
        with filled_databases(self.kind, sizes, self.say) as places, log.open("wb") as opened:
            if self.kind == "postgresql":
                self.version = report.server_version(places[sizes[0].name])
            yield places, opened

    def _subjects(
        self,
        stack: ExitStack,
        size: Size,
        location: str,
        names: Sequence[str],
        log: IO[bytes],
        workloads: Sequence[Workload] = (),
    ) -> list[Subject]:
        """Servers on one database, started, with what they have to know."""
        self.say(f"{self.kind}: looking around among {size.accounts:,} accounts")
        world = asyncio.run(recording.look_around(location))
        recorded = asyncio.run(recording.record(location, workloads, world))
        file = KEPT / f"recorded-{self.kind}-{size.name}"
        file.write_bytes(pickle.dumps((recorded, [UUID(id_.removeprefix("acc_")) for id_ in world.accounts])))
        return [
            Subject(
                name=name,
                server=stack.enter_context(running_server(name, location, file, log)),
                location=location,
                world=world,
            )
            for name in names
        ]


def _client() -> Load:
    """What the load generator reaches with a server that does nothing."""
    with (
        (KEPT / "log-client").open("wb") as log,
        running_server("trivial", "sqlite:none", KEPT / "nothing", log) as server,
    ):
        return put_load(server.port, "/graphql", ONE.bodies(World(accounts=["acc_0"], page_200="")), 16, 1.0, KEPT)


@contextmanager
def _long_transaction(path: Path) -> Iterator[None]:
    """Hold the write lock of a SQLite file, with thousands of rows changed, until the block ends."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("begin immediate")
        connection.execute("update account set description = 'being written' where rowid % 4 = 0")
        yield
        connection.execute("rollback")
    finally:
        connection.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds: under three minutes")
    parser.add_argument("--growth", action="store_true", help="only compare 20,000 accounts with 1,000,000")
    parser.add_argument("--plugins", action="store_true", help="only what two plugins cost a page and a write")
    parser.add_argument("--only", help="some workloads, with commas between them: W1,W3")
    parser.add_argument("--database", choices=get_args(DatabaseKind), help="only one of the two")
    parser.add_argument("--rounds", type=int, help=f"{WHOLE.rounds} if not given, of pairs {PAIRS.rounds}")
    parser.add_argument("--seconds", type=float, help=f"of each run; {WHOLE.seconds:g}, of pairs {PAIRS.seconds:g}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
