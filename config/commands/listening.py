"""Taking the port before anything else is done, so that a port that is taken is said at once."""

import errno
import socket
import sys
from typing import Any

from .failures import CommandFailed

# A name such as localhost may have addresses of a kind that this machine does not speak.
ELSEWHERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of the host; who connects is answered once somebody accepts. Raises CommandFailed."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CommandFailed(f"The host {host!r} has no address: {error}. Give another by --host.") from error
    sockets: list[socket.socket] = []
    problem: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            sockets.append(_listening(socket.socket(family, kind, protocol), address))
        except OSError as error:
            if problem is None or problem.errno in ELSEWHERE:
                problem = error
    if problem is not None and (not sockets or problem.errno not in ELSEWHERE):
        for opened in sockets:
            opened.close()
        raise CommandFailed(_said(host, port, problem)) from problem
    return sockets


def _listening(opened: socket.socket, address: Any) -> socket.socket:
    try:
        if sys.platform != "win32":  # there it would let two servers have the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if opened.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        opened.listen(2048)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _said(host: str, port: int, problem: OSError) -> str:
    match problem.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program. End it, or choose another port by --port."
        case errno.EACCES | errno.EPERM:
            return f"Port {port} on {host} is not for this user. Choose one above 1023 by --port."
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return f"{host} is no address of this machine. Give one that is by --host, such as 127.0.0.1."
        case _:
            return f"Port {port} on {host} can't be listened on: {problem.strerror}. Try others by --host and --port."
