"""A shop on each database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.graph.migrating import Target
from accord.tests.graph.migrating.toy_shop.shop import ALL, Shop
from accord.tests.waiting import PATIENCE


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that goes on by a second each time it is read."""
    seconds = iter(range(1_000_000))
    return lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(seconds))


@pytest.fixture
def shop(
    database_kind: str,
    tmp_path: Path,
    clock: Callable[[], datetime],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """An empty database of either kind, to be given all migrations of the toy."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    if database_kind == "sqlite":
        target = Target(kind="sqlite", location=str(tmp_path / "shop.db"), apps=(), clock=clock, lock_timeout=PATIENCE)
        yield Shop(target=target, folder=folder).using(*ALL)
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database("migrating")
        target = Target(kind="postgresql", location=url, apps=(), clock=clock, lock_timeout=PATIENCE)
        yield Shop(target=target, folder=folder).using(*ALL)
        server.drop_database("migrating")
