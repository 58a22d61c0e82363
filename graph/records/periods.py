"""Periods: a first and a last day."""

from ...plugins.changes import Change, CoreUnit
from ...plugins.violations import Rule

ENDS_BEFORE_START = Rule(
    code="ENDS_BEFORE_START", message="The last day, {end}, lies before the first, {start}; one of them is wrong."
)


def check_period(change: Change, unit: CoreUnit, first: str, last: str) -> None:
    """Report a last day that lies before the first; both are columns."""
    start, end = change.after[first], change.after[last]
    if start and end and end < start:
        unit.violate(ENDS_BEFORE_START.broken(change.at(last), start=start, end=end), change, of=[first, last])
