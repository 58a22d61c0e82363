"""Which web sites may open a WebSocket: browsers let every site try, and send its origin along."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_welcome(headers: Headers, allowed: Collection[str]) -> bool:
    """Whether a connection comes from no browser, from a page of this very server, or from an origin on the list."""
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return True
    try:
        site = urlsplit(origin)
        # The scheme of the page stands for that of the socket: behind a proxy this server knows only its own.
        host = urlsplit(f"{site.scheme}://{headers.get('host', '')}")
        port = PORTS.get(site.scheme)
        return bool(site.hostname) and (site.hostname, site.port or port) == (host.hostname, host.port or port)
    except ValueError:  # a port that is no number
        return False
