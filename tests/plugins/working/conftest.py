"""An Accord with the toy plugins, for every test of what plugins do."""

from accord.tests.plugins.working.toy_host import toy_databases, toys

__all__ = ["toy_databases", "toys"]
