"""An Accord with limits of a test's own, on SQLite: what a request may ask for is the same on every database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from accord.config.composition import open_accord
from accord.config.settings import Settings
from accord.config.testing.host import Clock
from accord.tests.accord_fixture import Bench, CoreDatabases, core_schema

Limited = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture(scope="module")
def embedded_databases(tmp_path_factory: pytest.TempPathFactory) -> CoreDatabases:
    """Where the tests of a module get SQLite databases from."""
    return CoreDatabases(tmp_path_factory.mktemp("limited"), None)


@pytest.fixture
def limited(embedded_databases: CoreDatabases) -> Limited:
    """Opens an Accord with the settings that it is given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Bench]:
        clock = Clock()
        chosen = Settings(database=embedded_databases.new(), **settings)
        async with open_accord(chosen, clock=clock, schema=core_schema()) as accord:
            yield Bench(accord=accord, clock=clock)

    return opened


def only(errors: list[dict[str, Any]]) -> dict[str, Any]:
    """What the one error says for programs."""
    (error,) = errors
    return error["extensions"]


async def kept_and_broken(bench: Bench, within: str, beyond: str, **error: Any) -> None:
    """A document at a limit runs; one that is just beyond is refused before a statement reaches the database."""
    assert "errors" not in (await bench.run(within)).decoded()
    with bench.counted() as statements:
        answer = (await bench.run(beyond)).decoded()
    assert statements == []
    assert "data" not in answer
    assert only(answer["errors"]) == error
