"""How names are written: snake_case in Python and the database, camelCase and PascalCase in the API."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


def camel(name: str) -> str:
    """`given_name` -> `givenName`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def pascal(name: str) -> str:
    """`given_name` -> `GivenName`; a name in PascalCase stays as it is."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def snake(name: str) -> str:
    """`AccountContact` -> `account_contact`, `givenName` -> `given_name`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name that is most like a misspelt one; None if none is as like as `cutoff`, of 1, says."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)
