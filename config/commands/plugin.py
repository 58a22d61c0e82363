"""accord plugin: see the plugins, write and check one, and drop what one left behind."""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ..settings import read_settings
from . import plugin_check, plugin_new
from .database import check_no_newer, core_target
from .examples import examples
from .failures import CommandFailed, explained
from .terminal import say

if TYPE_CHECKING:
    from ...graph.migrating import Stored, Target
    from ..plugin_listing import ListedPlugin

SHARED = {"job": "jobs", "due_work": "due work", "outbox_delivery": "events"}  # what is kept of plugins in which table


def make_commands() -> typer.Typer:
    """The commands under `accord plugin`."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="See the plugins, write and check one, and drop what one left behind.",
        epilog=examples(
            ("accord plugin list", "which there are, and how they stand"),
            ("accord plugin new loyalty", "write one to begin with"),
            ("accord plugin check loyalty", "see whether one keeps the contract"),
            ("ACCORD_PLUGINS=healthcare accord migrate apply", "enable one"),
        ),
    )
    commands.command(
        "list",
        epilog=examples(
            ("accord plugin list", "which there are, and how they stand"), ("accord plugin list --json", "for programs")
        ),
    )(list_plugins)
    commands.command(
        epilog=examples(
            ("accord plugin purge healthcare", "say what it would drop"),
            ("accord plugin purge healthcare --yes", "drop it"),
        )
    )(purge)
    commands.command(epilog=plugin_new.EXAMPLES)(plugin_new.new)
    commands.command(epilog=plugin_check.EXAMPLES)(plugin_check.check)
    return commands


def list_plugins(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """List the plugins: available, enabled, degraded or refused with the reason, and orphaned, with tables left."""
    from ...plugins.loading import discover
    from ..plugin_listing import list_plugins as listing
    from ..plugin_loading import survey_plugins

    settings = read_settings()
    survey = survey_plugins(settings, discover())
    target = core_target(settings)
    with explained(target.place):
        stored = asyncio.run(_read_stored(target))
    found = listing(survey, settings.plugins, stored)
    if as_json:
        listed = [
            {
                "name": one.name,
                "version": one.version,
                "distribution": one.distribution,
                "state": one.state.value.lower(),
                "reason": one.reason,
                "tables": dict(one.tables),
            }
            for one in found
        ]
        say(json.dumps(listed, indent=2, ensure_ascii=False))
    elif not found:
        say("There is no plugin: none is installed, and none left tables behind.")
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        for one in found:
            say("  ".join(_cells(one)).rstrip())


def purge(
    name: Annotated[str, typer.Argument(help="The plugin whose tables are to go.")],
    yes: Annotated[bool, typer.Option("--yes", help="Drop them; without it, they are only named.")] = False,
) -> None:
    """Drop the tables of a plugin that is no longer enabled, with all that is in them, and delete its jobs and work.

    Nothing else ever does. An embedded database is copied to backups/ beside it first.
    """
    from ...graph.migrating import purge as purge_plugin

    settings = read_settings()
    if name in settings.plugins:
        raise CommandFailed(
            f"The plugin {name} is enabled. Take it out of the setting plugins, run `accord migrate apply`, and purge "
            "it then."
        )
    target = core_target(settings)
    with explained(target.place):
        found = {one.plugin.mark.name: one for one in asyncio.run(_read_stored(target))}
        if not yes and name in found and not found[name].plugin.is_enabled:
            say(f"Of the plugin {name}, these would be dropped from {target.place}:")
            for table, rows in found[name].rows.items():
                say(f"  table      {table}, {rows:,} rows")
            for what, rows in _shared(found[name]):
                say(f"  {what:10} {rows:,}")
            for migration in found[name].migrations:
                say(f"  migration  {migration}")
            raise CommandFailed("Nothing was dropped. Say --yes to drop them; there is no way back.")
        purged = asyncio.run(purge_plugin(target, name))
    if purged.copy:
        say(f"Copied the database to {purged.copy} before.")
    for table, rows in purged.stored.rows.items():
        say(f"Dropped {table}, {rows:,} rows.")
    for what, rows in _shared(purged.stored):
        say(f"Deleted {rows:,} {what}.")
    say(f"The database holds nothing of the plugin {name} any more.")


def _shared(stored: "Stored") -> Iterator[tuple[str, int]]:
    """What Accord's own tables hold of a plugin, if anything, by what it is called."""
    for table, rows in stored.shared.items():
        if rows:
            yield SHARED[table], rows


async def _read_stored(target: "Target") -> "list[Stored]":
    """What the database holds of plugins; raises CommandFailed where a newer version wrote it."""
    from ...graph.migrating import read_stored

    await check_no_newer(target)
    return await read_stored(target)


def _cells(one: "ListedPlugin") -> list[str]:
    tables = ", ".join(f"{table} ({rows:,} rows)" for table, rows in one.tables.items())
    return [one.name, one.version, one.distribution, one.state.value.lower(), tables, one.reason]


def _print_table(found: "Sequence[ListedPlugin]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Name", "Version", "Distribution", "State", "Tables", "Reason"):
        table.add_column(title, overflow="fold")
    for one in found:
        table.add_row(*(Text(cell) for cell in _cells(one)))
    Console().print(table)
