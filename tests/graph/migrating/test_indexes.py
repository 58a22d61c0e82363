"""Indexes follow their declarations, and the comparison tells what does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accord.graph.migrating import Index, IndexFailed, IndexInvalid, Report, Target, apply, compare
from accord.tests.graph.migrating.toy_shop.shop import CODE, NOTE, NUMBER, Shop


async def test_indexes_are_brought_to_their_declarations(shop: Shop):
    await shop.indexed(CODE, NUMBER).apply()
    assert await shop.indexes() == ["ix_customer_code", "uq_order_number"]
    # One is declared differently, one no longer, one anew; an index with a foreign name is left alone.
    await shop.fetch("CREATE INDEX by_hand ON customer (name)")
    changed = replace(CODE, columns=("code",))
    target = shop.indexed(changed, NOTE).target
    report = await apply(target, progress=lambda step: None)
    assert report.applied == ()
    assert report.index_statements == (
        'DROP INDEX "uq_order_number"',
        'DROP INDEX "ix_customer_code"',
        changed.statement,
        NOTE.statement,
    )
    assert await shop.indexes() == ["by_hand", "ix_customer_code", "ix_profile_note"]
    assert await apply(target, progress=lambda step: None) == Report()


async def test_an_index_that_is_not_ours_but_has_the_name_is_made_anew(shop: Shop):
    await shop.apply()
    await shop.fetch("CREATE INDEX ix_customer_code ON customer (name)")
    target = shop.indexed(CODE).target
    assert await compare(target) == [f"Index ix_customer_code differs from its declaration: {CODE.statement}."]
    await apply(target, progress=lambda step: None)
    assert await compare(target) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Index(name="ix_customer_none", table="customer", columns=('"nothing"',)),
        Index(name="uq_customer_code", table="customer", columns=("code",), unique=True),
        Index(name="ix_nowhere", table="nowhere", columns=("code",)),
    ],
    ids=lambda index: index.name,
)
async def test_an_index_that_cannot_be_made_leaves_everything_as_it_was(shop: Shop, wrong: Index):
    await shop.using("0001_initial").apply()
    await shop.fill()
    await shop.fetch("UPDATE customer SET code = 'same'")
    before = await shop.contents()
    with pytest.raises(IndexFailed, match=f"^Index {wrong.name} failed on "):
        await apply(shop.indexed(CODE, wrong).target, progress=lambda step: None)
    assert await shop.contents() == before


async def test_the_comparison_finds_what_is_missing(shop: Shop):
    target = shop.indexed(CODE).target
    await apply(target, progress=lambda step: None)
    assert await compare(target) == []
    for statement in (
        "DROP INDEX ix_customer_code",
        "CREATE INDEX ix_stray ON customer (name)",
        "ALTER TABLE profile DROP COLUMN note",
        "ALTER TABLE shop_order ADD COLUMN extra VARCHAR(5) NOT NULL DEFAULT 'x'",
        "CREATE TABLE stray (id INT)",
    ):
        await shop.fetch(statement)
    assert await compare(target) == [
        "Column profile.note is missing.",
        "Column shop_order.extra is of no model.",
        "Table stray is of no model.",
        "Index ix_stray is not declared.",
        f"Index ix_customer_code is missing: {CODE.statement}.",
    ]


async def test_the_comparison_finds_what_is_different(shop: Shop):
    await shop.using("0001_initial").apply()
    found = await compare(shop.target)
    sqlite = shop.target.kind == "sqlite"
    long, short = (f"VARCHAR({n})" if sqlite else f"character varying({n})" for n in (100, 50))
    names = [f"VARCHAR({n})" if sqlite else f"character varying({n})" for n in (200, 320)]
    assert found == [
        f"Column customer.name is {names[0]} NOT NULL, not {names[1]} NOT NULL.",
        "Column customer.active is missing.",
        "Column customer.credit is missing.",
        "Column customer.referrer_id is of no model.",
        "Table customer lacks the foreign key parent_id to customer.id on delete RESTRICT.",
        "Table customer has the foreign key parent_id to customer.id on delete CASCADE, of no model.",
        "Table customer has the foreign key referrer_id to customer.id on delete CASCADE, of no model.",
        f"Table customer lacks the check customer_credit{'' if sqlite else ' CHECK ((credit >= 0))'}.",
        f"Column profile.note is {short} NULL, not {long} NULL.",
    ]


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Index(name="customer_code", table="customer", columns=("code",)),
        lambda: Index(name="ix_customer_code", table="customer", columns=("code",), unique=True),
        lambda: Index(name="ix_" + "x" * 61, table="customer", columns=("code",)),
        lambda: Index(name="ix_customer", table="customer", columns=()),
        lambda: Target(kind="sqlite", location="", apps=(), clock=lambda: datetime.now(UTC), indexes=(CODE, CODE)),
    ],
)
def test_an_index_that_no_database_could_keep_is_refused(declare: Callable[[], object]):
    with pytest.raises(IndexInvalid):
        declare()
