"""Its migrations are no package, or hold none."""

from tortoise import fields

from accord.plugins import AccountExtension, Plugin


class UnmigratedAccount(AccountExtension, namespace="unmigrated"):
    """Stored nowhere."""

    note = fields.CharField(20, null=True, description="A note.")


class Unmigrated(Plugin):
    """Names a package that there is not."""

    name = "unmigrated"
    models = (UnmigratedAccount,)
    migrations = "without_migrations.migrations"


class NothingmadeAccount(AccountExtension, namespace="nothingmade"):
    """Stored nowhere yet."""

    note = fields.CharField(20, null=True, description="A note.")


class NothingMade(Plugin):
    """Names a package that holds no migration yet."""

    name = "nothingmade"
    models = (NothingmadeAccount,)
    migrations = "accord_empty"
