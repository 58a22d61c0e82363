"""Comparisons: a column's value against what a filter states, with parameters of the column's type."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ..catalogue import Column, Kind, RecordType
from ..errors import InvalidInput
from ..identity import parse_id, shown
from ..storing import parse, parse_money, store
from ..values.text import fold
from .scope import Compilation, Table
from .selection import Ref

MOST_IN_LIST = 5_000
LAST = "\U0010ffff"  # the greatest character: closes the range of a prefix
UNHEARD_OF = re.compile("[\x00\ud800-\udfff]")
COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class Comparer:
    """Compiles the operators of one filter; `count` is told of each condition."""

    def __init__(self, compilation: Compilation, count: Callable[[str], None]) -> None:
        self.compilation = compilation
        self._count = count

    def compare(self, rows: Table, column: Column, operations: Mapping[str, Any], where: str) -> str:
        """The condition that all operations on a column's value hold."""
        if not isinstance(cast(object, operations), Mapping):  # a stored filter may hold anything
            raise InvalidInput("INVALID_FILTER", f"{where} takes operators such as {{eq: …}}.", argument=where)
        return all_of(
            [
                self.operation(rows, column, name, value, f"{where}.{name}")
                for name, value in operations.items()
                if not (value is None and self.refuse_null(name, where))
            ]
        )

    @staticmethod
    def refuse_null(operator: str, where: str) -> bool:
        """Refuse a null where the operator has no use for it."""
        if operator not in {"eq", "ne", "eqIgnoreCase"}:
            raise InvalidInput(
                "INVALID_FILTER",
                f"{where}.{operator} is null; leave it out, or use isNull.",
                argument=f"{where}.{operator}",
            )
        return False

    def operation(self, rows: Table, column: Column, operator: str, value: Any, where: str) -> str:
        """The condition of one operator."""
        self._count(where)
        match operator:
            case "isNull":
                name = rows.column(column.name)
                return f"{name} is null" if value else f"{name} is not null"
            case "ne":
                return f"({self.operation(rows, column, 'eq', value, where)}) is not true"
            case "nin":
                return f"({self.operation(rows, column, 'in', value, where)}) is not true"
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
        convert, purpose = self.converter(rows.record, column)
        match operator:
            case "in":
                return self.one_of(expression, column, value, where, convert, f"in {purpose}")
            case "startsWith":
                return self._prefix(expression, value, where, checked, "")
            case _ if operator == "eq" or operator in COMPARISONS:
                bound = self.compilation.parameter(value, convert, where, column.kind, purpose)
                return f"{expression} {COMPARISONS.get(operator, '=')} {bound}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )

    def converter(self, record: RecordType, column: Column) -> tuple[Callable[[Any], Any], str]:
        """How a value to compare with is converted, and a name under which that is known."""
        kind = self.compilation.dialect.kind
        if column.kind is Kind.ID:
            return lambda value: store(Kind.ID, parse_id(record, value), kind), f"id {record.name}"

        def convert(value: Any) -> Any:
            return store(column.kind, _loosely(column, value), kind, places=column.places)

        return convert, f"{column.kind} {column.places}"

    def _text(self, rows: Table, column: Column, operator: str, value: Any, where: str) -> str:
        """Text with a folded twin: the twin has the index; what minds case looks at the text itself besides.

        The twin is composed, so a text begins with no part of a letter: é does not begin with e, however it is typed.
        """
        twin, exact = rows.column(str(column.folded)), rows.column(column.name)
        ignoring = operator.removesuffix("IgnoreCase")

        def bind(convert: Callable[[Any], Any], purpose: str) -> str:
            return self.compilation.parameter(value, convert, where, Kind.TEXT, purpose)

        match ignoring:
            case "eq":
                same = f"{twin} = {bind(folded_text, 'folded')}"
                return same if operator != ignoring else f"{same} and {exact} = {bind(checked, 'text')}"
            case "in":
                same = self.one_of(twin, column, value, where, folded_text, "folded in")
                if operator != ignoring:
                    return same
                return f"{same} and {self.one_of(exact, column, value, where, checked, 'in')}"
            case "startsWith":
                same = self._prefix(twin, value, where, folded_text, "folded")
                if operator != ignoring:
                    return same
                start = bind(checked, "text")
                return f"{same} and substr({exact},1,length({start})) = {start}"
            case _ if operator in COMPARISONS:
                return f"{twin} {COMPARISONS[operator]} {bind(folded_text, 'folded')}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )

    def _prefix(self, expression: str, value: Any, where: str, convert: Callable[[Any], str], purpose: str) -> str:
        low = self.compilation.parameter(value, convert, where, Kind.TEXT, f"{purpose} from")
        high = self.compilation.parameter(value, lambda text: convert(text) + LAST, where, Kind.TEXT, f"{purpose} to")
        return f"{expression} >= {low} and {expression} < {high}"

    def one_of(
        self, expression: str, column: Column, value: Any, where: str, convert: Callable[[Any], Any], purpose: str
    ) -> str:
        """Whether an expression is among the values of a list, which is one parameter."""
        number = self.compilation.number(plain(value), self.listing(convert), where, purpose)
        return self.compilation.dialect.in_list(expression, number, column.kind)

    def listing(self, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """How a list is converted for the database, given how each of its values is."""
        sqlite = self.compilation.dialect.kind == "sqlite"

        def convert_all(values: Any) -> Any:
            if len(values) > MOST_IN_LIST:
                raise InvalidInput(
                    "FILTER_TOO_LARGE", f"{len(values)} values are too many; {MOST_IN_LIST} are allowed."
                )
            converted = [convert(one) for one in values]
            return store(Kind.TEXT_LIST, converted, "sqlite") if sqlite else converted

        return convert_all

    def _money(self, rows: Table, column: Column, operator: str, value: Mapping[str, Any], where: str) -> str:
        """Amounts compare within one currency: another currency never matches."""
        if operator not in {"eq", *COMPARISONS}:
            raise InvalidInput("INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where)
        pair = (value["amount"], value["currency"])  # bound together: the currency says how long the amount is
        code, bound = (
            self.compilation.parameter(
                pair,
                lambda given, part=part: parse_money({"amount": given[0], "currency": given[1]})[part],
                where,
                kind,
                "",
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
                match_ = self.one_of(element, column, value, where, checked, "in")
                return f"exists (select 1 from {source} where {match_})"
            case "hasAll":
                match_ = self.one_of(element, column, value, where, checked, "in")
                wanted = self.compilation.parameter(
                    plain(value), lambda values: len(set(map(str, values))), where, Kind.INTEGER, "count"
                )
                return f"(select count(distinct {element}) from {source} where {match_}) = {wanted}"
            case _:
                raise InvalidInput(
                    "INVALID_FILTER", f"{where}: {column.api} has no operator {operator!r}.", argument=where
                )


def checked(value: Any) -> str:
    """A text that can be compared; one that no database could hold is refused, since no database compares it."""
    text = str(value)
    found = UNHEARD_OF.search(text)
    if found is not None:
        raise InvalidInput(
            "INVALID_CHARACTER", f"{shown(text)} holds U+{ord(found.group()):04X}, which no text holds: take it out."
        )
    return text


def folded_text(text: Any) -> str:
    """Text as its folded twin holds it."""
    return fold(checked(text))


def _loosely(column: Column, value: Any) -> Any:
    """A value to compare with: of the right type, but of any length."""
    if column.kind in {Kind.TEXT, Kind.CODE, Kind.ENUM}:
        return checked(value)
    return parse(column, value)


def plain(value: Any) -> Any:
    """A list whose elements are known; one that holds variables is bound element by element before it gets here."""
    return value if isinstance(value, Ref) or value is None else tuple(value)


def all_of(parts: Sequence[str]) -> str:
    parts = [part for part in parts if part != "true"]
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if " or " in part or " and " in part else part for part in parts) or "true"


def any_of(parts: Sequence[str]) -> str:
    return "(" + " or ".join(f"({part})" for part in parts) + ")" if parts else "false"
