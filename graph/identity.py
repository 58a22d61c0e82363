"""Ids: UUIDv7 in the database, `acc_0198…` in the API."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from .catalogue import Catalogue, RecordType, ToAny
from .errors import InvalidInput

GLOBAL_ID = re.compile(r"([a-z]{3,10})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
SHOWN = 60  # characters of a wrong value that a message repeats

NewId = Callable[[], UUID]


class IdSource:
    """Makes UUIDv7 (RFC 9562): 48 bits of milliseconds, a counter that keeps ids of one source in order, randomness.

    now_ms       returns the time in milliseconds since 1970
    random_bits  returns that many random bits as an integer
    """

    def __init__(self, *, now_ms: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._last = 0

    def __call__(self) -> UUID:
        """The next id; always greater than the one before."""
        head = self._now_ms() << 12  # milliseconds and the 12 bits after the version
        self._last = max(head | self._random_bits(10), self._last + 1)
        milliseconds, counter = self._last >> 12, self._last & 0xFFF
        return UUID(int=(milliseconds << 80) | (7 << 76) | (counter << 64) | (2 << 62) | self._random_bits(62))


def global_id(kind: RecordType, id_: UUID) -> str:
    """The id as the API shows it."""
    return f"{kind.prefix}_{id_}"


def shown(value: Any) -> str:
    """A wrong value as a message may repeat it: quoted, never long, and free of half surrogate pairs."""
    text = value if isinstance(value, str) else repr(value)
    if not text.isascii():
        text = text.encode(errors="backslashreplace").decode()
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}…' ({len(text)} characters)"


def parse_id(kind: RecordType, text: Any) -> UUID:
    """The UUID in a global id of `kind`; raises InvalidInput that says what was expected."""
    match = GLOBAL_ID.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] != kind.prefix:
        raise InvalidInput(
            "INVALID_ID",
            f"{shown(text)} is no id of {article(kind.name)}; these look like {kind.prefix}_ followed by a UUID, "
            f"as every {kind.singular} has it in its field id.",
            expected=kind.prefix,
        )
    return UUID(match[2])


def type_of_id(catalogue: Catalogue, text: Any) -> RecordType:
    """The record type that an id's prefix names; raises InvalidInput for anything else."""
    match = GLOBAL_ID.fullmatch(text) if isinstance(text, str) else None
    kind = catalogue.prefixes.get(match[1]) if match else None
    if kind is None or not kind.is_record:
        raise InvalidInput(
            "INVALID_ID", f"{shown(text)} is no id of this API; give one as you have read it: a prefix, _ and a UUID."
        )
    return kind


def parse_any_id(catalogue: Catalogue, reference: ToAny, text: Any) -> tuple[RecordType, UUID]:
    """The record type and the UUID in the id of a record that a reference may lead to; raises InvalidInput."""
    kind = type_of_id(catalogue, text)
    if kind.name not in reference.targets:
        raise InvalidInput(
            "INVALID_ID",
            f"{shown(text)} is the id of {article(kind.name)}; {reference.api}Id takes that of one of these: "
            f"{', '.join(reference.targets)}.",
        )
    return kind, parse_id(kind, text)


def article(name: str) -> str:
    """`Account` -> `an Account`."""
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
