"""A server of the benchmark: `python -m accord.bench.serving NAME SOCKET DATABASE [RECORDED]`."""

import gc
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from accord.config.settings import Settings


def make_app(name: str, settings: Settings, recorded: Path) -> Any:
    """The application of a row."""
    match name:
        case "accord":
            from accord.config.app import create_app

            return create_app(settings)
        case "limit":
            from accord.bench.limit import make_limit

            return make_limit(settings, recorded)
        case "baseline":
            from accord.bench.baseline import make_baseline

            return make_baseline(settings)
        case _:
            return answer_nothing


async def answer_nothing(scope: Any, receive: Any, send: Any) -> None:
    """As little as an application can do: what the load generator and uvicorn manage by themselves."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


class Server(uvicorn.Server):
    """As `accord serve` does: what is there when requests begin is never looked at by the garbage collector again."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()


def main() -> None:
    """Serve on a socket that is open already, until a signal."""
    name, number, location, recorded = sys.argv[1:]
    logging.basicConfig(level="ERROR")
    app = make_app(name, Settings(database=location), Path(recorded))
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        lifespan="off" if name == "trivial" else "on",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    listening = socket.socket(fileno=int(number))
    uvloop.run(Server(config).serve([listening]))


if __name__ == "__main__":
    main()
