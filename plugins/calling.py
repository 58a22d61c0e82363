"""Calling hooks: in the plugins' order, each within its budget, timed, and each failure under its plugin's name."""

import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, TypeVar
from uuid import uuid4

import pluggy

from .budget import limited
from .changes import Change
from .contexts import Access, Context, Event, Narrowing, Viewer
from .hooks import PROJECT, HookSpecs, hook_functions
from .plugin import Plugin
from .units import Unit
from .violations import Violation

log = logging.getLogger("accord.plugins")

BUDGET_SECONDS = 0.5  # of a hook inside a transaction or a request
CHANGE_SECONDS = 0.002  # more for each change of a unit beyond the first, so that a bulk has time for its rows
KEPT = 200  # durations of a hook, for its percentiles

T = TypeVar("T")


class PluginFailed(Exception):
    """A plugin's code raised, or took too long; where and what is in the log, under the incident."""

    def __init__(self, plugin: str, hook: str, incident: str) -> None:
        super().__init__(
            f"The plugin {plugin} could not do its part ({hook}); tell the operator about incident {incident}."
        )
        self.plugin = plugin
        self.hook = hook
        self.incident = incident
        self.beside: tuple[PluginFailed, ...] = ()  # what other plugins failed at in the same call


@dataclass(kw_only=True)
class Timing:
    """How a hook has fared in this process."""

    plugin: str
    hook: str
    calls: int = 0
    failures: int = 0
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def percentile(self, share: float) -> float:
        """Seconds within which so many of the last calls ended."""
        found = sorted(self.durations)
        return found[min(int(len(found) * share), len(found) - 1)] if found else 0.0


@dataclass(frozen=True, kw_only=True)
class _Call:
    plugin: Plugin
    function: Callable[..., Any]
    wanted: tuple[str, ...]
    timing: Timing


class Hooks:
    """The hooks of the enabled plugins; raises pluggy's PluginValidationError where one doesn't fit."""

    def __init__(self, plugins: Sequence[Plugin] = (), *, budget: float = BUDGET_SECONDS) -> None:
        self.budget = budget
        self.plugins = tuple(plugins)
        self._by_name = {plugin.name: plugin for plugin in plugins}
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(HookSpecs)
        self._calls: dict[str, list[_Call]] = {}
        self._work: dict[tuple[str, str], Timing] = {}
        for plugin in plugins:
            manager.register(plugin, plugin.name)
            for hook, function in hook_functions(plugin).items():
                wanted = tuple(inspect.signature(function).parameters)
                timing = Timing(plugin=plugin.name, hook=hook)
                call = _Call(plugin=plugin, function=function, wanted=wanted, timing=timing)
                self._calls.setdefault(hook, []).append(call)
        manager.check_pending()

    def timings(self) -> Sequence[Timing]:
        """How each hook has fared, and each operation that was called."""
        return [call.timing for calls in self._calls.values() for call in calls] + list(self._work.values())

    def plugin(self, name: str) -> Plugin:
        """The plugin of that name; raises KeyError if none is enabled."""
        return self._by_name[name]

    def knows(self, name: str) -> bool:
        """Whether a plugin of that name is enabled."""
        return name in self._by_name

    def implementing(self, hook: str) -> Sequence[str]:
        """The names of the plugins that implement a hook."""
        return [call.plugin.name for call in self._calls.get(hook, ())]

    def has(self, hook: str) -> bool:
        """Whether any plugin implements a hook."""
        return hook in self._calls

    async def startup(self, context: Callable[[str], Context]) -> None:
        """Raises PluginFailed with the first that can't start."""
        for call in self._calls.get("startup", ()):
            await self._run(call, {"context": context(call.plugin.name)}, None)

    async def shutdown(self) -> None:
        """Ends them in the reverse order; one that fails keeps no other from ending."""
        for call in reversed(self._calls.get("shutdown", [])):
            try:
                await self._run(call, {}, self.budget * 10)
            except PluginFailed:
                continue

    def budget_of(self, changes: int) -> float:
        """The seconds that a hook may take over so many changes."""
        return self.budget + CHANGE_SECONDS * max(changes - 1, 0)

    async def prepare(self, unit: Callable[[str], Unit], changes: int) -> None:
        """`unit` gives the unit of work, which has so many changes, as a plugin sees it."""
        for call in self._calls.get("prepare", ()):
            await self._run(call, {"unit": unit(call.plugin.name)}, self.budget_of(changes))

    async def validate(self, unit: Callable[[str], Unit], changes: int) -> Sequence[tuple[Change, Violation]]:
        """What all of them find, whichever comes first; raises PluginFailed, of several the first by name."""
        found: list[tuple[Change, Violation]] = []
        failures: list[PluginFailed] = []
        for call in self._calls.get("validate", ()):
            name = call.plugin.name
            arguments = {"unit": unit(name)}
            try:
                several = await self._run(call, arguments, self.budget_of(changes), _Collected(call.plugin))
            except PluginFailed as failed:
                failures.append(failed)
                continue
            found.extend((change, replace(violation, plugin=name)) for change, violation in several)
        if failures:
            first, *others = sorted(failures, key=lambda failed: failed.plugin)
            first.beside = tuple(others)
            raise first
        return found

    async def before_commit(self, unit: Callable[[str], Unit], changes: int) -> None:
        """Raising takes the transaction back."""
        for call in self._calls.get("before_commit", ()):
            await self._run(call, {"unit": unit(call.plugin.name)}, self.budget_of(changes))

    async def after_commit(self, plugin: str, events: Sequence[Event], context: Context) -> None:
        """Tell one plugin of events."""
        for call in self._calls.get("after_commit", ()):
            if call.plugin.name == plugin:
                await self._run(call, {"events": events, "context": context}, None)

    async def read_policy(self, record: str, viewer: Viewer) -> Sequence[Narrowing]:
        """The narrowings of all plugins; raises PluginFailed, and what can't be narrowed must not be shown."""
        arguments: Mapping[str, Any] = {"record": record, "viewer": viewer}
        found = [await self._run(call, arguments, self.budget) for call in self._calls.get("read_policy", ())]
        return [one for one in found if one is not None]

    async def record_access(self, access: Access) -> None:
        """Raises PluginFailed, and the answer must be withheld."""
        for call in self._calls.get("record_access", ()):
            await self._run(call, {"access": access}, self.budget)

    async def health(self) -> Mapping[str, str]:
        """What is wrong, by plugin."""
        wrong: dict[str, str] = {}
        for call in self._calls.get("health", ()):
            try:
                said = await self._run(call, {}, self.budget)
            except PluginFailed as failed:
                said = str(failed)
            if said:
                wrong[call.plugin.name] = str(said)
        return wrong

    async def contained(
        self,
        plugin: str,
        what: str,
        work: Awaitable[T],
        *,
        seconds: float | None = None,
        passing: tuple[type[Exception], ...] = (),
    ) -> T:
        """Await other work of a plugin, such as an operation; raises PluginFailed, and what is `passing` as it is."""
        timing = self._work.setdefault((plugin, what), Timing(plugin=plugin, hook=what))
        return await _timed(timing, work, seconds, passing)

    async def collected(
        self, plugin: str, what: str, found: AsyncIterator[tuple[Change, Violation]], changes: int
    ) -> Sequence[tuple[Change, Violation]]:
        """The violations that a plugin's model yields over so many changes, under the plugin's name."""
        several = _Collected(self._by_name[plugin])(found)
        ended = await self.contained(plugin, what, several, seconds=self.budget_of(changes))
        return [(change, replace(violation, plugin=plugin)) for change, violation in ended]

    async def _run(
        self,
        call: _Call,
        arguments: Mapping[str, Any],
        seconds: float | None,
        finish: Callable[[Any], Any] | None = None,
    ) -> Any:
        async def work() -> Any:
            made = call.function(**{name: arguments[name] for name in call.wanted})
            return await (made if finish is None else finish(made))

        return await _timed(call.timing, work(), seconds, ())


async def _timed(timing: Timing, work: Awaitable[T], seconds: float | None, passing: tuple[type[Exception], ...]) -> T:
    timing.calls += 1
    started = perf_counter()
    try:
        async with limited(seconds):
            return await work
    except passing:
        raise
    except Exception as error:  # the edge between Accord and a plugin
        timing.failures += 1
        incident = uuid4().hex[:12]
        log.error("incident %s in plugin %s, %s", incident, timing.plugin, timing.hook, exc_info=error)
        raise PluginFailed(timing.plugin, timing.hook, incident) from error
    finally:
        timing.durations.append(perf_counter() - started)


class UndeclaredRule(Exception):
    """A plugin reports a rule that its `rules` don't list, so that nobody could know of it before."""

    is_for_authors = True  # its words name declarations and no values: they may stand in a log

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} is not among the `rules` of the plugin; declare it there")


class _Collected:
    """Collects what `validate` yields, and sees that every rule was declared."""

    def __init__(self, plugin: Plugin) -> None:
        self._rules = {rule.code for rule in plugin.rules}

    async def __call__(self, found: AsyncIterator[tuple[Change, Violation]]) -> Sequence[tuple[Change, Violation]]:
        collected = [one async for one in found]
        for _, violation in collected:
            if violation.code not in self._rules:
                raise UndeclaredRule(violation.code)
        return collected
