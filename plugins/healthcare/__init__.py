"""Healthcare: who is what under HIPAA, provider numbers, agreements, and medical record numbers that few may read."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from accord.plugins import (
    Change,
    Context,
    Permission,
    Plugin,
    PluginSettings,
    Rule,
    Severity,
    Unit,
    Violation,
    hookimpl,
    mutation,
    of,
    query,
)

from .records import HealthcareAccount, HealthcareContact, Role

NPI_NEEDED = Rule(
    code="HEALTHCARE_NPI_NEEDED",
    message="A covered entity has a National Provider Identifier; give its npi.",
    reference="45 CFR 162.410(a)(1)",
)
AGREEMENT_NEEDED = Rule(
    code="HEALTHCARE_AGREEMENT_NEEDED",
    message="No business associate agreement is on file; note baaSignedOn before health information is shared.",
    severity=Severity.WARNING,
    reference="45 CFR 164.308(b)",
)
AGREEMENT_TOO_EARLY = Rule(
    code="HEALTHCARE_AGREEMENT_IN_FUTURE",
    message="An agreement can't have been signed on {day}, which is yet to come.",
    reference="45 CFR 164.504(e)",
)

UNSIGNED = """query ($first: Int!) {
  accounts(first: $first, filter: {healthcare: {
    role: {in: [BUSINESS_ASSOCIATE, SUBCONTRACTOR]}, baaSignedOn: {isNull: true}
  }}) { nodes { id } }
}"""
UNSIGNED_EXAMPLE = "{ healthcareUnsigned { name healthcare { role } } }"


class HealthcareSettings(PluginSettings):
    """What an operator may set."""

    agreement_needed: bool = Field(default=True, description="Whether a missing agreement is worth a warning.")


class Healthcare(Plugin):
    """Providers, their agreements, and protected health information."""

    name = "healthcare"
    title = "Healthcare (HIPAA)"
    version = "1.0"
    models = (HealthcareAccount, HealthcareContact)
    migrations = "accord.plugins.healthcare.migrations"
    rules = (NPI_NEEDED, AGREEMENT_NEEDED, AGREEMENT_TOO_EARLY)
    permissions = (Permission(name="healthcare.phi.read", description="See medical record numbers in full."),)
    settings_type = HealthcareSettings

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Numbers and agreements, as the law asks for them."""
        for change in unit.changes(HealthcareAccount):
            if not change.is_write:
                continue
            role, signed = change.after["role"], change.after["baa_signed_on"]
            if role == Role.COVERED_ENTITY and not change.after["npi"]:
                yield NPI_NEEDED.on(change, "npi")
            if role in {Role.BUSINESS_ASSOCIATE, Role.SUBCONTRACTOR} and not signed and self.settings.agreement_needed:
                yield AGREEMENT_NEEDED.on(change, "baa_signed_on")
            if signed and signed > unit.today:
                yield AGREEMENT_TOO_EARLY.on(change, "baa_signed_on", day=signed)

    @query()
    async def unsigned(self, context: Context, *, first: int = 20) -> list[Annotated[UUID, of("Account")]]:
        """Accounts that handle health information for others, and have signed no agreement."""
        data = await context.ask(UNSIGNED, first=first)
        return [UUID(node["id"].removeprefix("acc_")) for node in data["accounts"]["nodes"]]

    @mutation()
    async def sign(
        self, unit: Unit, *, account: Annotated[UUID, of("Account")], baa_signed_on: date
    ) -> Annotated[UUID, of("Account")]:
        """Note on which day an account signed the business associate agreement."""
        await unit.update(HealthcareAccount, account, {"baa_signed_on": baa_signed_on})
        return account

    def examples(self) -> Mapping[str, str]:
        """Queries to try."""
        return {"Who has signed no agreement": UNSIGNED_EXAMPLE}
