# Meta stands in every model of Tortoise, each its own.
# pyright: reportIncompatibleVariableOverride=false
"""The tables once more, as plain Tortoise models of somebody who builds such an API by hand."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tortoise import fields
from tortoise.models import Model

from accord.graph.bootstrap import SYSTEM_ACTOR


def _now() -> datetime:
    return datetime.now(UTC)


class Stored(Model):
    """What every table has."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(default=_now)
    updated_at = fields.DatetimeField(default=_now)
    deleted_at = fields.DatetimeField(null=True)
    created_by_id = fields.UUIDField(default=SYSTEM_ACTOR)
    updated_by_id = fields.UUIDField(default=SYSTEM_ACTOR)

    class Meta(Model.Meta):
        abstract = True


class Account(Stored):
    """A customer."""

    name = fields.CharField(200)
    name_folded = fields.TextField()
    number = fields.CharField(40, null=True)
    kind = fields.CharField(10, default="BUSINESS")
    industry = fields.CharField(100, null=True)
    industry_folded = fields.TextField(null=True)
    lifecycle_stage = fields.CharField(10, default="PROSPECT")
    status = fields.CharField(10, default="ACTIVE")
    website = fields.CharField(2048, null=True)
    employee_count = fields.IntField(null=True)

    class Meta(Model.Meta):
        table = "account"


class Contact(Stored):
    """A person."""

    name = fields.CharField(420)
    sort_name = fields.CharField(320)
    sort_name_folded = fields.TextField()
    given_name = fields.CharField(100, null=True)
    given_name_folded = fields.TextField(null=True)
    family_name = fields.CharField(100, null=True)
    family_name_folded = fields.TextField(null=True)
    title = fields.CharField(150, null=True)
    title_folded = fields.TextField(null=True)
    do_not_contact = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        table = "contact"


class Address(Stored):
    """A place."""

    street_lines = fields.TextField()
    city = fields.CharField(150, null=True)
    city_folded = fields.TextField(null=True)
    postal_code = fields.CharField(20, null=True)
    postal_code_folded = fields.TextField(null=True)
    country_code = fields.CharField(2)
    country_name = fields.CharField(80)
    country_name_folded = fields.TextField()

    class Meta(Model.Meta):
        table = "address"


class AccountContact(Stored):
    """A contact of an account."""

    account: Any = fields.ForeignKeyField("models.Account", related_name=False)
    contact: Any = fields.ForeignKeyField("models.Contact", related_name=False)
    roles = fields.TextField(default="[]")
    is_primary = fields.BooleanField(default=False)
    is_ongoing = fields.BooleanField(default=True)

    class Meta(Model.Meta):
        table = "account_contact"


class AddressLink(Stored):
    """An address of an account or a contact."""

    account: Any = fields.ForeignKeyField("models.Account", null=True, related_name=False)
    contact: Any = fields.ForeignKeyField("models.Contact", null=True, related_name=False)
    address: Any = fields.ForeignKeyField("models.Address", related_name=False)
    kind = fields.CharField(10)
    is_primary = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        table = "address_link"
