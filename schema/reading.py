"""Root fields of a query: each becomes one plan, bound to the variables and run as one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLObjectType

from ..graph.catalogue import RecordType
from ..graph.databases.database import Row
from ..graph.errors import Forbidden, InvalidInput
from ..graph.identity import type_of_id
from ..graph.reading.compiler import (
    MOST_IDS,
    compile_connection,
    compile_matching,
    compile_record,
    compile_records,
)
from ..graph.reading.plan import Plan, Seen, Uncomputed, complete, resolved, unmarked
from ..graph.reading.scope import Ground
from ..graph.reading.selection import Ref, Selection
from .costs import connection_cost, dearest_filter, record_cost
from .query_types import RootField, key_name, public_uniques
from .selecting import Details, Selector


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The JSON text of a field, and the computed fields in it that failed."""

    text: bytes
    failed: Sequence[Uncomputed] = ()


NULL = Answer(text=b"null")


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A root field with its plan and cost; for `nodes`, with the ids as they were asked for and the cost of one."""

    plan: Plan
    cost: int
    dearest: tuple[int, str] = (0, "")  # the filter in it that costs most, and the way to it
    ids: Any = None

    def cost_for(self, variables: Mapping[str, Any]) -> int:
        """The rows that the field may return at most."""
        return self.cost if self.ids is None else self.cost * len(resolved(self.ids, variables))


class Roots:
    """Makes and runs the plans of root fields."""

    def __init__(self, ground: Ground, fields: Mapping[str, RootField]) -> None:
        self.ground = ground
        self.catalogue = ground.catalogue
        self.fields = fields

    def shape(self, name: str, key: str, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
        """What besides the variables' shape a field's plan depends on: the types that ids name."""
        match self.fields[name].how:
            case "node":
                return self._type_of(resolved(arguments["id"], variables), f"{key}.id")
            case "nodes":
                ids = resolved(arguments["ids"], variables)
                if len(ids) > MOST_IDS:
                    message = f"{key}.ids: {len(ids)} ids are too many; {MOST_IDS} are allowed."
                    raise InvalidInput("INVALID_PAGE", message, argument=f"{key}.ids")
                return tuple(sorted({self._type_of(one, f"{key}.ids") for one in ids}))
            case _:
                return None

    def _type_of(self, id_: Any, where: str) -> str:
        try:
            return type_of_id(self.catalogue, id_).name
        except InvalidInput as error:
            raise InvalidInput(error.code, f"{where}: {error.message}", argument=where) from None

    def prepare(
        self, ground: Ground, selector: Selector, parent: GraphQLObjectType, key: str, details: Details, shape: Any
    ) -> Prepared | None:
        """The plan for a root field, for whoever reads by `ground`; None where nothing needs to be asked."""
        name = details[0].node.name.value
        root = self.fields[name]
        arguments = selector.arguments(parent, details)
        match root.how:
            case "list":
                connection = selector.connection(root.of, parent, key, details)
                return Prepared(
                    plan=compile_connection(ground, connection),
                    cost=connection_cost(connection),
                    dearest=dearest_filter([connection]),
                )
            case "one":
                fields = selector.record(root.of, details)
                return Prepared(
                    plan=self._one(ground, fields, root.of, key, arguments),
                    cost=record_cost(fields),
                    dearest=dearest_filter(fields, (key,)),
                )
            case "node":
                record = self.catalogue[shape]
                fields = selector.record(record, details)
                plan = compile_record(ground, record, fields, arguments["id"], f"{key}.id")
                return Prepared(plan=plan, cost=record_cost(fields), dearest=dearest_filter(fields, (key,)))
            case _:
                if not shape:
                    return None
                wanted = [
                    (self.catalogue[type_], selector.record(self.catalogue[type_], details), _of_type(type_))
                    for type_ in shape
                ]
                plan = compile_records(ground, wanted, f"{key}.ids")
                return Prepared(
                    plan=plan,
                    cost=max(record_cost(fields) for _, fields, _ in wanted),
                    dearest=max(dearest_filter(fields, (key,)) for _, fields, _ in wanted),
                    ids=arguments["ids"],
                )

    def _one(
        self, ground: Ground, fields: Sequence[Selection], record: RecordType, key: str, arguments: Mapping[str, Any]
    ) -> Plan:
        id_, by = arguments.get("id"), arguments.get("by")
        if (id_ is None) == (by is None):
            raise InvalidInput("INVALID_KEY", f"{key}: give either 'id' or 'by'.", argument=f"{key}.id")
        if id_ is not None:
            return compile_record(ground, record, fields, id_, f"{key}.id")
        if by is not None and "id" in by:
            return compile_record(ground, record, fields, by["id"], f"{key}.by.id")
        filter_ = key_filter(record, by or {})
        name = next(iter(by or {}))
        try:
            plan = compile_matching(ground, record, fields, filter_, f"{key}.by")
        except Forbidden as error:
            place = f"{key}.by.{name}"
            raise Forbidden(
                error.code, f"{place}: {error.message.partition(': ')[2]}", **{**error.details, "argument": place}
            ) from None
        stated = [replace(one, where=_as_stated(one.where, f"{key}.by", name)) for one in plan.parameters]
        return replace(plan, parameters=tuple(stated))

    def is_current(self, prepared: Prepared) -> bool:
        """Whether a plan still holds the stored filters that this process knows."""
        signature = prepared.plan.signature
        return signature is None or signature == self.ground.stored.signature

    def stated(self, prepared: Prepared, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables of a plan's statement: for `nodes`, with the ids sorted by type."""
        if prepared.ids is None:
            return variables
        by_type: dict[str, Any] = {}
        for one in resolved(prepared.ids, variables):
            by_type.setdefault(f"={type_of_id(self.catalogue, one).name}", []).append(one)
        return {**variables, **by_type}

    async def answer(
        self, prepared: Prepared, plan: Plan, rows: Sequence[Row], variables: Mapping[str, Any], seen: Seen
    ) -> Answer:
        """The answer of a plan's statement; rows with classified values in it are noted in `seen`."""
        if prepared.ids is not None:
            return await self._by_ids(plan, rows, resolved(prepared.ids, variables), seen)
        if not rows:
            plan.note_uses(seen)
            return NULL
        return await completed(plan, rows[0][0], seen)

    async def _by_ids(self, plan: Plan, rows: Sequence[Row], ids: Sequence[str], seen: Seen) -> Answer:
        """The answer of `nodes`."""
        found, failed = await self._completed_each(plan, {row[0]: unmarked(plan, row[1], seen) for row in rows})
        return Answer(text=f"[{','.join(found.get(one, 'null') for one in ids)}]".encode(), failed=failed)

    async def _completed_each(self, plan: Plan, found: dict[str, str]) -> tuple[dict[str, str], Sequence[Uncomputed]]:
        """Records of several types with their computed fields filled in, those of one type at once."""
        if not plan.completions:
            return found, ()
        values = {id_: orjson.loads(text) for id_, text in found.items()}
        failed: list[Uncomputed] = []
        for name in dict.fromkeys(one.record for one in plan.completions):
            own = [value for id_, value in values.items() if type_of_id(self.catalogue, id_).name == name]
            wanted = [replace(one, path=("*", *one.path)) for one in plan.completions if one.record == name]
            failed += await complete(own, wanted)
        return {id_: orjson.dumps(value).decode() for id_, value in values.items()}, failed


def _of_type(name: str) -> Ref:
    """What stands for the ids of one type, which are sorted by type when the plan is bound."""
    return Ref((f"={name}",))


def _as_stated(where: str, by: str, name: str) -> str:
    """Where a part of a key stands in the argument `by`, told from where it stands in the filter made of it."""
    if not where.startswith(f"{by}."):
        return where
    part = where.removeprefix(f"{by}.").removeprefix("externalIds.some.").partition(".")[0]
    return f"{by}.{name}" if part == name else f"{by}.{name}.{part}"


def key_filter(record: RecordType, by: Mapping[str, Any]) -> dict[str, Any]:
    """The filter that a key other than id stands for."""
    if "externalId" in by:
        key = by["externalId"]
        return {"externalIds": {"some": {"system": {"eq": key["system"]}, "value": {"eq": key["value"]}}}}
    for unique in public_uniques(record):
        name = key_name(unique)
        if name in by:
            columns = [record.columns[field] for field in unique.fields]
            given = by[name] if len(columns) > 1 else {columns[0].api: by[name]}
            return {column.api: {"eqIgnoreCase" if column.folded else "eq": given[column.api]} for column in columns}
    raise InvalidInput("INVALID_KEY", "by names no key; give exactly one.")


async def completed(plan: Plan, text: str, seen: Seen) -> Answer:
    """The answer with its computed fields filled in; without any, the text as it came.

    Rows with classified values in it are noted in `seen`.
    """
    text = unmarked(plan, text, seen)
    if not plan.completions:
        return Answer(text=text.encode())
    value = orjson.loads(text)
    failed = await complete(value, plan.completions)
    return Answer(text=orjson.dumps(value), failed=failed)


async def completed_texts(
    plan: Plan, texts: Mapping[str, str], seen: Seen
) -> tuple[Mapping[str, str], Sequence[Uncomputed]]:
    """The texts of records of one type by their ids, their computed fields filled in for all of them at once."""
    plain = {id_: unmarked(plan, text, seen) for id_, text in texts.items()}
    if not plan.completions:
        return plain, ()
    values = [orjson.loads(text) for text in plain.values()]
    failed = await complete(values, [replace(one, path=("*", *one.path)) for one in plan.completions])
    return {id_: orjson.dumps(value).decode() for id_, value in zip(plain, values, strict=True)}, failed
