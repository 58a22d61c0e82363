"""Its class and its entry point call it differently, and neither name can stand in the API."""

from accord.plugins import Plugin


class Other(Plugin):
    """Called other than its entry point says."""

    name = "other"
