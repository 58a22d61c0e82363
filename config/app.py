"""The ASGI application."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from ..graph.bootstrap import SYSTEM_ACTOR
from ..schema.http.limits import HttpLimits
from ..schema.http.page import asset_response
from ..schema.http.view import GraphQLView
from ..schema.http.websocket import GraphQLSocket
from ..schema.service import Caller, Service
from .composition import Accord, migration_target, open_accord
from .health import Readiness, health_routes
from .request_log import HEADER, RequestLog, noted_caller
from .settings import Settings
from .stopping import Endings, Stopping

log = logging.getLogger("accord.server")

PAUSE = 1.0  # seconds before work that failed is begun again


def create_app(settings: Settings, accord: Accord | None = None) -> Starlette:
    """The application for these settings, or around an Accord that is open already (and stays open)."""

    stopping = Stopping(settings.stop_seconds)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        opening: AbstractAsyncContextManager[Accord] = open_accord(settings) if accord is None else _open(accord)
        async with opening as opened:
            app.state.accord = opened
            app.state.readiness = Readiness(opened, migration_target(settings, opened.catalogue), stopping)
            loop = asyncio.get_running_loop()
            # work after a commit runs in a context of its own, with nothing of whoever starts it
            outbox, feed = (
                loop.create_task(_keep_at(work), context=contextvars.Context())
                for work in (opened.worker.run, opened.feed.run)
            )
            try:
                yield
            finally:
                stopping.set()
                feed.cancel()
                opened.worker.stop()
                await asyncio.wait((outbox,), timeout=stopping.seconds_left())
                outbox.cancel()
                await asyncio.gather(outbox, feed, return_exceptions=True)

    limits = HttpLimits(largest_request=settings.largest_request)
    app = Starlette(
        routes=[
            Route("/graphql", GraphQLView(_service, _identify, limits)),
            WebSocketRoute("/graphql", GraphQLSocket(_service, _identify, limits, settings.allowed_origins)),
            Route("/graphql/static/{name}", asset_response),
            Route("/", _home),
            *health_routes(_readiness),
        ],
        middleware=_middleware(settings, stopping),
        lifespan=lifespan,
    )
    app.state.stopping = stopping
    return app


@asynccontextmanager
async def _open(accord: Accord) -> AsyncGenerator[Accord, None]:
    yield accord


async def _keep_at(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that ends when it is told to, and begin it again where it fails: the database may come back."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work beside the requests failed; trying again")
            await asyncio.sleep(PAUSE)
        else:
            return


def _middleware(settings: Settings, stopping: Stopping) -> list[Middleware]:
    """Without the origins of other sites no header ever tells a browser that one of them may read an answer."""
    around = [Middleware(RequestLog), Middleware(Endings, stopping)]
    if not settings.allowed_origins:
        return around
    return [
        *around,
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER.decode()],
        ),
    ]


def _service(connection: HTTPConnection) -> Service:
    accord: Accord = connection.app.state.accord
    return accord.service


def _identify(connection: HTTPConnection) -> Caller:
    return noted_caller(connection.scope, SYSTEM_ACTOR)


def _readiness(request: Request) -> Readiness:
    return request.app.state.readiness


async def _home(request: Request) -> Response:
    return RedirectResponse("/graphql")
