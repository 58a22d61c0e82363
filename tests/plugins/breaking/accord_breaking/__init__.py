"""A plugin that loads, and breaks every other rule of the contract."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from accord.plugins import (
    Change,
    ChangeKind,
    Context,
    Event,
    Permission,
    Plugin,
    Rule,
    Severity,
    Unit,
    Violation,
    hookimpl,
)

from .records import CONTEXTS, BreakingAccount, BreakingThing

LISTED = Rule(code="SECRET_IS_KNOWN", message="The secret is {secret}.", severity=Severity.WARNING)
UNLISTED = Rule(code="BREAKING_NEVER_LISTED", message="Nobody hears of this before it fires.")


class Breaking(Plugin):
    """It breaks what it can."""

    name = "breaking"
    models = (BreakingAccount, BreakingThing)
    migrations = "accord_breaking.migrations"
    rules = (LISTED,)
    permissions = (Permission(name="breaking.secret.read", description="Read it."),)

    @hookimpl
    async def startup(self, context: Context) -> None:
        """Keep what should not be kept."""
        CONTEXTS.append(context)

    @hookimpl
    async def prepare(self, unit: Unit) -> None:
        """Work for longer than a turn of the loop may take."""
        end = time.perf_counter() + 0.15
        while time.perf_counter() < end:
            unit.changes("Account")

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Wait without awaiting, and say what is stored."""
        for account in unit.changes("Account"):
            time.sleep(0.001)  # noqa: ASYNC251 - what is to be found
            stored = await unit.after(BreakingAccount, [account.id])
            for row in stored.values():
                yield LISTED.on(account, "name", secret=row["secret"])

    @hookimpl
    async def before_commit(self, unit: Unit) -> None:
        """Take longer than there is time, over deletions."""
        if any(change.kind is ChangeKind.DELETE for change in unit.changes("Account")):
            await asyncio.sleep(0.7)

    @hookimpl
    async def after_commit(self, events: Sequence[Event], context: Context) -> None:
        """Fail once more."""
        raise RuntimeError("nobody is told")

    @hookimpl
    async def health(self) -> str | None:
        """Fail."""
        raise RuntimeError("the hook fails")
