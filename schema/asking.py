# graphql-core's own annotations are partial.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
"""Documents made from the schema: selections of all that a type has, and the places where a field can be used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from ..graph.catalogue import Catalogue, Column, ComputedField, GroupField, Member, RecordType, ToOne


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a field of a record type stands in the API: the list that leads to it, and the names from there on."""

    record: RecordType
    root: RecordType
    steps: tuple[str, ...]
    member: Column | ToOne | ComputedField

    @property
    def shown(self) -> str:
        """As messages name it: `Account.hipaa.mrn`."""
        return ".".join((self.root.name, *self.steps))


def find_places(catalogue: Catalogue, record: RecordType) -> Iterator[Place]:
    """Every single field of an extension or a record that the API shows."""
    root = record if record.owner is None else catalogue[record.owner]
    before = () if record.namespace is None else (record.namespace,)
    for steps, member in _single(record.members, before):
        yield Place(record=record, root=root, steps=steps, member=member)


def _single(
    members: Mapping[str, Member], before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Column | ToOne | ComputedField]]:
    for name, member in members.items():
        match member:
            case Column() | ToOne() | ComputedField():
                yield (*before, name), member
            case GroupField():
                yield from _single(member.members, (*before, name))
            case _:
                continue


def select(schema: GraphQLSchema, type_name: str, *, depth: int = 3) -> str:
    """A selection of everything that a type has: of other records the id, of lists two rows."""
    type_: Any = schema.type_map[type_name]
    return f"{{ {' '.join(_parts(type_, depth))} }}"


def _parts(type_: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in type_.fields.items():
        inner: Any = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(inner):
            yield name
        elif not isinstance(inner, GraphQLObjectType):
            yield f"{name} {{ __typename }}"
        elif "nodes" in inner.fields and "first" in field.args:
            yield f"{name}(first: 2) {{ nodes {{ id }} }}"
        elif "id" in inner.fields:
            yield f"{name} {{ id }}"
        elif depth:
            found = " ".join(_parts(inner, depth - 1))
            if found:
                yield f"{name} {{ {found} }}"


def nested(steps: Sequence[str], inner: str = "") -> str:
    """`("hipaa", "mrn")` -> `hipaa { mrn }`, with `inner` behind the last."""
    text = inner
    for number, step in enumerate(reversed(steps)):
        text = f"{step} {text}".strip() if number == 0 else f"{step} {{ {text} }}"
    return text


def filter_type(schema: GraphQLSchema, root: str, steps: Sequence[str], ending: str) -> str | None:
    """The name of the input type at the end of the steps through `{root}{ending}`; None where there is none."""
    type_: Any = schema.type_map.get(f"{root}{ending}")
    for step in steps:
        if not isinstance(type_, GraphQLInputObjectType) or step not in type_.fields:
            return None
        type_ = get_named_type(type_.fields[step].type)
    return type_.name if type_ is not None else None


def leaf(schema: GraphQLSchema, root: str, steps: Sequence[str]) -> str:
    """What has to be selected of the field at the end of the steps: nothing of a scalar, all of an object."""
    type_: Any = schema.type_map[root]
    for step in steps:
        type_ = get_named_type(type_.fields[step].type)
    if is_leaf_type(type_):
        return ""
    if isinstance(type_, GraphQLObjectType):
        return "{ id }" if "id" in type_.fields else f"{{ {' '.join(_parts(type_, 1))} }}"
    return "{ __typename }"


def selected_at(schema: GraphQLSchema, root: str, steps: Sequence[str]) -> str | None:
    """A selection of all there is at the end of the steps; None where they lead nowhere."""
    type_: Any = schema.type_map.get(root)
    for step in steps:
        if not isinstance(type_, GraphQLObjectType) or step not in type_.fields:
            return None
        type_ = get_named_type(type_.fields[step].type)
    return nested(steps, leaf(schema, root, steps))


def value_at(data: Any, steps: Sequence[str]) -> Any:
    """What stands at the end of the steps; None where one of them is null."""
    for step in steps:
        if data is None:
            return None
        data = data[step]
    return data
