"""Bounds: whether a filter leaves any record out, so that no bulk write takes all of them by a slip."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, cast

from ..catalogue import AnyId, Catalogue, Column, ExtensionField, GroupField, RecordType, ToMany, ToOne


class Reach(StrEnum):
    """How many records a condition finds, as far as its form alone tells: of anything that looks at values, some."""

    NONE = "NONE"
    SOME = "SOME"
    ALL = "ALL"


OPPOSITE = {Reach.NONE: Reach.ALL, Reach.SOME: Reach.SOME, Reach.ALL: Reach.NONE}


def constrains(catalogue: Catalogue, record: RecordType, filter_: Mapping[str, Any]) -> bool:
    """Whether a filter's form leaves any record out; `{not: {or: []}}` and `{id: {nin: []}}` don't."""
    return _reach(catalogue, record, filter_) is not Reach.ALL


def _all(parts: Iterable[Reach]) -> Reach:
    """What meets all conditions; all records do where there is none."""
    found = set(parts)
    return next((reach for reach in (Reach.NONE, Reach.SOME) if reach in found), Reach.ALL)


def _any(parts: Iterable[Reach]) -> Reach:
    """What meets any of the conditions; no record does where there is none."""
    found = set(parts)
    return next((reach for reach in (Reach.ALL, Reach.SOME) if reach in found), Reach.NONE)


def _reach(catalogue: Catalogue, record: RecordType, filter_: Mapping[str, Any]) -> Reach:
    return _all(_condition(catalogue, record, name, value) for name, value in filter_.items())


def _condition(catalogue: Catalogue, record: RecordType, name: str, value: Any) -> Reach:
    member = record.members.get(name)
    match name:
        case "and" | "or" if isinstance(value, list):
            parts = [_reach(catalogue, record, part) for part in cast(list[Mapping[str, Any]], value)]
            return _all(parts) if name == "and" else _any(parts)
        case "not" if isinstance(value, dict):
            return OPPOSITE[_reach(catalogue, record, cast(dict[str, Any], value))]
        case _ if not isinstance(value, dict):
            return Reach.SOME  # null: refused when it is compiled
        case _:
            pass
    given = cast(dict[str, Any], value)
    match member:
        case ToMany():
            target = catalogue[member.target]
            return _all(_quantified(catalogue, target, quantifier, part) for quantifier, part in given.items())
        case ToOne() | ExtensionField():
            inner = _reach(catalogue, catalogue[member.target], given)
            return Reach.SOME if inner is Reach.ALL and isinstance(member, ToOne) and member.nullable else inner
        case GroupField():
            return _group(member, given)
        case Column():
            return _operations(member.nullable, given)
        case AnyId():
            return _operations(member.reference.nullable, given)
        case _:
            links = [link for link in record.to_ones.values() if f"{link.api}Id" == name]
            return _operations(not links or links[0].nullable, given)


def _quantified(catalogue: Catalogue, target: RecordType, quantifier: str, value: Any) -> Reach:
    """What a condition on a list reaches: some record has none in it, and some record has one."""
    if quantifier in {"anyOf", "allOf", "noneOf"}:
        without = Reach.NONE if quantifier == "anyOf" else Reach.ALL
        return Reach.SOME if value or value is None else without
    if not isinstance(value, dict):
        return Reach.SOME
    inner = _reach(catalogue, target, cast(dict[str, Any], value))
    match quantifier:
        case "some":
            return Reach.NONE if inner is Reach.NONE else Reach.SOME
        case "none":
            return Reach.ALL if inner is Reach.NONE else Reach.SOME
        case _:
            return Reach.ALL if inner is Reach.ALL else Reach.SOME


def _group(group: GroupField, given: Mapping[str, Any]) -> Reach:
    parts: list[Reach] = []
    for name, value in given.items():
        member = group.members.get(name)
        if isinstance(member, GroupField) and isinstance(value, dict):
            parts.append(_group(member, cast(dict[str, Any], value)))
        elif isinstance(member, Column) and isinstance(value, dict):
            parts.append(_operations(member.nullable, cast(dict[str, Any], value)))
        else:
            parts.append(Reach.SOME)
    return _all(parts)


def _operations(is_nullable: bool, given: Mapping[str, Any]) -> Reach:
    return _all(_operation(is_nullable, operator, value) for operator, value in given.items())


def _operation(is_nullable: bool, operator: str, value: Any) -> Reach:
    match operator, value:
        case "in" | "inIgnoreCase" | "hasAny", []:
            return Reach.NONE
        case "nin" | "hasAll", []:
            return Reach.ALL
        case "startsWith" | "startsWithIgnoreCase", "":
            return Reach.SOME if is_nullable else Reach.ALL
        case ("isNull", True) | ("eq", None) if not is_nullable:
            return Reach.NONE
        case ("isNull", False) | ("ne", None) if not is_nullable:
            return Reach.ALL
        case _:
            return Reach.SOME
