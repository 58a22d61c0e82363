"""What stands in a database, read from its own catalogue."""

import re
from dataclasses import dataclass, field

from .sessions import Session


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    column: str
    table: str
    target: str
    on_delete: str

    def __str__(self) -> str:
        return f"{self.column} to {self.table}.{self.target} on delete {self.on_delete}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `columns` gives each column's type, default, NOT NULL and place in the key in words to be compared."""

    columns: dict[str, str] = field(default_factory=dict[str, str])
    foreign_keys: frozenset[ForeignKey] = frozenset()
    uniques: frozenset[tuple[str, ...]] = frozenset()
    checks: frozenset[str] = frozenset()


async def read_tables(session: Session) -> dict[str, Table]:
    """All tables by name, on PostgreSQL those of the current schema."""
    if session.kind == "sqlite":
        found = await session.rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        return {row["name"]: await _read_sqlite_table(session, row["name"], row["sql"]) for row in found}
    return await _read_postgres_tables(session)


async def _read_sqlite_table(session: Session, name: str, sql: str) -> Table:
    columns = await session.rows(f'PRAGMA table_info("{name}")')
    foreign_keys = await session.rows(f'PRAGMA foreign_key_list("{name}")')
    uniques: set[tuple[str, ...]] = set()
    for index in await session.rows(f'PRAGMA index_list("{name}")'):
        if index["origin"] == "u":
            parts = await session.rows(f'PRAGMA index_info("{index["name"]}")')
            uniques.add(tuple(part["name"] for part in parts))
    return Table(
        columns={
            row["name"]: _describe(row["type"], row["notnull"] or row["pk"], row["dflt_value"], row["pk"])
            for row in columns
        },
        foreign_keys=frozenset(
            ForeignKey(column=row["from"], table=row["table"], target=row["to"], on_delete=row["on_delete"])
            for row in foreign_keys
        ),
        uniques=frozenset(uniques),
        # SQLite lists no checks anywhere but in the statement; Tortoise's always have a name.
        checks=frozenset(re.findall(r'CONSTRAINT "(\w+)" CHECK', sql)),
    )


_COLUMNS = """
    SELECT c.relname AS table_name, a.attname AS name, a.attnotnull,
           format_type(a.atttypid, a.atttypmod) || coalesce(' COLLATE ' || o.collname, '') AS type,
           pg_get_expr(d.adbin, d.adrelid) AS value, coalesce(a.attnum = ANY (k.conkey), false) AS key
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation o ON o.oid = a.attcollation AND a.attcollation <> t.typcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
    WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
    SELECT c.relname AS table_name, k.contype::text AS kind, k.conname || ' ' || pg_get_constraintdef(k.oid) AS text,
           k.confdeltype::text AS on_delete, f.relname AS target,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o) AS target_columns
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    WHERE n.nspname = current_schema()
"""
_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


async def _read_postgres_tables(session: Session) -> dict[str, Table]:
    columns = await session.rows(_COLUMNS)
    constraints = await session.rows(_CONSTRAINTS)
    tables: dict[str, Table] = {}
    for name in dict.fromkeys(row["table_name"] for row in columns):
        own = [row for row in constraints if row["table_name"] == name]
        tables[name] = Table(
            columns={
                row["name"]: _describe(row["type"], row["attnotnull"], _plain_default(row["value"]), row["key"])
                for row in columns
                if row["table_name"] == name
            },
            foreign_keys=frozenset(
                ForeignKey(column=column, table=row["target"], target=target, on_delete=_ON_DELETE[row["on_delete"]])
                for row in own
                if row["kind"] == "f"
                for column, target in zip(row["columns"], row["target_columns"], strict=True)
            ),
            uniques=frozenset(tuple(row["columns"]) for row in own if row["kind"] == "u"),
            checks=frozenset(row["text"] for row in own if row["kind"] == "c"),
        )
    return tables


def _describe(kind: str, not_null: object, default: str | None, key: object) -> str:
    parts = [kind, "NOT NULL" if not_null else "NULL"]
    parts += [f"DEFAULT {default}"] if default is not None else []
    return " ".join(parts + (["PRIMARY KEY"] if key else []))


def _plain_default(value: str | None) -> str | None:
    """A counter keeps the name that its table was made under, which is of no account."""
    return "counted" if value and value.startswith("nextval(") else value
