"""Customers, their orders, and a profile that belongs to each: parents, children and a one-to-one."""

from typing import Any

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model


class Customer(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(320, description="What we call them; as they write it.")
    code = fields.CharField(20, db_index=True)
    active = fields.BooleanField(db_default=True)
    credit = fields.BigIntField(null=True)
    parent: Any = fields.ForeignKeyField("shop.Customer", null=True, related_name="children", on_delete=fields.RESTRICT)

    class Meta(Model.Meta):
        table = "customer"
        unique_together = (("name", "code"),)
        constraints = [CheckConstraint(check="credit >= 0", name="customer_credit")]


class Order(Model):
    id = fields.UUIDField(primary_key=True)
    customer: Any = fields.ForeignKeyField("shop.Customer", related_name="orders")
    number = fields.CharField(20)
    state = fields.CharField(10, db_default=SqlDefault("'NEW'"))

    class Meta(Model.Meta):
        table = "shop_order"
        constraints = [UniqueConstraint(fields=("number",), name="one_number")]


class Profile(Model):
    customer: Any = fields.OneToOneField("shop.Customer", related_name="profile", primary_key=True)
    favourite: Any = fields.OneToOneField(
        "shop.Order", null=True, related_name="favoured_by", on_delete=fields.SET_NULL
    )
    note = fields.CharField(100, null=True)

    class Meta(Model.Meta):
        table = "profile"
