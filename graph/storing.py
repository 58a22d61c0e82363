"""Stored values: from an input's value to what Python holds, and from there to what each database stores."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import orjson

from ..plugins.violations import FieldError
from .catalogue import Column, Kind
from .identity import shown
from .values.currencies import Currency, find_currency
from .values.problem import Problem
from .values.text import fold, refuse_controls

DatabaseKind = Literal["sqlite", "postgresql"]
BIGGEST = 10**15  # smallest steps of a number: far enough below 2**63 that the sum of thousands still fits
LONGEST = 18  # the place of the first digit that a number may have at all
BIGGEST_INT = 2**31 - 1
TOO_LONG = "TOO_LONG"
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LINE = Column(name="", api="", kind=Kind.TEXT, nullable=False, description="", max_length=300)  # of a list
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def parse_text(column: Column, value: Any) -> str:
    """The text as given; characters that no database keeps and lengths past the column's are refused."""
    if not isinstance(value, str):
        raise FieldError("INVALID_VALUE", f"{shown(value)} is no text.")
    problem = refuse_controls(value, multiline=column.kind is Kind.LONG_TEXT)
    if problem is not None:
        raise FieldError("INVALID_CHARACTER", problem.message)
    if column.max_length and len(value) > column.max_length:
        name = column.api or "An entry"
        raise FieldError(TOO_LONG, f"{name} has {len(value)} characters; {column.max_length} are allowed.")
    return value


def parse_integer(column: Column, value: Any) -> int:
    """A whole number of 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -BIGGEST_INT <= value + 1 <= BIGGEST_INT + 1:
        raise FieldError(
            "INVALID_VALUE", f"{shown(value)} is no whole number between -{BIGGEST_INT + 1} and {BIGGEST_INT}."
        )
    return value


def parse_number(value: Any, places: int) -> Decimal:
    """A decimal number of at most `places` places that fits 64 bits when scaled."""
    text = str(value)
    try:
        number = Decimal(text) if NUMBER.fullmatch(text) else None
    except InvalidOperation:
        number = None  # digits enough, but an exponent beyond all measure
    if number is None:
        raise FieldError("INVALID_VALUE", f"{shown(value)} is no decimal number; write it like '12.50'.")
    if not number:
        return Decimal(0)
    # by its first digit, before any arithmetic: that would overflow on 1e999999999
    if number.adjusted() > LONGEST or abs(number) * 10**places > BIGGEST:
        most = Decimal(BIGGEST).scaleb(-places)
        raise FieldError(
            "INVALID_VALUE", f"{shown(value)} is too large a number; {most:,f} is the greatest that is kept."
        )
    if number != round(number, places):
        raise FieldError("INVALID_VALUE", f"{shown(value)} has more than {places} decimal places; round it.")
    return number


def parse_currency(value: Any) -> Currency:
    """The currency of an ISO 4217 code."""
    currency = find_currency(str(value))
    if isinstance(currency, Problem):
        raise FieldError("UNKNOWN_CURRENCY", currency.message)
    return currency


def parse_amount(value: Any, currency: Currency) -> int:
    """Minor units from an amount in a currency."""
    return int(parse_number(value, currency.digits).scaleb(currency.digits))


def parse_money(value: Any) -> tuple[int, str]:
    """Minor units and currency from `{amount, currency}`."""
    currency = parse_currency(value["currency"])
    return parse_amount(value["amount"], currency), currency.code


def parse_timestamp(column: Column, value: Any) -> datetime:
    """A moment with its offset from UTC, kept in UTC; without one it would hang on where the server stands."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if moment.utcoffset() is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise FieldError(
            "INVALID_VALUE", f"{shown(value)} is no moment; write it with its zone, like '2026-01-31T12:00:00Z'."
        ) from None


def parse_date(column: Column, value: Any) -> date:
    """A day of the calendar; a moment, which Python counts as one, is none."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, datetime) or not DATE.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise FieldError("INVALID_VALUE", f"{shown(value)} is no date; write it like '2026-01-31'.") from None


def parse_list(column: Column, value: Any) -> tuple[str, ...]:
    """A list of short texts without repeats of an enum's members."""
    items = tuple(str(item) for item in value)
    if len(items) > 50:
        raise FieldError(TOO_LONG, f"{column.api} has {len(items)} entries; 50 are allowed.")
    items = tuple(parse_text(LINE, item) for item in items)
    return tuple(dict.fromkeys(items)) if column.enum else items


def parse_boolean(column: Column, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FieldError("INVALID_VALUE", f"{shown(value)} is neither true nor false.")
    return value


def parse_document(column: Column, value: Any) -> Any:
    """A JSON value, as the API hands it over, that can be written as JSON again."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise FieldError(
            "INVALID_VALUE",
            "The JSON has a whole number beyond 64 bits, or is nested more than 250 deep; write such a number as text.",
        ) from None
    return value


PARSERS: dict[Kind, Callable[[Column, Any], Any]] = {
    Kind.TEXT: parse_text,
    Kind.LONG_TEXT: parse_text,
    Kind.CODE: parse_text,
    Kind.ENUM: lambda column, value: str(value),
    Kind.BOOLEAN: parse_boolean,
    Kind.INTEGER: parse_integer,
    Kind.DECIMAL: lambda column, value: parse_number(value, column.places),
    Kind.TIMESTAMP: parse_timestamp,
    Kind.DATE: parse_date,
    Kind.TEXT_LIST: parse_list,
    Kind.DOCUMENT: parse_document,
}


def parse(column: Column, value: Any) -> Any:
    """What Python holds for an input's value; raises FieldError saying what is wrong and what is expected."""
    return PARSERS[column.kind](column, value)


def iso(moment: datetime) -> str:
    """A moment as text of fixed width: `2026-01-31T12:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def store(kind: Kind, value: Any, database: DatabaseKind, *, places: int = 0) -> Any:
    """What the database's driver takes for a value that Python holds."""
    if value is None:
        return None
    match kind:
        case Kind.DECIMAL:
            return int(Decimal(value).scaleb(places))
        case Kind.TEXT_LIST | Kind.DOCUMENT:
            return orjson.dumps(value).decode()
        case Kind.TIMESTAMP if database == "sqlite":
            return iso(value)
        case Kind.DATE if database == "sqlite":
            return value.isoformat()
        case Kind.ID if database == "sqlite":
            return str(value)
        case Kind.BOOLEAN if database == "sqlite":
            return int(value)
        case _:
            return value


def load(kind: Kind, value: Any, database: DatabaseKind, *, places: int = 0) -> Any:
    """What Python holds for a value that the database's driver hands out."""
    if value is None:
        return None
    match kind:
        case Kind.DECIMAL:
            return Decimal(value).scaleb(-places)
        case Kind.TEXT_LIST:
            return tuple(orjson.loads(value))
        case Kind.DOCUMENT:
            return orjson.loads(value)
        case Kind.TIMESTAMP if database == "sqlite":
            return datetime.fromisoformat(value)
        case Kind.DATE if database == "sqlite":
            return date.fromisoformat(value)
        case Kind.ID:
            return UUID(str(value))
        case Kind.BOOLEAN:
            return bool(value)
        case _:
            return value


def folded(value: str | None) -> str | None:
    """The folded twin of a text."""
    return None if value is None else fold(value)
