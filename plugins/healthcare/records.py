"""What healthcare adds to accounts and contacts."""

from tortoise import fields

from accord.plugins import AccountExtension, Choices, Code, ContactExtension, FieldError, Policy, last


class Role(Choices):
    """What an account is under HIPAA (45 CFR 160.103)."""

    NONE = "NONE", "The law asks nothing of it."
    COVERED_ENTITY = "COVERED_ENTITY", "A provider, a health plan or a clearinghouse."
    BUSINESS_ASSOCIATE = "BUSINESS_ASSOCIATE", "It handles protected health information for a covered entity."
    SUBCONTRACTOR = "SUBCONTRACTOR", "It does so for a business associate."


def check_npi(value: str) -> None:
    """Ten digits, the first 1 or 2, the last a check digit: Luhn's, over 80840 and the number."""
    if not (value.isascii() and value.isdigit() and len(value) == 10 and value[0] in "12"):
        raise FieldError("INVALID_NPI", f"'{value}' is no NPI: these have ten digits and begin with 1 or 2.")
    digits = [int(digit) for digit in f"80840{value}"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    if (sum(digits[::-2]) + sum(doubled)) % 10:
        raise FieldError("INVALID_NPI", f"{value} is no NPI: its check digit is wrong, so a digit is mistyped.")


class HealthcareAccount(AccountExtension, namespace="healthcare"):
    """Where an account stands under HIPAA."""

    role = fields.CharEnumField(
        Role, max_length=20, default=Role.NONE, db_index=True, description="Which duties the account has."
    )
    npi = Code(
        10, null=True, db_index=True, validators=[check_npi], description="National Provider Identifier, ten digits."
    )
    baa_signed_on = fields.DateField(
        null=True, db_index=True, description="When the business associate agreement with the account was signed."
    )

    class Policies:
        npi = Policy(unique=True)


class HealthcareContact(ContactExtension, namespace="healthcare"):
    """A person as a patient."""

    mrn = fields.CharField(32, null=True, db_index=True, description="Medical record number, as the provider gave it.")

    class Policies:
        mrn = Policy(classified="PHI", read="healthcare.phi.read", mask=last(4))
