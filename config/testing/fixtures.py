"""The pytest plugin: fixtures for tests of plugins, each documented by its docstring (`pytest --fixtures`).

It is loaded in every run of pytest where Accord is installed, so it imports Accord when a fixture is used, and not
before. Which plugins are on is said by the ini setting `accord_plugins`, or by a mark on the test:
`@pytest.mark.accord_plugins("healthcare", "finance")`, with settings of theirs as keywords if need be.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from .databases import Databases, Kind
    from .host import Clock, Gql, Host, Make, Outbox, Statements

INI = "accord_plugins"


class AsActor(Protocol):
    """The fixture `as_actor`."""

    def __call__(self, *permissions: str) -> "Gql":
        """Run documents as somebody who holds these permissions and no other."""
        ...


CheckContract = Callable[[str], Awaitable[None]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting that names the plugins under test."""
    parser.addini(INI, "plugins of Accord that are on in every test of this project", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, and let the tests of a plugin's project run on asyncio alone."""
    config.addinivalue_line("markers", f"{INI}(*names, **settings): plugins of Accord that are on in this test")
    if config.getini(INI):
        from . import on_asyncio

        config.pluginmanager.register(on_asyncio, "accord-on-asyncio")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is tested, and loudly what is not."""
    names = config.getini(INI)
    if not names:
        return []
    from .databases import NO_POSTGRESQL, server_url

    on = "SQLite and PostgreSQL" if server_url() else f"SQLite alone; {NO_POSTGRESQL.replace('not run', 'NOT RUN')}"
    return [f"accord: plugins {', '.join(names)}; on {on}"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests on PostgreSQL where there is none; the header says so."""
    on_server = [item for item in items if _kind_of(item) == "postgresql"]
    if not on_server:
        return
    from .databases import server_url

    if server_url() is None:
        config.hook.pytest_deselected(items=on_server)
        items[:] = [item for item in items if _kind_of(item) != "postgresql"]


def _kind_of(item: pytest.Item) -> str | None:
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("accord_database_kind")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def accord_database_kind(request: pytest.FixtureRequest) -> "Kind":
    """The kind of database that the test runs on: sqlite, or postgresql where TEST_DATABASE_URL names a server."""
    return request.param


@pytest.fixture(scope="session")
def accord_databases(tmp_path_factory: pytest.TempPathFactory) -> "Generator[Databases]":
    """Where the tests' databases come from; those on a server are dropped at the end."""
    from .databases import Databases, server_url

    databases = Databases(tmp_path_factory.mktemp("accord"), server_url())
    yield databases
    asyncio.run(databases.drop_all())


@pytest.fixture
def clock() -> "Clock":
    """The clock of the test's Accord: it stands at noon of 2026-03-01, UTC, until it is turned."""
    from .host import Clock

    return Clock()


@pytest.fixture
async def host(
    accord_databases: "Databases", accord_database_kind: "Kind", clock: "Clock", request: pytest.FixtureRequest
) -> "AsyncGenerator[Host]":
    """An Accord with the plugins under test and no other, found and loaded as a server does, on an empty database."""
    from ...graph.migrating.errors import MigrationError
    from ..settings import SettingsInvalid
    from .host import migrate, open_host, settings_for

    names, given = _plugins(request)

    async def fill(place: str) -> None:
        await migrate(settings_for(place, names, **given))

    try:
        location = await accord_databases.migrated(accord_database_kind, names, fill)
    except (SettingsInvalid, MigrationError) as refused:
        pytest.fail(str(refused), pytrace=False)
    schemas: dict[Any, Any] = accord_databases.schemas
    try:
        settings = settings_for(location, names, **given)
        async with open_host(settings, clock, schema=schemas.get(tuple(names))) as opened:
            schemas[tuple(names)] = opened.accord.schema
            yield opened
    except SettingsInvalid as refused:
        pytest.fail(str(refused), pytrace=False)
    finally:
        await accord_databases.drop(location)


def _plugins(request: pytest.FixtureRequest) -> tuple[list[str], dict[str, Any]]:
    mark = request.node.get_closest_marker(INI)
    if mark is not None:
        return [str(name) for name in mark.args], dict(mark.kwargs)
    names = list(request.config.getini(INI))
    if not names:
        pytest.fail(
            f"no plugin is named: set {INI} in the pytest section of pyproject.toml, or mark the test with "
            f'@pytest.mark.{INI}("NAME").',
            pytrace=False,
        )
    return names, {}


@pytest.fixture
def gql(host: "Host") -> "Gql":
    """Run GraphQL documents as somebody who may do everything: `await gql("{ … }", **variables)` gives the data.

    `gql.errors(…)` gives the errors of a document that must have some, `gql.answer(…)` the whole answer.
    """
    return host.gql


@pytest.fixture
def as_actor(host: "Host") -> AsActor:
    """Run documents as somebody with few permissions: `await as_actor("hipaa.phi.read")("{ … }")`."""
    return host.as_actor


@pytest.fixture
def make_account(host: "Host") -> "Make":
    """Create accounts: `await make_account(name="Kestrel", hipaa={"npi": "…"})` gives the id."""
    return host.make("Account")


@pytest.fixture
def make_contact(host: "Host") -> "Make":
    """Create contacts: `await make_contact(familyName="Huber")` gives the id."""
    return host.make("Contact")


@pytest.fixture
def make_address(host: "Host") -> "Make":
    """Create addresses: `await make_address(city="Graz")` gives the id."""
    return host.make("Address")


@pytest.fixture
def outbox(host: "Host") -> "Outbox":
    """Do the work that waits for a commit: `await outbox.drain()`."""
    return host.outbox


@pytest.fixture
def statements(host: "Host") -> "Statements":
    """Count what is read: `with statements.counted() as ran: …`, then `assert len(ran) == 1`."""
    return host.statements


@pytest.fixture
def check_contract() -> CheckContract:
    """Run what `accord plugin check NAME` runs, on each database there is; a failed check fails the test."""

    async def check(name: str) -> None:
        from ..contract.report import told
        from ..contract.suite import check_plugins
        from .databases import server_url

        failed = [result for result in await check_plugins([name], server=server_url()) if result.failed]
        assert not failed, "the contract is not kept:\n" + told(failed)

    return check
