"""What became of a check."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "✓"
    FAILED = "✗"
    NOT_RUN = "-"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One check of one plugin: `found` is a sentence for each thing that is wrong, or why it was not run."""

    plugin: str
    check: str
    place: str = ""
    outcome: Outcome
    found: tuple[str, ...] = ()
    advice: str = ""
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether the plugin breaks the contract here."""
        return self.outcome is Outcome.FAILED
