"""Migrations of plugins that are made for a test, in packages that can be imported until its end."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accord.config.composition import CORE
from accord.graph.migrating import MigrationApp, make


@contextmanager
def made_migrations(folder: Path, *apps: MigrationApp) -> Iterator[None]:
    """The first migration of each app, made in its package in a folder."""
    packages = {app.migrations for app in apps}
    for package in packages:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    try:
        for app in apps:
            assert asyncio.run(make((CORE, app), app.label, "initial")) is not None
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
