"""Migration 0002_anew of breaking."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [('breaking', '0001_initial'), ('graph', '0001_core')]

    operations = [
        ops.DeleteModel(name='BreakingAccount'),
        ops.CreateModel(
            name='BreakingAccount',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Account', primary_key=True, db_index=True, description='Its account.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('secret', Column('VARCHAR(40)', null=True, description='Known to few.')),
                ('note', Column('VARCHAR(40)', null=True, description='word5 word0 word9 word13 word18 word19 word14 word2 word6 word1 word3 word7 word8 word11 word17 word15 word16 word12 word4 word10')),
            ],
            options={'table': 'breaking_account', 'table_description': 'Fields with slips.'},
        ),
        ops.RunSQL('DELETE FROM breaking_thing'),
        ops.DeleteModel(name='BreakingPassing'),
    ]
