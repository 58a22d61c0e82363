"""Values for generated documents: taken from what the rows hold and from what they nearly hold."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_nullable_type,
)

from accord.graph.catalogue import AnyId, Column, GroupField, Kind, RecordType, ToMany, ToOne
from accord.tests.reference.rows import Row, Rows

ALPHABETS = ("aZäßſ", "\u0301\u0308\u0323", "0 .,-_%'\"\\", "日本한שלو", "😀\U0001f3fd\u200d\ufe0f\U0010ffff")
NOWHERE = UUID("01890000-0000-7000-8000-00000000dead")
ALONE = {"isNull", "isEmpty"}
LISTS = {"in", "nin", "inIgnoreCase", "hasAny", "hasAll"}


class Enumerated(str):
    """The name of an enum's member: written without quotes in a document."""


class Values:
    """Picks values of input types."""

    def __init__(self, schema: GraphQLSchema, rows: Rows) -> None:
        self.schema = schema
        self.rows = rows
        self._pools: dict[tuple[str, str], list[Any]] = {}

    def input_type(self, name: str) -> GraphQLInputObjectType:
        """The input of that name."""
        type_ = self.schema.type_map[name]
        assert isinstance(type_, GraphQLInputObjectType)
        return type_

    # single values ---------------------------------------------------------------------------------------------

    def pool(self, record: RecordType, column: str) -> list[Any]:
        """What a column holds, deleted rows included."""
        key = (record.name, column)
        if key not in self._pools:
            held = {row[column] for row in self.rows.tables[record.name]} - {None}
            self._pools[key] = sorted(held) or [0]
        return self._pools[key]

    def id(self, random: Random, record: RecordType) -> str:
        """The id of a record: mostly one that is there, some deleted, seldom one that never was."""
        ids = self.pool(record, "id")
        if random.randint(0, 19) == 19:
            return f"{record.prefix}_{NOWHERE}"
        return f"{record.prefix}_{random.choice(ids)}"

    def text(self, random: Random, pool: Sequence[str]) -> str:
        """A text that the column holds, one that differs a little, or any."""
        way = random.randint(0, 9)
        if way == 9:
            return self.any_text(random)
        one: str = random.choice(pool)
        match way:
            case 0 | 1 | 2 | 3:
                return one
            case 4:
                return one.upper()
            case 5:
                return one.swapcase()
            case 6:
                return unicodedata.normalize("NFD", one)
            case _:
                return one[: random.randint(0, 3)]

    @staticmethod
    def any_text(random: Random) -> str:
        """A short text of any characters."""
        return "".join(random.choice(random.choice(ALPHABETS)) for _ in range(random.randint(0, 4)))

    def single(self, random: Random, record: RecordType, column: Column) -> Any:
        """A value to compare a column with."""
        match column.kind:
            case Kind.ID:
                return self.id(random, record)
            case Kind.BOOLEAN:
                return flip(random)
            case Kind.ENUM | Kind.TEXT_LIST if column.enum:
                return Enumerated(random.choice([member.name for member in column.enum]))
            case Kind.TEXT | Kind.CODE:
                return self.text(random, self.pool(record, column.name))
            case Kind.INTEGER:
                near = random.choice(self.pool(record, column.name)) + random.randint(-1, 1)
                return max(min(near, 2**31 - 1), 1 - 2**31)
            case Kind.MONEY:
                amount = random.choice(("0", "0.01", "-12.5", "1234567.89", "30000000", "1e6", "+1.0"))
                currency = random.choice(("EUR", "USD", "eur", "KWD"))
                return {"amount": amount, "currency": currency}
            case Kind.TIMESTAMP:
                moment = datetime.fromisoformat(random.choice(self.pool(record, column.name)))
                zone = timezone(timedelta(hours=random.randint(-12, 14)))
                return (moment + timedelta(microseconds=random.randint(-1, 1))).astimezone(zone).isoformat()
            case Kind.DATE:
                return random.choice(self.pool(record, column.name))
            case _:
                raise TypeError(column.kind)

    # filters ---------------------------------------------------------------------------------------------------

    def filter(self, random: Random, record: RecordType, *, hops: int, nesting: int = 2) -> dict[str, Any]:
        """A filter of records, across at most so many relations."""
        fields = self.fields(f"{record.name}Filter")
        result: dict[str, Any] = {}
        for _ in range(random.choice((0, 0, 1, 1, 1, 1, 2, 2, 3))):
            way = random.randint(0, 9)
            if way >= 7 and nesting:
                name = random.choice(("not", "not", "or", "and"))
                inner = [
                    self.filter(random, record, hops=hops, nesting=nesting - 1) for _ in range(random.randint(0, 3))
                ]
                result[name] = (inner or [{}])[0] if name == "not" else inner
                continue
            relations = [name for name in fields if isinstance(record.members.get(name), ToOne | ToMany)]
            crosses = hops > 0 and bool(relations) and flip(random)
            name = random.choice(relations if crosses else [name for name in fields if name not in relations])
            operator = random.choice(self._operators(record, name, fields[name]))
            result[name] = self._condition(random, record, name, fields[name], operator, hops - 1, nesting - 1)
        return result

    def each_condition(self, random: Random, record: RecordType) -> Iterator[dict[str, Any]]:
        """A condition for each operator of each field, those of relations with any filter in them."""
        for name, type_ in self.fields(f"{record.name}Filter").items():
            for operator in self._operators(record, name, type_):
                yield {name: self._condition(random, record, name, type_, operator, 1, 0)}

    def fields(self, name: str) -> dict[str, GraphQLInputObjectType]:
        """The fields of a filter that are filters of other things in their turn."""
        found = {name: get_nullable_type(field.type) for name, field in self.input_type(name).fields.items()}
        return {
            name: type_
            for name, type_ in found.items()
            if isinstance(type_, GraphQLInputObjectType) and name not in {"not", "eq"}
        }

    @staticmethod
    def _operators(record: RecordType, name: str, type_: GraphQLInputObjectType) -> list[str]:
        return ["is"] if isinstance(record.members.get(name), ToOne) else sorted(type_.fields)

    def _condition(
        self,
        random: Random,
        record: RecordType,
        name: str,
        type_: GraphQLInputObjectType,
        operator: str,
        hops: int,
        nesting: int,
    ) -> Any:
        member = record.members.get(name)
        match member:
            case Column():
                return self._operations(random, record, member, type_, operator)
            case GroupField():
                return self._group(random, record, member, type_, operator)
            case ToOne():
                target = self.rows.catalogue[member.target]
                return self.filter(random, target, hops=hops, nesting=max(nesting, 0))
            case AnyId():
                about: Row = random.choice(self.rows.tables[record.name])
                target = self.rows.catalogue.prefixes[about[member.reference.type_column]]
                return {operator: self._operand(random, target, target.columns["id"], operator)}
            case ToMany():
                target = self.rows.catalogue[member.target]
                if operator.endswith("Of"):
                    return {operator: [self.id(random, target) for _ in range(random.randint(0, 3))]}
                return {operator: self.filter(random, target, hops=hops, nesting=max(nesting, 0))}
            case _:
                key = next(key for key in record.to_ones.values() if f"{key.api}Id" == name)
                target = self.rows.catalogue[key.target]
                return {operator: self._operand(random, target, target.columns["id"], operator)}

    def _operations(
        self, random: Random, record: RecordType, column: Column, type_: GraphQLInputObjectType, operator: str
    ) -> dict[str, Any]:
        operators = [operator, *(random.choice(sorted(type_.fields)) for _ in range(random.choice((0, 0, 1))))]
        return {operator: self._operand(random, record, column, operator) for operator in operators}

    def _operand(self, random: Random, record: RecordType, column: Column, operator: str) -> Any:
        if operator in ALONE:
            return flip(random)
        if operator in LISTS:
            return [self.single(random, record, column) for _ in range(random.randint(0, 3))]
        if operator in {"eq", "ne", "eqIgnoreCase"} and random.randint(0, 6) == 6:
            return None
        return self.single(random, record, column)

    def _group(
        self, random: Random, record: RecordType, group: GroupField, type_: GraphQLInputObjectType, name: str
    ) -> dict[str, Any]:
        if name == "eq":
            return {"eq": self._whole(random, record, group)}
        member, inner = group.members[name], get_nullable_type(type_.fields[name].type)
        assert isinstance(inner, GraphQLInputObjectType)
        operator = random.choice(sorted(inner.fields))
        if isinstance(member, GroupField):
            return {name: self._group(random, record, member, inner, operator)}
        return {name: self._operations(random, record, member, inner, operator)}

    def _whole(self, random: Random, record: RecordType, group: GroupField) -> dict[str, Any]:
        """The whole of some row, at times with an element changed or left out."""
        row: Row = random.choice(self.rows.tables[record.name])
        result: dict[str, Any] = {}
        for name, member in group.members.items():
            if isinstance(member, GroupField):
                inner = {key: row[column.name] for key, column in member.members.items() if isinstance(column, Column)}
                kept = {key: value for key, value in inner.items() if value is not None and random.randint(0, 3)}
                if kept or flip(random):
                    result[name] = kept
            elif row[member.name] not in (None, []) or flip(random):
                result[name] = row[member.name]
        if random.randint(0, 5) == 5 and result:
            result.pop(random.choice(sorted(result)))
        return result

    # orders ----------------------------------------------------------------------------------------------------

    def orders(self, random: Random, record: RecordType) -> list[dict[str, Any]]:
        """A list of orders."""
        names = sorted(self.input_type(f"{record.name}Order").fields)
        return [self._order(random, record.members[random.choice(names)]) for _ in range(random.randint(0, 2))]

    def each_order(self, record: RecordType) -> Iterator[dict[str, Any]]:
        """Each field that a list can be sorted by, upwards and downwards."""
        for name in self.input_type(f"{record.name}Order").fields:
            member = record.members[name]
            for way in map(Enumerated, ("ASC", "DESC")):
                if isinstance(member, GroupField):
                    yield from ({name: {part: way}} for part in self.input_type(f"{member.type_name}Order").fields)
                else:
                    yield {name: way}

    def _order(self, random: Random, member: Any) -> dict[str, Any]:
        if isinstance(member, GroupField):
            fields = self.input_type(f"{member.type_name}Order").fields
            return {member.api: self._order_within(random, sorted(fields))}
        return {member.api: Enumerated(random.choice(("ASC", "DESC")))}

    @staticmethod
    def _order_within(random: Random, names: Sequence[str]) -> dict[str, Any]:
        return {random.choice(names): Enumerated(random.choice(("ASC", "DESC")))}

    # keys ------------------------------------------------------------------------------------------------------

    def key(self, random: Random, record: RecordType) -> dict[str, Any]:
        """One of the keys of a record, of one that is there more often than not."""
        type_ = self.input_type(f"{record.name}Key")
        name = random.choice(sorted(type_.fields))
        if name == "id":
            return {"id": self.id(random, record)}
        if name == "externalId":
            called: Row = random.choice(self.rows.tables["ExternalId"])
            return {"externalId": {"system": called["system"], "value": called["value"]}}
        inner = get_nullable_type(type_.fields[name].type)
        if isinstance(inner, GraphQLInputObjectType):
            return {name: {part: self._part(random, record, part) for part in inner.fields}}
        return {name: self._part(random, record, name)}

    def _part(self, random: Random, record: RecordType, name: str) -> Any:
        column = record.members[name]
        assert isinstance(column, Column)
        return self.single(random, record, column)


def flip(random: Random) -> bool:
    """True as often as not."""
    return random.random() < 0.5


def literal(value: Any) -> str:
    """A value as a document writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Enumerated():
            return str(value)
        case str():
            return quoted(value)
        case Mapping():
            return "{" + ", ".join(f"{name}: {literal(inner)}" for name, inner in value.items()) + "}"
        case _:
            return "[" + ", ".join(literal(inner) for inner in value) + "]"


def quoted(text: str) -> str:
    """A text as a document writes it, with what can't stand between quotes escaped."""
    escaped = "".join(
        f"\\{one}" if one in '"\\' else f"\\u{{{ord(one):x}}}" if ord(one) < 32 or ord(one) > 0xFFFF else one
        for one in text
    )
    return f'"{escaped}"'


def is_list(type_: Any) -> bool:
    """Whether a type is a list, required or not."""
    return isinstance(get_nullable_type(type_), GraphQLList)


def required(type_: Any) -> Any:
    """The type without null."""
    return type_ if isinstance(type_, GraphQLNonNull) else GraphQLNonNull(type_)
