"""Lines of reporting: who reports to whom, checked for cycles and length."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from ...plugins.changes import Change
from ...plugins.violations import Rule
from ..writing.unit import UnitOfWork

LONGEST = 50
LOCK = "lines of reporting"
CYCLE = Rule(code="CYCLE", message="The contact would report to itself, directly or by way of others.")
TOO_DEEP = Rule(code="TOO_DEEP", message="The line of reporting above the contact has more than {longest} people.")


async def check_reporting(changes: Sequence[Change], unit: UnitOfWork) -> None:
    """Report contacts who would report to themselves; deleted people keep their place in a line.

    Reads one level of all lines in one statement. The whole line is looked at, so that none can ever close.
    """
    moved = {
        change.id: change
        for change in changes
        if change.is_write and change.changed("reports_to_id") and isinstance(change.after["reports_to_id"], UUID)
    }
    if not moved:
        return
    await unit.lock(LOCK)
    bosses: dict[UUID, UUID | None] = {change.id: change.after["reports_to_id"] for change in changes}
    heads = set(moved)
    for _ in range(LONGEST):
        heads = {head for head in (_head(id_, bosses) for id_ in heads) if head is not None}
        if not heads:
            break
        rows = await unit.rows("Contact", "id", heads, live=False)
        bosses |= dict.fromkeys(heads) | {row["id"]: row["reports_to_id"] for row in rows}
    for change in moved.values():
        line = _line(change.id, bosses)
        if change.id in line:
            other = next((moved[one] for one in line if one in moved and one != change.id), None)
            unit.violate(CYCLE.broken(change.at("reports_to_id")), change, other=other, of_others=["reports_to_id"])
        elif len(line) > LONGEST or (line and line[-1] not in bosses):
            wrong = TOO_DEEP.broken(change.at("reports_to_id"), longest=LONGEST)
            unit.violate(wrong, change, of_others=["reports_to_id"])


def _line(id_: UUID, bosses: Mapping[UUID, UUID | None]) -> list[UUID]:
    """Everybody above a contact, as far as is known; ends before it would begin again."""
    line: list[UUID] = []
    at = bosses.get(id_)
    while isinstance(at, UUID) and at not in line and len(line) <= LONGEST:
        line.append(at)
        at = bosses.get(at)
    return line


def _head(id_: UUID, bosses: Mapping[UUID, UUID | None]) -> UUID | None:
    """The last of a line whose own boss is not known yet; None where the line is known whole."""
    line = _line(id_, bosses)
    last = line[-1] if line else id_
    return None if last in bosses else last
