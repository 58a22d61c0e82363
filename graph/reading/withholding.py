"""Withholding: a stored filter that uses what the caller may not read is neither used for that caller nor shown."""

from collections.abc import Mapping
from typing import Any

from ..catalogue import Column, RecordType, ToMany
from ..errors import Forbidden, GraphError, InvalidInput
from .filters import FilterCompiler, narrow
from .plan import bound
from .scope import Compilation, Table
from .sight import permissions_of


def refusal(
    compilation: Compilation,
    record: RecordType,
    filter_: Mapping[str, Any],
    where: str,
    also: Mapping[str, Any] | None = None,
) -> GraphError | None:
    """Why a stored filter of `record`s can't be used for the caller, together with what `also` filters them.

    None where it can be. What is tried here stands in no statement, so that a filter that was stored before a plugin
    went, say, is in nobody's way who does not meet it.
    """
    rows = Table(record=record, alias="t")
    trial = Compilation(compilation.catalogue, compilation.dialect, compilation.sight, narrow)
    try:
        FilterCompiler(trial).compile(rows, filter_, where)
        for parameter in trial.parameters:
            bound(parameter, compilation.sight.values)
        if also:
            FilterCompiler(trial).compile(rows, {"and": (filter_, also)}, where)
    except (Forbidden, InvalidInput) as error:
        return error
    except (TypeError, ValueError, KeyError, AttributeError):
        return InvalidInput("INVALID_FILTER", f"{where} does not fit the fields that there are; state it anew.")
    return None


def withheld_filters_of(compilation: Compilation, record: RecordType, column: Column) -> RecordType | None:
    """The type of the records that a column's stored filters find, where not everybody may see each of them."""
    found = [one for one in record.members.values() if isinstance(one, ToMany) and one.stored_filter == column.name]
    sight = compilation.sight
    if not found or sight.permissions is None:
        return None
    if not sight.is_asking and permissions_of(compilation.catalogue) <= sight.permissions:
        return None
    return compilation.catalogue[found[0].target]
