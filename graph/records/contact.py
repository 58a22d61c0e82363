# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Contacts: the people in accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.declarations import Policy, through
from ...plugins.fields import Code
from ...plugins.records import Record
from ...plugins.violations import Rule
from ..values.languages import normalise_language
from ..values.problem import Problem
from ..values.text import fold, is_blank, is_latin
from ..values.time_zones import normalise_time_zone
from ..writing.unit import UnitOfWork
from .findings import violated
from .reporting import LOCK, check_reporting

NAMELESS = Rule(code="REQUIRED", message="A contact needs a family name or a given name; give at least one.")


class Contact(Record, prefix="con"):
    """A person, who belongs to any number of accounts."""

    name = fields.CharField(420, db_index=False, description="The whole name as one line, made from its parts.")
    sort_name = fields.CharField(320, db_index=True, description="Family name, given name: what lists are sorted by.")
    prefix = fields.CharField(40, null=True, description="What stands before the name, such as Dr.")
    given_name = fields.CharField(100, null=True, db_index=True, description="Given names.")
    family_name = fields.CharField(100, null=True, db_index=True, description="Family name.")
    suffix = fields.CharField(40, null=True, description="What stands after the name, such as Jr.")
    preferred_name = fields.CharField(100, null=True, db_index=True, description="What the person likes to be called.")
    title = fields.CharField(150, null=True, db_index=True, description="Job title.")
    department = fields.CharField(150, null=True, db_index=True, description="Department.")
    language = Code(35, null=True, db_index=True, description="Preferred language, a BCP 47 tag such as pt-BR.")
    time_zone = Code(64, null=True, db_index=True, description="Time zone by its IANA name, such as Europe/Berlin.")
    do_not_contact = fields.BooleanField(
        default=False, db_index=True, description="True where nobody may get in touch."
    )
    reports_to: Any = fields.ForeignKeyField(
        "graph.Contact",
        null=True,
        related_name="reports",
        on_delete=fields.RESTRICT,
        description="The contact this one reports to.",
    )

    locks: ClassVar[Mapping[str, str]] = {"reportsToId": LOCK}

    class Policies:
        name = Policy(read_only=True)
        sort_name = Policy(read_only=True)
        reports_to = Policy(way_back="Contacts who report to this one.")
        accounts = through(
            "AccountContact", owner="contact", target="account", description="The accounts the contact belongs to."
        )
        addresses = through(
            "AddressLink", owner="contact", target="address", description="The contact's addresses, with their kinds."
        )
        labels = through("LabelLink", owner="contact", target="label", description="Labels on the contact.")
        groups = through(
            "ContactGroupMember", owner="contact", target="group", description="Fixed groups the contact is in."
        )

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: UnitOfWork) -> None:
        """Put the name together, spell language and time zone as their registers do, and check who reports to whom."""
        for change in changes:
            if not change.is_write:
                continue
            after = change.after
            given, family = (after[part] or "" for part in ("given_name", "family_name"))
            if is_blank(given) and is_blank(family):
                unit.violate(NAMELESS.broken(change.at("family_name")), change, of=["given_name", "family_name"])
            after["name"] = whole_name(after)
            after["sort_name"] = ", ".join(part.strip() for part in (family, given) if not is_blank(part))
            after["sort_name_folded"] = fold(after["sort_name"])
            for column, normalise in (("language", normalise_language), ("time_zone", normalise_time_zone)):
                if after[column] is not None and change.changed(column):
                    found = normalise(after[column])
                    if isinstance(found, Problem):
                        unit.violate(violated(found, change.at(column)), change)
                    else:
                        after[column] = found
        await check_reporting(changes, unit)


def whole_name(parts: Mapping[str, Any]) -> str:
    """A name as one line: in the order in which its script writes names."""
    given, family = parts["given_name"] or "", parts["family_name"] or ""
    own = [given, family] if is_latin(family) else [family, given]
    line = (parts["prefix"] or "", *own, parts["suffix"] or "")
    return " ".join(part.strip() for part in line if not is_blank(part))
