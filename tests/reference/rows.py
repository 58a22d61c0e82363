"""All rows of a database as plain Python values, read by the simplest statements there are."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from accord.graph.catalogue import Catalogue, Kind, RecordType
from accord.tests.accord_fixture import Bench

Row = Mapping[str, Any]


class Rows:
    """The rows of every table, and ways to find them."""

    def __init__(self, catalogue: Catalogue, tables: Mapping[str, list[Row]]) -> None:
        self.catalogue = catalogue
        self.tables = tables
        self._by_id = {name: {row["id"]: row for row in rows} for name, rows in tables.items()}
        self._by_key: dict[tuple[str, str], dict[Any, list[Row]]] = {}

    def live(self, record: RecordType) -> list[Row]:
        """The rows of a record that are not deleted."""
        return [row for row in self.tables[record.name] if is_live(row)]

    def one(self, record: RecordType, id_: Any) -> Row | None:
        """The live row with this id."""
        row = self._by_id[record.name].get(id_)
        return row if row is not None and is_live(row) else None

    def pointing(self, record: RecordType, column: str, id_: Any) -> list[Row]:
        """The live rows whose foreign key holds this id."""
        key = (record.name, column)
        if key not in self._by_key:
            found: dict[Any, list[Row]] = {}
            for row in self.live(record):
                found.setdefault(row[column], []).append(row)
            self._by_key[key] = found
        return self._by_key[key].get(id_, [])


def is_live(row: Row) -> bool:
    """Whether a row is there for callers; rows that Accord derives can't be deleted."""
    return row.get("deleted_at") is None


async def load_rows(bench: Bench) -> Rows:
    """Read everything."""
    catalogue = bench.accord.catalogue
    tables: dict[str, list[Row]] = {}
    for record in catalogue.types.values():
        columns = record.table_columns
        found = await bench.accord.database.fetch(f"select {','.join(columns)} from {record.table} order by id", [])
        tables[record.name] = [_row(record, columns, values) for values in found]
    return Rows(catalogue, tables)


def _row(record: RecordType, columns: Iterable[str], values: Iterable[Any]) -> Row:
    return {column: _value(record, column, value) for column, value in zip(columns, values, strict=True)}


def _value(record: RecordType, column: str, value: Any) -> Any:
    """Ids, days and moments as text, truth values as such, lists and documents decoded, numbers as they are stored."""
    known = record.columns.get(column)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if known is not None and known.kind is Kind.BOOLEAN:
        return bool(value)
    if known is not None and known.kind in {Kind.TEXT_LIST, Kind.DOCUMENT}:
        return orjson.loads(value)
    if isinstance(value, int | str):
        return value
    return str(value)  # the UUID of PostgreSQL
