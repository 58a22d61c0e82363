"""Checks of what is read: masked fields stay masked whatever is tried, and a list costs one statement."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import orjson

from ...graph.catalogue import Column, ComputedField, RecordType, ToOne
from ...plugins.masks import Mask
from ...schema.asking import Place, filter_type, find_places, leaf, nested, select, selected_at, value_at
from ..testing.host import Gql, Host
from .rows import made_up

FEW, MANY, MOST = 5, 50, 100  # rows: of a small page, those that are made, of the largest page


def own_records(host: Host, plugin: str) -> list[RecordType]:
    """The record types that a plugin declares."""
    return [record for record in host.accord.catalogue.types.values() if record.plugin == plugin]


def find_masked(host: Host, plugin: str) -> Iterator[tuple[Place, str]]:
    """Every field of a plugin that a permission is needed for, with one such permission."""
    for record in own_records(host, plugin):
        for place in find_places(host.accord.catalogue, record):
            if permission := _permission(place):
                yield place, permission


def _permission(place: Place) -> str | None:
    if not isinstance(place.member, ComputedField):
        return place.member.policy.read
    needed = (place.record.columns[need].policy.read for need in place.member.computed.needs)
    return next((permission for permission in needed if permission is not None), None)


async def find_leaks(host: Host, plugin: str) -> AsyncIterator[str]:
    """Every way in which somebody without permissions learns of a masked field's value."""
    stranger = host.as_actor()
    for place, _ in find_masked(host, plugin):
        if not place.root.is_root:
            continue
        async for text in _output(host, stranger, place):
            yield text
        async for text in _uses(host, stranger, place):
            yield text
        async for text in _payload(host, stranger, place):
            yield text


async def _output(host: Host, stranger: Gql, place: Place) -> AsyncIterator[str]:
    clear = _values(await host.gql.answer(_list_of(host, place, MOST)), place)
    document = _list_of(host, place, FEW)
    if not clear or (isinstance(place.member, Column) and all(value is None for value in clear.values())):
        yield f"{place.shown} has no value that could be looked at: {document}"
    for id_, value in _values(await stranger.answer(document), place).items():
        if not isinstance(place.member, Column):
            if value is not None:
                yield f"{place.shown} is answered in full: {document}"
                return
        elif id_ in clear and value != (masked := _masked(place.member.policy.mask, clear[id_])):
            yield f"{place.shown} comes back as {value!r} where its mask says {masked!r}: {document}"
            return


async def _uses(host: Host, stranger: Gql, place: Place) -> AsyncIterator[str]:
    for use, document, variables in _documents(host, place):
        if "errors" in await host.gql.answer(document, **variables):
            continue  # nobody can use it so
        answer = await stranger.answer(document, **variables)
        codes = [str(error.get("extensions", {}).get("code")) for error in answer.get("errors", ())]
        if not any(code.startswith("FORBIDDEN") for code in codes):
            yield f"{place.shown} can be {use} by somebody who may not read it: {document}"


def _documents(host: Host, place: Place) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Documents that use a field, and how each uses it."""
    schema, root = host.accord.schema.core, place.root
    name = filter_type(schema, root.name, _filtered(place), "Filter")
    if name is not None:
        fields: Any = schema.type_map[name]
        operators = [operator for operator in ("isNull", "eq", "in", "startsWith", "gt") if operator in fields.fields]
        for operator in operators:
            value = _operand(place, operator)
            if value is None:
                continue
            condition: Any = {operator: value}
            for step in reversed(_filtered(place)):
                condition = {step: condition}
            document = f"query ($f: {root.name}Filter) {{ {root.plural}(filter: $f) {{ totalCount }} }}"
            yield f"filtered ({operator})", document, {"f": condition}
    if filter_type(schema, root.name, place.steps, "Order") is not None:
        key: Any = "ASC"
        for step in reversed(place.steps):
            key = {step: key}
        document = f"query ($o: [{root.name}Order!]) {{ {root.plural}(orderBy: $o) {{ nodes {{ id }} }} }}"
        yield "sorted", document, {"o": [key]}
    if (figures := selected_at(schema, f"{root.name}Aggregates", place.steps)) is not None:
        yield "aggregated", f"{{ {root.plural} {{ aggregates {{ {figures} }} }} }}", {}


def _filtered(place: Place) -> tuple[str, ...]:
    """The names that lead to a field in a filter: a reference is filtered by its id, too."""
    if isinstance(place.member, ToOne):
        return (*place.steps[:-1], f"{place.steps[-1]}Id")
    return place.steps


def _operand(place: Place, operator: str) -> Any:
    if operator == "isNull":
        return False
    if not isinstance(place.member, Column):
        return None
    value = orjson.loads(orjson.dumps(made_up(place.member, 1), default=str))
    if isinstance(value, list | dict):
        return None
    if operator == "startsWith":
        return value[:1] if isinstance(value, str) else None
    return [value] if operator == "in" else value


async def _payload(host: Host, stranger: Gql, place: Place) -> AsyncIterator[str]:
    """What a write says of the record that it wrote, and of what is wrong with it."""
    root, schema = place.root, host.accord.schema.core
    mutation = schema.mutation_type
    if mutation is None or f"update{root.name}" not in mutation.fields:
        return
    inner = nested(place.steps, leaf(schema, root.name, place.steps))
    nodes = (await host.gql(f"{{ {root.plural}(first: 1) {{ nodes {{ id }} }} }}"))[root.plural]["nodes"]
    if not nodes:
        return
    document = (
        f"mutation ($id: ID!) {{ update{root.name}(input: {{id: $id}}, dryRun: true) {{ {root.singular} {{ {inner} }} "
        "violations { code message } } }"
    )
    answer = await stranger.answer(document, id=nodes[0]["id"])
    clear = await host.gql(f"query ($id: ID!) {{ {root.singular}(id: $id) {{ {inner} }} }}", id=nodes[0]["id"])
    value = value_at(clear[root.singular], place.steps)
    text = orjson.dumps(answer).decode()
    if isinstance(value, str) and len(value) > 5 and f'"{value}"' in text:
        yield f"{place.shown} stands in the answer to a write: {document}"
    elif isinstance(value, str) and len(value) > 5 and value in text:
        yield f"a violation quotes the stored {place.shown}: {document}"


def _list_of(host: Host, place: Place, size: int) -> str:
    inner = nested(place.steps, leaf(host.accord.schema.core, place.root.name, place.steps))
    return f"{{ {place.root.plural}(first: {size}) {{ nodes {{ id {inner} }} }} }}"


def _values(answer: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """What an answer shows in a place, by the ids of the records."""
    return {node["id"]: value_at(node, place.steps) for node in nodes_of(answer, place.root)}


def nodes_of(answer: Mapping[str, Any], root: RecordType) -> list[Any]:
    """The records in the answer of a list; none where it failed."""
    data: Any = answer.get("data")
    return data[root.plural]["nodes"] if data and data.get(root.plural) else []


def _masked(mask: Mask, value: Any) -> Any:
    """What others see of a value."""
    if value is None or mask.text is None:
        return None
    text = str(value)
    return mask.text + text[-mask.shown :] if mask.shown and len(text) > 2 * mask.shown else mask.text


async def find_costly(host: Host, plugin: str) -> AsyncIterator[str]:
    """Every list that takes more than one statement, or more for many rows than for few."""
    schema, catalogue = host.accord.schema.core, host.accord.catalogue
    for name in sorted({record.owner or record.name for record in own_records(host, plugin)}):
        root = catalogue[name]
        if not root.is_root:
            continue
        own = [record for record in own_records(host, plugin) if record.owner == name]
        if own:
            inner = " ".join(f"{record.namespace} {select(schema, record.name)}" for record in own)
        else:
            inner = select(schema, name)[1:-1]
        counts: list[int] = []
        for size in (FEW, MANY):
            document = f"{{ {root.plural}(first: {size}) {{ nodes {{ {inner} }} }} }}"
            with host.statements.counted() as ran:
                answer = await host.gql.answer(document)
            if "errors" in answer:
                yield f"{root.plural} with all fields of the plugin fails: {answer['errors'][0]['message']}"
                break
            if len(nodes_of(answer, root)) < size:
                yield f"{root.plural} shows fewer than {size} of {MANY} rows that were made; its cost can't be told"
                break
            counts.append(len(ran))
        if counts and counts != [1, 1]:
            told = " and ".join(
                f"{count} statements for {size} rows" for count, size in zip(counts, (FEW, MANY), strict=False)
            )
            yield f"{root.plural} with all fields of the plugin takes {told}; it should take one"
