"""Finding the installed plugins and loading the enabled ones: our own, because pluggy's loader ends at the first broken
distribution, and lets one plugin hide another of the same name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from traceback import walk_tb
from typing import Any

from .checking import find_problems
from .names import nearest
from .plugin import GROUP, Plugin, PluginSettings

OWN = __name__.partition(".")[0]  # the package whose code is no plugin author's


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What keeps a plugin from being used, and what to do about it; `plugin` says where it comes from, too."""

    plugin: str
    text: str

    def __str__(self) -> str:
        return f"{self.plugin}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A plugin that an installed distribution offers; nothing of it has been imported."""

    name: str
    distribution: str
    version: str
    entry: EntryPoint

    def __str__(self) -> str:
        return f"plugin {self.name} ({self.distribution} {self.version})"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The class of an installed plugin, imported and found in order."""

    installed: Installed
    kind: type[Plugin]

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.installed.name

    @property
    def version(self) -> str:
        """The plugin's own version, or that of its distribution."""
        return self.kind.version or self.installed.version

    def __str__(self) -> str:
        return str(self.installed)


@dataclass(frozen=True, kw_only=True)
class LoadedPlugin:
    """A plugin as one Accord uses it, with where it comes from."""

    plugin: Plugin
    version: str
    distribution: str = ""

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What became of the enabled plugins: those that can be used, in the order of their hooks, and what is wrong."""

    offers: tuple[Offer, ...]
    problems: tuple[Problem, ...]


def discover(path: Sequence[str] | None = None) -> tuple[Installed, ...]:
    """What is installed, by name, then distribution; `path` replaces sys.path. Nothing is imported.

    Of a distribution that is found twice, the first counts, as it does for imports. One whose entry points can't be
    read offers nothing.
    """
    found: list[Installed] = []
    seen: set[str] = set()
    for distribution in distributions() if path is None else distributions(path=list(path)):
        name = _name(distribution)
        if name is None or name in seen:
            continue
        seen.add(name)
        for entry in _entries(distribution):
            version = distribution.metadata["Version"] or "of no version"
            found.append(Installed(name=entry.name, distribution=name, version=version, entry=entry))
    return tuple(sorted(found, key=lambda one: (one.name, one.distribution, one.entry.value)))


def _name(distribution: Distribution) -> str | None:
    """The name as messages show it and as duplicates are told by; None where the metadata holds none."""
    try:
        name = distribution.metadata["Name"]
    except Exception:  # a foreign distribution that is broken is none of our business, unless it is asked for
        return None
    return name.lower().replace("_", "-").replace(".", "-") if name else None


def _entries(distribution: Distribution) -> Sequence[EntryPoint]:
    try:
        return tuple(distribution.entry_points.select(group=GROUP))
    except Exception:  # as above: whatever stands in its file
        return ()


def examine(
    enabled: Sequence[str],
    installed: Sequence[Installed],
    *,
    reserved: frozenset[str] = frozenset(),
    unmigrated: bool = False,
) -> Examined:
    """Import the enabled plugins and check them; every problem of each of them is found.

    `reserved` names belong to the core. With `unmigrated`, a plugin whose first migration is yet to be made will do.
    """
    problems: list[Problem] = []
    offers: list[Offer] = []
    for name in enabled:
        offered = [one for one in installed if one.name == name]
        if len(offered) != 1:
            problems.append(_absent(name, installed) if not offered else _ambiguous(name, offered))
            continue
        [one] = offered
        kind, said = _import(one)
        if kind is not None:
            said = [*find_problems(kind, name, reserved=reserved, unmigrated=unmigrated)]
            said += [] if said else [*_misspelt(kind, installed)]
        problems += [Problem(plugin=str(one), text=text) for text in said]
        if kind is not None and not said:
            offers.append(Offer(installed=one, kind=kind))
    ordered, circle = _order(offers)
    if circle:
        told = ", which comes after ".join(map(str, [*circle[1:], circle[0]]))
        text = f"it comes after {told}; take one out of `after`, or out of the setting plugins."
        problems.append(Problem(plugin=str(circle[0]), text=text))
    return Examined(offers=tuple(ordered), problems=tuple(problems))


def instantiate(offer: Offer, settings: PluginSettings) -> LoadedPlugin | Problem:
    """The plugin itself, for one Accord; or the problem, where its code fails."""
    try:
        plugin = offer.kind(settings)
    except Exception as error:  # the edge to a plugin's code
        text = f"it can't be made: {_told(error)}. Tell its authors, or take it out of the setting plugins."
        return Problem(plugin=str(offer), text=text)
    return LoadedPlugin(plugin=plugin, version=offer.version, distribution=offer.installed.distribution)


def _misspelt(kind: type[Plugin], installed: Sequence[Installed]) -> Iterator[str]:
    """Names in `after` that are like an installed plugin's and nobody's own; others may be installed later."""
    known = {one.name for one in installed} - {kind.name}
    for name in kind.after:
        near = None if name in known or name == kind.name else nearest(name, known, cutoff=0.75)
        if near is not None:
            yield f"it comes after {name!r}, and no plugin of that name is installed; did you mean {near}?"


def _absent(name: str, installed: Sequence[Installed]) -> Problem:
    names = sorted({one.name for one in installed})
    near = nearest(name, names)
    there = f"there is {', '.join(names)}" if names else "there is no plugin at all"
    advice = f"did you mean {near}?" if near else "install it, or take it out of the setting plugins."
    return Problem(plugin=f"plugin {name}", text=f"it is enabled, and no distribution offers it ({there}); {advice}")


def _ambiguous(name: str, offered: Sequence[Installed]) -> Problem:
    several = " and ".join(f"{one.distribution} {one.version} ({one.entry.value})" for one in offered)
    return Problem(
        plugin=f"plugin {name}", text=f"it is offered by {several}; uninstall all but one, since neither is preferred."
    )


def _import(one: Installed) -> tuple[type[Plugin] | None, Sequence[str]]:
    """The class that an entry point names, or what is wrong."""
    where = f"its entry point {one.entry.value}"
    try:
        found: Any = one.entry.load()
    except (Exception, SystemExit) as error:  # the edge to a plugin's code, whatever its import does
        package = one.entry.value.partition(":")[0].partition(".")[0]
        said = f"{_told(error)}{_place(error, package)}"
        return None, [f"{where} can't be imported: {said}. {_advice(error, package)}"]
    if isinstance(found, Plugin):
        return None, [f"{where} is an instance; name the class, since each Accord makes its own."]
    if not isinstance(found, type) or not issubclass(found, Plugin) or found is Plugin:
        return None, [f"{where} is {found!r}, and no subclass of accord.plugins.Plugin; name the class of the plugin."]
    return found, []


def _advice(error: BaseException, package: str) -> str:
    """What is missing of others may be installed; what else fails is in the plugin's own code."""
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] not in {"", OWN, package}:
        return "Reinstall it with all that it needs, or take it out of the setting plugins."
    if isinstance(error, ModuleNotFoundError) and error.name == package:
        return "Reinstall it, or take it out of the setting plugins."
    return "Correct it, or take the plugin out of the setting plugins."


def _place(error: BaseException, package: str) -> str:
    """Where the plugin's own code failed, as ` (records.py, line 70)`; nothing where none of it had begun."""
    for frame, line in reversed([*walk_tb(error.__traceback__)]):
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package:
            return f" ({Path(frame.f_code.co_filename).name}, line {line})"
    return ""


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _order(offers: Sequence[Offer]) -> tuple[list[Offer], list[Offer]]:
    """The offers, each after those that it names, ties by name; and a circle, if some go round in one."""
    by_name = {offer.name: offer for offer in offers}
    before = {name: {one for one in offer.kind.after if one in by_name} for name, offer in by_name.items()}
    ready = [name for name, others in before.items() if not others]
    heapify(ready)
    ordered: list[Offer] = []
    while ready:
        name = heappop(ready)
        ordered.append(by_name[name])
        del before[name]
        for other, others in before.items():
            if name in others:
                others.discard(name)
                if not others:
                    heappush(ready, other)
    return ordered, _circle(before, by_name)


def _circle(before: Mapping[str, set[str]], by_name: Mapping[str, Offer]) -> list[Offer]:
    if not before:
        return []
    walked = [min(before)]
    while (following := min(before[walked[-1]])) not in walked:
        walked.append(following)
    return [by_name[name] for name in walked[walked.index(following) :]]
