# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Which label is on which record."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, ChangeKind
from ...plugins.declarations import Policy, unique
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from ..writing.unit import UnitOfWork

OTHER_SCOPE = Rule(code="OTHER_SCOPE", message="The label {name!r} is for {scope} records; use one made for this kind.")


class LabelLink(Record, prefix="lbn"):
    """A label on a record."""

    label: Any = fields.ForeignKeyField("graph.Label", related_name=False, description="The label.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name=False, description="The account it is on."
    )
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name=False, description="The contact it is on."
    )
    address: Any = fields.ForeignKeyField(
        "graph.Address", null=True, related_name=False, description="The address it is on."
    )

    class Policies:
        label = Policy(owner=True, create_only=True)
        account = Policy(owner=True, create_only=True)
        contact = Policy(owner=True, create_only=True)
        address = Policy(owner=True, create_only=True)
        once_on_account = unique("label", "account")
        once_on_contact = unique("label", "contact")
        once_on_address = unique("label", "address")

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: UnitOfWork
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """A label is put on records of its scope alone."""
        created = [change for change in changes if change.kind is ChangeKind.CREATE]
        rows = await unit.rows("Label", "id", {change.after["label_id"] for change in created})
        labels = {row["id"]: row for row in rows} | {c.id: c.after for c in unit.changes("Label") if c.is_live}
        for change in created:
            label = labels.get(change.after["label_id"])
            if unit.is_wrong(change.at("label_id")):
                continue  # of one that whoever writes may not see, nothing is told
            if label is not None and label["scope"] and change.after[f"{label['scope'].lower()}_id"] is None:
                yield change, OTHER_SCOPE.broken(change.path, name=label["name"], scope=label["scope"])
