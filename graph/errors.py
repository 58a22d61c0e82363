"""Errors of the graph that a caller can do something about.

GraphError            has a code, a message for the caller, and details for machines
├── InvalidInput      an argument can't be used as it is
├── Forbidden         the caller lacks a permission
└── Unavailable       the database can't be reached or answered too late
    └── Lost          the connection broke while it was in use
"""

from collections.abc import Mapping
from typing import Any


class GraphError(Exception):
    """Something the caller can mend; `message` says what and how, and never speaks of the inside."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: Mapping[str, Any] = details


class InvalidInput(GraphError):
    """An argument can't be used: unknown id, damaged cursor, a page size out of range."""


class Forbidden(GraphError):
    """The caller lacks a permission that the request takes."""


class Unavailable(GraphError):
    """The database can't be reached, or was too busy for too long; trying again may help."""


class Lost(Unavailable):
    """The connection broke: of what the database was just told, it isn't known whether it was done."""
