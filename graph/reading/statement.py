"""The writer of one statement: objects as JSON text, and what they lead to, each level a scalar sub-select."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..catalogue import AnyId, Column, ExtensionField, Kind, RecordType, ToAny, ToOne
from ..errors import GraphError
from .connections import ConnectionWriter
from .dialects import amount
from .filters import narrow
from .marking import row_mark
from .masking import masked
from .pages import all_met
from .plan import MARK, WITHHELD, Completion, Plan
from .scope import Compilation, Ground, PageRows, Rows, Table
from .selection import (
    AnyIdSelection,
    AnySelection,
    ColumnSelection,
    ComputedSelection,
    ConnectionSelection,
    Constant,
    MoneySelection,
    ObjectSelection,
    RecordSelection,
    Selection,
)
from .sight import is_shown_nullable, mask_of
from .stored_filters import STALE, StoredFilter, too_many
from .text import Pieces, Sql, concatenated, literal, separated
from .withholding import refusal, withheld_filters_of

LARGEST_MEMBERS = 1_000_000  # characters of what stored filters find; PostgreSQL plans that for a second or two
MOST_PARAMETERS = 30_000  # that may stand beside those; both databases take a few more


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
        self.withheld: GraphError | None = None
        self._spent = 0  # characters of what stored filters find
        self._is_among_members = False
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
            unasked=frozenset(self.sight.unasked) if self.sight.is_asking else frozenset(),
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
            *separated(self.field(rows, field, path) for field in fields),
            "}",
        ]

    def field(self, rows: Rows, field: Selection, path: tuple[str, ...]) -> Pieces:
        """One member of such an object, its name included."""
        name = f'"{field.key}":'
        here = (*path, field.key)
        match field:
            case Constant():
                return [f'{name}"{field.text}"']
            case ColumnSelection() if (
                target := withheld_filters_of(self.compilation, rows.record, field.column)
            ) is not None:
                return [name, Sql(self._shown_filter(rows, field.column, target))]
            case ColumnSelection():
                return [name, *self.value(rows, field.column)]
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
            case RecordSelection(member=ExtensionField()) if isinstance(rows, PageRows) and rows.beside is not None:
                return [name, Sql(self._beside(rows, rows.beside, field, here))]
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

    def value(self, rows: Rows, column: Column) -> Pieces:
        """A column's value in JSON, or what stands in its place for a caller who may not read it."""
        expression, prefix = rows.column(column.name), rows.record.prefix
        if self.sight.is_masked(rows.record, column):
            return [masked(self.dialect, expression, mask_of(column))]
        if column.nullable or column.kind is column.kind.BOOLEAN:
            return [Sql(f"coalesce({self.dialect.json(expression, column, prefix)},'null')")]
        return self.dialect.pieces(expression, column, prefix)

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
        completion = Completion(path=path, field=field.field, plugin=rows.record.plugin, mark=mark)
        if mark is None or completion not in self.compilation.completions:  # two types may lead to the same field
            self.compilation.completions.append(completion)
        needs = [rows.record.columns[need] for need in field.field.computed.needs]
        pieces = [[f'"{need.name}":', *self.value(rows, need)] for need in needs]
        return ["{", *separated([*pieces, [f'"{MARK}":"{mark}"']] if mark else pieces), "}"]

    def _to_one(self, record: RecordType, fields: Sequence[Selection], key: str, path: tuple[str, ...]) -> str:
        target = Table(record=record, alias=self.compilation.alias())
        conditions = " and ".join([f"{target.key} = {key}", *self.compilation.live(target)])
        text = concatenated(self.object(target, fields, path))
        return f"select {text} from {record.table} {target.alias} where {conditions}"

    def _beside(self, rows: PageRows, beside: dict[str, Table], field: RecordSelection, path: tuple[str, ...]) -> str:
        if field.record.name not in beside:
            beside[field.record.name] = Table(record=field.record, alias=self.compilation.alias())
        found = rows.of_extension(beside[field.record.name])
        return (
            f"case when {found.key} is null then 'null' else {concatenated(self.object(found, field.fields, path))} end"
        )

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
        among, self._is_among_members = self._is_among_members, True
        before = len(self.compilation.completions)
        cases = [f"when {rows.column(stored_filter)} is null then ({self.connection(field, owner=rows, path=path)})"]
        completions = len(self.compilation.completions)
        stored = self.ground.stored
        # members of members' groups are as many times as many: these statements hold just what they meet
        for one in stored.of(rows.record) if stored.is_own or not among else ():
            met: tuple[Mapping[str, Any], ...] = (one.filter, *([field.page.filter] if field.page.filter else []))
            free = replace(field, member=None, link=None, page=replace(field.page, filter={"and": met}))
            where = f"{self.root}.storedFilter"
            refused = refusal(self.compilation, field.record, one.filter, where, field.page.filter)
            if refused is not None:
                self.withheld = refused
                cases.append(f"when {_is(one, rows)} then {literal(WITHHELD)}")
                continue
            spent = self._spent
            cases.append(f"when {_is(one, rows)} then ({self.connection(free, owner=None, path=path)})")
            self._spent = spent + len(cases[-1])  # what is nested in it included
            if self._spent > LARGEST_MEMBERS or len(self.compilation.parameters) > MOST_PARAMETERS:
                if stored.is_own:
                    raise too_many(self.root)
                break
        del self.compilation.completions[max(completions, before) :]  # each case has the same shape as the first
        self._is_among_members = among
        return f"case {' '.join(cases)} else {self._missed(rows)} end"

    def _shown_filter(self, rows: Rows, column: Column, target: RecordType) -> str:
        """A stored filter where the caller may use it, else null."""
        self.reads_stored = True
        cases = [f"when {rows.column(column.name)} is null then 'null'"]
        for one in self.ground.stored.of(rows.record):
            refused = refusal(self.compilation, target, one.filter, f"{self.root}.storedFilter")
            shown = concatenated(self.value(rows, column)) if refused is None else "'null'"
            cases.append(f"when {_is(one, rows)} then {shown}")
        return f"case {' '.join(cases)} else {self._missed(rows)} end"

    def _missed(self, rows: Rows) -> str:
        """What is answered in place of what hangs on a stored filter that the statement doesn't hold."""
        return concatenated([STALE, Sql(self.dialect.plain(rows.key, Kind.ID)), STALE])

    def connection(self, connection: ConnectionSelection, owner: Rows | None, path: tuple[str, ...]) -> str:
        """The statement for a page of records and what is asked about it."""
        return ConnectionWriter(self.compilation, connection, owner, self.root, path, self).statement()


def _is(stored: StoredFilter, rows: Rows) -> str:
    """The condition that a row is the one that a stored filter was read of, as it was then."""
    return f"cast({rows.key} as text) = '{stored.id}' and {rows.column('version')} = {stored.version}"
