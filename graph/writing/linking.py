"""Linking: how the records nested in an input get to their owner, by a foreign key of theirs or through a link."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ..catalogue import Column, RecordType, ToMany
from .discretion import hidden
from .filling import Filler
from .intents import Intent
from .rules import NAMED_TWICE, NOT_ALONE, NOT_AMONG, NOT_CONNECTED, OWNED, SEVERAL
from .unit import UnitOfWork, spelled

Row = Mapping[str, Any]


class Linker:
    """Makes the changes of links in one unit of work.

    Where two records may have several links, the link's model defines `pick(rows, stated)`: those that an input means,
    none if it asks for a further one. It may define `end(row, unit)`: the values that disconnecting sets instead of
    deleting the row.
    """

    def __init__(self, unit: UnitOfWork, filler: Filler) -> None:
        self.unit = unit
        self.filler = filler
        self._links: dict[tuple[str, str, UUID, UUID], list[Row]] = {}
        self._masked: dict[tuple[str, str | None, str], bool] = {}  # lists, by what finds their rows

    def link_of(self, intent: Intent) -> RecordType | None:
        """The link through which an object reaches its owner."""
        link = intent.through.link if intent.through else None
        return None if link is None else self.unit.catalogue[link]

    async def load(self, intents: Sequence[Intent]) -> None:
        """Read the live links between stored owners and the stored records nested in them.

        Those that are hidden are left out, as are all links that lead where whoever writes may not know.
        """
        wanted: dict[tuple[str, str, str], set[tuple[UUID, UUID]]] = {}
        for intent in intents:
            member, owner = intent.through, intent.owner
            if member and member.link and owner and owner.id and intent.id and not self._is_masked(member):
                pairs = wanted.setdefault((member.link, member.foreign, str(member.link_target)), set())
                pairs.add((owner.id, intent.id))
        for (name, foreign, target), pairs in wanted.items():
            link = self.unit.catalogue[name]
            rows = await self.unit.reader.find_keys(link, (foreign, target), pairs)
            unseen = await hidden(self.unit, link, [row["id"] for row in rows])
            for row in sorted((row for row in rows if row["id"] not in unseen), key=lambda row: row["id"]):
                self._links.setdefault((name, foreign, row[foreign], row[target]), []).append(row)

    def belong(self, intent: Intent, change: Change, member: ToMany) -> None:
        """Set the way to the owner: the foreign key of an owned record, or a link that is made, changed or ended."""
        owner = intent.owner.change if intent.owner else None
        if owner is None:
            return
        if member.link is None:
            self._own(intent, change, member, owner)
        elif not intent.asks("delete"):  # else the link goes with the record
            self._link(intent, change, member, self.unit.catalogue[member.link], owner)

    def _own(self, intent: Intent, change: Change, member: ToMany, owner: Change) -> None:
        if change.kind is ChangeKind.CREATE:
            change.after[member.foreign] = owner.id
            if member.type_column is not None:
                change.after[member.type_column] = member.type_prefix
            change.given.add(member.foreign)
            change.paths[member.foreign] = intent.path
        elif change.after[member.foreign] != owner.id or self._is_masked(member):
            self._violate_not_among(intent)
        if intent.asks("disconnect"):
            intent.report(self.unit, OWNED.broken((*intent.path, "disconnect")))

    def _link(self, intent: Intent, change: Change, member: ToMany, link: RecordType, owner: Change) -> None:
        stated = intent.link_values(link)
        rows = self._links.get((link.name, member.foreign, owner.id, change.id), [])
        pick = getattr(link.model, "pick", None)
        meant: Sequence[Row] = rows if pick is None else pick(rows, self._readable(link, stated))
        if intent.asks("disconnect"):
            if stated:
                intent.report(self.unit, NOT_ALONE.broken((*intent.path, "disconnect"), what="disconnect"))
            elif not meant:
                intent.report(self.unit, NOT_CONNECTED.broken((*intent.path, "disconnect"), name=member.api))
            for row in () if stated else meant:
                self._disconnect(intent, link, row)
            return
        if len(meant) > 1:
            if stated:
                names = " and ".join(stated)
                intent.report(self.unit, SEVERAL.broken(intent.named_at, name=member.api, stated=names))
            return
        if meant:
            made = _change_of_link(intent, link, meant[0]["id"], ChangeKind.UPDATE, meant[0], dict(meant[0]))
        else:
            made = _change_of_link(intent, link, self.unit.new_id(), ChangeKind.CREATE, None, self.filler.blank(link))
            target = str(member.link_target)
            made.after |= {"id": made.id, member.foreign: owner.id, target: change.id}
            made.given |= {member.foreign, target}
            made.paths |= {member.foreign: intent.path, target: intent.named_at or intent.path}
        known = self.unit.change(link.name, made.id)
        if known is not None:
            intent.report(self.unit, NAMED_TWICE.broken(intent.named_at, other=spelled(known.path)), known)
            return
        self.filler.fill(made, link, stated, intent.path)
        self._add(made)

    def _readable(self, link: RecordType, stated: Mapping[str, Any]) -> Mapping[str, Any]:
        """The stated values that may tell links apart: not those of which it is not to be told that they are right."""
        members = {name: link.members.get(name) for name in stated}
        masked = {n for n, one in members.items() if isinstance(one, Column) and self.unit.sight.is_masked(link, one)}
        return {name: value for name, value in stated.items() if name not in masked}

    def _disconnect(self, intent: Intent, link: RecordType, row: Row) -> None:
        """Take a link away; one that has a history ends instead."""
        known = self.unit.change(link.name, row["id"])
        if known is not None:
            intent.report(self.unit, NAMED_TWICE.broken(intent.named_at, other=spelled(known.path)), known)
            return
        end = getattr(link.model, "end", None)
        kind = ChangeKind.DELETE if end is None else ChangeKind.UPDATE
        made = _change_of_link(intent, link, row["id"], kind, row, dict(row))
        if end is not None:
            made.after |= end(row, self.unit)
        self._add(made)

    def _add(self, made: Change) -> None:
        """Add the change of a link; one that is stored was read without a lock, so it is looked at again."""
        self.unit.add(made)
        if made.before is not None:
            self.unit.unlocked.append(made)

    def _is_masked(self, member: ToMany) -> bool:
        """Whether whoever writes may not know whose the rows of a list are; no guess of it is confirmed then."""
        key = (member.target, member.link, member.foreign)
        if key not in self._masked:
            self._masked[key] = self.unit.sight.is_way_masked(self.unit.catalogue, member)
        return self._masked[key]

    def is_among(self, intent: Intent) -> bool:
        """Whether the record named in a list of links is connected to the owner of the list; reported if it isn't."""
        member, owner = intent.through, intent.owner.change if intent.owner else None
        if member is None or member.link is None or owner is None or intent.id is None:
            return True
        if (member.link, member.foreign, owner.id, intent.id) in self._links:
            return True
        self._violate_not_among(intent)
        return False

    def _violate_not_among(self, intent: Intent) -> None:
        name = intent.through.api if intent.through else ""
        shown = self.unit.shown(intent.record.name, intent.id) if intent.id else ""
        intent.report(self.unit, NOT_AMONG.broken(intent.named_at, what=intent.record.name, id=shown, name=name))


def _change_of_link(intent: Intent, link: RecordType, id_: UUID, kind: ChangeKind, before: Any, after: Any) -> Change:
    return Change(kind=kind, record=link.name, id=id_, path=intent.path, root=intent.root, before=before, after=after)
