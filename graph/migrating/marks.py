"""What a database is told of the enabled plugins: their versions, their tables, and the rows that these must have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PluginMark:
    """An enabled plugin as a database is told of it."""

    name: str
    version: str
    distribution: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordedPlugin:
    """A plugin as a database knows it; one that is not enabled has left its tables."""

    mark: PluginMark
    is_enabled: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A plugin whose version here is not that which a database was made ready for; None where it is not enabled."""

    plugin: str
    here: str | None
    there: str | None

    def __str__(self) -> str:
        if self.there is None:
            return f"{self.plugin} {self.here} is enabled here and not in the database"
        if self.here is None:
            return f"{self.plugin} {self.there} is enabled in the database and not here"
        return f"{self.plugin} has version {self.here} here and {self.there} in the database"

    @property
    def made(self) -> str:
        """What it takes to put the database right, once it was done."""
        if self.there is None:
            return f"Enabled the plugin {self.plugin} {self.here}."
        if self.here is None:
            return f"The plugin {self.plugin} is no longer enabled; its tables are kept."
        return f"Took the plugin {self.plugin} from {self.there} to {self.here}."


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """The rows that an extension must have: one for each row of the owner's table.

    `values` gives those of a new row's `columns` as the database stores them, owner_id and deleted_at excepted.
    """

    plugin: str
    table: str
    owner: str
    columns: tuple[str, ...]
    values: Callable[[], Sequence[Any]]

    def lacking(self, alias: str = "o") -> str:
        """The condition of owners without a row."""
        return f'NOT EXISTS (SELECT 1 FROM "{self.table}" e WHERE e.owner_id = {alias}.id)'


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What a plugin's rows missed while it was not enabled: statements to be run when it is again."""

    plugin: str
    statements: tuple[str, ...]
