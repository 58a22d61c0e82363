# pyright: reportUnknownVariableType=false
"""Contacts: the people in accounts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise import fields

from ...plugins.changes import Change, Unit
from ...plugins.declarations import Policy, through
from ...plugins.fields import Code
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from ..values.languages import normalise_language
from ..values.problem import Problem
from ..values.text import fold, is_latin
from ..values.time_zones import normalise_time_zone
from .findings import violated

NAMELESS = Rule(code="REQUIRED", message="A contact needs a family name or a given name; give at least one.")
REPORTS_TO_ITSELF = Rule(code="CYCLE", message="The contact would report to itself, directly or by way of others.")
LONGEST_CHAIN = 50


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

    class Policies:
        name = Policy(read_only=True)
        sort_name = Policy(read_only=True)
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
    async def prepare(cls, changes: Sequence[Change], unit: Unit) -> None:
        """Put the name together, and spell language and time zone as their registers do."""
        for change in changes:
            if not change.is_write:
                continue
            after = change.after
            if not after["given_name"] and not after["family_name"]:
                unit.violate(NAMELESS.broken(change.at("family_name")), change)
            after["name"] = whole_name(after)
            after["sort_name"] = ", ".join(part for part in (after["family_name"], after["given_name"]) if part)
            after["sort_name_folded"] = fold(after["sort_name"])
            for column, normalise in (("language", normalise_language), ("time_zone", normalise_time_zone)):
                if after[column] and change.changed(column):
                    found = normalise(after[column])
                    if isinstance(found, Problem):
                        unit.violate(violated(found, change.at(column)), change)
                    else:
                        after[column] = found

    @classmethod
    async def validate_changes(cls, changes: Sequence[Change], unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """Nobody reports to themselves, however long the way."""
        moved = [
            c
            for c in changes
            if c.is_write and c.changed("reports_to_id") and isinstance(c.after["reports_to_id"], UUID)
        ]
        bosses: dict[UUID, UUID | None] = {c.id: c.after["reports_to_id"] for c in changes if c.is_live}
        for _ in range(LONGEST_CHAIN):
            unknown = {boss for boss in bosses.values() if isinstance(boss, UUID) and boss not in bosses}
            if not moved or not unknown:
                break
            rows = {row["id"]: row["reports_to_id"] for row in await unit.rows("Contact", "id", unknown)}
            bosses |= {boss: rows.get(boss) for boss in unknown}
        for change in moved:
            at, seen = bosses.get(change.id), set[UUID]()
            while at is not None and at != change.id and at not in seen:
                seen.add(at)
                at = bosses.get(at)
            if at == change.id:
                yield change, REPORTS_TO_ITSELF.broken(change.paths.get("reports_to_id") or change.path)


def whole_name(parts: Mapping[str, Any]) -> str:
    """A name as one line: in the order in which its script writes names."""
    given, family = parts["given_name"], parts["family_name"]
    own = [given, family] if is_latin(family or "") else [family, given]
    return " ".join(part for part in (parts["prefix"], *own, parts["suffix"]) if part)
