"""Ports for servers that are told by a number where to listen."""

import socket
from contextlib import ExitStack
from random import SystemRandom

ASKED_FOR = range(20_000, 32_000)  # below those that systems give to whoever asks for any port, as every client does


def free_ports(count: int = 1) -> list[int]:
    """So many ports that are free, and that nobody is given by chance before a server has taken them."""
    found: list[int] = []
    with ExitStack() as stack:
        for port in SystemRandom().sample(ASKED_FOR, len(ASKED_FOR)):
            opened = stack.enter_context(socket.socket())
            try:
                opened.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} ports of {ASKED_FOR} are free")
