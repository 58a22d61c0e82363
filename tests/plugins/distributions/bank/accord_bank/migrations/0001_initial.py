"""Migration 0001_initial of bank."""

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
            name='BankAccount',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Account', primary_key=True, db_index=True, description='Its account.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('score', Column('INT', null=True, description='How well it pays, from 0 to 100.')),
            ],
            options={'table': 'bank_account', 'table_description': 'An account as a customer of a bank.'},
        ),
    ]
