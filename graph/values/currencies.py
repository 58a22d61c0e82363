"""Currencies (ISO 4217) and how many decimals their amounts have."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .problem import Problem, quoted
from .tables import read_table


@dataclass(frozen=True, kw_only=True, slots=True)
class Currency:
    """A currency in use. `digits` is the number of decimals: an amount of 1.00 is 10 ** digits minor units."""

    code: str
    name: str
    digits: int


def find_currency(typed: str, *, field: str = "currency") -> Currency | Problem:
    """The currency of this code of three letters, whatever the case, or why it is none.

    Codes that are no money with minor units (gold, special drawing rights, XXX) are refused.
    """
    found = currencies().get(typed.strip().upper())
    if found is not None:
        return found
    message = f"{quoted(typed)} is not a currency of ISO 4217: expected is a code such as 'EUR' or 'USD'."
    return Problem(field=field, code="unknown", message=message)


@cache
def currencies() -> Mapping[str, Currency]:
    """All currencies by code, in the order of the codes."""
    rows = read_table("currencies")
    return {code: Currency(code=code, name=name, digits=int(digits)) for code, name, digits in rows}
