"""accord serve: answer requests."""

import gc
import time
from typing import Annotated

import typer

from ..settings import read_settings
from .examples import examples
from .listening import listen
from .terminal import say, show

FIRST_QUERY = "{ accounts(first: 3) { nodes { name contacts { nodes { name } } } } }"
EXAMPLES = examples(
    ("accord serve", "on http://127.0.0.1:8000/graphql, with the demo"),
    ("accord serve --port 8001 --no-demo", "another port, and no demo"),
    ("ACCORD_DATABASE=postgresql://accord@db/accord accord serve --workers 4", "on PostgreSQL, in four processes"),
)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else ACCORD_HOST, or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; else ACCORD_PORT, or 8000.")
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="Fill an empty embedded database with a demo; else ACCORD_DEMO, or yes."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer; else ACCORD_WORKERS, or 1.")
    ] = None,
) -> None:
    """Answer GraphQL requests, and show GraphiQL to browsers, until Ctrl-C.

    An embedded database is made and migrated first. One on a server must be migrated already.
    """
    started = time.monotonic()
    settings = read_settings(host=host, port=port, demo=demo, workers=workers)
    sockets = listen(settings.host, settings.port)
    gc.disable()  # until all is in place: what is imported and built now stays, there is no garbage to look for
    from .serving import run

    def ready(page: bool) -> None:
        address = f"http://{_shown(settings.host)}:{settings.port}/graphql"
        opened = address if page else f"{address} (its page is not built yet)"
        title = f"Accord is ready, after {time.monotonic() - started:.1f} s"
        show(title, {"Open": opened, "Try": FIRST_QUERY, "Data": settings.database_place, "End": "Ctrl-C"})

    run(settings, sockets, ready)
    say("Accord has ended.", over=True)


def _shown(host: str) -> str:
    """A host as addresses write it; one that means every address of this machine is reached as localhost."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host
