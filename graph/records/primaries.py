"""First choices: an owner has one primary of a kind, so a new one takes the place of the old."""

from collections.abc import Sequence

from ...plugins.changes import Change
from ..writing.unit import UnitOfWork


async def demote_others(
    changes: Sequence[Change], unit: UnitOfWork, owners: Sequence[str], same: Sequence[str] = ()
) -> None:
    """Let each row that becomes primary take the place of the owner's present primary.

    `owners` are the foreign keys that may lead to the owner, `same` the columns in which the two rows agree. Two rows
    that one input makes primary stay as they are, and the unique key reports them.
    """
    record = changes[0].record
    for owner in owners:
        link = unit.catalogue[record].to_ones[owner]
        rising = {
            (change.after[link.column], *(change.after[column] for column in same)): change
            for change in changes
            if change.is_live and change.after.get(link.column) is not None and change.after.get("is_primary")
            if change.changed("is_primary", link.column, *same)
        }
        if not rising:
            continue
        ids = {key[0] for key in rising}
        await unit.hold(link.target, ids)
        for row in await unit.rows(record, link.column, ids):
            because = rising.get((row[link.column], *(row[column] for column in same)))
            if because is None or row["id"] == because.id or not row["is_primary"]:
                continue
            own = unit.change(record, row["id"])
            if own is None or (own.is_live and "is_primary" not in own.given):
                unit.update(record, row, {"is_primary": False}, because)
