"""Migration 0001_initial of failing."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [('graph', '0001_core')]

    initial = True

    operations = [
        ops.CreateModel(
            name='FailingAccount',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Account', primary_key=True, db_index=True, description='Its account.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('secret', Column('VARCHAR(20)', null=True, description='A secret.')),
            ],
            options={'table': 'failing_account', 'table_description': 'An account with a secret.'},
        ),
    ]
