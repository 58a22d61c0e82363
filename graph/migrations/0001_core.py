"""Migration 0001_core of graph."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from ..migrating.column import Column


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Actor",
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
                ("name", Column("VARCHAR(200)", description="The name shown beside what the actor did.")),
                ("name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                (
                    "kind",
                    Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="Person, service or system."),
                ),
                ("email", Column("VARCHAR(254)", null=True, description="Where to reach the actor.")),
                ("email_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
            ],
            options={
                "table": "actor",
                "table_description": "Somebody or something that acts in Accord: a person, a service, or the system itself.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Account",
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
                ("name", Column("VARCHAR(200)", description="The name people use.")),
                ("name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                ("legal_name", Column("VARCHAR(300)", null=True, description="The name in the register.")),
                ("legal_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                (
                    "number",
                    Column(
                        'VARCHAR(40) COLLATE "C"',
                        sqlite="VARCHAR(40)",
                        null=True,
                        description="The account's number; made by the naming rule of its kind if absent.",
                    ),
                ),
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="Sort of customer.")),
                ("industry", Column("VARCHAR(100)", null=True, description="The branch the account works in.")),
                ("industry_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                (
                    "lifecycle_stage",
                    Column(
                        'VARCHAR(10) COLLATE "C"',
                        sqlite="VARCHAR(10)",
                        description="How far the relationship has come.",
                    ),
                ),
                (
                    "status",
                    Column(
                        'VARCHAR(10) COLLATE "C"',
                        sqlite="VARCHAR(10)",
                        description="Whether the account is worked with at present.",
                    ),
                ),
                (
                    "website",
                    Column(
                        "VARCHAR(2048)", null=True, description="Web address as typed; https:// is added where missing."
                    ),
                ),
                (
                    "domain",
                    Column(
                        'VARCHAR(253) COLLATE "C"',
                        sqlite="VARCHAR(253)",
                        null=True,
                        description="Host of the website without www., lower case.",
                    ),
                ),
                ("annual_revenue", Column("BIGINT", null=True, description="Last known revenue of a year.")),
                ("annual_revenue_currency", Column('VARCHAR(3) COLLATE "C"', sqlite="VARCHAR(3)", null=True)),
                ("employee_count", Column("INT", null=True, description="Last known number of employees.")),
                ("description", Column("TEXT", null=True, description="What is worth knowing, in free text.")),
                (
                    "source_category",
                    Column(
                        'VARCHAR(16) COLLATE "C"',
                        sqlite="VARCHAR(16)",
                        null=True,
                        description="Where the account first came from.",
                    ),
                ),
                ("unique_name", Column('VARCHAR(600) COLLATE "C"', sqlite="VARCHAR(600)", null=True)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "graph.Account",
                        null=True,
                        description="The account directly above this one.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "ultimate_parent",
                    fields.ForeignKeyField(
                        "graph.Account",
                        null=True,
                        description="The account at the top of the hierarchy; null for an account without a parent.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "graph.Actor",
                        null=True,
                        description="The actor who looks after the account.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "account",
                "table_description": "A customer: a business, a person, a household or a partner.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccountAncestry",
            fields=[
                ("id", Column("UUID", sqlite="CHAR(36)", primary_key=True, description="Id of the relation.")),
                (
                    "ancestor",
                    fields.ForeignKeyField(
                        "graph.Account",
                        description="The account above.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "descendant",
                    fields.ForeignKeyField(
                        "graph.Account",
                        description="The account below.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("depth", Column("INT", description="Steps between the two; 1 for a parent.")),
            ],
            options={
                "table": "account_ancestry",
                "table_description": "One account above another, however far; kept by Accord when a parent changes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Address",
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
                    "street_lines",
                    Column("TEXT", description="Street, house number and what belongs to them, line by line."),
                ),
                ("city", Column("VARCHAR(150)", null=True, description="City or town.")),
                ("city_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("district", Column("VARCHAR(150)", null=True, description="District, suburb or dependent locality.")),
                (
                    "state_code",
                    Column(
                        'VARCHAR(6) COLLATE "C"',
                        sqlite="VARCHAR(6)",
                        null=True,
                        description="ISO 3166-2 code, such as US-CA.",
                    ),
                ),
                ("state_name", Column("VARCHAR(150)", null=True, description="Name of the state, province or region.")),
                ("state_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("postal_code", Column("VARCHAR(20)", null=True, description="Postal code as written there.")),
                ("postal_code_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                (
                    "country_code",
                    Column(
                        'VARCHAR(2) COLLATE "C"', sqlite="VARCHAR(2)", description="ISO 3166-1 code of two letters."
                    ),
                ),
                ("country_name", Column("VARCHAR(80)", description="The country's short English name in ISO 3166-1.")),
                ("country_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                ("latitude", Column("BIGINT", null=True, description="Degrees north, -90 to 90.")),
                ("longitude", Column("BIGINT", null=True, description="Degrees east, -180 to 180.")),
                ("valid_from", Column("DATE", null=True, description="First day on which the address is right.")),
                ("valid_to", Column("DATE", null=True, description="Last day on which the address is right.")),
                ("source", Column("VARCHAR(100)", null=True, description="Where the address comes from.")),
                ("source_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
            ],
            options={
                "table": "address",
                "table_description": "A place, linked to any number of accounts and contacts; what was typed is what is stored.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Contact",
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
                ("name", Column("VARCHAR(420)", description="The whole name as one line, made from its parts.")),
                ("sort_name", Column("VARCHAR(320)", description="Family name, given name: what lists are sorted by.")),
                ("sort_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                ("prefix", Column("VARCHAR(40)", null=True, description="What stands before the name, such as Dr.")),
                ("given_name", Column("VARCHAR(100)", null=True, description="Given names.")),
                ("given_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("family_name", Column("VARCHAR(100)", null=True, description="Family name.")),
                ("family_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("suffix", Column("VARCHAR(40)", null=True, description="What stands after the name, such as Jr.")),
                (
                    "preferred_name",
                    Column("VARCHAR(100)", null=True, description="What the person likes to be called."),
                ),
                ("preferred_name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("title", Column("VARCHAR(150)", null=True, description="Job title.")),
                ("title_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                ("department", Column("VARCHAR(150)", null=True, description="Department.")),
                ("department_folded", Column('TEXT COLLATE "C"', sqlite="TEXT", null=True)),
                (
                    "language",
                    Column(
                        'VARCHAR(35) COLLATE "C"',
                        sqlite="VARCHAR(35)",
                        null=True,
                        description="Preferred language, a BCP 47 tag such as pt-BR.",
                    ),
                ),
                (
                    "time_zone",
                    Column(
                        'VARCHAR(64) COLLATE "C"',
                        sqlite="VARCHAR(64)",
                        null=True,
                        description="Time zone by its IANA name, such as Europe/Berlin.",
                    ),
                ),
                ("do_not_contact", Column("BOOL", sqlite="INT", description="True where nobody may get in touch.")),
                (
                    "reports_to",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact this one reports to.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={"table": "contact", "table_description": "A person, who belongs to any number of accounts."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccountContact",
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
                        description="The account.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        description="The contact.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("roles", Column("TEXT", description="What the contact means to the account.")),
                (
                    "is_primary",
                    Column(
                        "BOOL", sqlite="INT", description="True for the one account that the contact mainly belongs to."
                    ),
                ),
                ("started_on", Column("DATE", null=True, description="First day of the relationship.")),
                ("ended_on", Column("DATE", null=True, description="Last day; null while it goes on.")),
                ("is_ongoing", Column("BOOL", sqlite="INT", description="True while no last day is set.")),
            ],
            options={
                "table": "account_contact",
                "table_description": "A contact's relationship with an account; a former one keeps its dates, so that no history is lost.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccountSource",
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
                        description="The account.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("category", Column('VARCHAR(16) COLLATE "C"', sqlite="VARCHAR(16)", description="Sort of source.")),
                (
                    "detail",
                    Column("VARCHAR(300)", null=True, description="Which campaign, form, list or article it was."),
                ),
                (
                    "referrer_account",
                    fields.ForeignKeyField(
                        "graph.Account",
                        null=True,
                        description="The account that referred this one.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "referrer_contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact who referred this account.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "occurred_at",
                    Column(
                        "TIMESTAMPTZ",
                        sqlite="TEXT",
                        null=True,
                        description="When it happened; the time of writing if absent.",
                    ),
                ),
                ("is_first", Column("BOOL", sqlite="INT", description="True for the source that came first.")),
            ],
            options={
                "table": "account_source",
                "table_description": "One touch that brought an account closer; the first is never overwritten, later ones are appended.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AddressLink",
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
                        null=True,
                        description="The account that uses the address.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact who uses the address.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "address",
                    fields.ForeignKeyField(
                        "graph.Address",
                        description="The address.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    Column(
                        'VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="What the address is used for."
                    ),
                ),
                (
                    "is_primary",
                    Column(
                        "BOOL",
                        sqlite="INT",
                        description="True for the first choice among the owner's addresses of this kind.",
                    ),
                ),
            ],
            options={"table": "address_link", "table_description": "An account's or a contact's use of an address."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactGroup",
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
                ("name", Column("VARCHAR(200)", description="Name of the group.")),
                ("name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                ("description", Column("TEXT", null=True, description="What the group is for.")),
                (
                    "kind",
                    Column(
                        'VARCHAR(10) COLLATE "C"',
                        sqlite="VARCHAR(10)",
                        description="Fixed members, or all contacts that the filter matches.",
                    ),
                ),
                (
                    "member_filter",
                    Column(
                        "TEXT",
                        null=True,
                        description="For a filtered group: a filter of contacts, in the API's own form.",
                    ),
                ),
            ],
            options={
                "table": "contact_group",
                "table_description": "A group of contacts, fixed or by a stored filter.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactGroupMember",
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
                    "group",
                    fields.ForeignKeyField(
                        "graph.ContactGroup",
                        description="The group.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        description="The contact.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={"table": "contact_group_member", "table_description": "A contact's place in a fixed group."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Email",
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
                        null=True,
                        description="The account whose mailbox it is.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact whose mailbox it is.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("address", Column("VARCHAR(320)", description="The address as typed.")),
                (
                    "normalised",
                    Column(
                        'VARCHAR(320) COLLATE "C"',
                        sqlite="VARCHAR(320)",
                        description="The address to compare by: all in lower case, domain in ASCII.",
                    ),
                ),
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="Which mailbox it is.")),
                ("is_primary", Column("BOOL", sqlite="INT", description="True for the owner's first choice.")),
            ],
            options={"table": "email", "table_description": "An e-mail address of an account or a contact."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExternalId",
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
                        null=True,
                        description="The account so called.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact so called.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "address",
                    fields.ForeignKeyField(
                        "graph.Address",
                        null=True,
                        description="The address so called.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "system",
                    Column(
                        'VARCHAR(60) COLLATE "C"',
                        sqlite="VARCHAR(60)",
                        description="Name of the other system, such as erp.",
                    ),
                ),
                ("value", Column('VARCHAR(200) COLLATE "C"', sqlite="VARCHAR(200)", description="The id there.")),
                ("owner_kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="")),
            ],
            options={
                "table": "external_id",
                "table_description": "The id that another system gives a record; unique in that system among records of one kind.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", Column('VARCHAR(400) COLLATE "C"', sqlite="VARCHAR(400)", primary_key=True)),
                ("fingerprint", Column('VARCHAR(64) COLLATE "C"', sqlite="VARCHAR(64)")),
                ("outcome", Column("TEXT")),
                ("created_at", Column("TIMESTAMPTZ", sqlite="TEXT")),
            ],
            options={
                "table": "idempotency_key",
                "table_description": "The outcome of a request that came with a key, kept for a day.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Label",
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
                ("name", Column("VARCHAR(100)", description="The word.")),
                ("name_folded", Column('TEXT COLLATE "C"', sqlite="TEXT")),
                ("colour", Column('VARCHAR(7) COLLATE "C"', sqlite="VARCHAR(7)", description="Colour as #rrggbb.")),
                (
                    "scope",
                    Column(
                        'VARCHAR(10) COLLATE "C"',
                        sqlite="VARCHAR(10)",
                        description="The kind of record it may be put on.",
                    ),
                ),
                ("description", Column("VARCHAR(300)", null=True, description="What the label says of a record.")),
            ],
            options={"table": "label", "table_description": "A coloured word that can be put on records of its scope."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LabelLink",
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
                    "label",
                    fields.ForeignKeyField(
                        "graph.Label",
                        description="The label.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "graph.Account",
                        null=True,
                        description="The account it is on.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact it is on.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "address",
                    fields.ForeignKeyField(
                        "graph.Address",
                        null=True,
                        description="The address it is on.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={"table": "label_link", "table_description": "A label on a record."},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NamingRule",
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
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="The kind of account.")),
                (
                    "pattern",
                    Column(
                        "VARCHAR(300)", null=True, description="Regular expression that the whole name has to match."
                    ),
                ),
                (
                    "example",
                    Column("VARCHAR(200)", null=True, description="A name that matches, shown when one does not."),
                ),
                ("unique_names", Column("BOOL", sqlite="INT", description="True where no two accounts share a name.")),
                (
                    "number_prefix",
                    Column(
                        "VARCHAR(20)", null=True, description="What numbers begin with; numbers are made if it is set."
                    ),
                ),
                ("number_digits", Column("INT", description="Digits of the number after the prefix, zeros in front.")),
                ("next_number", Column("INT", description="The number that the next account gets.")),
            ],
            options={
                "table": "naming_rule",
                "table_description": "How accounts of one kind are named and numbered; checked on every write.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboxEvent",
            fields=[
                ("id", Column("UUID", sqlite="CHAR(36)", primary_key=True)),
                ("record", Column('VARCHAR(60) COLLATE "C"', sqlite="VARCHAR(60)")),
                ("record_id", Column("UUID", sqlite="CHAR(36)")),
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)")),
                ("version", Column("INT")),
                ("fields_changed", Column("TEXT")),
                ("actor_id", Column("UUID", sqlite="CHAR(36)")),
                ("occurred_at", Column("TIMESTAMPTZ", sqlite="TEXT")),
                ("attempts", Column("INT")),
                ("due_at", Column("TIMESTAMPTZ", sqlite="TEXT")),
                ("done_at", Column("TIMESTAMPTZ", sqlite="TEXT", null=True)),
                ("parked_at", Column("TIMESTAMPTZ", sqlite="TEXT", null=True)),
                ("trouble", Column("TEXT", null=True)),
            ],
            options={
                "table": "outbox_event",
                "table_description": "A committed change of a record, to be handed to every consumer at least once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Phone",
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
                        null=True,
                        description="The account whose number it is.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "graph.Contact",
                        null=True,
                        description="The contact whose number it is.",
                        db_constraint=True,
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", Column("VARCHAR(60)", description="The number as typed.")),
                (
                    "country",
                    Column(
                        'VARCHAR(2) COLLATE "C"',
                        sqlite="VARCHAR(2)",
                        null=True,
                        description="ISO 3166-1 code by which a number without country prefix is read.",
                    ),
                ),
                (
                    "e164",
                    Column(
                        'VARCHAR(16) COLLATE "C"',
                        sqlite="VARCHAR(16)",
                        description="The number in E.164, such as +4930123456.",
                    ),
                ),
                (
                    "extension",
                    Column(
                        'VARCHAR(20) COLLATE "C"',
                        sqlite="VARCHAR(20)",
                        null=True,
                        description="Extension, if the number has one.",
                    ),
                ),
                ("kind", Column('VARCHAR(10) COLLATE "C"', sqlite="VARCHAR(10)", description="Which phone it is.")),
                ("is_primary", Column("BOOL", sqlite="INT", description="True for the owner's first choice.")),
            ],
            options={"table": "phone", "table_description": "A phone number of an account or a contact."},
            bases=["Model"],
        ),
    ]
