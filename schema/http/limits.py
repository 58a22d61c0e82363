"""What the network side allows, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """How much one client may ask for, and how long it is waited for."""

    largest_request: int = 2_000_000
    """Bytes of a body, and of a WebSocket message."""

    body_seconds: float = 30
    """Time in which a body has to be there, however it trickles in."""

    most_operations: int = 100
    """Operations under way on one WebSocket."""

    init_seconds: float = 3
    """Time that a WebSocket has to send connection_init."""

    heartbeat_seconds: float = 12
    """Pause between the comments that keep a silent event stream open through proxies."""
