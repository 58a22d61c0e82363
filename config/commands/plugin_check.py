"""accord plugin check: run the contract suite on plugins."""

import asyncio
import logging
from typing import Annotated

import typer

from ..settings import read_settings
from .examples import examples
from .failures import CommandFailed
from .terminal import progress, say

EXAMPLES = examples(
    ("accord plugin check loyalty", "whether a plugin keeps the contract"),
    ("accord plugin check", "whether all do that are installed"),
    ("TEST_DATABASE_URL=postgresql://postgres@localhost/postgres accord plugin check loyalty", "on PostgreSQL, too"),
)


def check(
    name: Annotated[str | None, typer.Argument(help="The plugin to check; else all that are installed.")] = None,
) -> None:
    """Check that plugins keep the contract: alone and with the others, on databases of their own.

    It is the code that is tried, on rows that are made up; the configured database is not touched. What is checked
    stands in docs/plugins/index.md. The exit code is 1 where a check fails.
    """
    from ...plugins.loading import discover
    from ...plugins.names import nearest
    from ..contract.report import summed_up, told
    from ..contract.suite import check_plugins
    from ..testing.databases import server_url

    installed = sorted({one.name for one in discover()})
    if not installed:
        raise CommandFailed("There is no plugin to check: none is installed.")
    if name is not None and name not in installed:
        near = nearest(name, installed)
        advice = f"did you mean {near}?" if near else f"there is {', '.join(installed)}."
        raise CommandFailed(f"No plugin called {name!r} is installed; {advice}")
    logging.getLogger("accord").setLevel(logging.CRITICAL)  # the table says what fails
    with progress("Checking") as report:
        results = asyncio.run(
            check_plugins(
                [name] if name else (),
                plugin_settings=read_settings().plugin,
                server=server_url(),
                tell=lambda text: report(text, 0, 0),
            )
        )
    say(told(results))
    say(summed_up(results))
    if any(result.failed for result in results):
        raise CommandFailed("The contract is not kept; the lines marked with ✗ say what to do.")
