"""accord NAME: the commands of an enabled plugin, made from its methods."""

import asyncio
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugins.contexts import Passing
from ..settings import PluginsRefused, Settings, SettingsInvalid, read_settings
from .database import check_current, core_target
from .failures import CommandFailed, explained, not_started
from .terminal import Report, progress, say

if TYPE_CHECKING:
    from ...plugins.operations import Operation
    from ...plugins.shapes import Part, Shape
    from ...schema.plugin_context import PluginContext


def add_plugin_commands(app: typer.Typer, arguments: Sequence[str]) -> None:
    """Add the commands of enabled plugins, if the arguments name one, or ask what commands there are.

    Nothing is loaded for Accord's own commands. Raises PluginsRefused where the plugin that is named can't be used, and
    CommandFailed where it isn't enabled or has no commands.
    """
    named = next((one for one in arguments if not one.startswith("-")), None)
    own = {str(one.name) for one in app.registered_groups}
    own |= {one.callback.__name__ for one in app.registered_commands if one.callback is not None}
    if named in own:
        return
    try:
        settings = read_settings()
    except SettingsInvalid:
        return  # the command itself says so
    if named is not None and named not in settings.plugins:
        _refuse_unknown(named, own, settings)
        return
    if not settings.plugins:
        return
    try:
        groups = make_groups(settings)
    except PluginsRefused:
        if named is None:
            return  # help is there, whatever is wrong
        raise
    for name, group in groups.items():
        if name not in own:
            app.add_typer(group, name=name)
    if named is not None and named not in groups:
        raise CommandFailed(f"The plugin {named} has no commands.")


def _refuse_unknown(named: str, own: Collection[str], settings: Settings) -> None:
    """Raises CommandFailed for the name of a plugin that isn't enabled, and for what is like the name of one."""
    from ...plugins.loading import discover
    from ...plugins.names import nearest

    installed = {one.name for one in discover()}
    if named in installed:
        raise CommandFailed(f"The plugin {named} is not enabled; add it to the setting plugins.")
    near = nearest(named, [*sorted(own), *settings.plugins, *sorted(installed)])
    if near is not None and near not in own:
        raise CommandFailed(f"There is no command {named!r}; did you mean {near}?")


def make_groups(settings: Settings) -> Mapping[str, typer.Typer]:
    """The commands of each enabled plugin that has some; raises PluginsRefused."""
    from ...plugins.calling import Hooks
    from ...plugins.operations import OperationKind
    from ..plugin_loading import load_plugins
    from ..plugin_work import all_operations

    plugins = [one.plugin for one in load_plugins(settings)]
    commands = [one for one in all_operations(Hooks(plugins)) if one.kind is OperationKind.COMMAND]
    groups: dict[str, typer.Typer] = {}
    for plugin in plugins:
        own = [one for one in commands if one.plugin == plugin.name]
        if own:
            words = " ".join((inspect.getdoc(type(plugin)) or plugin.title or plugin.name).split())
            group = groups[plugin.name] = typer.Typer(no_args_is_help=True, help=words)
            group.callback()(_nothing)  # so that a single command has its name, too
            for operation in own:
                group.command(operation.api, help=operation.description)(_command(settings, operation))
    return groups


def _nothing() -> None:
    """Nothing is done before the command."""


def _command(settings: Settings, operation: "Operation") -> Callable[..., None]:
    """A function with an option for each argument of the method."""
    from ...plugins.names import camel
    from ..logging import start_logging

    def call(**given: Any) -> None:
        values = {camel(name): value for name, value in given.items()}
        start_logging(settings.log_level, settings.log_format, sys.stderr)
        asyncio.run(run_command(settings, operation, values))

    parameters = [_option(part) for part in operation.arguments]
    function: Any = call
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    return call


def _option(part: "Part") -> inspect.Parameter:
    type_ = _type(part.shape)
    default: Any = inspect.Parameter.empty
    if part.has_default or part.shape.nullable:
        default = _plain(part.default)
        if default is None:
            type_ = type_ | None
    annotation = Annotated[type_, typer.Option(help=part.description, metavar=_metavar(part.shape))]
    return inspect.Parameter(part.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _type(shape: "Shape") -> Any:
    """What typer reads; dates, numbers, choices and ids stay as they are written, and are read as by the API."""
    from ...plugins.shapes import Nature

    match shape.nature:
        case Nature.LIST:
            inner: Any = _type(shape.element)
            return list[inner]
        case Nature.INTEGER:
            return int
        case Nature.FLOAT:
            return float
        case Nature.BOOLEAN:
            return bool
        case _:
            return str


def _metavar(shape: "Shape") -> str | None:
    """What help shows for a value: the members of a choice; else typer's own word for the type."""
    from ...plugins.shapes import Nature

    plain = shape.element if shape.nature is Nature.LIST else shape
    return f"[{'|'.join(plain.type.__members__)}]" if plain.nature is Nature.CHOICE else None


def _plain(value: Any) -> Any:
    """A default as it would be written."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType] - of whatever there is
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


async def run_command(settings: Settings, operation: "Operation", given: Mapping[str, Any]) -> None:
    """Open Accord and call the method; raises CommandFailed."""
    from ...graph.coercing import coerced
    from ...plugins.calling import PluginFailed
    from ..composition import open_accord

    await check_current(core_target(settings))
    with explained(settings.database_place):
        async with open_accord(settings) as accord:
            arguments = coerced(accord.catalogue, operation.arguments, given)
            if arguments.misfits:
                lines = [f"--{'-'.join(map(str, one.path))}: {one.message}" for one in arguments.misfits]
                raise CommandFailed("\n".join(lines))
            method = getattr(accord.hooks.plugin(operation.plugin), operation.name)
            try:
                try:
                    await accord.hooks.startup(accord.contexts.of)
                except PluginFailed as failed:
                    raise not_started(failed, accord.plugins) from failed
                with progress(f"{operation.plugin} {operation.api}") as report:
                    context = _CommandContext(accord.contexts.of(operation.plugin), report)
                    work = method(context, **arguments.values)
                    await accord.hooks.contained(operation.plugin, f"command {operation.name}", work)
            except PluginFailed as failed:
                cause = failed.__cause__
                said = f"{operation.plugin} {operation.api}: {type(cause).__name__}: {cause}"
                raise CommandFailed(f"{said} (incident {failed.incident} in the log)") from failed
            finally:
                await accord.hooks.shutdown()


class _CommandContext(Passing):
    """What a command is given: the plugin's own context, and a way to speak to people."""

    def __init__(self, context: "PluginContext", report: Report) -> None:
        super().__init__(context)
        self._report = report

    def say(self, text: str) -> None:
        say(text)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self._report(message, done, total if total is not None else done)
