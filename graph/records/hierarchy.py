"""The account hierarchy: who stands above whom, kept as closure rows and checked for cycles and depth."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, Unit
from ...plugins.violations import Rule

DEEPEST = 20
CYCLE = Rule(code="CYCLE", message="The account would stand above itself: {id} is the account itself or lies below it.")
TOO_DEEP = Rule(code="TOO_DEEP", message="The hierarchy would be {depth} levels deep; {deepest} are allowed.")


async def keep_hierarchy(changes: Sequence[Change], unit: Unit) -> None:
    """Work out the ancestors of all accounts that move, with everything below them.

    Reads the accounts below the moved ones and the ancestors of their new parents, one statement each.
    """
    moved = {change.id: change for change in changes if change.is_write and _moves(change)}
    if not moved:
        return
    await unit.lock("account hierarchy")
    stored = [id_ for id_, change in moved.items() if change.before is not None]
    below = {
        row["descendant_id"]: row["ancestor_id"] for row in await unit.rows("AccountAncestry", "ancestor_id", stored)
    }
    rows = await unit.rows("Account", "id", [id_ for id_ in below if id_ not in moved], live=False)
    parents: dict[UUID, UUID | None] = {row["id"]: row["parent_id"] for row in rows}
    for id_, change in moved.items():
        parent = change.after["parent_id"]
        parents[id_] = parent if isinstance(parent, UUID) else None  # one that can't be read has been reported
    outside = {parent for parent in parents.values() if parent is not None and parent not in parents}
    above: dict[UUID, list[tuple[int, UUID]]] = {parent: [] for parent in outside}
    for row in await unit.rows("AccountAncestry", "descendant_id", outside):
        above[row["descendant_id"]].append((row["depth"], row["ancestor_id"]))
    chains: dict[UUID, list[UUID]] = {}
    for id_ in parents:
        because = moved.get(id_) or moved[below[id_]]
        chain = _chain(id_, parents, above)
        if chain is None:
            if id_ in moved:
                shown = f"acc_{moved[id_].after['parent_id']}"
                unit.violate(CYCLE.broken(because.at("parent_id"), id=shown), because)
            continue
        if len(chain) >= DEEPEST:
            unit.violate(TOO_DEEP.broken(because.at("parent_id"), depth=len(chain) + 1, deepest=DEEPEST), because)
        chains[id_] = chain
    _write(unit, moved, chains)


def _moves(change: Change) -> bool:
    return change.changed("parent_id") and (change.before is not None or change.after["parent_id"] is not None)


def _chain(
    id_: UUID, parents: Mapping[UUID, UUID | None], above: Mapping[UUID, Sequence[tuple[int, UUID]]]
) -> list[UUID] | None:
    """The accounts above one, the nearest first; None where the way up comes back."""
    chain: list[UUID] = []
    at = parents[id_]
    while at is not None:
        if at == id_ or at in chain:
            return None
        chain.append(at)
        if at in above:
            further = [ancestor for _, ancestor in sorted(above[at])]
            return None if id_ in further else [*chain, *further]
        at = parents.get(at)
    return chain


def _write(unit: Unit, moved: Mapping[UUID, Change], chains: Mapping[UUID, Sequence[UUID]]) -> None:
    rows: list[Mapping[str, Any]] = [
        {"ancestor_id": ancestor, "descendant_id": id_, "depth": depth}
        for id_, chain in chains.items()
        for depth, ancestor in enumerate(chain, 1)
    ]
    unit.replace_relations("AccountAncestry", "descendant_id", chains, rows)
    tops = {id_: (chain[-1] if chain else None) for id_, chain in chains.items()}
    for id_, change in moved.items():
        change.after["ultimate_parent_id"] = tops.pop(id_, None)
    unit.set_derived("Account", "ultimate_parent_id", tops)
