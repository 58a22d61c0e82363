"""The account hierarchy: who stands above whom, kept as closure rows and checked for cycles and depth."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change, ChangeKind
from ...plugins.violations import Rule
from ..writing.unit import UnitOfWork

DEEPEST = 20
LOCK = "account hierarchy"
CYCLE = Rule(code="CYCLE", message="The account would stand above itself: {id} is the account itself or lies below it.")
TOO_DEEP = Rule(code="TOO_DEEP", message="The hierarchy would be more than {deepest} levels deep.")

Chains = dict[UUID, list[UUID]]


async def keep_hierarchy(changes: Sequence[Change], unit: UnitOfWork) -> None:
    """Work out the ancestors of all accounts that move, with everything below them, and who is at the top now.

    Deleted accounts keep their place, so that they can be restored to it; at the top stands who is live. Reads the
    accounts below the changed ones and the ancestors of their parents, one statement each.
    """
    moved = {change.id: change for change in changes if change.is_write and _moves(change)}
    chains: Chains = {}
    if moved:
        await unit.lock(LOCK)
        chains = await _chains_of_moved(moved, unit)
        rows: list[Mapping[str, Any]] = [
            {"ancestor_id": ancestor, "descendant_id": id_, "depth": depth}
            for id_, chain in chains.items()
            for depth, ancestor in enumerate(chain, 1)
        ]
        unit.replace_relations("AccountAncestry", "descendant_id", chains, rows)
    come_or_go = [change for change in changes if not change.is_write]
    if come_or_go:
        chains = await _chains_below(come_or_go, unit) | chains
    if chains:
        await _set_tops(chains, unit)


def _moves(change: Change) -> bool:
    return change.changed("parent_id") and (change.before is not None or change.after["parent_id"] is not None)


async def _chains_of_moved(moved: Mapping[UUID, Change], unit: UnitOfWork) -> Chains:
    """The accounts above each moved one and above each below it, the nearest first; cycles and depth are reported."""
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
    chains: Chains = {}
    too_deep: dict[UUID, Change] = {}
    for id_ in parents:
        because = moved.get(id_) or moved[below[id_]]
        chain = _chain(id_, parents, above)
        if id_ in chain:
            if id_ in moved:
                other = next((moved[one] for one in chain if one in moved and one != id_), None)
                shown = unit.shown("Account", because.after["parent_id"])
                wrong = CYCLE.broken(because.at("parent_id"), id=shown)
                unit.violate(wrong, because, other=other, of_others=["parent_id"])
            continue
        if len(chain) >= DEEPEST:
            too_deep.setdefault(because.id, because)
        chains[id_] = chain
    for because in too_deep.values():
        unit.violate(TOO_DEEP.broken(because.at("parent_id"), deepest=DEEPEST), because, of_others=["parent_id"])
    return chains


def _chain(
    id_: UUID, parents: Mapping[UUID, UUID | None], above: Mapping[UUID, Sequence[tuple[int, UUID]]]
) -> list[UUID]:
    """The accounts above one, the nearest first, as far as the hierarchy may go; itself among them if it cycles."""
    chain: list[UUID] = []
    at = parents[id_]
    while at is not None and at not in chain and len(chain) <= DEEPEST:
        chain.append(at)
        if at in above:
            return [*chain, *(ancestor for _, ancestor in sorted(above[at]))]
        at = parents.get(at)
    return chain


async def _chains_below(changes: Iterable[Change], unit: UnitOfWork) -> Chains:
    """The accounts above each one that stands below one that comes or goes, or that comes back itself."""
    ids = {change.id for change in changes}
    rows = await unit.rows("AccountAncestry", "ancestor_id", ids)
    found = {row["descendant_id"] for row in rows}
    found |= {change.id for change in changes if change.kind is ChangeKind.RESTORE}
    above: dict[UUID, list[tuple[int, UUID]]] = {id_: [] for id_ in found}
    for row in await unit.rows("AccountAncestry", "descendant_id", found):
        above[row["descendant_id"]].append((row["depth"], row["ancestor_id"]))
    return {id_: [ancestor for _, ancestor in sorted(rows)] for id_, rows in above.items()}


async def _set_tops(chains: Chains, unit: UnitOfWork) -> None:
    """Note the topmost live account above each; it is kept from being deleted meanwhile."""
    known = {change.id: change.is_live for change in unit.changes("Account")}
    others = {ancestor for chain in chains.values() for ancestor in chain if ancestor not in known}
    record = unit.catalogue["Account"]
    live = {row["id"] for row in await unit.reader.find(record, "id", others, lock="share")}
    live |= {id_ for id_, is_live in known.items() if is_live}
    tops: dict[UUID, UUID | None] = {}
    for id_, chain in chains.items():
        top = next((ancestor for ancestor in reversed(chain) if ancestor in live), None)
        change = unit.change("Account", id_)
        if change is None:
            tops[id_] = top
        else:
            change.after["ultimate_parent_id"] = top
    unit.set_derived("Account", "ultimate_parent_id", tops)
