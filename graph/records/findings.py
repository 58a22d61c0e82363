"""What the rules of values find, as violations."""

from ...plugins.violations import Path, Severity, Violation
from ..values.problem import Problem


def violated(problem: Problem, path: Path) -> Violation:
    """The violation that a finding about a value is."""
    return Violation(code=problem.code.upper(), message=problem.message, path=path, severity=Severity(problem.severity))
