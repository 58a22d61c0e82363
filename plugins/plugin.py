"""A plugin: the class that a partner writes and names as an entry point in the group `accord.plugins`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from .violations import Rule

API_VERSION = "1.0"  # of the contract, which changes apart from Accord's own version
GROUP = "accord.plugins"


class PluginSettings(BaseModel):
    """What an operator may set for a plugin, in `[plugin.NAME]` of accord.toml or by ACCORD_PLUGIN__NAME__FIELD.

    Each field has a type, a default or none, and a description. Secrets are `SecretStr`, and shown nowhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Something that an operator may allow an actor: `hipaa.phi.read`."""

    name: str
    description: str


class Plugin:
    """The base of every plugin; its docstring's first line says what it is for.

    name         how it is enabled, small letters and digits, the same as its entry point's; the namespace of its fields
                 and the prefix of its operations, tables and permissions
    title        how people call it
    version      its own, where it isn't that of its distribution
    api          the version of the contract that it was written for: `1.0`
    after        plugins whose hooks run before its own, where they are enabled too
    models       its extensions and records
    migrations   the package of its migrations; needed with models
    rules        every rule that it may report
    permissions  every permission that it asks for
    settings_type  the class of its settings; the values are in `self.settings`
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    version: ClassVar[str] = ""
    api: ClassVar[str] = API_VERSION
    after: ClassVar[tuple[str, ...]] = ()
    models: ClassVar[tuple[type[Any], ...]] = ()
    migrations: ClassVar[str | None] = None
    rules: ClassVar[tuple[Rule, ...]] = ()
    permissions: ClassVar[tuple[Permission, ...]] = ()
    settings_type: ClassVar[type[PluginSettings]] = PluginSettings

    def __init__(self, settings: PluginSettings | None = None) -> None:
        self.settings: Any = settings if settings is not None else self.settings_type()

    def examples(self) -> Mapping[str, str]:
        """Queries to try, by what they show: GraphiQL offers them."""
        return {}
