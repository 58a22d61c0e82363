"""Patterns: regular expressions that callers write, made ready only where that takes next to no time and memory."""

import re
from functools import lru_cache
from typing import Protocol, cast

import regex

LONGEST_PATTERN = 300
DEEPEST_PATTERN = 20  # groups within one another
LARGEST_PATTERN = 2_000  # characters, when each repetition is written out as often as it may happen
KEPT = 100  # patterns that are ready

_WITHIN_CLASS = (
    r"\\[pP]\{[\^\w &=:-]*\}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[pP](?!\{)|\\[dDwWsSbnrtfva]|\\[^A-Za-z0-9]"
)
_TOKEN = re.compile(
    rf"(?P<class>\[\^?(?:\]|(?!\]))(?:{_WITHIN_CLASS}|\[:\^?[A-Za-z]+:\]|[^\]\[\\])*\])"
    rf"|(?P<atom>\\[BAZmMhRX1-9]|{_WITHIN_CLASS}|\(\?P=\w+\))"
    r"|(?P<flags>\(\?[aimsu]+\))"
    r"|(?P<open>\((?:\?(?:[:=!>]|<[=!]|P?<\w+>|[aimsu]*(?:-[ims]+)?:)|(?![?*])))"
    r"|(?P<close>\))"
    r"|(?P<repetition>(?:[?*+]|\{(?P<least>[0-9]*)(?:,(?P<most>[0-9]*))?\})[?+]?)"
    r"|(?P<or>\|)"
    r"|(?P<literal>[^\\\[({])",
    re.DOTALL | re.ASCII,
)


class BadPattern(Exception):
    """A pattern that is not made ready; says why, and the next step."""


class Pattern(Protocol):
    """A pattern that is ready."""

    def fullmatch(self, text: str, *, timeout: float) -> object | None:
        """Whether the whole text matches; raises TimeoutError after so many seconds."""
        ...


@lru_cache(maxsize=KEPT)
def ready(pattern: str) -> Pattern:
    """The pattern, ready to be matched; raises BadPattern.

    The package regex writes a repetition out as often as it has to happen, before it looks at anything else: nine
    characters can take it gigabytes. So the pattern is measured first, and what is rarely of use but hard to measure is
    refused: fuzzy matching, recursion, conditions, named lists, sets of sets, and all flags but a, i, m, s and u.
    """
    _measure(pattern)
    try:
        return cast(Pattern, regex.compile(pattern))
    except regex.error as error:
        raise BadPattern(f"{error}; mend it there") from None


def _measure(pattern: str) -> None:
    """Raise BadPattern if the pattern is too large in any respect, or holds what is refused."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"it has {len(pattern):,} characters, {LONGEST_PATTERN} are allowed; shorten it")
    sizes, last, place = [0], 0, 0  # of the groups that are open, and of what a repetition would be about
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            raise BadPattern(
                f"'{pattern[place : place + 10]}' at position {place} is not understood; put a backslash before a sign "
                "that stands for itself, and leave out fuzzy matching, recursion and the like"
            )
        place = token.end()
        match token.lastgroup:
            case "open":
                sizes.append(len(token[0]))
                if len(sizes) > DEEPEST_PATTERN + 1:
                    raise BadPattern(f"its groups are nested deeper than {DEEPEST_PATTERN}; flatten them")
            case "close":
                last = sizes.pop() + 1
                if not sizes:
                    raise BadPattern(f"the parenthesis at position {place - 1} closes nothing; leave it out")
                sizes[-1] += last
            case "repetition":
                sizes[-1] += last * (_times(token) - 1) + len(token[0])
            case kind:
                last = last if kind == "flags" else len(token[0])
                sizes[-1] += len(token[0])
        if sum(sizes) > LARGEST_PATTERN:
            raise BadPattern(
                f"with its repetitions written out it has more than {LARGEST_PATTERN:,} characters; "
                "repeat less, or use * or + where no number is needed"
            )


def _times(repetition: re.Match[str]) -> int:
    """How often what is repeated is written out at most; what may go on without end once more than it has to happen."""
    least = 1 if repetition[0].startswith("+") else int(repetition["least"] or 0)
    return max(int(repetition["most"] or 0), least + 1)
