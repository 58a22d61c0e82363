"""The time that a plugin's code may take; what it waits for others does not count."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_LIMIT: ContextVar[asyncio.Timeout | None] = ContextVar("accord_plugin_limit", default=None)


@asynccontextmanager
async def limited(seconds: float | None) -> AsyncGenerator[None]:
    """Raise TimeoutError where the block takes longer; None is as long as it likes."""
    async with asyncio.timeout(seconds) as limit:
        token = _LIMIT.set(limit)
        try:
            yield
        finally:
            _LIMIT.reset(token)


@contextmanager
def uncounted() -> Generator[None]:
    """Let the limit around it, if there is one, stand still in the block."""
    limit = _LIMIT.get()
    due = None if limit is None else limit.when()
    if limit is None or due is None:
        yield
        return
    loop = asyncio.get_running_loop()
    since = loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        if not limit.expired():
            limit.reschedule(due + loop.time() - since)
