"""A plugin with references to any record, and with records of its own that others may refer to."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from accord.plugins.declarations import Policy, computed, unique
from accord.plugins.fields import AnyRecord, Code
from accord.plugins.records import Record


def initials(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """The first letter of each word of a name."""
    return ["".join(word[0] for word in row["name"].split()) for row in rows]


def lines(rows: Sequence[Mapping[str, Any]]) -> Sequence[list[str]]:
    """A name as lines of one word."""
    return [row["name"].split() for row in rows]


class Errand(Record, prefix="err"):
    """A record of the plugin, like any other."""

    name = fields.CharField(100, db_index=True, description="What it is called.")

    class Policies:
        initials = computed(str, needs=("name",), by=initials, description="The first letter of each word.")
        lines = computed(list[str], needs=("name",), by=lines, description="The name word by word.")


class Scrap(Record, prefix="scr", root=False):
    """A record of the plugin that nothing refers to."""

    name = fields.CharField(100, db_index=True, description="What it is called.")


class Mention(Record, prefix="men"):
    """A place where a record is mentioned, or was: it stays when the record goes."""

    about = AnyRecord(null=True, related_name="mentions", description="The record that is mentioned.")
    place = Code(100, db_index=True, description="Where it is mentioned.")
    errand: Any = fields.ForeignKeyField(
        "mentions.Errand", null=True, related_name=False, on_delete=fields.RESTRICT, description="What it was for."
    )

    class Policies:
        once = unique("about", "place")


class Verdict(Record, prefix="vdt"):
    """The one opinion about a record."""

    about = AnyRecord(related_name=None, description="The record that it is about.")
    text = Code(100, description="What it says.")

    class Policies:
        about = Policy(owner=True, unique=True)


MODELS = (Errand, Scrap, Mention, Verdict)
