"""First choices: an owner has one primary of a kind, so a new one takes the place of the old."""

from collections.abc import Sequence

from ...plugins.changes import Change, Unit


async def demote_others(changes: Sequence[Change], unit: Unit, owners: Sequence[str], same: Sequence[str] = ()) -> None:
    """Let each row that becomes primary take the place of the owner's present primary.

    `owners` are the columns that may hold the owner's id, `same` those in which the two rows agree. Two rows that one
    input makes primary stay as they are, and the unique key reports them.
    """
    for owner in owners:
        rising = {
            (change.after[owner], *(change.after[column] for column in same)): change
            for change in changes
            if change.is_live and change.after.get(owner) is not None and change.after.get("is_primary")
            if change.changed("is_primary", owner, *same)
        }
        if not rising:
            continue
        record = changes[0].record
        for row in await unit.rows(record, owner, {key[0] for key in rising}):
            because = rising.get((row[owner], *(row[column] for column in same)))
            if because is None or row["id"] == because.id or not row["is_primary"]:
                continue
            own = unit.change(record, row["id"])
            if own is None or (own.is_live and "is_primary" not in own.given):
                unit.update(record, row, {"is_primary": False}, because)
