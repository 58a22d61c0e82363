"""The server that answers on a socket: uvicorn's, made to stop gracefully."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .settings import Settings
from .stopping import Stopping

log = logging.getLogger("accord.server")

STOPS = (signal.SIGINT, signal.SIGTERM)
HURRIED_SECONDS = 3  # what the end may take after a second signal
CLOSE_SECONDS = 1.0  # how long a client may take to confirm that a WebSocket is closed


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket that the app closes, once what was asked on it has been answered."""

    def shutdown(self) -> None:
        """Leave an open connection to the app."""
        if self.handshake_complete and not self.close_sent:
            self.close_timeout = CLOSE_SECONDS
        else:
            super().shutdown()


class Server(uvicorn.Server):
    """A server for which a signal is a reason to end, not to fail: the first lets requests finish, the second doesn't.

    `started` is called when requests are answered. `parent` is a file whose end counts as a signal.
    """

    def __init__(self, app: Starlette, settings: Settings, started: Callable[[], None], parent: int | None) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws=Socket,
            ws_max_size=settings.largest_request,
            log_config=None,
            access_log=False,  # it would hold query strings
            server_header=False,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
        super().__init__(config)
        # its words at lower levels hold addresses and query strings, and those of WebSockets what is sent on them
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        self._state = app.state
        self._stopping: Stopping = app.state.stopping
        self._started = started
        self._parent = parent
        self._hurried = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; raises PluginFailed where a plugin can't start."""
        words = logging.getLogger("uvicorn.error")

        def is_news(record: logging.LogRecord) -> bool:
            return self._state.failed is None  # its own words would be a traceback with those of the exception

        words.addFilter(is_news)
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._state.failed is not None:
                raise self._state.failed  # noqa: B904 - its cause is the exception of the plugin
            raise
        finally:
            words.removeFilter(is_news)
        self._loop = asyncio.get_running_loop()
        if self._parent is not None:
            self._loop.add_reader(self._parent, self._end_with_parent, self._parent)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests finish for as long as they may, and stop the app."""
        log.info("stopping")
        self._stopping.set()
        ending = asyncio.ensure_future(super().shutdown(sockets))
        hurried = asyncio.ensure_future(self._hurried.wait())
        await asyncio.wait((ending, hurried), return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            self._stopping.hurry()
            for task in list(self.server_state.tasks):
                task.cancel()
        hurried.cancel()
        await ending

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """uvicorn's own raises the signal again at the end, which would cut the closing of the database short."""
        before = {one: signal.signal(one, self.handle_exit) for one in STOPS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully; asked again, at once, and asked a third time, without any tidying."""
        if self.should_exit:
            for one in STOPS:
                signal.signal(one, signal.SIG_DFL)
            _end_within(HURRIED_SECONDS)
            self._loop.call_soon_threadsafe(self._hurried.set)
        self.should_exit = True

    def _end_with_parent(self, parent: int) -> None:
        self._loop.remove_reader(parent)
        log.warning("the process that started this one is gone")
        self.should_exit = True


def _end_within(seconds: int) -> None:
    """End this process however things stand then; by the system where it can, because Python itself may be stuck."""
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        return
    last = threading.Timer(seconds, os._exit, (1,))
    last.daemon = True
    last.start()
