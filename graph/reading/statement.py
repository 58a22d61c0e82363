"""The writer of one statement: objects, connections and pages as JSON text, each level a scalar sub-select."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..catalogue import AnyId, Column, ExtensionField, Kind, RecordType, ToAny, ToOne
from ..errors import Forbidden
from .aggregates import aggregate_pieces, reads_rows
from .dialects import amount
from .filters import narrow
from .marking import note_figures, row_mark
from .masking import masked
from .ordering import Ordering, beyond, cursor_pieces, order_by
from .pages import Base, Shape, all_met, page_size
from .plan import MARK, WITHHELD, Completion, Plan
from .scope import Compilation, Ground, PageRows, Rows, Table
from .selection import (
    Aggregates,
    AnyIdSelection,
    AnySelection,
    ColumnSelection,
    ComputedSelection,
    ConnectionPart,
    ConnectionSelection,
    Constant,
    Cursor,
    Edges,
    MoneySelection,
    Node,
    Nodes,
    ObjectSelection,
    Page,
    PageInfo,
    RecordSelection,
    Selection,
    TotalCount,
)
from .sight import is_shown_nullable, mask_of
from .stored_filters import STALE
from .text import Pieces, Sql, concatenated, literal, separated
from .withholding import refusal, shown_filter


class StatementWriter:
    """Writes one statement; messages begin with the root field that `where` begins with."""

    def __init__(self, ground: Ground, where: str) -> None:
        self.ground = ground
        self.root = where.partition(".")[0]
        self.catalogue = ground.catalogue
        self.dialect = ground.dialect
        self.sight = ground.sight
        self.compilation = Compilation(ground.catalogue, ground.dialect, ground.sight, narrow)
        self.reads_stored = False
        self.withheld: Forbidden | None = None
        self._marks = False  # within a record that may be of any type

    def plan(self, statement: str) -> Plan:
        """The finished plan."""
        return Plan(
            statement=statement,
            parameters=tuple(self.compilation.parameters),
            completions=tuple(self.compilation.completions),
            signature=self.ground.stored.signature if self.reads_stored else None,
            withheld=self.withheld,
            classified=tuple(self.compilation.classified),
        )

    def belong(self, record: RecordType) -> None:
        """Note the type that the completions written since the last call belong to."""
        known = self.compilation.completions
        known[:] = [one if one.record else replace(one, record=record.name) for one in known]

    def single(self, rows: Table, fields: Sequence[Selection], conditions: Sequence[str]) -> str:
        """The statement for the one live record that meets the conditions."""
        met = " and ".join([*conditions, *self.compilation.live(rows)])
        return f"select {concatenated(self.object(rows, fields, path=()))} from {rows.record.table} r where {met}"

    # objects ---------------------------------------------------------------------------------------------------

    def object(self, rows: Rows, fields: Sequence[Selection], path: tuple[str, ...]) -> Pieces:
        """The JSON object of one row."""
        return [
            "{",
            *row_mark(self.compilation, rows, fields),
            *separated(self._field(rows, field, path) for field in fields),
            "}",
        ]

    def _field(self, rows: Rows, field: Selection, path: tuple[str, ...]) -> Pieces:
        name = f'"{field.key}":'
        here = (*path, field.key)
        match field:
            case Constant():
                return [f'{name}"{field.text}"']
            case ColumnSelection() if (shown := shown_filter(self.compilation, rows.record, field.column)) is not None:
                return [name, *self._waiting(rows, ComputedSelection(key=field.key, field=shown), here)]
            case ColumnSelection():
                return [name, self.value(rows, field.column)]
            case MoneySelection():
                return [name, self._money(rows, field)]
            case ObjectSelection():
                return [name, *self._group(rows, field, here)]
            case ComputedSelection() if self.sight.is_masked(rows.record, field.field):
                return [name, "null"]
            case ComputedSelection():
                return [name, *self._waiting(rows, field, here)]
            case RecordSelection() if self._is_masked(rows, field.member):
                return [name, "null"]
            case RecordSelection():
                key = rows.column(field.member.column) if isinstance(field.member, ToOne) else rows.key
                return [name, Sql(f"coalesce(({self._to_one(field.record, field.fields, key, here)}),'null')")]
            case AnySelection() | AnyIdSelection() if self._is_masked(rows, field.member):
                return [name, "null"]
            case AnySelection():
                return [name, Sql(self._any(rows, field, here))]
            case AnyIdSelection():
                return [name, Sql(self._any_id(rows, field.member.reference))]
            case ConnectionSelection() if field.member is not None and field.member.stored_filter is not None:
                return [name, Sql(self._members(field, field.member.stored_filter, rows, here))]
            case ConnectionSelection():
                return [name, Sql(f"({self.connection(field, owner=rows, path=here)})")]

    def value(self, rows: Rows, column: Column) -> Sql:
        """A column's value in JSON, or what stands in its place for a caller who may not read it."""
        if self.sight.is_masked(rows.record, column):
            return masked(self.dialect, rows.column(column.name), mask_of(column))
        text = self.dialect.json(rows.column(column.name), column, rows.record.prefix)
        return Sql(f"coalesce({text},'null')" if column.nullable or column.kind is column.kind.BOOLEAN else f"({text})")

    def _money(self, rows: Rows, field: MoneySelection) -> Sql:
        value, currency = rows.column(field.column.name), rows.column(str(field.column.currency))
        shown = currency if field.part == "currency" else amount(value, currency)
        return Sql(f"coalesce('\"'||{shown}||'\"','null')")

    def _group(self, rows: Rows, field: ObjectSelection, path: tuple[str, ...]) -> Pieces:
        """A group is null where every column in it is null, or masked as null, and could be."""
        masks = {c.name: mask_of(c) for c in field.columns if self.sight.is_masked(rows.record, c)}
        shown = [column for column in field.columns if column.name not in masks or masks[column.name].text is not None]
        if not shown:
            return ["null"]
        pieces = self.object(rows, field.fields, path)
        if not all(map(is_shown_nullable, field.columns)):
            return pieces
        absent = " and ".join(f"{rows.column(column.name)} is null" for column in shown)
        return [Sql(f"case when {absent} then 'null' else {concatenated(pieces)} end")]

    def _is_masked(self, rows: Rows, member: Any) -> bool:
        """Whether the caller may not know what a reference leads to."""
        if isinstance(member, ExtensionField):
            return False
        return self.sight.is_masked(rows.record, member.reference if isinstance(member, AnyId) else member)

    def _waiting(self, rows: Rows, field: ComputedSelection, path: tuple[str, ...]) -> Pieces:
        """What a computed field needs, in the place where it will stand."""
        mark = f"{rows.record.name}.{field.field.name}" if self._marks else None
        completion = Completion(path=path, field=field.field, mark=mark)
        if mark is None or completion not in self.compilation.completions:  # two types may lead to the same field
            self.compilation.completions.append(completion)
        needs = [rows.record.columns[need] for need in field.field.computed.needs]
        pieces = [[f'"{need.name}":', self.value(rows, need)] for need in needs]
        return ["{", *separated([*pieces, [f'"{MARK}":"{mark}"']] if mark else pieces), "}"]

    def _to_one(self, record: RecordType, fields: Sequence[Selection], key: str, path: tuple[str, ...]) -> str:
        target = Table(record=record, alias=self.compilation.alias())
        conditions = " and ".join([f"{target.key} = {key}", *self.compilation.live(target)])
        text = concatenated(self.object(target, fields, path))
        return f"select {text} from {record.table} {target.alias} where {conditions}"

    def _any(self, rows: Rows, field: AnySelection, path: tuple[str, ...]) -> str:
        """The record that a reference leads to, looked for among those of its type alone."""
        marks, self._marks = self._marks, True
        key, type_ = rows.column(field.member.column), rows.column(field.member.type_column)
        found = [(record.prefix, self._to_one(record, fields, key, path)) for record, fields in field.choices]
        self._marks = marks
        cases = " ".join(f"when '{prefix}' then ({statement})" for prefix, statement in found)
        return f"coalesce(case {type_} {cases} end,'null')"

    def _any_id(self, rows: Rows, reference: ToAny) -> str:
        key, type_ = rows.column(reference.column), rows.column(reference.type_column)
        shown = f"coalesce('\"'||{type_}||'_'||{self.dialect.plain(key, Kind.ID)}||'\"','null')"
        cases: list[str] = []
        for name in reference.targets if self.sight.is_asking else ():
            target = Table(record=self.catalogue[name], alias=self.compilation.alias())
            if unhidden := self.compilation.unhidden(target):
                there = all_met([f"{target.key} = {key}", *unhidden])
                found = f"exists (select 1 from {target.record.table} {target.alias} where {there})"
                cases.append(f"when {type_} = '{target.record.prefix}' and not {found} then 'null'")
        return f"case {' '.join(cases)} else {shown} end" if cases else shown

    def _members(self, field: ConnectionSelection, stored_filter: str, rows: Rows, path: tuple[str, ...]) -> str:
        """The records linked to a row, or those that its stored filter matches, as far as that filter is known."""
        self.reads_stored = True
        before = len(self.compilation.completions)
        cases = [f"when {rows.column(stored_filter)} is null then ({self.connection(field, owner=rows, path=path)})"]
        completions = len(self.compilation.completions)
        for one in self.ground.stored.of(rows.record):
            met: tuple[Mapping[str, Any], ...] = (one.filter, *([field.page.filter] if field.page.filter else []))
            free = replace(field, member=None, link=None, page=replace(field.page, filter={"and": met}))
            same = f"cast({rows.key} as text) = '{one.id}' and {rows.column('version')} = {one.version}"
            if self._may_use(field.record, one.filter):
                cases.append(f"when {same} then ({self.connection(free, owner=None, path=path)})")
            else:
                cases.append(f"when {same} then {literal(WITHHELD)}")
        del self.compilation.completions[max(completions, before) :]  # each case has the same shape as the first
        return f"case {' '.join(cases)} else {literal(STALE)} end"

    def _may_use(self, record: RecordType, filter_: Mapping[str, Any]) -> bool:
        """Whether the caller may use a stored filter; where it is met by one who may not, the answer is withheld."""
        refused = refusal(self.compilation, record, filter_, f"{self.root}.storedFilter")
        self.withheld = refused or self.withheld
        return refused is None

    # connections -----------------------------------------------------------------------------------------------

    def connection(self, connection: ConnectionSelection, owner: Rows | None, path: tuple[str, ...]) -> str:
        """The statement for a page of records and what is asked about it."""
        where = ".".join((self.root, *(step for step in path if step != "*")))
        page = connection.page
        size, backwards = page_size(page.first, page.last, where)
        base = Base(self.compilation, connection, owner, where)
        # members that a stored filter may find come in one order, whether they are linked or found
        is_stored = connection.member is not None and connection.member.stored_filter is not None
        sorted_link = None if is_stored else connection.link
        ordering = order_by(self.compilation, connection.record, sorted_link, page.order, where)
        if ordering.extension:
            base.tables["e"] = Table(record=ordering.extension, alias="e")
        rows = PageRows(record=connection.record, alias=self.compilation.alias())
        link = rows.of_link(connection.link) if connection.link else None
        facts = {fact for part in connection.parts if isinstance(part, PageInfo) for _, fact in part.facts}
        peeks = bool(facts & {"hasPreviousPage" if backwards else "hasNextPage"})
        ends = bool(facts & {"startCursor", "endCursor"})
        needs_rows = peeks or ends or any(isinstance(part, Nodes | Edges) for part in connection.parts)
        counted = peeks or ends or backwards
        shape = Shape(where=where, ordering=ordering, size=size, backwards=backwards, peeks=peeks, counted=counted)
        pieces = separated(self._part(part, connection, base, rows, link, shape, path) for part in connection.parts)
        text = concatenated(["{", *pieces, "}"])
        conditions = self._between(base, shape, page)
        if needs_rows:
            return f"select {text} from ({self._page(base, rows, shape, conditions)}) {rows.alias}"
        if page.after is None and page.before is None and any(map(_is_counted, connection.parts)):
            return f"select {text}"
        # every parameter stands in the statement, so that cursors and filters are checked whatever is asked for
        found = f"exists (select 1 from {base.source(ordering)} where {all_met(conditions)})"
        return f"select {text} where ({found}) is not null"

    def _between(self, base: Base, shape: Shape, page: Page) -> list[str]:
        """The conditions of the rows between the cursors."""
        conditions = list(base.conditions)
        for cursor, is_after in ((page.after, True), (page.before, False)):
            if cursor is not None:
                side = f"{shape.where}.{'after' if is_after else 'before'}"
                conditions.append(beyond(self.compilation, shape.ordering, base.tables, cursor, side, after=is_after))
        return conditions

    def _page(self, base: Base, rows: PageRows, shape: Shape, conditions: Sequence[str]) -> str:
        """The rows of the page: limited in the order they are read, then numbered and turned around if need be."""
        ordering = shape.ordering
        expressions = [base.tables[key.source].column(key.column.name) for key in ordering.keys]
        held = ",".join(f"{inner} as {name}" for name, inner in rows.used.items()) or "1 as one"
        order = ordering.sql(self.compilation, expressions, reverse=shape.backwards)
        limit = shape.size + (1 if shape.peeks else 0)
        text = f"select {held} from {base.source(ordering)} where {all_met(conditions)} order by {order} limit {limit}"
        if shape.counted:
            text = f"select *,row_number() over () as rn from ({text}) n"
            if shape.backwards:
                text = f"select * from ({text}) r order by rn desc"
        return text

    def _part(
        self,
        part: Any,
        connection: ConnectionSelection,
        base: Base,
        rows: PageRows,
        link: Rows | None,
        shape: Shape,
        path: tuple[str, ...],
    ) -> Pieces:
        name = f'"{part.key}":'
        here = (*path, part.key, "*")
        match part:
            case Constant():
                return [f'{name}"{part.text}"']
            case Nodes():
                return [name, "[", self._joined(self.object(rows, part.fields, here), rows, shape), "]"]
            case Edges():
                fields = [self._edge_field(field, rows, link, shape.ordering, here) for field in part.fields]
                mark = row_mark(self.compilation, link or rows, part.fields)
                return [name, "[", self._joined(["{", *mark, *separated(fields), "}"], rows, shape), "]"]
            case TotalCount():
                count = f"select count(*) from {base.source()} where {all_met(base.conditions)}"
                return [name, Sql(f"cast(({count}) as text)")]
            case Aggregates():
                note_figures(self.compilation, part, base.rows.record, ".".join((shape.where, part.key)))
                return [
                    name,
                    *aggregate_pieces(self.compilation, part, base.source(), all_met(base.conditions), base.rows),
                ]
            case PageInfo():
                facts = [self._fact(key, fact, connection, base, rows, link, shape) for key, fact in part.facts]
                return [name, "{", *separated(facts), "}"]
            case _:
                raise TypeError(part)

    def _joined(self, pieces: Pieces, rows: PageRows, shape: Shape) -> Sql:
        order = (f"{rows.alias}.rn desc" if shape.backwards else f"{rows.alias}.rn") if shape.counted else None
        within = f"{rows.alias}.rn <= {shape.size}" if shape.peeks else None
        return Sql(f"coalesce({self.dialect.joined(concatenated(pieces), order, within)},'')")

    def _edge_field(
        self, field: Any, rows: PageRows, link: Rows | None, ordering: Ordering, path: tuple[str, ...]
    ) -> Pieces:
        match field:
            case Cursor():
                return [f'"{field.key}":"', Sql(self._cursor(ordering, rows, link)), '"']
            case Node():
                return [f'"{field.key}":', *self.object(rows, field.fields, (*path, field.key))]
            case Constant():
                return [f'"{field.key}":"{field.text}"']
            case _:
                return self._field(link or rows, field, path)

    def _cursor(self, ordering: Ordering, rows: PageRows, link: Rows | None) -> str:
        for key in ordering.keys:
            if key.source == "e":
                rows.used[key.name] = f"e.{key.column.name}"
        return self.dialect.hexadecimal(concatenated(cursor_pieces(self.compilation, ordering, rows, link)))

    def _fact(
        self,
        key: str,
        fact: str,
        connection: ConnectionSelection,
        base: Base,
        rows: PageRows,
        link: Rows | None,
        shape: Shape,
    ) -> Pieces:
        name = f'"{key}":'
        page = connection.page
        match fact:
            case "__typename":
                return [f'{name}"PageInfo"']
            case "startCursor" | "endCursor":
                return [name, self._end_cursor(fact, rows, link, shape)]
            case "hasNextPage" if not shape.backwards:
                return [name, Sql(f"case when count(*) > {shape.size} then 'true' else 'false' end")]
            case "hasPreviousPage" if shape.backwards:
                return [name, Sql(f"case when count(*) > {shape.size} then 'true' else 'false' end")]
            case _:
                cursor = page.before if shape.backwards else page.after
                if cursor is None:
                    return [name, "false"]
                side = f"{shape.where}.{'before' if shape.backwards else 'after'}"
                inside = beyond(self.compilation, shape.ordering, base.tables, cursor, side, after=not shape.backwards)
                met = all_met([*base.conditions, f"({inside}) is not true"])
                exists = f"exists (select 1 from {base.source(shape.ordering)} where {met})"
                return [name, Sql(f"case when {exists} then 'true' else 'false' end")]

    def _end_cursor(self, fact: str, rows: PageRows, link: Rows | None, shape: Shape) -> Sql:
        """The cursor of the first or last row: picked from all by its number, which leads the text it is picked by."""
        first = (fact == "startCursor") != shape.backwards
        number = f"{rows.alias}.rn"
        within = f" filter (where {number} <= {shape.size})" if shape.peeks else ""
        lead = f"substr(cast(1000+{number} as text),2)"
        picked = f"{'min' if first else 'max'}({lead}||{self._cursor(shape.ordering, rows, link)}){within}"
        return Sql(f"coalesce('\"'||substr({picked},4)||'\"','null')")


def _is_counted(part: ConnectionPart) -> bool:
    """Whether a part of a connection looks at all rows that its filter matches."""
    return isinstance(part, TotalCount) or (isinstance(part, Aggregates) and reads_rows(part))
