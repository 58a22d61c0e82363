"""What tests with generated examples share."""

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """A loop that stays between examples: where hypothesis stops one, a loop that the example ran in would be lost."""
    with asyncio.Runner() as runner:
        yield runner
