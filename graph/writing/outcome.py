"""What a write asks for, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from ...plugins.violations import Path, Violation


class Operation(StrEnum):
    """What is done to records."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"
    DELETE = "DELETE"
    RESTORE = "RESTORE"


@dataclass(frozen=True, kw_only=True)
class WriteRequest:
    """A write: what is done to which record type, by whom.

    `inputs` hold one object for each record, `paths` where each stands in the request. `name` is the mutation's.
    `idempotency_key` with `fingerprint` (of the whole input) lets a repeated request find its first outcome.
    """

    name: str
    record: str
    operation: Operation
    inputs: Sequence[Mapping[str, Any]]
    paths: Sequence[Path]
    actor: UUID
    atomic: bool = True
    dry_run: bool = False
    idempotency_key: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a write: for each input the id of its record, or None where it was refused, and all violations."""

    ids: Sequence[UUID | None]
    violations: Sequence[tuple[int, Violation]] = field(default_factory=tuple[tuple[int, Violation], ...])

    def of(self, root: int) -> list[Violation]:
        """The violations of one input."""
        return [violation for at, violation in self.violations if at == root]
