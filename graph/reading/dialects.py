"""Where SQLite and PostgreSQL differ in what the compiler writes; everything else is written once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache

from ..catalogue import Column, Kind
from ..storing import DatabaseKind
from ..values.currencies import currencies
from .text import Pieces, Sql, concatenated


class Dialect(ABC):
    """How one database writes what the compiler needs."""

    kind: DatabaseKind
    is_same: str  # compares two values, null being a value like any other
    plans_whole: bool  # conditions within conditions are planned together, not tried row by row as they stand

    @abstractmethod
    def parameter(self, number: int, kind: Kind) -> str:
        """The placeholder of parameter `number`, counted from 1, typed where the database wants to know."""

    @abstractmethod
    def in_list(self, expression: str, number: int, kind: Kind) -> str:
        """Whether an expression is among the values of a list given as parameter `number`."""

    @abstractmethod
    def quoted(self, expression: str) -> str:
        """Text as a JSON string; null stays null."""

    @abstractmethod
    def plain(self, expression: str, kind: Kind) -> str:
        """A value that needs no escaping as text, without quotes; null stays null."""

    @abstractmethod
    def joined(self, expression: str, order: str | None, where: str | None) -> str:
        """The aggregate that puts texts together with commas, in the order given by `order`."""

    @abstractmethod
    def elements(self, expression: str, alias: str) -> tuple[str, str]:
        """A list's elements as a row source, and the expression for one of them."""

    @abstractmethod
    def hexadecimal(self, expression: str) -> str:
        """The bytes of a text in UTF-8, in hexadecimal."""

    @abstractmethod
    def divided(self, dividend: str, divisor: str) -> str:
        """The whole part of a division of whole numbers."""

    def nulls(self, direction: str, nullable: bool) -> str:
        """Where nulls stand: after everything else, so last going up and first going down."""
        return ""

    def json(self, expression: str, column: Column, prefix: str = "") -> str:
        """The JSON form of a column's value as text; null stays null."""
        return concatenated(self.pieces(expression, column, prefix))

    def pieces(self, expression: str, column: Column, prefix: str = "") -> Pieces:
        """The same, of a value that isn't null, in pieces: what stands around it joins the text beside it."""
        match column.kind:
            case Kind.ID:
                return [f'"{prefix}_', Sql(self.plain(expression, column.kind)), '"']
            case Kind.INTEGER | Kind.BOOLEAN:
                return [Sql(self.plain(expression, column.kind))]
            case Kind.TEXT_LIST | Kind.DOCUMENT:
                return [Sql(expression)]
            case Kind.DECIMAL | Kind.MONEY:
                return ['"', Sql(scaled(expression, column.places)), '"']
            case Kind.ENUM | Kind.TIMESTAMP | Kind.DATE:
                return ['"', Sql(self.plain(expression, column.kind)), '"']
            case _:
                return [Sql(self.quoted(expression))]


def scaled(expression: str, places: int) -> str:
    """An integer of smallest steps as a decimal number in text."""
    if places == 0:
        return f"cast({expression} as text)"
    unit = 10**places
    return (
        f"case when {expression}<0 then '-' else '' end||cast(abs({expression})/{unit} as text)||'.'"
        f"||substr(cast({unit}+abs({expression})%{unit} as text),2)"
    )


def amount(expression: str, currency: str) -> str:
    """Minor units as an amount in text, with as many places as the currency has."""
    unusual = "".join(
        f" when {currency} in ({_texts(codes)}) then {scaled(expression, digits)}"
        for digits, codes in _unusual_digits()
    )
    return f"case{unusual} else {scaled(expression, 2)} end"


@cache
def _unusual_digits() -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The currencies that have another number of decimals than two, by that number."""
    kinds = sorted({currency.digits for currency in currencies().values()} - {2})
    return tuple((digits, tuple(c.code for c in currencies().values() if c.digits == digits)) for digits in kinds)


def _texts(values: Iterable[str]) -> str:
    return ",".join(f"'{value}'" for value in values)


class SQLite(Dialect):
    """SQLite, from 3.38 on."""

    kind = "sqlite"
    is_same = "is"
    plans_whole = False

    def parameter(self, number: int, kind: Kind) -> str:
        return f"?{number}"

    def in_list(self, expression: str, number: int, kind: Kind) -> str:
        return f"{expression} in (select value from json_each(?{number}))"

    def quoted(self, expression: str) -> str:
        return f"case when {expression} is not null then json_quote({expression}) end"

    def plain(self, expression: str, kind: Kind) -> str:
        if kind is Kind.BOOLEAN:
            return f"case {expression} when 1 then 'true' when 0 then 'false' end"
        return f"cast({expression} as text)" if kind is Kind.INTEGER else expression

    def joined(self, expression: str, order: str | None, where: str | None) -> str:
        # the rows come ordered from the derived table that the aggregate reads
        return f"group_concat({expression},',')" + (f" filter (where {where})" if where else "")

    def elements(self, expression: str, alias: str) -> tuple[str, str]:
        return f"json_each({expression}) {alias}", f"{alias}.value"

    def hexadecimal(self, expression: str) -> str:
        return f"lower(hex({expression}))"

    def divided(self, dividend: str, divisor: str) -> str:
        return f"(({dividend})/({divisor}))"

    def nulls(self, direction: str, nullable: bool) -> str:
        if not nullable:
            return ""
        return " nulls last" if direction == "asc" else " nulls first"


class PostgreSQL(Dialect):
    """PostgreSQL, from 14 on."""

    kind = "postgresql"
    is_same = "is not distinct from"
    plans_whole = True

    TYPES = {
        Kind.ID: "uuid",
        Kind.INTEGER: "bigint",
        Kind.DECIMAL: "bigint",
        Kind.MONEY: "bigint",
        Kind.TIMESTAMP: "timestamptz",
        Kind.DATE: "date",
        Kind.BOOLEAN: "boolean",
    }

    def parameter(self, number: int, kind: Kind) -> str:
        return f"${number}::{self.TYPES.get(kind, 'text')}"

    def in_list(self, expression: str, number: int, kind: Kind) -> str:
        return f"{expression} = any(${number}::{self.TYPES.get(kind, 'text')}[])"

    def quoted(self, expression: str) -> str:
        return f"to_json({expression})::text"

    def plain(self, expression: str, kind: Kind) -> str:
        if kind is Kind.TIMESTAMP:
            return f"to_char({expression} at time zone 'UTC','YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        return f"{expression}::text"

    def joined(self, expression: str, order: str | None, where: str | None) -> str:
        ordered = f" order by {order}" if order else ""
        return f"string_agg({expression},','{ordered})" + (f" filter (where {where})" if where else "")

    def elements(self, expression: str, alias: str) -> tuple[str, str]:
        return f"json_array_elements_text({expression}::json) {alias}(value)", f"{alias}.value"

    def hexadecimal(self, expression: str) -> str:
        return f"encode(convert_to({expression},'UTF8'),'hex')"

    def divided(self, dividend: str, divisor: str) -> str:
        return f"div(({dividend})::numeric,({divisor})::numeric)::bigint"
