# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Sources of accounts: where each came from first, and every touch since."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, ChangeKind, CoreUnit
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, unique
from ...plugins.fields import Timestamp
from ...plugins.records import Record
from ...plugins.violations import Rule, Severity, Violation
from ..writing.discretion import hidden
from ..writing.unit import UnitOfWork

APPEND_ONLY = Rule(code="APPEND_ONLY", message="Sources are kept as they are; add a new one instead of deleting this.")
REFERRER_MISSING = Rule(
    code="REFERRER_MISSING",
    message="A referral without a referrer: give referrerAccountId or referrerContactId if you know who it was.",
    severity=Severity.WARNING,
)


class SourceCategory(Choices):
    """The ways by which an account comes to us."""

    WEBSITE = "WEBSITE", "A visit to our web site."
    REFERRAL = "REFERRAL", "Somebody recommended us."
    EMAIL_CAMPAIGN = "EMAIL_CAMPAIGN", "An answer to an e-mail that we sent to many."
    PREMIUM_CONTENT = "PREMIUM_CONTENT", "A paper, course or other content given for contact details."
    SOCIAL_AD = "SOCIAL_AD", "An advertisement in a social network."
    MEDIA_COVERAGE = "MEDIA_COVERAGE", "A report about us in the media."
    WEB_FORM = "WEB_FORM", "A form filled in on the web."
    PURCHASED_LIST = "PURCHASED_LIST", "A list of contacts that we bought."
    IMPORT = "IMPORT", "A file of records that was imported."
    API = "API", "Another system, through the API."


class AccountSource(Record, prefix="src"):
    """One touch that brought an account closer; the first is never overwritten, later ones are appended."""

    account: Any = fields.ForeignKeyField("graph.Account", related_name="sources", description="The account.")
    category = fields.CharEnumField(SourceCategory, max_length=16, db_index=True, description="Sort of source.")
    detail = fields.CharField(300, null=True, description="Which campaign, form, list or article it was.")
    referrer_account: Any = fields.ForeignKeyField(
        "graph.Account",
        null=True,
        related_name="referrals",
        on_delete=fields.RESTRICT,
        description="The account that referred this one.",
    )
    referrer_contact: Any = fields.ForeignKeyField(
        "graph.Contact",
        null=True,
        related_name="referrals",
        on_delete=fields.RESTRICT,
        description="The contact who referred this account.",
    )
    occurred_at = Timestamp(null=True, db_index=True, description="When it happened; the time of writing if absent.")
    is_first = fields.BooleanField(default=False, db_index=True, description="True for the source that came first.")

    class Policies:
        account = Policy(
            owner=True, create_only=True, way_back="Where the account came from: the first source and later ones."
        )
        category = Policy(create_only=True)
        detail = Policy(create_only=True)
        referrer_account = Policy(create_only=True, way_back="Sources of other accounts that this one referred.")
        referrer_contact = Policy(create_only=True, way_back="Sources of accounts that the contact referred.")
        occurred_at = Policy(create_only=True)
        is_first = Policy(read_only=True)
        first = unique("account", where="is_first")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """The first source of an account is marked, and its category shown at the account.

        A dry run tells nothing of sources that whoever writes may not see.
        """
        created = [change for change in changes if change.kind is ChangeKind.CREATE]
        owners = {change.after["account_id"] for change in created}
        await unit.hold("Account", owners)
        rows = await unit.rows("AccountSource", "account_id", owners)
        unseen = (
            await hidden(unit, unit.catalogue["AccountSource"], [row["id"] for row in rows]) if unit.dry_run else ()
        )
        known = {row["account_id"] for row in rows if row["id"] not in unseen}
        for change in created:
            account_id = change.after["account_id"]
            if change.after["occurred_at"] is None:
                change.after["occurred_at"] = unit.now
            change.after["is_first"] = account_id not in known
            if account_id in known:
                continue
            known.add(account_id)
            account = unit.change("Account", account_id)
            if account is not None:
                account.after["source_category"] = change.after["category"]
            else:
                unit.set_derived("Account", "source_category", {account_id: change.after["category"]})

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: CoreUnit
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """Sources are only ever added; a referral names its referrer."""
        for change in changes:
            if change.kind is ChangeKind.DELETE:
                account = unit.change("Account", change.after["account_id"])
                if account is None or account.is_live:
                    yield change, APPEND_ONLY.broken(change.path)
            elif change.kind is ChangeKind.CREATE and change.after["category"] == SourceCategory.REFERRAL:
                referrers = (change.after["referrer_account_id"], change.after["referrer_contact_id"])
                if referrers == (None, None):
                    yield change, REFERRER_MISSING.broken(change.at("category"))
