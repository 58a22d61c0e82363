"""The context of plugins' own work: their moment, who does it, and the API, asked in the same process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from ..graph.bootstrap import SYSTEM_ACTOR
from ..graph.databases.database import Database
from ..graph.identity import NewId
from ..graph.storing import iso
from ..graph.writing.due import follow, plan_due
from ..plugins.calling import Hooks
from ..plugins.contexts import AskFailed
from .exchange import ALL, Caller, Request

if TYPE_CHECKING:
    from .service import Service

EVERYTHING = frozenset({ALL})


@dataclass(kw_only=True)
class PluginContexts:
    """Makes contexts for the plugins of one Accord; `service` is set when there is one."""

    hooks: Hooks
    database: Database
    now: Callable[[], datetime]
    new_id: NewId
    committed: Callable[[], None]
    service: "Service | None" = None

    def of(self, plugin: str) -> "PluginContext":
        """The context of a plugin's own work: it acts as the system, and may everything."""
        return self.acting(plugin, SYSTEM_ACTOR, EVERYTHING)

    def acting(self, plugin: str, actor: UUID, permissions: frozenset[str]) -> "PluginContext":
        """The context of a plugin's work for an actor who held these permissions when asking for it."""
        return self.made(plugin, Caller(actor=actor, request=f"plugin {plugin}", permissions=permissions))

    def made(self, plugin: str, caller: Caller) -> "PluginContext":
        """The context of a plugin's work for a caller; what it asks is none of the caller's own requests."""
        own = Caller(actor=caller.actor, request=caller.request, permissions=caller.permissions, scope=plugin)
        return PluginContext(self, plugin, own)


class PluginContext:
    """Where one plugin's own work happens."""

    def __init__(self, contexts: PluginContexts, plugin: str, caller: Caller) -> None:
        self._contexts = contexts
        self._plugin = plugin
        self._caller = caller
        self.actor = caller.actor

    @property
    def now(self) -> datetime:
        """The moment, UTC."""
        return self._contexts.now()

    @property
    def today(self) -> date:
        """The day, UTC."""
        return self._contexts.now().date()

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        return self._caller.may(permission)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a document that is run as the caller; raises AskFailed with its errors, if there are any."""
        service = self._contexts.service
        if service is None:
            raise RuntimeError("the API can't be asked before it is there; ask from startup on")
        request = Request(query=document, variables=cast(Mapping[str, Any], _plain(variables)))
        answer = (await service.run(request, self._caller)).decoded()
        if answer.get("errors"):
            raise AskFailed(answer["errors"])
        return answer["data"]

    async def schedule(
        self, name: str, *, at: datetime | None, record: UUID | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        """Plan work of the plugin for a time, at once."""
        contexts = self._contexts
        statements = plan_due(
            contexts.hooks.plugin(self._plugin),
            name,
            at=at,
            record=record,
            data=data,
            id_=contexts.new_id(),
            now=contexts.now(),
            actor=self.actor,
            dialect=contexts.database.dialect,
        )
        async with contexts.database.transaction() as transaction:
            await follow(transaction, statements)
        contexts.committed()


def _plain(value: Any) -> Any:
    """A variable as JSON has it."""
    match value:
        case Mapping():
            return {str(name): _plain(one) for name, one in cast(Mapping[Any, Any], value).items()}
        case list() | tuple():
            return [_plain(one) for one in cast(list[Any], value)]
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case _:
            return value
