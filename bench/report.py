"""The report: tables for people, JSON for programs, and a section of README.md."""

import asyncio
import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table

from accord.bench.load import Load
from accord.bench.measuring import Row
from accord.graph.databases.sqlite import newest_driver

START, END = "<!-- bench -->", "<!-- /bench -->"
PACKAGES = ("uvicorn", "uvloop", "graphql-core", "asyncpg", "strawberry-graphql", "tortoise-orm")
DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
SHARES = {"W1": 0.6, "W2": 0.6, "W3": 0.8, "W4": 0.7, "W5": 0.6, "M1": 0.25}  # to reach, of the limit's requests


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that a run found."""

    command: str
    rows: Sequence[Row] = ()
    growth: Sequence[Row] = ()
    beside_writer: Sequence[Row] = ()
    plugins: Sequence[Row] = ()
    versions: dict[str, str]
    client: Load  # the load generator with a server that does nothing
    loads: tuple[float, float]  # load average of the machine at the beginning and at the end


def versions(postgresql: str | None) -> dict[str, str]:
    """The machine, and what it ran, by name; `postgresql` is the server's version."""
    found = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": newest_driver().sqlite_version,
    }
    if postgresql:
        found["PostgreSQL"] = postgresql
    return found | {name: importlib.metadata.version(name) for name in PACKAGES}


def server_version(url: str) -> str:
    """The version of the PostgreSQL at a URL."""

    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return (await connection.fetchval("show server_version")).split()[0]
        finally:
            await connection.close()

    return asyncio.run(ask())


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """One table for each database and number of connections."""
    for database, connections in dict.fromkeys((row.database, row.connections) for row in rows):
        table = Table(title=f"{DATABASES[database]}, {connections} connection{'s' * (connections > 1)}")
        for name in ("", "requests/s", "CPU ms", "p50 ms", "p99 ms", "limit", "CPU ms", "DataLoaders", "CPU ms"):
            table.add_column(name, justify="right" if name else "left")
        for name in ("share of limit", "rounds", "x DataLoaders"):
            table.add_column(name, justify="right")
        for row in rows:
            if (row.database, row.connections) == (database, connections):
                table.add_row(*_cells(row))
        console.print(table)


def _cells(row: Row) -> list[str]:
    def figures(subject: str, *names: str) -> list[str]:
        shown = {"rate": "{:,.0f}", "cpu": "{:.3f}", "p50": "{:.2f}", "p99": "{:.1f}"}
        return [shown[name].format(row.middle(subject, name)) for name in names]

    shares = row.ratios("accord", "limit")
    failed = sum(sample.failed for sample in row.samples)
    return [
        f"{row.workload} {row.title}" + (f" ({failed} FAILED)" if failed else ""),
        *figures("accord", "rate", "cpu", "p50", "p99"),
        *figures("limit", "rate", "cpu"),
        *figures("baseline", "rate", "cpu"),
        _share(row),
        f"{min(shares):.2f}-{max(shares):.2f}",
        f"{row.ratio('accord', 'baseline'):.1f}",
    ]


def _share(row: Row) -> str:
    share, wanted = row.ratio("accord", "limit"), SHARES.get(row.workload)
    is_target = wanted is not None and row.database == "postgresql" and row.connections > 1
    return f"{share:.2f}" + (f" of {wanted}" if is_target else "")


PAIRED = ("p50", "p99", "slowest", "cpu")


def print_pairs(console: Console, title: str, rows: Sequence[Row], before: str, after: str) -> None:
    """How a figure changes from one subject to another."""
    table = Table(title=title)
    for name in (
        "",
        "connections",
        f"{before}: p50 ms",
        "p99 ms",
        "slowest",
        "CPU ms",
        f"{after}: p50 ms",
        "p99 ms",
        "slowest",
        "CPU ms",
        "x",
    ):
        table.add_column(name, justify="right" if name else "left")
    for row in rows:
        figures = [f"{row.middle(one, name):.2f}" for one in (before, after) for name in PAIRED]
        change = row.ratio(after, before, "p50")
        name = f"{DATABASES[row.database]} {row.workload}"
        table.add_row(name, str(row.connections), *figures, f"{change:.2f}")
    console.print(table)


def write_json(path: Path, findings: Findings) -> None:
    """Everything, each run by itself."""
    path.write_bytes(orjson.dumps(asdict(findings), option=orjson.OPT_INDENT_2))


def write_readme(path: Path, findings: Findings) -> bool:
    """Put the section between its marks; False where there are none."""
    text = path.read_text("utf-8") if path.exists() else ""
    pattern = re.compile(f"{START}.*{END}", re.DOTALL)
    if not pattern.search(text):
        return False
    section = "\n".join([START, *_section(findings), END])
    path.write_text(pattern.sub(lambda _: section, text), "utf-8")
    return True


def _section(findings: Findings) -> Sequence[str]:
    most = max(row.connections for row in findings.rows)
    lines = [
        f"Requests a second of one server process at {most} connections. *Share* is of what a bare ASGI application",
        "reaches with the same SQL; *DataLoaders* is Strawberry over Tortoise, as their documentation shows it.",
        "",
        "| | PostgreSQL | CPU ms | share | x DataLoaders | SQLite | CPU ms | x DataLoaders |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    by_place = {(row.database, row.workload): row for row in findings.rows if row.connections == most}
    for name in dict.fromkeys(row.workload for row in findings.rows):
        postgresql, sqlite = by_place.get(("postgresql", name)), by_place.get(("sqlite", name))
        title = next(row.title for row in findings.rows if row.workload == name)
        cells: list[str] = [f"{name}: {title}"]
        cells += [*_columns(postgresql, "limit"), *_columns(sqlite)]
        lines.append(f"| {' | '.join(cells)} |")
    known = findings.versions
    used = ", ".join(f"{name} {version}" for name, version in known.items() if name != "machine")
    return [*lines, "", f"Made by `{findings.command}` on {known['machine']}, with {used}."]


def _columns(row: Row | None, *shares: str) -> list[str]:
    if row is None:
        return ["-"] * (3 + len(shares))
    rate, cpu = row.middle("accord", "rate"), row.middle("accord", "cpu")
    return [
        f"{rate:,.0f}",
        f"{cpu:.2f}",
        *(f"{row.ratio('accord', one):.2f}" for one in shares),
        f"{row.ratio('accord', 'baseline'):.0f}",
    ]
