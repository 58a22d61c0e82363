"""The kinds of columns that fields of Tortoise and of Accord stand for."""

from typing import Any

from tortoise import fields

from ..plugins.fields import Code, Decimal, Document, FoldedText, Identity, Money, TextList, Timestamp
from .catalogue import Kind

KINDS: tuple[tuple[type[Any], Kind], ...] = (  # the first match counts
    (Identity, Kind.ID),
    (Code, Kind.CODE),
    (Money, Kind.MONEY),
    (Decimal, Kind.DECIMAL),
    (Timestamp, Kind.TIMESTAMP),
    (TextList, Kind.TEXT_LIST),
    (Document, Kind.DOCUMENT),
    (FoldedText, Kind.CODE),
    (fields.UUIDField, Kind.ID),
    (fields.DateField, Kind.DATE),
    (fields.BooleanField, Kind.BOOLEAN),
    (fields.IntField, Kind.INTEGER),
    (fields.TextField, Kind.LONG_TEXT),
    (fields.CharField, Kind.TEXT),
)
INSTEAD = {  # of what Accord has no use for, because it is not the same on both databases
    fields.FloatField: "Decimal(places=…)",
    fields.DecimalField: "Decimal(places=…)",
    fields.DatetimeField: "Timestamp",
    fields.JSONField: "Document",
}


def kind_of(field: Any) -> Kind | None:
    """The kind of column that a field makes; None where Accord has no use for it."""
    return next((kind for type_, kind in KINDS if isinstance(field, type_)), None)


def instead_of(field: Any) -> str:
    """What to write instead of a field that Accord has no use for."""
    better = next((text for type_, text in INSTEAD.items() if isinstance(field, type_)), None)
    return f"use {better}" if better else "the reference of the plugin API lists the fields there are"
