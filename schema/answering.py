"""What is selected of an operation's result: the records in it, which the compiler reads, and the shape of the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson
from graphql import GraphQLObjectType

from ..graph.catalogue import RecordType
from ..graph.databases.database import Reader
from ..graph.reading.compiler import MOST_IDS, compile_records
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from ..graph.writing.outcome import Outcome
from ..plugins.names import camel
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Shape
from ..plugins.violations import Path, Violation
from .costs import record_cost
from .reading import completed_texts
from .seeing import View
from .selecting import Details, Selector, response_key

IDS = "=answered"  # stands for the ids of the records in a result; no variable is called so
IN_LISTS = 50  # records that a list in a result is reckoned to hold


@dataclass
class Place:
    """Where records stand in a result: what is selected of them, and the texts that were read."""

    record: RecordType
    fields: Sequence[Selection]
    many: bool
    plan: Plan | None = None
    texts: dict[str, str] = field(default_factory=dict[str, str])


class Selected:
    """What is selected of an operation's result: where records stand in it, and how the rest is shaped."""

    def __init__(self, selector: Selector, operation: Operation, parent: GraphQLObjectType, details: Details) -> None:
        self.selector = selector
        self.operation = operation
        self.parent = parent
        self.details = details
        self.places: dict[Path, Place] = {}
        self.type = selector.named_type(parent, details)
        if operation.kind is OperationKind.QUERY:
            if operation.result is not None:
                self._find(operation.result, self.type, details, (), many=False)
        elif operation.kind is OperationKind.MUTATION and operation.result is not None:
            for key, name, found in selector.subfields(self.type, details):
                if name == "result":
                    inner = selector.named_type(self.type, found)
                    self._find(operation.result, inner, found, (key,), many=False)

    def _find(self, shape: Shape, type_: Any, details: Details, path: Path, *, many: bool) -> None:
        match shape.nature:
            case Nature.LIST:
                self._find(shape.element, type_, details, path, many=True)
            case Nature.RECORD:
                record = self.selector.catalogue[shape.record]
                self.places[path] = Place(record=record, fields=self.selector.record(record, details), many=many)
            case Nature.OBJECT:
                shapes = _shapes(shape)
                for key, name, found in self.selector.subfields(type_, details):
                    if name in shapes:
                        inner = self.selector.named_type(type_, found)
                        self._find(shapes[name], inner, found, (*path, key), many=many)
            case _:
                return

    @property
    def cost(self) -> int:
        """The rows that the answer is reckoned to have."""
        places = self.places.values()
        return 1 + sum(record_cost(one.fields) * (IN_LISTS if one.many else 1) for one in places)

    async def compile(self, view: View) -> None:
        """Make the plans before anything is done, so that a selection that can't be read refuses it."""
        while True:
            for path, place in self.places.items():
                where = ".".join(map(str, path)) or self.operation.api
                place.plan = compile_records(view.ground, [(place.record, place.fields, Ref((IDS,)))], where)
            if not await view.settle():
                break

    async def read(self, reader: Reader, value: Any, view: View) -> None:
        """Read the records in a result, by one statement for each place where some stand."""
        if value is None or self.operation.result is None:
            return
        ids: dict[Path, dict[str, None]] = {}
        if self.operation.kind is OperationKind.QUERY:
            self._collect(self.operation.result, self.type, self.details, (), value, ids)
        else:
            for key, name, found in self.selector.subfields(self.type, self.details):
                if name == "result":
                    inner = self.selector.named_type(self.type, found)
                    self._collect(self.operation.result, inner, found, (key,), value, ids)
        for path, wanted in ids.items():
            place = self.places[path]
            if place.plan is None:
                continue
            # what hangs on filters of groups is read in parts, since a statement holds those that it meets
            every = list(wanted)
            size = len(every) if place.plan.signature is None else MOST_IDS
            for start in range(0, len(every), size):
                place.texts |= await self._texts(reader, place, place.plan, every[start : start + size], view)
        if view.failures and self.operation.kind is not OperationKind.QUERY:
            raise view.failures[0]

    async def _texts(
        self, reader: Reader, place: Place, plan: Plan, ids: Sequence[str], view: View
    ) -> Mapping[str, str]:
        """What is selected of records in one place, by their ids."""

        def make(ground: Ground) -> Plan:
            return compile_records(ground, [(place.record, place.fields, Ref((IDS,)))], self.operation.api)

        # within a transaction, filters may differ from what others see
        plan, rows = await view.rows(reader, plan, make, {IDS: ids}, is_own=True)
        texts, failed = await completed_texts(plan, {row[0]: row[1] for row in rows}, view.seen)
        view.uncomputed += [(response_key(self.details), one) for one in failed]
        return texts

    def _collect(
        self, shape: Shape, type_: Any, details: Details, path: Path, value: Any, ids: dict[Path, dict[str, None]]
    ) -> None:
        if value is None:
            return
        match shape.nature:
            case Nature.LIST:
                for one in value:
                    self._collect(shape.element, type_, details, path, one, ids)
            case Nature.RECORD:
                ids.setdefault(path, {})[value] = None
            case Nature.OBJECT:
                shapes = _shapes(shape)
                for key, name, found in self.selector.subfields(type_, details):
                    if name in shapes:
                        inner = self.selector.named_type(type_, found)
                        self._collect(shapes[name], inner, found, (*path, key), value[name], ids)
            case _:
                return

    @property
    def missing(self) -> Path:
        """Where the result is null in a payload that was not read."""
        keys = [key for key, name, _ in self.selector.subfields(self.type, self.details) if name in {"result", "job"}]
        return tuple(keys[:1])

    def unread(self, outcome: Outcome, view: View) -> Any:
        """The payload of a write without its result."""
        return self.payload(replace(outcome, result=None), view)

    def payload(self, outcome: Outcome, view: View) -> Any:
        """The payload of a mutation as it is selected."""
        shaped: dict[str, Any] = {}
        for key, name, found in self.selector.subfields(self.type, self.details):
            inner = self.selector.named_type(self.type, found) if name != "__typename" else None
            match name:
                case "__typename":
                    shaped[key] = self.type.name
                case "violations":
                    shaped[key] = [dict(self._violation(inner, found, one)) for _, one in outcome.violations]
                case "job":
                    shaped[key] = self._plain(inner, found, outcome.result)
                case _ if self.operation.plugin == "core":
                    shaped[key] = self._plain(inner, found, outcome.result)
                case _:
                    shape = cast(Shape, self.operation.result)
                    shaped[key] = self._value(shape, inner, found, (key,), outcome.result, view)
        return shaped

    def shaped(self, value: Any, view: View) -> Any:
        """The answer of a query as it is selected."""
        return self._value(cast(Shape, self.operation.result), self.type, self.details, (), value, view)

    def _value(self, shape: Shape, type_: Any, details: Details, path: Path, value: Any, view: View) -> Any:
        if value is None:
            return None
        match shape.nature:
            case Nature.LIST:
                return [self._value(shape.element, type_, details, path, one, view) for one in value]
            case Nature.RECORD:
                place = self.places[path]
                text = place.texts.get(value)
                if text is None or place.plan is None:
                    return None
                return orjson.Fragment(text)
            case Nature.OBJECT:
                shapes = _shapes(shape)
                shaped: dict[str, Any] = {}
                for key, name, found in self.selector.subfields(type_, details):
                    if name == "__typename":
                        shaped[key] = type_.name
                    else:
                        inner = self.selector.named_type(type_, found)
                        shaped[key] = self._value(shapes[name], inner, found, (*path, key), value[name], view)
                return shaped
            case _:
                return value

    def _plain(self, type_: Any, details: Details, value: Any) -> Any:
        """An object without records in it."""
        if value is None:
            return None
        return {
            key: type_.name if name == "__typename" else value[name]
            for key, name, _ in self.selector.subfields(type_, details)
        }

    def _violation(self, type_: Any, details: Details, violation: Violation) -> Iterator[tuple[str, Any]]:
        values = {
            "code": violation.code,
            "message": violation.message,
            "path": list(violation.path),
            "severity": violation.severity.value,
            "reference": violation.reference,
            "plugin": violation.plugin,
            "__typename": "Violation",
        }
        for key, name, _ in self.selector.subfields(type_, details):
            yield key, values[name]


def _shapes(shape: Shape) -> Mapping[str, Shape]:
    """The shapes of an object's fields by their names in the API."""
    return {camel(part.name): part.shape for part in shape.parts}
