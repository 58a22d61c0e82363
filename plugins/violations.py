"""Rules, and the violations that say which input breaks one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .choices import Choices

if TYPE_CHECKING:
    from .changes import Change

Path = tuple[str | int, ...]


class Severity(Choices):
    """How much a violation weighs: an ERROR refuses the write, a WARNING comes back beside what was written."""

    ERROR = "ERROR", "The write was refused for it."
    WARNING = "WARNING", "It was written all the same; somebody should look at it."


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One thing wrong with one value of an input; `path` leads from the argument's name to the value."""

    code: str
    message: str
    path: Path
    severity: Severity = Severity.ERROR
    reference: str | None = None
    plugin: str = "core"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that can be broken: its code, what it says (with {placeholders}), and where it comes from."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    reference: str | None = None
    plugin: str = "core"

    def broken(self, path: Path, /, **values: Any) -> Violation:
        """The violation of this rule at `path`."""
        return Violation(
            code=self.code,
            message=self.message.format_map(values),
            path=path,
            severity=self.severity,
            reference=self.reference,
            plugin=self.plugin,
        )

    def on(self, change: "Change", field: str, /, **values: Any) -> tuple["Change", Violation]:
        """The violation of this rule at a field of a change, as `validate` yields it."""
        return change, self.broken(change.at(field), **values)


@dataclass(frozen=True)
class FieldError(Exception):
    """Raised by a field's validator: this value is wrong, with a code and what to do. Becomes a violation.

    A validator of a text may be given one that is longer than the field holds: it may know better what is expected.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
