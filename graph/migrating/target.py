"""What is migrated: a database, the apps whose tables stand in it, and the indexes on them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from ..storing import DatabaseKind
from .errors import IndexInvalid
from .indexes import Index


@dataclass(frozen=True, kw_only=True)
class MigrationApp:
    """One Tortoise app: its label, the modules of its models and the package of its migrations."""

    label: str
    models: tuple[str, ...]
    migrations: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A database and what it should look like.

    `location` is the path of a SQLite file, or the URL of a PostgreSQL database as Tortoise reads it. Apps stand in
    the order of their dependence, core first: a model that two apps can see belongs to the first. `lock_timeout` is in
    seconds.
    """

    kind: DatabaseKind
    location: str
    apps: tuple[MigrationApp, ...]
    indexes: tuple[Index, ...] = ()
    clock: Callable[[], datetime]
    lock_timeout: float = 60.0

    def __post_init__(self) -> None:
        names = [index.name for index in self.indexes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise IndexInvalid(f"Index {', '.join(twice)} is declared twice: give each index a name of its own.")

    @property
    def place(self) -> str:
        """The location as messages show it: without user or password."""
        if self.kind == "sqlite":
            return self.location
        url = urlsplit(self.location)
        return f"{url.hostname or 'local socket'}{url.path}"
