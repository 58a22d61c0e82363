"""How often a write goes to PostgreSQL, which is what writing takes most of its time for."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from accord.graph.databases.database import Insert, UniqueViolation
from accord.tests.accord_fixture import Bench

KEY = ("id", "fingerprint", "outcome", "created_at")
CREATE = """mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { account { id version contacts { totalCount } } violations { code } } }"""
UPDATE = "mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { account { version } } }"
NEW = {
    "name": "Kaya",
    "contacts": [{"familyName": "Kaya", "isPrimary": True}, {"familyName": "Berg"}],
    "addresses": [{"streetLines": ["Gasse 7"], "city": "Celle", "postalCode": "29221", "country": {"code": "DE"}}],
}


# SQLite is no further than a thread away
over_a_wire = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


@pytest.fixture
def sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to PostgreSQL, by the first word of each statement."""
    words: list[str] = []

    def listening(method: Callable[..., Any]) -> Callable[..., Any]:
        async def listen(connection: Any, statement: str, *parameters: Any) -> Any:
            words.append(statement.split()[0])
            return await method(connection, statement, *parameters)

        return listen

    for name in ("fetch", "execute"):
        monkeypatch.setattr(asyncpg.Connection, name, listening(getattr(asyncpg.Connection, name)))
    return words


@over_a_wire
async def test_a_new_record_with_all_that_belongs_to_it_is_written_by_one_statement(
    bench: Bench, sent: list[str]
) -> None:
    await bench.ask(CREATE, input=NEW)  # reads once what the database is like
    sent.clear()
    created = await bench.ask(CREATE, input=NEW)
    assert created["createAccount"]["account"]["contacts"]["totalCount"] == 2
    assert sent == ["select", "with", "select"]  # the naming rules, all rows and their events, the payload


@over_a_wire
async def test_a_changed_record_is_locked_written_and_committed(bench: Bench, sent: list[str]) -> None:
    id_ = (await bench.ask(CREATE, input=NEW))["createAccount"]["account"]["id"]
    sent.clear()
    await bench.ask(UPDATE, input={"id": id_, "employeeCount": 3})
    assert sent == ["begin", "select", "with", "commit", "select"]


@over_a_wire
async def test_a_refused_write_sends_nothing_but_reads(bench: Bench, sent: list[str]) -> None:
    await bench.ask(CREATE, input=NEW)
    sent.clear()
    refused = await bench.ask(CREATE, input={**NEW, "name": " "})
    assert [one["code"] for one in refused["createAccount"]["violations"]] == ["REQUIRED"]
    assert set(sent) == {"select"}


def _key(name: str, moment: Any) -> Insert:
    return Insert(table="idempotency_key", columns=KEY, rows=[(name, "", "null", moment)])


@over_a_wire
async def test_what_is_written_is_there_for_what_is_asked_next_and_goes_if_the_block_fails(
    bench: Bench, sent: list[str]
) -> None:
    database = bench.accord.database
    count = "select count(*) from idempotency_key"

    async def fail() -> None:
        async with database.transaction() as transaction:
            assert (await transaction.fetch(count, []))[0][0] == 0
            await transaction.write([_key("a", bench.clock.now)])
            assert (await transaction.fetch(count, []))[0][0] == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert (await database.fetch(count, []))[0][0] == 0
    assert sent == ["select", "begin", "insert", "select", "rollback", "select"]


async def test_a_write_that_breaks_a_unique_key_when_it_is_sent_at_last_leaves_nothing(bench: Bench) -> None:
    database = bench.accord.database

    async def twice() -> None:
        async with database.transaction() as transaction:
            await transaction.write([_key("a", _moment(bench)), _key("b", _moment(bench))])
            await transaction.write([_key("a", _moment(bench))])

    with pytest.raises(UniqueViolation):
        await twice()
    assert (await database.fetch("select count(*) from idempotency_key", []))[0][0] == 0


async def test_rows_of_several_tables_are_written_whichever_way_they_point(bench: Bench) -> None:
    """Many rows as few, and changes beside them."""
    named = [{"name": f"Account {number}", "contacts": [{"familyName": "Kaya"}]} for number in range(7)]
    made = await bench.ask(
        "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) "
        "{ written results { recordId } } }",
        inputs=named,
    )
    assert made["createAccounts"]["written"] == 7
    first, *_, last = (one["recordId"] for one in made["createAccounts"]["results"])
    inputs = [{"id": first, "parentId": last}, {"id": last, "contacts": [{"familyName": "Berg"}], "name": "Top"}]
    changed = await bench.ask(
        "mutation ($inputs: [UpdateAccountInput!]!) { updateAccounts(inputs: $inputs) "
        "{ results { account { name parent { name } contacts { totalCount } } } } }",
        inputs=inputs,
    )
    below, above = (one["account"] for one in changed["updateAccounts"]["results"])
    assert below["parent"] == {"name": "Top"}
    assert above["contacts"] == {"totalCount": 2}


def _moment(bench: Bench) -> Any:
    return bench.clock.now.isoformat() if bench.kind == "sqlite" else bench.clock.now
