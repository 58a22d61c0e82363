"""Its hooks are none: misspelt, unmarked, not async, with arguments that nobody gives, or out of turn."""

from typing import Any

import pluggy

from accord.plugins import Plugin, Unit, hookimpl

mark = pluggy.HookimplMarker("accord")


class WrongHooks(Plugin):
    """All that can be wrong about a hook."""

    name = "wronghooks"

    @hookimpl
    async def validat(self, unit: Unit) -> None:
        """Misspelt."""

    async def before_commit(self, unit: Unit) -> None:
        """Not marked."""

    @hookimpl
    def prepare(self, unit: Unit) -> None:
        """Not async."""

    @hookimpl
    async def validate(self, unit: Unit) -> None:
        """Yields nothing."""

    @hookimpl
    async def after_commit(self, evnts: Any, kontext: Any, request: Any) -> None:
        """With arguments that there are not."""

    @mark(tryfirst=True)
    async def startup(self) -> None:
        """Before its turn."""

    @mark(wrapper=True)
    async def shutdown(self) -> Any:
        """Around all others."""

    @hookimpl
    async def read_policy(self, **everything: Any) -> None:
        """With whatever comes."""

    @staticmethod
    @hookimpl
    async def health() -> None:
        """Of no plugin in particular."""
