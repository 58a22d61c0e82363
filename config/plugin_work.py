"""What the plugins of one Accord do besides hooks: their operations, and what they are told after commits."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph.catalogue import Catalogue
from ..graph.coercing import coerced
from ..graph.writing.jobs import Coerce
from ..graph.writing.outbox import Consumer
from ..plugins.calling import Hooks
from ..plugins.contexts import Event
from ..plugins.operations import Operation, OperationKind, operations_of
from ..schema.jobs import job_operations
from ..schema.plugin_context import PluginContexts
from .settings import PluginsRefused


def all_operations(hooks: Hooks) -> Sequence[Operation]:
    """The operations of all plugins, and those of the core for jobs where there are any; raises PluginsRefused."""
    found: list[Operation] = []
    problems: list[str] = []
    for plugin in hooks.plugins:
        operations, said = operations_of(plugin)
        found += operations
        problems += said
    if problems:
        raise PluginsRefused(problems)
    has_jobs = any(one.kind is OperationKind.JOB for one in found)
    return [*(job_operations() if has_jobs else ()), *sorted(found, key=lambda one: (one.plugin, one.name))]


def arguments_for(catalogue: Catalogue) -> Coerce:
    """What makes a job's stored arguments those of its method."""

    def coerce(operation: Operation, given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = coerced(catalogue, operation.arguments, given)
        if found.misfits:
            raise ValueError(f"{operation.api}: {found.misfits[0].message}")
        return found.values

    return coerce


def plugin_consumers(hooks: Hooks, contexts: PluginContexts) -> Sequence[Consumer]:
    """A consumer for each plugin that wants to be told of committed changes."""
    return [_PluginConsumer(plugin, hooks, contexts) for plugin in hooks.implementing("after_commit")]


class _PluginConsumer:
    """Tells one plugin of events, each by itself, so that none is held up or told again for another."""

    def __init__(self, plugin: str, hooks: Hooks, contexts: PluginContexts) -> None:
        self.name = f"plugin {plugin}"
        self._plugin = plugin
        self._hooks = hooks
        self._contexts = contexts

    async def handle(self, event: Event) -> None:
        """Raises PluginFailed, and the plugin is told again."""
        await self._hooks.after_commit(self._plugin, [event], self._contexts.of(self._plugin))
