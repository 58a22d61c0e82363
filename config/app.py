"""The ASGI application."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..graph.bootstrap import SYSTEM_ACTOR
from ..schema.http import GraphQLView, asset_response
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
            # work after a commit runs in a context of its own, with nothing of whoever starts it
            worker = asyncio.get_running_loop().create_task(opened.worker.run(), context=contextvars.Context())
            try:
                yield
            finally:
                worker.cancel()
                with suppress(asyncio.CancelledError):
                    await worker

    view = GraphQLView(_service, lambda request, name: Caller(actor=SYSTEM_ACTOR, request=name))
    return Starlette(
        routes=[
            Route("/", _home),
            Route("/graphql", view.__call__, methods=["GET", "POST"]),
            Route("/graphql/static/{name}", asset_response),
        ],
        lifespan=lifespan,
    )


@asynccontextmanager
async def _open(accord: Accord) -> AsyncGenerator[Accord, None]:
    yield accord


def _service(request: Request) -> Service:
    accord: Accord = request.app.state.accord
    return accord.service


async def _home(request: Request) -> Response:
    return RedirectResponse("/graphql")
