# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Accounts: the customers, and the hierarchy they stand in."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, through, unique
from ...plugins.fields import Code, Money
from ...plugins.records import Record
from ...plugins.violations import FieldError
from ..values.problem import Problem
from ..values.web import normalise_website
from ..writing.unit import UnitOfWork
from .account_source import SourceCategory
from .findings import violated
from .hierarchy import LOCK, keep_hierarchy
from .naming import apply_naming


class AccountKind(Choices):
    """What sort of customer an account is."""

    BUSINESS = "BUSINESS", "A company or another organisation."
    PERSON = "PERSON", "One person who is a customer in their own name."
    HOUSEHOLD = "HOUSEHOLD", "People who live together and are looked after as one customer."
    PARTNER = "PARTNER", "A firm that sells with us or for us."


class LifecycleStage(Choices):
    """How far the relationship has come."""

    PROSPECT = "PROSPECT", "Known, but interest is yet to be found out."
    QUALIFIED = "QUALIFIED", "Interest and means are known; nothing is bought yet."
    CUSTOMER = "CUSTOMER", "Has bought, and may buy again."
    FORMER = "FORMER", "Was a customer once."


class AccountStatus(Choices):
    """Whether the account is worked with at present."""

    ACTIVE = "ACTIVE", "The account is worked with."
    INACTIVE = "INACTIVE", "Nobody works with the account at present."
    ON_HOLD = "ON_HOLD", "Work rests until something is settled."


def count(value: int) -> int:
    """A number of people."""
    if value < 0:
        raise FieldError("OUT_OF_RANGE", f"{value} is no number of people; it is 0 or more.")
    return value


class Account(Record, prefix="acc"):
    """A customer: a business, a person, a household or a partner."""

    name = fields.CharField(200, db_index=True, description="The name people use.")
    legal_name = fields.CharField(300, null=True, db_index=True, description="The name in the register.")
    number = Code(40, null=True, description="The account's number; made by the naming rule of its kind if absent.")
    kind = fields.CharEnumField(
        AccountKind, max_length=10, default=AccountKind.BUSINESS, db_index=True, description="Sort of customer."
    )
    industry = fields.CharField(100, null=True, db_index=True, description="The branch the account works in.")
    lifecycle_stage = fields.CharEnumField(
        LifecycleStage,
        max_length=10,
        default=LifecycleStage.PROSPECT,
        db_index=True,
        description="How far the relationship has come.",
    )
    status = fields.CharEnumField(
        AccountStatus,
        max_length=10,
        default=AccountStatus.ACTIVE,
        db_index=True,
        description="Whether the account is worked with at present.",
    )
    website = fields.CharField(2048, null=True, description="Web address as typed; https:// is added where missing.")
    domain = Code(253, null=True, db_index=True, description="Host of the website without www., lower case.")
    annual_revenue = Money(null=True, db_index=True, description="Last known revenue of a year.")
    employee_count = fields.IntField(
        null=True, db_index=True, validators=[count], description="Last known number of employees."
    )
    description = fields.TextField(null=True, description="What is worth knowing, in free text.")
    source_category = fields.CharEnumField(
        SourceCategory, max_length=16, null=True, db_index=True, description="Where the account first came from."
    )
    unique_name = Code(600, null=True)
    parent: Any = fields.ForeignKeyField(
        "graph.Account",
        null=True,
        related_name="children",
        on_delete=fields.RESTRICT,
        description="The account directly above this one.",
    )
    ultimate_parent: Any = fields.ForeignKeyField(
        "graph.Account",
        null=True,
        related_name=False,
        on_delete=fields.RESTRICT,
        description="The account at the top of the hierarchy; null for an account without a parent.",
    )
    owner: Any = fields.ForeignKeyField(
        "graph.Actor",
        null=True,
        related_name="owned_accounts",
        on_delete=fields.RESTRICT,
        description="The actor who looks after the account.",
    )

    locks: ClassVar[Mapping[str, str]] = {"parentId": LOCK}

    class Policies:
        number = Policy(unique=True)
        domain = Policy(read_only=True, derived=("website",))
        source_category = Policy(read_only=True)
        unique_name = Policy(hidden=True)
        ultimate_parent = Policy(read_only=True, derived=("parent",))
        parent = Policy(way_back="Accounts directly below this one.")
        owner = Policy(way_back="Accounts that the actor looks after.")
        name_of_kind = unique("kind", "unique_name")
        contacts = through(
            "AccountContact", owner="account", target="contact", description="The people in the account, with roles."
        )
        addresses = through(
            "AddressLink", owner="account", target="address", description="The account's addresses, with their kinds."
        )
        labels = through("LabelLink", owner="account", target="label", description="Labels on the account.")
        ancestors = through(
            "AccountAncestry", owner="descendant", target="ancestor", description="Accounts above, the nearest first."
        )
        descendants = through(
            "AccountAncestry", owner="ancestor", target="descendant", description="Accounts below, the nearest first."
        )

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """Derive the domain, apply the naming rule, and keep the hierarchy."""
        for change in changes:
            if change.is_write and change.changed("website"):
                website = change.after["website"]
                found = None if website is None else normalise_website(website)
                if isinstance(found, Problem):
                    unit.violate(violated(found, change.at("website")), change)
                change.after["domain"] = None if found is None or isinstance(found, Problem) else found.domain
        await apply_naming(changes, unit)
        await keep_hierarchy(changes, unit)
