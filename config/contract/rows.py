"""Rows for checks, made up and written past every rule: it is looked at what becomes of values, not at the values."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

from ...graph.bootstrap import SYSTEM_ACTOR
from ...graph.catalogue import Catalogue, Column, GroupField, Kind, RecordType, ToAny, ToOne
from ...graph.databases.database import Database, Insert, Update
from ...graph.identity import parse_id
from ...graph.reading.rows import stored
from ...graph.storing import folded
from ...graph.writing.filling import blank
from ..testing.host import Host

OWNERS = ("Account", "Contact", "Address")
FIRST_DAY = date(1911, 1, 1)
FIRST_MOMENT = datetime(1911, 1, 1, tzinfo=UTC)
Ids = dict[str, list[UUID]]


async def make_owners(host: Host, count: int) -> Ids:
    """Make accounts, contacts and addresses through the API of a host without plugins."""
    ids: Ids = {"Actor": [SYSTEM_ACTOR]}
    for name in OWNERS:
        make = host.make(name)
        made = [await make() for _ in range(count)]
        ids[name] = [parse_id(host.accord.catalogue[name], one) for one in made]
    return ids


async def fill(database: Database, catalogue: Catalogue, records: Sequence[RecordType], ids: Ids) -> None:
    """Give every owner's row of an extension made-up values, and make as many rows of each record of a plugin.

    The ids of new rows are added to `ids`. Owners' rows of extensions must be there.
    """
    count = len(ids["Account"])
    for record in _in_order(records):
        rows = [_row(catalogue, record, number, ids) for number in range(count)]
        columns = record.table_columns
        if record.owner is None:
            ids[record.name] = [row["id"] for row in rows]
            values = [stored(record, columns, row, database.kind) for row in rows]
            write: Insert | Update = Insert(table=record.table, columns=columns, rows=values)
        else:
            changed = tuple(column for column in columns if column not in {record.key, "deleted_at"})
            write = Update(
                table=record.table,
                key=record.key,
                columns=changed,
                rows=[
                    (stored(record, (record.key,), {record.key: owner}, database.kind)[0], row)
                    for owner, row in zip(
                        ids[record.owner],
                        (stored(record, changed, row, database.kind) for row in rows),
                        strict=True,
                    )
                ],
            )
            if not changed:
                continue
        async with database.transaction() as transaction:
            await transaction.write([write])


def made_up(column: Column, number: int) -> Any:
    """A value for a column as Python holds it, another for each number; texts begin with zq."""
    match column.kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.CODE:
            return f"zq{number:08d}"[-(column.max_length or 10) :]
        case Kind.ENUM:
            members: list[Enum] = list(column.enum or ())
            return members[(number + 1) % len(members)].value
        case Kind.BOOLEAN:
            return number % 2 == 0
        case Kind.INTEGER:
            return 730_000 + number
        case Kind.MONEY:
            return 730_000_00 + number
        case Kind.DECIMAL:
            return Decimal(7300 + number) / 100
        case Kind.TIMESTAMP:
            return FIRST_MOMENT + timedelta(days=number)
        case Kind.DATE:
            return FIRST_DAY + timedelta(days=number)
        case Kind.TEXT_LIST:
            choices: list[Enum] = list(column.enum or ())
            return (choices[number % len(choices)].value,) if choices else (f"zq{number:08d}",)
        case Kind.DOCUMENT:
            return {"zq": number}
        case Kind.ID:
            return UUID(int=(0x0198 << 112) | (7 << 76) | (2 << 62) | number)


def made_input(record: RecordType, names: Iterable[str], ids: Mapping[str, str | None]) -> dict[str, Any]:
    """An input with made-up values for the fields so named; `ids` are of records that it may refer to."""
    links = {f"{link.api}Id": link for link in record.references}
    given: dict[str, Any] = {}
    for name in names:
        member, link = record.members.get(name), links.get(name)
        if isinstance(member, Column | GroupField):
            given[name] = _stated(member)
        elif link is not None:
            id_ = ids.get("Account" if isinstance(link, ToAny) else link.target)
            given |= {} if id_ is None else {name: id_}
    return given


def _stated(member: Column | GroupField) -> Any:
    """A made-up value as an input states it."""
    if isinstance(member, GroupField):
        return {api: _stated(one) for api, one in member.members.items()}
    value = made_up(member, 1)
    match member.kind:
        case Kind.MONEY:
            return {"amount": "7300.01", "currency": "EUR"}
        case Kind.DOCUMENT:
            return value
        case _:
            return orjson.loads(orjson.dumps(value, default=str))


def _in_order(records: Sequence[RecordType]) -> list[RecordType]:
    """Records that others of them refer to before those, as far as that goes."""
    names = {record.name for record in records}
    placed: list[RecordType] = []
    waiting = list(records)
    while waiting:
        known = {one.name for one in placed}
        free = [
            record
            for record in waiting
            if {link.target for link in record.to_ones.values()} & names <= known | {record.name}
        ]
        placed += free or waiting[:1]
        waiting = [record for record in waiting if record not in placed]
    return placed


def _row(catalogue: Catalogue, record: RecordType, number: int, ids: Ids) -> dict[str, Any]:
    row = blank(record)
    for column in record.columns.values():
        if column.name in {"deleted_at", "deletion"} or (column.name == record.key and record.owner is not None):
            continue
        row[column.name] = made_up(column, number)
        if column.folded:
            row[column.folded] = folded(row[column.name])
        if column.currency:
            row[column.currency] = "EUR"
    if record.owner is None:
        row |= {"id": _id(record, number), "version": 1}
    for link in record.references:
        row |= _reference(catalogue, link, number, ids)
    return row


def _id(record: RecordType, number: int) -> UUID:
    """An id that no other record of any type has."""
    spread = sum(ord(letter) * 257**place for place, letter in enumerate(record.name[:5]))
    return UUID(int=(0x0199 << 112) | (spread << 80) | (7 << 76) | (2 << 62) | number)


def _reference(catalogue: Catalogue, link: ToOne | ToAny, number: int, ids: Ids) -> Mapping[str, Any]:
    if isinstance(link, ToAny):
        return {link.type_column: catalogue["Account"].prefix, link.column: ids["Account"][number]}
    if link.column == "owner_id":
        return {}
    there = ids.get(link.target, [])
    return {link.column: there[number % len(there)] if there else None}
