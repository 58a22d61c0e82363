"""Its class can't be made into a plugin."""

from typing import Any

from accord.plugins import Plugin


class NeverMade(Plugin):
    """Fails when it is made."""

    name = "nevermade"

    def __init__(self, settings: Any = None) -> None:
        raise RuntimeError("no luck today")
