"""Records with keywords that nobody reads, a description that hangs on the process, and a field that costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from accord.plugins import AccountExtension, Context, Policy, Record, computed

WORDS = {f"word{number}" for number in range(20)}  # a set of texts comes in another order in each process
CONTEXTS: list[Context] = []


async def count_for_each(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """One request for each row, as resolvers are often written."""
    return [(await CONTEXTS[-1].ask("{ accounts { totalCount } }"))["accounts"]["totalCount"] for _ in rows]


def repeat(rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The secret once more."""
    return [row["secret"] for row in rows]


def fail(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """It can't be worked out."""
    raise LookupError("nobody knows")


class BreakingAccount(AccountExtension, namespace="breaking"):
    """Fields with slips."""

    secret = fields.CharField(40, null=True, nul=True, uniqe=True, data_class="PHI", description="Known to few.")
    note = fields.CharField(40, null=True, description=" ".join(WORDS))

    class Policies:
        secret = Policy(classified="PII", read="breaking.secret.read")
        repeated = computed(str, needs=("secret",), by=repeat, description="The secret once more.")
        others = computed(int, needs=("note",), by=count_for_each, description="How many there are.")

    class Polices:
        note = Policy(read="breaking.secret.read")


class BreakingThing(Record, prefix="brk"):
    """A thing with a figure."""

    title = fields.CharField(40, description="What it is called.")
    figure = fields.IntField(null=True, db_index=True, description="Known to few.")

    class Policies:
        figure = Policy(classified="PII", read="breaking.secret.read")
        failing = computed(str, needs=("title",), by=fail, description="What nobody knows.")
