"""What keeps a command from doing its work, as one clear line each."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...plugins.calling import PluginFailed
    from ...plugins.loading import LoadedPlugin


class CommandFailed(Exception):
    """A command can't go on for a reason outside of it; each line of the message says one thing and the next step."""


@contextmanager
def explained(place: str) -> Generator[None]:
    """Turn what databases and migrations raise into CommandFailed; `place` names the database without a password."""
    import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none

    from ...graph.databases.sqlite import newest_driver
    from ...graph.errors import GraphError
    from ...graph.migrating import MigrationError

    try:
        yield
    except (MigrationError, GraphError) as error:
        raise CommandFailed(str(error)) from error
    except (OSError, newest_driver().Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandFailed(f"The database {place} can't be used: {error}. Check its address and rights.") from error


def not_started(failed: "PluginFailed", plugins: "Iterable[LoadedPlugin]") -> CommandFailed:
    """Why nothing can be done with a plugin that is enabled and can't start."""
    version = next((f" {one.version}" for one in plugins if one.name == failed.plugin), "")
    return CommandFailed(
        f"The plugin {failed.plugin}{version} can't start: its hook {failed.hook} failed with "
        f"{type(failed.__cause__).__name__}, incident {failed.incident} in the log. Mend it, or take it out of the "
        "setting plugins."
    )
