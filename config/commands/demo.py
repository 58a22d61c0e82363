"""accord demo: fill an empty database with the demo data."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ..settings import Settings, read_settings
from .database import ready_database
from .examples import examples
from .failures import CommandFailed, explained
from .terminal import progress, say

if TYPE_CHECKING:
    from ...graph.writing.write import Writer

T = TypeVar("T")
ATTEMPTS = 6  # of the time that a database lets a writer wait: another process may be loading the demo right now


def demo() -> None:
    """Load the demo data into the configured database, which must be empty.

    It is the book of business of a company that exists nowhere: 210 accounts, 600 contacts, 900 addresses. All of it
    is loaded, or nothing.
    """
    settings = read_settings()
    if not asyncio.run(_load(settings)):
        raise CommandFailed(
            "The database holds records already, and the demo is loaded into an empty one alone. "
            "Name another by ACCORD_DATABASE, such as sqlite:var/demo.db."
        )


EXAMPLES = examples(
    ("accord demo", "into the configured database"),
    ("ACCORD_DATABASE=sqlite:var/demo.db accord demo", "into one of its own"),
)


async def _load(settings: Settings) -> bool:
    from ..composition import open_accord, target_of

    target = target_of(settings)
    await ready_database(settings, target)
    with explained(target.place):
        async with open_accord(settings) as accord:
            return await fill(accord.writer)


async def fill(writer: "Writer") -> bool:
    """Load the demo with a bar or lines; False, and nothing written, where records are there. Raises CommandFailed."""
    from ..demo.loading import load_demo
    from ..demo.sheets import DemoInvalid

    try:
        with progress("Loading the demo") as report:
            loaded = await _when_free(lambda: load_demo(writer, progress=report))
    except DemoInvalid as error:
        raise CommandFailed(str(error)) from error
    if loaded is None:
        return False
    counts = ", ".join(f"{loaded[name]:,} {name}" for name in ("accounts", "contacts", "addresses"))
    say(f"Loaded the demo: {counts}.")
    return True


async def _when_free(work: Callable[[], Awaitable[T]]) -> T:
    """Do work that writes, as soon as others let it; raises Unavailable after all attempts."""
    from ...graph.errors import Unavailable

    for _ in range(ATTEMPTS - 1):
        try:
            return await work()
        except Unavailable:
            continue
    return await work()
