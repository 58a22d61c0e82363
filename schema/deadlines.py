"""Deadlines: what takes longer than it may is told so.

All that have the same time share one timer, since each is over in the order in which it began: a timer for each costs a
short request more than reading its body.
"""

import asyncio
from types import TracebackType
from typing import Protocol


class Timed(Protocol):
    """What has a deadline."""

    def expire(self) -> None:
        """Its time is over."""
        ...


class Deadlines:
    """Those that run, each with the same number of seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until: dict[Timed, float] = {}  # the oldest first
        self._loop: asyncio.AbstractEventLoop | None = None  # that has the timer

    def add(self, one: Timed) -> None:
        """Let its time begin."""
        loop = asyncio.get_running_loop()
        self._until[one] = loop.time() + self.seconds
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(self.seconds, self._look, loop)

    def remove(self, one: Timed) -> None:
        """It has ended by itself, or is over."""
        self._until.pop(one, None)

    def limit(self) -> "Limit":
        """A block that has so much time; raises TimeoutError once it is over."""
        return Limit(self)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            return  # what ran there has ended with it
        self._loop = None
        while self._until:
            one, until = next(iter(self._until.items()))
            if until > loop.time():
                self._loop = loop
                loop.call_at(until, self._look, loop)
                break
            del self._until[one]
            one.expire()


class Limit:
    """A block of a task, which is cancelled when its time is over; as asyncio.timeout, for the price of a function."""

    __slots__ = ("_cancelling", "_deadlines", "_is_over", "_task")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task's time can be limited")
        self._task = task
        self._cancelling = task.cancelling()
        self._deadlines.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        is_own = self._is_over and self._task.uncancel() <= self._cancelling
        if is_own and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the task."""
        self._is_over = True
        self._task.cancel()
