"""Order and cursors: the keys that rows are sorted by, and the condition that a row lies after or before one."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import orjson

from ...plugins.violations import FieldError
from ..catalogue import Column, ExtensionField, GroupField, Kind, RecordType
from ..errors import InvalidInput
from ..storing import DatabaseKind, parse, parse_text, store
from .scope import Compilation, Rows, Table
from .text import Pieces, Sql

ASC, DESC = "asc", "desc"
MOST_KEYS = 5
OWNER_KEY = Column(name="owner_id", api="id", kind=Kind.ID, nullable=False, description="")  # of an extension


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One stored column that rows are sorted by; `source` is "t" (the target), "l" (the link) or "e" (an extension)."""

    source: str
    record: RecordType
    column: Column
    direction: str

    @property
    def name(self) -> str:
        """The column's name among the columns of a page."""
        return f"{self.source}_{self.column.name}" if self.source != "t" else self.column.name


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """The keys of a connection, the last of which tells all rows apart; `extension` is joined for its fields."""

    keys: tuple[SortKey, ...]
    extension: RecordType | None
    signature: str

    @property
    def is_by_key(self) -> bool:
        """Whether rows come in the order of their own key and nothing else."""
        return len(self.keys) == 1 and self.keys[0].source == "t"

    def of_extension(self, extension: RecordType) -> "Ordering":
        """The same order by key, of the extension's rows, which have their owner's."""
        (key,) = self.keys
        return replace(self, keys=(replace(key, record=extension, column=OWNER_KEY),))

    def sql(self, compilation: Compilation, expressions: Sequence[str], *, reverse: bool) -> str:
        """The ORDER BY list."""
        parts: list[str] = []
        for key, expression in zip(self.keys, expressions, strict=True):
            direction = _turned(key.direction) if reverse else key.direction
            parts.append(f"{expression} {direction}{compilation.dialect.nulls(direction, key.column.nullable)}")
        return ",".join(parts)


def _turned(direction: str) -> str:
    return DESC if direction == ASC else ASC


def order_by(
    compilation: Compilation,
    record: RecordType,
    link: RecordType | None,
    wanted: Sequence[Mapping[str, Any]],
    where: str,
) -> Ordering:
    """The ordering for `orderBy`; without one, the record's own order, then the order of creation."""
    where = f"{where}.orderBy"
    keys: list[SortKey] = []
    extension: RecordType | None = None
    for entry in wanted:
        if len(entry) != 1:
            message = f"{where}: each entry names exactly one field, as in {{name: ASC}}."
            raise InvalidInput("INVALID_ORDER", message, argument=where)
        owner, path = record, entry
        while True:
            ((name, value),) = path.items()
            member = owner.members.get(name)
            if isinstance(member, ExtensionField):
                if keys or extension:
                    message = f"{where}: {name} can only come first, once."
                    raise InvalidInput("INVALID_ORDER", message, argument=where)
                owner, path = compilation.catalogue[member.target], value
                extension = owner
                continue
            if isinstance(member, GroupField):
                ((name, value),) = value.items()
                member = member.members.get(name)
                while isinstance(member, GroupField):
                    ((name, value),) = value.items()
                    member = member.members.get(name)
            if not isinstance(member, Column) or not (member.indexed or member.name == "id"):
                message = f"{where}: {owner.name} can't be sorted by {name!r}."
                raise InvalidInput("INVALID_ORDER", message, argument=where)
            compilation.sight.check(owner, member, where, "sorted")
            source = "e" if extension is owner else "t"
            keys.extend(
                SortKey(source=source, record=owner, column=_stored(member, stored), direction=str(value).lower())
                for stored in member.sort_columns
            )
            break
    if len(keys) > MOST_KEYS:
        message = f"{where} sorts by {len(keys)} values, an amount counting as two; {MOST_KEYS} are allowed."
        raise InvalidInput("INVALID_ORDER", message, argument=where)
    if not keys:
        source, owner = ("l", link) if link else ("t", record)
        shown = [owner.columns[n] for n in owner.order if not compilation.sight.is_masked(owner, owner.columns[n])]
        keys = [SortKey(source=source, record=owner, column=column, direction=ASC) for column in shown]
    last = keys[-1].direction if keys else ASC
    if extension is not None and len(keys) == 1:
        tie = SortKey(source="e", record=extension, column=OWNER_KEY, direction=last)
    else:
        source, owner = ("l", link) if link else ("t", record)
        tie = SortKey(source=source, record=owner, column=owner.columns["id"], direction=last)
    keys.append(tie)
    spelled = ",".join(f"{key.record.name}.{key.column.name} {key.direction}" for key in keys)
    return Ordering(keys=tuple(keys), extension=extension, signature=f"{zlib.crc32(spelled.encode()):08x}")


def _stored(column: Column, name: str) -> Column:
    """The column itself, or the folded twin or currency beside it, as a column of its own."""
    if name == column.name and column.kind is not Kind.MONEY:
        return column
    kind = Kind.INTEGER if name == column.name else Kind.CODE
    return Column(name=name, api=name, kind=kind, nullable=column.nullable, description="")


def cursor_pieces(compilation: Compilation, ordering: Ordering, rows: Rows, link: Rows | None) -> Pieces:
    """The cursor of a row: its sort keys as JSON in hexadecimal, opaque to callers."""
    parts: list[str | Sql] = [f'["{ordering.signature}"']
    for key in ordering.keys:
        source = link if key.source == "l" and link else rows
        expression = f"{rows.alias}.{key.name}" if key.source == "e" else source.column(key.column.name)
        text = compilation.dialect.json(expression, key.column, _prefix(key))
        parts += [",", Sql(f"coalesce({text},'null')" if key.column.nullable else text)]
    return [*parts, "]"]


def _prefix(key: SortKey) -> str:
    return key.record.prefix or "own"


def _cursor_value(
    ordering: Ordering, position: int, kind: DatabaseKind, memo: dict[str, list[Any]]
) -> Callable[[Any], Any]:
    """A converter from a cursor to its value at `position`, as the database takes it."""

    def convert(cursor: Any) -> Any:
        values = memo.get(cursor)
        if values is None:
            memo.clear()
            values = memo[cursor] = _decoded(ordering, cursor, kind)
        return values[position]

    return convert


def _decoded(ordering: Ordering, cursor: Any, kind: DatabaseKind) -> list[Any]:
    """The sort keys in a cursor; raises InvalidInput for one that was not made by a list in this order."""
    try:
        found = orjson.loads(bytes.fromhex(cursor))
        if not isinstance(found, list):
            raise TypeError(cursor)
        signature, *values = cast(list[Any], found)
        if signature == ordering.signature:
            return [_key_value(key, value, kind) for key, value in zip(ordering.keys, values, strict=True)]
    except (ValueError, TypeError, FieldError):
        raise InvalidInput(
            "INVALID_CURSOR", "This is no cursor of this API; use endCursor or startCursor of a page you have read."
        ) from None
    raise InvalidInput(
        "INVALID_CURSOR",
        "The cursor comes from a list in another order or of other records; page on with the same orderBy.",
    )


def _key_value(key: SortKey, value: Any, kind: DatabaseKind) -> Any:
    """One sort key as the database takes it; raises ValueError or FieldError for what no row can hold."""
    column = key.column
    if value is None and column.nullable:
        return None
    match column.kind:
        case Kind.INTEGER if type(value) is int and abs(value) < 2**63:  # amounts of money are longer than Int
            return value
        case Kind.ID if isinstance(value, str) and value.startswith(f"{_prefix(key)}_"):
            return store(Kind.ID, UUID(value.removeprefix(f"{_prefix(key)}_")), kind)
        case Kind.BOOLEAN if isinstance(value, bool):
            return store(Kind.BOOLEAN, value, kind)
        case Kind.ENUM | Kind.TEXT | Kind.CODE if isinstance(value, str):
            return parse_text(column, value)
        case Kind.DECIMAL | Kind.TIMESTAMP | Kind.DATE if isinstance(value, str):
            return store(column.kind, parse(column, value), kind, places=column.places)
        case _:
            raise ValueError(column.kind)


def beyond(
    compilation: Compilation, ordering: Ordering, tables: Mapping[str, Table], cursor: Any, where: str, *, after: bool
) -> str:
    """The condition that a row lies after (or before) the cursor, not counting the row at the cursor."""
    memo: dict[str, list[Any]] = {}
    dialect = compilation.dialect
    expressions = [tables[key.source].column(key.column.name) for key in ordering.keys]
    bounds = [
        compilation.parameter(
            cursor,
            _cursor_value(ordering, position, dialect.kind, memo),
            where,
            key.column.kind,
            f"cursor {ordering.signature} {position}",
        )
        for position, key in enumerate(ordering.keys)
    ]
    directions = {key.direction for key in ordering.keys}
    if len(directions) == 1 and not any(key.column.nullable for key in ordering.keys):
        sign = ">" if after == (directions == {ASC}) else "<"
        return f"({','.join(expressions)}) {sign} ({','.join(bounds)})"
    steps: list[str] = []
    equal: list[str] = []
    for key, expression, bound in zip(ordering.keys, expressions, bounds, strict=True):
        upwards = after == (key.direction == ASC)
        step = f"{expression} {'>' if upwards else '<'} {bound}"
        if key.column.nullable and upwards:
            step = f"({step} or ({expression} is null and {bound} is not null))"
        elif key.column.nullable:
            step = f"({step} or ({bound} is null and {expression} is not null))"
        steps.append(" and ".join([*equal, step]))
        equal.append(f"{expression} {dialect.is_same} {bound}")
    condition = "(" + " or ".join(f"({step})" for step in steps) + ")"
    first = ordering.keys[0]
    if not first.column.nullable:  # a bound on the leading key, so that an index range can be used
        upwards = after == (first.direction == ASC)
        condition = f"{expressions[0]} {'>=' if upwards else '<='} {bounds[0]} and {condition}"
    return condition
