"""Naming rules: what the name and the number of an account of a kind look like."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.declarations import Policy
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from .account import AccountKind
from .naming import NUMBERS, PATIENCE
from .patterns import LONGEST_PATTERN, BadPattern, ready

BAD_PATTERN = Rule(code="INVALID_PATTERN", message="The pattern can't be used: {problem}.")
BAD_EXAMPLE = Rule(code="INVALID_EXAMPLE", message="The example does not match the pattern; mend one of them.")
OUT_OF_RANGE = Rule(code="OUT_OF_RANGE", message="{value} does not fit; it lies between {least} and {most}.")
MOST_DIGITS = 12
LARGEST_NUMBER = 2_000_000_000  # leaves room below 2**31 for those that a bulk takes


class NamingRule(Record, prefix="nrl"):
    """How accounts of one kind are named and numbered; checked on every write."""

    kind = fields.CharEnumField(AccountKind, max_length=10, db_index=True, description="The kind of account.")
    pattern = fields.CharField(
        LONGEST_PATTERN, null=True, description="Regular expression that the whole name has to match."
    )
    example = fields.CharField(200, null=True, description="A name that matches, shown when one does not.")
    unique_names = fields.BooleanField(default=False, description="True where no two accounts share a name.")
    number_prefix = fields.CharField(
        20, null=True, description="What numbers begin with; numbers are made if it is set."
    )
    number_digits = fields.IntField(default=6, description="Digits of the number after the prefix, zeros in front.")
    next_number = fields.IntField(default=1, description="The number that the next account gets.")

    locks: ClassVar[Mapping[str, str]] = {"nextNumber": NUMBERS}

    class Policies:
        kind = Policy(unique=True, create_only=True)

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: CoreUnit) -> None:
        """The pattern can be used, and the example shows a name that it matches.

        Only the first of a kind is tried, since more are refused anyway, and trying thousands would hold up everybody.
        """
        tried: set[str] = set()
        for change in changes:
            after = change.after
            if not change.is_write:
                continue
            for column, least, most in (("number_digits", 1, MOST_DIGITS), ("next_number", 0, LARGEST_NUMBER)):
                if after[column] is not None and not least <= after[column] <= most:
                    wrong = OUT_OF_RANGE.broken(change.at(column), value=after[column], least=least, most=most)
                    unit.violate(wrong, change, of=[column])
            if after["pattern"] is None or not change.changed("pattern", "example") or str(after["kind"]) in tried:
                continue
            tried.add(str(after["kind"]))
            wrong = _wrong_pattern(change)
            if wrong is not None:
                unit.violate(wrong, change, of=["pattern", "example"])


def _wrong_pattern(change: Change) -> Violation | None:
    """What is wrong with the pattern or its example."""
    pattern, example = change.after["pattern"], change.after["example"]
    if not isinstance(pattern, str):
        return None
    try:
        found = ready(pattern)
        if example and not found.fullmatch(example, timeout=PATIENCE):
            return BAD_EXAMPLE.broken(change.at("example"))
    except BadPattern as bad:
        return BAD_PATTERN.broken(change.at("pattern"), problem=str(bad))
    except TimeoutError:
        return BAD_PATTERN.broken(change.at("pattern"), problem="it takes too long on the example; simplify it")
    return None
