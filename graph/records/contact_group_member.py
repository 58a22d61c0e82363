# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Memberships of fixed contact groups."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, ChangeKind
from ...plugins.declarations import Policy, unique
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from ..writing.unit import UnitOfWork

NOT_FIXED = Rule(
    code="CONTRADICTION", message="The members of a filtered group come from its filter; change the filter instead."
)


class ContactGroupMember(Record, prefix="gme"):
    """A contact's place in a fixed group."""

    group: Any = fields.ForeignKeyField("graph.ContactGroup", related_name="memberships", description="The group.")
    contact: Any = fields.ForeignKeyField("graph.Contact", related_name="memberships", description="The contact.")

    class Policies:
        group = Policy(owner=True, create_only=True, way_back="Who is in the group, where it is a fixed one.")
        contact = Policy(owner=True, create_only=True, way_back="The contact's places in fixed groups.")
        once = unique("group", "contact")

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: UnitOfWork
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """Only fixed groups have members of their own."""
        created = [change for change in changes if change.kind is ChangeKind.CREATE]
        rows = await unit.rows("ContactGroup", "id", {change.after["group_id"] for change in created})
        kinds = {row["id"]: row["kind"] for row in rows}
        kinds |= {change.id: change.after["kind"] for change in unit.changes("ContactGroup")}
        for change in created:
            if unit.is_wrong(change.at("group_id")):
                continue  # of one that whoever writes may not see, nothing is told
            if kinds.get(change.after["group_id"]) == "FILTERED":
                yield change, NOT_FIXED.broken(change.path)
