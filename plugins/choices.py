"""Choices: enums whose members say what they mean."""

from enum import StrEnum
from typing import Self


class Choices(StrEnum):
    """The values that a field may take. Each member is its stored value, which is also its name, and a description.

    `GOLD = "GOLD", "Answered within the hour."` stores GOLD; the description stands in the API's schema.
    """

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
