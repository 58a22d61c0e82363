"""Finance: who a customer is (KYC), what risk it carries, who owns it, and the numbers that registers know it by."""

from collections.abc import AsyncIterator

from accord.plugins import Change, Permission, Plugin, PluginSettings, Rule, Severity, Unit, Violation, hookimpl

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

WHOLE = 100_00  # hundredths of a per cent

TOO_MUCH = Rule(
    code="FINANCE_SHARES_EXCEED_WHOLE",
    message="The owners' shares add up to {total} per cent; take away what is over 100.",
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
    message="Somebody born in {year} would be over 120 years old; look at the date again.",
    severity=Severity.WARNING,
)


class FinanceSettings(PluginSettings):
    """What an operator may set."""

    oldest_years: int = 120


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
                yield VERY_OLD.on(change, "birth_date", year=born.year)
        for change in unit.changes(FinanceIdentifier):
            kind, value = change.after["kind"], change.after["value"]
            if change.is_write and value and kind and normalised(IdentifierKind(kind), value) is None:
                yield WRONG_IDENTIFIER.on(change, "value", kind=kind)
        async for found in _shares(unit):
            yield found


async def _shares(unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
    """The shares of all owners of an account, those stored and those of this unit, are at most the whole."""
    changes = [change for change in unit.changes(FinanceBeneficialOwner) if change.is_live]
    for change in changes:
        if change.is_write and change.after["share"] is not None and not 0 < change.after["share"] <= WHOLE:
            yield SHARE_OUT_OF_RANGE.on(change, "share")
    accounts = {change.after["account_id"] for change in changes}
    rows = await unit.rows_after(FinanceBeneficialOwner, "account_id", accounts)
    totals = {id_: sum(row["share"] or 0 for row in rows if row["account_id"] == id_) for id_ in accounts}
    for change in changes:
        total = totals[change.after["account_id"]]
        if total > WHOLE:
            yield TOO_MUCH.on(change, "share", total=f"{total // 100}.{total % 100:02}")
