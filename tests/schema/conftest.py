"""What tests with generated examples share."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from accord.plugins.calling import Hooks
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.reference.mistakes import ACCOUNT, CONTACT
from accord.tests.reference.population import counted_ids
from accord.tests.schema.toy_clinic import Clinic, Prepared, Rules, opened, prepared


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """A loop that stays between examples: where hypothesis stops one, a loop that the example ran in would be lost."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
async def small(core_databases: CoreDatabases) -> AsyncIterator[Bench]:
    """An Accord with an account and its contact, for tests that only read."""
    async with open_bench(core_databases.new(), is_migrated=True, new_id=counted_ids()) as bench:
        made = await bench.ask(
            """mutation { createAccount(input: {name: "Kestrel", contacts: [{familyName: "Abel"}]})
            { recordId account { contacts { nodes { id } } } } }"""
        )
        account = made["createAccount"]
        assert [account["recordId"], account["account"]["contacts"]["nodes"][0]["id"]] == [ACCOUNT, CONTACT]
        yield bench


@pytest.fixture(scope="session")
def clinic_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A plugin with protected fields, its migration made."""
    with prepared(tmp_path_factory.mktemp("clinic")) as made:
        yield made


@pytest.fixture
def rules() -> Rules:
    """What the hooks of that plugin do, and what they were told."""
    return Rules()


@pytest.fixture
async def clinic(core_databases: CoreDatabases, clinic_app: Prepared, rules: Rules) -> AsyncIterator[Bench]:
    """An Accord with that plugin, its hooks included."""
    async with opened(core_databases, clinic_app, Hooks([Clinic(rules)]), new_id=counted_ids()) as bench:
        yield bench
