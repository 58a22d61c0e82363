"""Its models have the tables and namespaces of others, or are no records at all, and nothing migrates to them."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from accord.plugins import AccountExtension, Plugin, Record


class Plain(Model):
    """A bare Tortoise model."""

    id = fields.IntField(primary_key=True)


class WrongmodelsAccount(AccountExtension, namespace="wrong"):
    """In another namespace."""

    note = fields.CharField(20, null=True, description="A note.")


class Ledger(Record, prefix="led"):
    """In a table without the plugin's name, and pointing at another plugin's record."""

    title = fields.CharField(20, description="A title.")
    visit: Any = fields.ForeignKeyField(
        "clinic.ClinicVisit", related_name=False, on_delete=fields.RESTRICT, description="A visit."
    )


class WrongmodelsShelf(Record, prefix="she"):
    """Abstract, because the Meta that it derives its own from says so."""

    title = fields.CharField(20, description="A title.")

    class Meta(Record.Meta):
        table = "wrongmodels_shelf"


class WrongModels(Plugin):
    """All that can be wrong about a model."""

    name = "wrongmodels"
    models = (Plain, WrongmodelsAccount, Ledger, WrongmodelsShelf)
