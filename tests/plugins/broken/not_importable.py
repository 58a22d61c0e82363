"""Its import fails: it needs a package that is not installed."""

from importlib import import_module

import_module("a_package_that_nobody_has")
