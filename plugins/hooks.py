"""The hooks of a plugin. Each is async, each argument may be left out, and what none of them says, none may do."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pluggy

from .changes import Change
from .contexts import Access, Context, Event, Narrowing, Viewer
from .units import Unit
from .violations import Violation

PROJECT = "accord"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """What a plugin may implement, each method marked with `hookimpl`.

    Within `prepare`, `validate` and `before_commit` a transaction is open: they ask nothing but the unit.
    """

    @hookspec
    async def startup(self, context: Context) -> None:
        """Called once when the process starts to serve, settings and tables in place. Raising refuses the start."""

    @hookspec
    async def shutdown(self) -> None:
        """Called once when the process ends."""

    @hookspec
    async def prepare(self, unit: Unit) -> None:
        """Derive values of the plugin's own fields from what is being written, before anything is checked."""

    @hookspec
    def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Look at the whole unit of work and yield what breaks a rule: `yield NPI_NEEDED.on(change, "npi")`."""
        raise NotImplementedError  # a specification, which nobody calls; a body makes it a generator

    @hookspec
    async def before_commit(self, unit: Unit) -> None:
        """Called when everything is written and nothing is committed. Raising takes it all back."""

    @hookspec
    async def after_commit(self, events: Sequence[Event], context: Context) -> None:
        """Called with committed changes, each at least once, a record's in order. Raising means being told again."""

    @hookspec
    async def read_policy(self, record: str, viewer: Viewer) -> Narrowing | None:
        """What of a record type this caller may not see; called once for each request and record type that is read."""

    @hookspec
    async def record_access(self, access: Access) -> None:
        """Called before an answer with classified fields leaves; raising withholds it."""

    @hookspec
    async def health(self) -> str | None:
        """What is wrong with the plugin, for operators; None if nothing is."""


HOOKS: tuple[str, ...] = tuple(name for name, member in vars(HookSpecs).items() if not name.startswith("_") and member)


def hook_functions(plugin: object) -> dict[str, Any]:
    """The methods of a plugin that are marked as hooks, by their name."""
    kind: Any = type(plugin)
    names = (name for name in dir(kind) if getattr(getattr(kind, name, None), f"{PROJECT}_impl", None) is not None)
    return {name: getattr(plugin, name) for name in names}
