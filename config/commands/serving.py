"""Running the server; imported when everything else is known to be in order, because it brings all of Accord along."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

import uvicorn
from starlette.applications import Starlette

from ...schema.graphiql_page import DIST, page
from ..app import create_app
from ..composition import core_catalogue, migration_target, open_accord
from ..settings import Settings
from .database import ready_database
from .demo import fill
from .failures import explained

PATIENCE = 5  # seconds that requests under way are given at the end
Ready = Callable[[bool], None]


def run(settings: Settings, sockets: Sequence[socket.socket], ready: Ready) -> None:
    """Serve until a signal; `ready` is told when requests are answered, and whether GraphiQL is built."""
    _log(settings.log_level)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(settings, sockets, ready))


async def _serve(settings: Settings, sockets: Sequence[socket.socket], ready: Ready) -> None:
    target = migration_target(settings, core_catalogue())
    async with AsyncExitStack() as stack:
        with explained(target.place):
            await ready_database(settings, target)
            accord = await stack.enter_async_context(open_accord(settings))
            gc.freeze()
            gc.enable()
            if settings.demo and settings.database_kind == "sqlite":
                await fill(accord.writer)
        server = _Server(create_app(settings, accord), settings, ready)
        await server.serve(list(sockets))


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and for which a signal is a reason to end, not to fail."""

    def __init__(self, app: Starlette, settings: Settings, ready: Ready) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="websockets-sansio",
            log_config=None,
            access_log=settings.log_level == "debug",
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready(page(DIST) is not None)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again at the end, which would cut the closing of the database short."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _log(level: str) -> None:
    """Short lines; what uvicorn says of itself is of interest to who looks for a fault."""
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S", level=level.upper()
    )
    if level == "info":
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
