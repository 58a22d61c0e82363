"""What a plugin is lent of a change: all to be read; of its own records, its own columns to be set for a while."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

from ...plugins.changes import Change
from ...plugins.names import nearest
from ...plugins.units import NotYours
from ...plugins.violations import Path
from ..catalogue import RecordType
from ..storing import folded
from .checks import STAMPED
from .unit import UnitOfWork

NESTED = frozenset({dict, list})  # values that could be changed from within
OVER = "nothing can be added to the unit any more; {what} in prepare or in a mutation"
FOREIGN = (
    "{record} belongs to somebody else, so nothing can be set in its changes; what else has to change is asked of the "
    "API, by context.ask, after the commit"
)


def lent(unit: UnitOfWork, record: RecordType, changes: Iterable[Change], *, is_own: bool) -> Sequence[Change]:
    """The changes of a record type as plugins hold them, each always as the same object; `is_own` for its plugin's."""
    known = unit.lent.setdefault(is_own, {})
    right: Right = OwnRight(unit=unit, record=record) if is_own else Refusal(FOREIGN.format(record=record.name))
    held: list[Change] = []
    for change in changes:
        one = known.get(change)
        if one is None:
            one = known[change] = LentChange(change, right)
        held.append(one)
    return held


def check_settable(record: RecordType, column: str) -> None:
    """Raises NotYours for a column of a plugin's row that is Accord's own."""
    stays = f"{record.name}.{column} is set by Accord alone"
    if column in {"deleted_at", "deletion"}:
        advice = "an extension goes and comes back with its owner" if record.owner else "use unit.delete"
        raise NotYours(f"{stays}; {advice}")
    if record.owner is not None and column == record.key:
        raise NotYours(f"{stays}; an extension stays with its owner, whose id tells unit.update which row is meant")
    if column in STAMPED:
        raise NotYours(f"{stays}, when the row is written; leave it out")


def set_column(record: RecordType, row: MutableMapping[str, Any], name: str, value: Any) -> None:
    """Set a column as it is, and its folded twin with it."""
    row[name] = value
    column = record.columns.get(name)
    if column is not None and column.folded:
        row[column.folded] = folded(value)


class Right(Protocol):
    """What may be set in a row."""

    @property
    def is_given(self) -> bool:
        """Whether anything may be set now."""
        ...

    def set(self, row: dict[str, Any], name: str, value: Any) -> None:
        """Set a column; raises NotYours where that may not be, LookupError where there is no such column."""
        ...


class OwnRight:
    """A plugin's, in the rows of its own: while the unit is open, whatever is not set by Accord alone."""

    def __init__(self, unit: UnitOfWork, record: RecordType) -> None:
        self._unit = unit
        self._record = record

    @property
    def is_given(self) -> bool:
        """Until the checks begin."""
        return self._unit.is_open

    def set(self, row: dict[str, Any], name: str, value: Any) -> None:
        """Set a column, and its folded twin with it."""
        if not self._unit.is_open:
            raise NotYours(OVER.format(what="set values"))
        check_settable(self._record, name)
        if name not in self._record.columns:
            self._check_beside(name)
        set_column(self._record, row, name, value)

    def _check_beside(self, name: str) -> None:
        """Of the columns that are no fields of their own, references and currencies may be set."""
        record = self._record
        twin = next((one.name for one in record.columns.values() if one.folded == name), None)
        if twin is not None:
            raise NotYours(f"{record.name}.{name} follows {twin}; set that")
        if name not in record.table_columns:
            near = nearest(name, record.table_columns)
            raise LookupError(f"{record.name} has no column {name}{f'; did you mean {near}?' if near else ''}")


@dataclass(frozen=True)
class Refusal:
    """No right at all, and why."""

    reason: str
    is_given: bool = False

    def set(self, row: dict[str, Any], name: str, value: Any) -> None:
        """Refuse."""
        raise NotYours(self.reason)


STORED = Refusal("what is stored can't be changed; set values in change.after")


class LentRow(MutableMapping[str, Any]):
    """A change's columns, always as they are now; what the right does not cover raises NotYours."""

    __slots__ = ("_right", "_row")

    def __init__(self, row: Any, right: Right) -> None:
        self._row: dict[str, Any] = row
        self._right = right

    def __getitem__(self, column: str) -> Any:
        value = self._row[column]
        return deepcopy(value) if type(value) in NESTED and not self._right.is_given else value

    def get(self, column: str, default: Any = None) -> Any:
        """The value of a column."""
        return self[column] if column in self._row else default

    def __contains__(self, column: object) -> bool:
        return column in self._row

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)

    def __setitem__(self, column: str, value: Any) -> None:
        self._right.set(self._row, column, value)

    def __delitem__(self, column: str) -> None:
        raise NotYours(f"{column} can't be taken out of a change; a plugin sets values of its own records to None")

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self}

    def __ior__(self, other: Mapping[str, Any]) -> "LentRow":
        self.update(other)
        return self

    def shows(self, row: Mapping[str, Any]) -> bool:
        """Whether it is this row that stands behind it."""
        return self._row is row

    def copy(self) -> dict[str, Any]:
        """The columns by themselves, which may be changed without any effect."""
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return deepcopy(self._row, memo)

    def __repr__(self) -> str:
        return repr(self._row)


def _refused(lent: "LentChange", value: Any) -> NoReturn:
    raise NotYours("a change stays as it is; set values of your own records in change.after")


def _shown(name: str) -> Any:
    """A property of the change that stands behind a lent one; `Any`, since it takes the place of a field."""
    return property(attrgetter(f"_change.{name}"), _refused)


class LentChange(Change):
    """A change in which a plugin can set what it has the right to, and nothing else.

    A bulk has thousands, of which rules read a column or two: what stands in one is made when it is asked for.
    """

    __slots__ = ("_change", "_right")

    def __init__(self, change: Change, right: Right) -> None:
        self._change = change
        self._right = right

    def _before(self) -> LentRow | None:
        before = self._change.before
        return None if before is None else LentRow(before, STORED)

    def _after(self) -> LentRow:
        return LentRow(self._change.after, self._right)

    def _set_after(self, value: Any) -> None:
        """Refuse, but for `change.after |= …`, which has set the values and gives the row back."""
        if not (isinstance(value, LentRow) and value.shows(self._change.after)):
            _refused(self, value)

    def _given(self) -> frozenset[str]:
        return frozenset(self._change.given)

    def _paths(self) -> Mapping[str, Path]:
        return MappingProxyType(self._change.paths)

    kind = _shown("kind")
    record = _shown("record")
    id = _shown("id")
    path = _shown("path")
    root = _shown("root")
    before: Any = property(_before, _refused)
    after: Any = property(_after, _set_after)
    given: Any = property(_given, _refused)
    paths: Any = property(_paths, _refused)
