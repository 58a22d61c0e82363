"""What calling the hooks of two plugins costs on one write, beyond what they do: `python -m accord.bench.hooks`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from accord.graph.writing.faces import Faces
from accord.plugins import Change, Plugin, Unit, Violation, hookimpl
from accord.plugins.calling import Hooks

CALLS = 5_000


class First(Plugin):
    """Looks at every write, and finds nothing."""

    name = "first"

    @hookimpl
    async def prepare(self, unit: Unit) -> None:
        """Nothing is derived."""

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Nothing is wrong."""
        for found in ():
            yield found

    @hookimpl
    async def before_commit(self, unit: Unit) -> None:
        """Nothing is done."""


class Second(First):
    """Another like it."""

    name = "second"


class _Nothing:
    """A unit of work without changes."""

    now = datetime.now(UTC)
    today = now.date()
    actor = uuid4()


async def measured(work: Callable[[], Awaitable[object]]) -> float:
    """The median of many calls, in milliseconds."""
    took: list[float] = []
    for _ in range(CALLS):
        started = perf_counter()
        await work()
        took.append(perf_counter() - started)
    return median(took) * 1_000


async def main() -> None:
    """Measure, and print."""
    hooks = Hooks([First(), Second()])
    unit: Any = _Nothing()

    def faces() -> Faces:
        return Faces(unit, hooks, lambda permission: False)

    async def every() -> None:
        for hook in (hooks.prepare, hooks.validate, hooks.before_commit):
            await hook(faces(), 1)

    print(f"validate of two plugins: {await measured(lambda: hooks.validate(faces(), 1)):.3f} ms")
    print(f"prepare, validate and before_commit of two plugins: {await measured(every):.3f} ms")


if __name__ == "__main__":
    asyncio.run(main())
