"""What tests with generated examples share."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.reference.mistakes import ACCOUNT, CONTACT
from accord.tests.reference.population import counted_ids


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
            { id account { contacts { nodes { id } } } } }"""
        )
        account = made["createAccount"]
        assert [account["id"], account["account"]["contacts"]["nodes"][0]["id"]] == [ACCOUNT, CONTACT]
        yield bench
