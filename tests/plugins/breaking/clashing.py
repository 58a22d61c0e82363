"""A plugin that loads, unless the finance plugin is there too: it has the same prefix of ids."""

from tortoise import fields

from accord.plugins import Plugin, Record


class ClashesThing(Record, prefix="fbo"):
    """A thing."""

    title = fields.CharField(40, description="What it is called.")


class Clashes(Plugin):
    """It clashes with another."""

    name = "clashes"
    models = (ClashesThing,)
    migrations = "clashing_migrations"
