"""Records with keywords that nobody reads, a description that hangs on the process, and a field that costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from accord.plugins import AccountExtension, Context, Policy, computed

WORDS = {f"word{number}" for number in range(20)}  # a set of texts comes in another order in each process
CONTEXTS: list[Context] = []


async def count_for_each(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """One request for each row, as resolvers are often written."""
    return [(await CONTEXTS[-1].ask("{ accounts { totalCount } }"))["accounts"]["totalCount"] for _ in rows]


class BreakingAccount(AccountExtension, namespace="breaking"):
    """Fields with slips."""

    secret = fields.CharField(40, null=True, nul=True, uniqe=True, data_class="PHI", description="Known to few.")
    note = fields.CharField(40, null=True, description=" ".join(WORDS))

    class Policies:
        secret = Policy(classified="PII", read="breaking.secret.read")
        others = computed(int, needs=("note",), by=count_for_each, description="How many there are.")

    class Polices:
        note = Policy(read="breaking.secret.read")
