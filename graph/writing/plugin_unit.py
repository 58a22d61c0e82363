"""The unit of work as one plugin sees it: everything to be read, its own part to be written, under its own name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ...plugins.budget import uncounted
from ...plugins.calling import UndeclaredRule
from ...plugins.changes import Change, ChangeKind
from ...plugins.names import nearest
from ...plugins.plugin import Plugin
from ...plugins.units import NotYours, RecordName, Refused
from ...plugins.violations import Path, Violation
from ..catalogue import ABSENT, Column, RecordType, ToAny, ToOne
from ..identity import global_id
from ..reading.rows import Values
from .due import plan_due
from .filling import Filler
from .lending import OVER, check_settable, lent, set_column
from .rules import NOT_FOUND
from .unit import UnitOfWork

May = Callable[[str], bool]
NOWHERE: Mapping[UUID, Path] = {}


class PluginUnit:
    """What the hooks and mutations of one plugin are given; they may add changes until the unit is checked.

    `paths` say where the ids that an operation was given stand among its arguments.
    """

    def __init__(self, unit: UnitOfWork, plugin: Plugin, may: May, *, paths: Mapping[UUID, Path] = NOWHERE) -> None:
        self._unit = unit
        self._plugin = plugin
        self._may = may
        self._paths = paths
        self.now = unit.now
        self.today = unit.today
        self.actor = unit.actor

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        return self._may(permission)

    def new_id(self) -> UUID:
        """A new id."""
        return self._unit.new_id()

    def changes(self, record: RecordName) -> Sequence[Change]:
        """The changes of one record type."""
        kind = self._type(record)
        return self.lent(kind, self._unit.changes(kind.name))

    def change(self, record: RecordName, id_: UUID) -> Change | None:
        """The change of that record, if there is one."""
        kind = self._type(record)
        change = self._unit.change(kind.name, id_)
        return None if change is None else self._lent(kind, change)

    def lent(self, kind: RecordType, changes: Iterable[Change]) -> Sequence[Change]:
        """The changes of a record type as the plugin holds them."""
        return lent(self._unit, kind, changes, is_own=self._owns(kind))

    async def lock(self, name: str) -> None:
        """Hold a named lock, the plugin's own, until the transaction ends; waiting for it is not the plugin's time."""
        with uncounted():
            await self._unit.lock(f"{self._plugin.name}: {name}")

    # reading ---------------------------------------------------------------------------------------------------

    async def rows(
        self, record: RecordName, column: str, values: Iterable[Any], *, live: bool = True
    ) -> Sequence[Values]:
        """Stored rows whose column is one of the values."""
        kind = self._type(record)
        self._check_column(kind, column)
        found = await self._unit.rows(kind.name, column, values, live=live)
        return [row for row in found if not live or row.get("deleted_at") is None]

    async def after(self, record: RecordName, ids: Iterable[Any]) -> Mapping[UUID, Mapping[str, Any]]:
        """Live rows by id, as they will be."""
        kind = self._type(record)
        wanted = _known(ids)
        changes = {id_: change for id_ in wanted if (change := self._unit.change(kind.name, id_)) is not None}
        stored = await self._unit.reader.find(kind, kind.key, [id_ for id_ in wanted if id_ not in changes])
        there = {row[kind.key]: row for row in stored if row.get("deleted_at") is None}
        there |= {one.id: one.after for one in self.lent(kind, changes.values()) if one.is_live}
        return {id_: there[id_] for id_ in wanted if id_ in there}

    async def rows_after(self, record: RecordName, column: str, values: Iterable[Any]) -> Sequence[Mapping[str, Any]]:
        """Live rows whose column is one of the values, as they will be."""
        kind = self._type(record)
        self._check_column(kind, column)
        wanted = _known(values)
        stored = await self._unit.rows(kind.name, column, wanted)
        kept = [
            row
            for row in stored
            if row.get("deleted_at") is None and self._unit.change(kind.name, row[kind.key]) is None
        ]
        held = set(wanted)
        changes = self._unit.changes(kind.name)
        changed = [one for one in changes if one.is_live and _hashable(one.after[column]) in held]
        return [*kept, *(one.after for one in self.lent(kind, changed))]

    # writing ---------------------------------------------------------------------------------------------------

    async def create(self, record: RecordName, values: Mapping[str, Any], *, because: Change | None = None) -> Change:
        """Create a record of the plugin's own."""
        kind = self._own(record)
        if kind.owner is not None:
            raise NotYours(f"{kind.name} rows are made with their owners; update the one there is instead")
        filler = Filler(self._unit)
        cause = self._behind(because) or self._cause(values.values())
        change = Change(
            kind=ChangeKind.CREATE,
            record=kind.name,
            id=self._unit.new_id(),
            path=cause.path if cause else (),
            root=cause.root if cause else 0,
            before=None,
            after=filler.blank(kind),
        )
        change.after[kind.key] = change.id
        self._fill(filler, change, kind, values)
        return self._lent(kind, self._unit.add(change))

    async def update(
        self,
        record: RecordName,
        id_: UUID | Mapping[str, Any],
        values: Mapping[str, Any],
        *,
        because: Change | None = None,
    ) -> Change:
        """Change a record or an extension of the plugin's own."""
        kind = self._own(record)
        with uncounted():  # what the caller may see decides about what is said of stated values
            await self._unit.sight.settle([kind.owner or kind.name])
        key: UUID = id_ if isinstance(id_, UUID) else id_[kind.key]
        change = self._unit.change(kind.name, key)
        if change is None:
            change = self._change(ChangeKind.UPDATE, kind, await self._locked(kind, key, because), because)
        if not change.is_live:
            raise NotYours(f"the {kind.name} {key} is being deleted; look at change.is_live before you update it")
        self._fill(Filler(self._unit), change, kind, values)
        return self._lent(kind, change)

    async def delete(self, record: RecordName, id_: UUID, *, because: Change | None = None) -> Change:
        """Delete a record of the plugin's own."""
        kind = self._own(record)
        if kind.owner is not None:
            raise NotYours(f"{kind.name} rows go with their owners; set their fields to None instead")
        known = self._unit.change(kind.name, id_)
        if known is not None and not known.is_live:
            return self._lent(kind, known)
        if known is not None:
            self._unit.forget(known)
        if known is not None and known.before is None:
            return self._lent(kind, known)
        row = known.before if known is not None and known.before else await self._locked(kind, id_, because)
        return self._lent(kind, self._change(ChangeKind.DELETE, kind, row, because or known))

    def violate(self, violation: Violation, because: Change | None = None) -> None:
        """Report a violation under the plugin's name."""
        if violation.code not in {rule.code for rule in self._plugin.rules}:
            raise UndeclaredRule(violation.code)
        named = replace(violation, plugin=self._plugin.name)
        if because is not None:
            self._unit.violate(named, because)
        else:
            self._unit.violate_at(named, 0)

    def schedule(
        self, name: str, *, at: datetime | None, record: UUID | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        """Plan work of the plugin for a time."""
        self._check_writable("schedule")
        self._unit.following += plan_due(
            self._plugin,
            name,
            at=at,
            record=record,
            data=data,
            id_=self._unit.new_id(),
            now=self.now,
            actor=self.actor,
            dialect=self._unit.dialect,
        )

    # within ----------------------------------------------------------------------------------------------------

    def _type(self, record: RecordName) -> RecordType:
        name = record if isinstance(record, str) else record.__name__
        found = self._unit.catalogue.types.get(name)
        if found is None:
            near = nearest(name, self._unit.catalogue.types)
            raise LookupError(f"there is no record called {name}; {f'did you mean {near}?' if near else 'see models'}")
        return found

    def _own(self, record: RecordName) -> RecordType:
        self._check_writable("write")
        kind = self._type(record)
        if not self._owns(kind):
            own = ", ".join(model.__name__ for model in self._plugin.models) or "nothing of its own"
            raise NotYours(
                f"the plugin {self._plugin.name} can't write {kind.name}: that belongs to somebody else. It writes "
                f"{own}; what else has to change is asked of the API, by context.ask, after the commit"
            )
        return kind

    def _owns(self, kind: RecordType) -> bool:
        return kind.plugin == self._plugin.name or kind.model in self._plugin.models

    def _lent(self, kind: RecordType, change: Change) -> Change:
        return self.lent(kind, [change])[0]

    def _behind(self, change: Change | None) -> Change | None:
        """The unit's change that stands behind one that the plugin holds; one that was taken out stands for itself."""
        return change and (self._unit.change(change.record, change.id) or change)

    def _check_writable(self, what: str) -> None:
        if not self._unit.is_open:
            raise NotYours(OVER.format(what=what))

    def _check_column(self, kind: RecordType, column: str) -> None:
        if column not in kind.table_columns:
            near = nearest(column, kind.table_columns)
            raise LookupError(f"{kind.name} has no column {column}{f'; did you mean {near}?' if near else ''}")

    def _cause(self, values: Iterable[Any]) -> Change | None:
        """The change that a new record hangs on: of a record that it refers to, else the unit's first."""
        changes = {change.id: change for change in self._unit.all_changes()}
        for value in values:
            if isinstance(value, UUID) and value in changes:
                return changes[value]
        return next(iter(changes.values()), None)

    def _change(self, what: ChangeKind, kind: RecordType, row: Mapping[str, Any], because: Change | None) -> Change:
        key: UUID = row[kind.key]
        beside = self._unit.change(kind.owner, key) if kind.owner else None
        cause = self._behind(because) or beside or self._cause(())
        path = cause.path if cause else ()
        if kind.namespace and cause is beside is not None:
            path = (*path, kind.namespace)
        return self._unit.add(
            Change(
                kind=what,
                record=kind.name,
                id=key,
                path=path,
                root=cause.root if cause else 0,
                before=row,
                after=dict(row),
            )
        )

    async def _locked(self, kind: RecordType, id_: UUID, because: Change | None) -> Mapping[str, Any]:
        """The stored row, kept from changing; raises Refused where there is none."""
        rows = await self._unit.reader.find(kind, kind.key, [id_], lock="update")
        if rows and rows[0].get("deleted_at") is None:
            return rows[0]
        target = self._unit.catalogue[kind.owner] if kind.owner else kind
        path = self._paths.get(id_) or (because.path if because else ())
        missing = NOT_FOUND.broken(path, what=target.name, id=global_id(target, id_))
        self._unit.violate_at(missing, because.root if because else 0)
        raise Refused(missing.message)

    def _fill(self, filler: Filler, change: Change, kind: RecordType, values: Mapping[str, Any]) -> None:
        """Set values by the names of the fields, as an input would; hidden ones of the plugin as they are."""
        given: dict[str, Any] = {}
        for name, value in values.items():
            link = _reference(kind, name)
            column = kind.columns.get(name)
            check_settable(kind, link.column if link else name)
            if link is not None:
                change.given.discard(link.column)
                given[f"{link.api}Id"] = self._shown(link, value)
            elif column is not None and column.policy.hidden:
                set_column(kind, change.after, name, value)
            elif column is not None and kind.members.get(column.api) is column:
                change.given.discard(name)
                given[column.api] = value
            elif column is not None:
                self._set_apart(filler, change, column, value)
            else:
                near = nearest(name, kind.columns)
                advice = f"did you mean {near}?" if near else f"it has {', '.join(kind.columns)}"
                raise LookupError(f"{kind.name} has no field {name}; {advice}")
        before = len(self._unit.found)
        filler.fill(change, kind, given, change.path)
        found = self._unit.found[before:]
        self._unit.found[before:] = [
            replace(one, violation=replace(one.violation, plugin=self._plugin.name)) for one in found
        ]

    def _set_apart(self, filler: Filler, change: Change, column: Column, value: Any) -> None:
        """Set a column that the API shows within a group alone."""
        parsed = None if value is None else filler.readable(column, value, change.at(column.name), change.root)
        if parsed is not ABSENT:
            set_column(self._unit.catalogue[change.record], change.after, column.name, parsed)

    def _shown(self, link: ToOne | ToAny, value: Any) -> Any:
        if isinstance(link, ToOne) and isinstance(value, UUID):
            return global_id(self._unit.catalogue[link.target], value)
        return value


def _reference(kind: RecordType, name: str) -> ToOne | ToAny | None:
    """The reference called so, `account` or `account_id`."""
    for link in kind.references:
        if name in {link.name, link.column}:
            return link
    return None


def _known(values: Iterable[Any]) -> list[Any]:
    """The values without those that are missing or could not be read."""
    return [value for value in dict.fromkeys(values) if value is not None and value is not ABSENT]


def _hashable(value: Any) -> Any:
    return None if isinstance(value, list | dict) else value  # what a list or a document holds is not looked for
