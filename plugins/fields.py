# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportMissingTypeArgument=false, reportUnknownMemberType=false, reportUnknownParameterType=false
"""Tortoise fields whose stored form sorts, sums and prints the same on SQLite and PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from tortoise.fields import BigIntField, CharField, Field, TextField, UUIDField
from tortoise.fields.data import CharEnumFieldInstance


class Code(CharField):
    """Short text compared byte by byte, upper and lower case apart: codes, identifiers, normalised forms."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(max_length, **options)

    class _db_postgres:  # noqa: N801 - Tortoise finds the form of a dialect by this name
        def __init__(self, field: CharField) -> None:
            self.field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802 - Tortoise calls it so
            return f'VARCHAR({self.field.max_length}) COLLATE "C"'


class Choice(CharEnumFieldInstance):
    """One of an enum's members; what a CharEnumField of a record becomes, so that it sorts alike everywhere."""

    class _db_postgres:  # noqa: N801 - as above
        def __init__(self, field: CharField) -> None:
            self.field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802 - as above
            return f'VARCHAR({self.field.max_length}) COLLATE "C"'


class FoldedText(Field[str], str):
    """The folded twin of a text field: what order and matching without regard to case use. Accord adds it itself."""

    SQL_TYPE = "TEXT"

    class _db_postgres:  # noqa: N801 - as above
        SQL_TYPE = 'TEXT COLLATE "C"'


class Timestamp(Field[str], str):
    """A moment in UTC with microseconds, ISO 8601 with Z; on SQLite text of fixed width, so that it sorts."""

    SQL_TYPE = "TEXT"

    class _db_postgres:  # noqa: N801 - as above
        SQL_TYPE = "TIMESTAMPTZ"


class Decimal(BigIntField):
    """A decimal number with a fixed number of places, stored as an integer of its smallest step on both databases."""

    def __init__(self, *, places: int, **options: Any) -> None:
        super().__init__(**options)
        self.places = places


class Money(BigIntField):
    """An amount in minor units; Accord adds the column NAME_currency (ISO 4217) beside it."""


class TextList(TextField):
    """A list of short texts, stored as compact JSON; `choices` is the enum of what may stand in it, if any."""

    def __init__(self, *, choices: type | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices


class Document(TextField):
    """A JSON document, stored as compact JSON text and handed out as it is."""


class Identity(UUIDField):
    """The UUIDv7 that is a record's primary key."""


class AnyKey(UUIDField):
    """The UUID that a reference to any record holds; Accord adds it itself."""


@dataclass(frozen=True, kw_only=True)
class AnyRecord:
    """A reference to one record of whatever type; rows of links, and records that have such a reference, excepted.

    Accord stores it in two columns, NAME_type (the prefix of the record's ids) and NAME_id. Every record that it may
    lead to has the list of those that refer to it, called `related_name`, if it has one.
    """

    related_name: str | None
    description: str
    null: bool = False
