"""The field `plugins`: what each plugin is, adds and asks for, and how it fares."""

from dataclasses import dataclass
from typing import Annotated

from ..plugins.calling import KEPT
from ..plugins.choices import Choices
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Shape, shape_of
from ..plugins.violations import Severity

MANAGE = "plugins.manage"  # permission to see how plugins are set and how they fare
FIELD = "plugins"


class PluginState(Choices):
    """How a plugin stands."""

    AVAILABLE = "AVAILABLE", "It is installed and not enabled."
    ENABLED = "ENABLED", "It is enabled and well."
    DEGRADED = "DEGRADED", "It is enabled, and something is wrong with it; `reason` says what."
    REFUSED = "REFUSED", "It is enabled and can't be used; `reason` says why."
    ORPHANED = "ORPHANED", "It is not enabled, and its tables are kept."


class OperationType(Choices):
    """How an operation is called."""

    QUERY = "QUERY", "A field of Query."
    MUTATION = "MUTATION", "A field of Mutation, done in one transaction."
    JOB = "JOB", "A field of Mutation that starts long work."
    COMMAND = "COMMAND", "A command of the command line."
    DUE = "DUE", "Work that falls due at a time; nobody calls it."


@dataclass(frozen=True, kw_only=True)
class PluginField:
    """A field that a plugin adds."""

    record: Annotated[str, "The type that has the field."]
    name: Annotated[str, "Its name, under the plugin's namespace."]
    type: Annotated[str, "Its type in the schema."]
    description: Annotated[str, "What it holds."]
    filterable: Annotated[bool, "Whether lists can be filtered and sorted by it."]
    classified: Annotated[str | None, "The class of data that it holds, such as PHI."]
    permission: Annotated[str | None, "What a caller needs to read it; others see the mask, and may not filter by it."]
    mask: Annotated[str | None, "What others see."]


@dataclass(frozen=True, kw_only=True)
class PluginRecord:
    """A type of record that a plugin adds."""

    name: Annotated[str, "The type's name."]
    description: Annotated[str, "What it is."]


@dataclass(frozen=True, kw_only=True)
class PluginOperation:
    """Something that a plugin does when it is called."""

    kind: Annotated[OperationType, "How it is called."]
    name: Annotated[str, "Its name in the API, or the command."]
    description: Annotated[str, "What it does."]
    permission: Annotated[str | None, "What a caller needs for it."]


@dataclass(frozen=True, kw_only=True)
class PluginRule:
    """A rule that a plugin holds writes to."""

    code: Annotated[str, "The code of its violations."]
    message: Annotated[str, "What they say; the parts in braces are filled in."]
    severity: Annotated[Severity, "Whether it refuses a write or warns."]
    reference: Annotated[str | None, "Where the rule comes from, such as a section of a law."]


@dataclass(frozen=True, kw_only=True)
class PluginPermission:
    """Something that an operator may allow an actor."""

    name: Annotated[str, "Its name."]
    description: Annotated[str, "What it allows."]


@dataclass(frozen=True, kw_only=True)
class PluginSetting:
    """Something that an operator may set for a plugin."""

    name: Annotated[str, "Its name."]
    value: Annotated[str | None, "Its value as JSON; secrets are hidden."]
    source: Annotated[str, "Where the value comes from."]
    description: Annotated[str, "What it is for."]


@dataclass(frozen=True, kw_only=True)
class PluginHook:
    """How a hook of a plugin has fared in the process that answers."""

    name: Annotated[str, "The hook's name."]
    calls: Annotated[int, "How often it was called since the process started."]
    failures: Annotated[int, "How often it raised or took too long."]
    p95_ms: Annotated[float, f"Milliseconds within which 95 of 100 calls ended, of the last {KEPT}."]


@dataclass(frozen=True, kw_only=True)
class PluginMigration:
    """A step of a plugin's tables."""

    name: Annotated[str, "Its name."]
    applied: Annotated[bool, "Whether the database has it."]


@dataclass(frozen=True, kw_only=True)
class PluginExample:
    """A query to try."""

    title: Annotated[str, "What it shows."]
    query: Annotated[str, "The document."]


@dataclass(frozen=True, kw_only=True)
class PluginReport:
    """A plugin: what it is, adds and asks for, and how it fares.

    Lists that only operators may see are null to others.
    """

    name: Annotated[str, "How it is enabled; the namespace of its fields."]
    title: Annotated[str, "How people call it."]
    description: Annotated[str, "What it is for."]
    version: Annotated[str, "Its version."]
    distribution: Annotated[str, "The Python distribution that it comes from."]
    api_version: Annotated[str | None, "The version of the plugin contract that it was written for."]
    state: Annotated[PluginState, "How it stands."]
    reason: Annotated[str | None, "Why it stands so, for operators."]
    after: Annotated[list[str], "Plugins whose hooks run before its own."]
    fields: Annotated[list[PluginField], "The fields that it adds to records."]
    records: Annotated[list[PluginRecord], "The types of records that it adds."]
    operations: Annotated[list[PluginOperation], "What it does when it is called."]
    rules: Annotated[list[PluginRule], "The rules that it holds writes to."]
    permissions: Annotated[list[PluginPermission], "What it can be allowed to whom."]
    settings: Annotated[list[PluginSetting] | None, f"How it is set. Needs the permission {MANAGE}."]
    hooks: Annotated[list[PluginHook] | None, f"How its hooks fare. Needs the permission {MANAGE}."]
    migrations: Annotated[list[PluginMigration] | None, f"The steps of its tables. Needs the permission {MANAGE}."]
    examples: Annotated[list[PluginExample], "Queries to try."]


async def _unused() -> None:
    """Answered by who knows all plugins."""


def plugins_operation() -> Operation:
    """The field `plugins`."""
    return Operation(
        plugin="core",
        kind=OperationKind.QUERY,
        name=FIELD,
        api=FIELD,
        permission=None,
        description=(
            f"The enabled plugins, by name; with the permission {MANAGE} also those that are installed, refused or "
            "left tables behind."
        ),
        function=_unused,
        arguments=(),
        result=Shape(nature=Nature.LIST, inner=shape_of(PluginReport), type=list),
    )
