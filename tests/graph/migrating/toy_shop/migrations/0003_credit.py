"""What a customer may owe, with a check, and whether they are active; the notes get a text with a semicolon."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_longer_names")]
    operations = [
        ops.AddField(model_name="Customer", name="active", field=Column("BOOL", sqlite="INT", db_default=True)),
        ops.AddField(model_name="Customer", name="credit", field=Column("BIGINT", null=True)),
        ops.AddConstraint(
            model_name="Customer", constraint=CheckConstraint(check="credit >= 0", name="customer_credit")
        ),
        ops.RunSQL("UPDATE profile SET note = 'old; kept' WHERE note IS NULL; UPDATE customer SET credit = 5"),
    ]
