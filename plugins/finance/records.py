# pyright: reportUnknownVariableType=false
"""What finance adds to accounts and contacts, and the records of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from stdnum import iban, lei
from stdnum.exceptions import ValidationError
from stdnum.us import ein
from tortoise import fields

from accord.plugins import (
    AccountExtension,
    Choices,
    Code,
    ContactExtension,
    Decimal,
    Policy,
    Record,
    unique,
)


class KycStatus(Choices):
    """How far it is known who a customer is."""

    NOT_STARTED = "NOT_STARTED", "Nothing was asked yet."
    IN_PROGRESS = "IN_PROGRESS", "Papers are being collected and checked."
    VERIFIED = "VERIFIED", "It is known who the customer is."
    REJECTED = "REJECTED", "It could not be made sure; no business."
    EXPIRED = "EXPIRED", "It was verified too long ago."


class Risk(Choices):
    """How likely a customer's business is to hide where money comes from."""

    LOW = "LOW", "Ordinary business."
    MEDIUM = "MEDIUM", "Something wants watching."
    HIGH = "HIGH", "Enhanced due diligence is needed."
    PROHIBITED = "PROHIBITED", "No business with it."


class IdentifierKind(Choices):
    """What a number identifies a company by."""

    LEI = "LEI", "Legal Entity Identifier (ISO 17442)."
    IBAN = "IBAN", "International bank account number (ISO 13616)."
    EIN = "EIN", "Employer identification number of the United States."


CHECKS: Mapping[IdentifierKind, Callable[[str], str]] = {
    IdentifierKind.LEI: lei.validate,
    IdentifierKind.IBAN: iban.validate,
    IdentifierKind.EIN: ein.validate,
}


def normalised(kind: IdentifierKind, value: str) -> str | None:
    """The number as it is compared, without spaces and in capitals; None if it can't be one of its kind."""
    try:
        return CHECKS[kind](value.upper())
    except ValidationError:
        return None


class FinanceAccount(AccountExtension, namespace="finance"):
    """What is known of an account as a customer of a bank."""

    kyc_status = fields.CharEnumField(
        KycStatus, max_length=20, default=KycStatus.NOT_STARTED, db_index=True, description="How far it is verified."
    )
    risk = fields.CharEnumField(Risk, max_length=20, null=True, db_index=True, description="Its rating, if it has one.")
    kyc_verified_on = fields.DateField(null=True, db_index=True, description="When it was last verified.")


class FinanceContact(ContactExtension, namespace="finance"):
    """What is known of a person as a customer or owner."""

    birth_date = fields.DateField(null=True, db_index=True, description="Date of birth.")

    class Policies:
        birth_date = Policy(classified="PII", read="finance.pii.read")


class FinanceBeneficialOwner(Record, prefix="fbo"):
    """A person who owns a part of an account, in the end."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="finance_beneficial_owners", description="What is owned."
    )
    contact: Any = fields.ForeignKeyField("graph.Contact", related_name="finance_holdings", description="Who owns it.")
    share = Decimal(places=2, db_index=True, description="Per cent of the account, 0.01 to 100.00.")

    class Policies:
        account = Policy(owner=True, create_only=True)
        contact = Policy(create_only=True, way_back="The parts of accounts that the person owns, in the end.")
        once = unique("account", "contact")


class FinanceIdentifier(Record, prefix="fid"):
    """A number by which registers know an account."""

    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="finance_identifiers", description="Whose number it is."
    )
    kind = fields.CharEnumField(IdentifierKind, max_length=10, db_index=True, description="What kind of number.")
    value = Code(60, db_index=True, description="The number, without spaces and in capitals.")

    class Policies:
        account = Policy(owner=True, create_only=True)
        once = unique("kind", "value")
