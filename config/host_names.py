"""Host names: what a request's Host header names, and what counts as this machine alone."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def name_in(host: str) -> str | None:
    """The name or address in a Host header, in small letters and without its port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def is_local(name: str) -> bool:
    """Whether a name is one of the machine's own for itself, or a loopback address; no other name is asked for."""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
