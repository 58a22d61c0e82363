"""What is migrated: a database, the apps whose tables stand in it, and the indexes on them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ..storing import DatabaseKind
from .errors import IndexInvalid
from .indexes import Index
from .marks import Backfill, PluginMark, Upkeep


@dataclass(frozen=True, kw_only=True)
class MigrationApp:
    """One Tortoise app: its label, the modules of its models (or these themselves), and its migrations' package."""

    label: str
    models: tuple[str, ...] = ()
    migrations: str
    classes: tuple[type[Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A database and what it should look like.

    `location` is the path of a SQLite file, or the URL of a PostgreSQL database as Tortoise reads it. Apps stand in
    the order of their dependence, core first: a model that two apps can see belongs to the first. `lock_timeout` is in
    seconds. `plugins` are those enabled; `backfills` and `upkeep` say which rows theirs need;
    `missing` are optional ones that can't be used, which is in order as long as their tables are empty.
    """

    kind: DatabaseKind
    location: str
    apps: tuple[MigrationApp, ...]
    indexes: tuple[Index, ...] = ()
    clock: Callable[[], datetime]
    lock_timeout: float = 60.0
    plugins: tuple[PluginMark, ...] = ()
    backfills: tuple[Backfill, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [index.name for index in self.indexes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise IndexInvalid(f"Index {', '.join(twice)} is declared twice: give each index a name of its own.")

    @property
    def plugin_names(self) -> tuple[str, ...]:
        """The enabled plugins, by name."""
        return tuple(sorted(mark.name for mark in self.plugins))

    @property
    def plugin_apps(self) -> tuple[MigrationApp, ...]:
        """The apps of enabled plugins."""
        plugins = {mark.name for mark in self.plugins}
        return tuple(app for app in self.apps if app.label in plugins)

    @property
    def place(self) -> str:
        """The location as messages show it: without user or password."""
        if self.kind == "sqlite":
            return self.location
        url = urlsplit(self.location)
        return f"{url.hostname or 'local socket'}{url.path}"
