"""Migration 0001_initial of healthcare."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

from accord.plugins import Column


class Migration(migrations.Migration):
    dependencies = [("graph", "0001_core")]

    initial = True

    operations = [
        ops.CreateModel(
            name="HealthcareAccount",
            fields=[
                (
                    "deleted_at",
                    Column(
                        "TIMESTAMPTZ",
                        sqlite="TEXT",
                        null=True,
                        description="When the owner was deleted, UTC; null while it is live.",
                    ),
                ),
                (
                    "owner",
                    fields.OneToOneField(
                        "graph.Account",
                        primary_key=True,
                        db_index=True,
                        description="Its account.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    Column(
                        'VARCHAR(20) COLLATE "C"', sqlite="VARCHAR(20)", description="Which duties the account has."
                    ),
                ),
                (
                    "npi",
                    Column(
                        'VARCHAR(10) COLLATE "C"',
                        sqlite="VARCHAR(10)",
                        null=True,
                        description="National Provider Identifier, ten digits.",
                    ),
                ),
                (
                    "baa_signed_on",
                    Column(
                        "DATE",
                        null=True,
                        description="When the business associate agreement with the account was signed.",
                    ),
                ),
            ],
            options={"table": "healthcare_account", "table_description": "Where an account stands under HIPAA."},
        ),
        ops.CreateModel(
            name="HealthcareContact",
            fields=[
                (
                    "deleted_at",
                    Column(
                        "TIMESTAMPTZ",
                        sqlite="TEXT",
                        null=True,
                        description="When the owner was deleted, UTC; null while it is live.",
                    ),
                ),
                (
                    "owner",
                    fields.OneToOneField(
                        "graph.Contact",
                        primary_key=True,
                        db_index=True,
                        description="Its contact.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "mrn",
                    Column("VARCHAR(32)", null=True, description="Medical record number, as the provider gave it."),
                ),
                ("mrn_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
            ],
            options={"table": "healthcare_contact", "table_description": "A person as a patient."},
        ),
    ]
