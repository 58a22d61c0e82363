"""Changes: what a unit of work does to each record, as rules and plugins see it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from .choices import Choices
from .names import camel
from .violations import Path, Violation


class ChangeKind(Choices):
    """What happens to a record."""

    CREATE = "CREATE", "It was made."
    UPDATE = "UPDATE", "Some of its fields have other values."
    DELETE = "DELETE", "It was deleted, and can be restored."
    RESTORE = "RESTORE", "It is back after having been deleted."


@dataclass(kw_only=True, eq=False)
class Change:
    """One record's change: its columns before and after, and where in the input it was asked for.

    `before` is None for a record that is created. `after` holds every column; in `prepare` and in mutations a plugin
    sets values of its own records and extensions in it, but for what Accord alone sets, such as `version` and
    `deleted_at`. What else a plugin tries to change raises an error that names the next step. `given` names the columns
    that the input states. `root` counts the inputs of a bulk from 0.
    """

    kind: ChangeKind
    record: str
    id: UUID
    path: Path
    root: int
    before: Mapping[str, Any] | None
    after: dict[str, Any]
    given: set[str] = field(default_factory=set[str])
    paths: dict[str, Path] = field(default_factory=dict[str, Path])

    @property
    def is_live(self) -> bool:
        """Whether the record is there once the change is made."""
        return self.kind is not ChangeKind.DELETE

    @property
    def is_write(self) -> bool:
        """Whether the change sets values: it creates or updates."""
        return self.kind in {ChangeKind.CREATE, ChangeKind.UPDATE}

    def changed(self, *columns: str) -> bool:
        """Whether one of the columns has another value than before; every column of a new record has."""
        before = self.before
        return before is None or any(before.get(column) != self.after.get(column) for column in columns)

    def at(self, column: str) -> Path:
        """Where in the input the column's value stands, or would stand."""
        return self.paths.get(column) or (*self.path, camel(column))


class CoreUnit(Protocol):
    """The unit of work as the core's own records see it: its moment, who does it, its changes, what is stored.

    What plugins see, hooks and the class methods of their records alike, is `units.Unit`.
    """

    now: datetime
    today: date
    actor: UUID

    def new_id(self) -> UUID:
        """An id for a record to be created."""
        ...

    def changes(self, record: str) -> Sequence[Change]:
        """The changes of one record type, those that rules have added included."""
        ...

    def change(self, record: str, id_: UUID) -> Change | None:
        """The change of that record, if the unit has one."""
        ...

    def update(self, record: str, row: Mapping[str, Any], values: Mapping[str, Any], because: Change) -> Change:
        """Change a stored record that the input does not name; `because` is the change that makes it necessary."""
        ...

    def violate(self, violation: Violation, because: Change, *, of: Collection[str] = ()) -> None:
        """Report a violation found while preparing; `of` are the columns that it hangs on, stated ones or stored.

        Of what is stored and may not be read by whoever writes, nothing is told.
        """
        ...

    async def lock(self, name: str) -> None:
        """Let no other unit of work hold the lock called `name` until this one ends."""
        ...

    async def rows(
        self, record: str, column: str, values: Iterable[Any], *, live: bool = True
    ) -> Sequence[Mapping[str, Any]]:
        """Stored rows whose column is one of the values, in one statement; the unit's own changes are not in them."""
        ...

    def replace_relations(
        self, relation: str, column: str, values: Iterable[UUID], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Replace the derived rows whose column is one of the values by `rows`, when the unit is written."""
        ...

    def set_derived(self, record: str, column: str, values: Mapping[UUID, Any]) -> None:
        """Set a derived column of stored rows when the unit is written, without a change of their own."""
        ...
