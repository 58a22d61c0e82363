"""The field of a subscription: committed changes, each shaped as it is selected."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLError, GraphQLObjectType

from ..graph.catalogue import Catalogue, Column, GroupField, Member, RecordType, ToAny, ToOne
from ..graph.databases.database import Database
from ..graph.errors import InvalidInput, Unavailable
from ..graph.feed import ChangeFeed, Interest, Lagging, Numbered, Step, Way
from ..graph.identity import global_id, parse_id, shown, type_of_id
from ..graph.reading.compiler import MOST_IDS, compile_record, compile_unhidden
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from ..graph.reading.sight import Sight
from ..graph.storing import iso, load
from .costs import record_cost
from .deadlines import Deadlines
from .reading import completed
from .seeing import View
from .selecting import Details, Selector, response_key

AT_ONCE = 4  # changes that are shaped at the same time, at most
MOST_KEPT = 100  # plans of one subscription
ID = "=node"  # the variable that stands for the record's id; no variable of GraphQL is called so


def turns_of(database: Database) -> asyncio.Semaphore:
    """The turns in which changes are shaped: they never take more than half of what reads, the rest is for requests."""
    return asyncio.Semaphore(max(min(AT_ONCE, database.at_once // 2), 1))


@dataclass(frozen=True, kw_only=True)
class Subscriptions:
    """Runs the fields of Subscription."""

    feed: ChangeFeed
    database: Database
    ground: Ground
    turns: asyncio.Semaphore

    def interest(self, arguments: Mapping[str, Any]) -> Interest:
        """What the arguments of `changes` ask for; raises InvalidInput."""
        catalogue = self.ground.catalogue
        names = {record.name for record in catalogue.records()}
        for name in arguments.get("types") or ():
            if name not in names:
                message = f"types: {shown(name)} is no type of record; the argument's description names them all."
                raise InvalidInput("INVALID_TYPE", message, argument="types")
        given = arguments.get("ids") or ()
        if len(given) > MOST_IDS:
            message = f"ids: {len(given):,} are too many; {MOST_IDS} are allowed. Listen to a type or a subtree."
            raise InvalidInput("INVALID_PAGE", message, argument="ids")
        ids = {parse_id(type_of_id(catalogue, one), one) for one in given}
        subtree = arguments.get("subtreeOf")
        return Interest(
            records=frozenset(arguments.get("types") or ()),
            ids=frozenset(ids),
            subtree=None if subtree is None else parse_id(catalogue["Account"], subtree),
        )

    def cost(self, selector: Selector, parent: GraphQLObjectType, details: Details) -> int:
        """The rows that one change may bring along at most; of what can't be listened to, that is said when it is."""
        found = selector.subfields(selector.type_of(parent, details), details)
        nodes = [selected for _, name, selected in found if name == "node"]
        try:
            given = selector.arguments(parent, details).get("types")
            records = [record for record in self.ground.catalogue.records() if not given or record.name in given]
            costs = [sum(record_cost(selector.record(record, node)) for node in nodes) for record in records]
        except GraphQLError:
            return 0
        return max(costs, default=0)

    async def changes(
        self,
        selector: Selector,
        parent: GraphQLObjectType,
        details: Details,
        view: Callable[[], View],
        deadlines: Deadlines,
        after: str | None = None,
    ) -> AsyncGenerator[tuple[str, Any], None]:
        """The cursor of each change of a record that the caller may see, and the change as it is selected.

        `view` gives what may be seen at the moment; `after` is a cursor to go on from, over that of the arguments.
        Raises Unavailable when the listener fell too far behind, TimeoutError when one change took longer than a
        request may, and PluginFailed.
        """
        given = selector.arguments(parent, details)
        interest = self.interest(given)
        start = position("after", given.get("after")) if after is None else position("Last-Event-ID", after)
        type_ = selector.type_of(parent, details)
        parts = list(selector.subfields(type_, details))
        shape = _Shape(key=response_key(details), type_name=type_.name, parts=parts, selector=selector)
        listening = self.feed.listen(interest, start)
        try:
            async for numbered in listening:
                async with self.turns:  # in the order in which they come; nobody waits here for a slow client
                    await asyncio.sleep(0)
                    seeing = view()
                    with deadlines.limit():
                        shaped = await self._shaped(seeing, shape, interest, numbered)
                        if shaped is not None:
                            await seeing.note()
                if shaped is not None:
                    yield str(numbered.position), shaped
        except Lagging:
            raise Unavailable(
                "LAGGING", "You fell too far behind; subscribe again with the cursor of the last change you have seen."
            ) from None
        finally:
            await listening.aclose()

    async def _shaped(
        self, view: View, shape: "_Shape", interest: Interest, numbered: Numbered
    ) -> dict[str, Any] | None:
        event = numbered.event
        record = self.ground.catalogue[event.record]
        if not await view.shows(record, event.record_id, self.database):
            return None
        if interest.subtree is not None and not await self._belongs(view, interest.subtree, numbered.ways):
            return None
        known: dict[str, Any] = {
            "__typename": shape.type_name,
            "cursor": str(numbered.position),
            "kind": event.kind.value,
            "type": event.record,
            "recordId": global_id(record, event.record_id),
            "version": event.version,
            "occurredAt": iso(event.occurred_at),
            "actorId": global_id(self.ground.catalogue["Actor"], event.actor),
        }
        if any(name == "fields" for _, name, _ in shape.parts):
            known["fields"] = _readable(view.sight, self.ground.catalogue, record, event.fields)
        return {
            key: known[name] if name != "node" else await self._node(view, shape, record, known["recordId"], key, found)
            for key, name, found in shape.parts
        }

    async def _belongs(self, view: View, top: UUID, ways: Iterable[Way]) -> bool:
        """Whether the caller may see the account listened to, and all that leads from a record to it or one below."""
        wanted: dict[str, set[UUID]] = {"Account": {top}}
        for step in (step for way in ways for step in way):
            wanted.setdefault(step.record, set()).add(step.id)
        await view.settle(wanted)
        if view.failures:
            raise view.failures[0]
        account = self.ground.catalogue["Account"]
        is_alone = view.sight.is_masked(account, account.to_ones["parent"])  # nothing is known to lie below it
        open_ = [
            way
            for way in ways
            if not (is_alone and way[-1].id != top) and not any(self._is_masked(view.sight, step) for step in way)
        ]
        if not view.sight.is_asking or not open_:
            return bool(open_)
        hidden = {(name, id_) for name, ids in wanted.items() for id_ in await self._hidden(view, name, ids)}
        shown = (hidden.isdisjoint((step.record, step.id) for step in way) for way in open_)
        return ("Account", top) not in hidden and any(shown)

    def _is_masked(self, sight: Sight, step: Step) -> bool:
        """Whether the caller may not know what the reference leads to that a step is taken by."""
        if step.by is None:
            return False
        record, column = self.ground.catalogue[step.by[0]], step.by[1]
        return any(sight.is_masked(record, link) for link in record.references if link.column == column)

    async def _hidden(self, view: View, name: str, ids: set[UUID]) -> set[UUID]:
        record = self.ground.catalogue[name]
        plan = compile_unhidden(view.ground, record, list(ids))
        if plan is None:
            return set()
        rows = await self.database.fetch(plan.statement, plan.bind(view.bound({})))
        return ids - {load(record.columns["id"].kind, row[0], self.database.kind) for row in rows}

    async def _node(
        self, view: View, shape: "_Shape", record: RecordType, id_: str, key: str, details: Details
    ) -> orjson.Fragment | None:
        fields = shape.fields(record, key, details)

        def make(ground: Ground) -> Plan:
            return compile_record(ground, record, fields, Ref((ID,)), "node")

        await view.settle(shape.met.get((record.name, key), ()))
        plan = shape.plans.get((record.name, key, view.key))
        if plan is None or plan.signature not in {None, self.ground.stored.signature}:
            plan = await view.compiled(make)
            shape.met[record.name, key] = view.asked
            shape.keep((record.name, key, view.key), plan)
        plan, rows = await view.rows(self.database, plan, make, {ID: id_})
        if view.failures:
            raise view.failures[0]
        if not rows:
            return None
        answer = await completed(plan, rows[0][0], view.seen)
        view.uncomputed += [(shape.key, replace(one, path=(key, *one.path))) for one in answer.failed]
        return orjson.Fragment(answer.text)


def position(name: str, cursor: str | None) -> int | None:
    """The position of a cursor that was given as `name`; raises InvalidInput."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
        message = f"{name}: {shown(cursor)} is no cursor of a change; leave it out, or give one as you have read it."
        raise InvalidInput("INVALID_CURSOR", message)
    return None if cursor is None else int(cursor)


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What one subscription selects of each change, with the plans that were made for its nodes.

    A plan is kept by the record's type, its key in the answer, and what it depends on of who sees it; `met` are the
    record types that it meets.
    """

    key: str
    type_name: str
    parts: Sequence[tuple[str, str, Details]]
    selector: Selector
    met: dict[tuple[str, str], Iterable[str]] = field(default_factory=dict[tuple[str, str], Iterable[str]])
    plans: dict[Any, Plan] = field(default_factory=dict[Any, Plan])
    selected: dict[tuple[str, str], Sequence[Selection]] = field(
        default_factory=dict[tuple[str, str], Sequence[Selection]]
    )

    def fields(self, record: RecordType, key: str, details: Details) -> Sequence[Selection]:
        """What is selected of a record."""
        if (record.name, key) not in self.selected:
            self.selected[record.name, key] = self.selector.record(record, details)
        return self.selected[record.name, key]

    def keep(self, key: Any, plan: Plan) -> None:
        """Keep a plan, unless there are too many already."""
        if key in self.plans or len(self.plans) < MOST_KEPT:
            self.plans[key] = plan


def _readable(sight: Sight, catalogue: Catalogue, record: RecordType, names: Sequence[str]) -> list[str]:
    """Those of the fields that changed which the caller may read; what is no field any more is told to nobody."""
    readable = set(_names(sight, record, record.members, ""))
    for extension in catalogue.extensions(record.name):
        if any(name.startswith(f"{extension.namespace}.") for name in names):
            readable |= set(_names(sight, extension, extension.members, f"{extension.namespace}."))
    return [name for name in names if name in readable]


def _names(sight: Sight, record: RecordType, members: Mapping[str, Member], prefix: str) -> Iterator[str]:
    for name, member in members.items():
        match member:
            case Column() | ToOne() | ToAny() if not sight.is_masked(record, member):
                yield prefix + name
            case GroupField():
                yield from _names(sight, record, member.members, f"{prefix}{name}.")
            case _:
                continue
