"""The shop as it was first, in Tortoise's own fields, as one writes them by hand."""

from tortoise import fields, migrations
from tortoise.fields.db_defaults import SqlDefault
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint


class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel(
            name="Customer",
            fields=[
                ("id", fields.IntField(primary_key=True)),
                ("name", fields.CharField(200)),
                ("code", fields.CharField(20, db_index=True)),
                ("referrer", fields.ForeignKeyField("shop.Customer", null=True, related_name=False)),
                ("parent", fields.ForeignKeyField("shop.Customer", null=True, related_name=False)),
            ],
            options={"table": "customer", "unique_together": (("name", "code"),)},
        ),
        ops.CreateModel(
            name="Order",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("customer", fields.ForeignKeyField("shop.Customer", related_name=False)),
                ("number", fields.CharField(20)),
                ("state", fields.CharField(10, db_default=SqlDefault("'NEW'"))),
            ],
            options={"table": "shop_order", "constraints": [UniqueConstraint(fields=("number",), name="one_number")]},
        ),
        ops.CreateModel(
            name="Profile",
            fields=[
                ("customer", fields.OneToOneField("shop.Customer", primary_key=True, related_name=False)),
                (
                    "favourite",
                    fields.OneToOneField("shop.Order", null=True, related_name=False, on_delete=fields.SET_NULL),
                ),
                ("note", fields.CharField(50, null=True)),
            ],
            options={"table": "profile"},
        ),
    ]
