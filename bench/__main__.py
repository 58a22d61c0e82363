"""`make bench`: measures, prints a table, and writes var/bench/results.json and, after a whole run, README.md."""

import argparse
import asyncio
import pickle
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import get_args
from uuid import UUID

from rich.console import Console

from accord.bench import recording
from accord.bench.databases import KEPT, filled_databases
from accord.bench.measuring import Meter, Plan, Row
from accord.bench.population import USUAL
from accord.bench.servers import running_server
from accord.bench.workloads import WORKLOADS, Workload
from accord.graph.storing import DatabaseKind

SERVERS = ("limit", "accord", "baseline")


def main() -> None:
    """Read the command line and measure."""
    given = arguments()
    console = Console()
    plan = Plan(rounds=given.rounds or (2 if given.quick else 5), seconds=given.seconds or (0.5 if given.quick else 2))
    workloads = [one for one in WORKLOADS if not given.only or one.name in given.only.split(",")]
    rows: list[Row] = []
    KEPT.mkdir(parents=True, exist_ok=True)
    with console.status("") as status:
        for kind in get_args(DatabaseKind) if not given.database else [given.database]:
            with meter(kind, workloads, lambda text: status.update(text)) as one:
                for workload in workloads:
                    one.check(workload)
                for workload in workloads:
                    for connections in plan.connections:
                        row = one.measure(workload, connections, plan, lambda text: status.update(text))
                        rows.append(row)
                        console.print(
                            row.database,
                            row.workload,
                            row.connections,
                            *(
                                f"{s} {row.middle(s, 'rate'):,.0f}/s {row.middle(s, 'cpu'):.3f}ms p50 {row.middle(s, 'p50'):.2f} p99 {row.middle(s, 'p99'):.2f};"
                                for s in SERVERS
                            ),
                            f"share {row.ratio('accord', 'limit'):.2f} cpu {row.ratio('limit', 'accord', 'cpu'):.2f} x{row.ratio('accord', 'baseline'):.1f}",
                        )


@contextmanager
def meter(kind: DatabaseKind, workloads: Sequence[Workload], say) -> Iterator[Meter]:
    with ExitStack() as stack:
        places = stack.enter_context(filled_databases(kind, [USUAL], say))
        location = places[USUAL.name]
        world = asyncio.run(recording.look_around(location))
        recorded = asyncio.run(recording.record(location, workloads, world))
        file = KEPT / f"recorded-{kind}"
        file.write_bytes(pickle.dumps((recorded, [UUID(id_.removeprefix("acc_")) for id_ in world.accounts])))
        log = stack.enter_context((KEPT / f"log-{kind}").open("wb"))
        servers = [stack.enter_context(running_server(name, location, file, log)) for name in SERVERS]
        yield Meter(kind, location, servers, world, KEPT)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--quick", action="store_true", help="a run of under three minutes")
    parser.add_argument("--growth", action="store_true", help="compare 20,000 accounts with 1,000,000")
    parser.add_argument("--only", help="workloads, with commas between them: W1,W3")
    parser.add_argument("--database", choices=get_args(DatabaseKind))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    return parser.parse_args()


if __name__ == "__main__":
    main()
