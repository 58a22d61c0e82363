"""The committed tables are what their sources and the additions make of them."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from accord.graph.values import make_tables
from accord.graph.values.make_tables import MADE_FROM


def installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def test_the_committed_tables_are_what_is_made_today() -> None:
    found = {name: installed(name) for name in MADE_FROM}
    if found != MADE_FROM:
        pytest.skip(f"the tables were made from {MADE_FROM}, installed is {found}: make them anew and compare")
    folder = Path(make_tables.__file__).parent
    for name, text in make_tables.make_tables().items():
        assert (folder / name).read_text(encoding="utf-8") == text, (
            f"{name}: run python -m accord.graph.values.make_tables"
        )
