"""What tests of clients may ask for, and a loud word where they could not run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.tests.clients.node_project import Installed, install
from accord.tests.clients.servers import serving


@pytest.fixture(scope="session")
def installed() -> Installed:
    """Node.js with the packages of the clients."""
    return install()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Host and port of an Accord on an empty database."""
    with serving(tmp_path) as address:
        yield address


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the clients that were not tried; a bare count of skipped tests is easily overlooked."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if report.nodeid.startswith("tests/clients/")]
    if not missed:
        return
    reason = missed[0].longrepr[2] if isinstance(missed[0].longrepr, tuple) else str(missed[0].longrepr)
    terminalreporter.section(f"NOT RUN: {len(missed)} tests of clients", yellow=True, bold=True)
    terminalreporter.line(reason.removeprefix("Skipped: "))
    for report in missed:
        terminalreporter.line(f"  {report.nodeid}")
