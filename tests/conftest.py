"""What every test may ask for, and a loud word where PostgreSQL was not to be had."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.postgres_server import PostgresServer, PostgresUnavailableError, running_postgres

UNAVAILABLE = "PostgreSQL is not available: "


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests and fixtures on asyncio alone: the database drivers know no other."""
    return "asyncio"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run the test once on each database."""
    return request.param


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start PostgreSQL at the first test that asks for it, and end it with the last."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except PostgresUnavailableError as problem:
            reason = f"{UNAVAILABLE}{problem}"
        else:
            yield server
            return
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests that did not run for want of PostgreSQL; a bare count of skipped tests is easily overlooked."""
    missed: list[pytest.TestReport] = [
        report for report in terminalreporter.stats.get("skipped", []) if UNAVAILABLE in str(report.longrepr)
    ]
    if not missed:
        return
    _, _, reason = missed[0].longrepr if isinstance(missed[0].longrepr, tuple) else ("", 0, str(missed[0].longrepr))
    terminalreporter.section(f"NOT RUN: {len(missed)} tests on PostgreSQL", yellow=True, bold=True)
    terminalreporter.line(reason.removeprefix("Skipped: "))
    for report in missed:
        terminalreporter.line(f"  {report.nodeid}")


@pytest.fixture(scope="session")
def core_databases(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> CoreDatabases:
    """Where tests get migrated databases from."""
    server = request.getfixturevalue("postgres_server") if database_kind == "postgresql" else None
    return CoreDatabases(tmp_path_factory.mktemp("databases"), server)


@pytest.fixture
async def bench(core_databases: CoreDatabases) -> AsyncIterator[Bench]:
    """An Accord on an empty database of its own, on each kind of database."""
    location = await asyncio.to_thread(core_databases.new)
    async with open_bench(location, is_migrated=True) as opened:
        yield opened
    await asyncio.to_thread(core_databases.drop, location)
