"""Indexes are declared, not migrated: after each run the database is given exactly the declared ones."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .errors import IndexInvalid

# The names that belong to the engine: an index with such a name that nobody declares is dropped.
PREFIX = "ix_"
UNIQUE_PREFIX = "uq_"
# PostgreSQL cuts longer names, and would then miss the index under its full name.
LONGEST_NAME = 63
_PLAIN_COLUMN = re.compile(r'^"?(\w+)"?(\s+COLLATE\s+\S+)?(\s+(ASC|DESC))?(\s+NULLS\s+(FIRST|LAST))?$', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index as declared; `columns` and `where` are SQL text and reach the database as they stand."""

    name: str
    table: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str | None = None

    def __post_init__(self) -> None:
        prefix = UNIQUE_PREFIX if self.unique else PREFIX
        if not re.fullmatch(rf"{prefix}\w+", self.name, re.ASCII) or len(self.name) > LONGEST_NAME:
            raise IndexInvalid(
                f"Index name {self.name!r} on table {self.table!r}: it must start with {prefix!r}, consist of letters, "
                f"digits and underscores, and have at most {LONGEST_NAME} of them."
            )
        if not self.columns:
            raise IndexInvalid(f"Index {self.name} on table {self.table!r} names no column: name at least one.")

    @property
    def statement(self) -> str:
        """The CREATE INDEX statement; it also is what two indexes are compared by."""
        unique = "UNIQUE " if self.unique else ""
        where = f" WHERE {self.where}" if self.where else ""
        return f'CREATE {unique}INDEX "{self.name}" ON "{self.table}" ({", ".join(self.columns)}){where}'

    def plain_columns(self) -> tuple[str | None, ...]:
        """The bare name of each column, None where an expression stands."""
        matches = (_PLAIN_COLUMN.match(column.strip()) for column in self.columns)
        return tuple(match.group(1) if match else None for match in matches)


@dataclass(frozen=True, kw_only=True)
class IndexChange:
    """A step that brings one index to its declaration: it is dropped, made, or both."""

    name: str
    drop: bool
    index: Index | None

    @property
    def statements(self) -> tuple[str, ...]:
        dropped = (f'DROP INDEX "{self.name}"',) if self.drop else ()
        return dropped + ((self.index.statement,) if self.index else ())


def find_changes(declared: Iterable[Index], present: Mapping[str, str | None]) -> tuple[IndexChange, ...]:
    """Compare the declared indexes with the statements that made the present ones (None: of unknown origin)."""
    wanted = {index.name: index for index in declared}
    gone = [IndexChange(name=name, drop=True, index=None) for name in sorted(present.keys() - wanted.keys())]
    made = [
        IndexChange(name=index.name, drop=index.name in present, index=index)
        for index in wanted.values()
        if present.get(index.name) != index.statement
    ]
    return (*gone, *made)
