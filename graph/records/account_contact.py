# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Relationships between accounts and contacts: who works where, as what, and since when."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, unique
from ...plugins.fields import TextList
from ...plugins.records import Record
from ...plugins.violations import Rule
from ..writing.unit import UnitOfWork
from .periods import check_period
from .primaries import demote_others

ENDED_IS_PRIMARY = Rule(
    code="CONTRADICTION",
    message="A relationship that has ended is not the main one; leave isPrimary out, or endedOn.",
)


class ContactRole(Choices):
    """What a contact means to an account."""

    DECISION_MAKER = "DECISION_MAKER", "Decides whether the account buys."
    INFLUENCER = "INFLUENCER", "Is heard before it is decided."
    CHAMPION = "CHAMPION", "Speaks for us within the account."
    BILLING = "BILLING", "Receives invoices and pays them."
    TECHNICAL = "TECHNICAL", "Answers technical questions and puts what is bought to work."
    LEGAL = "LEGAL", "Reads and negotiates contracts."
    EXECUTIVE_SPONSOR = "EXECUTIVE_SPONSOR", "Stands behind the relationship in the management."
    USER = "USER", "Works with what was bought."
    OTHER = "OTHER", "Any other role."


class AccountContact(Record, prefix="acn"):
    """A contact's relationship with an account; a former one keeps its dates, so that no history is lost."""

    account: Any = fields.ForeignKeyField("graph.Account", related_name="relationships", description="The account.")
    contact: Any = fields.ForeignKeyField("graph.Contact", related_name="relationships", description="The contact.")
    roles = TextList(choices=ContactRole, default="[]", description="What the contact means to the account.")
    is_primary = fields.BooleanField(
        default=False, db_index=True, description="True for the one account that the contact mainly belongs to."
    )
    started_on = fields.DateField(null=True, db_index=True, description="First day of the relationship.")
    ended_on = fields.DateField(null=True, db_index=True, description="Last day; null while it goes on.")
    is_ongoing = fields.BooleanField(default=True, db_index=True, description="True while no last day is set.")

    class Policies:
        account = Policy(
            owner=True, create_only=True, way_back="The account's relationships with contacts, former ones included."
        )
        contact = Policy(
            owner=True, create_only=True, way_back="The contact's relationships with accounts, former ones included."
        )
        roles = Policy(filterable=True)
        is_ongoing = Policy(read_only=True)
        main_account = unique("contact", where="is_primary")
        one_at_a_time = unique("account", "contact", where="is_ongoing")

    @classmethod
    def pick(cls, rows: Sequence[Mapping[str, Any]], stated: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The relationship that an input means: the one that goes on; a former one if its last day is stated.

        Whoever comes back to an account begins a new relationship, and the former one stays as it was.
        """
        ongoing = [row for row in rows if row["is_ongoing"]]
        if ongoing or stated.get("endedOn") is None:
            return ongoing
        start = stated.get("startedOn")
        same = [row for row in rows if start is None or str(row["started_on"]) == start]
        return sorted(same, key=lambda row: row["ended_on"])[-1:]

    @classmethod
    def end(cls, row: Mapping[str, Any], unit: CoreUnit) -> Mapping[str, Any]:
        """Disconnecting ends a relationship today; it stays as history."""
        return {"ended_on": max(unit.today, row["started_on"] or unit.today)}

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """A relationship with a last day, which is not before the first, is over and no longer the main one.

        A new main one replaces the old.
        """
        for change in changes:
            if change.is_write:
                is_ongoing = change.after["ended_on"] is None
                change.after["is_ongoing"] = is_ongoing
                if not is_ongoing and change.after["is_primary"]:
                    change.after["is_primary"] = False
                    if "is_primary" in change.given:
                        unit.violate(ENDED_IS_PRIMARY.broken(change.at("is_primary")), change, of=["ended_on"])
                check_period(change, unit, "started_on", "ended_on")
        await demote_others(changes, unit, ["contact"])
