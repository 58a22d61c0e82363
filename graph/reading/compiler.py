"""The compiler: from a selection to one statement whose answer is the JSON text that the caller gets."""

from collections.abc import Callable, Sequence
from typing import Any

from ..catalogue import Kind, RecordType
from ..identity import parse_id
from ..storing import store
from .filters import LISTED_OF_ALL, FilterCompiler
from .pages import all_met
from .plan import Plan
from .rows import as_list
from .scope import Ground, Table
from .selection import (
    ConnectionSelection,
    Selection,
)
from .statement import StatementWriter
from .text import Sql, concatenated

MOST_IDS = 100


def compile_connection(ground: Ground, connection: ConnectionSelection) -> Plan:
    """The plan for a page of records at the root."""
    writer = StatementWriter(ground, connection.key)
    text = writer.connection(connection, owner=None, path=())
    return writer.plan(text)


def compile_record(ground: Ground, record: RecordType, fields: Sequence[Selection], id_: Any, where: str) -> Plan:
    """The plan for one record by its global id; the answer is null if it isn't there."""
    writer = StatementWriter(ground, where)
    rows = Table(record=record, alias="r")
    wanted = writer.compilation.parameter(
        id_,
        lambda value: store(record.columns["id"].kind, parse_id(record, value), ground.dialect.kind),
        where,
        record.columns["id"].kind,
        "id",
    )
    return writer.plan(writer.single(rows, fields, [f"{rows.key} = {wanted}"]))


def compile_matching(ground: Ground, record: RecordType, fields: Sequence[Selection], filter_: Any, where: str) -> Plan:
    """The plan for the one record that a filter by a unique key matches."""
    writer = StatementWriter(ground, where)
    rows = Table(record=record, alias="r")
    return writer.plan(writer.single(rows, fields, [FilterCompiler(writer.compilation).compile(rows, filter_, where)]))


def compile_records(
    ground: Ground,
    wanted: Sequence[tuple[RecordType, Sequence[Selection], Any]],
    where: str,
) -> Plan:
    """The plan for records of several types by their ids: rows of global id and JSON text, in no order.

    `wanted` holds each type once with its fields and the list of its global ids (or what stands for it). The plan's
    completions say which type they belong to; their paths begin at the record.
    """
    writer = StatementWriter(ground, where)
    parts: list[str] = []
    for record, fields, ids in wanted:
        rows = Table(record=record, alias="r")
        kind = record.columns["id"].kind

        number = writer.compilation.number(ids, _id_list(ground, record), where, f"ids {record.name}")
        conditions = [ground.dialect.in_list(rows.key, number, kind), *writer.compilation.live(rows)]
        name = concatenated([f"{record.prefix}_", Sql(ground.dialect.plain(rows.key, kind))])
        text = concatenated(writer.object(rows, fields, path=()))
        writer.belong(record)
        parts.append(f"select {name},{text} from {record.table} r where {' and '.join(conditions)}")
    return writer.plan(" union all ".join(parts))


def compile_ids(ground: Ground, record: RecordType, filter_: Any, most: int) -> Plan:
    """The plan for the global ids of the records that a filter matches, one more than `most` at most."""
    writer = StatementWriter(ground, "filter")
    rows = Table(record=record, alias="r")
    name = concatenated([f"{record.prefix}_", Sql(ground.dialect.plain(rows.key, record.columns["id"].kind))])
    filters = FilterCompiler(writer.compilation, LISTED_OF_ALL)
    met = all_met([filters.compile(rows, filter_, "filter"), *writer.compilation.live(rows)])
    return writer.plan(f"select {name} from {record.table} r where {met} order by {rows.key} limit {most + 1}")


def compile_unhidden(ground: Ground, record: RecordType, ids: Any) -> Plan | None:
    """The plan for the keys of those of the rows with these keys that no plugin hides; None where none does.

    Deleted rows are looked at like others.
    """
    writer = StatementWriter(ground, "id")
    rows = Table(record=record, alias="r")
    unhidden = writer.compilation.unhidden(rows)
    if not unhidden:
        return None
    kind = record.columns["id"].kind
    number = writer.compilation.number(ids, lambda values: _stored_list(ground, kind, values), "id", "ids")
    met = all_met([ground.dialect.in_list(rows.key, number, kind), *unhidden])
    return writer.plan(f"select {rows.key} from {record.table} r where {met}")


def _stored_list(ground: Ground, kind: Kind, values: Any) -> Any:
    return as_list([store(kind, value, ground.dialect.kind) for value in values], ground.dialect)


def _id_list(ground: Ground, record: RecordType) -> Callable[[Any], Any]:
    """How a list of global ids of one type is converted for the database."""

    def convert(values: Any) -> Any:
        kind = record.columns["id"].kind
        stored = [store(kind, parse_id(record, value), ground.dialect.kind) for value in values]
        return store(kind.TEXT_LIST, stored, "sqlite") if ground.dialect.kind == "sqlite" else stored

    return convert
