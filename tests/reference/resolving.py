"""The reference: documents answered by ordinary resolvers, field by field, over rows in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLResolveInfo, build_schema, execute, parse

from accord.graph.catalogue import AnyId, Column, ComputedField, GroupField, Kind, RecordType, ToAny, ToMany, ToOne
from accord.graph.values.address_lines import format_address
from accord.graph.values.addresses import PostalAddress
from accord.tests.reference.listing import (
    Entry,
    Position,
    SortKey,
    decimal_text,
    figures,
    page_of,
    position,
    sort_keys,
)
from accord.tests.reference.matching import MINOR_UNITS, folded, matches, related, subject
from accord.tests.reference.rows import Row, Rows


@dataclass(frozen=True)
class Found:
    """A record in the answer."""

    record: RecordType
    row: Row


class CursorOf(str):
    """What stands for a cursor in the reference's answer: the order, and the place in it."""

    keys: tuple[SortKey, ...]
    position: Position

    def __new__(cls, keys: tuple[SortKey, ...], position: Position) -> "CursorOf":
        order = [(key.record, key.column, key.is_descending) for key in keys]
        made = super().__new__(cls, f"cursor of {position} by {order}")
        made.keys, made.position = keys, position
        return made


class Reference:
    """Answers documents over the rows of one database.

    Cursors are opaque: the reference gives a CursorOf in their place, and takes for arguments those that it was told
    the meaning of in `cursors`.
    """

    def __init__(self, sdl: str, rows: Rows) -> None:
        self.schema = build_schema(sdl)
        self.rows = rows
        self.cursors: dict[str, CursorOf] = {}
        self.records = {record.name: record for record in rows.catalogue.types.values()}
        self.plurals = {record.plural: record for record in rows.catalogue.records()}
        self.singulars = {record.singular: record for record in rows.catalogue.records()}

    def answer(self, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of a document, which must run without errors."""
        result = execute(
            self.schema,
            parse(text),
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=lambda value, info, type_: value.record.name,
        )
        assert isinstance(result, ExecutionResult)
        assert not result.errors, result.errors
        assert result.data is not None
        return result.data

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if isinstance(source, Found):
            return self._member(source, source.record.members[info.field_name], arguments)
        if isinstance(source, Mapping):
            value = source[info.field_name]
            return value() if callable(value) else value
        return self._root(info.field_name, arguments)

    # the root --------------------------------------------------------------------------------------------------

    def _root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name == "node":
            return self._node(arguments["id"])
        if name == "nodes":
            return [self._node(id_) for id_ in arguments["ids"]]
        if name in self.plurals:
            record = self.plurals[name]
            entries = [Entry(row=row) for row in self.rows.live(record)]
            return self._connection(record, None, entries, arguments)
        record = self.singulars[name]
        by = arguments.get("by") or {"id": arguments.get("id")}
        return self._by_key(record, by)

    def _node(self, id_: str) -> Found | None:
        prefix, _, uuid = id_.partition("_")
        record = self.rows.catalogue.prefixes[prefix]
        return self._found(record, self.rows.one(record, uuid))

    @staticmethod
    def _found(record: RecordType, row: Row | None) -> Found | None:
        return None if row is None else Found(record, row)

    def _by_key(self, record: RecordType, by: Mapping[str, Any]) -> Found | None:
        ((name, key),) = by.items()
        if name == "id":
            return self._node(key)
        if name == "externalId":
            called = self.rows.live(self.records["ExternalId"])
            owner = f"{record.singular}_id"
            ids = [one[owner] for one in called if (one["system"], one["value"]) == (key["system"], key["value"])]
            found = [row for row in (self.rows.one(record, id_) for id_ in ids) if row is not None]
        else:
            wanted = key if isinstance(key, Mapping) else {name: key}
            found = [row for row in self.rows.live(record) if self._has_key(record, row, wanted)]
        assert len(found) <= 1
        return self._found(record, found[0] if found else None)

    @staticmethod
    def _has_key(record: RecordType, row: Row, wanted: Mapping[str, Any]) -> bool:
        for name, value in wanted.items():
            column = record.members[name]
            assert isinstance(column, Column)
            held = row[column.name]
            same = held is not None and folded(held) == folded(value) if column.kind is Kind.TEXT else held == value
            if not same:
                return False
        return True

    # records ---------------------------------------------------------------------------------------------------

    def _member(self, found: Found, member: Any, arguments: Mapping[str, Any]) -> Any:
        match member:
            case Column():
                return self._column(found.record, found.row, member)
            case GroupField():
                return self._group(found, member)
            case ComputedField():
                return _formatted(found.row)
            case ToOne():
                target = self.records[member.target]
                return self._found(target, self.rows.one(target, found.row[member.column]))
            case ToAny():
                about = subject(self.rows, found.row, member)
                return None if about is None else Found(*about)
            case AnyId():
                return f"{found.row[member.reference.type_column]}_{found.row[member.reference.column]}"
            case ToMany():
                target = self.records[member.target]
                if member.stored_filter is not None:
                    members = self._members(found, member, member.stored_filter, target)
                    return self._connection(target, None, members, arguments)
                entries = [Entry(row=row, link=link) for row, link in related(self.rows, found.row, member)]
                link = self.records[member.link] if member.link else None
                return self._connection(target, link, entries, arguments)
            case _:
                raise TypeError(member)

    def _members(self, found: Found, member: ToMany, stored_filter: str, target: RecordType) -> list[Entry]:
        """Linked records, or those that the filter matches which the owner holds."""
        filter_ = found.row[stored_filter]
        if filter_ is None:
            return [Entry(row=row) for row, _ in related(self.rows, found.row, member)]
        return [Entry(row=row) for row in self.rows.live(target) if matches(self.rows, target, row, filter_)]

    @staticmethod
    def _column(record: RecordType, row: Row, column: Column) -> Any:
        value = row[column.name]
        if value is None:
            return None
        match column.kind:
            case Kind.ID:
                return f"{record.prefix}_{value}"
            case Kind.DECIMAL:
                return decimal_text(value, column.places)
            case Kind.MONEY:
                code = row[str(column.currency)]
                return {"amount": decimal_text(value, MINOR_UNITS[code]), "currency": code}
            case _:
                return value

    def _group(self, found: Found, group: GroupField) -> Any:
        columns = list(group.columns())
        if all(column.nullable and found.row[column.name] is None for column in columns):
            return None
        return {
            name: self._group(found, inner)
            if isinstance(inner, GroupField)
            else self._column(found.record, found.row, inner)
            for name, inner in group.members.items()
        }

    # lists -----------------------------------------------------------------------------------------------------

    def _connection(
        self, record: RecordType, link: RecordType | None, entries: Iterable[Entry], arguments: Mapping[str, Any]
    ) -> Any:
        chosen = [
            entry
            for entry in entries
            if matches(self.rows, record, entry.row, arguments.get("filter") or {})
            if link is None or matches(self.rows, link, entry.link or {}, arguments.get("through") or {})
        ]
        keys = sort_keys(record, link, arguments.get("orderBy") or ())
        page = page_of(
            chosen,
            keys,
            first=arguments.get("first"),
            last=arguments.get("last"),
            after=self._position(arguments.get("after"), keys),
            before=self._position(arguments.get("before"), keys),
        )
        return {
            "edges": lambda: [self._edge(record, link, entry, keys) for entry in page.entries],
            "nodes": lambda: [Found(record, entry.row) for entry in page.entries],
            "pageInfo": lambda: self._page_info(page.entries, keys, page.has_next, page.has_previous),
            "totalCount": len(chosen),
            "aggregates": lambda: figures(record, chosen),
        }

    def _position(self, cursor: str | None, keys: tuple[SortKey, ...]) -> Position | None:
        if cursor is None:
            return None
        known = self.cursors[cursor]
        assert known.keys == keys
        return known.position

    def _edge(self, record: RecordType, link: RecordType | None, entry: Entry, keys: tuple[SortKey, ...]) -> Any:
        edge: dict[str, Any] = {
            "cursor": CursorOf(keys, position(keys, entry)),
            "node": Found(record, entry.row),
        }
        if link is not None and entry.link is not None:
            for member in link.members.values():
                if isinstance(member, Column):
                    edge[member.api] = self._column(link, entry.link, member)
            edge["linkId"] = f"{link.prefix}_{entry.link['id']}"
        return edge

    @staticmethod
    def _page_info(entries: Sequence[Entry], keys: tuple[SortKey, ...], has_next: bool, has_previous: bool) -> Any:
        # of one list
        ends = [CursorOf(keys, position(keys, entry)) for entry in (entries[:1] + entries[-1:])]  # type: ignore[operator]
        return {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": ends[0] if ends else None,
            "endCursor": ends[-1] if ends else None,
        }


def _formatted(row: Row) -> list[str]:
    named = {
        name: row[name] for name in ("city", "district", "state_code", "state_name", "postal_code", "country_code")
    }
    return format_address(PostalAddress(street_lines=tuple(row["street_lines"]), **named))


class Cursors:
    """Which cursor of the API means which place; the same place has one cursor, and one cursor means one place."""

    def __init__(self, known: dict[str, CursorOf]) -> None:
        self.known = known
        self._texts: dict[CursorOf, str] = {text: cursor for cursor, text in known.items()}

    def learn(self, text: str, meaning: CursorOf) -> bool:
        """Note what a cursor means; false if it contradicts what is known."""
        return self.known.setdefault(text, meaning) == meaning and self._texts.setdefault(meaning, text) == text


def difference(cursors: Cursors, expected: Any, given: Any, path: tuple[Any, ...] = ()) -> str | None:
    """Where two answers differ first, or None; cursors are compared by what they mean."""
    if isinstance(expected, CursorOf):
        fine = isinstance(given, str) and cursors.learn(given, expected)
        return None if fine else f"{path}: {given!r} is not the cursor of {expected}"
    if isinstance(expected, Mapping):
        if not isinstance(given, Mapping) or list(expected) != list(given):
            return f"{path}: {given!r} has other keys than {list(expected)}"
        inner = ((key, value, given[key]) for key, value in expected.items())
    elif isinstance(expected, list):
        if not isinstance(given, list) or len(expected) != len(given):
            return f"{path}: {given!r} instead of {expected!r}"
        inner = ((place, value, given[place]) for place, value in enumerate(expected))
    else:
        same = type(expected) is type(given) and expected == given
        return None if same else f"{path}: {given!r} instead of {expected!r}"
    return next((found for key, a, b in inner if (found := difference(cursors, a, b, (*path, key)))), None)
