"""What a mutation answers: its payload as it is selected, with the written records read back by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import orjson
from graphql import GraphQLObjectType, is_leaf_type

from ..graph.catalogue import RecordType
from ..graph.databases.database import Reader
from ..graph.identity import global_id
from ..graph.reading.compiler import MOST_IDS, compile_record, compile_records
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from ..graph.writing.outcome import Outcome
from ..plugins.violations import Violation
from .documents import Operation as Operated
from .mutation_types import MutationField
from .reading import completed_texts
from .seeing import View
from .selecting import Details, Selector

IDS = "=written"  # stands for the ids of the written records; no variable is called so


def selections(
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
class Form:
    """The selected part of an object: each key with the name of its field, and its own form if it is a list."""

    type_name: str
    parts: Sequence[tuple[str, str, "Form | None"]]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is chosen of a payload, the fields of records by their keys, and what one record costs.

    By `key` it is kept with its operation, if it can be.
    """

    fields: Mapping[str, Sequence[Selection]]
    form: Form
    cost: int
    key: Any


def form_of(selector: Selector, record: RecordType, type_: GraphQLObjectType, details: Details) -> Form:
    """The form of what is selected of an object."""
    parts: list[tuple[str, str, Form | None]] = []
    for key, name, found in selector.subfields(type_, details):
        is_leaf = name in {"__typename", record.singular} or is_leaf_type(selector.named_type(type_, found))
        inner = None if is_leaf else form_of(selector, record, selector.type_of(type_, found), found)
        parts.append((key, name, inner))
    return Form(type_name=type_.name, parts=parts)


class Payload:
    """A payload as it is selected: its records are read by one statement, the rest is known from the outcome."""

    def __init__(
        self,
        view: View,
        operation: Operated,
        field: MutationField,
        chosen: Chosen,
        key: str,
    ) -> None:
        self.key = key
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
        """The type of the written records."""
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

    def _shaped(self, form: Form, value: Mapping[str, Any], prefix: str) -> Any:
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
