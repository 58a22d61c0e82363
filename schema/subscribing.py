"""The field of a subscription: committed changes, each shaped as it is selected."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLObjectType

from ..graph.catalogue import RecordType
from ..graph.databases.database import Database
from ..graph.errors import InvalidInput, Unavailable
from ..graph.feed import ChangeFeed, Interest, Lagging, Numbered
from ..graph.identity import global_id, parse_id, shown, type_of_id
from ..graph.reading.compiler import compile_record
from ..graph.reading.scope import Ground
from ..graph.storing import iso
from .reading import completed
from .selecting import Details, Selector


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
                raise InvalidInput(
                    "INVALID_TYPE", f"types: {shown(name)} is no type of record; there are {', '.join(sorted(names))}."
                )
        ids = {parse_id(type_of_id(catalogue, one), one) for one in arguments.get("ids") or ()}
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

    async def changes(
        self, selector: Selector, parent: GraphQLObjectType, details: Details
    ) -> AsyncGenerator[Any, None]:
        """Each change as it is selected; raises Unavailable when the listener fell too far behind."""
        interest, after = self.interest(selector.arguments(parent, details))
        type_ = selector.type_of(parent, details)
        listening = self.feed.listen(interest, after)
        try:
            async for numbered in listening:
                yield await self._shaped(selector, type_, details, numbered)
        except Lagging:
            raise Unavailable(
                "LAGGING", "You fell too far behind; subscribe again with the cursor of the last change you have seen."
            ) from None
        finally:
            await listening.aclose()

    async def _shaped(
        self, selector: Selector, type_: GraphQLObjectType, details: Details, numbered: Numbered
    ) -> dict[str, Any]:
        event = numbered.event
        record = self.ground.catalogue[event.record]
        known: dict[str, Any] = {
            "__typename": type_.name,
            "cursor": str(numbered.position),
            "kind": event.kind.value,
            "type": event.record,
            "id": global_id(record, event.record_id),
            "version": event.version,
            "fields": list(event.fields),
            "occurredAt": iso(event.occurred_at),
            "actorId": global_id(self.ground.catalogue["Actor"], event.actor),
        }
        shaped: dict[str, Any] = {}
        for key, name, found in selector.subfields(type_, details):
            shaped[key] = await self._node(selector, record, known["id"], found) if name == "node" else known[name]
        return shaped

    async def _node(self, selector: Selector, record: RecordType, id_: str, details: Details) -> Any:
        plan = compile_record(self.ground, record, selector.record(record, details), id_, "node")
        rows = await self.database.fetch(plan.statement, plan.bind({}))
        return orjson.Fragment(completed(plan, rows[0][0]).text) if rows else None
