"""Rows as Python values, for what the unit of work has to know; like the compiler, this writes SQL."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from ..catalogue import Kind, RecordType
from ..databases.database import Reader, Row
from ..storing import DatabaseKind, load, store
from .dialects import Dialect

Values = dict[str, Any]


class RowReader:
    """Reads rows of a record's table through one connection."""

    def __init__(self, reader: Reader, dialect: Dialect) -> None:
        self.reader = reader
        self.dialect = dialect

    async def find(
        self, record: RecordType, column: str, values: Iterable[Any], *, live: bool = True, lock: str | None = None
    ) -> list[Values]:
        """The rows whose column is one of the values; `lock`, "update" or "share", keeps others from changing them."""
        stored = [store(kind_of(record, column), value, self.dialect.kind) for value in dict.fromkeys(values)]
        if not stored:
            return []
        conditions = [self.dialect.in_list(f"t.{column}", 1, kind_of(record, column))]
        if live and record.is_record:
            conditions.append("t.deleted_at is null")
        return await self._select(record, conditions, [as_list(stored, self.dialect)], lock)

    async def find_keys(
        self, record: RecordType, columns: Sequence[str], keys: Iterable[Sequence[Any]], *, where: str | None = None
    ) -> list[Values]:
        """The live rows whose columns taken together are one of the keys; `where` is a column that is true."""
        kinds = [kind_of(record, column) for column in columns]
        stored = [[store(k, v, self.dialect.kind) for k, v in zip(kinds, key, strict=True)] for key in keys]
        if not stored:
            return []
        left = ",".join(f"t.{column}" for column in columns)
        if self.dialect.kind == "sqlite":
            parts = ",".join(f"json_extract(value,'$[{index}]')" for index in range(len(columns)))
            conditions = [f"({left}) in (select {parts} from json_each(?1))"]
            parameters: list[Any] = [orjson.dumps(stored).decode()]
        else:
            arrays = ",".join(f"{self.dialect.parameter(n, kind)}[]" for n, kind in enumerate(kinds, 1))
            conditions = [f"({left}) in (select * from unnest({arrays}))"]
            parameters = [list(column) for column in zip(*stored, strict=True)]
        conditions.append("t.deleted_at is null")
        if where:
            conditions.append(f"t.{where} = {'1' if self.dialect.kind == 'sqlite' else 'true'}")
        return await self._select(record, conditions, parameters, None)

    async def _select(
        self, record: RecordType, conditions: Sequence[str], parameters: Sequence[Any], lock: str | None
    ) -> list[Values]:
        columns = record.table_columns
        locking = f" for {lock}" if lock and self.dialect.kind == "postgresql" else ""
        statement = (
            f"select {','.join(f't.{column}' for column in columns)} from {record.table} t "
            f"where {' and '.join(conditions)}{' order by t.' + record.key if lock else ''}{locking}"
        )
        rows = await self.reader.fetch(statement, parameters)
        return [loaded(record, columns, row, self.dialect.kind) for row in rows]


def as_list(values: Sequence[Any], dialect: Dialect) -> Any:
    """A list as one parameter."""
    return orjson.dumps(values).decode() if dialect.kind == "sqlite" else list(values)


def kind_of(record: RecordType, column: str) -> Kind:
    """What a stored column holds, foreign keys and the columns beside a field included."""
    found = record.columns.get(column)
    if found is not None:
        return found.kind
    if column.endswith("_id"):
        return Kind.ID
    return Kind.CODE  # the folded twin of a text, the currency of an amount


def places_of(record: RecordType, column: str) -> int:
    """The decimal places of a stored column."""
    found = record.columns.get(column)
    return found.places if found is not None else 0


def loaded(record: RecordType, columns: Sequence[str], row: Row, kind: DatabaseKind) -> Values:
    """A row as Python values by column."""
    return {
        column: load(kind_of(record, column), value, kind, places=places_of(record, column))
        for column, value in zip(columns, row, strict=True)
    }


def stored(record: RecordType, columns: Sequence[str], values: Mapping[str, Any], kind: DatabaseKind) -> list[Any]:
    """Python values by column as the database takes them."""
    return [
        store(kind_of(record, column), values.get(column), kind, places=places_of(record, column)) for column in columns
    ]
