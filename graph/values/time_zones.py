"""Time zones by their names in the IANA database (Europe/Berlin)."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from .problem import Problem, quoted
from .text import fold


def normalise_time_zone(typed: str, *, field: str = "timeZone") -> str | Problem:
    """The name in its usual spelling, or why it is none."""
    name = time_zones().get(fold(typed.strip()).replace(" ", "_"))
    if name is not None:
        return name
    message = f"{quoted(typed)} is not a time zone of the IANA database: expected is one such as 'Europe/Berlin'."
    return Problem(field=field, code="unknown", message=message)


@cache
def time_zones() -> Mapping[str, str]:
    """All names by their folded forms; listing them reads the database's folder once, some thirty milliseconds."""
    # "localtime" is the machine's own zone, under a name that means another time elsewhere; "Factory" is none at all.
    return {fold(name): name for name in sorted(available_timezones() - {"localtime", "Factory"})}
