"""Migration 0001_initial of finance."""

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
            name="FinanceAccount",
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
                    "kyc_status",
                    Column('VARCHAR(20) COLLATE "C"', sqlite="VARCHAR(20)", description="How far it is verified."),
                ),
                (
                    "risk",
                    Column(
                        'VARCHAR(20) COLLATE "C"',
                        sqlite="VARCHAR(20)",
                        null=True,
                        description="Its rating, if it has one.",
                    ),
                ),
                ("kyc_verified_on", Column("DATE", null=True, description="When it was last verified.")),
            ],
            options={
                "table": "finance_account",
                "table_description": "What is known of an account as a customer of a bank.",
            },
        ),
        ops.CreateModel(
            name="FinanceBeneficialOwner",
            fields=[
                (
                    "id",
                    Column(
                        "UUID",
                        sqlite="CHAR(36)",
                        primary_key=True,
                        description="Global id: a prefix that names the kind of record, and a UUIDv7.",
                    ),
                ),
                (
                    "version",
                    Column(
                        "INT", description="Counts the changes of this record from 1; give it back to update safely."
                    ),
                ),
                ("created_at", Column("TIMESTAMPTZ", sqlite="TEXT", description="When the record was created, UTC.")),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "graph.Actor",
                        description="Who created the record.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "updated_at",
                    Column("TIMESTAMPTZ", sqlite="TEXT", description="When the record was last changed, UTC."),
                ),
                (
                    "updated_by",
                    fields.ForeignKeyField(
                        "graph.Actor",
                        description="Who changed the record last.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "deleted_at",
                    Column(
                        "TIMESTAMPTZ",
                        sqlite="TEXT",
                        null=True,
                        description="When the record was deleted, UTC; null while it is live.",
                    ),
                ),
                (
                    "deletion",
                    Column(
                        "UUID",
                        sqlite="CHAR(36)",
                        null=True,
                        description="The deletion that took the record, so that it can be restored.",
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "graph.Account",
                        description="What is owned.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        description="Who owns it.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("share", Column("BIGINT", description="Per cent of the account, 0.01 to 100.00.")),
            ],
            options={
                "table": "finance_beneficial_owner",
                "table_description": "A person who owns a part of an account, in the end.",
            },
        ),
        ops.CreateModel(
            name="FinanceContact",
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
                ("birth_date", Column("DATE", null=True, description="Date of birth.")),
            ],
            options={
                "table": "finance_contact",
                "table_description": "What is known of a person as a customer or owner.",
            },
        ),
        ops.CreateModel(
            name="FinanceIdentifier",
            fields=[
                (
                    "id",
                    Column(
                        "UUID",
                        sqlite="CHAR(36)",
                        primary_key=True,
                        description="Global id: a prefix that names the kind of record, and a UUIDv7.",
                    ),
                ),
                (
                    "version",
                    Column(
                        "INT", description="Counts the changes of this record from 1; give it back to update safely."
                    ),
                ),
                ("created_at", Column("TIMESTAMPTZ", sqlite="TEXT", description="When the record was created, UTC.")),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "graph.Actor",
                        description="Who created the record.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "updated_at",
                    Column("TIMESTAMPTZ", sqlite="TEXT", description="When the record was last changed, UTC."),
                ),
                (
                    "updated_by",
                    fields.ForeignKeyField(
                        "graph.Actor",
                        description="Who changed the record last.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "deleted_at",
                    Column(
                        "TIMESTAMPTZ",
                        sqlite="TEXT",
                        null=True,
                        description="When the record was deleted, UTC; null while it is live.",
                    ),
                ),
                (
                    "deletion",
                    Column(
                        "UUID",
                        sqlite="CHAR(36)",
                        null=True,
                        description="The deletion that took the record, so that it can be restored.",
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "graph.Account",
                        description="Whose number it is.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="What kind of number.")),
                (
                    "value",
                    Column(
                        'VARCHAR(60) COLLATE "C"',
                        sqlite="VARCHAR(60)",
                        description="The number, without spaces and in capitals.",
                    ),
                ),
            ],
            options={
                "table": "finance_identifier",
                "table_description": "A number by which registers know an account.",
            },
        ),
    ]
