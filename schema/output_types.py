"""Output types: records, their connections and figures, derived from the catalogue."""

from collections.abc import Iterable
from typing import Any

import strawberry

from ..graph.catalogue import (
    AnyId,
    Catalogue,
    Column,
    ComputedField,
    ExtensionField,
    GroupField,
    Kind,
    Member,
    RecordType,
    ToAny,
    ToMany,
    ToOne,
)
from ..graph.computing import bare
from ..graph.reading.pages import DEFAULT_PAGE, LARGEST_PAGE
from ..graph.reading.sight import is_shown_nullable
from .scalars import JSON, Date, DateTime, Decimal
from .typebook import Argument, FieldSpec, TypeBook, listed, nullable

SCALARS: dict[Kind, Any] = {
    Kind.ID: strawberry.ID,
    Kind.TEXT: str,
    Kind.LONG_TEXT: str,
    Kind.CODE: str,
    Kind.BOOLEAN: bool,
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.TIMESTAMP: DateTime,
    Kind.DATE: Date,
    Kind.DOCUMENT: JSON,
}
FIGURES = {
    Kind.INTEGER: "IntAggregates",
    Kind.DECIMAL: "DecimalAggregates",
    Kind.TIMESTAMP: "DateTimeAggregates",
    Kind.DATE: "DateAggregates",
    Kind.MONEY: "MoneyAggregates",
}


def add_shared(book: TypeBook) -> None:
    """Add the types that every record's types use."""
    book.interface("Node", "Anything with an id.", [FieldSpec(name="id", type=strawberry.ID, description="Global id.")])
    book.output(
        "PageInfo",
        "Where a page stands in its list.",
        [
            FieldSpec(name="hasNextPage", type=bool, description="Whether rows follow the page."),
            FieldSpec(name="hasPreviousPage", type=bool, description="Whether rows come before the page."),
            FieldSpec(name="startCursor", type=nullable(str), description="Cursor of the page's first row."),
            FieldSpec(name="endCursor", type=nullable(str), description="Cursor of the page's last row."),
        ],
    )
    amount = FieldSpec(name="amount", type=Decimal, description="The amount, with as many places as the currency has.")
    currency = FieldSpec(name="currency", type=str, description="ISO 4217 code, such as EUR.")
    book.output("Money", "An amount of money.", [amount, currency])
    book.input("MoneyInput", "An amount of money.", [amount, currency])
    low_high = (("min", "The smallest."), ("max", "The greatest."))
    for kind in (Kind.INTEGER, Kind.DECIMAL, Kind.TIMESTAMP, Kind.DATE):
        specs = [FieldSpec(name=n, type=nullable(SCALARS[kind]), description=d) for n, d in low_high]
        if kind in {Kind.INTEGER, Kind.DECIMAL}:
            specs += [
                FieldSpec(name="sum", type=nullable(Decimal), description="All added up; null without any."),
                FieldSpec(name="average", type=nullable(Decimal), description="The mean, rounded half away from zero."),
            ]
        book.output(FIGURES[kind], "Figures over the values there are; null where there is none.", specs)
    book.output(
        "MoneyAggregates",
        "Figures over the amounts in one currency.",
        [
            currency,
            FieldSpec(name="count", type=int, description="How many amounts there are."),
            FieldSpec(name="min", type=Decimal, description="The smallest."),
            FieldSpec(name="max", type=Decimal, description="The greatest."),
            FieldSpec(name="sum", type=Decimal, description="All added up."),
            FieldSpec(name="average", type=Decimal, description="The mean, rounded to the currency's smallest unit."),
        ],
    )


def column_type(book: TypeBook, column: Column) -> Any:
    """The output type of a column."""
    match column.kind:
        case Kind.ENUM:
            type_ = book.enum(column.enum) if column.enum else str
        case Kind.TEXT_LIST:
            type_ = listed(book.enum(column.enum) if column.enum else str)
        case Kind.MONEY:
            type_ = book.reference("Money")
        case _:
            type_ = SCALARS[column.kind]
    return nullable(type_) if is_shown_nullable(column) else type_


def add_record(book: TypeBook, catalogue: Catalogue, record: RecordType) -> None:
    """Add a record's type, and the connections that start from it."""
    specs = [_member(book, catalogue, record, member) for member in record.members.values()]
    interfaces = ["Node"] if record.is_record else []
    book.output(record.name, record.description, specs, interfaces=interfaces)
    if record.owner is None:
        add_connection(book, record.name, record, None)
        _add_aggregates(book, catalogue, record)


def _member(book: TypeBook, catalogue: Catalogue, record: RecordType, member: Member) -> FieldSpec:
    arguments: Iterable[Argument] = ()
    match member:
        case Column():
            type_ = column_type(book, member)
        case GroupField():
            type_ = _group(book, member)
        case ToOne() | ExtensionField():
            type_ = nullable(book.reference(member.target))
        case ToAny():
            type_ = nullable(book.get("Node"))
        case AnyId():
            type_ = nullable(strawberry.ID)  # a plugin may hide the record from the caller
        case ComputedField():
            type_ = nullable(bare(member.computed.type))
        case ToMany():
            target = catalogue[member.target]
            # where a stored filter may take the place of links, nothing of a link can be shown or asked for
            link = catalogue[member.link] if member.link and member.stored_filter is None else None
            arguments = page_arguments(book, target, link)
            name = target.name
            if link is not None:
                name = record.name + member.api[0].upper() + member.api[1:]
                add_connection(book, name, target, link)
            type_ = book.reference(f"{name}Connection")
    return FieldSpec(name=member.api, type=type_, description=member.description, arguments=tuple(arguments))


def _group(book: TypeBook, group: GroupField) -> Any:
    if group.type_name not in book:
        specs = [
            FieldSpec(
                name=api,
                type=_group(book, member) if isinstance(member, GroupField) else column_type(book, member),
                description=member.description,
            )
            for api, member in group.members.items()
        ]
        book.output(group.type_name, group.description, specs)
    type_ = book.reference(group.type_name)
    return nullable(type_) if all(map(is_shown_nullable, group.columns())) else type_


def page_arguments(book: TypeBook, target: RecordType, link: RecordType | None) -> list[Argument]:
    """The arguments of a connection."""
    arguments = [
        Argument(name="filter", type=nullable(book.reference(f"{target.name}Filter")), description="Which records."),
        Argument(
            name="orderBy",
            type=nullable(listed(book.reference(f"{target.name}Order"))),
            description="In which order; by default as they were created.",
        ),
        Argument(
            name="first",
            type=nullable(int),
            description=f"How many from the start, 1 to {LARGEST_PAGE}; without first and last, {DEFAULT_PAGE}.",
        ),
        Argument(name="after", type=nullable(str), description="Only what comes after the row with this cursor."),
        Argument(name="last", type=nullable(int), description=f"How many from the end, 1 to {LARGEST_PAGE}."),
        Argument(name="before", type=nullable(str), description="Only what comes before the row with this cursor."),
    ]
    if link is not None and link.is_record:
        arguments.append(
            Argument(
                name="through",
                type=nullable(book.reference(f"{link.name}Filter")),
                description="Which links, by fields of the link itself.",
            )
        )
    return arguments


def add_connection(book: TypeBook, name: str, target: RecordType, link: RecordType | None) -> None:
    """Add a connection of `target` records, with the fields of the link in its edges."""
    node = book.reference(target.name)
    edge = [
        FieldSpec(name="cursor", type=str, description="Cursor of this row, for after and before."),
        FieldSpec(name="node", type=node, description="The record."),
    ]
    if link is not None:
        for member in link.members.values():
            if isinstance(member, Column) and member.name not in {"id", "version"}:
                type_ = column_type(book, member)
                edge.append(FieldSpec(name=member.api, type=type_, description=member.description))
        edge.append(FieldSpec(name="linkId", type=strawberry.ID, description="Id of the link itself."))
    book.output(f"{name}Edge", f"A row of a {name}Connection.", edge)
    book.output(
        f"{name}Connection",
        f"A page of {target.name} records.",
        [
            FieldSpec(name="edges", type=listed(book.reference(f"{name}Edge")), description="The rows, with cursors."),
            FieldSpec(name="nodes", type=listed(node), description="The records of the page."),
            FieldSpec(name="pageInfo", type=book.reference("PageInfo"), description="Where the page stands."),
            FieldSpec(name="totalCount", type=int, description="How many records the filter matches in all."),
            FieldSpec(
                name="aggregates",
                type=book.reference(f"{target.name}Aggregates"),
                description="Figures over all records that the filter matches.",
            ),
        ],
    )


def _add_aggregates(book: TypeBook, catalogue: Catalogue, record: RecordType) -> None:
    specs = [FieldSpec(name="count", type=int, description="How many records there are."), *_figures(book, record)]
    for member in record.members.values():
        if isinstance(member, ExtensionField) and (added := _figures(book, catalogue[member.target])):
            name = f"{member.target}Aggregates"
            book.output(name, f"Figures over what {member.target} adds.", added)
            specs.append(FieldSpec(name=member.api, type=book.reference(name), description=member.description))
    book.output(f"{record.name}Aggregates", f"Figures over {record.name} records.", specs)


def _figures(book: TypeBook, record: RecordType) -> list[FieldSpec]:
    """The figures over the columns that have some."""
    specs: list[FieldSpec] = []
    for member in record.members.values():
        if isinstance(member, Column) and member.kind in FIGURES:
            type_ = book.reference(FIGURES[member.kind])
            type_ = listed(type_) if member.kind is Kind.MONEY else type_
            specs.append(FieldSpec(name=member.api, type=type_, description=member.description))
    return specs
