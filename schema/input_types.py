"""Inputs of mutations, derived from the catalogue: records to create and update, with what is nested in them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import strawberry

from ..graph.catalogue import ABSENT, Catalogue, Column, ExtensionField, GroupField, Kind, RecordType, ToMany
from .output_types import SCALARS
from .typebook import FieldSpec, TypeBook, listed, nullable

UNLISTED = "Of a record that is there already, what is not listed stays as it is."


def value_type(book: TypeBook, column: Column) -> Any:
    """The input type of a column's value."""
    match column.kind:
        case Kind.ENUM:
            return book.enum(column.enum) if column.enum else str
        case Kind.TEXT_LIST:
            return listed(book.enum(column.enum) if column.enum else str)
        case Kind.MONEY:
            return book.reference("MoneyInput")
        case _:
            return SCALARS[column.kind]


def is_writable(column: Column) -> bool:
    """Whether inputs may state the column."""
    stamped = column.name in {"id", "version", "created_at", "updated_at", "deleted_at", "deletion"}
    return not (stamped or column.policy.read_only or column.policy.hidden)


def add_groups(book: TypeBook, record: RecordType) -> None:
    """Add the inputs of a record's groups."""
    for member in record.members.values():
        if isinstance(member, GroupField):
            _group(book, member)


def _group(book: TypeBook, group: GroupField) -> Any:
    name = f"{group.type_name}Input"
    if name not in book:
        specs = [
            FieldSpec(
                name=api,
                type=nullable(_group(book, member) if isinstance(member, GroupField) else value_type(book, member)),
                description=member.description,
            )
            for api, member in group.members.items()
        ]
        book.input(name, f"{group.description} What is left out is empty.", specs)
    return book.reference(name)


def add_inputs(book: TypeBook, catalogue: Catalogue, record: RecordType) -> None:
    """Add the inputs that create, update and upsert a record, and those of the records nested in it."""
    if not record.is_record:
        if specs := list(_values(book, catalogue, record, needed=False)):
            book.input(f"{record.name}Input", record.description, specs)
        return
    nested = list(_nested(book, catalogue, record))
    kept = [replace(spec, description=f"{spec.description} {UNLISTED}") for spec in nested]
    book.input(
        f"Create{record.name}Input",
        f"A new record of type {record.name}. {record.description}",
        [*_values(book, catalogue, record, needed=True), *nested],
    )
    version = FieldSpec(
        name="expectedVersion",
        type=nullable(int),
        description="The version you have read; the update is refused if the record has changed since.",
    )
    identity = FieldSpec(name="id", type=strawberry.ID, description="The record to change.")
    book.input(
        f"Update{record.name}Input",
        f"Changes of a record of type {record.name}: what is left out stays, null empties.",
        [identity, version, *_values(book, catalogue, record, needed=False), *kept],
    )
    key = FieldSpec(
        name="by",
        type=book.reference(f"{record.name}Key"),
        description="How to find the record; if there is none, it is created with this key.",
    )
    book.input(
        f"Upsert{record.name}Input",
        f"A record of type {record.name} to update if it is there, and to create if it is not.",
        [key, version, *_values(book, catalogue, record, needed=False), *kept],
    )


def _values(book: TypeBook, catalogue: Catalogue, record: RecordType, *, needed: bool) -> Iterator[FieldSpec]:
    """The values of a record itself; `needed` ones are required where the column needs one."""
    for member in record.members.values():
        if isinstance(member, Column) and is_writable(member):
            type_ = value_type(book, member)
            optional = member.nullable or member.default is not ABSENT or not needed or _is_in_whole(record, member)
            yield FieldSpec(
                name=member.api, type=nullable(type_) if optional else type_, description=member.description
            )
        elif isinstance(member, GroupField):
            type_ = nullable(book.reference(f"{member.type_name}Input"))
            yield FieldSpec(name=member.api, type=type_, description=member.description)
        elif isinstance(member, ExtensionField) and _is_written(book, catalogue, catalogue[member.target]):
            type_ = nullable(book.reference(f"{member.target}Input"))
            yield FieldSpec(name=member.api, type=type_, description=member.description)
    for link in record.references:
        if not link.policy.read_only and not link.policy.hidden and not link.name.endswith("ed_by"):
            optional = link.nullable or not needed
            type_ = nullable(strawberry.ID) if optional else strawberry.ID
            yield FieldSpec(name=f"{link.api}Id", type=type_, description=link.description)


def _is_written(book: TypeBook, catalogue: Catalogue, extension: RecordType) -> bool:
    """Whether inputs may state any field of an extension."""
    return any(_values(book, catalogue, extension, needed=False))


def _is_in_whole(record: RecordType, column: Column) -> bool:
    return any(isinstance(m, GroupField) and m.whole and column in m.columns() for m in record.members.values())


def nested_members(catalogue: Catalogue, record: RecordType) -> Iterator[ToMany]:
    """The lists that may stand in a record's input: what belongs to it, directly or by a link."""
    links = {record_type.table for record_type in catalogue.types.values() if _is_link(catalogue, record_type)}
    for member in record.members.values():
        if isinstance(member, ToMany) and member.owned and member.nested:
            if member.link is None and catalogue[member.target].table in links:
                continue  # reached by the connection that goes through it
            yield member


def _is_link(catalogue: Catalogue, record: RecordType) -> bool:
    return any(
        isinstance(member, ToMany) and member.link == record.name
        for other in catalogue.types.values()
        for member in other.members.values()
    )


def _nested(book: TypeBook, catalogue: Catalogue, record: RecordType) -> Iterator[FieldSpec]:
    for member in nested_members(catalogue, record):
        name = f"{record.name}{member.api[0].upper()}{member.api[1:]}Input"
        if name not in book:
            _add_item(book, catalogue, record, member, name)
        yield FieldSpec(
            name=member.api,
            type=nullable(listed(book.reference(name))),
            description=member.description,
        )


def _add_item(book: TypeBook, catalogue: Catalogue, owner: RecordType, member: ToMany, name: str) -> None:
    """Add the input of one record nested in its owner: made without id, connected or changed with one."""
    target = catalogue[member.target]
    what = "connect or change" if member.link else "change"
    specs = [
        FieldSpec(
            name="id", type=nullable(strawberry.ID), description=f"A record to {what}; without it a new one is made."
        ),
        FieldSpec(name="expectedVersion", type=nullable(int), description="The version you have read."),
        FieldSpec(name="delete", type=nullable(bool), description="True deletes the record."),
    ]
    own_keys = {f"{link.api}Id" for link in target.owners}
    taken = {"id", "expectedVersion", "delete", *own_keys}
    if member.link:
        specs.append(
            FieldSpec(name="disconnect", type=nullable(bool), description="True ends the connection; the record stays.")
        )
        link = catalogue[member.link]
        for spec in _values(book, catalogue, link, needed=False):
            if not any(spec.name == f"{key.api}Id" for key in link.references):
                specs.append(spec)
                taken.add(spec.name)
    specs += [spec for spec in _values(book, catalogue, target, needed=False) if spec.name not in taken]
    inner = [one for one in nested_members(catalogue, target) if one.link is None or one.link != member.link]
    for one in inner:
        inner_name = f"{target.name}{one.api[0].upper()}{one.api[1:]}Input"
        specs.append(
            FieldSpec(
                name=one.api,
                type=nullable(listed(book.reference(inner_name))),
                description=f"{one.description} {UNLISTED}",
            )
        )
    book.input(name, f"A record of type {target.name} within {owner.name}. {target.description}", specs)
