# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
"""Tortoise's schema editors, with what they would lose put right.

Tortoise 1.1.9 rebuilds a SQLite table with code of its own that forgets indexes, triggers, unique constraints, the
uniqueness of one-to-one columns and the counter of AUTOINCREMENT, and that keeps the column of a removed foreign key.
Here a table is rebuilt by the code that creates it, and what stood around it is put back. On both databases a created
table gets its constraints (Tortoise leaves them out), indexes are left to the declarations, and on PostgreSQL a changed
foreign key is changed.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from tortoise.fields.base import Field
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor
from tortoise.migrations.schema_editor.data import ModelSqlData
from tortoise.models import Model

from .indexes import PREFIX, UNIQUE_PREFIX

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class _DeclaredIndexes(BaseSchemaEditor):
    """What both editors have in common."""

    _constraints: tuple[str, ...] = ()

    def _get_index_sql(self, *_: Any, **__: Any) -> str:
        return ""

    async def remove_index(self, model: type[Model], index: Any) -> None:
        return None

    async def rename_index(self, model: type[Model], old_index: Any, new_index: Any) -> None:
        return None

    def _get_model_sql_data(self, model: type[Model]) -> ModelSqlData:
        self._constraints = tuple(self._constraint_sql(model, constraint) for constraint in model._meta.constraints)
        return super()._get_model_sql_data(model)

    def _get_inner_statements(self) -> list[str]:
        return list(self._constraints)

    def _constraint_sql(self, model: type[Model], constraint: UniqueConstraint | CheckConstraint) -> str:
        if isinstance(constraint, CheckConstraint):
            return self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check)
        if constraint.condition:
            raise NotImplementedError(
                f"a unique constraint with a condition on {model.__name__}: declare a unique index instead"
            )
        columns = self._resolve_fields_to_columns(model, constraint.fields)
        return self.UNIQUE_CONSTRAINT_CREATE_TEMPLATE.format(
            index_name=constraint.name or self._get_unique_constraint_name(model, columns),
            fields=", ".join(self.quote(column) for column in columns),
        )


class PostgresEditor(_DeclaredIndexes, AsyncpgSchemaEditor):
    async def alter_field(self, old_model: type[Model], new_model: type[Model], field_name: str) -> None:
        old, new = old_model._meta.fields_map[field_name], new_model._meta.fields_map[field_name]
        if isinstance(old, ManyToManyFieldInstance):
            return await super().alter_field(old_model, new_model, field_name)
        if not isinstance(old, ForeignKeyFieldInstance) or not isinstance(new, ForeignKeyFieldInstance):
            # Past Tortoise's comparison of the Python types, which are no concern of the database.
            return await self._alter_field(new_model, old, new)
        old_key, new_key = (cast(str, field.source_field) for field in (old, new))
        await self._alter_field(new_model, old_model._meta.fields_map[old_key], new_model._meta.fields_map[new_key])
        if self._reference_sql(old) == self._reference_sql(new):
            return None
        table, column = new_model._meta.db_table, new_model._meta.fields_db_projection[new_key]
        # Created by a bare REFERENCES, so the name is the one that PostgreSQL gives.
        await self._run_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{column}_fkey"')
        await self._run_sql(f'ALTER TABLE "{table}" ADD FOREIGN KEY ("{column}"){self._reference_sql(new)}')

    def _reference_sql(self, field: ForeignKeyFieldInstance[Any]) -> str:
        target = field.to_field_instance
        return self.FK_TEMPLATE.format(
            table=self.quote(field.related_model._meta.db_table),
            field=target.source_field or target.model_field_name,
            on_delete=field.on_delete,
            comment="",
        )


class SqliteEditor(_DeclaredIndexes, SqliteSchemaEditor):
    async def _run_sql(self, sql: str) -> None:
        # Tortoise's own cuts at every semicolon, those in quotes included.
        if self.collect_sql:
            self.collected_sql.append(sql)
        else:
            await self.client.execute_script(sql)

    async def add_field(self, model: type[Model], field_name: str) -> None:
        field = model._meta.fields_map[field_name]
        if isinstance(field, ManyToManyFieldInstance) or (_is_addable(field) and not field.unique):
            await super().add_field(model, field_name)
        else:
            added = _names(field, field_name)
            await self._rebuild(model, {c: c for name, c in self._columns(model).items() if name not in added})

    async def alter_field(self, old_model: type[Model], new_model: type[Model], field_name: str) -> None:
        if isinstance(new_model._meta.fields_map[field_name], ManyToManyFieldInstance):
            return await super().alter_field(old_model, new_model, field_name)
        if self._definition(old_model) == self._definition(new_model):
            return None
        old, new = self._columns(old_model), self._columns(new_model)
        await self._rebuild(new_model, {new[name]: old[name] for name in new if name in old})

    async def remove_field(self, model: type[Model], field: Field[Any]) -> None:
        if isinstance(field, ManyToManyFieldInstance):
            return await super().remove_field(model, field)
        # `model` is of a state that is thrown away after this operation: what is taken from it is seen by nobody else.
        meta, names = model._meta, _names(field, field.model_field_name)
        meta.fields_db_projection = {n: c for n, c in meta.fields_db_projection.items() if n not in names}
        meta.unique_together = tuple(together for together in meta.unique_together if not names & set(together))
        meta.constraints = tuple(
            constraint
            for constraint in meta.constraints
            if isinstance(constraint, CheckConstraint) or not names & set(constraint.fields)
        )
        await self._rebuild(model, {column: column for column in meta.fields_db_projection.values()})

    async def add_constraint(self, model: type[Model], constraint: Any) -> None:
        await self._rebuild(model, {column: column for column in self._columns(model).values()})

    async def remove_constraint(self, model: type[Model], constraint: Any) -> None:
        meta = model._meta
        meta.constraints = tuple(kept for kept in meta.constraints if kept != constraint)
        if isinstance(constraint, UniqueConstraint):
            meta.unique_together = tuple(kept for kept in meta.unique_together if tuple(kept) != constraint.fields)
        await self.add_constraint(model, constraint)

    async def rename_constraint(self, model: type[Model], old_constraint: Any, new_constraint: Any) -> None:
        await self.add_constraint(model, new_constraint)

    def _columns(self, model: type[Model]) -> dict[str, str]:
        return dict(model._meta.fields_db_projection)

    def _definition(self, model: type[Model]) -> str:
        """The CREATE TABLE statement without its comments, which alone are no reason to write a table anew."""
        return _COMMENT.sub("", self._get_model_sql_data(model).table_sql)

    async def _rebuild(self, model: type[Model], kept: Mapping[str, str]) -> None:
        """Write the table anew as `model` says, with the data of the columns `kept` (new name to old name)."""
        table, interim = model._meta.db_table, f"new__{model._meta.db_table}"
        around = [] if self.collect_sql else await self._read_around(table)
        definition = self._get_model_sql_data(model).table_sql
        # Only the name in front: where the table refers to itself, it means the name that it will have.
        await self._run_sql(definition.replace(f'CREATE TABLE "{table}"', f'CREATE TABLE "{interim}"', 1))
        new, old = (", ".join(map(self.quote, names)) for names in (kept.keys(), kept.values()))
        await self._run_sql(f'INSERT INTO "{interim}" ({new}) SELECT {old} FROM "{table}"')
        if "AUTOINCREMENT" in definition:
            await self._run_sql(f"DELETE FROM sqlite_sequence WHERE name = '{interim}'")
            await self._run_sql(
                f"INSERT INTO sqlite_sequence (name, seq) SELECT '{interim}', seq FROM sqlite_sequence "
                f"WHERE name = '{table}'"
            )
        await self._run_sql(f'DROP TABLE "{table}"')
        # The triggers and views of other tables name a table that is missing for the moment.
        await self._run_sql("PRAGMA legacy_alter_table=ON")
        await self._run_sql(f'ALTER TABLE "{interim}" RENAME TO "{table}"')
        await self._run_sql("PRAGMA legacy_alter_table=OFF")
        if self.collect_sql:
            self.collected_sql.append(f"-- the indexes and triggers of {table} are put back")
        for columns, statement in around:
            # An index goes with its column, as on PostgreSQL.
            if columns <= set(kept.values()):
                await self.client.execute_query(statement)

    async def _read_around(self, table: str) -> list[tuple[set[str], str]]:
        """The indexes and triggers of a table: the columns that each names, and the statement that makes it.

        Without the declared indexes: those are compared with their declarations in the end.
        """
        _, found = await self.client.execute_query(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql <> ''",
            [table],
        )
        around: list[tuple[set[str], str]] = []
        for name, statement in [(row["name"], row["sql"]) for row in found]:
            if not name.startswith((PREFIX, UNIQUE_PREFIX)):
                _, columns = await self.client.execute_query(f'PRAGMA index_info("{name}")')
                around.append(({row["name"] for row in columns if row["name"]}, statement))
        return around


def _names(field: Field[Any], field_name: str) -> set[str]:
    """The names a field goes by: a foreign key also stands in the model as its column."""
    return (
        {field_name, field.source_field or field_name} if isinstance(field, ForeignKeyFieldInstance) else {field_name}
    )


def _is_addable(field: Field[Any]) -> bool:
    """Whether SQLite's ADD COLUMN can do it: the rows that are there must get a constant."""
    if field.has_db_default():
        return not hasattr(field.db_default, "get_sql")
    return field.null
