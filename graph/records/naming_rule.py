"""Naming rules: what the name and the number of an account of a kind look like."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import regex
from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.declarations import Policy
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from .account import AccountKind
from .naming import NUMBERS, PATIENCE

BAD_PATTERN = Rule(code="INVALID_PATTERN", message="The pattern is no regular expression: {problem}.")
BAD_EXAMPLE = Rule(code="INVALID_EXAMPLE", message="The example does not match the pattern; mend one of them.")
OUT_OF_RANGE = Rule(code="OUT_OF_RANGE", message="{value} does not fit; it lies between {least} and {most}.")
MOST_DIGITS = 12
LARGEST_NUMBER = 2_000_000_000  # leaves room below 2**31 for those that a bulk takes


class NamingRule(Record, prefix="nrl"):
    """How accounts of one kind are named and numbered; checked on every write."""

    kind = fields.CharEnumField(AccountKind, max_length=10, db_index=True, description="The kind of account.")
    pattern = fields.CharField(300, null=True, description="Regular expression that the whole name has to match.")
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
        """The pattern can be used, and the example shows a name that it matches."""
        for change in changes:
            after = change.after
            if not change.is_write:
                continue
            for column, least, most in (("number_digits", 1, MOST_DIGITS), ("next_number", 0, LARGEST_NUMBER)):
                if after[column] is not None and not least <= after[column] <= most:
                    wrong = OUT_OF_RANGE.broken(change.at(column), value=after[column], least=least, most=most)
                    unit.violate(wrong, change, of=[column])
            wrong = _wrong_pattern(change) if change.changed("pattern", "example") else None
            if wrong is not None:
                unit.violate(wrong, change, of=["pattern", "example"])


def _wrong_pattern(change: Change) -> Violation | None:
    """What is wrong with the pattern or its example."""
    pattern, example = change.after["pattern"], change.after["example"]
    if not isinstance(pattern, str):
        return None
    try:
        found = regex.compile(pattern)
        if example and not found.fullmatch(example, timeout=PATIENCE):
            return BAD_EXAMPLE.broken(change.at("example"))
    except regex.error as error:
        return BAD_PATTERN.broken(change.at("pattern"), problem=str(error))
    except TimeoutError:
        return BAD_PATTERN.broken(change.at("pattern"), problem="it takes too long on the example")
    return None
