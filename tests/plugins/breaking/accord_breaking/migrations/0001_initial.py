"""Migration 0001_initial of breaking."""

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
            name='BreakingAccount',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Account', primary_key=True, db_index=True, description='Its account.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('secret', Column('VARCHAR(40)', null=True, description='Known to few.')),
                ('note', Column('VARCHAR(40)', null=True, description='word5 word0 word9 word13 word18 word19 word14 word2 word6 word1 word3 word7 word8 word11 word17 word15 word16 word12 word4 word10')),
            ],
            options={'table': 'breaking_account', 'table_description': 'Fields with slips.'},
        ),
        ops.CreateModel(
            name='BreakingThing',
            fields=[
                ('id', Column('UUID', sqlite='CHAR(36)', primary_key=True, description='Global id: a prefix that names the kind of record, and a UUIDv7.')),
                ('version', Column('INT', description='Counts the changes of this record from 1; give it back to update safely.')),
                ('created_at', Column('TIMESTAMPTZ', sqlite='TEXT', description='When the record was created, UTC.')),
                ('created_by', fields.ForeignKeyField('graph.Actor', description='Who created the record.', db_constraint=True, related_name=False, on_delete=OnDelete.RESTRICT)),
                ('updated_at', Column('TIMESTAMPTZ', sqlite='TEXT', description='When the record was last changed, UTC.')),
                ('updated_by', fields.ForeignKeyField('graph.Actor', description='Who changed the record last.', db_constraint=True, related_name=False, on_delete=OnDelete.RESTRICT)),
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the record was deleted, UTC; null while it is live.')),
                ('deletion', Column('UUID', sqlite='CHAR(36)', null=True, description='The deletion that took the record, so that it can be restored.')),
                ('title', Column('VARCHAR(40)', description='What it is called.')),
                ('figure', Column('INT', null=True, description='Known to few.')),
            ],
            options={'table': 'breaking_thing', 'table_description': 'A thing with a figure.'},
        ),
        ops.CreateModel(
            name='BreakingPassing',
            fields=[
                ('id', Column('UUID', sqlite='CHAR(36)', primary_key=True, description='Its id.')),
            ],
            options={'table': 'breaking_passing', 'table_description': 'What does not stay.'},
        ),
    ]
