# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Links of addresses to their accounts and contacts."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, unique
from ...plugins.records import Record
from ..writing.unit import UnitOfWork
from .primaries import demote_others


class AddressKind(Choices):
    """What an owner uses an address for."""

    BILLING = "BILLING", "Invoices go there."
    SHIPPING = "SHIPPING", "Goods go there."
    MAILING = "MAILING", "Letters go there."
    VISITING = "VISITING", "Visitors go there."
    LEGAL = "LEGAL", "The registered seat."
    OTHER = "OTHER", "Any other use."


class AddressLink(Record, prefix="adl"):
    """An account's or a contact's use of an address."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name="address_links", description="The account that uses the address."
    )
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name="address_links", description="The contact who uses the address."
    )
    address: Any = fields.ForeignKeyField("graph.Address", related_name="links", description="The address.")
    kind = fields.CharEnumField(
        AddressKind,
        max_length=10,
        default=AddressKind.OTHER,
        db_index=True,
        description="What the address is used for.",
    )
    is_primary = fields.BooleanField(
        default=False, db_index=True, description="True for the first choice among the owner's addresses of this kind."
    )

    class Policies:
        account = Policy(owner=True, create_only=True, way_back="The account's uses of addresses, each with its kind.")
        contact = Policy(owner=True, create_only=True, way_back="The contact's uses of addresses, each with its kind.")
        address = Policy(owner=True, create_only=True, orphans=True, way_back="Who uses the address, and what for.")
        primary_of_account = unique("account", "kind", where="is_primary")
        primary_of_contact = unique("contact", "kind", where="is_primary")

    @classmethod
    def pick(cls, rows: Sequence[Mapping[str, Any]], stated: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The uses that an input means: all of them, or the one of the stated kind.

        A use of no particular kind becomes one of the stated kind; any other stays, and the stated is a further one.
        """
        kind = stated.get("kind")
        if kind is None:
            return rows
        same = [row for row in rows if row["kind"] == kind]
        return same or [row for row in rows if row["kind"] == AddressKind.OTHER][:1]

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """A new first choice replaces the old one of its kind."""
        await demote_others(changes, unit, ["account", "contact"], ["kind"])
