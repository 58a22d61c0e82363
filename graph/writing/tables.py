"""Tables that Accord keeps for itself: events to be handed on, requests that must not run twice, plugins' work."""

from tortoise import fields
from tortoise.models import Model

from ...plugins.fields import Code, Document, Timestamp


class OutboxEvent(Model):
    """A committed change of a record."""

    id = fields.UUIDField(primary_key=True)
    record = Code(60)
    record_id = fields.UUIDField()
    kind = Code(10)
    version = fields.IntField()
    fields_changed = Document()
    actor_id = fields.UUIDField()
    occurred_at = Timestamp()
    position = fields.BigIntField(null=True)

    class Meta(Model.Meta):
        table = "outbox_event"


class IdempotencyKey(Model):
    """The outcome of a request that came with a key, kept for a day."""

    id = Code(400, primary_key=True)
    fingerprint = Code(64)
    outcome = Document()
    created_at = Timestamp()

    class Meta(Model.Meta):
        table = "idempotency_key"


class Delivery(Model):
    """An event that one consumer has yet to be told of; gone when it was."""

    id = fields.UUIDField(primary_key=True)
    event_id = fields.UUIDField()
    consumer = Code(100)
    record_id = fields.UUIDField()
    version = fields.IntField()
    attempts = fields.IntField()
    due_at = Timestamp()
    parked_at = Timestamp(null=True)
    trouble = fields.TextField(null=True)

    class Meta(Model.Meta):
        table = "outbox_delivery"


class DueWork(Model):
    """Work of a plugin that is planned for a time; gone when it is done."""

    id = fields.UUIDField(primary_key=True)
    plugin = Code(60)
    name = Code(100)
    record_id = fields.UUIDField(null=True)
    data = Document()
    planned_for = Timestamp()
    actor_id = fields.UUIDField()
    attempts = fields.IntField()
    due_at = Timestamp()
    parked_at = Timestamp(null=True)
    trouble = fields.TextField(null=True)
    created_at = Timestamp()

    class Meta(Model.Meta):
        table = "due_work"


class Job(Model):
    """Long work of a plugin that somebody started, and how far it is; `due_at` is when a running one counts as lost."""

    id = fields.UUIDField(primary_key=True)
    plugin = Code(60)
    name = Code(100)
    arguments = Document()
    actor_id = fields.UUIDField()
    permissions = Document()
    state = Code(10)
    done = fields.IntField()
    total = fields.IntField(null=True)
    message = fields.TextField(null=True)
    result = Document(null=True)
    trouble = fields.TextField(null=True)
    attempts = fields.IntField()
    interruptions = fields.IntField()
    due_at = Timestamp()
    cancelled_at = Timestamp(null=True)
    created_at = Timestamp()
    started_at = Timestamp(null=True)
    ended_at = Timestamp(null=True)

    class Meta(Model.Meta):
        table = "job"
