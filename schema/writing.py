"""Root fields of a mutation: each is one unit of work, whose payload is read by the compiler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast
from uuid import UUID

import orjson
from graphql import GraphQLError, GraphQLObjectType, is_leaf_type

from ..graph.catalogue import RecordType
from ..graph.databases.database import Database, Reader, Transaction
from ..graph.errors import GraphError, InvalidInput
from ..graph.identity import article, global_id, type_of_id
from ..graph.reading.compiler import MOST_IDS, compile_ids, compile_record, compile_records
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from ..graph.writing.bounds import constrains
from ..graph.writing.idempotency import fingerprint
from ..graph.writing.mentions import mentioned
from ..graph.writing.outcome import Operation, Outcome, WriteRequest
from ..graph.writing.planning import MOST_RECORDS
from ..graph.writing.write import LARGEST_BULK, Writer
from ..plugins.violations import Path, Violation
from .costs import filter_cost, listed_records, record_cost
from .documents import Operation as Operated
from .mutation_types import MutationField
from .reading import completed_texts
from .seeing import View
from .selecting import Details, Selector, has_variables, response_key
from .underway import Underway

IDS = "=written"  # stands for the ids of the written records; no variable is called so


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
            payload = _Payload(self, view, operation, field, chosen, response_key(details))
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
    ) -> "_Chosen":
        """What is chosen of a payload; where no variable has a say in that, it is worked out once."""
        first = details[0]
        is_alone = len(details) == 1 and first.fragment_variable_values is None
        key = ("chosen", id(first.node), record.name)
        kept: _Chosen | None = operation.plan(key) if is_alone else None
        if kept is not None:
            return kept
        found = _selections(selector, record, type_, details)
        chosen = _Chosen(
            fields=found,
            form=_form(selector, record, type_, details),
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


@dataclass(frozen=True, kw_only=True)
class _Form:
    """The selected part of an object: each key with the name of its field, and its own form if it is a list."""

    type_name: str
    parts: Sequence[tuple[str, str, "_Form | None"]]


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """What is chosen of a payload, the fields of records by their keys, and what one record costs.

    By `key` it is kept with its operation, if it can be.
    """

    fields: Mapping[str, Sequence[Selection]]
    form: _Form
    cost: int
    key: Any


def _form(selector: Selector, record: RecordType, type_: GraphQLObjectType, details: Details) -> _Form:
    parts: list[tuple[str, str, _Form | None]] = []
    for key, name, found in selector.subfields(type_, details):
        is_leaf = name in {"__typename", record.singular} or is_leaf_type(selector.named_type(type_, found))
        inner = None if is_leaf else _form(selector, record, selector.type_of(type_, found), found)
        parts.append((key, name, inner))
    return _Form(type_name=type_.name, parts=parts)


class _Payload:
    """A payload as it is selected: its records are read by one statement, the rest is known from the outcome."""

    def __init__(
        self,
        mutations: Mutations,
        view: View,
        operation: Operated,
        field: MutationField,
        chosen: _Chosen,
        key: str,
    ) -> None:
        self.key = key
        self.mutations = mutations
        self.view = view
        self.field = field
        self.form = chosen.form
        self.texts: dict[str, dict[str, str]] = {}
        self.fields = chosen.fields
        # Made before anything is written, so that a selection that can't be read refuses the write.
        self.plans = self._plans(operation, None if chosen.key is None else (*chosen.key, view.key))
        for plan in () if view.sight.unasked else self.plans.values():
            plan.bind(view.bound({IDS: self._stated([global_id(self.record, UUID(int=0))])}))

    @property
    def record(self) -> RecordType:
        return self.field.record

    def _plans(self, operation: Operated, key: Any) -> dict[str, Plan]:
        """The plans for reading what is chosen, made or found by the key."""
        view = self.view
        kept: dict[str, Plan] | None = None if key is None else operation.plan(key)
        if kept is None or any(one.signature not in {None, view.ground.stored.signature} for one in kept.values()):
            kept = {name: self._compiled(view.ground, name) for name in self.fields}
            if key is not None and not view.sight.unasked:
                operation.keep(key, kept)
        return dict(kept)

    def _compiled(self, ground: Ground, key: str) -> Plan:
        """The plan for reading what is chosen of all written records, or of the one that can be.

        For one, the server keeps its own plan; for a list, whose length it doesn't know, it would plan each time.
        """
        fields, ids = self.fields[key], Ref((IDS,))
        if self.field.is_bulk:
            return compile_records(ground, [(self.record, fields, ids)], key)
        return compile_record(ground, self.record, fields, ids, key)

    def _stated(self, ids: Sequence[str]) -> Any:
        """The ids as plans take them."""
        return list(dict.fromkeys(ids)) if self.field.is_bulk else ids[0]

    async def read(self, reader: Reader, outcome: Outcome) -> None:
        """Read the written records, as far as they are selected."""
        ids = [global_id(self.record, id_) for id_ in outcome.ids if id_ is not None]
        if not ids:
            return
        for key in self.fields:
            self.texts[key] = {}
            # what hangs on filters of groups is read in parts, since a statement holds those that it meets
            size = len(ids) if self.plans[key].signature is None else MOST_IDS
            for start in range(0, len(ids), size):
                self.texts[key] |= await self._texts(reader, key, ids[start : start + size])
        if self.view.failures:
            raise self.view.failures[0]

    async def _texts(self, reader: Reader, key: str, ids: Sequence[str]) -> Mapping[str, str]:
        """What is chosen of written records, by their ids."""

        def make(ground: Ground) -> Plan:
            return self._compiled(ground, key)

        # within the transaction, filters may differ from what others see
        plan, rows = await self.view.rows(reader, self.plans[key], make, {IDS: self._stated(ids)}, is_own=True)
        named = rows if self.field.is_bulk else [(ids[0], row[0]) for row in rows]
        texts, failed = await completed_texts(plan, {row[0]: row[1] for row in named}, self.view.seen)
        self.view.uncomputed += [(self.key, replace(one, path=(key, *one.path))) for one in failed]
        return texts

    @property
    def missing(self) -> Sequence[str | int]:
        """Where a record is null in a payload that was not read."""
        first = next(iter(self.fields), "")
        results, _, inner = first.rpartition(".")
        return [results, 0, inner] if results else [inner] if inner else []

    def unread(self, outcome: Outcome) -> Any:
        """The payload of a write without the records."""
        self.texts = {}
        return self.render(outcome, dry_run=False)

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
        return self._shaped(self.form, value, "")

    def _result(self, root: int, id_: UUID | None, outcome: Outcome, dry_run: bool) -> dict[str, Any]:
        shown = None if id_ is None else global_id(self.record, id_)
        return {
            "index": root,
            "recordId": None if dry_run else shown,
            "violations": [_violation(one) for one in outcome.of(root)],
            self.record.singular: shown,
        }

    def _shaped(self, form: _Form, value: Mapping[str, Any], prefix: str) -> Any:
        """The selected part of an object."""
        shaped: dict[str, Any] = {}
        for key, name, inner in form.parts:
            if name == "__typename":
                shaped[key] = form.type_name
            elif name == self.record.singular and name in value:
                shaped[key] = self._record(f"{prefix}{key}", value[name])
            elif inner is None or value[name] is None:
                shaped[key] = value[name]
            else:
                items = cast(list[Mapping[str, Any]], value[name])
                shaped[key] = [self._shaped(inner, item, f"{key}.") for item in items]
        return shaped

    def _record(self, key: str, shown: str | None) -> Any:
        text = self.texts.get(key, {}).get(shown or "")
        return None if text is None else orjson.Fragment(text)


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "code": violation.code,
        "message": violation.message,
        "path": list(violation.path),
        "severity": violation.severity.value,
        "reference": violation.reference,
        "plugin": violation.plugin,
    }
