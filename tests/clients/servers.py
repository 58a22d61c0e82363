"""A server for programs that are not Python: an app on an empty database, at a port of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accord.config.app import create_app
from accord.config.settings import Settings
from accord.tests.accord_fixture import migrate
from accord.tests.browser import serve


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve; gives host and port."""
    location = f"sqlite:{folder / 'accord.db'}"
    asyncio.run(migrate(location))
    with serve(create_app(Settings(database=location))) as origin:
        yield origin.removeprefix("http://")
