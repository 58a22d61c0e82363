"""The unit of work as a plugin sees it: all that is about to change, and the plugin's own part of it to write."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from .changes import Change
from .violations import Violation

Row = Mapping[str, Any]
RecordName = type[Any] | str  # a record's class, or its name, as `Account` for those of core


class NotYours(Exception):
    """A plugin's code writes what isn't its own, or when nothing can be written any more."""

    is_for_authors = True  # its words name declarations and no values: they may stand in a log


class Refused(Exception):
    """What an operation was asked for can't be done; the violation that says why has been reported."""


class Unit(Protocol):
    """One transaction's work. Rows and changes hold Python values by column: dates, Decimals, UUIDs; of an amount of
    money minor units, and the currency in NAME_currency; an enum's member as its text.

    What can't be read, or is missing, has been reported when `validate` is called, and stands in a change as None or
    as it was.
    """

    now: datetime
    today: date
    actor: UUID

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        ...

    def new_id(self) -> UUID:
        """A new id, later than all before it."""
        ...

    def changes(self, record: RecordName) -> Sequence[Change]:
        """The changes of one record type, of core or of any plugin."""
        ...

    def change(self, record: RecordName, id_: UUID) -> Change | None:
        """The change of that record, if the unit has one."""
        ...

    async def rows(self, record: RecordName, column: str, values: Iterable[Any], *, live: bool = True) -> Sequence[Row]:
        """Stored rows whose column is one of the values, in one statement; the unit's own changes are not in them."""
        ...

    async def after(self, record: RecordName, ids: Iterable[Any]) -> Mapping[UUID, Row]:
        """The live rows with these ids as they will be after the unit, by id; an extension's by its owner's."""
        ...

    async def rows_after(self, record: RecordName, column: str, values: Iterable[Any]) -> Sequence[Row]:
        """The live rows whose column is one of the values after the unit, such as an account's owners."""
        ...

    async def create(self, record: RecordName, values: Row, *, because: Change | None = None) -> Change:
        """Create a record of the plugin's own. Values are given by field name, as inputs take them; ids as UUIDs. What
        Accord alone sets is left out: id, version, who wrote it and when, deletion, an extension's owner.

        `because` is the change that makes it necessary: what is found wrong is reported at its place in the input.
        Like `update` and `delete` for `prepare` and for mutations alone: afterwards nothing is written any more.
        """
        ...

    async def update(
        self, record: RecordName, id_: UUID | Row, values: Row, *, because: Change | None = None
    ) -> Change:
        """Change a record or an extension of the plugin's own, by its id (an extension by its owner's) or row.

        Raises Refused if there is none, which has been reported then.
        """
        ...

    async def delete(self, record: RecordName, id_: UUID, *, because: Change | None = None) -> Change:
        """Delete a record of the plugin's own, and what belongs to it; raises Refused as `update` does."""
        ...

    def violate(self, violation: Violation, because: Change | None = None) -> None:
        """Report a violation from `prepare` or a mutation: `RULE.broken(("on",), day=on)` speaks of an argument."""
        ...

    def schedule(
        self, name: str, *, at: datetime | None, record: UUID | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        """Let the plugin's method marked `due` and called so run at a time, once this unit is committed.

        Of one name and record one is planned at most: another time takes the place of the first, None takes it away.
        Without a record each stands for itself.
        """
        ...

    async def lock(self, name: str) -> None:
        """Let no other unit of work hold the lock called `name` until this one ends."""
        ...
