"""Planning: from inputs to changes. Inputs are walked first, then everything they name is read, a statement a table."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.violations import Path
from ..catalogue import ABSENT, RecordType, ToMany
from ..errors import InvalidInput
from ..storing import folded
from .discretion import hidden
from .filling import Filler
from .intents import CONTROLS, Intent
from .linking import Linker
from .rules import NAMED_TWICE, NAMELESS, NO_MATCH, NOT_ALONE, NOT_FOUND, OTHER_KEY, STALE_VERSION
from .unit import Raced, UnitOfWork, spelled

MOST_RECORDS = 100_000  # records in one write, nested ones included


class Action(StrEnum):
    """What an input asks for."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"


class Planner:
    """Makes the changes of one unit of work from its inputs."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.catalogue = unit.catalogue
        self.filler = Filler(unit)
        self.linker = Linker(unit, self.filler)
        self._count = 0
        self._mentioned: set[UUID] = set()  # named so far only to be connected, without values of their own
        self._rows: dict[tuple[str, UUID], Mapping[str, Any]] = {}

    async def plan(
        self, record: RecordType, action: Action, inputs: Sequence[tuple[int, Path, Mapping[str, Any]]]
    ) -> dict[int, UUID]:
        """Turn inputs (each with its number and path) into changes; returns the id of each input's record.

        Raises InvalidInput if the inputs hold too many records, Raced if a record goes away while it is looked for.
        """
        roots = [self._walked(Intent(record=record, input=given, path=path, root=root)) for root, path, given in inputs]
        if action is Action.UPSERT:
            await self._find_keys(record, roots)
        intents = [inner for intent in roots for inner in _all(intent)]
        await self._take_locks(intents)
        await self._load(intents)
        await self.linker.load(intents)
        for intent in intents:
            self._make(intent)
        return {intent.root: intent.change.id for intent in roots if intent.change is not None}

    # walking ---------------------------------------------------------------------------------------------------

    def _walked(self, intent: Intent) -> Intent:
        self._count += 1
        if self._count > MOST_RECORDS:
            raise InvalidInput("INVALID_BULK", f"The inputs hold more than {MOST_RECORDS} records; part them.")
        given = intent.input
        if given.get("id") is not None:
            self._name(intent, given["id"], (*intent.path, "id"))
        for name, value in given.items():
            member = intent.record.members.get(name)
            if not isinstance(member, ToMany) or not value:
                continue
            target = self.catalogue[member.target]
            for place, item in enumerate(cast(list[Mapping[str, Any]], value)):
                path = (*intent.path, name, place)
                child = Intent(record=target, input=item, path=path, root=intent.root, owner=intent, through=member)
                intent.children.append(self._walked(child))
        return intent

    def _name(self, intent: Intent, text: Any, path: Path) -> None:
        """Note the id by which an input names its record."""
        intent.named_at = path
        intent.id = self.filler.id(intent.record, text, path, intent.root)
        intent.is_refused = intent.id is None

    # reading what is named -------------------------------------------------------------------------------------

    async def _find_keys(self, record: RecordType, roots: Sequence[Intent]) -> None:
        """Give each upsert the id of the record that its key names, where there is one."""
        ids = self.catalogue["ExternalId"]
        external: dict[tuple[Any, ...], list[Intent]] = {}
        unique: dict[tuple[str, ...], dict[tuple[Any, ...], list[Intent]]] = {}
        for intent in roots:
            by: Mapping[str, Any] = intent.input["by"]
            intent.named_at = (*intent.path, "by")
            if "id" in by:
                self._name(intent, by["id"], (*intent.path, "by", "id"))
            elif "externalId" in by:
                given, path = _stated(by, intent.named_at)
                self.unit.sight.check(ids, ids.to_ones[record.singular], spelled(path), "looked up")
                values = self._key(intent, ids, given, ("system", "value"), path)
                if values is not None:
                    external.setdefault((record.name.upper(), *values), []).append(intent)
            else:
                columns, values = self._unique_key(intent, record, by)
                if values is not None:
                    unique.setdefault(columns, {}).setdefault(values, []).append(intent)
        rows = await self.unit.reader.find_keys(ids, ("owner_kind", "system", "value"), external)
        unseen = await hidden(self.unit, ids, [row["id"] for row in rows])
        for row in rows:
            for intent in external.pop((row["owner_kind"], row["system"], row["value"])):
                intent.id = None if row["id"] in unseen else row[f"{record.singular}_id"]
        self.unit.missed.update((ids.name, key) for key in external)
        for columns, wanted in unique.items():
            for row in await self.unit.reader.find_keys(record, columns, wanted):
                for intent in wanted.pop(tuple(row[column] for column in columns)):
                    intent.id = row["id"]
            self.unit.missed.update((record.name, key) for key in wanted)
        found = [intent for intent in roots if intent.id is not None and intent.named_at[-1] == "by"]
        unseen = await hidden(self.unit, record, [intent.id for intent in found])
        for intent in found:
            if intent.id in unseen:
                intent.id = None  # for this caller there is none, and its key can't be taken

    def _key(
        self, intent: Intent, record: RecordType, given: Mapping[str, Any], names: Sequence[str], path: Path
    ) -> tuple[Any, ...] | None:
        """The values of a key, in the order of its columns; None if one can't be read, which is reported."""
        values: list[Any] = []
        for name in names:
            column = record.columns[name]
            self.unit.sight.check(record, column, spelled((*path, column.api)), "looked up")
            value = self.filler.readable(column, given[column.api], (*path, column.api), intent.root)
            values.append(folded(value) if column.folded and value is not ABSENT else value)
        intent.is_refused = ABSENT in values
        return None if intent.is_refused else tuple(values)

    def _unique_key(
        self, intent: Intent, record: RecordType, by: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], tuple[Any, ...] | None]:
        """The stored columns that a key by unique fields stands for, and their values."""
        given, path = _stated(by, (*intent.path, "by"))
        for key in record.uniques:
            columns = [record.columns[name] for name in key.fields if name in record.columns]
            if len(columns) == len(key.fields) and {column.api for column in columns} == set(given):
                return key.columns, self._key(intent, record, given, key.fields, path)
        raise InvalidInput("INVALID_KEY", "by names no key; give exactly one.")

    async def _take_locks(self, intents: Sequence[Intent]) -> None:
        """Take the named locks that inputs call for, before any row is locked: whoever waits for one holds nothing.

        A model may say in `locks` which lock goes with which value of an input.
        """
        names: set[str] = set()
        for intent in intents:
            locks: Mapping[str, str] = getattr(intent.record.model, "locks", {})
            names.update(lock for name, lock in locks.items() if name in intent.input)
        for name in sorted(names):
            await self.unit.lock(name)

    async def _load(self, intents: Sequence[Intent]) -> None:
        """Read the stored rows of everything that is named, kept from changing meanwhile."""
        wanted: dict[str, list[UUID]] = {}
        for intent in intents:
            if intent.id is not None:
                wanted.setdefault(intent.record.name, []).append(intent.id)
        for name, ids in wanted.items():
            unseen = await hidden(self.unit, self.catalogue[name], ids)
            for row in await self.unit.reader.find(self.catalogue[name], "id", ids, lock="update"):
                if row["id"] not in unseen:
                    self._rows[name, row["id"]] = row
            for extension in self.catalogue.extensions(name):
                space = str(extension.namespace)
                stated = [one.id for one in intents if one.record.name == name and one.id and space in one.input]
                for row in await self.unit.reader.find(extension, "owner_id", stated, lock="update"):
                    self._rows[extension.name, row["owner_id"]] = row

    # making changes --------------------------------------------------------------------------------------------

    def _make(self, intent: Intent) -> None:
        owner = intent.owner
        if intent.is_refused or (owner is not None and (owner.change is None or not owner.change.is_live)):
            return  # what it belongs to could not be made, which has been said, or goes away itself
        if intent.id is None:
            intent.change = self._create(intent)
        else:
            row = self._rows.get((intent.record.name, intent.id))
            if row is None:
                self._miss(intent, intent.id)
                return
            if intent.asks("delete") and not self.linker.is_among(intent):
                return
            intent.change = self._update(intent, row, intent.id)
        if intent.change is not None and intent.through is not None:
            self.linker.belong(intent, intent.change, intent.through)
        if intent.change is not None and intent.change.is_live:
            self._extend(intent, intent.change)

    def _miss(self, intent: Intent, id_: UUID) -> None:
        """The record that an input names is not there."""
        if intent.named_at[-1] == "by":
            raise Raced  # its key was found a moment ago
        shown = self.unit.shown(intent.record.name, id_)
        intent.report(self.unit, NOT_FOUND.broken(intent.named_at, what=intent.record.name, id=shown))

    def _create(self, intent: Intent) -> Change | None:
        record, given = intent.record, intent.input
        what = next((control for control in ("delete", "disconnect") if intent.asks(control)), None)
        if what is not None:
            intent.report(self.unit, NAMELESS.broken(intent.path, what=what))
            return None
        if given.get("expectedVersion") is not None:
            at = intent.named_at or (*intent.path, "expectedVersion")
            intent.report(self.unit, NO_MATCH.broken(at, what=record.name, expected=given["expectedVersion"]))
            return None
        change = Change(
            kind=ChangeKind.CREATE,
            record=record.name,
            id=self.unit.new_id(),
            path=intent.path,
            root=intent.root,
            before=None,
            after=self.filler.blank(record),
        )
        change.after["id"] = change.id
        intent.id = change.id
        self.filler.fill(change, record, intent.own_values(self.linker.link_of(intent)), intent.path)
        if "by" in given:
            self._fill_key(intent, change, record)
        return self.unit.add(change)

    def _fill_key(self, intent: Intent, change: Change, record: RecordType) -> None:
        """A record that an upsert creates has the key that it was looked for by."""
        by: Mapping[str, Any] = intent.input["by"]
        if "externalId" in by:
            key = by["externalId"]
            names = [(item.get("system"), item.get("value")) for item in intent.input.get("externalIds") or ()]
            if (key["system"], key["value"]) not in names:
                child = Intent(
                    record=self.catalogue["ExternalId"],
                    input=key,
                    path=(*intent.path, "by", "externalId"),
                    root=intent.root,
                    owner=intent,
                    through=record.list_of("externalIds"),
                )
                intent.change = change
                self._make(child)
            return
        given, path = _stated(by, (*intent.path, "by"))
        for api, value in given.items():
            column = record.column(api)
            stated = intent.input.get(api)
            if stated is None:
                change.given.discard(column.name)
                self.filler.fill(change, record, {api: value}, path)
            elif stated != value and not (column.folded and folded(stated) == folded(value)):
                at = spelled((*path, api))
                intent.report(self.unit, OTHER_KEY.broken((*intent.path, api), field=api, other=at))

    def _update(self, intent: Intent, row: Mapping[str, Any], id_: UUID) -> Change | None:
        record, given = intent.record, intent.input
        expected = given.get("expectedVersion")
        if expected is not None and expected != row["version"]:
            at = (*intent.path, "expectedVersion")
            intent.report(self.unit, STALE_VERSION.broken(at, actual=row["version"], expected=expected))
        link, deletes = self.linker.link_of(intent), intent.asks("delete")
        values = intent.own_values(link)
        states_values = any(name not in CONTROLS for name in values)
        known = self.unit.change(record.name, id_)
        if known is not None:
            if not states_values and deletes is not known.is_live:
                return known
            if known.id in self._mentioned and not deletes:
                known.path, known.root = intent.path, intent.root
                self._mentioned.discard(id_)
                self.filler.fill(known, record, values, intent.path)
                return known
            intent.report(self.unit, NAMED_TWICE.broken(intent.named_at, other=spelled(known.path)), known)
            return None
        change = Change(
            kind=ChangeKind.DELETE if deletes else ChangeKind.UPDATE,
            record=record.name,
            id=id_,
            path=intent.path,
            root=intent.root,
            before=row,
            after=dict(row),
        )
        if not states_values and not deletes:
            self._mentioned.add(id_)
        elif not deletes:
            self.filler.fill(change, record, values, intent.path)
        elif states_values or intent.link_values(link) or intent.asks("disconnect"):
            intent.report(self.unit, NOT_ALONE.broken((*intent.path, "delete"), what="delete"))
        return self.unit.add(change)

    def _extend(self, intent: Intent, change: Change) -> None:
        """The changes of the plugins' rows beside a record: one is made with every record."""
        for extension in self.catalogue.extensions(change.record):
            given = intent.input.get(str(extension.namespace))
            before = self._rows.get((extension.name, change.id))
            if given is None and (before is not None or change.before is not None):
                continue  # its row, which every stored record has, stays as it is
            after = self.filler.blank(extension) if before is None else dict(before)
            after["owner_id"] = change.id
            path = (*intent.path, str(extension.namespace))
            made = Change(
                kind=ChangeKind.CREATE if before is None else ChangeKind.UPDATE,
                record=extension.name,
                id=change.id,
                path=path,
                root=intent.root,
                before=before,
                after=after,
            )
            if self.unit.change(extension.name, change.id) is None:
                self.filler.fill(made, extension, given or {}, path)
                self.unit.add(made)


def _stated(by: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Any], Path]:
    """The values of a key and where they stand: of several fields they stand one level deeper."""
    name, value = next(iter(by.items()))
    return (cast(Mapping[str, Any], value), (*path, name)) if isinstance(value, Mapping) else (by, path)


def _all(intent: Intent) -> Iterator[Intent]:
    """An intent and everything nested in it, owners first."""
    yield intent
    for child in intent.children:
        yield from _all(child)
