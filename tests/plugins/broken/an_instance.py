"""Its entry point names an instance."""

from accord.plugins import Plugin


class Instance(Plugin):
    """Made at import."""

    name = "instance"


plugin = Instance()
