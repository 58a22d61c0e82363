"""accord events: see what was put aside because a plugin kept failing at it, and have it tried again."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from ..settings import Settings, read_settings
from .database import check_current, core_target
from .examples import examples
from .failures import CommandFailed, explained
from .terminal import say

if TYPE_CHECKING:
    from ...graph.databases.database import Database


def make_commands() -> typer.Typer:
    """The commands under `accord events`."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="See what was put aside because a plugin kept failing at it, and have it tried again.",
        epilog=examples(
            ("accord events list", "what was put aside, and why"),
            ("accord events retry --all", "try all of it again"),
        ),
    )
    commands.command(
        "list",
        epilog=examples(
            ("accord events list", "what was put aside, and why"), ("accord events list --json", "for programs")
        ),
    )(list_events)
    commands.command(
        epilog=examples(
            ("accord events retry --all", "try all of it again"),
            ("accord events retry 0198…", "one, by the id that list shows"),
        )
    )(retry)
    return commands


def list_events(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """List events that a plugin could not take, and work of it that fell due, after all attempts."""
    from ...graph.writing.parked import list_parked

    async def look(settings: Settings) -> None:
        async with _opened(settings) as database:
            found = await list_parked(database, database.kind)
        if as_json:
            listed = [
                {
                    "id": str(one.id),
                    "who": one.who,
                    "what": one.what,
                    "attempts": one.attempts,
                    "parkedAt": one.parked_at.isoformat(),
                    "trouble": one.trouble,
                }
                for one in found
            ]
            say(json.dumps(listed, indent=2))
        elif not found:
            say("Nothing was put aside.")
        else:
            for one in found:
                moment = one.parked_at.isoformat(timespec="seconds")
                say(f"{one.id}  {one.who}  {one.what}  {one.attempts} attempts until {moment}  {one.trouble}")

    settings = _settings()
    asyncio.run(look(settings))


def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="What to try again, by the ids that list shows.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Try all of it again.")] = False,
) -> None:
    """Have the running servers try again what was put aside; mend the cause first.

    Later events of the same record were handed on meanwhile, so that a plugin hears of the older one after them.
    """
    from ...graph.writing.parked import retry_parked
    from ..composition import wall_clock

    if bool(ids) == everything:
        raise CommandFailed("Say what to try again: ids, or --all.")
    try:
        wanted = None if everything else [UUID(id_) for id_ in ids or ()]
    except ValueError:
        raise CommandFailed("These are no ids; `accord events list` shows those there are.") from None

    async def again(settings: Settings) -> int:
        async with _opened(settings) as database:
            return await retry_parked(database, wanted, wall_clock())

    count = asyncio.run(again(_settings()))
    if wanted is not None and count < len(wanted):
        raise CommandFailed(f"{len(wanted) - count} of these are not put aside; `accord events list` shows what is.")
    say(f"{count} will be tried again.")


def _settings() -> Settings:
    """The settings; raises CommandFailed where their database is a file that there is not."""
    settings = read_settings()
    if settings.database_kind == "sqlite" and not Path(settings.database_location).exists():
        raise CommandFailed(f"There is no database {settings.database_place}; `accord migrate apply` makes it.")
    return settings


@asynccontextmanager
async def _opened(settings: Settings) -> "AsyncGenerator[Database, None]":
    """The configured database; raises CommandFailed where it isn't there, or not as this version needs it."""
    from ..databases import opened

    await check_current(core_target(settings))
    with explained(settings.database_place):
        async with opened(settings) as database:
            yield database
