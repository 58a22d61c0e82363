"""Labels: coloured words put on records."""

import re

from tortoise import fields

from ...plugins.choices import Choices
from ...plugins.declarations import Policy, through, unique
from ...plugins.fields import Code
from ...plugins.records import Record
from ...plugins.violations import FieldError

COLOUR = re.compile("#[0-9a-fA-F]{6}")


def colour(value: str) -> str:
    """A colour as #rrggbb, in lower case."""
    if not COLOUR.fullmatch(value):
        raise FieldError("INVALID_VALUE", f"{value!r} is no colour; write it as #rrggbb, like #1f77b4.")
    return value.lower()


class LabelScope(Choices):
    """The kind of record that a label may be put on."""

    ACCOUNT = "ACCOUNT", "For accounts."
    CONTACT = "CONTACT", "For contacts."
    ADDRESS = "ADDRESS", "For addresses."


class Label(Record, prefix="lbl"):
    """A coloured word that can be put on records of its scope."""

    name = fields.CharField(100, db_index=True, description="The word.")
    colour = Code(7, default="#808080", validators=[colour], description="Colour as #rrggbb.")
    scope = fields.CharEnumField(
        LabelScope, max_length=10, db_index=True, description="The kind of record it may be put on."
    )
    description = fields.CharField(300, null=True, description="What the label says of a record.")

    class Policies:
        scope = Policy(create_only=True)
        once = unique("scope", "name")
        accounts = through(
            "LabelLink", owner="label", target="account", description="Accounts with this label.", nested=False
        )
        contacts = through(
            "LabelLink", owner="label", target="contact", description="Contacts with this label.", nested=False
        )
        addresses = through(
            "LabelLink", owner="label", target="address", description="Addresses with this label.", nested=False
        )
