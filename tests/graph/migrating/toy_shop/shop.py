"""A toy database to migrate, with the means to look into it and to write migrations of a test's own."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from accord.graph.databases.sqlite import newest_driver
from accord.graph.migrating import Index, MigrationApp, Report, Target, apply

MIGRATIONS = Path(__file__).parent / "migrations"
ALL = ("0001_initial", "0002_longer_names", "0003_credit")
MODELS = "accord.tests.graph.migrating.toy_shop.models"
# What a migration that a test writes begins with.
HEAD = """import asyncio, pathlib
from tortoise import fields, migrations
from tortoise.fields.db_defaults import Now
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint
from accord.plugins import Column

class Migration(migrations.Migration):
"""
CODE = Index(name="ix_customer_code", table="customer", columns=("code", "name DESC"))
NUMBER = Index(name="uq_order_number", table="shop_order", columns=("number",), unique=True, where="state = 'NEW'")
NOTE = Index(name="ix_profile_note", table="profile", columns=("lower(note)",))
ORDER = UUID("0198c0de-0000-7000-8000-000000000001")
ROWS = (
    "INSERT INTO customer (id, name, code) VALUES (1, 'Ada', 'a'), (2, 'Bob; & sons', 'b'), (9, 'Cy', 'c')",
    "DELETE FROM customer WHERE id = 9",
    "UPDATE customer SET parent_id = 1 WHERE id = 2",
    f"INSERT INTO shop_order (id, customer_id, number) VALUES ('{ORDER}', 1, 'n1')",
    f"INSERT INTO profile (customer_id, favourite_id, note) VALUES (1, '{ORDER}', 'fond'), (2, NULL, NULL)",
)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A database, empty at first, and the migrations that it is to be given."""

    target: Target
    folder: Path  # of the packages that the test writes

    def using(self, *names: str, written: Mapping[str, str] | None = None) -> "Shop":
        """The same database with some migrations of the toy, and others written for the test."""
        package = self.folder / f"{self.folder.parent.name}_{len(list(self.folder.iterdir()))}"
        package.mkdir()
        (package / "__init__.py").touch()
        for name in names:
            shutil.copy(MIGRATIONS / f"{name}.py", package)
        for name, body in (written or {}).items():
            (package / f"{name}.py").write_text(HEAD + body, encoding="utf-8")
        app = MigrationApp(label="shop", models=(MODELS,), migrations=package.name)
        return replace(self, target=replace(self.target, apps=(app,)))

    def indexed(self, *indexes: Index) -> "Shop":
        """The same database with these indexes declared."""
        return replace(self, target=replace(self.target, indexes=indexes))

    async def apply(self) -> Report:
        return await apply(self.target, progress=lambda step: None)

    def start_apply(self) -> subprocess.Popen[str]:
        """Apply in a process of its own, which prints how many migrations it applied."""
        [app] = self.target.apps
        program = f"""
import asyncio, datetime, sys
sys.path.insert(0, {str(self.folder)!r})
from accord.graph.migrating import MigrationApp, Target, apply
app = MigrationApp(label="shop", models=({MODELS!r},), migrations={app.migrations!r})
target = Target(kind={self.target.kind!r}, location={self.target.location!r}, apps=(app,),
                clock=lambda: datetime.datetime.now(datetime.UTC))
print(len(asyncio.run(apply(target, progress=lambda step: None)).applied))
"""
        return subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    async def fill(self) -> None:
        """Rows for the shop as its first migration makes it."""
        for statement in ROWS:
            await self.fetch(statement)

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement as the application would, with foreign keys on."""
        if self.target.kind == "sqlite":
            connection = newest_driver().connect(self.target.location, isolation_level=None)
            try:
                connection.execute("PRAGMA foreign_keys=ON")
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        connection = await asyncpg.connect(self.target.location)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def contents(self) -> list[list[tuple[Any, ...]]]:
        """All rows, and the indexes with their definitions (on SQLite also the tables)."""
        catalogue = "sqlite_master" if self.target.kind == "sqlite" else "pg_indexes WHERE schemaname = 'public'"
        definition = "name, sql" if self.target.kind == "sqlite" else "indexname, indexdef"
        queries = [f"SELECT * FROM {table} ORDER BY 1" for table in ("customer", "shop_order", "profile")]
        queries += ["SELECT app, name FROM accord_migration ORDER BY 1, 2"]
        return [await self.fetch(query) for query in [*queries, f"SELECT {definition} FROM {catalogue} ORDER BY 1"]]

    async def indexes(self) -> list[str]:
        """The names of the indexes that no constraint brought."""
        if self.target.kind == "sqlite":
            rows = await self.fetch("SELECT name FROM sqlite_master WHERE type = 'index' AND sql <> '' ORDER BY name")
        else:
            rows = await self.fetch(
                "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE c.relnamespace = 'public'::regnamespace "
                "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY 1"
            )
        return [name for (name,) in rows]
