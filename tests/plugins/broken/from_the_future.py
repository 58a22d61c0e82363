"""It was made for other versions of the contract."""

from accord.plugins import Plugin


class NextMajor(Plugin):
    """For the next major version."""

    name = "nextmajor"
    api = "2.0"


class NextMinor(Plugin):
    """For a later minor version."""

    name = "nextminor"
    api = "1.99"


class NoVersion(Plugin):
    """For no version at all."""

    name = "noversion"
    api = "latest"
