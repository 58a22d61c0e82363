"""Generated migrations lead to the models, say nothing of the code, and guess nothing."""

from dataclasses import replace

import pytest

from accord.graph.migrating import ChangeRefused, MigrationApp, MigrationsUnusable, apply, compare, make
from accord.tests.graph.migrating.toy_shop.shop import ALL, Shop


async def test_a_made_migration_leads_from_the_last_one_to_the_models(shop: Shop):
    last = shop.using("0001_initial", "0002_longer_names")
    made = await make(last.target.apps, "shop", "Credit & checks")
    assert made is not None
    assert made.name == "0003_credit_checks.py"
    first = made.read_text(encoding="utf-8")
    assert "from accord.plugins import Column" in first
    assert "toy_shop" not in first
    await last.apply()
    assert await compare(last.target) == []
    assert await make(last.target.apps, "shop", "nothing") is None

    made.unlink()
    again = await make(shop.using("0001_initial", "0002_longer_names").target.apps, "shop", "Credit & checks")
    assert again is not None
    assert again.read_text(encoding="utf-8") == first


FIRST_WITHOUT_NUMBER = """    key = Column("UUID", sqlite="CHAR(36)", primary_key=True)
    operations = [ops.CreateModel("Order", [("id", key)], {"table": "shop_order"})]
"""
LOYALTY = """from tortoise import fields
from tortoise.models import Model
from accord.tests.graph.migrating.toy_shop.models import Customer

class Loyalty(Model):
    id = fields.BigIntField(primary_key=True)
    customer = fields.ForeignKeyField("shop.Customer", related_name="loyalties", on_delete=fields.RESTRICT)
"""


async def test_a_made_first_migration_makes_what_the_models_say(shop: Shop):
    fresh = shop.using()
    made = await make(fresh.target.apps, "shop", "initial")
    assert made is not None
    assert made.name == "0001_initial.py"
    await fresh.apply()
    assert await compare(fresh.target) == []


async def test_a_change_that_loses_data_is_made_only_when_it_is_meant(shop: Shop):
    first = shop.using("0001_initial")
    with pytest.raises(ChangeRefused, match=r"Remove field referrer from Customer\. Say --destructive"):
        await make(first.target.apps, "shop", "changes")
    made = await make(first.target.apps, "shop", "changes", destructive=True)
    assert made is not None
    await first.apply()
    assert await compare(first.target) == []


async def test_a_new_column_without_a_value_for_old_rows_is_refused(shop: Shop):
    without = shop.using(written={"0001_initial": FIRST_WITHOUT_NUMBER})
    with pytest.raises(ChangeRefused, match=r"New and NOT NULL: Order\.customer, Order\.number\."):
        await make(without.target.apps, "shop", "number")


async def test_an_app_that_refers_to_another_stands_on_its_last_migration(shop: Shop):
    [core] = shop.target.apps
    package = shop.folder / f"loyalty_{shop.folder.parent.name}"
    (package / "migrations").mkdir(parents=True)
    for file, text in {"__init__.py": "", "migrations/__init__.py": "", "models.py": LOYALTY}.items():
        (package / file).write_text(text, encoding="utf-8")
    plugin = MigrationApp(label="loyalty", models=(f"{package.name}.models",), migrations=f"{package.name}.migrations")
    [bare] = shop.using().target.apps
    with pytest.raises(MigrationsUnusable, match="loyalty refers to shop, which has no migration yet"):
        await make([bare, plugin], "loyalty", "initial")

    made = await make([core, plugin], "loyalty", "initial")
    assert made is not None
    assert "dependencies = [('shop', '0003_credit')]" in made.read_text(encoding="utf-8")
    target = replace(shop.target, apps=(plugin, core))
    report = await apply(target, progress=lambda step: None)
    assert [str(name) for name in report.applied] == [*(f"shop.{name}" for name in ALL), "loyalty.0001_initial"]
    assert await compare(replace(target, apps=(core, plugin))) == []
