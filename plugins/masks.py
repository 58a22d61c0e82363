"""Masks: what stands in the place of a value that the caller may not read. A closed set, each worked out in SQL."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mask:
    """Null, or `text` with the last `shown` characters of the value behind it."""

    text: str | None = None
    shown: int = 0


NOTHING = Mask()


def last(count: int) -> Mask:
    """`••••` and the last `count` characters; of a value that has no more than twice as many, the dots alone."""
    if count < 1:
        raise ValueError(f"last({count}): show one character at least, or say NOTHING")
    return Mask(text="••••", shown=count)


def fixed(text: str) -> Mask:
    """Always the same text, if there is a value at all."""
    return Mask(text=text)
