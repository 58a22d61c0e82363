"""Finance: who a customer is (KYC), what risk it carries, who owns it, and the numbers that registers know it by."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal

from pydantic import Field

from accord.plugins import (
    Change,
    CommandContext,
    Permission,
    Plugin,
    PluginSettings,
    Rule,
    Severity,
    Unit,
    Violation,
    command,
    hookimpl,
)

from .records import (
    FinanceAccount,
    FinanceBeneficialOwner,
    FinanceContact,
    FinanceIdentifier,
    IdentifierKind,
    KycStatus,
    Risk,
    normalised,
)

WHOLE = Decimal(100)  # per cent
LOCKS = 64  # that accounts share, so that a bulk takes no more than these, however many they are

TOO_MUCH = Rule(
    code="FINANCE_SHARES_EXCEED_WHOLE",
    message="The owners' shares add up to more than 100 per cent; take away what is over.",
    reference="31 CFR 1010.230(d)",
)
SHARE_OUT_OF_RANGE = Rule(
    code="FINANCE_SHARE_OUT_OF_RANGE",
    message="A share is more than 0 and at most 100 per cent; leave the owner out instead of a share of 0.",
)
WRONG_IDENTIFIER = Rule(
    code="FINANCE_INVALID_IDENTIFIER",
    message="This is no {kind}: its length, form or check digits are wrong, so a character may be mistyped.",
)
RATING_NEEDED = Rule(
    code="FINANCE_RISK_NEEDED",
    message="A verified customer has a risk rating; give risk.",
    reference="31 CFR 1020.210(a)(2)(v)",
)
PROHIBITED = Rule(
    code="FINANCE_PROHIBITED",
    message="A customer rated PROHIBITED can't be VERIFIED; reject it, or rate it anew.",
)
BORN_LATER = Rule(code="FINANCE_BORN_IN_FUTURE", message="Nobody is born on {day}, which is yet to come.")
VERY_OLD = Rule(
    code="FINANCE_BORN_LONG_AGO",
    message="Somebody born in {year} would be over {years} years old; look at the date again.",
    severity=Severity.WARNING,
)

VERIFIED_BEFORE = """query ($day: Date!) {
  accounts(filter: {finance: {kycStatus: {eq: VERIFIED}, kycVerifiedOn: {lt: $day}}},
    orderBy: [{finance: {kycVerifiedOn: ASC}}]) { totalCount nodes { id name finance { kycVerifiedOn risk } } }
}"""

RISKY = "{ accounts(filter: {finance: {risk: {eq: HIGH}}}) { nodes { name finance { kycStatus kycVerifiedOn } } } }"


class FinanceSettings(PluginSettings):
    """What an operator may set."""

    oldest_years: int = Field(default=120, ge=1, description="How old people are believed to be.")
    review_years: int = Field(default=5, ge=1, description="After how many years a customer is verified again.")


class Finance(Plugin):
    """Know your customer: status, risk, owners, identifiers."""

    name = "finance"
    title = "Finance (KYC and AML)"
    version = "1.0"
    models = (FinanceAccount, FinanceContact, FinanceBeneficialOwner, FinanceIdentifier)
    migrations = "accord.plugins.finance.migrations"
    rules = (TOO_MUCH, SHARE_OUT_OF_RANGE, WRONG_IDENTIFIER, RATING_NEEDED, PROHIBITED, BORN_LATER, VERY_OLD)
    permissions = (Permission(name="finance.pii.read", description="See dates of birth."),)
    settings_type = FinanceSettings

    @hookimpl
    async def prepare(self, unit: Unit) -> None:
        """Write identifiers as registers do."""
        for change in unit.changes(FinanceIdentifier):
            kind, value = change.after["kind"], change.after["value"]
            if change.is_write and isinstance(value, str) and kind in tuple(IdentifierKind):
                change.after["value"] = normalised(IdentifierKind(kind), value) or value

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Ratings, births, identifiers and shares."""
        for change in unit.changes(FinanceAccount):
            verified = change.is_write and change.after["kyc_status"] == KycStatus.VERIFIED
            if verified and not change.after["risk"]:
                yield RATING_NEEDED.on(change, "risk")
            if verified and change.after["risk"] == Risk.PROHIBITED:
                yield PROHIBITED.on(change, "kyc_status")
        for change in unit.changes(FinanceContact):
            # what is stored is told to nobody who did not just give it
            born = change.after["birth_date"] if change.is_write and change.changed("birth_date") else None
            if born and born > unit.today:
                yield BORN_LATER.on(change, "birth_date", day=born)
            elif born and born.year < unit.today.year - self.settings.oldest_years:
                yield VERY_OLD.on(change, "birth_date", year=born.year, years=self.settings.oldest_years)
        for change in unit.changes(FinanceIdentifier):
            kind, value = change.after["kind"], change.after["value"]
            if change.is_write and value and kind and normalised(IdentifierKind(kind), value) is None:
                yield WRONG_IDENTIFIER.on(change, "value", kind=kind)
        async for found in _shares(unit):
            yield found

    @command
    async def overdue(self, context: CommandContext) -> None:
        """List the customers who were verified too long ago, the oldest first."""
        day = years_before(context.today, self.settings.review_years)
        found = (await context.ask(VERIFIED_BEFORE, day=day.isoformat()))["accounts"]
        for account in found["nodes"]:
            known = account["finance"]
            context.say(f"{known['kycVerifiedOn']}  {known['risk'] or '-':10}  {account['id']}  {account['name']}")
        context.say(f"{found['totalCount']} to be verified again: before {day}.")

    def examples(self) -> Mapping[str, str]:
        """Queries to try."""
        return {"Which customers carry a high risk": RISKY}


def years_before(day: date, years: int) -> date:
    """The same day of an earlier year; for 29 February, where that year has none, the day before."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


async def _shares(unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
    """The shares of all owners of an account, those stored and those of this unit, are at most the whole."""
    changes = [change for change in unit.changes(FinanceBeneficialOwner) if change.is_live]
    accounts = {change.after["account_id"] for change in changes}
    for number in sorted({account.int % LOCKS for account in accounts}):
        await unit.lock(f"shares {number}")  # two writes at once must not fill an account twice
    totals = dict.fromkeys(accounts, Decimal(0))
    for row in await unit.rows_after(FinanceBeneficialOwner, "account_id", accounts):
        totals[row["account_id"]] += row["share"] or Decimal(0)
    for change in changes:
        share, total = change.after["share"], totals[change.after["account_id"]]
        if change.is_write and share is not None and not 0 < share <= WHOLE:
            yield SHARE_OUT_OF_RANGE.on(change, "share")
        if total > WHOLE:  # by how much is not told: some of the owners may be hidden from who writes
            yield TOO_MUCH.on(change, "share")
