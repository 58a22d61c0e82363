"""Filter and order inputs, derived from the catalogue."""

from collections.abc import Iterator
from typing import Any

import strawberry

from ..graph.catalogue import (
    AnyId,
    Catalogue,
    Column,
    ExtensionField,
    GroupField,
    Kind,
    Member,
    RecordType,
    ToMany,
    ToOne,
)
from ..graph.reading.filters import is_comparable, is_filterable
from ..plugins.choices import Choices
from .scalars import Date, DateTime, Decimal
from .typebook import FieldSpec, TypeBook, listed, nullable


class OrderDirection(Choices):
    """Which way to sort; nulls come last going up and first going down."""

    ASC = "ASC", "Smallest first, nulls last."
    DESC = "DESC", "Greatest first, nulls first."


COMPARED = {
    Kind.INTEGER: ("IntFilter", int),
    Kind.DECIMAL: ("DecimalFilter", Decimal),
    Kind.TIMESTAMP: ("DateTimeFilter", DateTime),
    Kind.DATE: ("DateFilter", Date),
}
OPERATORS = {
    "eq": "Equal; null finds the rows that have no value.",
    "ne": "Different; rows without a value differ from every value.",
    "in": "Equal to one of these.",
    "nin": "Equal to none of these.",
    "lt": "Less than.",
    "lte": "Less than or equal.",
    "gt": "Greater than.",
    "gte": "Greater than or equal.",
    "startsWith": "Begins with.",
    "eqIgnoreCase": "Equal but for upper and lower case.",
    "inIgnoreCase": "Equal to one of these but for upper and lower case.",
    "startsWithIgnoreCase": "Begins with, upper and lower case being the same.",
    "isNull": "True finds rows without a value, false those with one.",
    "has": "The list holds this.",
    "hasAny": "The list holds at least one of these.",
    "hasAll": "The list holds all of these.",
    "isEmpty": "True finds empty lists, false the others.",
}


def add_operators(book: TypeBook) -> None:
    """Add the filters of single values."""
    book.enum(OrderDirection)
    text = ("eq", "ne", "in", "nin", "lt", "lte", "gt", "gte", "startsWith")
    ignoring = ("eqIgnoreCase", "inIgnoreCase", "startsWithIgnoreCase")
    _operators(
        book, "TextFilter", "Conditions on a text; less and greater follow the sort order.", str, text + ignoring
    )
    _operators(book, "CodeFilter", "Conditions on a code, compared character by character.", str, text)
    _operators(book, "IDFilter", "Conditions on an id.", strawberry.ID, ("eq", "ne", "in", "nin"))
    _operators(book, "BooleanFilter", "Conditions on a truth value.", bool, ("eq", "ne"))
    for name, type_ in COMPARED.values():
        what = name.removesuffix("Filter")
        _operators(book, name, f"Conditions on a value of type {what}.", type_, text[:8])
    money = book.reference("MoneyInput")
    _operators(
        book,
        "MoneyFilter",
        "Conditions on an amount; only amounts in the same currency match.",
        money,
        ("eq", *text[4:8]),
    )
    _operators(book, "TextListFilter", "Conditions on a list of texts.", str, ("has", "hasAny", "hasAll", "isEmpty"))


def _operators(book: TypeBook, name: str, description: str, type_: Any, operators: tuple[str, ...]) -> None:
    specs = [_operator(operator, type_) for operator in operators]
    if "has" not in operators:
        specs.append(_operator("isNull", bool))
    book.input(name, description, specs)


def _operator(operator: str, type_: Any) -> FieldSpec:
    if operator in {"in", "nin", "inIgnoreCase", "hasAny", "hasAll"}:
        type_ = listed(type_)
    if operator in {"isNull", "isEmpty"}:
        type_ = bool
    return FieldSpec(name=operator, type=nullable(type_), description=OPERATORS[operator])


def column_filter(book: TypeBook, column: Column) -> Any:
    """The filter input for a column's values."""
    match column.kind:
        case Kind.ID:
            name = "IDFilter"
        case Kind.TEXT | Kind.LONG_TEXT:
            name = "TextFilter"
        case Kind.CODE:
            name = "CodeFilter"
        case Kind.BOOLEAN:
            name = "BooleanFilter"
        case Kind.MONEY:
            name = "MoneyFilter"
        case Kind.ENUM if column.enum:
            name = f"{book.enum_name(column.enum)}Filter"
            if name not in book:
                what = f"Conditions on a value of {book.enum_name(column.enum)}."
                _operators(book, name, what, book.enum(column.enum), ("eq", "ne", "in", "nin"))
        case Kind.TEXT_LIST if column.enum:
            name = f"{book.enum_name(column.enum)}sFilter"
            if name not in book:
                what = f"Conditions on a list of {book.enum_name(column.enum)}."
                _operators(book, name, what, book.enum(column.enum), ("has", "hasAny", "hasAll", "isEmpty"))
        case Kind.TEXT_LIST:
            name = "TextListFilter"
        case _:
            name = COMPARED[column.kind][0]
    return book.reference(name)


def add_filters(book: TypeBook, catalogue: Catalogue, record: RecordType) -> None:
    """Add a record's filter, the filter of lists of it, and its order."""
    name = f"{record.name}Filter"
    itself = book.reference(name)
    specs: list[FieldSpec] = []
    if record.owner is None:
        specs += [
            FieldSpec(name="and", type=nullable(listed(itself)), description="All of these match."),
            FieldSpec(name="or", type=nullable(listed(itself)), description="At least one of these matches."),
            FieldSpec(name="not", type=nullable(itself), description="This does not match."),
        ]
    specs += _filter_specs(book, catalogue, record)
    _add_order(book, catalogue, record)
    if not specs:
        return  # an extension none of whose fields has an index
    book.input(name, f"Which records of type {record.name} to find; all conditions given must be met.", specs)
    ids = nullable(listed(strawberry.ID))
    book.input(
        f"{record.name}ListFilter",
        f"Conditions on a list of {record.name} records.",
        [
            FieldSpec(name="some", type=nullable(itself), description="At least one matches; {} finds any at all."),
            FieldSpec(name="every", type=nullable(itself), description="All match, or there is none."),
            FieldSpec(name="none", type=nullable(itself), description="None matches."),
            FieldSpec(name="anyOf", type=ids, description="At least one of the records with these ids is there."),
            FieldSpec(name="allOf", type=ids, description="All records with these ids are there."),
            FieldSpec(name="noneOf", type=ids, description="None of the records with these ids is there."),
        ],
    )


def _filter_specs(book: TypeBook, catalogue: Catalogue, record: RecordType) -> Iterator[FieldSpec]:
    for member in record.members.values():
        match member:
            case Column() if is_filterable(member):
                type_ = column_filter(book, member)
            case GroupField() if _filterable(member):
                type_ = _group_filter(book, member)
            case ToOne():
                yield FieldSpec(
                    name=f"{member.api}Id",
                    type=nullable(book.reference("IDFilter")),
                    description=f"Id: {member.description}",
                )
                type_ = book.reference(f"{member.target}Filter")
            case AnyId():
                type_ = book.reference("IDFilter")
            case ToMany():
                type_ = book.reference(f"{member.target}ListFilter")
            case ExtensionField() if any(map(_is_found_by, catalogue[member.target].members.values())):
                type_ = book.reference(f"{member.target}Filter")
            case _:
                continue
        yield FieldSpec(name=member.api, type=nullable(type_), description=member.description)


def _is_found_by(member: Member) -> bool:
    """Whether an extension's filter has a condition on the member."""
    match member:
        case Column():
            return is_filterable(member)
        case GroupField():
            return _filterable(member)
        case _:
            return isinstance(member, ToOne | AnyId)


def _filterable(group: GroupField) -> bool:
    return is_comparable(group) or any(is_filterable(column) for column in group.columns())


def _group_filter(book: TypeBook, group: GroupField) -> Any:
    name = f"{group.type_name}Filter"
    if name not in book:
        specs = [
            FieldSpec(
                name=api,
                type=nullable(
                    _group_filter(book, member) if isinstance(member, GroupField) else column_filter(book, member)
                ),
                description=member.description,
            )
            for api, member in group.members.items()
            if (_filterable(member) if isinstance(member, GroupField) else is_filterable(member))
        ]
        if is_comparable(group):
            specs.append(
                FieldSpec(
                    name="eq",
                    type=nullable(book.reference(f"{group.type_name}Input")),
                    description="Equal as a whole: what is left out is absent in the record, too.",
                )
            )
        book.input(name, f"Conditions on a value of {group.type_name}.", specs)
    return book.reference(name)


def _add_order(book: TypeBook, catalogue: Catalogue, record: RecordType) -> None:
    direction = nullable(book.get("OrderDirection"))
    specs: list[FieldSpec] = []
    for member in record.members.values():
        if isinstance(member, Column) and (member.indexed or member.name == "id"):
            type_ = direction
        elif isinstance(member, GroupField) and (name := _group_order(book, member, direction)):
            type_ = nullable(book.reference(name))
        elif isinstance(member, ExtensionField) and any(c.indexed for c in catalogue[member.target].columns.values()):
            type_ = nullable(book.reference(f"{member.target}Order"))
        else:
            continue
        specs.append(FieldSpec(name=member.api, type=type_, description=f"By: {member.description}"))
    if specs:
        book.input(
            f"{record.name}Order", f"What to sort {record.name} records by: exactly one field.", specs, one_of=True
        )


def _group_order(book: TypeBook, group: GroupField, direction: Any) -> str | None:
    name = f"{group.type_name}Order"
    if name not in book:
        specs = [
            FieldSpec(name=api, type=direction, description=f"By: {member.description}")
            for api, member in group.members.items()
            if isinstance(member, Column) and member.indexed
        ]
        if not specs:
            return None
        book.input(name, f"What to sort by within {group.type_name}: exactly one field.", specs, one_of=True)
    return name
