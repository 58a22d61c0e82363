"""Running the server; imported when everything else is known to be in order, because it brings all of Accord along."""

import asyncio
import gc
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from ...plugins.calling import PluginFailed
from ...schema.building import BuiltSchema
from ...schema.graphiql_page import DIST, page
from ..app import create_app
from ..composition import open_accord, target_of
from ..host_names import is_local
from ..logging import hear_of_failures, start_logging
from ..server import Server
from ..settings import Settings, SettingsInvalid
from ..workers import can_fork, supervise
from .database import ready_database
from .demo import fill
from .failures import CommandFailed, explained, not_started
from .terminal import complain

Ready = Callable[[bool], None]


def run(settings: Settings, sockets: Sequence[socket.socket], ready: Ready) -> None:
    """Serve until a signal; `ready` is told when requests are answered, and whether GraphiQL is built."""
    start_logging(settings.log_level, settings.log_format, sys.stderr)
    if settings.workers > 1:
        _run_workers(settings, sockets, ready)
        return
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(settings, sockets, ready))


def _run_workers(settings: Settings, sockets: Sequence[socket.socket], ready: Ready) -> None:
    """Get everything ready once, and let processes serve that share it; raises CommandFailed."""
    if not can_fork():
        raise CommandFailed("This system can't run several workers in one command: set workers to 1, and start more.")
    with asyncio.Runner() as runner:
        schema = runner.run(_prepare(settings))
    gc.freeze()

    def work(number: int, parent: int) -> None:
        start_logging(settings.log_level, settings.log_format, sys.stderr)
        first = ready if number == 0 else None
        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                runner.run(_serve(settings, sockets, first, schema=schema, parent=parent))
        except (CommandFailed, SettingsInvalid) as failure:
            for line in str(failure).splitlines():
                complain(line)
            sys.exit(1)

    def close() -> None:
        for opened in sockets:
            opened.close()

    if not supervise(settings.workers, work, stop_seconds=settings.stop_seconds, stopping=close):
        raise CommandFailed("Workers did not end as they should; what they logged stands above.")


async def _prepare(settings: Settings) -> BuiltSchema:
    """Bring the database to this code, load the demo, and see whether workers could start; gives what they share."""
    target = target_of(settings)
    with explained(target.place):
        await ready_database(settings, target)
        async with open_accord(settings) as accord:
            if settings.demo and settings.database_kind == "sqlite":
                await fill(accord.writer)
            return accord.schema


async def _serve(
    settings: Settings,
    sockets: Sequence[socket.socket],
    ready: Ready | None,
    *,
    schema: BuiltSchema | None = None,
    parent: int | None = None,
) -> None:
    """Serve in this process; one among several gets what was built before them all."""
    target = target_of(settings)
    hear_of_failures(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        with explained(target.place):
            if parent is None:
                await ready_database(settings, target)
            accord = await stack.enter_async_context(open_accord(settings, schema=schema))
            gc.freeze()
            gc.enable()
            if parent is None and settings.demo and settings.database_kind == "sqlite":
                await fill(accord.writer)

        def started() -> None:
            if ready is not None:
                ready(page(DIST) is not None)

        listens_local = all(is_local(str(one.getsockname()[0])) for one in sockets)
        app = create_app(settings, accord, is_local=listens_local)
        try:
            await Server(app, settings, started, parent).serve(list(sockets))
        except PluginFailed as failed:
            raise not_started(failed, accord.plugins) from failed


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
