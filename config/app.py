"""The ASGI application."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ..graph.bootstrap import SYSTEM_ACTOR
from ..plugins.calling import PluginFailed
from ..schema.exchange import Caller
from ..schema.http.accepting import JSON
from ..schema.http.limits import HttpLimits
from ..schema.http.page import asset_response
from ..schema.http.refusal import Refusal
from ..schema.http.running import AUTHORIZATION
from ..schema.http.view import GraphQLView
from ..schema.http.websocket import GraphQLSocket
from ..schema.service import Service
from .composition import Accord, migration_target, open_accord
from .health import Readiness, health_routes
from .hosts import Hosts
from .identities import OPERATING, Identity
from .request_log import HEADER, RequestLog, header, noted_caller
from .settings import Settings
from .stopping import Endings, Stopping

log = logging.getLogger("accord.server")

PAUSE = 1.0  # seconds before work that failed is begun again


def create_app(settings: Settings, accord: Accord | None = None, *, is_local: bool = False) -> Starlette:
    """The application for these settings, or around an Accord that is open already (and stays open).

    With `is_local`, it is known to be reached from this machine alone.
    """

    stopping = Stopping(settings.stop_seconds)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        opening: AbstractAsyncContextManager[Accord] = open_accord(settings) if accord is None else _open(accord)
        async with opening as opened:
            app.state.accord = opened
            target = migration_target(settings, opened.catalogue, plugins=opened.plugins)
            app.state.readiness = Readiness(opened, target, stopping)
            loop = asyncio.get_running_loop()
            # work after a commit runs in a context of its own, with nothing of whoever starts it
            try:
                await opened.hooks.startup(opened.contexts.of)
            except PluginFailed as failed:
                app.state.failed = failed
                raise
            workers = (opened.worker, opened.due, opened.jobs)
            feed, *working = (
                loop.create_task(_keep_at(work), context=contextvars.Context())
                for work in (opened.feed.run, *(one.run for one in workers), opened.housekeeper.run)
            )
            try:
                yield
            finally:
                stopping.set()
                feed.cancel()
                for one in (*workers, opened.housekeeper):
                    one.stop()
                await asyncio.wait(working, timeout=stopping.seconds_left())
                for task in working:
                    task.cancel()
                await asyncio.gather(feed, *working, return_exceptions=True)
                await opened.hooks.shutdown()

    limits = HttpLimits(largest_request=settings.largest_request, body_seconds=settings.request_seconds)
    graphql = Route("/graphql", GraphQLView(_service, _identify, limits))
    app = _App(
        routes=[
            graphql,
            WebSocketRoute("/graphql", GraphQLSocket(_service, _identify, limits, settings.allowed_origins, _admit)),
            Route("/graphql/static/{name}", asset_response),
            Route("/", _home),
            *health_routes(_readiness),
        ],
        middleware=[*_middleware(settings, stopping, is_local), Middleware(_Straight, graphql)],
        exception_handlers={HTTPException: _nothing_here},
        lifespan=lifespan,
    )
    app.state.stopping = stopping
    app.state.failed = None  # what kept it from starting, where that is a plugin
    return app


class _App(Starlette):
    """Without the outermost of Starlette's own middleware, which answers what nobody expected: the request log does."""

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack


class _Straight:
    """ASGI middleware: leads the requests to one route past the search among all, which nearly every request is for."""

    def __init__(self, app: ASGIApp, route: Route) -> None:
        self._app = app
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._route.path and not scope.get("root_path"):
            scope["route"] = self._route
            await self._route.app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


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


def _middleware(settings: Settings, stopping: Stopping, is_local: bool) -> list[Middleware]:
    """Without the origins of other sites no header ever tells a browser that one of them may read an answer."""
    around = [Middleware(RequestLog), Middleware(Endings, stopping)]
    if settings.allowed_hosts or is_local:
        around.append(Middleware(Hosts, settings.allowed_hosts))
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


def _service(scope: Scope) -> Service:
    accord: Accord = scope["app"].state.accord
    return accord.service


def _identify(scope: Scope) -> Caller:
    """Who asks: the actor whose token the request has; without one the system's actor.

    That one holds no permission, but to operate where no token was given to anybody: nothing classified is read by it.
    """
    identity = _identity(scope)
    if identity is None:
        accord: Accord = scope["app"].state.accord
        return noted_caller(scope, SYSTEM_ACTOR, frozenset() if accord.tokens.identities else OPERATING)
    return noted_caller(scope, identity.actor, identity.permissions)


def _admit(scope: Scope) -> None:
    """Raises Refusal for a token that nobody has."""
    _identity(scope)


def _identity(scope: Scope) -> Identity | None:
    stated = scope.get(AUTHORIZATION) or header(scope, b"authorization")
    if stated is None:
        return None
    scheme, token = (*stated.split(maxsplit=1), "", "")[:2]
    if not scheme.lower().startswith("bearer"):
        return None  # what a proxy before this server asks for is no concern of ours
    accord: Accord = scope["app"].state.accord
    # a slip of the pen, such as BearerTOKEN, is a wrong token: nobody acts as the system who meant to be somebody
    identity = accord.tokens.find(token.strip()) if scheme.lower() == "bearer" else None
    if identity is None:
        raise Refusal(
            "UNAUTHENTICATED",
            "The token is not known here; ask the operator for one, or leave the header out.",
            HTTPStatus.UNAUTHORIZED,
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return identity


def _readiness(request: Request) -> Readiness:
    return request.app.state.readiness


async def _nothing_here(request: Request, error: Exception) -> Response:
    """What is answered outside of the addresses that there are, and for methods that they don't know."""
    if not isinstance(error, HTTPException):
        raise error
    is_absent = error.status_code == HTTPStatus.NOT_FOUND
    message = "There is nothing at this address; the API is at /graphql."
    if not is_absent:
        message = "This address is not for this method; the API is at /graphql."
    refusal = Refusal("NOT_FOUND" if is_absent else "METHOD_NOT_ALLOWED", message)
    return Response(refusal.result().encoded(), error.status_code, error.headers, f"{JSON}; charset=utf-8")


async def _home(request: Request) -> Response:
    return RedirectResponse("/graphql")
