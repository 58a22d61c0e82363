"""A real browser for tests: Debian's Chromium driven by Playwright, and an app served to it on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest
import uvicorn

from accord.config.graphiql_build import BuildError, build_graphiql, is_current
from accord.tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from starlette.types import ASGIApp

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# As root and in containers Chromium has no sandbox of its own; the rest keeps it from calling home.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The path of an installed Chromium; ACCORD_TEST_CHROMIUM names one that is not on the PATH."""
    named = os.environ.get("ACCORD_TEST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def go_without(reason: str) -> NoReturn:
    """Skips the test; with CI=true, where everything must be there, fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def attempts() -> int:
    """How often what comes from a registry is asked for: where everything must be there, one bad minute is no end."""
    return 3 if os.environ.get("CI") == "true" else 1


def build_page() -> None:
    """Build GraphiQL's page where it is not current. Where that can't be done, the test goes without."""
    if is_current():
        return
    for attempt in range(1, attempts() + 1):
        try:
            build_graphiql(print)
            return
        except BuildError as failure:
            if attempt == attempts():
                go_without(f"The GraphiQL page was not built: {failure}")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium. Without one the test is skipped, but fails with CI=true.

    Playwright's synchronous door keeps an event loop in this thread for as long as it is open, so that no asynchronous
    test can run: open it in a fixture of a module whose tests are all synchronous, no wider.
    """
    chromium = find_chromium()
    if chromium is None:
        go_without("No Chromium on this machine: `apt-get install chromium`, or name one in ACCORD_TEST_CHROMIUM.")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        go_without("The package playwright is not installed: it is among the development dependencies.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=list(CHROMIUM_FLAGS), headless=True, timeout=PATIENCE * 1000
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serves the app from a thread; gives its origin, `http://127.0.0.1:port`."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="auto", ws="websockets-sansio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="accord-test-server")
        thread.start()
        try:
            _wait_for(server, thread)
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=PATIENCE)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The app did not start; what it logged stands above.")
        time.sleep(0.01)
