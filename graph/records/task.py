# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""Tasks: what somebody has to do about a record."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.choices import Choices
from ...plugins.declarations import Policy
from ...plugins.fields import AnyRecord, Timestamp
from ...plugins.records import Record
from ...plugins.violations import Rule, Severity, Violation

ALREADY_DUE = Rule(
    code="ALREADY_DUE",
    message="The task is due on {due}, which is past; set another day, or mark it as done.",
    severity=Severity.WARNING,
)


class TaskStatus(Choices):
    """How far a task has come."""

    OPEN = "OPEN", "Nobody has begun."
    IN_PROGRESS = "IN_PROGRESS", "Somebody is at it."
    WAITING = "WAITING", "It can't go on before somebody else acts."
    DONE = "DONE", "It is completed."
    CANCELLED = "CANCELLED", "It will not be done."


class TaskPriority(Choices):
    """How much a task matters."""

    URGENT = "URGENT", "Before everything else."
    HIGH = "HIGH", "Before most."
    NORMAL = "NORMAL", "In its turn."
    LOW = "LOW", "When there is time."


RANKS = {priority.value: rank for rank, priority in enumerate(TaskPriority, 1)}
CLOSED = frozenset({TaskStatus.DONE.value, TaskStatus.CANCELLED.value})


class Task(Record, prefix="tsk"):
    """Something to do about a record."""

    subject = AnyRecord(related_name="tasks", description="The record that the task is about.")
    title = fields.CharField(200, db_index=True, description="What is to be done, in a few words.")
    description = fields.TextField(null=True, description="What is to be done, at length.")
    assignee: Any = fields.ForeignKeyField(
        "graph.Actor",
        null=True,
        related_name="assigned_tasks",
        on_delete=fields.RESTRICT,
        description="Who is to do it.",
    )
    due_on = fields.DateField(null=True, db_index=True, description="The day by which it is to be done.")
    status = fields.CharEnumField(
        TaskStatus, max_length=12, default=TaskStatus.OPEN, db_index=True, description="How far it has come."
    )
    priority = fields.CharEnumField(
        TaskPriority, max_length=10, default=TaskPriority.NORMAL, description="How much it matters."
    )
    priority_rank = fields.IntField(
        db_index=True, description="The priority as a number to sort by: from 1, urgent, to 4, low."
    )
    completed_at = Timestamp(
        null=True, db_index=True, description="When it was done, UTC; null for a task that isn't, or not any more."
    )

    class Policies:
        subject = Policy(owner=True, create_only=True, way_back="What is to be done about the record, and what was.")
        assignee = Policy(way_back="Tasks that the actor is to do, or has done.")
        priority = Policy(filterable=True)
        priority_rank = Policy(read_only=True)
        completed_at = Policy(read_only=True)

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: CoreUnit) -> None:
        """A task is completed when it is done, and no more when it is taken up again."""
        for change in changes:
            after = change.after
            if change.is_write:
                after["priority_rank"] = RANKS.get(after["priority"])
            if change.is_write and change.changed("status"):
                after["completed_at"] = unit.now if after["status"] == TaskStatus.DONE else None

    @classmethod
    async def validate_changes(
        cls, changes: Sequence[Change], unit: CoreUnit
    ) -> AsyncIterator[tuple[Change, Violation]]:
        """Who gives a task a day that is past is told."""
        for change in changes:
            due = change.after["due_on"]
            if not change.is_write or due is None or change.after["status"] in CLOSED:
                continue
            if due < unit.today and change.changed("due_on"):
                yield change, ALREADY_DUE.broken(change.at("due_on"), due=due)
