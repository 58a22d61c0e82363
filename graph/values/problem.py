"""A finding about one value: what every rule in this folder answers with instead of raising."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ERROR", "WARNING"]

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong (ERROR, not to be stored) or doubtful (WARNING, may be stored) about a value.

    Codes: required, invalid (of the wrong form), unknown (not in the list it should be in), mismatch (disagrees with
    another value), ambiguous (stands for several things), unused (stored, but no use is made of it).
    """

    field: str
    code: str
    message: str
    severity: Severity = "ERROR"


def quoted(value: str) -> str:
    """The value as a message names it: in quotes, cut when long, control characters made visible."""
    return repr(value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…")
