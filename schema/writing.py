"""Root fields of a mutation: each is one unit of work, whose payload is read by the compiler."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLObjectType

from ..graph.catalogue import RecordType
from ..graph.databases.database import Database, Reader, Transaction
from ..graph.errors import GraphError, InvalidInput
from ..graph.identity import article, type_of_id
from ..graph.reading.compiler import compile_ids
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.writing.bounds import constrains
from ..graph.writing.idempotency import fingerprint
from ..graph.writing.mentions import mentioned
from ..graph.writing.outcome import Operation, Outcome, WriteRequest
from ..graph.writing.planning import MOST_RECORDS
from ..graph.writing.write import LARGEST_BULK, Writer
from ..plugins.violations import Path
from .costs import filter_cost, listed_records, record_cost
from .documents import Operation as Operated
from .mutation_types import MutationField
from .payload import Chosen, Payload, form_of, selections
from .seeing import View
from .selecting import Details, Selector, has_variables, response_key
from .underway import Underway


class Mutations:
    """Runs the fields of Mutation."""

    def __init__(self, fields: Mapping[str, MutationField], writer: Writer, database: Database, ground: Ground) -> None:
        self.fields = fields
        self.writer = writer
        self.database = database
        self.ground = ground

    async def run(
        self,
        operation: Operated,
        selector: Selector,
        parent: GraphQLObjectType,
        details: Details,
        view: View,
        underway: Underway,
    ) -> Any:
        """Run one mutation; returns its payload as selected, records in it as finished JSON text.

        Raises PluginFailed, and nothing is written, where a plugin can't say what the caller may see. Of whatever is
        raised, `underway` knows whether anything was written.
        """
        name = details[0].node.name.value
        field = self.fields[name]
        arguments = selector.arguments(parent, details)
        if field.labels is not None:
            field, inputs, paths = self._labelled(field, arguments)
        elif arguments.get("filter") is not None:
            inputs, paths = (), ()
        else:
            inputs, paths = _inputs(field, arguments)
        chosen = self._chosen(operation, selector, field.record, selector.type_of(parent, details), details)
        if view.sight.is_asking:
            await view.settle(mentioned(self.ground.catalogue, field.record, inputs))
        while True:
            plan = None if arguments.get("filter") is None else self._matching(view.ground, field, arguments)
            payload = Payload(view, operation, field, chosen, response_key(details))
            if not await view.settle():
                break
        if view.failures:
            raise view.failures[0]
        key = arguments.get("idempotencyKey")
        request = WriteRequest(
            name=name,
            record=field.record.name,
            operation=field.operation,
            inputs=inputs,
            paths=paths,
            find=None if plan is None else lambda reader: _found(plan, view, reader),
            actor=view.caller.actor,
            sight=view.sight,
            may=view.caller.may,
            atomic=arguments.get("atomic", True),
            dry_run=arguments.get("dryRun", False),
            idempotency_key=key,
            fingerprint="" if key is None else fingerprint(arguments),
            scope=view.caller.scope,
            permissions=view.caller.permissions,
            standing=underway.standing,
        )
        if not inputs and plan is None:
            return payload.render(Outcome(ids=[]), dry_run=request.dry_run)
        if request.dry_run:

            async def preview(transaction: Transaction, outcome: Outcome) -> None:
                await payload.read(transaction, outcome)

            outcome = await self.writer.write(request, preview)
        else:
            outcome = await self.writer.write(request)
            underway.missing, underway.payload = payload.missing, partial(payload.unread, outcome)
            if self.ground.stored.concerns(field.record):
                await self.ground.stored.refresh(self.database, self.database.kind)
            await payload.read(self.database, outcome)
        return payload.render(outcome, dry_run=request.dry_run)

    def cost(self, operation: Operated, selector: Selector, parent: GraphQLObjectType, details: Details) -> int:
        """The rows that a mutation may write or return at most; of one that can't be run, that is said when it is."""
        field = self.fields[details[0].node.name.value]
        try:
            chosen = self._chosen(operation, selector, field.record, selector.type_of(parent, details), details)
            arguments = selector.arguments(parent, details)
        except (GraphError, GraphQLError):
            return 0
        count, written = 1, 1 + listed_records(arguments.get("input"))
        if field.is_bulk and arguments.get("filter") is not None:
            count = LARGEST_BULK
            written = count + filter_cost(arguments["filter"])
        elif field.is_bulk:
            given = arguments.get("inputs") or arguments.get("ids") or ()
            count = len(given)
            written = listed_records(given) or count * max(len(arguments.get("labelIds") or ()), 1)
        return max(count * chosen.cost, written, 1)

    def _chosen(
        self,
        operation: Operated,
        selector: Selector,
        record: RecordType,
        type_: GraphQLObjectType,
        details: Details,
    ) -> Chosen:
        """What is chosen of a payload; where no variable has a say in that, it is worked out once."""
        first = details[0]
        is_alone = len(details) == 1 and first.fragment_variable_values is None
        key = ("chosen", id(first.node), record.name)
        kept: Chosen | None = operation.plan(key) if is_alone else None
        if kept is not None:
            return kept
        found = selections(selector, record, type_, details)
        chosen = Chosen(
            fields=found,
            form=form_of(selector, record, type_, details),
            cost=sum(record_cost(fields) for fields in found.values()),
            key=key if is_alone and not has_variables(first.node, operation.fragments) else None,
        )
        if chosen.key is not None:
            operation.keep(key, chosen)
        return chosen

    def _labelled(
        self, field: MutationField, arguments: Mapping[str, Any]
    ) -> tuple[MutationField, Sequence[Mapping[str, Any]], Sequence[Path]]:
        """Labels for many records: an update of each that connects the labels, or disconnects them."""
        ids = list(dict.fromkeys(arguments["ids"]))
        record = type_of_id(self.ground.catalogue, ids[0]) if ids else field.record
        if ids and "labels" not in record.members:
            raise InvalidInput(
                "INVALID_ID", f"{ids[0]} is the id of {article(record.name)}, which takes no labels; leave it out."
            )
        off = {"disconnect": True} if field.labels == "remove" else {}
        labels = [{"id": id_, **off} for id_ in dict.fromkeys(arguments["labelIds"])]
        if len(ids) * (1 + len(labels)) > MOST_RECORDS:  # before anything walks as many inputs as they make
            raise InvalidInput(
                "INVALID_BULK",
                f"{len(labels)} labels for {len(ids)} records are more than {MOST_RECORDS} records in one write, the "
                "labels of each counted; give fewer at once.",
            )
        inputs = [{"id": id_, "labels": labels} for id_ in ids]
        return replace(field, record=record), inputs, [("ids", place) for place in range(len(ids))]

    def _matching(self, ground: Ground, field: MutationField, arguments: Mapping[str, Any]) -> Plan:
        """The plan that finds the records of a bulk whose filter is given instead of ids."""
        if arguments.get("ids") is not None:
            raise InvalidInput("INVALID_BULK", "Say which records by 'ids' or by 'filter', not by both.")
        if not constrains(self.ground.catalogue, field.record, arguments["filter"]):
            raise InvalidInput(
                "UNBOUNDED_WRITE", "The filter constrains nothing, so it would take every record; add a condition."
            )
        return compile_ids(ground, field.record, arguments["filter"], LARGEST_BULK)


def _inputs(field: MutationField, arguments: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, Any]], Sequence[Path]]:
    """The inputs of a mutation and where each stands among its arguments."""
    if field.operation not in {Operation.DELETE, Operation.RESTORE}:
        if field.is_bulk:
            given = arguments["inputs"]
            return given, [("inputs", place) for place in range(len(given))]
        return [arguments["input"]], [("input",)]
    if not field.is_bulk:
        return [arguments], [("id",)]
    ids = arguments.get("ids")
    if ids is None:
        wanted = "'ids' or by 'filter'" if field.operation is Operation.DELETE else "'ids'"
        raise InvalidInput("INVALID_BULK", f"Say which records by {wanted}.")
    return [{"id": id_} for id_ in ids], [("ids", place) for place in range(len(ids))]


async def _found(plan: Plan, view: View, reader: Reader) -> tuple[Sequence[Mapping[str, Any]], Sequence[Path]]:
    """The records that a filter finds when the transaction has begun."""
    rows = await reader.fetch(plan.statement, plan.bind(view.bound({})))
    plan.note_uses(view.seen)
    if len(rows) > LARGEST_BULK:
        raise InvalidInput("INVALID_BULK", f"The filter finds more than {LARGEST_BULK} records; narrow it.")
    return [{"id": row[0]} for row in rows], [("filter",)] * len(rows)
