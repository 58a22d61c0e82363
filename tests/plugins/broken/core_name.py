"""It has a name of the core."""

from accord.plugins import Plugin


class Account(Plugin):
    """Would have the tables account_…."""

    name = "account"
