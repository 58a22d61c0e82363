"""Tables that Accord keeps for itself: events that wait to be handed on, and requests that must not run twice."""

from tortoise import fields
from tortoise.models import Model

from ...plugins.fields import Code, Document, Timestamp


class OutboxEvent(Model):
    """A committed change of a record, to be handed to every consumer at least once."""

    id = fields.UUIDField(primary_key=True)
    record = Code(60)
    record_id = fields.UUIDField()
    kind = Code(10)
    version = fields.IntField()
    fields_changed = Document()
    actor_id = fields.UUIDField()
    occurred_at = Timestamp()
    attempts = fields.IntField()
    due_at = Timestamp()
    done_at = Timestamp(null=True)
    parked_at = Timestamp(null=True)
    trouble = fields.TextField(null=True)
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
