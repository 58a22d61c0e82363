# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false
"""A column of a migration: what the database sees of a field, and nothing of the code that declares it."""

from typing import Any

from tortoise.fields.base import Field
from tortoise.models import Model


class Column(Field[Any]):
    """Written by `make`: the SQL type, and that of SQLite where it differs.

    `generated_as` is for a key that the database counts: how PostgreSQL generates it, and how SQLite. A migration of
    such columns imports no enum, validator or field class of a record, and so means the same years later.
    """

    field_type = object
    allows_generated = True

    def __init__(
        self, sql: str, *, sqlite: str | None = None, generated_as: tuple[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(generated=generated_as is not None, **kwargs)
        self.sql = sql
        self.sqlite = sqlite
        self.generated_as = generated_as
        self.index = False

    def get_for_dialect(self, dialect: str, key: str) -> Any:
        on_sqlite = dialect == "sqlite"
        if key == "SQL_TYPE":
            return self.sqlite if on_sqlite and self.sqlite else self.sql
        if key == "GENERATED_SQL":
            return self.generated_as and self.generated_as[on_sqlite]
        return super().get_for_dialect(dialect, key)

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        return value

    def describe(self, serializable: bool) -> dict[str, Any]:
        own = {"sql": self.sql, "sqlite": self.sqlite, "generated_as": self.generated_as}
        return {**super().describe(serializable), **own}

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kwargs: dict[str, Any] = {
            "sqlite": self.sqlite,
            "generated_as": self.generated_as,
            "source_field": self.source_field,
            "primary_key": self.pk or None,
            "null": self.null or None,
            "unique": (self.unique and not self.pk) or None,
            "description": self.description,
        }
        given = {name: value for name, value in kwargs.items() if value is not None}
        if self.has_db_default():
            given["db_default"] = self.db_default
        return f"{__name__}.{type(self).__name__}", [self.sql], given
