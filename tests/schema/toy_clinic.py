"""A plugin with something to protect, as the tests need one: fields of every kind, and hooks that the tests set."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tortoise import fields

from accord.config.composition import CORE, core_catalogue
from accord.graph.migrating import MigrationApp
from accord.graph.records import RECORDS
from accord.plugins.calling import Hooks
from accord.plugins.contexts import Access, Narrowing, Viewer
from accord.plugins.declarations import Policy, computed, group, unique
from accord.plugins.fields import Code, Decimal, Money, TextList, Timestamp
from accord.plugins.hooks import hookimpl
from accord.plugins.masks import fixed, last
from accord.plugins.plugin import Plugin
from accord.plugins.records import ContactExtension, Record
from accord.schema.building import BuiltSchema, build_schema
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.made_migrations import made_migrations

PACKAGE = "toy_clinic_migrations"
READ = "clinic.phi.read"
SECRET = Policy(classified="PHI", read=READ)


class Blood(StrEnum):
    """Groups of blood."""

    A = "A"
    B = "B"


def label(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """The number with a sign before it."""
    return [f"#{row['mrn']}" for row in rows]


class ClinicContact(ContactExtension, namespace="clinic"):
    """A person as a patient."""

    mrn = fields.CharField(32, null=True, db_index=True, description="Medical record number.")
    ward = Code(20, null=True, db_index=True, description="Where the person lies.")
    remark = fields.TextField(null=True, description="What the doctor said.")
    born_on = fields.DateField(null=True, db_index=True, description="Date of birth.")
    seen_at = Timestamp(null=True, db_index=True, description="When the person was last there.")
    blood = fields.CharEnumField(Blood, null=True, max_length=1, db_index=True, description="Group of blood.")
    visits_made = fields.IntField(default=0, db_index=True, description="How often the person came.")
    weight = Decimal(places=2, null=True, db_index=True, description="In kilograms.")
    is_insured = fields.BooleanField(default=False, db_index=True, description="Whether somebody pays.")
    owed = Money(null=True, db_index=True, description="What is to be paid.")
    allergies = TextList(default="[]", description="What to keep away.")
    badge = Code(20, null=True, db_index=True, description="Never to be searched for.")
    plan_name = fields.CharField(80, null=True, db_index=True, description="Plan of the insurance.")
    plan_number = Code(20, null=True, db_index=True, description="Number with the insurance.")
    chart = Code(20, null=True, description="Set once.")
    doctor: Any = fields.ForeignKeyField(
        "graph.Contact", null=True, related_name=False, on_delete=fields.RESTRICT, description="Who treats the person."
    )

    class Policies:
        mrn = Policy(unique=True, classified="PHI", read=READ, mask=last(4))
        remark = Policy(classified="PHI", read=READ, mask=fixed("hidden"))
        ward = SECRET
        born_on = SECRET
        seen_at = SECRET
        blood = SECRET
        visits_made = SECRET
        weight = SECRET
        is_insured = SECRET
        owed = SECRET
        allergies = Policy(classified="PHI", read=READ, filterable=True)
        badge = Policy(searchable=False)
        plan_number = SECRET
        chart = Policy(create_only=True, classified="PHI", read=READ)
        doctor = SECRET
        insurance = group("ClinicInsurance", "Who pays.", name="plan_name", number="plan_number")
        label = computed(str, needs=("mrn",), by=label, description="The number with a sign.")


class Visit(Record, prefix="vis", order=("day",)):
    """A visit of a patient."""

    reason = fields.CharField(80, db_index=True, description="Why the person came.")
    day = fields.DateField(null=True, db_index=True, description="When.")
    score = fields.IntField(default=0, db_index=True, description="How it went.")
    fee = Money(null=True, db_index=True, description="What it cost.")
    number = Code(20, null=True, db_index=True, description="Number of the visit.")
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", related_name="visits", on_delete=fields.RESTRICT, description="Who came."
    )
    referrer: Any = fields.ForeignKeyField(
        "graph.Contact",
        null=True,
        related_name="referred_visits",
        on_delete=fields.RESTRICT,
        description="Who sent the person.",
    )

    class Policies:
        contact = Policy(owner=True)
        referrer = SECRET
        day = SECRET
        score = SECRET
        fee = SECRET
        number = Policy(unique=True, classified="PHI", read=READ)


class Sample(Record, prefix="sam"):
    """A sample, whose code must be stated by whoever may not read it, too."""

    code = Code(20, db_index=True, description="Of whom it is.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", null=True, related_name="samples", on_delete=fields.RESTRICT, description="Who sent it in."
    )

    class Policies:
        code = SECRET
        account = SECRET


class Stay(Record, prefix="sty"):
    """A stay of a patient, whose unique values are no texts."""

    room = fields.CharField(20, db_index=True, description="Where.")
    day = fields.DateField(db_index=True, description="Since when.")
    bill = fields.IntField(null=True, db_index=True, description="Number of the bill.")
    contact: Any = fields.ForeignKeyField(
        "graph.Contact", related_name="stays", on_delete=fields.RESTRICT, description="Who stays."
    )

    class Policies:
        contact = Policy(owner=True)
        day = SECRET
        bill = Policy(unique=True, classified="PHI", read=READ)
        one_a_day = unique("contact", "day")


MODELS = (*RECORDS, ClinicContact, Visit, Sample, Stay)
Answer = Narrowing | None


@dataclass
class Rules:
    """What the plugin's hooks do, and what they were told."""

    narrow: Callable[[str, Viewer], Answer] = lambda record, viewer: None
    take: Callable[[Access], Any] = lambda access: None
    asked: list[str] = field(default_factory=list[str])
    accesses: list[Access] = field(default_factory=list[Access])


class Clinic(Plugin):
    """Patients."""

    name = "clinic"

    def __init__(self, does: Rules) -> None:
        super().__init__()
        self.does = does

    @hookimpl
    async def read_policy(self, record: str, viewer: Viewer) -> Answer:
        self.does.asked.append(record)
        return self.does.narrow(record, viewer)

    @hookimpl
    async def record_access(self, access: Access) -> None:
        self.does.accesses.append(access)
        self.does.take(access)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The plugin's migration, made for the test, and the schema with its fields."""

    app: MigrationApp
    schema: BuiltSchema


@contextmanager
def prepared(folder: Path) -> Iterator[Prepared]:
    """Make the plugin's migration in a folder."""
    app = MigrationApp(label="clinic", models=("accord.tests.schema.toy_clinic",), migrations=PACKAGE)
    with made_migrations(folder, app):
        yield Prepared(app=app, schema=build_schema(core_catalogue(MODELS), name=lambda: "clinic"))


@asynccontextmanager
async def opened(databases: CoreDatabases, clinic: Prepared, hooks: Hooks, **options: Any) -> AsyncIterator[Bench]:
    """An Accord with the plugin on a database of its own."""
    location = databases.new()
    async with open_bench(
        location, models=MODELS, apps=(CORE, clinic.app), schema=clinic.schema, hooks=hooks, **options
    ) as bench:
        yield bench
    databases.drop(location)
