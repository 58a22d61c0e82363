"""Waiting for what nobody announces, with the patience that a machine with other things to do needs."""

import asyncio
import inspect
from collections.abc import Callable

PATIENCE = 180.0  # seconds: far more than anything takes, also on a machine with other things to do
STEP = 0.02


async def until(claim: Callable[[], object]) -> None:
    """Wait until a claim, which may be async, is true."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = claim()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(STEP)
