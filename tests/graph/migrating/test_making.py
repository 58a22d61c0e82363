"""Generated migrations lead to the models, say nothing of the code, and guess nothing."""

async def test_a_made_migration_leads_from_the_last_one_to_the_models(shop: Shop):
    last = shop.using("0001_initial", "0002_longer_names")
    made = await make(last.target.apps, "shop", "Credit & checks")
    assert made is not None
    assert made.name == "0003_credit_checks.py"
    first = made.read_text(encoding="utf-8")
    assert "from accord.graph.migrating.column import Column" in first
    assert "toy_shop" not in first
    await last.apply()
    assert await compare(last.target) == []
    assert await make(last.target.apps, "shop", "nothing") is None

    made.unlink()
    again = await make(shop.using("0001_initial", "0002_longer_names").target.apps, "shop", "Credit & checks")
    assert again is not None
    assert again.read_text(encoding="utf-8") == first


async def test_a_made_first_migration_makes_what_the_models_say(shop: Shop):
    fresh = shop.using()
    made = await make(fresh.target.apps, "shop", "initial")
    assert made is not None
    assert made.name == "0001_initial.py"
    await fresh.apply()
    assert await compare(fresh.target) == []


async def test_a_change_that_loses_data_is_made_only_when_it_is_meant(shop: Shop):
    first = shop.using("0001_initial")
    with pytest.raises(ChangeRefused, match="Remove field referrer from Customer"):
        await make(first.target.apps, "shop", "changes")
    made = await make(first.target.apps, "shop", "changes", destructive=True)
    assert made is not None
    await first.apply()
    assert await compare(first.target) == []


async def test_a_new_column_without_a_value_for_old_rows_is_refused(shop: Shop):
    without = shop.using(written={"0001_initial": FIRST_WITHOUT_NUMBER})
    with pytest.raises(ChangeRefused, match=r"New and NOT NULL: Order\.customer, Order\.number\."):
        await make(without.target.apps, "shop", "number")


FIRST_WITHOUT_NUMBER = """class Migration(migrations.Migration):
    operations = [
        ops.CreateModel(name="Order", fields=[("id", Column("UUID", sqlite="CHAR(36)", primary_key=True))],
                        options={"table": "shop_order"}),
    ]
"""
