"""Root fields of a mutation: each is one unit of work, whose payload is read by the compiler."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import orjson
from graphql import GraphQLError, GraphQLObjectType, is_leaf_type

from ..graph.catalogue import RecordType
from ..graph.databases.database import Database, Reader, Transaction
from ..graph.errors import GraphError, InvalidInput
from ..graph.identity import global_id, type_of_id
from ..graph.reading.compiler import compile_ids, compile_records
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from ..graph.reading.stored_filters import StoredFilters
from ..graph.writing.bounds import constrains
from ..graph.writing.outcome import Operation, Outcome, WriteRequest
from ..graph.writing.write import LARGEST_BULK, Writer
from ..plugins.violations import Path, Violation
from .costs import record_cost
from .mutation_types import MutationField
from .reading import completed
from .selecting import Details, Selector

IDS = "=written"  # stands for the ids of the written records; no variable is called so


class Mutations:
    """Runs the fields of Mutation."""

    def __init__(self, fields: Mapping[str, MutationField], writer: Writer, database: Database, ground: Ground) -> None:
        self.fields = fields
        self.writer = writer
        self.database = database
        self.ground = ground

    async def run(self, selector: Selector, parent: GraphQLObjectType, details: Details, actor: UUID) -> Any:
        """Run one mutation; returns its payload as selected, records in it as finished JSON text."""
        name = details[0].node.name.value
        field = self.fields[name]
        arguments = selector.arguments(parent, details)
        plan: Plan | None = None
        if field.labels is not None:
            field, inputs, paths = self._labelled(field, arguments)
        elif arguments.get("filter") is not None:
            plan, inputs, paths = self._matching(field, arguments), (), ()
        else:
            inputs, paths = _inputs(field, arguments)
        key = arguments.get("idempotencyKey")
        request = WriteRequest(
            name=name,
            record=field.record.name,
            operation=field.operation,
            inputs=inputs,
            paths=paths,
            find=None if plan is None else lambda reader: _found(plan, reader),
            actor=actor,
            atomic=arguments.get("atomic", True),
            dry_run=arguments.get("dryRun", False),
            idempotency_key=key,
            fingerprint="" if key is None else _fingerprint(arguments),
        )
        payload = _Payload(self, selector, field, selector.type_of(parent, details), details)
        if not inputs and plan is None:
            return payload.render(Outcome(ids=[]), dry_run=request.dry_run)
        if request.dry_run:

            async def preview(transaction: Transaction, outcome: Outcome) -> None:
                await payload.read(transaction, outcome)

            outcome = await self.writer.write(request, preview)
        else:
            outcome = await self.writer.write(request)
            if self.ground.stored.concerns(field.record):
                await self.ground.stored.refresh(self.database, self.database.kind)
            await payload.read(self.database, outcome)
        return payload.render(outcome, dry_run=request.dry_run)

    def cost(self, selector: Selector, parent: GraphQLObjectType, details: Details) -> int:
        """The rows that a mutation may write and return at most; of one that can't be run, that is said when it is."""
        field = self.fields[details[0].node.name.value]
        try:
            arguments = selector.arguments(parent, details)
            selected = _selections(selector, field.record, selector.type_of(parent, details), details)
        except (GraphError, GraphQLError):
            return 0
        count = 1
        if field.is_bulk:
            listed = arguments.get("inputs") or arguments.get("ids") or ()
            count = len(listed) if arguments.get("filter") is None else LARGEST_BULK
        return sum(count * record_cost(fields) for fields in selected.values()) or 1

    def _labelled(
        self, field: MutationField, arguments: Mapping[str, Any]
    ) -> tuple[MutationField, Sequence[Mapping[str, Any]], Sequence[Path]]:
        """Labels for many records: an update of each that connects the labels, or disconnects them."""
        ids = list(dict.fromkeys(arguments["ids"]))
        record = type_of_id(self.ground.catalogue, ids[0]) if ids else field.record
        if ids and "labels" not in record.members:
            raise InvalidInput(
                "INVALID_ID", f"{record.name} records take no labels; only accounts, contacts, addresses."
            )
        off = {"disconnect": True} if field.labels == "remove" else {}
        labels = [{"id": id_, **off} for id_ in dict.fromkeys(arguments["labelIds"])]
        inputs = [{"id": id_, "labels": labels} for id_ in ids]
        return replace(field, record=record), inputs, [("ids", place) for place in range(len(ids))]

    def _matching(self, field: MutationField, arguments: Mapping[str, Any]) -> Plan:
        """The plan that finds the records of a bulk whose filter is given instead of ids."""
        if arguments.get("ids") is not None:
            raise InvalidInput("INVALID_BULK", "Say which records by ids or by filter, not by both.")
        if not constrains(self.ground.catalogue, field.record, arguments["filter"]):
            raise InvalidInput(
                "UNBOUNDED_WRITE", "The filter constrains nothing, so it would take every record; state a condition."
            )
        return compile_ids(self.ground, field.record, arguments["filter"], LARGEST_BULK)


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
        wanted = "ids, or by a filter" if field.operation is Operation.DELETE else "ids"
        raise InvalidInput("INVALID_BULK", f"Say which records by {wanted}.")
    return [{"id": id_} for id_ in ids], [("ids", place) for place in range(len(ids))]


async def _found(plan: Plan, reader: Reader) -> tuple[Sequence[Mapping[str, Any]], Sequence[Path]]:
    """The records that a filter finds when the transaction has begun."""
    rows = await reader.fetch(plan.statement, plan.bind({}))
    if len(rows) > LARGEST_BULK:
        raise InvalidInput("INVALID_BULK", f"The filter finds more than {LARGEST_BULK} records; narrow it.")
    return [{"id": row[0]} for row in rows], [("filter",)] * len(rows)


def _fingerprint(arguments: Mapping[str, Any]) -> str:
    stated = {name: value for name, value in arguments.items() if name != "idempotencyKey"}
    return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()


def _selections(
    selector: Selector, record: RecordType, type_: GraphQLObjectType, details: Details
) -> dict[str, Sequence[Selection]]:
    """What a payload selects of the written records, by the key of the selection."""
    found: dict[str, Sequence[Selection]] = {}
    for key, name, selected in selector.subfields(type_, details):
        if name == record.singular:
            found[key] = selector.record(record, selected)
        elif name == "results":
            result = selector.object_type(f"{record.name}BulkResult")
            for inner, inner_name, inner_selected in selector.subfields(result, selected):
                if inner_name == record.singular:
                    found[f"{key}.{inner}"] = selector.record(record, inner_selected)
    return found


class _Payload:
    """A payload as it is selected: its records are read by one statement, the rest is known from the outcome."""

    def __init__(
        self, mutations: Mutations, selector: Selector, field: MutationField, type_: GraphQLObjectType, details: Details
    ) -> None:
        self.mutations = mutations
        self.selector = selector
        self.field = field
        self.type = type_
        self.details = details
        self.texts: dict[str, dict[str, str]] = {}
        found = _selections(selector, field.record, type_, details)
        self.wanted = {key: [(self.record, fields, Ref((IDS,)))] for key, fields in found.items()}
        # Made before anything is written, so that a selection that can't be read refuses the write.
        self.plans = {key: compile_records(mutations.ground, wanted, key) for key, wanted in self.wanted.items()}
        for plan in self.plans.values():
            plan.bind({IDS: []})

    @property
    def record(self) -> RecordType:
        return self.field.record

    async def read(self, reader: Reader, outcome: Outcome) -> None:
        """Read the written records, as far as they are selected."""
        ids = [global_id(self.record, id_) for id_ in outcome.ids if id_ is not None]
        if not ids:
            return
        ground = self.mutations.ground
        for key, wanted in self.wanted.items():
            if self.plans[key].signature is not None:  # within the transaction, filters may differ from what others see
                own = StoredFilters(ground.catalogue)
                await own.refresh(reader, self.mutations.database.kind)
                self.plans[key] = compile_records(replace(ground, stored=own), wanted, key)
            plan = self.plans[key]
            rows = await reader.fetch(plan.statement, plan.bind({IDS: list(dict.fromkeys(ids))}))
            self.texts[key] = {row[0]: row[1] for row in rows}

    def render(self, outcome: Outcome, *, dry_run: bool) -> Any:
        """The payload as JSON values."""
        if self.field.is_bulk:
            written = sum(id_ is not None for id_ in outcome.ids)
            value: dict[str, Any] = {
                "results": [self._result(root, id_, outcome, dry_run) for root, id_ in enumerate(outcome.ids)],
                "written": written,
                "refused": len(outcome.ids) - written,
            }
        else:
            value = self._result(0, outcome.ids[0], outcome, dry_run)
        value["violations"] = [_violation(one) for _, one in outcome.violations]
        return self._shaped(self.type, value, self.details, "")

    def _result(self, root: int, id_: UUID | None, outcome: Outcome, dry_run: bool) -> dict[str, Any]:
        shown = None if id_ is None else global_id(self.record, id_)
        return {
            "index": root,
            "id": None if dry_run else shown,
            "violations": [_violation(one) for one in outcome.of(root)],
            self.record.singular: shown,
        }

    def _shaped(self, type_: GraphQLObjectType, value: Mapping[str, Any], details: Details, prefix: str) -> Any:
        """The selected part of an object."""
        shaped: dict[str, Any] = {}
        for key, name, found in self.selector.subfields(type_, details):
            if name == "__typename":
                shaped[key] = type_.name
            elif name == self.record.singular and name in value:
                shaped[key] = self._record(f"{prefix}{key}", value[name])
            else:
                inner = value[name]
                named = self.selector.named_type(type_, found)
                if is_leaf_type(named) or inner is None:
                    shaped[key] = inner
                else:
                    items = cast(list[Mapping[str, Any]], inner)
                    shaped[key] = [self._shaped(named, item, found, f"{key}.") for item in items]
        return shaped

    def _record(self, key: str, shown: str | None) -> Any:
        text = self.texts.get(key, {}).get(shown or "")
        return None if text is None else orjson.Fragment(completed(self.plans[key], text).text)


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "code": violation.code,
        "message": violation.message,
        "path": list(violation.path),
        "severity": violation.severity.value,
        "reference": violation.reference,
        "plugin": violation.plugin,
    }
