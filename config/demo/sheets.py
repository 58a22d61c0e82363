"""The demo's sheets: CSV files with one row for each record or relationship, which name each other by key."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DATA = Path(__file__).parent / "data"


class DemoInvalid(Exception):
    """Something in the sheets can't be loaded; each problem names the file, the line and the column."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a sheet: its cells by column, and the line where it ends in the file."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def text(self, column: str) -> str | None:
        """The cell, or None where it is empty."""
        return self.cells[column] or None

    def parts(self, column: str, separator: str = ";") -> list[str]:
        """The parts of a cell that holds several values."""
        return [part.strip() for part in self.cells[column].split(separator) if part.strip()]

    def flag(self, column: str) -> bool:
        """A cell that says true or false."""
        if self.cells[column] not in ("true", "false"):
            raise self.wrong(column, f"{self.cells[column]!r} is neither true nor false.")
        return self.cells[column] == "true"

    def number(self, column: str) -> int | None:
        """A whole number, or None where the cell is empty."""
        try:
            return int(self.cells[column]) if self.cells[column] else None
        except ValueError:
            raise self.wrong(column, f"{self.cells[column]!r} is no whole number.") from None

    def choice(self, column: str, choices: type[StrEnum]) -> str:
        """A cell that holds a member of an enum."""
        if self.cells[column] not in choices.__members__:
            raise self.wrong(column, f"{self.cells[column]!r} is none of {', '.join(choices.__members__)}.")
        return self.cells[column]

    def choices(self, column: str, choices: type[StrEnum]) -> list[str]:
        """A cell that holds any number of an enum's members."""
        found = self.parts(column)
        for part in found:
            if part not in choices.__members__:
                raise self.wrong(column, f"{part!r} is none of {', '.join(choices.__members__)}.")
        return found

    def place(self, column: str) -> str:
        """Where a cell stands, as messages say it."""
        return f"{self.file}, line {self.line}, column {column}"

    def wrong(self, column: str, message: str) -> DemoInvalid:
        """The error for a cell that can't be used."""
        return DemoInvalid([f"{self.place(column)}: {message}"])


def read_sheet(folder: Path, name: str) -> list[Row]:
    """The rows of a sheet; raises DemoInvalid where it can't be read or a row has not the header's cells."""
    file = folder / f"{name}.csv"
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, list[str]())
            rows: list[Row] = []
            for cells in reader:
                if len(cells) != len(header):
                    message = f"the header has {len(header)} cells, this row has {len(cells)}."
                    raise DemoInvalid([f"{file.name}, line {reader.line_num}: {message}"])
                rows.append(Row(file=file.name, line=reader.line_num, cells=dict(zip(header, cells, strict=True))))
            return rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DemoInvalid([f"{file}: {error}."]) from error


def by_level(rows: Iterable[Row], parent: str) -> list[list[Row]]:
    """The rows so that each stands in a later level than the one that its column `parent` names by key."""
    waiting = list(rows)
    known = {row["key"] for row in waiting}
    for row in waiting:
        if row[parent] and row[parent] not in known:
            raise row.wrong(parent, f"no row has the key {row[parent]!r}.")
    placed = {""}
    levels: list[list[Row]] = []
    while waiting:
        level = [row for row in waiting if row[parent] in placed]
        if not level:
            raise waiting[0].wrong(parent, "the row stands above itself.")
        placed |= {row["key"] for row in level}
        waiting = [row for row in waiting if row["key"] not in placed]
        levels.append(level)
    return levels
