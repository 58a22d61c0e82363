"""What mistakes are expected to be told: builders of errors, and the bench that the tests of them share."""

from collections.abc import Mapping, Sequence
from typing import Any

ACCOUNT = "acc_019b76da-a800-712f-aaf0-c549d567e2fd"  # the first two ids that a database with counted ids gives
CONTACT = "con_019b76da-a801-7091-89af-0f08d2be100a"
HALF = "\ud800"  # half of a surrogate pair
Said = tuple[str, str | None, str | None, str]  # code, first step of the path, argument, message
Case = tuple[str, Mapping[str, Any], Sequence[Said]]

NUL = "holds U+0000, which no text holds: take it out."
SURROGATE = r"'\ud800' holds U+D800, which no text holds: take it out."


def no_id(argument: str, text: str, what: str = "an Account", singular: str = "account") -> Said:
    prefix = singular[:3]
    looks = f"these look like {prefix}_ followed by a UUID, as every {singular} has it in its field id."
    return "INVALID_ID", argument.partition(".")[0], argument, f"{argument}: {text} is no id of {what}; {looks}"


def no_id_at_all(argument: str, text: str) -> Said:
    expected = "give one as you have read it: a prefix, _ and a UUID."
    return "INVALID_ID", argument.partition(".")[0], argument, f"{argument}: {text} is no id of this API; {expected}"


def refused(code: str, argument: str, problem: str) -> Said:
    return code, argument.partition(".")[0], argument, f"{argument}: {problem}"


def variable(argument: str, problem: str) -> Said:
    name, dot, path = argument.partition(".")
    at = f" at {dot}{path}" if path else ""
    return "INVALID_VARIABLE", None, argument, f"Variable '{name}' has invalid value{at}: {problem}"


def invalid(argument: str | None, problem: str) -> Said:
    return "VALIDATION_ERROR", None, argument, problem


def said(errors: Sequence[Mapping[str, Any]]) -> list[Said]:
    """What errors say: code, path, argument and message."""
    assert all(len(error.get("path", ["root"])) == 1 for error in errors)
    return [
        (
            error["extensions"]["code"],
            error["path"][0] if "path" in error else None,
            error["extensions"].get("argument"),
            error["message"],
        )
        for error in errors
    ]
