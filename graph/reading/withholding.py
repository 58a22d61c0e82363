"""Withholding: a stored filter that uses what the caller may not read is neither used for that caller nor shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...plugins.declarations import computed
from ..catalogue import Column, ComputedField, RecordType, ToMany
from ..errors import Forbidden, InvalidInput
from .filters import FilterCompiler, narrow
from .scope import Compilation, Table
from .sight import permissions_of


def refusal(compilation: Compilation, record: RecordType, filter_: Mapping[str, Any], where: str) -> Forbidden | None:
    """Why the caller may not use a stored filter of `record`s; None where that is allowed."""
    trial = Compilation(compilation.catalogue, compilation.dialect, compilation.sight, narrow)
    try:
        FilterCompiler(trial).compile(Table(record=record, alias="t"), filter_, where)
    except Forbidden as error:
        return error
    return None


def shown_filter(compilation: Compilation, record: RecordType, column: Column) -> ComputedField | None:
    """A field that shows a stored filter where the caller may use it; None where the column holds none, or all may."""
    found = [one for one in record.members.values() if isinstance(one, ToMany) and one.stored_filter == column.name]
    sight = compilation.sight
    if not found or sight.permissions is None:
        return None
    if not sight.is_asking and permissions_of(compilation.catalogue) <= sight.permissions:
        return None
    target = compilation.catalogue[found[0].target]

    def show(rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        return [_shown(compilation, target, row[column.name]) for row in rows]

    by = computed(object, needs=(column.name,), by=show, description=column.description)
    return ComputedField(name=column.name, api=column.api, computed=by, description=column.description)


def _shown(compilation: Compilation, target: RecordType, filter_: Any) -> Any:
    if filter_ is None:
        return None
    try:
        return filter_ if refusal(compilation, target, filter_, "filter") is None else None
    except (InvalidInput, TypeError, ValueError, KeyError, AttributeError):
        return None  # of a field that is no more, say: nobody knows who might read it
