# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""External ids: what other systems call our records."""

from collections.abc import Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.declarations import Policy, unique
from ...plugins.fields import Code
from ...plugins.records import Record


class ExternalId(Record, prefix="ext"):
    """The id that another system gives a record; unique in that system among records of one kind."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name="external_ids", description="The account so called."
    )
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name="external_ids", description="The contact so called."
    )
    address: Any = fields.ForeignKeyField(
        "graph.Address", null=True, related_name="external_ids", description="The address so called."
    )
    system = Code(60, db_index=True, description="Name of the other system, such as erp.")
    value = Code(200, db_index=True, description="The id there.")
    owner_kind = Code(10, description="")

    class Policies:
        account = Policy(owner=True, create_only=True, way_back="What other systems call the account.")
        contact = Policy(owner=True, create_only=True, way_back="What other systems call the contact.")
        address = Policy(owner=True, create_only=True, way_back="What other systems call the address.")
        owner_kind = Policy(hidden=True)
        once = unique("owner_kind", "system", "value")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: CoreUnit) -> None:
        """Note the kind of record that is called so: ids are unique within a system and a kind."""
        for change in changes:
            kinds = [kind for kind in ("account", "contact", "address") if change.after[f"{kind}_id"] is not None]
            change.after["owner_kind"] = kinds[0].upper() if kinds else "NONE"
