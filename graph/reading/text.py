"""Pieces of JSON text: literal text and SQL expressions, put together as one concatenation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDEST = 8  # terms of one concatenation: SQLite allows an expression 1,000 levels deep, and each term is one more


@dataclass(frozen=True)
class Sql:
    """An expression that yields text and never null."""

    text: str


Pieces = Sequence[str | Sql]


def literal(text: str) -> str:
    """Text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def separated(items: Iterable[Pieces], separator: str = ",") -> list[str | Sql]:
    """The pieces of several items with a separator between them."""
    result: list[str | Sql] = []
    for index, pieces in enumerate(items):
        if index:
            result.append(separator)
        result.extend(pieces)
    return result


def concatenated(pieces: Pieces) -> str:
    """One SQL expression for all pieces; neighbouring literal text becomes one string."""
    terms: list[str] = []
    pending = ""
    for piece in pieces:
        if isinstance(piece, str):
            pending += piece
            continue
        if pending:
            terms.append(literal(pending))
            pending = ""
        terms.append(piece.text)
    if pending or not terms:
        terms.append(literal(pending))
    while len(terms) > WIDEST:
        terms = [f"({'||'.join(terms[start : start + WIDEST])})" for start in range(0, len(terms), WIDEST)]
    return "||".join(terms)
