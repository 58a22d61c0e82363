"""Actors: who did it."""

from tortoise import fields

from ...plugins.choices import Choices
from ...plugins.records import Record


class ActorKind(Choices):
    """What an actor is."""

    PERSON = "PERSON", "Somebody who signs in."
    SERVICE = "SERVICE", "Another program that uses the API."
    SYSTEM = "SYSTEM", "Accord itself."


class Actor(Record, prefix="act"):
    """Somebody or something that acts in Accord: a person, a service, or the system itself."""

    name = fields.CharField(200, db_index=True, description="The name shown beside what the actor did.")
    kind = fields.CharEnumField(
        ActorKind, max_length=10, default=ActorKind.PERSON, db_index=True, description="Person, service or system."
    )
    email = fields.CharField(254, null=True, db_index=True, description="Where to reach the actor.")
