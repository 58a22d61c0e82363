"""Filters: conditions as the API states them, compiled to SQL; logic is two-valued, a null matches null alone."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..catalogue import AnyId, Column, ExtensionField, GroupField, Kind, RecordType, ToAny, ToMany, ToOne
from ..errors import InvalidInput
from ..identity import global_id, parse_any_id
from ..storing import store
from .comparing import Comparer, all_of, any_of, checked, plain
from .marking import note_use
from .scope import Compilation, Table, of_type
from .sight import ways

DEEPEST = 4  # relations that a filter may cross
LISTED_OF_ALL = 2  # the relation from which owners are listed where the filter is tried on all rows of a table,
LISTED_OF_SOME = 3  # and where it may be tried on few of them: a page that is soon full, what belongs to one record
DEEPEST_NESTING = 12  # filters within one another, by relations and by and, or and not
MOST_CONDITIONS = 200


def is_filterable(column: Column) -> bool:
    """A column may be filtered by where an index serves it, where its policy says so, and by id."""
    return (column.indexed or column.policy.filterable or column.name == "id") and column.policy.searchable


def is_comparable(group: GroupField) -> bool:
    """Whether a group may be compared as a whole."""
    return group.whole and all(column.policy.searchable for column in group.columns())


def narrow(compilation: Compilation, rows: Table, filter_: Mapping[str, Any]) -> str:
    """The condition that a plugin's filter sets on the rows that a caller may see."""
    return f"({FilterCompiler(compilation).compile(rows, filter_, 'read_policy')})"


class FilterCompiler:
    """Compiles one filter; counts its conditions, since planning a huge one takes the database seconds.

    From the relation on whose depth is `listed` (1 is the first), rows are not looked for from each owner anew, but the
    owners that have some are listed once. That is for databases which try conditions within conditions as they stand:
    there it takes as long as there are rows, and the other way as long as there are ways from row to row, unless few
    rows are asked about. None never lists.
    """

    def __init__(self, compilation: Compilation, listed: int | None = None) -> None:
        self.compilation = compilation
        self.listed = None if compilation.dialect.plans_whole else listed
        self.values = Comparer(compilation, self._count)
        self.conditions = 0
        self.nesting = 0

    def compile(self, rows: Table, filter_: Mapping[str, Any], where: str, hops: int = 0) -> str:
        """The condition that rows meet which match `filter_`; raises InvalidInput naming what can't be used."""
        self._count(where)
        if self.nesting >= DEEPEST_NESTING:
            raise InvalidInput(
                "FILTER_TOO_DEEP",
                f"{where}: filters nest {DEEPEST_NESTING} levels deep at most; write it with fewer and, or and not.",
                argument=where,
            )
        self.nesting += 1
        try:
            return self._fields(rows, filter_, where, hops)
        finally:
            self.nesting -= 1

    def _count(self, where: str) -> None:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise InvalidInput(
                "FILTER_TOO_LARGE",
                f"{where}: the filter has more than {MOST_CONDITIONS} operators, relations and {{…}}; use in, "
                "or split it.",
                argument=where,
            )

    def _fields(self, rows: Table, filter_: Mapping[str, Any], where: str, hops: int) -> str:
        parts: list[str] = []
        for name, value in filter_.items():
            here = f"{where}.{name}"
            if value is None:
                remedy = _instead_of_null(rows.record, name)
                raise InvalidInput("INVALID_FILTER", f"{here} is null; leave it out{remedy}.", argument=here)
            parts.append(self._condition(rows, name, value, here, hops))
        return all_of(parts)

    def _condition(self, rows: Table, name: str, value: Any, where: str, hops: int) -> str:
        match name:
            case "and":
                return all_of([self.compile(rows, one, f"{where}.{i}", hops) for i, one in enumerate(value)])
            case "or":
                return any_of([self.compile(rows, one, f"{where}.{i}", hops) for i, one in enumerate(value)])
            case "not":
                return f"({self.compile(rows, value, where, hops)}) is not true"
            case _:
                pass
        member = rows.record.members.get(name)
        match member:
            case Column() if is_filterable(member):
                self._check(rows, member, where)
                return self.values.compare(rows, member, value, where)
            case GroupField():
                return self._group(rows, member, value, where)
            case ToOne():
                self._check(rows, member, where)
                return self._to_one(rows, member, value, where, hops)
            case ExtensionField():
                return self._extension(rows, member, value, where, hops)
            case AnyId():
                self._check(rows, member.reference, where)
                return self._any_id(rows, member.reference, value, where)
            case ToMany():
                self.compilation.sight.check_way(self.compilation.catalogue, member, where)
                for record, link in ways(self.compilation.catalogue, member):
                    note_use(self.compilation, record, [link])
                return self._to_many(rows, member, value, where, hops)
            case None if (link := self._foreign_key(rows.record, name)) is not None:
                self._check(rows, link, where)
                return self._id_of(rows, link, value, where)
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {rows.record.name} has no field {name!r} to filter by.", argument=where
                )

    def _check(self, rows: Table, member: Column | ToOne | ToAny, where: str) -> None:
        self.compilation.sight.check(rows.record, member, where, "filtered")
        note_use(self.compilation, rows.record, [member])

    @staticmethod
    def _foreign_key(record: RecordType, name: str) -> ToOne | None:
        return next((link for link in record.to_ones.values() if f"{link.api}Id" == name), None)

    # groups and relations --------------------------------------------------------------------------------------

    def _group(self, rows: Table, group: GroupField, value: Mapping[str, Any], where: str) -> str:
        parts: list[str] = []
        for name, condition in value.items():
            here = f"{where}.{name}"
            member = group.members.get(name)
            if condition is None:
                raise InvalidInput("INVALID_FILTER", f"{here} is null; leave it out.", argument=here)
            if name == "eq" and is_comparable(group):
                for column in group.columns():
                    self._check(rows, column, here)
                parts.append(self._whole(rows, group, condition, here))
            elif isinstance(member, GroupField):
                parts.append(self._group(rows, member, condition, here))
            elif member is not None and is_filterable(member):
                self._check(rows, member, here)
                parts.append(self.values.compare(rows, member, condition, here))
            else:
                raise InvalidInput("INVALID_FILTER", f"{where} has no {name!r} to filter by.", argument=here)
        return all_of(parts)

    def _whole(self, rows: Table, group: GroupField, value: Mapping[str, Any], where: str) -> str:
        """A group equals a value when every element given is equal and every element left out is null or empty.

        A group within the group is given by any of its elements: a country by its code alone.
        """
        parts: list[str] = []
        for name, member in group.members.items():
            given = value.get(name)
            if isinstance(member, GroupField):
                for inner, column in member.members.items():
                    element = cast(Mapping[str, Any], given or {}).get(inner)
                    if isinstance(column, Column) and (element is not None or not given):
                        parts.append(self._same(rows, column, element, f"{where}.{name}.{inner}"))
            else:
                parts.append(self._same(rows, member, given, f"{where}.{name}"))
        return all_of(parts)

    def _same(self, rows: Table, column: Column, value: Any, where: str) -> str:
        if column.kind is Kind.TEXT_LIST:

            def stored(lines: Any) -> str:
                return store(Kind.TEXT_LIST, [checked(line) for line in lines or ()], "sqlite")

            bound = self.compilation.parameter(plain(value), stored, where, Kind.TEXT, "list")
            return f"{rows.column(column.name)} = {bound}"
        return self.values.operation(rows, column, "eq", value, where)

    def _to_one(self, rows: Table, link: ToOne, value: Mapping[str, Any], where: str, hops: int) -> str:
        inner = Table(record=self.compilation.catalogue[link.target], alias=self.compilation.alias())
        conditions = [
            *self.compilation.live(inner),
            self.compile(inner, value, where, self._deeper(hops, where)),
        ]
        if _is_selective(value):
            chosen = f"select {inner.key} from {inner.record.table} {inner.alias} where {all_of(conditions)}"
            return f"{rows.column(link.column)} in ({chosen})"
        conditions.insert(0, f"{inner.key} = {rows.column(link.column)}")
        return f"exists (select 1 from {inner.record.table} {inner.alias} where {all_of(conditions)})"

    def _extension(self, rows: Table, member: ExtensionField, value: Mapping[str, Any], where: str, hops: int) -> str:
        inner = Table(record=self.compilation.catalogue[member.target], alias=self.compilation.alias())
        condition = self.compile(inner, value, where, hops)
        if _is_selective(value):
            return f"{rows.key} in (select {inner.key} from {inner.record.table} {inner.alias} where {condition})"
        return (
            f"exists (select 1 from {inner.record.table} {inner.alias} where {inner.key} = {rows.key} and {condition})"
        )

    def _id_of(self, rows: Table, link: ToOne, operations: Mapping[str, Any], where: str) -> str:
        """Conditions on a foreign key itself; a deleted record counts as none."""
        inner = Table(record=self.compilation.catalogue[link.target], alias=self.compilation.alias())
        conditions = [f"{inner.key} = {rows.column(link.column)}", *self.compilation.live(inner)]
        exists = f"exists (select 1 from {inner.record.table} {inner.alias} where {all_of(conditions)})"
        id_column = inner.record.columns["id"]
        convert, purpose = self.values.converter(inner.record, id_column)
        column = rows.column(link.column)

        def same(value: Any, here: str) -> str:
            return f"{column} = {self.compilation.parameter(value, convert, here, Kind.ID, purpose)}"

        def among(value: Any, here: str) -> str:
            return self.values.one_of(column, id_column, value, here, convert, f"in {purpose}")

        return self._reference(operations, where, exists, same, among)

    def _any_id(self, rows: Table, link: ToAny, operations: Mapping[str, Any], where: str) -> str:
        """Conditions on a reference to any record; a deleted record counts as none."""
        catalogue, kind = self.compilation.catalogue, self.compilation.dialect.kind
        key, type_ = rows.column(link.column), rows.column(link.type_column)
        cases: list[str] = []
        for name in link.targets:
            inner = Table(record=catalogue[name], alias=self.compilation.alias())
            conditions = [f"{inner.key} = {key}", *self.compilation.live(inner)]
            found = f"exists (select 1 from {inner.record.table} {inner.alias} where {all_of(conditions)})"
            cases.append(f"when '{inner.record.prefix}' then {found}")
        exists = f"case {type_} {' '.join(cases)} else false end"
        id_column = catalogue[link.targets[0]].columns["id"]

        def uuid(value: Any) -> Any:
            return store(Kind.ID, parse_any_id(catalogue, link, value)[1], kind)

        def prefix(value: Any) -> str:
            return parse_any_id(catalogue, link, value)[0].prefix

        def whole(value: Any) -> str:
            return global_id(*parse_any_id(catalogue, link, value))

        def same(value: Any, here: str) -> str:
            bound = self.compilation.parameter(value, uuid, here, Kind.ID, "any id")
            return f"{key} = {bound} and {type_} = {self.compilation.parameter(value, prefix, here, Kind.CODE, 'type')}"

        def among(value: Any, here: str) -> str:
            """The ids alone have an index; with their types before them they are exact."""
            some = self.values.one_of(key, id_column, value, here, uuid, "in any id")
            shown = f"{type_}||'_'||{self.compilation.dialect.plain(key, Kind.ID)}"
            exact = self.compilation.number(plain(value), self.values.listing(whole), here, "in any whole id")
            return f"{some} and {self.compilation.dialect.in_list(f'({shown})', exact, Kind.CODE)}"

        return self._reference(operations, where, exists, same, among)

    def _reference(
        self,
        operations: Mapping[str, Any],
        where: str,
        exists: str,
        same: Callable[[Any, str], str],
        among: Callable[[Any, str], str],
    ) -> str:
        """Conditions on a reference: `exists` says that what it leads to is there, `same` and `among` compare it."""
        parts: list[str] = []
        for operator, value in operations.items():
            here = f"{where}.{operator}"
            self._count(here)
            if operator == "isNull" or (value is None and operator in {"eq", "ne"}):
                absent = value if operator == "isNull" else operator == "eq"
                parts.append(f"not {exists}" if absent else exists)
                continue
            if value is None:
                self.values.refuse_null(operator, where)
            met = f"{same(value, here) if operator in {'eq', 'ne'} else among(value, here)} and {exists}"
            parts.append(met if operator in {"eq", "in"} else f"({met}) is not true")
        return all_of(parts)

    def _to_many(self, rows: Table, member: ToMany, quantifiers: Mapping[str, Any], where: str, hops: int) -> str:
        deeper = self._deeper(hops, where)
        parts: list[str] = []
        for name, value in quantifiers.items():
            here = f"{where}.{name}"
            if value is None:
                raise InvalidInput("INVALID_FILTER", f"{here} is null; leave it out.", argument=here)
            match name:
                case "some":
                    parts.append(self._some(rows, member, value, here, deeper))
                case "none":
                    parts.append(f"({self._some(rows, member, value, here, deeper)}) is not true")
                case "every":
                    parts.append(f"({self._some(rows, member, {'not': value}, here, deeper)}) is not true")
                case "anyOf":
                    parts.append(self._any_of(rows, member, value, here))
                case "noneOf":
                    parts.append(f"({self._any_of(rows, member, value, here)}) is not true")
                case "allOf":
                    parts.append(self._all_of(rows, member, value, here))
                case _:
                    raise InvalidInput("INVALID_FILTER", f"{where} has no quantifier {name!r}.", argument=here)
        return all_of(parts)

    def _related(self, member: ToMany) -> tuple[str, Table, str, list[str]]:
        """The rows that belong to an owner: their source, the target's table, the owner's id among them, conditions."""
        catalogue = self.compilation.catalogue
        target = Table(record=catalogue[member.target], alias=self.compilation.alias())
        if member.link is None:
            source = f"{target.record.table} {target.alias}"
            conditions = [*of_type(target.alias, member), *self.compilation.live(target)]
            return source, target, target.column(member.foreign), conditions
        link = Table(record=catalogue[member.link], alias=self.compilation.alias())
        source = (
            f"{link.record.table} {link.alias} join {target.record.table} {target.alias} "
            f"on {target.key} = {link.alias}.{member.link_target}"
        )
        return source, target, link.column(member.foreign), self.compilation.live(link) + self.compilation.live(target)

    def _some(self, rows: Table, member: ToMany, filter_: Mapping[str, Any], where: str, hops: int) -> str:
        source, target, owner, conditions = self._related(member)
        conditions.append(self.compile(target, filter_, where, hops))
        is_listed = self.listed is not None and hops >= self.listed
        if is_listed or _is_selective(filter_):
            return f"{rows.key} in (select {owner} from {source} where {all_of(conditions)})"
        conditions.insert(0, f"{owner} = {rows.key}")
        return f"exists (select 1 from {source} where {all_of(conditions)})"

    def _has_id(self, rows: Table, ids: Any, where: str) -> str:
        self._count(where)
        column = rows.record.columns["id"]
        convert, purpose = self.values.converter(rows.record, column)
        return self.values.one_of(rows.key, column, ids, where, convert, f"in {purpose}")

    def _any_of(self, rows: Table, member: ToMany, ids: Any, where: str) -> str:
        source, target, owner, conditions = self._related(member)
        conditions.append(self._has_id(target, ids, where))
        return f"{rows.key} in (select {owner} from {source} where {all_of(conditions)})"

    def _all_of(self, rows: Table, member: ToMany, ids: Any, where: str) -> str:
        source, target, owner, conditions = self._related(member)
        conditions.append(self._has_id(target, ids, where))
        conditions.insert(0, f"{owner} = {rows.key}")
        wanted = self.compilation.parameter(
            plain(ids), lambda values: len(set(values)), where, Kind.INTEGER, "count of ids"
        )
        return f"(select count(distinct {target.key}) from {source} where {all_of(conditions)}) = {wanted}"

    @staticmethod
    def _deeper(hops: int, where: str) -> int:
        if hops >= DEEPEST:
            raise InvalidInput(
                "FILTER_TOO_DEEP", f"{where}: a filter may cross {DEEPEST} relations; this is one more.", argument=where
            )
        return hops + 1


def _instead_of_null(record: RecordType, name: str) -> str:
    """What a caller may have meant by null in place of a condition."""
    member = record.members.get(name)
    if isinstance(member, ToOne):
        return f", or ask {{{name}Id: {{isNull: true}}}}"
    return ", or compare with {isNull: true} or {eq: null}" if isinstance(member, Column) else ""


def _is_selective(filter_: Mapping[str, Any]) -> bool:
    """Whether a filter picks few rows by an index, so that starting from them beats trying every owner."""
    for name, value in filter_.items():
        if name in {"and", "or", "not"} or not isinstance(value, Mapping):
            continue
        stated = cast(Mapping[str, Any], value)
        if stated.get("eq") is not None and not isinstance(stated["eq"], bool):
            return True
        if any(stated.get(operator) is not None for operator in ("in", "eqIgnoreCase", "inIgnoreCase", "has")):
            return True
        inner = stated.get("some", stated)
        if isinstance(inner, Mapping) and _is_selective(cast(Mapping[str, Any], inner)):
            return True
    return False
