"""What follows from a record type alone is worked out once, and kept for all writes."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..catalogue import RecordType

T = TypeVar("T")


class Once:
    """Keeps what functions make of the record types of one catalogue."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Callable[[RecordType], Any], str], Any] = {}

    def of(self, make: Callable[[RecordType], T], record: RecordType) -> T:
        """What `make`, a function of a module, makes of the record type."""
        key = (make, record.name)
        if key not in self._kept:
            self._kept[key] = make(record)
        return self._kept[key]
