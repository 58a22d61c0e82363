"""The GraphiQL page as values for the HTTP view: its bytes, its parts, and the headers that keep it closed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final

DIST: Final = Path(__file__).parent / "graphiql" / "dist"
"""Where the build puts the page, in a checkout and in an installed wheel alike."""

# Styles may stand in the page because the editor writes its own as it goes; scripts may not. Fonts and small pictures
# stand in the style sheet as data. 'self' allows the subscription's WebSocket too: same host, same port.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""For the page, for its parts (a worker answers to its own headers) and for the page that stands in for it."""

PAGE_CACHE: Final = "no-cache"
"""The page names its parts, so it is asked for again each time; the parts never change under one name."""

PART_CACHE: Final = "public, max-age=31536000, immutable"

# A table of our own: the system's may call a script text/plain, and no browser runs that.
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
        ".ttf": "font/ttf",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
    }
)

PART_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One part of the page, ready to be sent."""

    content: bytes
    media_type: str
    cache_control: str


def page(dist: Path) -> bytes | None:
    """The page itself, in UTF-8, or None when it has not been built.

    It must be served at a path that ends in `/graphql`, and its parts at `/graphql/static/{name}`.
    """
    return _read(dist / "index.html")


def asset(dist: Path, name: str) -> Asset | None:
    """The part `/graphql/static/{name}`, or None when there is none; a name that is a path finds nothing."""
    media_type = MEDIA_TYPES.get(Path(name).suffix)
    if media_type is None or not PART_NAME.fullmatch(name):
        return None
    content = _read(dist / "static" / name)
    return None if content is None else Asset(content=content, media_type=media_type, cache_control=PART_CACHE)


def missing_page(address: str = "http://127.0.0.1:8000/graphql") -> str:
    """A page for where GraphiQL has not been built: what to do instead, with a request to copy."""
    return MISSING_PAGE.substitute(address=escape(address))


MISSING_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="5">
    <title>Accord GraphQL</title>
    <link rel="icon" href="data:,">
    <style>
      body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 12vh auto; padding: 0 1.5rem; }
      h1 { font-size: 1.5rem; }
      code, pre { font-family: ui-monospace, monospace; font-size: .9rem; }
      pre { padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 8px;
            overflow-x: auto; }
    </style>
  </head>
  <body>
    <h1>The API answers here; its page is not built yet</h1>
    <p>GraphiQL appears here by itself as soon as it is built. <code>make serve</code> builds it beside the server,
      which takes about half a minute the first time; <code>make graphiql</code> builds it at any time.</p>
    <p>Any GraphQL client can use this address without it:</p>
    <pre>curl $address \\
  -H 'Content-Type: application/json' \\
  -d '{"query": "{ __typename }"}'</pre>
  </body>
</html>
""")


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
