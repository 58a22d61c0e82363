"""Notes: what somebody wrote down about a record."""

from tortoise import fields

from ...plugins.declarations import Policy
from ...plugins.fields import AnyRecord
from ...plugins.records import Record
from ...plugins.violations import FieldError
from ..values.text import is_blank


def not_blank(value: str) -> None:
    """A note says something."""
    if is_blank(value):
        raise FieldError("REQUIRED", "text is blank; give it a value.")


class Note(Record, prefix="nte"):
    """A text about a record."""

    subject = AnyRecord(related_name="notes", description="The record that the note is about.")
    text = fields.TextField(validators=[not_blank], description="What is to be remembered.")
    is_internal = fields.BooleanField(
        default=True, db_index=True, description="Whether it is for colleagues alone, and not for the customer to see."
    )
    is_pinned = fields.BooleanField(default=False, db_index=True, description="Whether it stays on top of the others.")

    class Policies:
        subject = Policy(owner=True, create_only=True, way_back="Notes about the record.")
