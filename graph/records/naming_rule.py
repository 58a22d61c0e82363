"""Naming rules: what the name and the number of an account of a kind look like."""

from collections.abc import AsyncIterator, Mapping, Sequence
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
    async def validate_changes(
        cls, changes: Sequence[Change], unit: CoreUnit
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """The pattern can be used, and the example shows a name that it matches."""
        for change in changes:
            after = change.after
            if not change.is_write:
                continue
            for column, least, most in (("number_digits", 1, MOST_DIGITS), ("next_number", 0, LARGEST_NUMBER)):
                if after[column] is not None and not least <= after[column] <= most:
                    yield change, OUT_OF_RANGE.broken(change.at(column), value=after[column], least=least, most=most)
            if after["pattern"] is None or not change.changed("pattern", "example"):
                continue
            try:
                pattern = regex.compile(after["pattern"])
                if after["example"] and not pattern.fullmatch(after["example"], timeout=PATIENCE):
                    yield change, BAD_EXAMPLE.broken(change.at("example"))
            except regex.error as error:
                yield change, BAD_PATTERN.broken(change.at("pattern"), problem=str(error))
            except TimeoutError:
                yield change, BAD_PATTERN.broken(change.at("pattern"), problem="it takes too long on the example")
