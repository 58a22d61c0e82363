"""Getting the configured database ready: an embedded one is made and migrated, one on a server has to be ready."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import Settings
from .failures import CommandFailed, explained
from .terminal import Report, progress, say

if TYPE_CHECKING:
    from ...graph.migrating import Report as Migrated
    from ...graph.migrating import Status, Step, Target


def make_folder(settings: Settings) -> None:
    """The folder of an embedded database, made where it is missing; raises CommandFailed where it can't be used."""
    if settings.database_kind != "sqlite":
        return
    file = Path(settings.database_location)
    advice = "Choose another place by ACCORD_DATABASE=sqlite:PATH, or change what is in the way."
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {file.parent} for the database can't be made: {error.strerror or error}. {advice}"
        raise CommandFailed(message) from error
    if file.is_dir():
        raise CommandFailed(f"The database {file} is a folder. {advice}")
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise CommandFailed(f"{path} can't be written, so the database can't be kept there. {advice}")


async def migrate(target: "Target", *, keeping: bool = False) -> "Migrated":
    """Bring the database to this code, with a bar or lines; raises CommandFailed.

    With `keeping`, one that has plugins enabled which are not enabled here is left as it is, and refused.
    """
    from ...graph.migrating import apply

    with explained(target.place), progress("Migrating") as report:
        done = await apply(target, progress=lambda step: _hear(step, report), keeping=keeping)
    if done.copy:
        say(f"Copied the database to {done.copy} before migrating it.")
    return done


async def ready_database(settings: Settings, target: "Target") -> None:
    """Make and migrate an embedded database; raises CommandFailed where one on a server is not what this code needs.

    Of a server's database others may be in the middle of using the old form, so there migrating is a step of its own.
    To take off a plugin is one everywhere: a server that has it enabled may be running.
    """
    from ...graph.migrating import PluginsDiffer

    if settings.database_kind == "sqlite":
        make_folder(settings)
        await migrate(target, keeping=True)
        return
    found = await check_current(target)
    if found.differences:
        raise CommandFailed(str(PluginsDiffer(target.place, found.differences, target.plugin_names)))


async def check_current(target: "Target") -> "Status":
    """How a database stands that has just the migrations of this version; raises CommandFailed for any other."""
    from ...graph.migrating import DatabaseState, RecordsDiffer

    found = await check_no_newer(target)
    if found.drifted:
        raise CommandFailed(str(RecordsDiffer(found.drifted)))
    match found.state:
        case DatabaseState.EMPTY:
            message = "is empty"
        case DatabaseState.BEHIND:
            message = f"is behind this version by {', '.join(map(str, found.pending))}"
        case _:
            return found
    raise CommandFailed(f"The database {target.place} {message}. Run `accord migrate apply` first.")


async def check_no_newer(target: "Target") -> "Status":
    """How a database stands that no newer version wrote; raises CommandFailed where one did."""
    from ...graph.migrating import DatabaseIsNewer, status

    with explained(target.place):
        found = await status(target)
        if found.unknown:
            raise DatabaseIsNewer(target.place, found.unknown)
        return found


def core_target(settings: Settings) -> "Target":
    """The database as the core needs it, whatever plugins are enabled and can be loaded."""
    from ..composition import core_catalogue, migration_target

    return migration_target(settings, core_catalogue())


def _hear(step: "Step", report: Report) -> None:
    words = {
        "copy": "copying the database",
        "migrate": f"migration {step.subject}",
        "index": "indexes",
        "check": f"checking {step.subject}",
        "fill": f"rows of {step.subject}",
    }
    report(words[step.action.value], step.position, step.total)
