"""A plugin one of whose hooks fails: by raising, or by taking too long. Its settings say which."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from pydantic import Field
from tortoise import fields

from accord.plugins import (
    Access,
    AccountExtension,
    Change,
    Choices,
    CommandContext,
    Context,
    Event,
    Narrowing,
    Permission,
    Plugin,
    PluginSettings,
    Policy,
    Unit,
    Viewer,
    Violation,
    command,
    hookimpl,
)

WORDS = "words from the inside"


class Tone(Choices):
    """How loud it is said."""

    CALM = "CALM", "Like everything else."
    LOUD = "LOUD", "So that all hear it."


class FailingAccount(AccountExtension, namespace="failing"):
    """An account with a secret."""

    secret = fields.CharField(20, null=True, description="A secret.")

    class Policies:
        secret = Policy(classified="PHI", read="failing.secret.read")


class FailingSettings(PluginSettings):
    """Which hook fails, and how."""

    hook: str = Field(default="", description="The hook that fails.")
    is_slow: bool = Field(default=False, description="Whether it takes too long instead of raising.")


class Failing(Plugin):
    """Fails in one hook."""

    name = "failing"
    models = (FailingAccount,)
    migrations = "accord_failing.migrations"
    permissions = (Permission(name="failing.secret.read", description="Read the secret."),)
    settings_type = FailingSettings

    async def _fail(self, hook: str) -> None:
        if self.settings.hook == hook and self.settings.is_slow:
            await asyncio.sleep(60)
        elif self.settings.hook == hook:
            raise RuntimeError(WORDS)

    @command
    async def report(self, context: CommandContext, *, tone: Tone = Tone.CALM) -> None:
        """Say how things are."""
        await self._fail("report")

    @hookimpl
    async def startup(self, context: Context) -> None:
        await self._fail("startup")

    @hookimpl
    async def prepare(self, unit: Unit) -> None:
        await self._fail("prepare")

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        await self._fail("validate")
        for _ in ():
            yield _

    @hookimpl
    async def before_commit(self, unit: Unit) -> None:
        await self._fail("before_commit")

    @hookimpl
    async def after_commit(self, events: Sequence[Event], context: Context) -> None:
        await self._fail("after_commit")

    @hookimpl
    async def read_policy(self, record: str, viewer: Viewer) -> Narrowing | None:
        await self._fail("read_policy")
        return None

    @hookimpl
    async def record_access(self, access: Access) -> None:
        await self._fail("record_access")

    @hookimpl
    async def health(self) -> str | None:
        await self._fail("health")
        return None
