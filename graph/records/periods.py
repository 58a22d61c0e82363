"""Periods: a first and a last day."""

from ...plugins.violations import Rule

ENDS_BEFORE_START = Rule(
    code="ENDS_BEFORE_START", message="The last day, {end}, lies before the first, {start}; one of them is wrong."
)
