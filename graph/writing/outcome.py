"""What a write asks for, and what came of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...plugins.violations import Path, Violation
from ..databases.database import Reader
from ..reading.sight import NOBODY, Sight
from .standing import Standing

if TYPE_CHECKING:
    from .unit import UnitOfWork


class Operation(StrEnum):
    """What is done to records."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"
    DELETE = "DELETE"
    RESTORE = "RESTORE"


def _nothing(permission: str) -> bool:
    """What a caller of whom nothing is known may do."""
    return False


@dataclass(frozen=True, kw_only=True)
class WriteRequest:
    """A write: what is done to which record type, by whom.

    `inputs` hold one object for each record, `paths` where each stands in the request; instead, `find` may give both
    when the transaction has begun. `name` is the mutation's. `idempotency_key` with `fingerprint` (of the whole input)
    lets a repeated request find its first outcome; keys of one `scope`, such as a plugin's own work, are not those of
    another, and `permissions` are all that the caller holds: the outcome is told again to nobody who holds others. By
    `sight`, records that the caller may not see are not there, and
    values that the caller may not read are kept from what is said of the write. `may` says which permissions the caller
    holds. Instead of inputs, `act` may make the changes of one unit of work; what it returns is the outcome's result,
    of values that JSON has. `standing` follows the write.
    """

    name: str
    record: str
    operation: Operation
    actor: UUID
    inputs: Sequence[Mapping[str, Any]] = ()
    paths: Sequence[Path] = ()
    find: Callable[[Reader], Awaitable[tuple[Sequence[Mapping[str, Any]], Sequence[Path]]]] | None = None
    atomic: bool = True
    dry_run: bool = False
    idempotency_key: str | None = None
    fingerprint: str = ""
    scope: str = ""
    permissions: frozenset[str] = frozenset()
    sight: Sight = NOBODY
    may: Callable[[str], bool] = _nothing
    act: "Callable[[UnitOfWork], Awaitable[Any]] | None" = None
    standing: Standing = field(default_factory=Standing)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a write: for each input the id of its record, or None where it was refused, and all violations."""

    ids: Sequence[UUID | None]
    violations: Sequence[tuple[int, Violation]] = field(default_factory=tuple[tuple[int, Violation], ...])
    result: Any = None

    def of(self, root: int) -> Sequence[Violation]:
        """The violations of one input."""
        return self._by_root.get(root, ())

    @cached_property
    def _by_root(self) -> Mapping[int, Sequence[Violation]]:
        grouped: dict[int, list[Violation]] = {}
        for root, violation in self.violations:
            grouped.setdefault(root, []).append(violation)
        return grouped
