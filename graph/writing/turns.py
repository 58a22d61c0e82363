"""Work that is done in turns: whenever somebody wakes it, and every so often, until it is told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("accord.workers")

POLL_SECONDS = 1.0


class Turns:
    """Does `work` again and again; it looks at `is_stopping` between one thing and the next."""

    def __init__(self, work: Callable[[], Awaitable[object]], what: str, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._work = work
        self._what = what
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self.is_stopping = False

    def wake(self) -> None:
        """Take a turn now instead of at the next time."""
        self._wake.set()

    def stop(self) -> None:
        """End once what is at hand is done."""
        self.is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped or cancelled."""
        while not self.is_stopping:
            self._wake.clear()
            try:
                await self._work()
            except Exception:  # the database may be away for a while; the worker stays
                log.exception("%s could not be worked on; trying again", self._what)
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue


def is_cancelled() -> bool:
    """Whether this task itself is told to end, and not something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
