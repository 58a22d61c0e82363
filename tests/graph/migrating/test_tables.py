"""Tables that are changed keep their rows, their children and what they refuse."""

import asyncpg
import pytest

from accord.graph.databases.sqlite import newest_driver
from accord.graph.migrating import compare
from accord.tests.graph.migrating.toy_shop.shop import ALL, CODE, NUMBER, ORDER, Shop

REFUSED = (asyncpg.IntegrityConstraintViolationError, newest_driver().IntegrityError)
MANY = """    dependencies = [("shop", "0001_initial")]
    operations = [
        ops.RenameField("Customer", old_name="referrer", new_name="sponsor"),
        ops.RenameModel("Order", "Purchase"),
        ops.AddField("Customer", "since", Column("TIMESTAMPTZ", sqlite="TIMESTAMP", db_default=Now())),
        ops.AddField("Customer", "email", Column("VARCHAR(50)", null=True, unique=True)),
        ops.AddField("Profile", "sponsor", fields.ForeignKeyField("shop.Customer", null=True, related_name=False)),
        ops.AddConstraint("Purchase", UniqueConstraint(fields=("customer", "state"), name="one_open")),
        ops.RenameConstraint("Purchase", old_name="one_open", new_name="one_state"),
        ops.RemoveConstraint("Purchase", name="one_number"),
        ops.RemoveConstraint("Customer", fields=["name", "code"]),
        ops.AlterField("Customer", "code", Column("VARCHAR(20)", null=True)),
        ops.AlterField("Customer", "email", Column("VARCHAR(80)", null=True)),
        ops.RunSQL(["UPDATE profile SET note = 'a;b' WHERE customer_id = 2", "UPDATE customer SET code = NULL"]),
        ops.CreateModel("Visit", [("id", Column("INT", primary_key=True))], {"table": "visit"}),
        ops.DeleteModel("Visit"),
    ]
"""
TRIGGER = """    dependencies = [("shop", "0001_initial")]
    operations = [ops.RunSQL('''
        -- a comment; with a semicolon
        CREATE TRIGGER noting AFTER INSERT ON shop_order BEGIN
            UPDATE profile SET note = 'new; order'; UPDATE customer SET code = 'x';
        END;
        UPDATE customer SET name = 'it''s; done' WHERE id = 2;
    ''')]
"""


async def test_a_populated_parent_that_is_rebuilt_keeps_its_rows_children_and_indexes(shop: Shop):
    await shop.indexed(CODE).using("0001_initial").apply()
    await shop.fill()

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
        with pytest.raises(REFUSED):
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


async def test_every_kind_of_operation_keeps_the_rows_and_does_what_it_says(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.fetch("UPDATE customer SET referrer_id = 1 WHERE id = 2")
    await shop.fetch("INSERT INTO customer (id, name, code) VALUES (9, 'Cy', 'c')")

    await shop.using("0001_initial", written={"0002_many": MANY}).apply()

    rows = await shop.fetch("SELECT id, sponsor_id, email, since IS NOT NULL FROM customer ORDER BY id")
    assert rows == [(1, None, None, True), (2, 1, None, True), (9, None, None, True)]
    assert await shop.fetch("SELECT customer_id, note, sponsor_id FROM profile ORDER BY 1") == [
        (1, "fond", None),
        (2, "a;b", None),
    ]
    assert len(await shop.fetch("SELECT 1 FROM shop_order")) == 1
    another = "INSERT INTO shop_order (id, customer_id, number, state) VALUES ('{}', {}, 'n1', 'NEW')"
    for allowed in (
        "INSERT INTO customer (id, name, code) VALUES (11, 'Ada', 'a'), (12, 'Dee', NULL)",
        "UPDATE customer SET email = 'both@example.org'",
        another.format("0198c0de-0000-7000-8000-000000000002", 2),
    ):
        await shop.fetch(allowed)
    with pytest.raises(REFUSED):
        await shop.fetch(another.format("0198c0de-0000-7000-8000-000000000003", 2))


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_script_is_cut_at_its_statements_and_not_inside_them(shop: Shop):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.using("0001_initial", written={"0002_trigger": TRIGGER}).apply()
    assert await shop.fetch("SELECT name FROM customer WHERE id = 2") == [("it's; done",)]
    await shop.fetch(
        "INSERT INTO shop_order (id, customer_id, number) VALUES ('0198c0de-0000-7000-8000-000000000002', 1, 'n2')"
    )
    assert await shop.fetch("SELECT DISTINCT note, code FROM profile, customer") == [("new; order", "x")]
