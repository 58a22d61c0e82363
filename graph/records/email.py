# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""E-mail addresses of accounts and contacts."""

from collections.abc import Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, unique
from ...plugins.fields import Code
from ...plugins.records import Record
from ..values.emails import normalise_email
from ..values.problem import Problem
from ..values.text import is_blank
from ..writing.unit import UnitOfWork
from .findings import violated
from .primaries import demote_others


class EmailKind(Choices):
    """Which mailbox it is."""

    WORK = "WORK", "At work."
    PERSONAL = "PERSONAL", "Private."
    BILLING = "BILLING", "For invoices."
    OTHER = "OTHER", "Any other."


class Email(Record, prefix="eml"):
    """An e-mail address of an account or a contact."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name="emails", description="The account whose mailbox it is."
    )
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name="emails", description="The contact whose mailbox it is."
    )
    address = fields.CharField(320, description="The address as typed.")
    normalised = Code(320, db_index=True, description="The address to compare by: all in lower case, domain in ASCII.")
    kind = fields.CharEnumField(
        EmailKind, max_length=10, default=EmailKind.WORK, db_index=True, description="Which mailbox it is."
    )
    is_primary = fields.BooleanField(default=False, db_index=True, description="True for the owner's first choice.")

    class Policies:
        account = Policy(owner=True, create_only=True, way_back="The account's e-mail addresses.")
        contact = Policy(owner=True, create_only=True, way_back="The contact's e-mail addresses.")
        normalised = Policy(read_only=True)
        primary_of_account = unique("account", where="is_primary")
        primary_of_contact = unique("contact", where="is_primary")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """Work out the form to compare by; a new first choice replaces the old."""
        for change in changes:
            typed = change.after["address"] or ""
            if change.is_write and not is_blank(typed) and change.changed("address"):
                found = normalise_email(typed, field="address")
                if isinstance(found, Problem):
                    unit.violate(violated(found, change.at("address")), change)
                change.after["normalised"] = "" if isinstance(found, Problem) else found.folded
        await demote_others(changes, unit, ["account", "contact"])
