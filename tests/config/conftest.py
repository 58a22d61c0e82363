"""Databases for commands: what ACCORD_DATABASE is set to."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture
def database(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each kind; the folder of an embedded one is not there yet."""
    if database_kind == "sqlite":
        yield f"sqlite:{tmp_path / 'var' / 'accord.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"t{uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)
