"""A place to install plugins into, and the test kit's fixtures on each of the databases of these tests."""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.config.testing.databases import Databases
from accord.tests.accord_fixture import CoreDatabases
from accord.tests.plugins.installing import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder that imports look into first; what was imported from it is forgotten at the end."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))  # for the commands that a test starts
    importlib.invalidate_caches()
    yield Site(folder=folder)
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture(scope="session")
def accord_database_kind(database_kind: str) -> str:
    """Run the test once on each database."""
    return database_kind


@pytest.fixture(scope="session")
def accord_databases(
    tmp_path_factory: pytest.TempPathFactory, database_kind: str, request: pytest.FixtureRequest
) -> Iterator[Databases]:
    """Databases of a plugin's own, on the server of these tests."""
    server: Any = request.getfixturevalue("postgres_server") if database_kind == "postgresql" else None
    databases = Databases(tmp_path_factory.mktemp("kit"), server and server.url)
    yield databases
    asyncio.run(databases.drop_all())


@pytest.fixture
def location(core_databases: CoreDatabases) -> Iterator[str]:
    """A database with the core tables and nothing in them."""
    made = core_databases.new()
    yield made
    core_databases.drop(made)


@pytest.fixture
def installed(site: Site) -> Site:
    """A site with both plugins."""
    site.install("clinic")
    site.install("bank")
    return site
