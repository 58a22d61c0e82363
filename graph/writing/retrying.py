"""How often work after a commit is tried, and when again: for events and for what falls due alike."""

from datetime import datetime, timedelta

from ...plugins.calling import PluginFailed

LEASE = timedelta(seconds=60)  # after which what a process was at is free for others
MOST_ATTEMPTS = 12
LONGEST_PAUSE = 3600  # seconds


def next_attempt(now: datetime, attempts: int) -> datetime:
    """When to try again after so many attempts: after 2, 4, 8 … seconds."""
    return now + timedelta(seconds=min(2**attempts, LONGEST_PAUSE))


def trouble_of(error: BaseException) -> str:
    """What operators are told of a failure: the type of it, and where to find the rest."""
    if isinstance(error, PluginFailed):
        return f"{type(error.__cause__).__name__}, incident {error.incident}"
    return type(error).__name__
