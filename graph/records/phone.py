# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Phone numbers of accounts and contacts."""

from collections.abc import Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, unique
from ...plugins.fields import Code
from ...plugins.records import Record
from ..values.phones import normalise_phone
from ..values.problem import Problem
from ..values.text import is_blank
from ..writing.unit import UnitOfWork
from .findings import violated
from .primaries import demote_others


class PhoneKind(Choices):
    """Which phone it is."""

    WORK = "WORK", "At work."
    MOBILE = "MOBILE", "Carried along."
    HOME = "HOME", "At home."
    FAX = "FAX", "A fax machine."
    OTHER = "OTHER", "Any other."


class Phone(Record, prefix="phn"):
    """A phone number of an account or a contact."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name="phones", description="The account whose number it is."
    )
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name="phones", description="The contact whose number it is."
    )
    number = fields.CharField(60, description="The number as typed.")
    country = Code(2, null=True, description="ISO 3166-1 code by which a number without country prefix is read.")
    e164 = Code(16, db_index=True, description="The number in E.164, such as +4930123456.")
    extension = Code(20, null=True, description="Extension, if the number has one.")
    kind = fields.CharEnumField(
        PhoneKind, max_length=10, default=PhoneKind.WORK, db_index=True, description="Which phone it is."
    )
    is_primary = fields.BooleanField(default=False, db_index=True, description="True for the owner's first choice.")

    class Policies:
        account = Policy(owner=True, create_only=True, way_back="The account's phone numbers.")
        contact = Policy(owner=True, create_only=True, way_back="The contact's phone numbers.")
        e164 = Policy(read_only=True)
        extension = Policy(read_only=True)
        primary_of_account = unique("account", where="is_primary")
        primary_of_contact = unique("contact", where="is_primary")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """Work out E.164 from what was typed; a new first choice replaces the old."""
        for change in changes:
            typed = change.after["number"] or ""
            if change.is_write and not is_blank(typed) and change.changed("number", "country"):
                found = normalise_phone(typed, change.after["country"], field="number")
                if isinstance(found, Problem):
                    unit.violate(violated(found, change.at("number")), change, of=["number", "country"])
                    change.after["e164"] = ""
                else:
                    change.after |= {"e164": found.e164, "extension": found.extension}
        await demote_others(changes, unit, ["account", "contact"])
