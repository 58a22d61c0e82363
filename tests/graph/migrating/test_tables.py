"""Tables that are changed keep their rows, their children and what they refuse."""

async def test_a_populated_parent_that_is_rebuilt_keeps_its_rows_children_and_indexes(shop: Shop):
    old = shop.using("0001_initial")
    old = replace(old, target=replace(old.target, indexes=(CODE,)))
    await old.apply()
    await old.fill()

    report = await shop.indexed(CODE, NUMBER).apply()

    assert [str(name) for name in report.applied] == ["shop.0002_longer_names", "shop.0003_credit"]
    customers, orders, _, history, _ = await shop.contents()
    assert [row[:2] for row in customers] == [(1, "Ada"), (2, "Bob; & sons")]
    assert await shop.fetch("SELECT parent_id, credit FROM customer ORDER BY id") == [(None, 5), (1, 5)]
    assert [str(row[0]) for row in orders] == [str(ORDER)]
    assert await shop.fetch("SELECT note FROM profile ORDER BY customer_id") == [("fond",), ("old; kept",)]
    assert [name for _, name in history] == list(ALL)
    assert await compare(shop.indexed(CODE, NUMBER).target) == []


async def test_a_rebuilt_table_still_refuses_what_it_refused(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.apply()
    for refused in (
        "INSERT INTO customer (name, code) VALUES ('Ada', 'a')",
        f"INSERT INTO profile (customer_id, favourite_id) VALUES (2, '{ORDER}')",
        f"UPDATE profile SET favourite_id = '{ORDER}'",
        "UPDATE customer SET credit = -1",
        "DELETE FROM customer WHERE id = 1",
        "INSERT INTO shop_order (id, customer_id, number) VALUES ('0198c0de-0000-7000-8000-000000000002', 1, 'n1')",
    ):
        with pytest.raises((asyncpg.IntegrityConstraintViolationError, newest_driver().IntegrityError)):
            await shop.fetch(refused)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_rebuilt_table_gets_back_its_triggers_indexes_and_counter(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    for statement in (
        "CREATE INDEX by_hand ON customer (lower(name))",
        "CREATE INDEX by_referrer ON customer (referrer_id)",
        "CREATE TRIGGER own AFTER INSERT ON customer BEGIN UPDATE profile SET note = 'x;y'; END",
        "CREATE TRIGGER others AFTER INSERT ON shop_order BEGIN UPDATE customer SET code = 'z'; END",
        "CREATE VIEW names AS SELECT name FROM customer",
    ):
        await shop.fetch(statement)

    await shop.apply()

    found = await shop.fetch("SELECT name FROM sqlite_master WHERE type <> 'table' AND sql <> '' ORDER BY name")
    assert found == [("by_hand",), ("names",), ("others",), ("own",)]
    await shop.fetch("INSERT INTO customer (name, code) VALUES ('Dee', 'd')")
    # 9 was given and deleted, so the next is 10.
    assert await shop.fetch("SELECT max(id) FROM customer") == [(10,)]
    assert await shop.fetch("SELECT DISTINCT note FROM profile") == [("x;y",)]
