"""accord migrate: see, apply and make migrations."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..settings import Settings, read_settings
from .database import make_folder, migrate
from .examples import examples
from .failures import CommandFailed, explained
from .terminal import say

if TYPE_CHECKING:
    from ...graph.migrating import Target

TAKEN_OFF = (
    "The API shows nothing of what was taken off, and its rules are not asked: end the servers that still run with it. "
    "Enabled again, it has what it had, and records written meanwhile get its rows."
)


def make_commands() -> typer.Typer:
    """The commands under `accord migrate`."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="See and apply what takes the database to this version of Accord.",
        epilog=examples(
            ("accord migrate status", "where the database stands"),
            ("accord migrate plan", "the SQL that apply would run"),
            ("accord migrate apply", "run it"),
        ),
    )
    commands.command(
        epilog=examples(
            ("accord migrate plan", "read what would happen"),
            ("accord migrate plan > change.sql", "keep it, to have it reviewed"),
            ("ACCORD_DATABASE=postgresql://accord@db/accord accord migrate plan", "the same for another database"),
        )
    )(plan)
    commands.command(
        epilog=examples(
            ("accord migrate apply", "migrate the configured database"),
            ("ACCORD_DATABASE=postgresql://accord@db/accord accord migrate apply", "migrate another"),
        )
    )(apply)
    commands.command(epilog=examples(("accord migrate status", "where the database stands, and its copies")))(status)
    commands.command(
        epilog=examples(
            ("accord migrate make shipping_notes", "write the next migration of the core records"),
            ("accord migrate make drop_fax --destructive", "one that loses data"),
            ("ACCORD_PLUGINS=healthcare accord migrate make initial --app healthcare", "of a plugin's records"),
        )
    )(make)
    return commands


def plan() -> None:
    """Print the SQL that apply would run, and change nothing."""
    from ...graph.migrating import plan as plan_migrations

    _, target = _target()
    with explained(target.place):
        found = asyncio.run(plan_migrations(target))
    for planned in found.migrations:
        say(f"-- {planned.migration}")
        for statement in planned.statements:
            say(_ended(statement))
    if found.index_statements:
        say("-- indexes")
        for statement in found.index_statements:
            say(_ended(statement))
    for difference in found.differences:
        say(f"-- plugins: {difference}")
    if not found.migrations and not found.index_statements and not found.differences:
        say(f"-- nothing to do: {target.place} is as this version needs it")


def apply() -> None:
    """Bring the database to this version and to the enabled plugins: all of it, or nothing.

    What a plugin adds to records gets its rows then, in batches; if that is ended midway, run it again. A plugin that
    the settings no longer name is taken off, and its tables are kept.
    Any number of processes may apply at once; one does the work, the others wait. An embedded database is copied to
    backups/ beside it first.
    """
    settings, target = _target()
    make_folder(settings)
    done = asyncio.run(migrate(target))
    for name in done.applied:
        say(f"Applied {name}.")
    if done.index_statements and not done.applied:
        say(f"Ran {len(done.index_statements)} statements for indexes.")
    if done.filled:
        say(f"Made {done.filled:,} rows of plugins.")
    for change in done.plugins:
        say(change.made)
    if sys.stdout.isatty() and any(change.here is None for change in done.plugins):
        say(TAKEN_OFF)
    if not done.applied and not done.index_statements and not done.filled and not done.plugins:
        say(f"Nothing to do: {target.place} is as this version needs it.")


def status() -> None:
    """Say whether the database is empty, current, behind or newer than this version."""
    from ...graph.migrating import RecordsDiffer, find_copies
    from ...graph.migrating import status as read_status

    settings, target = _target()
    with explained(target.place):
        found = asyncio.run(read_status(target))
    say(f"{target.place} is {found.state.value}.")
    for title, names in (("applied", found.applied), ("pending", found.pending), ("unknown", found.unknown)):
        for name in names:
            say(f"  {title}  {name}")
    for app in found.absent:
        say(f"  not part of this version, or not enabled: the tables of {app}")
    for difference in found.differences:
        say(f"  plugins  {difference}: run `accord migrate apply`")
    for line in str(RecordsDiffer(found.drifted)).splitlines():
        say(f"  records  {line}")
    if found.applied and found.index_changes:
        say(f"  indexes differ from what is declared: apply runs {len(found.index_changes)} statements")
    for copy in find_copies(target) if settings.database_kind == "sqlite" else ():
        say(f"  copy     {copy}")


def make(
    name: Annotated[str, typer.Argument(help="What the migration does, in a word or two: part of the file's name.")],
    app: Annotated[str, typer.Option(help="Whose records changed: graph, or an enabled plugin.")] = "graph",
    destructive: Annotated[
        bool, typer.Option("--destructive", help="Allow what loses data or may be a rename.")
    ] = False,
) -> None:
    """Write the migration for records that you changed in the source.

    Read the file before you commit it. Indexes need no migration: they are made as they are declared.
    """
    from ...graph.migrating import MigrationError
    from ...graph.migrating import make as make_migration
    from ..composition import CORE
    from ..plugin_loading import apps_of, load_plugins

    settings = read_settings()
    apps = (CORE, *apps_of(load_plugins(settings, unmigrated=True)))
    if app not in {one.label for one in apps}:
        there = ", ".join(one.label for one in apps)
        enabled = ",".join(sorted({*settings.plugins, app}))
        advice = f"ACCORD_PLUGINS={enabled} accord migrate make {name} --app {app}"
        message = f"There is no app {app!r}; there is {there}. A plugin must be enabled to be one: `{advice}`."
        raise CommandFailed(message)
    if not name.isidentifier():
        raise CommandFailed(f"{name!r} can't be part of a module's name: use letters, digits and _.")
    try:
        file = asyncio.run(make_migration(apps, app, name, destructive=destructive))
    except (MigrationError, OSError) as error:
        raise CommandFailed(f"No migration was written: {error}") from error
    say(f"Wrote {file}; read it before you commit it." if file else f"The records of {app} are as migrated already.")


def _target() -> tuple[Settings, "Target"]:
    from ..composition import target_of

    settings = read_settings()
    return settings, target_of(settings)


def _ended(statement: str) -> str:
    """A statement as a script needs it; comments stay as they are."""
    return statement if statement.startswith("--") or statement.rstrip().endswith(";") else f"{statement};"
