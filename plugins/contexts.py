"""What the hooks and operations of a plugin are given besides the unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from .changes import ChangeKind


class Viewer(Protocol):
    """Who reads."""

    actor: UUID

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        ...


class Context(Viewer, Protocol):
    """Where a plugin's own work happens: its moment, who does it, and the API."""

    @property
    def now(self) -> datetime:
        """The moment, UTC; tests turn it."""
        ...

    @property
    def today(self) -> date:
        """The day, UTC."""
        ...

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a GraphQL document as the caller and give its data; raises AskFailed with the errors, if it has some."""
        ...

    async def schedule(
        self, name: str, *, at: datetime | None, record: UUID | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        """Let the plugin's method marked `due` and called so run at a time, as `Unit.schedule` does."""
        ...


class Passing:
    """A context that passes on what another gives, for those that give more."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.actor = context.actor

    @property
    def now(self) -> datetime:
        return self._context.now

    @property
    def today(self) -> date:
        return self._context.today

    def may(self, permission: str) -> bool:
        return self._context.may(permission)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        return await self._context.ask(document, **variables)

    async def schedule(
        self, name: str, *, at: datetime | None, record: UUID | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        await self._context.schedule(name, at=at, record=record, data=data)


class AskFailed(Exception):
    """A document that a plugin ran has errors."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A committed change. `fields` are the changed fields as the API names them, a plugin's as `hipaa.npi`.

    An event may come twice, so that work which must not be done twice remembers its `id`.
    """

    id: UUID
    record: str
    record_id: UUID
    kind: ChangeKind
    version: int
    fields: tuple[str, ...]
    actor: UUID
    occurred_at: datetime
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What a caller may not see of a record type. Plugins can only narrow: several narrowings hold together.

    `where` is a filter as the API takes it: rows that it does not match are not there. `hide` names fields, as
    `hipaa.mrn`, that come back masked.
    """

    where: Mapping[str, Any] = field(default_factory=dict[str, Any])
    hide: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Access:
    """Classified values that are about to leave: who asked, and of which records which fields.

    Without ids the answer does not hold the values but hangs on them: figures, or a filter or an order by them.
    """

    actor: UUID
    request: str
    moment: datetime
    record: str
    ids: tuple[UUID, ...]
    fields: tuple[str, ...]
    classes: frozenset[str]
