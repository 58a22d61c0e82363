"""Longer names, a parent that can't be deleted under its children, and no referrer: SQLite writes two tables anew."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        ops.AlterField(
            model_name="Customer",
            name="name",
            field=Column("VARCHAR(320)", description="What we call them; as they write it."),
        ),
        ops.AlterField(
            model_name="Customer",
            name="parent",
            field=fields.ForeignKeyField("shop.Customer", null=True, related_name=False, on_delete=fields.RESTRICT),
        ),
        ops.AlterField(model_name="Profile", name="note", field=Column("VARCHAR(100)", null=True)),
        ops.RemoveField(model_name="Customer", name="referrer"),
    ]
