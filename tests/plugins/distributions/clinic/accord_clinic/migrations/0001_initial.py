"""Migration 0001_initial of clinic."""

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
            name='ClinicAccount',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Account', primary_key=True, db_index=True, description='Its account.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', Column('VARCHAR(10) COLLATE "C"', sqlite='VARCHAR(10)', description='What sort it is.')),
                ('npi', Column('VARCHAR(10) COLLATE "C"', sqlite='VARCHAR(10)', null=True, description='National Provider Identifier.')),
                ('beds', Column('INT', description='How many beds it has.')),
                ('cover', Column('BIGINT', null=True, description='Sum insured.')),
                ('cover_currency', Column('VARCHAR(3) COLLATE "C"', sqlite='VARCHAR(3)', null=True)),
            ],
            options={'table': 'clinic_account', 'table_description': 'An account as a clinic.'},
        ),
        ops.CreateModel(
            name='ClinicContact',
            fields=[
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the owner was deleted, UTC; null while it is live.')),
                ('owner', fields.OneToOneField('graph.Contact', primary_key=True, db_index=True, description='Its contact.', db_constraint=True, related_name=False, on_delete=OnDelete.CASCADE)),
                ('allergies', Column('VARCHAR(200)', null=True, description='What must not be given.')),
            ],
            options={'table': 'clinic_contact', 'table_description': 'A person as a patient.'},
        ),
        ops.CreateModel(
            name='ClinicVisit',
            fields=[
                ('id', Column('UUID', sqlite='CHAR(36)', primary_key=True, description='Global id: a prefix that names the kind of record, and a UUIDv7.')),
                ('version', Column('INT', description='Counts the changes of this record from 1; give it back to update safely.')),
                ('created_at', Column('TIMESTAMPTZ', sqlite='TEXT', description='When the record was created, UTC.')),
                ('created_by', fields.ForeignKeyField('graph.Actor', description='Who created the record.', db_constraint=True, related_name=False, on_delete=OnDelete.RESTRICT)),
                ('updated_at', Column('TIMESTAMPTZ', sqlite='TEXT', description='When the record was last changed, UTC.')),
                ('updated_by', fields.ForeignKeyField('graph.Actor', description='Who changed the record last.', db_constraint=True, related_name=False, on_delete=OnDelete.RESTRICT)),
                ('deleted_at', Column('TIMESTAMPTZ', sqlite='TEXT', null=True, description='When the record was deleted, UTC; null while it is live.')),
                ('deletion', Column('UUID', sqlite='CHAR(36)', null=True, description='The deletion that took the record, so that it can be restored.')),
                ('title', Column('VARCHAR(200)', description='What it is called.')),
                ('title_folded', Column('TEXT COLLATE "C"', sqlite='TEXT')),
                ('account', fields.ForeignKeyField('graph.Account', description='Which clinic was inspected.', db_constraint=True, related_name=False, on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'clinic_visit', 'table_description': 'An inspection of a clinic.'},
        ),
    ]
