"""The field of a subscription: committed changes, each shaped as it is selected."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLObjectType

from ..graph.catalogue import RecordType
from ..graph.databases.database import Database
from ..graph.errors import InvalidInput, Unavailable
from ..graph.feed import ChangeFeed, Interest, Lagging, Numbered
from ..graph.identity import global_id, parse_id, shown, type_of_id
from ..graph.reading.compiler import MOST_IDS, compile_record
from ..graph.reading.scope import Ground
from ..graph.storing import iso
from .costs import record_cost
from .reading import completed, is_stale
from .seeing import View
from .selecting import Details, Selector

ATTEMPTS = 3  # a read that meets a stored filter it doesn't know is compiled anew


@dataclass(frozen=True, kw_only=True)
class Subscriptions:
    """Runs the fields of Subscription."""

    feed: ChangeFeed
    database: Database
    ground: Ground

    def interest(self, arguments: Mapping[str, Any]) -> tuple[Interest, int | None]:
        """What the arguments of `changes` ask for, and from which position; raises InvalidInput."""
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
        interest = Interest(
            records=frozenset(arguments.get("types") or ()),
            ids=frozenset(ids),
            subtree=None if subtree is None else parse_id(catalogue["Account"], subtree),
        )
        after = arguments.get("after")
        if after is not None and not (after.isascii() and after.isdigit() and len(after) < 18):
            raise InvalidInput("INVALID_CURSOR", f"after: {shown(after)} is no cursor of a change.")
        return interest, None if after is None else int(after)

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
        self, selector: Selector, parent: GraphQLObjectType, details: Details, view: Callable[[], View]
    ) -> AsyncGenerator[Any, None]:
        """Each change of a record that the caller may see, as it is selected; `view` gives what that is at the moment.

        Raises Unavailable when the listener fell too far behind, and PluginFailed.
        """
        interest, after = self.interest(selector.arguments(parent, details))
        type_ = selector.type_of(parent, details)
        listening = self.feed.listen(interest, after)
        try:
            async for numbered in listening:
                seeing = view()
                shaped = await self._shaped(seeing, selector, type_, details, numbered)
                if shaped is not None:
                    await seeing.note()
                    yield shaped
        except Lagging:
            raise Unavailable(
                "LAGGING", "You fell too far behind; subscribe again with the cursor of the last change you have seen."
            ) from None
        finally:
            await listening.aclose()

    async def _shaped(
        self, view: View, selector: Selector, type_: GraphQLObjectType, details: Details, numbered: Numbered
    ) -> dict[str, Any] | None:
        event = numbered.event
        record = self.ground.catalogue[event.record]
        if not await view.shows(record, event.record_id, self.database):
            return None
        known: dict[str, Any] = {
            "__typename": type_.name,
            "cursor": str(numbered.position),
            "kind": event.kind.value,
            "type": event.record,
            "recordId": global_id(record, event.record_id),
            "version": event.version,
            "fields": list(event.fields),
            "occurredAt": iso(event.occurred_at),
            "actorId": global_id(self.ground.catalogue["Actor"], event.actor),
        }
        shaped: dict[str, Any] = {}
        for key, name, found in selector.subfields(type_, details):
            shaped[key] = (
                await self._node(view, selector, record, known["recordId"], found) if name == "node" else known[name]
            )
        return shaped

    async def _node(self, view: View, selector: Selector, record: RecordType, id_: str, details: Details) -> Any:
        fields = selector.record(record, details)
        for _ in range(ATTEMPTS):
            plan = compile_record(view.ground, record, fields, id_, "node")
            while await view.settle():
                plan = compile_record(view.ground, record, fields, id_, "node")
            if view.failures:
                raise view.failures[0]
            rows = await self.database.fetch(plan.statement, plan.bind(view.bound({})))
            if not rows:
                return None
            if not is_stale(plan, rows[0][0]):
                return orjson.Fragment((await completed(plan, rows[0][0], view.seen)).text)
            # the filter of a group that another process has changed
            await view.ground.stored.refresh(self.database, self.database.kind)
        raise Unavailable("CONFLICT", "The filters of the groups keep changing; subscribe again in a moment.")
