"""Every rule that can be broken: core's own, and those that plugins declare, listed before any of them fires."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from ..plugins.plugin import Plugin
from ..plugins.violations import Rule
from .records import RECORDS
from .writing import rules

PARTS = ("findings", "hierarchy", "naming", "periods", "primaries", "reporting")  # rules of several records


def core_rules() -> Sequence[Rule]:
    """The rules of the core, by code; several may share one, each with words of its own."""
    modules = [rules, *(import_module(model.__module__) for model in RECORDS)]
    package = RECORDS[0].__module__.rpartition(".")[0]
    modules += [import_module(f"{package}.{name}") for name in PARTS]
    found = {(rule.code, rule.message): rule for module in modules for rule in _of(module)}
    return [found[key] for key in sorted(found)]


def _of(module: ModuleType) -> Iterable[Rule]:
    return [value for value in vars(module).values() if isinstance(value, Rule)]


def all_rules(plugins: Iterable[Plugin]) -> Sequence[Rule]:
    """The rules of the core, then those of each plugin under its name, in the order of its `rules`."""
    return [*core_rules(), *(replace(rule, plugin=plugin.name) for plugin in plugins for rule in plugin.rules)]
