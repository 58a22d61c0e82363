"""Filters, one row at a time: a condition is true or false of a row, and a missing value meets none but isNull."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from operator import ge, gt, le, lt
from typing import Any

from accord.graph.catalogue import AnyId, Column, GroupField, Kind, RecordType, ToAny, ToMany, ToOne
from accord.tests.reference.rows import Row, Rows

Filter = Mapping[str, Any]
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge}
MINOR_UNITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}


@cache
def folded(text: str) -> str:
    """Text without regard to case: Unicode's case folding, composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def foreign_id(rows: Rows, row: Row, key: ToOne) -> str | None:
    """The id of the record that a foreign key points at; one that is deleted counts as none."""
    target = rows.catalogue[key.target]
    found = rows.one(target, row[key.column])
    return None if found is None else f"{target.prefix}_{found['id']}"


def subject(rows: Rows, row: Row, reference: ToAny) -> tuple[RecordType, Row] | None:
    """The record of whatever type that a reference leads to; one that is deleted counts as none."""
    if row[reference.column] is None:
        return None
    target = rows.catalogue.prefixes[row[reference.type_column]]
    found = rows.one(target, row[reference.column])
    return None if found is None else (target, found)


def subject_id(rows: Rows, row: Row, reference: ToAny) -> str | None:
    """The id of the record of whatever type that a reference leads to."""
    found = subject(rows, row, reference)
    return None if found is None else f"{found[0].prefix}_{found[1]['id']}"


def related(rows: Rows, row: Row, member: ToMany) -> list[tuple[Row, Row | None]]:
    """The records in a list of a record, each with the link that it came through, if any."""
    target = rows.catalogue[member.target]
    if member.link is None:
        pointing = rows.pointing(target, member.foreign, row["id"])
        own = [one for one in pointing if member.type_column is None or one[member.type_column] == member.type_prefix]
        return [(found, None) for found in own]
    links = rows.pointing(rows.catalogue[member.link], member.foreign, row["id"])
    pairs = [(rows.one(target, link[str(member.link_target)]), link) for link in links]
    return [(found, link) for found, link in pairs if found is not None]


def matches(rows: Rows, record: RecordType, row: Row, filter_: Filter) -> bool:
    """Whether a row meets all conditions of a filter."""
    return all(_condition(rows, record, row, name, value) for name, value in filter_.items())


def _condition(rows: Rows, record: RecordType, row: Row, name: str, value: Any) -> bool:
    match name:
        case "and":
            return all(matches(rows, record, row, one) for one in value)
        case "or":
            return any(matches(rows, record, row, one) for one in value)
        case "not":
            return not matches(rows, record, row, value)
        case _:
            pass
    member = record.members.get(name)
    match member:
        case Column():
            return all(_holds(record, row, member, operator, operand) for operator, operand in value.items())
        case GroupField():
            return _group(record, row, member, value)
        case ToOne():
            target = rows.catalogue[member.target]
            found = rows.one(target, row[member.column])
            return found is not None and matches(rows, target, found, value)
        case AnyId():
            about = subject_id(rows, row, member.reference)
            return all(_compared(about, operator, operand) for operator, operand in value.items())
        case ToMany():
            return all(_quantified(rows, row, member, quantifier, inner) for quantifier, inner in value.items())
        case _:
            key = next(key for key in record.to_ones.values() if f"{key.api}Id" == name)
            return all(_compared(foreign_id(rows, row, key), operator, operand) for operator, operand in value.items())


def _quantified(rows: Rows, row: Row, member: ToMany, quantifier: str, inner: Any) -> bool:
    target = rows.catalogue[member.target]
    found = [found for found, _ in related(rows, row, member)]
    match quantifier:
        case "some":
            return any(matches(rows, target, one, inner) for one in found)
        case "every":
            return all(matches(rows, target, one, inner) for one in found)
        case "none":
            return not any(matches(rows, target, one, inner) for one in found)
        case _:
            ids = {f"{target.prefix}_{one['id']}" for one in found}
            if quantifier == "allOf":
                return set(inner) <= ids
            return bool(set(inner) & ids) is (quantifier == "anyOf")


def _group(record: RecordType, row: Row, group: GroupField, filter_: Filter) -> bool:
    for name, value in filter_.items():
        member = group.members.get(name)
        if member is None:
            met = _is_same_whole(row, group, value)
        elif isinstance(member, GroupField):
            met = _group(record, row, member, value)
        else:
            met = all(_holds(record, row, member, operator, operand) for operator, operand in value.items())
        if not met:
            return False
    return True


def _is_same_whole(row: Row, group: GroupField, value: Mapping[str, Any]) -> bool:
    """Equal in every element given and without those left out; a group in it is given by any of its elements."""
    for name, member in group.members.items():
        given = value.get(name)
        if isinstance(member, GroupField):
            elements = {inner: one for inner, one in (given or {}).items() if one is not None}
            columns = member.members.items()
            wanted = [(column, elements.get(inner)) for inner, column in columns if inner in elements or not given]
        else:
            wanted = [(member, given)]
        for column, one in wanted:
            assert isinstance(column, Column)
            if column.kind is Kind.TEXT_LIST:
                if row[column.name] != list(one or ()):
                    return False
            elif row[column.name] != one:
                return False
    return True


def _holds(record: RecordType, row: Row, column: Column, operator: str, operand: Any) -> bool:
    value = row[column.name]
    match column.kind:
        case Kind.ID:
            return _compared(f"{record.prefix}_{value}", operator, operand)
        case Kind.TEXT_LIST:
            return _list_holds(value, operator, operand)
        case Kind.MONEY:
            return _money_holds(value, row[str(column.currency)], operator, operand)
        case Kind.TEXT:
            return _text_holds(value, operator, operand)
        case Kind.TIMESTAMP:
            return _compared(value, operator, _each(operand, _moment))
        case Kind.DECIMAL:
            exact = None if value is None else Decimal(value).scaleb(-column.places)
            return _compared(exact, operator, _each(operand, Decimal))
        case _:
            return _compared(value, operator, operand)


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _each(operand: Any, convert: Callable[[str], Any]) -> Any:
    if isinstance(operand, str):
        return convert(operand)
    return [convert(one) for one in operand] if isinstance(operand, list) else operand


def _compared(value: Any, operator: str, operand: Any) -> bool:
    match operator:
        case "isNull":
            return (value is None) is operand
        case "eq":
            return value == operand
        case "ne":
            return value != operand
        case "in":
            return value in operand
        case "nin":
            return value not in operand
        case "startsWith":
            return value is not None and value.startswith(operand)
        case _:
            return value is not None and COMPARISONS[operator](value, operand)


def _text_holds(value: str | None, operator: str, operand: Any) -> bool:
    """Less and greater follow the sort order; a letter with its accents is one letter, however it is written."""
    loose = None if value is None else folded(value)
    if operator in COMPARISONS:
        return _compared(loose, operator, folded(operand))
    if operator == "startsWith":
        return _compared(value, operator, operand) and _compared(loose, operator, folded(operand))
    if operator.endswith("IgnoreCase"):
        return _compared(loose, operator.removesuffix("IgnoreCase"), _each(operand, folded))
    return _compared(value, operator, operand)


def _money_holds(value: int | None, currency: str | None, operator: str, operand: Any) -> bool:
    if operator in {"isNull", "eq"} and not isinstance(operand, Mapping):
        return _compared(value, operator, operand)
    code = operand["currency"].upper()
    wanted = Decimal(str(operand["amount"])).scaleb(MINOR_UNITS[code])
    return currency == code and _compared(value, operator, wanted)


def _list_holds(value: Sequence[str], operator: str, operand: Any) -> bool:
    match operator:
        case "has":
            return operand in value
        case "hasAny":
            return bool(set(operand) & set(value))
        case "hasAll":
            return set(operand) <= set(value)
        case _:
            return (not value) is operand
