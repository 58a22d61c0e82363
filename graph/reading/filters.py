"""Filters: conditions as the API states them, compiled to SQL with two-valued logic (a null matches nothing but null)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..catalogue import Column, ExtensionField, GroupField, Kind, RecordType, ToMany, ToOne
from ..errors import InvalidInput
from ..identity import parse_id, shown
from ..storing import parse, parse_money, store
from ..values.text import fold
from .scope import Compilation, Table
from .selection import Ref

DEEPEST = 4  # relations that a filter may cross
DEEPEST_NESTING = 12  # filters within one another, by relations and by and, or and not
MOST_CONDITIONS = 200
MOST_IN_LIST = 5_000
LAST = "\U0010ffff"  # the greatest character: closes the range of a prefix

UNHEARD_OF = re.compile("[\x00\ud800-\udfff]")

COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def is_filterable(column: Column) -> bool:
    """A column may be filtered by where an index serves it, where its policy says so, and by id."""
    return column.indexed or column.policy.filterable or column.name == "id"


class FilterCompiler:
    """Compiles one filter; counts its conditions, since planning a huge one takes the database seconds."""

    def __init__(self, compilation: Compilation) -> None:
        self.compilation = compilation
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
                f"{where}: the filter has more than {MOST_CONDITIONS} conditions; use in, or split it.",
                argument=where,
            )

    def _fields(self, rows: Table, filter_: Mapping[str, Any], where: str, hops: int) -> str:
        parts: list[str] = []
        for name, value in filter_.items():
            here = f"{where}.{name}"
            if value is None:
                raise InvalidInput(
                    "INVALID_FILTER",
                    f"{here} is null; leave it out, or compare with {{isNull: true}} or {{eq: null}}.",
                    argument=here,
                )
            parts.append(self._condition(rows, name, value, here, hops))
        return _all(parts)

    def _condition(self, rows: Table, name: str, value: Any, where: str, hops: int) -> str:
        match name:
            case "and":
                return _all([self.compile(rows, one, f"{where}.{i}", hops) for i, one in enumerate(value)])
            case "or":
                return _any([self.compile(rows, one, f"{where}.{i}", hops) for i, one in enumerate(value)])
            case "not":
                return f"({self.compile(rows, value, where, hops)}) is not true"
            case _:
                pass
        member = rows.record.members.get(name)
        match member:
            case Column() if is_filterable(member):
                return self._column(rows, member, value, where)
            case GroupField():
                return self._group(rows, member, value, where)
            case ToOne():
                return self._to_one(rows, member, value, where, hops)
            case ExtensionField():
                return self._extension(rows, member, value, where, hops)
            case ToMany():
                return self._to_many(rows, member, value, where, hops)
            case None if (link := self._foreign_key(rows.record, name)) is not None:
                return self._id_of(rows, link, value, where)
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {rows.record.name} has no field {name!r} to filter by.", argument=where
                )

    @staticmethod
    def _foreign_key(record: RecordType, name: str) -> ToOne | None:
        return next((link for link in record.to_ones.values() if f"{link.api}Id" == name), None)

    # columns ---------------------------------------------------------------------------------------------------

    def _column(self, rows: Table, column: Column, operations: Mapping[str, Any], where: str) -> str:
        if not isinstance(operations, Mapping):
            raise InvalidInput("INVALID_FILTER", f"{where} takes operators such as {{eq: …}}.", argument=where)
        return _all(
            [
                self._operation(rows, column, name, value, f"{where}.{name}")
                for name, value in operations.items()
                if not (value is None and self._refuse_null(name, where))
            ]
        )

    @staticmethod
    def _refuse_null(operator: str, where: str) -> bool:
        if operator not in {"eq", "ne", "eqIgnoreCase"}:
            raise InvalidInput(
                "INVALID_FILTER", f"{where}.{operator} is null; leave it out, or use isNull.", argument=where
            )
        return False

    def _operation(self, rows: Table, column: Column, operator: str, value: Any, where: str) -> str:
        self._count(where)
        match operator:
            case "isNull":
                name = rows.column(column.name)
                return f"{name} is null" if value else f"{name} is not null"
            case "ne":
                return f"({self._operation(rows, column, 'eq', value, where)}) is not true"
            case "nin":
                return f"({self._operation(rows, column, 'in', value, where)}) is not true"
            case "eq" | "eqIgnoreCase" if value is None:
                return f"{rows.column(column.name)} is null"
            case _:
                pass
        if column.kind is Kind.MONEY:
            return self._money(rows, column, operator, value, where)
        if column.kind is Kind.TEXT_LIST:
            return self._list(rows, column, operator, value, where)
        if column.folded:
            return self._text(rows, column, operator, value, where)
        expression = rows.column(column.name)
        convert, purpose = self._converter(rows.record, column)
        match operator:
            case "in":
                return self._in(expression, column, value, where, convert, f"in {purpose}")
            case "startsWith":
                return self._prefix(expression, value, where, checked, "")
            case _ if operator == "eq" or operator in COMPARISONS:
                bound = self.compilation.parameter(value, convert, where, column.kind, purpose)
                return f"{expression} {COMPARISONS.get(operator, '=')} {bound}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )

    def _converter(self, record: RecordType, column: Column) -> tuple[Callable[[Any], Any], str]:
        """How a value to compare with is converted, and a name under which that is known."""
        kind = self.compilation.dialect.kind
        if column.kind is Kind.ID:
            return lambda value: store(Kind.ID, parse_id(record, value), kind), f"id {record.name}"
        convert = lambda value: store(column.kind, _loosely(column, value), kind, places=column.places)  # noqa: E731
        return convert, f"{column.kind} {column.places}"

    def _text(self, rows: Table, column: Column, operator: str, value: Any, where: str) -> str:
        """Text with a folded twin: the twin has the index; what minds case looks at the text itself besides."""
        twin, exact = rows.column(str(column.folded)), rows.column(column.name)
        ignoring = operator.removesuffix("IgnoreCase")
        fold_one = lambda text: fold(checked(text))  # noqa: E731
        bind = lambda convert, purpose: self.compilation.parameter(value, convert, where, Kind.TEXT, purpose)  # noqa: E731
        match ignoring:
            case "eq":
                same = f"{twin} = {bind(fold_one, 'folded')}"
                return same if operator != ignoring else f"{same} and {exact} = {bind(checked, 'text')}"
            case "in":
                same = self._in(twin, column, value, where, fold_one, "folded in")
                if operator != ignoring:
                    return same
                return f"{same} and {self._in(exact, column, value, where, checked, 'in')}"
            case "startsWith":
                same = self._prefix(twin, value, where, fold_one, "folded")
                if operator != ignoring:
                    return same
                start = bind(checked, "text")
                return f"{same} and substr({exact},1,length({start})) = {start}"
            case _ if operator in COMPARISONS:
                return f"{twin} {COMPARISONS[operator]} {bind(fold_one, 'folded')}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )

    def _prefix(self, expression: str, value: Any, where: str, convert: Callable[[Any], str], purpose: str) -> str:
        low = self.compilation.parameter(value, convert, where, Kind.TEXT, f"{purpose} from")
        high = self.compilation.parameter(value, lambda text: convert(text) + LAST, where, Kind.TEXT, f"{purpose} to")
        return f"{expression} >= {low} and {expression} < {high}"

    def _in(
        self, expression: str, column: Column, value: Any, where: str, convert: Callable[[Any], Any], purpose: str
    ) -> str:
        sqlite = self.compilation.dialect.kind == "sqlite"

        def convert_all(values: Any) -> Any:
            if len(values) > MOST_IN_LIST:
                raise InvalidInput(
                    "FILTER_TOO_LARGE", f"{len(values)} values are too many; {MOST_IN_LIST} are allowed."
                )
            converted = [convert(one) for one in values]
            return store(Kind.TEXT_LIST, converted, "sqlite") if sqlite else converted

        number = self.compilation.number(_plain(value), convert_all, where, purpose)
        return self.compilation.dialect.in_list(expression, number, column.kind)

    def _money(self, rows: Table, column: Column, operator: str, value: Mapping[str, Any], where: str) -> str:
        """Amounts compare within one currency: another currency never matches."""
        if operator not in {"eq", *COMPARISONS}:
            raise InvalidInput("INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where)
        pair = (value["amount"], value["currency"])  # bound together: the currency says how long the amount is
        code, bound = (
            self.compilation.parameter(
                pair, lambda given, part=part: parse_money({"amount": given[0], "currency": given[1]})[part], where, kind, ""
            )
            for part, kind in ((1, Kind.CODE), (0, Kind.MONEY))
        )
        comparison = COMPARISONS.get(operator, "=")
        return f"{rows.column(str(column.currency))} = {code} and {rows.column(column.name)} {comparison} {bound}"

    def _list(self, rows: Table, column: Column, operator: str, value: Any, where: str) -> str:
        if operator == "isEmpty":
            return f"{rows.column(column.name)} {'=' if value else '<>'} '[]'"
        source, element = self.compilation.dialect.elements(rows.column(column.name), self.compilation.alias())
        match operator:
            case "has":
                match_ = f"{element} = {self.compilation.parameter(value, checked, where, Kind.TEXT, 'text')}"
                return f"exists (select 1 from {source} where {match_})"
            case "hasAny":
                match_ = self._in(element, column, value, where, checked, "in")
                return f"exists (select 1 from {source} where {match_})"
            case "hasAll":
                match_ = self._in(element, column, value, where, checked, "in")
                wanted = self.compilation.parameter(
                    _plain(value), lambda values: len(set(map(str, values))), where, Kind.INTEGER, "count"
                )
                return f"(select count(distinct {element}) from {source} where {match_}) = {wanted}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )

    # groups and relations --------------------------------------------------------------------------------------

    def _group(self, rows: Table, group: GroupField, value: Mapping[str, Any], where: str) -> str:
        parts: list[str] = []
        for name, condition in value.items():
            here = f"{where}.{name}"
            member = group.members.get(name)
            if condition is None:
                raise InvalidInput("INVALID_FILTER", f"{here} is null; leave it out.", argument=here)
            if name == "eq" and group.whole:
                parts.append(self._whole(rows, group, condition, here))
            elif isinstance(member, GroupField):
                parts.append(self._group(rows, member, condition, here))
            elif member is not None and is_filterable(member):
                parts.append(self._column(rows, member, condition, here))
            else:
                raise InvalidInput("INVALID_FILTER", f"{where} has no {name!r} to filter by.", argument=here)
        return _all(parts)

    def _whole(self, rows: Table, group: GroupField, value: Mapping[str, Any], where: str) -> str:
        """A group equals a value when every element given is equal and every element left out is null or empty.

        A group within the group is given by any of its elements: a country by its code alone.
        """
        parts: list[str] = []
        for name, member in group.members.items():
            given = value.get(name)
            if isinstance(member, GroupField):
                for inner, column in member.members.items():
                    element = (given or {}).get(inner)
                    if isinstance(column, Column) and (element is not None or not given):
                        parts.append(self._same(rows, column, element, f"{where}.{name}.{inner}"))
            else:
                parts.append(self._same(rows, member, given, f"{where}.{name}"))
        return _all(parts)

    def _same(self, rows: Table, column: Column, value: Any, where: str) -> str:
        if column.kind is Kind.TEXT_LIST:
            text = lambda lines: store(Kind.TEXT_LIST, [checked(line) for line in lines or ()], "sqlite")  # noqa: E731
            bound = self.compilation.parameter(_plain(value), text, where, Kind.TEXT, "list")
            return f"{rows.column(column.name)} = {bound}"
        return self._operation(rows, column, "eq", value, where)

    def _to_one(self, rows: Table, link: ToOne, value: Mapping[str, Any], where: str, hops: int) -> str:
        inner = Table(record=self.compilation.catalogue[link.target], alias=self.compilation.alias())
        conditions = [
            *self.compilation.live(inner),
            self.compile(inner, value, where, self._deeper(hops, where)),
        ]
        if _is_selective(value):
            return f"{rows.column(link.column)} in (select {inner.key} from {inner.record.table} {inner.alias} where {_all(conditions)})"
        conditions.insert(0, f"{inner.key} = {rows.column(link.column)}")
        return f"exists (select 1 from {inner.record.table} {inner.alias} where {_all(conditions)})"

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
        exists = f"exists (select 1 from {inner.record.table} {inner.alias} where {_all(conditions)})"
        id_column = inner.record.columns["id"]
        convert, purpose = self._converter(inner.record, id_column)
        parts: list[str] = []
        for operator, value in operations.items():
            here = f"{where}.{operator}"
            self._count(here)
            if operator == "isNull" or (value is None and operator in {"eq", "ne"}):
                absent = value if operator == "isNull" else operator == "eq"
                parts.append(f"not {exists}" if absent else exists)
                continue
            if value is None:
                self._refuse_null(operator, where)
            column = rows.column(link.column)
            if operator in {"eq", "ne"}:
                bound = self.compilation.parameter(value, convert, here, Kind.ID, purpose)
                same = f"{column} = {bound} and {exists}"
            else:
                same = f"{self._in(column, id_column, value, here, convert, f'in {purpose}')} and {exists}"
            parts.append(same if operator in {"eq", "in"} else f"({same}) is not true")
        return _all(parts)

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
                    parts.append(self._some(rows, member, {"id": {"in": value}}, here, deeper))
                case "noneOf":
                    parts.append(f"({self._some(rows, member, {'id': {'in': value}}, here, deeper)}) is not true")
                case "allOf":
                    parts.append(self._all_of(rows, member, value, here, deeper))
                case _:
                    raise InvalidInput("INVALID_FILTER", f"{where} has no quantifier {name!r}.", argument=here)
        return _all(parts)

    def _related(self, member: ToMany) -> tuple[str, Table, str, list[str]]:
        """The rows that belong to an owner: their source, the target's table, the owner's id among them, conditions."""
        catalogue = self.compilation.catalogue
        target = Table(record=catalogue[member.target], alias=self.compilation.alias())
        if member.link is None:
            source = f"{target.record.table} {target.alias}"
            return source, target, target.column(member.foreign), self.compilation.live(target)
        link = Table(record=catalogue[member.link], alias=self.compilation.alias())
        source = (
            f"{link.record.table} {link.alias} join {target.record.table} {target.alias} "
            f"on {target.key} = {link.alias}.{member.link_target}"
        )
        return source, target, link.column(member.foreign), self.compilation.live(link) + self.compilation.live(target)

    def _some(self, rows: Table, member: ToMany, filter_: Mapping[str, Any], where: str, hops: int) -> str:
        source, target, owner, conditions = self._related(member)
        conditions.append(self.compile(target, filter_, where, hops))
        if _is_selective(filter_):
            return f"{rows.key} in (select {owner} from {source} where {_all(conditions)})"
        conditions.insert(0, f"{owner} = {rows.key}")
        return f"exists (select 1 from {source} where {_all(conditions)})"

    def _all_of(self, rows: Table, member: ToMany, ids: Any, where: str, hops: int) -> str:
        source, target, owner, conditions = self._related(member)
        conditions.append(self.compile(target, {"id": {"in": ids}}, where, hops))
        conditions.insert(0, f"{owner} = {rows.key}")
        wanted = self.compilation.parameter(
            _plain(ids), lambda values: len(set(values)), where, Kind.INTEGER, "count of ids"
        )
        return f"(select count(distinct {target.key}) from {source} where {_all(conditions)}) = {wanted}"

    @staticmethod
    def _deeper(hops: int, where: str) -> int:
        if hops >= DEEPEST:
            raise InvalidInput(
                "FILTER_TOO_DEEP", f"{where}: a filter may cross {DEEPEST} relations; this is one more.", argument=where
            )
        return hops + 1


def _loosely(column: Column, value: Any) -> Any:
    """A value to compare with: of the right type, but of any length."""
    if column.kind in {Kind.TEXT, Kind.CODE, Kind.ENUM}:
        return checked(value)
    return parse(column, value)


def checked(value: Any) -> str:
    """A text that can be compared; one that no database could hold is refused, since no database compares it."""
    text = str(value)
    found = UNHEARD_OF.search(text)
    if found is not None:
        raise InvalidInput(
            "INVALID_CHARACTER", f"{shown(text)} holds U+{ord(found.group()):04X}, which no text holds: take it out."
        )
    return text


def _plain(value: Any) -> Any:
    """A list whose elements are known; one that holds variables is bound element by element before it gets here."""
    return value if isinstance(value, Ref) or value is None else tuple(value)


def _is_selective(filter_: Mapping[str, Any]) -> bool:
    """Whether a filter picks few rows by an index, so that starting from them beats trying every owner."""
    for name, value in filter_.items():
        if name in {"and", "or", "not"} or not isinstance(value, Mapping):
            continue
        if value.get("eq") is not None and not isinstance(value["eq"], bool):
            return True
        if any(value.get(operator) is not None for operator in ("in", "eqIgnoreCase", "inIgnoreCase", "has")):
            return True
        inner: Any = value.get("some", value)
        if isinstance(inner, Mapping) and _is_selective(inner):
            return True
    return False


def _all(parts: Sequence[str]) -> str:
    parts = [part for part in parts if part != "true"]
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if " or " in part or " and " in part else part for part in parts) or "true"


def _any(parts: Sequence[str]) -> str:
    return "(" + " or ".join(f"({part})" for part in parts) + ")" if parts else "false"
