"""Contact groups: a fixed list of contacts, or all that a stored filter matches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change
from ...plugins.choices import Choices
from ...plugins.declarations import Policy, through
from ...plugins.fields import Document
from ...plugins.records import Record
from ...plugins.violations import Rule, Violation
from ..errors import InvalidInput
from ..reading.compiler import compile_ids
from ..writing.unit import UnitOfWork

NEEDS_FILTER = Rule(code="REQUIRED", message="A filtered group needs memberFilter: a filter of contacts.")
TAKES_NO_FILTER = Rule(code="CONTRADICTION", message="A fixed group takes no memberFilter; make it a filtered group.")
BAD_FILTER = Rule(code="INVALID_FILTER", message="{message}")


class GroupKind(Choices):
    """How a group knows its members."""

    FIXED = "FIXED", "Contacts are put into it and taken out of it one by one."
    FILTERED = "FILTERED", "Its members are the contacts that its filter finds at the moment."


class ContactGroup(Record, prefix="grp"):
    """A group of contacts, fixed or by a stored filter."""

    name = fields.CharField(200, db_index=True, description="Name of the group.")
    description = fields.TextField(null=True, description="What the group is for.")
    kind = fields.CharEnumField(
        GroupKind,
        max_length=10,
        default=GroupKind.FIXED,
        db_index=True,
        description="Fixed members, or all contacts that the filter matches.",
    )
    member_filter = Document(
        null=True,
        description="For a filtered group: a filter of contacts, in the API's own form.",
    )

    class Policies:
        name = Policy(unique=True)
        kind = Policy(create_only=True)
        members = through(
            "ContactGroupMember",
            owner="group",
            target="contact",
            description="The contacts in a fixed group, or those that match a filtered group's filter at this moment.",
            stored_filter="member_filter",
        )

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: UnitOfWork
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """A filtered group has a filter that works; a fixed one has none."""
        for change in changes:
            stored: Any = change.after["member_filter"]
            # also one that is stated as it is stored: whoever may not use it must not learn that a guess is right
            if not change.is_write or not (change.changed("member_filter", "kind") or "member_filter" in change.given):
                continue
            at = change.at("member_filter")
            if change.after["kind"] is None:
                continue
            if change.after["kind"] == GroupKind.FIXED:
                if stored is not None:
                    yield change, TAKES_NO_FILTER.broken(at)
            elif not isinstance(stored, Mapping):
                yield change, NEEDS_FILTER.broken(at)
            else:
                try:
                    plan = compile_ids(unit.ground, unit.catalogue["Contact"], stored, 1)
                    while await unit.sight.settle():
                        plan = compile_ids(unit.ground, unit.catalogue["Contact"], stored, 1)
                    plan.bind(unit.sight.values)
                except InvalidInput as error:
                    yield change, BAD_FILTER.broken(at, message=error.message)
                except RecursionError:
                    yield change, BAD_FILTER.broken(at, message="The filter is nested too deeply.")
                except (TypeError, ValueError, KeyError, AttributeError):
                    message = "The filter has not the form that the API's filters have: fields with operators."
                    yield change, BAD_FILTER.broken(at, message=message)
