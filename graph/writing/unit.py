"""The unit of work in memory: its changes, what they are about to break, and the derived rows to write with them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.names import camel
from ...plugins.violations import Path, Severity, Violation
from ..catalogue import ABSENT, Catalogue, RecordType
from ..databases.database import Transaction, Write
from ..identity import NewId, global_id
from ..reading.dialects import Dialect
from ..reading.rows import RowReader, Values
from ..reading.scope import Ground
from ..reading.sight import NOBODY, Sight
from ..reading.stored_filters import StoredFilters
from .once import Once
from .rules import UNFITTING

CORE = "core"


class Raced(Exception):
    """Somebody else changed what a unit of work relies on; the write is tried anew."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A violation of one input of a bulk; `other` is the input that it clashes with, if it is of the same bulk."""

    root: int
    violation: Violation
    other: int | None = None


class UnitOfWork:
    """Everything that one transaction is going to do."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        transaction: Transaction,
        dialect: Dialect,
        now: datetime,
        actor: UUID,
        new_id: NewId,
        once: Once,
        sight: Sight = NOBODY,
        dry_run: bool = False,
    ) -> None:
        self.catalogue = catalogue
        self.transaction = transaction
        self.dialect = dialect
        self.sight = sight  # what whoever writes may read
        self.dry_run = dry_run
        self.reader = RowReader(transaction, dialect)
        self.now = now
        self.today: date = now.date()  # in UTC
        self.actor = actor
        self.new_id = new_id
        self.once = once
        self.found: list[Finding] = []
        self.unlocked: list[Change] = []
        self.missed: set[tuple[str, tuple[Any, ...]]] = set()  # keys that upserts looked for in vain, by record
        self.relations: list[tuple[str, str, list[UUID], list[Mapping[str, Any]]]] = []
        self.derived: list[tuple[str, str, Mapping[UUID, Any]]] = []
        self.writes: list[Write] = []  # of rows that are no record's, written with the changes
        self.following: list[tuple[str, Sequence[Any]]] = []  # statements that run when everything is written
        self.set_aside: dict[str, set[UUID]] = {}  # hidden rows that are in a dry run's way, by record
        self.is_open = True  # until the checks begin; plugins add and set nothing after that
        self.lent: dict[bool, dict[Change, Change]] = {}  # changes as plugins hold them: owners (True), and others
        self.taken: set[tuple[int, str, str]] = set()  # inputs refused for what may not be seen, with record and fields
        self._changes: dict[str, dict[UUID, Change]] = {}
        self._unreadable: set[Path] = set()
        self._wrong: set[Path] = set()

    @cached_property
    def ground(self) -> Ground:
        """What statements are compiled for that rules ask for."""
        stored = StoredFilters(self.catalogue)
        return Ground(catalogue=self.catalogue, dialect=self.dialect, stored=stored, sight=self.sight)

    def all_changes(self) -> list[Change]:
        """Every change, by record type."""
        return [change for changes in self._changes.values() for change in changes.values()]

    @property
    def size(self) -> int:
        """How many changes there are."""
        return sum(map(len, self._changes.values()))

    def changes(self, record: str) -> Sequence[Change]:
        """The changes of one record type."""
        return list(self._changes.get(record, {}).values())

    def changed_types(self) -> list[RecordType]:
        """The record types that have changes, in the catalogue's order."""
        return [record for name, record in self.catalogue.types.items() if self._changes.get(name)]

    def change(self, record: str, id_: UUID) -> Change | None:
        """The change of that record, if there is one."""
        return self._changes.get(record, {}).get(id_)

    def add(self, change: Change) -> Change:
        """Add a change; its record must not have one yet."""
        self._changes.setdefault(change.record, {})[change.id] = change
        return change

    def forget(self, change: Change) -> None:
        """Take a change out again."""
        del self._changes[change.record][change.id]

    def update(self, record: str, row: Mapping[str, Any], values: Mapping[str, Any], because: Change) -> Change:
        """Change a stored record that the input does not name, or add to the change it already has.

        The row was read without a lock; it is looked at again before it is written.
        """
        id_: UUID = row[self.catalogue[record].key]
        change = self.change(record, id_)
        if change is None:
            change = self.add(
                Change(
                    kind=ChangeKind.UPDATE,
                    record=record,
                    id=id_,
                    path=because.path,
                    root=because.root,
                    before=row,
                    after=dict(row),
                )
            )
            self.unlocked.append(change)
        change.after.update(values)
        return change

    def violate(
        self,
        violation: Violation,
        because: Change,
        *,
        other: Change | None = None,
        of: Collection[str] = (),
        of_others: Collection[str] = (),
    ) -> None:
        """Report a violation, unless the value at its path could not even be read, which has been said already.

        What the core finds wrong with a plugin's record or fields bears the plugin's name. `of` are the columns that a
        violation hangs on, `of_others` those of other records of the type: where whoever writes may not read one that
        the input does not state, a dry run says nothing, since guesses could be made by it, and a write is refused
        without a word about what is stored.
        """
        secrets = self._stored_secrets(because, of, of_others) if of or of_others else ""
        if secrets and self.dry_run:
            return
        if secrets:
            violation = replace(violation, message=UNFITTING.broken((), fields=secrets).message)
        if violation.path not in self._unreadable:
            clash = other.root if other is not None and other.root != because.root else None
            if violation.plugin == CORE and (plugin := self.catalogue[because.record].plugin) != CORE:
                violation = replace(violation, plugin=plugin)
            self.violate_at(violation, because.root, other=clash)

    def _stored_secrets(self, change: Change, own: Collection[str], others: Collection[str]) -> str:
        """The fields of these stored columns that whoever writes may not read, as a message names them."""
        record = self.catalogue[change.record]
        unstated = [] if change.before is None else [name for name in own if name not in change.given]
        stored = [*unstated, *others]
        secrets = self.sight.masked(record, stored)
        groups = {name: group.api for name, group in record.groups.items()}
        return " and ".join(dict.fromkeys(groups.get(name, camel(name)) for name in stored if name in secrets))

    def violate_at(self, violation: Violation, root: int, *, other: int | None = None) -> None:
        """Report a violation of an input that has no change."""
        self.found.append(Finding(root=root, violation=violation, other=other))
        if violation.severity is Severity.ERROR:
            self._wrong.update(violation.path[:length] for length in range(1, len(violation.path) + 1))

    def is_wrong(self, path: Path) -> bool:
        """Whether an error has been reported at a path, or further inside."""
        return path in self._wrong

    def refuse_value(self, violation: Violation, root: int, *paths: Path) -> None:
        """Report a value that can't be read; nothing more is said about it, nor about the other `paths`."""
        self.violate_at(violation, root)
        self._unreadable.update((violation.path, *paths))

    def errors(self) -> list[Finding]:
        """The violations that refuse the write."""
        return [finding for finding in self.found if finding.violation.severity is Severity.ERROR]

    async def lock(self, name: str) -> None:
        """Hold a named lock until the transaction ends."""
        await self.transaction.lock(name)

    async def hold(self, record: str, ids: Iterable[Any]) -> None:
        """Keep stored records from changing until the transaction ends.

        Whoever reads what belongs to them after that sees all that others have written, and nobody adds to it.
        """
        unheld = [id_ for id_ in ids if isinstance(id_, UUID) and self.change(record, id_) is None]
        if unheld and self.dialect.kind != "sqlite":  # there, the transaction holds the whole database
            await self.reader.find(self.catalogue[record], "id", unheld, lock="update")

    def is_new(self, record: str, id_: Any) -> bool:
        """Whether a record is made by the unit, so that nothing stored can point at it."""
        change = self._changes.get(record, {}).get(id_)
        return change is not None and change.kind is ChangeKind.CREATE

    async def rows(self, record: str, column: str, values: Iterable[Any], *, live: bool = True) -> Sequence[Values]:
        """Stored rows whose column is one of the values; null and what could not be read find nothing.

        What points at a record that the unit makes is not looked for, since nothing stored can.
        """
        link = self.once.of(targets_of, self.catalogue[record]).get(column)
        known = [value for value in values if value is not None and value is not ABSENT]
        if link is not None:
            known = [value for value in known if not self.is_new(link, value)]
        return await self.reader.find(self.catalogue[record], column, known, live=live)

    def replace_relations(
        self, relation: str, column: str, values: Iterable[UUID], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Replace derived rows when the unit is written."""
        self.relations.append((relation, column, list(values), list(rows)))

    def set_derived(self, record: str, column: str, values: Mapping[UUID, Any]) -> None:
        """Set a derived column of stored rows when the unit is written."""
        self.derived.append((record, column, values))

    def shown(self, record: str, id_: UUID) -> str:
        """A record's global id."""
        return global_id(self.catalogue[record], id_)


def targets_of(record: RecordType) -> Mapping[str, str]:
    """The type of record that each foreign key leads to."""
    return {link.column: link.target for link in record.to_ones.values()}


def spelled(path: Path) -> str:
    """A path as messages name it: `input.contacts.2.name`."""
    return ".".join(str(step) for step in path)
