# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
"""What the author of a plugin may get wrong, found when it is loaded: a sentence each, with what to do about it."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tortoise.fields.relational import ForeignKeyFieldInstance

from .declarations import Policy
from .hooks import HOOKS, PROJECT, HookSpecs
from .names import nearest
from .plugin import API_VERSION, Permission, Plugin, PluginSettings
from .records import Extension, Record, Relation
from .violations import Rule

NAME = re.compile(r"[a-z][a-z0-9]{1,39}")
VERSION = re.compile(r"(\d+)\.(\d+)")
CORE = "graph"  # the app of the core's records
REFUSED_OPTIONS = ("tryfirst", "trylast", "wrapper", "hookwrapper", "optionalhook", "specname")
SEQUENCES = ("after", "models", "rules", "permissions")


def find_problems(kind: type[Plugin], name: str, *, reserved: frozenset[str], unmigrated: bool) -> Iterator[str]:
    """Everything wrong with the class of a plugin that an entry point calls `name`."""
    yield from _name(kind, name, reserved)
    yield from _version(kind)
    yield from _attributes(kind)
    yield from _hooks(kind)
    wrong = [*_sequences(kind)]
    yield from wrong
    if wrong:
        return  # what follows looks into them
    if name in kind.after:
        yield "it names itself in `after`; take it out."
    codes = [rule.code for rule in kind.rules]
    for code in dict.fromkeys(code for code in codes if codes.count(code) > 1):
        yield f"several of its rules have the code {code}; give each its own."
    permissions = [one.name for one in kind.permissions]
    for permission in permissions:
        if not re.fullmatch(rf"{re.escape(name)}(\.[a-z][a-z0-9_]*)+", permission):
            yield f"the permission {permission!r} doesn't begin with its name; call it {name}.SUBJECT.VERB."
        if permissions.count(permission) > 1:
            yield f"the permission {permission!r} is declared twice; declare it once."
    for model in kind.models:
        yield from _model(model, name, frozenset(permissions))
    yield from _migrations(kind, unmigrated)


def _name(kind: type[Plugin], name: str, reserved: frozenset[str]) -> Iterator[str]:
    own = getattr(kind, "name", None)
    if own != name:
        yield f"its class calls it {own!r}, and its entry point {name!r}; use one name for both."
    if not NAME.fullmatch(name):
        yield f"its name {name!r} can't stand in the API; use two to forty small letters and digits, a letter first."
    if name in reserved:
        yield f"its name {name!r} belongs to the core; choose another."


def _version(kind: type[Plugin]) -> Iterator[str]:
    wanted, own = VERSION.fullmatch(str(kind.api)), VERSION.fullmatch(API_VERSION)
    if wanted is None or own is None:
        yield f"its api is {kind.api!r}; write the version of the contract that it was made for, as {API_VERSION!r}."
        return
    (major, minor), (own_major, own_minor) = (tuple(map(int, one.groups())) for one in (wanted, own))
    if major != own_major:
        yield (
            f"it was made for version {kind.api} of the contract, and this Accord has {API_VERSION}; install a release "
            f"of the plugin for {own_major}.x."
        )
    elif minor > own_minor:
        yield (
            f"it needs version {kind.api} of the contract, and this Accord has {API_VERSION}; install a newer Accord, "
            "or an older release of the plugin."
        )


def _attributes(kind: type[Plugin]) -> Iterator[str]:
    """Attributes that are like those of the contract, and are not: nobody would read them."""
    known = [name for name in vars(Plugin) if not name.startswith("_")] + list(Plugin.__annotations__)
    for name in dir(kind):
        value = inspect.getattr_static(kind, name)
        is_settings = isinstance(value, type) and issubclass(value, PluginSettings)
        is_method = (callable(value) and not is_settings) or isinstance(value, property | staticmethod)
        if name.startswith("_") or name in known or is_method:
            continue
        near = nearest(name, known, cutoff=0.8)
        if near:
            yield f"it has the attribute {name}, which means nothing; did you mean {near}?"
    settings: Any = kind.settings_type
    if not (isinstance(settings, type) and issubclass(settings, PluginSettings)):
        yield f"its settings_type is {settings!r}; derive the class of its settings from accord.plugins.PluginSettings."


def _sequences(kind: type[Plugin]) -> Iterator[str]:
    wanted: dict[str, type[Any]] = {"after": str, "models": type, "rules": Rule, "permissions": Permission}
    for name in SEQUENCES:
        value: Any = getattr(kind, name)
        if not isinstance(value, tuple | list):
            yield f"its {name} is {value!r}, and no tuple; write {name} = (…,) with a comma after a single one."
            continue
        for one in value:
            if not isinstance(one, wanted[name]):
                yield f"its {name} holds {one!r}, which is no {wanted[name].__name__}; take it out."


def _hooks(kind: type[Plugin]) -> Iterator[str]:
    for name in dir(kind):
        if name.startswith("__"):
            continue
        function: Any = getattr(kind, name, None)
        options: Any = getattr(function, f"{PROJECT}_impl", None)
        if options is None:
            if name in HOOKS and callable(function):
                yield f"its method {name} has the name of a hook, and would never be called; mark it with @hookimpl."
            continue
        if name not in HOOKS:
            near = nearest(name, HOOKS)
            advice = f"did you mean {near}?" if near else f"there are {', '.join(HOOKS)}."
            yield f"it marks {name} as a hook, and there is none of that name; {advice}"
            continue
        yield from _hook(name, inspect.getattr_static(kind, name), function, options)


def _hook(name: str, static: Any, function: Any, options: dict[str, Any]) -> Iterator[str]:
    for option in REFUSED_OPTIONS:
        if options.get(option):
            yield (
                f"its hook {name} asks for {option}; the order of plugins may change no outcome, so take that out, and "
                "say by `after` which come before it."
            )
    if isinstance(static, staticmethod | classmethod):
        yield f"its hook {name} is no method of the plugin; take @{type(static).__name__} away."
        return
    spec: Any = getattr(HookSpecs, name)
    if name == "validate":
        if not inspect.isasyncgenfunction(function):
            yield f"its hook {name} is no async generator; write `async def {name}` and yield each violation."
    elif not inspect.iscoroutinefunction(function):
        yield f"its hook {name} is not async; write `async def {name}`."
    known = [one for one in inspect.signature(spec).parameters if one != "self"]
    listed = ", ".join(known) or "none"
    for argument in [*inspect.signature(function).parameters.values()][1:]:
        if argument.kind in {argument.VAR_POSITIONAL, argument.VAR_KEYWORD, argument.POSITIONAL_ONLY}:
            yield f"its hook {name} takes {argument}; name the arguments that it wants, of {listed}."
        elif argument.name not in known:
            near = nearest(argument.name, known)
            advice = f"did you mean {near}?" if near else f"it may take {listed}."
            yield f"its hook {name} takes the argument {argument.name}, which it would never be given; {advice}"


def _model(model: type[Any], name: str, permissions: frozenset[str]) -> Iterator[str]:
    if issubclass(model, Record | Extension | Relation) and model._meta.abstract:
        yield f"its model {model.__name__} is abstract; let its Meta derive from tortoise.Model.Meta, or from nothing."
        return
    if not issubclass(model, Record | Extension | Relation):
        yield (
            f"its model {model.__name__} is no record; derive it from Record, AccountExtension, ContactExtension or "
            "AddressExtension."
        )
        return
    table = model._meta.db_table
    if not table.startswith(f"{name}_"):
        yield (
            f"the table {table} of {model.__name__} doesn't begin with the plugin's name; call it {name}_… by the "
            "class's name, or in its Meta."
        )
    namespace = model.__options__.get("namespace")
    if issubclass(model, Extension) and namespace != name:
        yield f"{model.__name__} has the namespace {namespace!r}; say namespace={name!r}, the plugin's name."
    for field_name, field in model._meta.fields_map.items():
        if isinstance(field, ForeignKeyFieldInstance):
            app = str(field.model_name).partition(".")[0]
            if app not in {CORE, name}:
                yield (
                    f"{model.__name__}.{field_name} refers to {field.model_name}; it may refer to records of its own "
                    f"({name}.…) and of the core ({CORE}.…) alone, since others may be taken out."
                )
    for field_name, policy in vars(getattr(model, "Policies", object)).items():
        if isinstance(policy, Policy):
            yield from (f"{model.__name__}.{field_name} {slip}" for slip in _policy(policy, permissions))


def _policy(policy: Policy, permissions: frozenset[str]) -> Iterator[str]:
    if policy.read is not None and policy.read not in permissions:
        near = nearest(policy.read, permissions)
        advice = f"did you mean {near}?" if near else "add it to the plugin's permissions."
        yield f"is read by {policy.read!r}, and no such permission is declared; {advice}"
    if policy.classified is not None and policy.read is None:
        yield f"is classified as {policy.classified}, and all could read it; say by read= which permission it takes."
    if policy.encrypted:
        yield (
            "is to be stored encrypted, which this Accord can't do yet: keys come later. Leave the field out until "
            "then; it is not stored in the clear instead."
        )


def _migrations(kind: type[Plugin], unmigrated: bool) -> Iterator[str]:
    package = kind.migrations
    if package is None:
        if kind.models:
            names = ", ".join(model.__name__ for model in kind.models)
            yield (
                f"it stores {names}, and names no migrations; make a package for them, name it by migrations=, and run "
                f"`ACCORD_PLUGINS={kind.name} accord migrate make initial --app {kind.name}`."
            )
        return
    try:
        found = import_module(package)
        modules = [module.name for module in iter_modules(found.__path__) if not module.name.startswith("_")]
    except (Exception, SystemExit) as error:  # the edge to a plugin's code, whatever its import does
        yield f"its migrations {package!r} can't be imported: {type(error).__name__}: {error}. Make it a package."
        return
    if kind.models and not modules and not unmigrated:
        yield (
            f"its migrations {package} hold none; run `ACCORD_PLUGINS={kind.name} accord migrate make initial "
            f"--app {kind.name}` in its source, and release it with what that writes."
        )
