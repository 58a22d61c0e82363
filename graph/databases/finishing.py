"""Work that is awaited to its end, also by who was cancelled meanwhile, so that it is known how things stand."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

AGAIN_SECONDS = 0.05  # an interruption that comes just before a statement begins goes unheard, so that it is repeated


async def to_its_end(work: Coroutine[Any, Any, Any], interrupt: Callable[[], Awaitable[None]] | None = None) -> Any:
    """What the work gives; cancelled, wait for its end first. What nobody waits for is interrupted, where it can be."""
    task = asyncio.ensure_future(_outcome(work))
    try:
        value, error = await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            if interrupt is not None:
                await interrupt()
            await asyncio.wait([task], timeout=None if interrupt is None else AGAIN_SECONDS)
        raise
    if error is not None:
        raise error
    return value


async def _outcome(work: Coroutine[Any, Any, Any]) -> tuple[Any, Exception | None]:
    """A value or an error: a task that nobody asks any more must not end with an error that nobody takes."""
    try:
        return await work, None
    except Exception as error:  # handed on by who awaits the outcome
        return None, error
