"""Messages for callers: what they echo of a request is cut short, because a request may be as long as it likes.

Half surrogate pairs are spelled out: they are no characters, and no response could hold them.
"""

import re
from typing import Any

from graphql import GraphQLError

LONGEST_MESSAGE = 2_000
LONG_WORD = re.compile(r"\S{81,}")
KEPT = 60  # characters of a word that is too long
CLOSING = "'\"”)]}.,:;"


def shown(error: GraphQLError) -> dict[str, Any]:
    """The error as it is sent."""
    found: dict[str, Any] = {**error.formatted, "message": shortened(error.message)}
    if error.extensions:
        found["extensions"] = {
            name: shortened(value) if isinstance(value, str) else value for name, value in error.extensions.items()
        }
    return found


def shortened(message: str) -> str:
    """The message with an ellipsis in each word that no schema or person would write, and at the end of a long one."""
    if not message.isascii():
        message = message.encode(errors="backslashreplace").decode()
    found = LONG_WORD.sub(_cut, message) if len(message) > KEPT else message
    return found if len(found) <= LONGEST_MESSAGE else f"{found[:LONGEST_MESSAGE]}…"


def _cut(found: re.Match[str]) -> str:
    word = found[0]
    end = word[-3:]
    closing = end[len(end.rstrip(CLOSING)) :]
    return f"{word[:KEPT]}…{closing}"
