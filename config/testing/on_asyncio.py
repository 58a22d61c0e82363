"""A fixture that is registered after anyio's own, so that it is the one that counts; a conftest still wins over it."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio: the database drivers know no other."""
    return "asyncio"
