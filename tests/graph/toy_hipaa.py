"""A plugin as the tests need one: more fields for accounts and contacts, and a record that an account owns."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields

from accord.plugins.changes import Change, CoreUnit
from accord.plugins.declarations import Policy, computed, group
from accord.plugins.fields import Code, Money
from accord.plugins.records import AccountExtension, ContactExtension, Record
from accord.plugins.violations import FieldError, Rule, Violation

NPI_NEEDED = Rule(code="NPI_NEEDED", message="A covered entity has an NPI; give it one.")


class HipaaRole(StrEnum):
    """What the law sees in an account."""

    NONE = "NONE"
    COVERED_ENTITY = "COVERED_ENTITY"
    BUSINESS_ASSOCIATE = "BUSINESS_ASSOCIATE"


def check_npi(value: str) -> None:
    """The check digit of a National Provider Identifier: Luhn's, over 80840 and the ten digits."""
    if not (value.isascii() and value.isdigit() and len(value) == 10):
        raise FieldError("INVALID_NPI", f"'{value}' is no NPI; these have ten digits.")
    digits = [int(digit) for digit in f"80840{value}"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    if (sum(digits[::-2]) + sum(doubled)) % 10:
        raise FieldError("INVALID_NPI", f"{value} is no NPI: its check digit is wrong.")


def cleaned(value: str) -> str:
    """The text without white space around it."""
    return value.strip()


UNKNOWN_NPI = "1679576722"  # whose summary fails
SUMMARISED: list[int] = []  # for how many rows each call was made
ODD: dict[str, Any] = {}  # what the summary of an NPI is instead, as a test wants it


async def summary(rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Role and NPI in one text, as a service far away would make it."""
    await asyncio.sleep(0)
    SUMMARISED.append(len(rows))
    if any(row["npi"] == UNKNOWN_NPI for row in rows):
        raise LookupError(f"nobody knows {UNKNOWN_NPI}")
    return [ODD.get(row["npi"], f"{row['role']} {row['npi'] or '-'}") for row in rows]


class HipaaAccount(AccountExtension, namespace="hipaa"):
    """Where an account stands
    under HIPAA."""

    role = fields.CharEnumField(
        HipaaRole, max_length=18, default=HipaaRole.NONE, db_index=True, description="Which duties apply."
    )
    npi = Code(10, null=True, db_index=True, validators=[check_npi], description="National Provider Identifier.")
    specialty = fields.CharField(80, null=True, db_index=True, validators=[cleaned], description="Branch of medicine.")
    baa_signed_on = fields.DateField(null=True, db_index=True, description="When the agreement was signed.")
    cover = Money(null=True, db_index=True, description="Sum insured.")
    seat_city = Code(80, null=True, description="City of the registered seat.")
    seat_state = Code(2, null=True, description="State of the registered seat.")
    officer: Any = fields.ForeignKeyField(
        "graph.Contact",
        null=True,
        related_name=False,
        on_delete=fields.RESTRICT,
        description="Who answers for privacy.",
    )

    class Policies:
        npi = Policy(unique=True)
        seat = group("HipaaSeat", "The registered seat.", city="seat_city", state="seat_state")
        summary = computed(str, needs=("role", "npi"), by=summary, description="Role and NPI in one text.")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: CoreUnit) -> None:
        """Note with a contact that it answers for privacy."""
        officers = {change.after["officer_id"]: change for change in changes if change.changed("officer_id")}
        for row in await unit.rows("HipaaContact", "owner_id", [id_ for id_ in officers if isinstance(id_, UUID)]):
            unit.update("HipaaContact", row, {"is_officer": True}, because=officers[row["owner_id"]])

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: CoreUnit
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """A covered entity has an NPI."""
        for change in changes:
            if change.is_write and change.after["role"] == HipaaRole.COVERED_ENTITY and not change.after["npi"]:
                yield change, NPI_NEEDED.broken(change.at("npi"))


class HipaaContact(ContactExtension, namespace="hipaa"):
    """A person as a patient."""

    mrn = fields.CharField(32, null=True, description="Medical record number.")
    is_officer = fields.BooleanField(default=False, description="Whether the contact answers for an account's privacy.")

    class Policies:
        is_officer = Policy(read_only=True)


class Agreement(Record, prefix="baa"):
    """An agreement about protected health information."""

    title = fields.CharField(200, db_index=True, description="What it is called.")
    signed_on = fields.DateField(null=True, db_index=True, description="When it was signed.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="agreements", on_delete=fields.RESTRICT, description="With whom it was made."
    )

    class Policies:
        account = Policy(owner=True)


MODELS = (HipaaAccount, HipaaContact, Agreement)
