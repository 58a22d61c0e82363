"""The ASGI application."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

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
from .composition import Accord, open_accord
from .settings import Settings


def create_app(settings: Settings, accord: Accord | None = None) -> Starlette:
    """The application for these settings, or around an Accord that is open already (and stays open)."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        opening: AbstractAsyncContextManager[Accord] = open_accord(settings) if accord is None else _open(accord)
        async with opening as opened:
            app.state.accord = opened
            loop = asyncio.get_running_loop()
            # work after a commit runs in a context of its own, with nothing of whoever starts it
            tasks = [
                loop.create_task(work(), context=contextvars.Context()) for work in (opened.worker.run, opened.feed.run)
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    limits = HttpLimits(largest_request=settings.largest_request)
    return Starlette(
        routes=[
            Route("/graphql", GraphQLView(_service, _identify, limits)),
            WebSocketRoute("/graphql", GraphQLSocket(_service, _identify, limits, settings.allowed_origins)),
            Route("/graphql/static/{name}", asset_response),
            Route("/", _home),
        ],
        middleware=_middleware(settings),
        lifespan=lifespan,
    )


@asynccontextmanager
async def _open(accord: Accord) -> AsyncGenerator[Accord, None]:
    yield accord


def _middleware(settings: Settings) -> list[Middleware]:
    """Without the origins of other sites no header ever tells a browser that one of them may read an answer."""
    if not settings.allowed_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
        )
    ]


def _service(connection: HTTPConnection) -> Service:
    accord: Accord = connection.app.state.accord
    return accord.service


def _identify(connection: HTTPConnection) -> Caller:
    return Caller(actor=SYSTEM_ACTOR, request=uuid4().hex)


async def _home(request: Request) -> Response:
    return RedirectResponse("/graphql")
