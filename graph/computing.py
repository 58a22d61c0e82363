"""Computed fields: of which types they may be, and what the author of one may get wrong."""

from collections.abc import Collection, Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from ..plugins.declarations import Computed
from ..plugins.names import nearest

PLAIN = frozenset({str, int, float, bool})
UNSAID = frozenset({"deleted_at", "deletion"})  # stored, and Accord's own
KNOWN = "write str, int, float, bool or a list of one of them; null is always allowed"


def bare(type_: Any) -> Any:
    """The type without `| None`: every computed field may be null."""
    if get_origin(type_) in {Union, UnionType}:
        others = [one for one in get_args(type_) if one is not NoneType]
        if len(others) == 1:
            return others[0]
    return type_


def find_miscomputed(computed: Computed, columns: Collection[str]) -> Iterator[str]:
    """Everything wrong with a computed field of a record that has these columns."""
    type_ = bare(computed.type)
    plain = bare(get_args(type_)[0]) if get_origin(type_) is list else type_
    if plain not in PLAIN:
        told = type_.__name__ if isinstance(type_, type) and not get_args(type_) else repr(type_)
        yield f"{told} can't be the type of a computed field; {KNOWN}"
    if not callable(computed.by):
        yield f"its by is {computed.by!r}; name the function that computes it"
    for need in computed.needs:
        if need not in columns:
            near = nearest(need, columns)
            there = ", ".join(one for one in columns if one not in UNSAID)
            advice = f"did you mean {near}?" if near else f"there are {there}"
            yield f"it needs {need!r}, which is no stored field; {advice}"
