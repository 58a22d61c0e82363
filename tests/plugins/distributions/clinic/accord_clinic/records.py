"""What a clinic is beside an account, and what belongs to one."""

from typing import Any

from tortoise import fields

from accord.plugins import AccountExtension, Choices, Code, ContactExtension, FieldError, Money, Policy, Record


class ClinicKind(Choices):
    """What sort of clinic it is."""

    NONE = "NONE", "No clinic."
    GENERAL = "GENERAL", "Of every branch."
    SPECIAL = "SPECIAL", "Of one branch."


def check_npi(value: str) -> None:
    """Ten digits."""
    if not (value.isascii() and value.isdigit() and len(value) == 10):
        raise FieldError("INVALID_NPI", f"'{value}' is no NPI; these have ten digits.")


class ClinicAccount(AccountExtension, namespace="clinic"):
    """An account as a clinic."""

    kind = fields.CharEnumField(ClinicKind, max_length=10, default=ClinicKind.NONE, description="What sort it is.")
    npi = Code(10, null=True, db_index=True, validators=[check_npi], description="National Provider Identifier.")
    beds = fields.IntField(default=0, db_index=True, description="How many beds it has.")
    cover = Money(null=True, db_index=True, description="Sum insured.")

    class Policies:
        npi = Policy(unique=True)


class ClinicContact(ContactExtension, namespace="clinic"):
    """A person as a patient."""

    allergies = fields.CharField(200, null=True, description="What must not be given.")


class ClinicVisit(Record, prefix="vis"):
    """An inspection of a clinic."""

    title = fields.CharField(200, db_index=True, description="What it is called.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="visits", on_delete=fields.RESTRICT, description="Which clinic was inspected."
    )

    class Policies:
        account = Policy(owner=True)
