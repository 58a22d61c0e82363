"""What stands in JSON in the place of a value that the caller may not read, worked out by the database."""

import orjson

from ...plugins.masks import Mask
from .dialects import Dialect
from .text import Sql, literal


def masked(dialect: Dialect, expression: str, mask: Mask) -> Sql:
    """The JSON form of a masked value; a value that isn't there is null under every mask."""
    if mask.text is None:
        return Sql("'null'")
    text = literal(orjson.dumps(mask.text).decode())
    absent = f"case when {expression} is null then 'null'"
    if not mask.shown:
        return Sql(f"{absent} else {text} end")
    # substr() with a negative start, and right(), are each known to one of the databases alone
    end = f"substr({expression},length({expression})-{mask.shown - 1})"
    shown = dialect.quoted(f"({literal(mask.text)}||{end})")
    return Sql(f"{absent} when length({expression})>{2 * mask.shown} then {shown} else {text} end")
