"""Intents: the objects of an input, each a record to create, change, connect or take away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ...plugins.changes import Change
from ...plugins.violations import Path, Violation
from ..catalogue import RecordType, ToMany
from .unit import UnitOfWork

CONTROLS = frozenset({"id", "by", "expectedVersion", "delete", "disconnect"})


@dataclass(kw_only=True, eq=False)
class Intent:
    """One object of an input: a record to create, change, connect or take away, with the objects nested in it.

    `named_at` is where the input names the record, by its id or another key; of an intent that `is_refused` the name
    can't be used, which has been said.
    """

    record: RecordType
    input: Mapping[str, Any]
    path: Path
    root: int
    owner: "Intent | None" = None
    through: ToMany | None = None
    id: UUID | None = None
    named_at: Path = ()
    is_refused: bool = False
    change: Change | None = None
    children: list["Intent"] = field(default_factory=list["Intent"])

    def asks(self, control: str) -> bool:
        """Whether the input asks for `delete` or `disconnect`."""
        return bool(self.input.get(control))

    def own_values(self, link: RecordType | None) -> Mapping[str, Any]:
        """What the input states of the record itself, and not of the `link` to its owner."""
        return self.input if link is None else {n: v for n, v in self.input.items() if n not in link.members}

    def link_values(self, link: RecordType | None) -> Mapping[str, Any]:
        """What the input states of the `link` to its owner."""
        stated = {} if link is None else {n: v for n, v in self.input.items() if n in link.members}
        return {name: value for name, value in stated.items() if name not in CONTROLS}

    def report(self, unit: UnitOfWork, violation: Violation, other: Change | None = None) -> None:
        """Report a violation of the input; `other` is the change that it clashes with."""
        unit.violate_at(violation, self.root, other=other.root if other and other.root != self.root else None)
