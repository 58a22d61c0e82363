"""The faces of one unit of work: what each plugin sees of it, and how the plugins' own models are called."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from ...plugins.calling import Hooks
from ...plugins.changes import Change
from ...plugins.violations import Violation
from ..catalogue import RecordType
from .plugin_unit import May, PluginUnit
from .unit import UnitOfWork

Prepare = Callable[[Sequence[Change], PluginUnit], Awaitable[None]]
Validate = Callable[[Sequence[Change], PluginUnit], AsyncIterator[tuple[Change, Violation]]]


class Faces:
    """Called with a plugin's name, gives the unit as that plugin sees it."""

    def __init__(self, unit: UnitOfWork, hooks: Hooks, may: May) -> None:
        self.hooks = hooks
        self._unit = unit
        self._may = may

    def __call__(self, plugin: str) -> PluginUnit:
        return PluginUnit(self._unit, self.hooks.plugin(plugin), self._may)

    def __contains__(self, plugin: str) -> bool:
        """Whether a plugin of that name is enabled; the core is none."""
        return self.hooks.knows(plugin)

    async def prepare(self, record: RecordType, prepare: Prepare, changes: Sequence[Change]) -> None:
        """Let a plugin's model derive values of changes."""
        face = self(record.plugin)
        work, seconds = prepare(face.lent(record, changes), face), self.hooks.budget_of(self._unit.size)
        await self.hooks.contained(record.plugin, f"{record.name}.prepare", work, seconds=seconds)

    async def validate(self, record: RecordType, validate: Validate) -> None:
        """Let a plugin's model check its changes."""
        face, what = self(record.plugin), f"{record.name}.validate_changes"
        found = validate(face.lent(record, self._unit.changes(record.name)), face)
        for change, violation in await self.hooks.collected(record.plugin, what, found, self._unit.size):
            self._unit.violate(violation, change)
