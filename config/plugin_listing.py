"""Every plugin that is installed, enabled or has left tables behind, and how it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..graph.migrating import Stored
from ..plugins.loading import LoadedPlugin
from ..schema.plugin_report import PluginState
from .plugin_loading import Survey, concerns


@dataclass(frozen=True, kw_only=True)
class ListedPlugin:
    """A plugin as operators see it; `tables` gives the number of rows in each of its tables."""

    name: str
    version: str
    distribution: str
    state: PluginState
    reason: str = ""
    tables: Mapping[str, int] = field(default_factory=dict[str, int])


def list_plugins(survey: Survey, enabled: Sequence[str], stored: Iterable[Stored]) -> list[ListedPlugin]:
    """All of them, by name."""
    left = {one.plugin.mark.name: one for one in stored}
    names = sorted({*enabled, *left, *(one.name for one in survey.installed)})
    return [_listed(name, survey, name in enabled, left.get(name)) for name in names]


def _listed(name: str, survey: Survey, is_enabled: bool, stored: Stored | None) -> ListedPlugin:
    installed = [one for one in survey.installed if one.name == name]
    problems = [problem for problem in survey.problems if concerns(problem, name, installed)]
    loaded = next((one for one in survey.plugins if one.name == name), None)
    mark = stored.plugin.mark if stored else None
    if is_enabled:
        parked = stored.parked if stored else 0
        state = PluginState.REFUSED if problems else PluginState.DEGRADED if parked else PluginState.ENABLED
        reason = " ".join(problem.text for problem in problems) or _difference(stored, loaded) or _put_aside(parked)
    elif stored is not None:
        state = PluginState.ORPHANED
        reason = "not enabled, and its tables are kept" if installed else "not installed, and its tables are kept"
    else:
        state, reason = PluginState.AVAILABLE, "not enabled"
    version = loaded.version if loaded else installed[0].version if installed else mark.version if mark else ""
    return ListedPlugin(
        name=name,
        version=version,
        distribution=" and ".join(one.distribution for one in installed) or (mark.distribution if mark else ""),
        state=state,
        reason=reason,
        tables=stored.rows if stored else {},
    )


def _put_aside(parked: int) -> str:
    return f"{parked:,} put aside; see accord events list" if parked else ""


def _difference(stored: Stored | None, loaded: LoadedPlugin | None) -> str:
    """What the database has yet to learn of an enabled plugin."""
    if stored is None or not stored.plugin.is_enabled:
        return "the database is not ready for it: run `accord migrate apply`"
    if loaded is not None and stored.plugin.mark.version != loaded.version:
        return f"the database is ready for version {stored.plugin.mark.version}: run `accord migrate apply`"
    return ""
