"""The committed tables of this folder (countries, states, currencies, languages) as rows of text."""

import csv
from pathlib import Path


def read_table(name: str) -> list[list[str]]:
    """The rows of one table without its heading."""
    text = Path(__file__).with_name(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


def listed(cell: str) -> tuple[str, ...]:
    """A cell that holds a list, parted by upright bars."""
    return tuple(cell.split("|")) if cell else ()
