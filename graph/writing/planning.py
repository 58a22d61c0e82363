"""Planning: from inputs to changes. Inputs are walked first, then everything they name is read, a statement a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.violations import FieldError, Path, Violation
from ..catalogue import ABSENT, Column, ExtensionField, GroupField, Kind, RecordType, ToMany, ToOne
from ..errors import InvalidInput
from ..identity import parse_id
from ..storing import folded, load, parse, parse_money
from .rules import CONTRADICTION, NAMED_TWICE, NOT_CHANGEABLE, NOT_CONNECTED, NOT_FOUND, STALE_VERSION
from .unit import UnitOfWork, spelled

CONTROLS = frozenset({"id", "by", "expectedVersion", "delete", "disconnect"})


class Action(StrEnum):
    """What an input asks for."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"


@dataclass(kw_only=True, eq=False)
class Intent:
    """One object of an input: a record to create, change, connect or take away, with the objects nested in it."""

    record: RecordType
    input: Mapping[str, Any]
    path: Path
    root: int
    action: Action
    owner: "Intent | None" = None
    through: ToMany | None = None
    id: UUID | None = None
    change: Change | None = None
    children: list["Intent"] = field(default_factory=list["Intent"])

    @property
    def is_through_link(self) -> bool:
        """Whether the object reaches its owner through a link."""
        return self.through is not None and self.through.link is not None


class Planner:
    """Makes the changes of one unit of work from its inputs."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.catalogue = unit.catalogue

    async def plan(
        self, record: RecordType, action: Action, inputs: Sequence[tuple[int, Path, Mapping[str, Any]]]
    ) -> dict[int, UUID]:
        """Turn inputs (each with its number and path) into changes; returns the id of each input's record."""
        roots = [
            self._intent(Intent(record=record, input=given, path=path, root=root, action=action))
            for root, path, given in inputs
        ]
        intents = [inner for intent in roots for inner in _all(intent)]
        if action is Action.UPSERT:
            await self._find_keys(record, roots)
        rows = await self._load(intents)
        links = await self._load_links(intents, rows)
        for intent in intents:
            self._make(intent, rows, links)
        return {intent.root: intent.change.id for intent in roots if intent.change is not None}

    # walking ---------------------------------------------------------------------------------------------------

    def _intent(self, intent: Intent) -> Intent:
        given = intent.input
        if given.get("id") is not None:
            intent.id = self._id(intent.record, given["id"], (*intent.path, "id"), intent)
            intent.action = Action.UPDATE
        for name, value in given.items():
            member = intent.record.members.get(name)
            if isinstance(member, ToMany) and value is not None:
                for place, item in enumerate(value):
                    intent.children.append(
                        self._intent(
                            Intent(
                                record=self.catalogue[member.target],
                                input=item,
                                path=(*intent.path, name, place),
                                root=intent.root,
                                action=Action.CREATE,
                                owner=intent,
                                through=member,
                            )
                        )
                    )
        return intent

    def _id(self, record: RecordType, text: Any, path: Path, intent: Intent) -> UUID | None:
        try:
            return parse_id(record, text)
        except InvalidInput as error:
            self._violate(intent, Violation(code=error.code, message=error.message, path=path))
            return None

    def _violate(self, intent: Intent, violation: Violation) -> None:
        self.unit.violate_at(violation, intent.root)

    # reading what is named -------------------------------------------------------------------------------------

    async def _find_keys(self, record: RecordType, roots: Sequence[Intent]) -> None:
        """Give each upsert the id of the record that its key names, where there is one."""
        external: dict[tuple[str, str], list[Intent]] = {}
        unique: dict[tuple[str, ...], dict[tuple[Any, ...], list[Intent]]] = {}
        for intent in roots:
            by: Mapping[str, Any] = intent.input["by"]
            if "id" in by:
                intent.id = self._id(record, by["id"], (*intent.path, "by", "id"), intent)
                intent.action = Action.UPDATE
            elif "externalId" in by:
                key = by["externalId"]
                external.setdefault((key["system"], key["value"]), []).append(intent)
            else:
                columns, values = self._unique_key(record, by)
                unique.setdefault(columns, {}).setdefault(values, []).append(intent)
        if external:
            ids = self.catalogue["ExternalId"]
            keys = [(record.name.upper(), system, value) for system, value in external]
            for row in await self.unit.reader.find_keys(ids, ("owner_kind", "system", "value"), keys):
                for intent in external[row["system"], row["value"]]:
                    intent.id, intent.action = row[f"{record.singular}_id"], Action.UPDATE
        for columns, wanted in unique.items():
            for row in await self.unit.reader.find_keys(record, columns, wanted):
                for intent in wanted[tuple(row[column] for column in columns)]:
                    intent.id, intent.action = row["id"], Action.UPDATE

    @staticmethod
    def _unique_key(record: RecordType, by: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """The stored columns and values that a key by unique fields stands for."""
        given = {}
        for name, value in by.items():
            given = value if isinstance(value, Mapping) else {name: value}
        for key in record.uniques:
            columns = [record.columns[name] for name in key.fields if name in record.columns]
            if len(columns) == len(key.fields) and {column.api for column in columns} == set(given):
                values = (folded(given[c.api]) if c.folded else given[c.api] for c in columns)
                return key.columns, tuple(str(value) if isinstance(value, StrEnum) else value for value in values)
        raise InvalidInput("INVALID_KEY", "by names no key; give exactly one.")

    async def _load(self, intents: Sequence[Intent]) -> dict[tuple[str, UUID], Mapping[str, Any]]:
        """The stored rows of everything that is named by id, kept from changing meanwhile."""
        wanted: dict[str, list[UUID]] = {}
        for intent in intents:
            if intent.id is not None:
                wanted.setdefault(intent.record.name, []).append(intent.id)
        rows: dict[tuple[str, UUID], Mapping[str, Any]] = {}
        for name, ids in wanted.items():
            for row in await self.unit.reader.find(self.catalogue[name], "id", ids, lock="update"):
                rows[name, row["id"]] = row
            for extension in self.catalogue.extensions(name):
                for row in await self.unit.reader.find(extension, "owner_id", ids, lock="update"):
                    rows[extension.name, row["owner_id"]] = row
        return rows

    async def _load_links(
        self, intents: Sequence[Intent], rows: Mapping[tuple[str, UUID], Any]
    ) -> dict[tuple[str, str, UUID, UUID], Mapping[str, Any]]:
        """The live links between stored owners and the stored records nested in them."""
        wanted: dict[tuple[str, str, str], set[UUID]] = {}
        for intent in intents:
            member, owner = intent.through, intent.owner
            if member and member.link and owner and owner.id and intent.id:
                wanted.setdefault((member.link, member.foreign, str(member.link_target)), set()).add(owner.id)
        links: dict[tuple[str, str, UUID, UUID], Mapping[str, Any]] = {}
        for (name, foreign, target), owners in wanted.items():
            found = await self.unit.reader.find(self.catalogue[name], foreign, owners, lock="update")
            for row in sorted(found, key=lambda row: (bool(row.get("is_ongoing", True)), row["id"])):
                links[name, foreign, row[foreign], row[target]] = row
        return links

    # making changes --------------------------------------------------------------------------------------------

    def _make(self, intent: Intent, rows: Mapping[Any, Any], links: Mapping[Any, Any]) -> None:
        owner = intent.owner
        if owner is not None and (owner.change is None or not owner.change.is_live):
            return  # what it belongs to could not be made, which has been said, or goes away itself
        record, given = intent.record, intent.input
        if intent.id is None:
            if given.get("id") is not None:
                return
            intent.change = self._create(intent)
        else:
            row = rows.get((record.name, intent.id))
            if row is None:
                at = (*intent.path, "by") if "by" in given else (*intent.path, "id")
                shown = self.unit.shown(record.name, intent.id)
                self._violate(intent, NOT_FOUND.broken(at, what=record.name, id=shown))
                return
            intent.change = self._update(intent, row)
        if intent.change is not None and intent.through is not None:
            self._belong(intent, intent.through, links)
        if intent.change is not None and intent.change.is_live:
            self._extend(intent, intent.change, rows)

    def _create(self, intent: Intent) -> Change | None:
        record, given = intent.record, intent.input
        if given.get("delete") or given.get("disconnect"):
            message = "Say by id which record to delete or disconnect."
            self._violate(intent, CONTRADICTION.broken(intent.path, message=message))
            return None
        after = blank(record)
        change = Change(
            kind=ChangeKind.CREATE,
            record=record.name,
            id=self.unit.new_id(),
            path=intent.path,
            root=intent.root,
            before=None,
            after=after,
        )
        change.after["id"] = change.id
        intent.id = change.id
        self._fill(intent, change, record, given, intent.path)
        if "by" in given:
            self._fill_key(intent, change, record)
        return self.unit.add(change)

    def _fill_key(self, intent: Intent, change: Change, record: RecordType) -> None:
        """A record that an upsert creates has the key that it was looked for by."""
        by: Mapping[str, Any] = intent.input["by"]
        if "id" in by:
            return
        if "externalId" in by:
            key = by["externalId"]
            stated = [item for item in intent.input.get("externalIds") or () if item.get("system") == key["system"]]
            if not stated:
                member = record.list_of("externalIds")
                child = Intent(
                    record=self.catalogue["ExternalId"],
                    input=key,
                    path=(*intent.path, "by", "externalId"),
                    root=intent.root,
                    action=Action.CREATE,
                    owner=intent,
                    through=member,
                )
                intent.change = change
                self._make(child, {}, {})
            return
        for name, value in by.items():
            stated = value if isinstance(value, Mapping) else {name: value}
            missing = {api: one for api, one in stated.items() if intent.input.get(api) is None}
            self._fill(intent, change, record, missing, (*intent.path, "by"))

    def _update(self, intent: Intent, row: Mapping[str, Any]) -> Change | None:
        record, given = intent.record, intent.input
        assert intent.id is not None
        known = self.unit.change(record.name, intent.id)
        if known is not None:
            if known.path != intent.path and self._states_values(intent):
                self._violate(intent, NAMED_TWICE.broken((*intent.path, "id"), other=spelled(known.path)))
            return known
        expected = given.get("expectedVersion")
        if expected is not None and expected != row["version"]:
            at = (*intent.path, "expectedVersion")
            self._violate(intent, STALE_VERSION.broken(at, actual=row["version"], expected=expected))
        kind = ChangeKind.DELETE if given.get("delete") else ChangeKind.UPDATE
        change = Change(
            kind=kind,
            record=record.name,
            id=intent.id,
            path=intent.path,
            root=intent.root,
            before=row,
            after=dict(row),
        )
        if kind is ChangeKind.UPDATE:
            self._fill(intent, change, record, given, intent.path)
        elif self._states_values(intent) or given.get("disconnect"):
            message = "A record to delete takes no other values; leave them out, or leave delete out."
            self._violate(intent, CONTRADICTION.broken((*intent.path, "delete"), message=message))
        return self.unit.add(change)

    def _states_values(self, intent: Intent) -> bool:
        return any(name not in CONTROLS and name in intent.record.members for name in intent.input)

    def _belong(self, intent: Intent, member: ToMany, links: Mapping[Any, Any]) -> None:
        """Set the way to the owner: the foreign key of an owned record, or a link that is made, changed or ended."""
        change, owner = intent.change, intent.owner
        assert change is not None and owner is not None and owner.change is not None
        if member.link is None:
            self._own(intent, change, member, owner.change)
            return
        link = self.catalogue[member.link]
        row = links.get((link.name, member.foreign, owner.change.id, change.id))
        if intent.input.get("delete"):
            return  # the link goes with the record
        if intent.input.get("disconnect"):
            if row is None:
                self._violate(intent, NOT_CONNECTED.broken((*intent.path, "disconnect"), name=member.api))
                return
            self.unit.add(self._linked(intent, link, row["id"], ChangeKind.DELETE, row, dict(row)))
            return
        stated = {name: value for name, value in intent.input.items() if name in link.members and name != "id"}
        if row is not None:
            made = self._linked(intent, link, row["id"], ChangeKind.UPDATE, row, dict(row))
        else:
            made = self._linked(intent, link, self.unit.new_id(), ChangeKind.CREATE, None, blank(link))
            made.after |= {"id": made.id, member.foreign: owner.change.id, str(member.link_target): change.id}
            made.given |= {member.foreign, str(member.link_target)}
            made.paths |= {member.foreign: intent.path, str(member.link_target): (*intent.path, "id")}
        known = self.unit.change(link.name, made.id)
        if known is not None:
            self._violate(intent, NAMED_TWICE.broken((*intent.path, "id"), other=spelled(known.path)))
            return
        self._fill(intent, made, link, stated, intent.path)
        self.unit.add(made)

    @staticmethod
    def _linked(intent: Intent, link: RecordType, id_: UUID, kind: ChangeKind, before: Any, after: Any) -> Change:
        return Change(
            kind=kind, record=link.name, id=id_, path=intent.path, root=intent.root, before=before, after=after
        )

    def _own(self, intent: Intent, change: Change, member: ToMany, owner: Change) -> None:
        if change.kind is ChangeKind.CREATE:
            change.after[member.foreign] = owner.id
            change.given.add(member.foreign)
            change.paths[member.foreign] = intent.path
        elif change.after[member.foreign] != owner.id:
            shown = self.unit.shown(change.record, change.id)
            what = f"{change.record} of this record"
            self._violate(intent, NOT_FOUND.broken((*intent.path, "id"), what=what, id=shown))
        if intent.input.get("disconnect"):
            message = "The record belongs to its owner alone: delete it instead of disconnecting it."
            self._violate(intent, CONTRADICTION.broken((*intent.path, "disconnect"), message=message))

    def _extend(self, intent: Intent, change: Change, rows: Mapping[Any, Any]) -> None:
        """The changes of the plugins' rows beside a record: one is made with every record."""
        for extension in self.catalogue.extensions(change.record):
            given = intent.input.get(str(extension.namespace))
            before = rows.get((extension.name, change.id))
            if before is not None and given is None:
                continue
            after = blank(extension) if before is None else dict(before)
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
                self._fill(intent, made, extension, given or {}, path)
                self.unit.add(made)

    # values ----------------------------------------------------------------------------------------------------

    def _fill(self, intent: Intent, change: Change, record: RecordType, given: Mapping[str, Any], path: Path) -> None:
        """Set the columns that an input states."""
        for name, value in given.items():
            if name in CONTROLS:
                continue
            here = (*path, name)
            member = record.members.get(name)
            link = next((one for one in record.to_ones.values() if f"{one.api}Id" == name), None)
            match member:
                case Column():
                    self._set(intent, change, member, value, here)
                case GroupField():
                    self._set_group(intent, change, member, value, here)
                case None if link is not None:
                    self._set_reference(intent, change, link, value, here)
                case ToOne() | ToMany() | ExtensionField() | _:
                    pass

    def _set(self, intent: Intent, change: Change, column: Column, value: Any, path: Path) -> None:
        parsed: Any = None
        currency: str | None = None
        if value is not None:
            try:
                if column.currency:
                    parsed, currency = parse_money(value)
                else:
                    parsed = parse(column, value)
                for validator in column.validators:
                    parsed = validator(parsed)
            except FieldError as error:
                violation = Violation(code=error.code, message=error.message, path=path, severity=error.severity)
                self._violate(intent, violation)
                return
        before = change.before
        if before is not None and column.policy.create_only and before[column.name] not in (None, parsed):
            self._violate(intent, NOT_CHANGEABLE.broken(path, field=column.api))
            return
        change.after[column.name] = parsed
        if column.folded:
            change.after[column.folded] = folded(parsed)
        if column.currency:
            change.after[column.currency] = currency
        change.given.add(column.name)
        change.paths[column.name] = path

    def _set_group(self, intent: Intent, change: Change, group: GroupField, value: Any, path: Path) -> None:
        """A group is replaced as a whole: what the value leaves out becomes empty."""
        for api, member in group.members.items():
            inner = (value or {}).get(api)
            if isinstance(member, GroupField):
                self._set_group(intent, change, member, inner, (*path, api))
            elif inner is None and member.kind is Kind.TEXT_LIST:
                self._set(intent, change, member, (), (*path, api))
            else:
                self._set(intent, change, member, inner, (*path, api))

    def _set_reference(self, intent: Intent, change: Change, link: ToOne, value: Any, path: Path) -> None:
        id_ = None
        if value is not None:
            id_ = self._id(self.catalogue[link.target], value, path, intent)
            if id_ is None:
                change.paths[link.column] = path
                change.given.add(link.column)
                change.after[link.column] = ABSENT
                return
        before = change.before
        if before is not None and link.policy.create_only and before[link.column] != id_:
            self._violate(intent, NOT_CHANGEABLE.broken(path, field=f"{link.api}Id"))
            return
        change.after[link.column] = id_
        change.given.add(link.column)
        change.paths[link.column] = path


def blank(record: RecordType) -> dict[str, Any]:
    """The columns of a new row: defaults, and null elsewhere."""
    row: dict[str, Any] = dict.fromkeys(record.table_columns)
    for column in record.columns.values():
        if column.default is ABSENT:
            continue
        default = column.default() if callable(column.default) else column.default
        row[column.name] = load(column.kind, default, "sqlite") if column.kind is Kind.TEXT_LIST else default
        if column.kind is Kind.ENUM:
            row[column.name] = str(default)
        if column.folded:
            row[column.folded] = folded(row[column.name])
    return row


def _all(intent: Intent) -> list[Intent]:
    """An intent and everything nested in it, owners first."""
    return [intent, *(inner for child in intent.children for inner in _all(child))]
