"""The enabled plugins: found, loaded, given their settings, put beside the core records; or every reason why not."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph.catalogue import Catalogue
from ..graph.declaring import DeclarationError, declare
from ..graph.migrating import MigrationApp, PluginMark
from ..graph.records import RECORDS
from ..plugins.loading import Installed, LoadedPlugin, Offer, Problem, discover, examine, instantiate
from ..plugins.names import snake
from ..plugins.operations import Operation, operations_of
from .plugin_operations import find_misplaced
from .plugin_settings import find_strangers, read_plugin
from .settings import PluginsRefused, Settings

# what plugins can't be called: names of Accord itself, of its commands, and what its records' tables begin with
COMMANDS = frozenset({"serve", "migrate", "plugin", "events", "schema", "demo", "settings", "token", "version"})
ADVICE = "Correct it, or take the plugin out of the setting plugins."
log = logging.getLogger("accord.plugins")

RESERVED = (
    frozenset({"accord", "core", "graph", "job"})
    | COMMANDS
    | {snake(model.__name__).partition("_")[0] for model in RECORDS}
)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What became of the enabled plugins: `plugins` that can be used, in the order of their hooks, and all problems."""

    installed: tuple[Installed, ...]
    plugins: tuple[LoadedPlugin, ...]
    problems: tuple[Problem, ...]


def load_plugins(settings: Settings, *, unmigrated: bool = False) -> tuple[LoadedPlugin, ...]:
    """The enabled plugins, in the order of their hooks; raises PluginsRefused with everything that is wrong with them.

    Optional ones that can't be used are left out, with a word in the log. With `unmigrated`, a plugin whose first
    migration is yet to be made will do.
    """
    if not settings.plugins and not settings.plugin and not settings.optional_plugins:
        return ()
    installed = discover()
    found = survey_plugins(settings, installed, unmigrated=unmigrated)
    if left_out := {name for name in settings.optional_plugins if any(_concerning(found, name))}:
        for problem in (problem for name in sorted(left_out) for problem in _concerning(found, name)):
            log.warning("started without an optional plugin: %s", problem)
        names = tuple(name for name in settings.plugins if name not in left_out)
        others = tuple(name for name in settings.optional_plugins if name not in left_out)
        values = {name: given for name, given in settings.plugin.items() if name not in left_out}
        kept = settings.model_copy(update={"plugins": names, "optional_plugins": others, "plugin": values})
        found = survey_plugins(kept, installed, unmigrated=unmigrated)
    if found.problems:
        raise PluginsRefused([str(problem) for problem in found.problems])
    return found.plugins


def survey_plugins(settings: Settings, installed: Sequence[Installed], *, unmigrated: bool = False) -> Survey:
    """Load what is enabled, as far as that goes."""
    found = examine(settings.plugins, installed, reserved=RESERVED, unmigrated=unmigrated)
    problems = [*found.problems]
    known = {*settings.plugins, *(one.name for one in installed)}
    problems += [Problem(plugin="plugins", text=text) for text in find_strangers(settings, known)]
    for name in settings.optional_plugins:
        if name not in settings.plugins:
            text = f"the optional plugin {name} is not among the plugins; add it there, too, or take it out."
            problems.append(Problem(plugin="optional_plugins", text=text))
    values: dict[str, Any] = {}
    for offer in found.offers:
        values[offer.name], said = read_plugin(settings, offer.name, offer.kind.settings_type)
        problems += [Problem(plugin=str(offer), text=text) for text in said]
    sound = [offer for offer in found.offers if values[offer.name] is not None]
    catalogue, clashes = _declare(sound)
    problems += clashes
    sound = [offer for offer in sound if not any(str(offer) in problem.plugin for problem in clashes)]
    made = [instantiate(offer, values[offer.name]) for offer in sound]
    problems += [one for one in made if isinstance(one, Problem)]
    plugins = tuple(one for one in made if isinstance(one, LoadedPlugin))
    told = {offer.name: str(offer) for offer in sound}
    operations: list[Operation] = []
    for one in plugins:
        found_here, said = operations_of(one.plugin)
        operations += found_here
        problems += [Problem(plugin=told[one.name], text=text.partition(", ")[2]) for text in said]
    if catalogue is not None:
        for operation, text in find_misplaced(catalogue, operations):
            problems.append(Problem(plugin=told[operation.plugin], text=f"{operation.kind} {operation.name}: {text}"))
    return Survey(installed=tuple(installed), plugins=plugins, problems=tuple(problems))


def concerns(problem: Problem, name: str, installed: Sequence[Installed]) -> bool:
    """Whether a problem is one of the plugin of that name."""
    told = [str(one) for one in installed if one.name == name]
    return problem.plugin == f"plugin {name}" or any(one in problem.plugin for one in told)


def _concerning(survey: Survey, name: str) -> Iterator[Problem]:
    return (problem for problem in survey.problems if concerns(problem, name, survey.installed))


def models_of(plugins: Sequence[LoadedPlugin]) -> tuple[type[Any], ...]:
    """The core's models, then those of the plugins by their names: what is read from them hangs on nothing else."""
    by_name = sorted(plugins, key=lambda one: one.name)
    return (*RECORDS, *(model for one in by_name for model in one.plugin.models))


def catalogue_of(plugins: Sequence[LoadedPlugin]) -> Catalogue:
    """The catalogue of the core's records and the plugins'."""
    return declare(models_of(plugins), {model: one.name for one in plugins for model in one.plugin.models})


def apps_of(plugins: Sequence[LoadedPlugin]) -> tuple[MigrationApp, ...]:
    """The apps of the plugins that store something."""
    return tuple(
        MigrationApp(label=one.name, migrations=one.plugin.migrations, classes=tuple(one.plugin.models))
        for one in sorted(plugins, key=lambda one: one.name)
        if one.plugin.migrations is not None
    )


def marks_of(plugins: Sequence[LoadedPlugin]) -> tuple[PluginMark, ...]:
    """What a database is told of the plugins."""
    return tuple(
        PluginMark(
            name=one.name,
            version=one.version,
            distribution=one.distribution,
            tables=tuple(model._meta.db_table for model in one.plugin.models),
        )
        for one in sorted(plugins, key=lambda one: one.name)
    )


def _declare(offers: Sequence[Offer]) -> tuple[Catalogue | None, list[Problem]]:
    """The models of all plugins taken together, or what is wrong with them, each under the plugins that it names."""
    offers = sorted(offers, key=lambda offer: offer.name)
    owners: dict[type[Any], Offer] = {model: offer for offer in offers for model in offer.kind.models}
    try:
        return declare((*RECORDS, *owners), {model: offer.name for model, offer in owners.items()}), []
    except DeclarationError as error:
        return None, [_clash(text, owners) for text in error.problems]


def _clash(text: str, owners: Mapping[type[Any], Offer]) -> Problem:
    words = set(re.findall(r"\w+", text))
    named = dict.fromkeys(str(offer) for model, offer in owners.items() if words & {model.__name__, model.__module__})
    told = " and ".join(named) or "plugins"
    return Problem(plugin=told, text=f"{_ended(text)} {ADVICE}")


def _ended(text: str) -> str:
    """A sentence with its end."""
    return text if text.endswith("?") else f"{text}."
