"""The writer of one connection: a page of records and what is asked about it, as JSON text."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .aggregates import aggregate_pieces, reads_rows
from .marking import cursor_mark, note_figures, note_list, row_mark, way_mark
from .ordering import Ordering, beyond, cursor_pieces, order_by
from .pages import Base, Shape, all_met, page_size
from .scope import Compilation, PageRows, Rows, Table
from .selection import (
    Aggregates,
    ConnectionPart,
    ConnectionSelection,
    Constant,
    Cursor,
    Edges,
    Node,
    Nodes,
    PageInfo,
    Selection,
    TotalCount,
)
from .text import Pieces, Sql, concatenated, separated


class Objects(Protocol):
    """What writes the records of a page."""

    def object(self, rows: Rows, fields: Sequence[Selection], path: tuple[str, ...]) -> Pieces:
        """The JSON object of one row."""
        ...

    def field(self, rows: Rows, field: Selection, path: tuple[str, ...]) -> Pieces:
        """One member of such an object, its name included."""
        ...


class ConnectionWriter:
    """Writes one connection, at any depth of a statement whose root field is `root`."""

    def __init__(
        self,
        compilation: Compilation,
        connection: ConnectionSelection,
        owner: Rows | None,
        root: str,
        path: tuple[str, ...],
        objects: Objects,
    ) -> None:
        self.compilation = compilation
        self.dialect = compilation.dialect
        self.connection = connection
        self.page = connection.page
        self.path = path
        self.objects = objects
        where = ".".join((root, *(step for step in path if step != "*")))
        size, backwards = page_size(self.page.first, self.page.last, where)
        self.base = Base(compilation, connection, owner, where)
        # members that a stored filter may find come in one order, whether they are linked or found
        is_stored = connection.member is not None and connection.member.stored_filter is not None
        sorted_link = None if is_stored else connection.link
        ordering = order_by(compilation, connection.record, sorted_link, self.page.order, where)
        note_list(compilation, connection, ordering)
        if ordering.extension:
            self.base.tables["e"] = Table(record=ordering.extension, alias="e")
        self.rows = PageRows(record=connection.record, alias=compilation.alias())
        if self.base.is_all and ordering.is_by_key:
            # in the order of their keys, rows and their extensions lie side by side; where rows are sorted, to join
            # them before that would be to join all there are
            self.rows.beside = {}
        self.link = self.rows.of_link(connection.link) if connection.link else None
        facts = {fact for part in connection.parts if isinstance(part, PageInfo) for _, fact in part.facts}
        peeks = bool(facts & {"hasPreviousPage" if backwards else "hasNextPage"})
        ends = bool(facts & {"startCursor", "endCursor"})
        self.needs_rows = peeks or ends or any(isinstance(part, Nodes | Edges) for part in connection.parts)
        counted = peeks or ends or backwards
        self.shape = Shape(where=where, ordering=ordering, size=size, backwards=backwards, peeks=peeks, counted=counted)

    def statement(self) -> str:
        """The statement."""
        page, rows, parts = self.page, self.rows, self.connection.parts
        text = concatenated(["{", *separated(map(self._part, parts)), "}"])
        conditions = [*self.base.conditions, *self._bounds(self.shape.ordering, self.base.tables)]
        if self.needs_rows:
            return f"select {text} from ({self._page(conditions)}) {rows.alias}"
        if page.after is None and page.before is None and any(map(_is_counted, parts)):
            return f"select {text}"
        # every parameter stands in the statement, so that cursors and filters are checked whatever is asked for
        found = f"exists (select 1 from {self.base.source(self.shape.ordering)} where {all_met(conditions)})"
        return f"select {text} where ({found}) is not null"

    def _bounds(self, ordering: Ordering, tables: Mapping[str, Table]) -> list[str]:
        """The conditions of the rows between the cursors."""
        bounds: list[str] = []
        for cursor, is_after in ((self.page.after, True), (self.page.before, False)):
            if cursor is not None:
                side = f"{self.shape.where}.{'after' if is_after else 'before'}"
                bounds.append(beyond(self.compilation, ordering, tables, cursor, side, after=is_after))
        return bounds

    def _joins(self) -> str:
        """The extensions that are read along, each between the same cursors, so that it is not read from its start."""
        joins: list[str] = []
        for table in (self.rows.beside or {}).values():
            bounds = self._bounds(self.shape.ordering.of_extension(table.record), {"t": table})
            met = all_met([f"{table.key} = t.{self.rows.record.key}", *bounds])
            joins.append(f" left join {table.record.table} {table.alias} on {met}")
        return "".join(joins)

    def _page(self, conditions: Sequence[str]) -> str:
        """The rows of the page: limited in the order they are read, then numbered and turned around if need be."""
        base, shape, ordering = self.base, self.shape, self.shape.ordering
        expressions = [base.tables[key.source].column(key.column.name) for key in ordering.keys]
        held = ",".join(f"{inner} as {name}" for name, inner in self.rows.used.items()) or "1 as one"
        order = ordering.sql(self.compilation, expressions, reverse=shape.backwards)
        limit = shape.size + (1 if shape.peeks else 0)
        source = f"{base.source(ordering)}{self._joins()}"
        text = f"select {held} from {source} where {all_met(conditions)} order by {order} limit {limit}"
        if shape.counted:
            text = f"select *,row_number() over () as rn from ({text}) n"
            if shape.backwards:
                text = f"select * from ({text}) r order by rn desc"
        return text

    def _part(self, part: Any) -> Pieces:
        name = f'"{part.key}":'
        here = (*self.path, part.key, "*")
        base, rows, link, met = self.base, self.rows, self.link, all_met(self.base.conditions)
        match part:
            case Constant():
                return [f'{name}"{part.text}"']
            case Nodes():
                way = way_mark(self.compilation, self.connection.member, rows, link)
                return [name, "[", self._joined([*way, *self.objects.object(rows, part.fields, here)]), "]"]
            case Edges():
                fields = [self._edge_field(field, here) for field in part.fields]
                mark = row_mark(self.compilation, link or rows, part.fields)
                way = way_mark(self.compilation, self.connection.member, rows, link)
                return [name, "[", self._joined(["{", *mark, *way, *separated(fields), "}"]), "]"]
            case TotalCount():
                count = f"select count(*) from {base.source()} where {met}"
                return [name, Sql(f"cast(({count}) as text)")]
            case Aggregates():
                note_figures(self.compilation, part, base.rows.record, ".".join((self.shape.where, part.key)))
                return [name, *aggregate_pieces(self.compilation, part, base.source(), met, base.rows)]
            case PageInfo():
                return [name, "{", *separated(self._fact(key, fact) for key, fact in part.facts), "}"]
            case _:
                raise TypeError(part)

    def _joined(self, pieces: Pieces) -> Sql:
        shape, alias = self.shape, self.rows.alias
        order = (f"{alias}.rn desc" if shape.backwards else f"{alias}.rn") if shape.counted else None
        within = f"{alias}.rn <= {shape.size}" if shape.peeks else None
        return Sql(f"coalesce({self.dialect.joined(concatenated(pieces), order, within)},'')")

    def _edge_field(self, field: Any, path: tuple[str, ...]) -> Pieces:
        match field:
            case Cursor():
                return [f'"{field.key}":"', Sql(self._cursor()), '"']
            case Node():
                return [f'"{field.key}":', *self.objects.object(self.rows, field.fields, (*path, field.key))]
            case Constant():
                return [f'"{field.key}":"{field.text}"']
            case _:
                return self.objects.field(self.link or self.rows, field, path)

    def _cursor(self) -> str:
        ordering, rows, link = self.shape.ordering, self.rows, self.link
        for key in ordering.keys:
            if key.source == "e":
                rows.used[key.name] = f"e.{key.column.name}"
        text = self.dialect.hexadecimal(concatenated(cursor_pieces(self.compilation, ordering, rows, link)))
        return concatenated([*cursor_mark(self.compilation, ordering, rows, link), Sql(text)])

    def _fact(self, key: str, fact: str) -> Pieces:
        name, base, shape = f'"{key}":', self.base, self.shape
        match fact:
            case "__typename":
                return [f'{name}"PageInfo"']
            case "startCursor" | "endCursor":
                return [name, self._end_cursor(fact)]
            case "hasNextPage" if not shape.backwards:
                return [name, Sql(f"case when count(*) > {shape.size} then 'true' else 'false' end")]
            case "hasPreviousPage" if shape.backwards:
                return [name, Sql(f"case when count(*) > {shape.size} then 'true' else 'false' end")]
            case _:
                cursor = self.page.before if shape.backwards else self.page.after
                if cursor is None:
                    return [name, "false"]
                side = f"{shape.where}.{'before' if shape.backwards else 'after'}"
                inside = beyond(self.compilation, shape.ordering, base.tables, cursor, side, after=not shape.backwards)
                met = all_met([*base.conditions, f"({inside}) is not true"])
                exists = f"exists (select 1 from {base.source(shape.ordering)} where {met})"
                return [name, Sql(f"case when {exists} then 'true' else 'false' end")]

    def _end_cursor(self, fact: str) -> Sql:
        """The cursor of the first or last row: picked from all by its number, which leads the text it is picked by."""
        first = (fact == "startCursor") != self.shape.backwards
        number = f"{self.rows.alias}.rn"
        within = f" filter (where {number} <= {self.shape.size})" if self.shape.peeks else ""
        lead = f"substr(cast(1000+{number} as text),2)"
        picked = f"{'min' if first else 'max'}({lead}||{self._cursor()}){within}"
        return Sql(f"coalesce('\"'||substr({picked},4)||'\"','null')")


def _is_counted(part: ConnectionPart) -> bool:
    """Whether a part of a connection looks at all rows that its filter matches."""
    return isinstance(part, TotalCount) or (isinstance(part, Aggregates) and reads_rows(part))
