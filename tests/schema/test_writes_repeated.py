"""Requests that come again, and requests that only try: idempotency keys and dry runs."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import (
    bulk,
    bulk_document,
    document,
    listed,
    make,
    read,
    refused,
    stored_rows,
    violation,
    write,
    written,
)

CREATE = document("createAccount", "account { id name version }")


async def names(bench: Bench) -> list[str]:
    return [one["name"] for one in await listed(bench, "accounts", "name")]


# idempotency keys ------------------------------------------------------------------------------------------------


async def test_a_request_that_comes_again_with_its_key_gets_its_first_outcome(bench: Bench) -> None:
    given = {"name": "A", "sources": [{"category": "REFERRAL"}]}
    first = await bench.ask(CREATE, input=given, key="k1")
    second = await bench.ask(CREATE, input=given, key="k1")
    assert first == second
    assert first["it"]["account"] == {"id": first["it"]["recordId"], "name": "A", "version": 1}
    assert [one["code"] for one in first["it"]["violations"]] == ["REFERRER_MISSING"]
    assert await names(bench) == ["A"]
    assert await stored_rows(bench, "outbox_event") == 2
    await written(bench, "updateAccount", {"id": first["it"]["recordId"], "name": "B"})
    third = await bench.ask(CREATE, input=given, key="k1")
    assert third["it"]["account"] == {"id": first["it"]["recordId"], "name": "B", "version": 2}


async def test_a_key_with_another_input_is_a_mismatch(bench: Bench) -> None:
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    message = "This idempotency key was used with another input in the last 24 hours; use a new key for a new request."
    for other in ({"name": "B"}, {"name": "A", "industry": None}):
        (error,) = await bench.errors(CREATE, input=other, key="k1")
        assert (error["extensions"]["code"], error["message"], error["path"]) == (
            "IDEMPOTENCY_MISMATCH",
            message,
            ["it"],
        )
    assert await names(bench) == ["A"]


async def test_a_key_belongs_to_its_actor_and_its_operation(bench: Bench) -> None:
    other = UUID((await make(bench, "Actor", name="Rita")).removeprefix("act_"))
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    await bench.run(CREATE, actor=other, input={"name": "A"}, key="k1")
    await written(bench, "upsertAccount", {"by": {"number": "1"}, "name": "A"}, key="k1")
    await bulk(bench, "createAccounts", [{"name": "A"}], key="k1")
    fields = "createdBy { name }"
    assert [one["createdBy"]["name"] for one in await listed(bench, "accounts", fields)] == [
        "Accord",
        "Rita",
        "Accord",
        "Accord",
    ]


async def test_a_key_is_kept_for_a_day(bench: Bench) -> None:
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    bench.clock.turn(hours=24)
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    assert await names(bench) == ["A"]
    bench.clock.turn(microseconds=1)
    await bench.ask(CREATE, input={"name": "B"}, key="k1")
    await bench.ask(CREATE, input={"name": "B"}, key="k1")
    assert await names(bench) == ["A", "B"]


async def test_a_refused_request_does_not_use_up_its_key(bench: Bench) -> None:
    await refused(bench, "createAccount", {"name": ""}, key="k1")
    (error,) = await bench.errors(
        CREATE.replace("name version", "contacts(first: 0) { totalCount }"), input={"name": "A"}, key="k1"
    )
    assert error["extensions"]["code"] == "INVALID_PAGE"
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    await bench.ask(CREATE, input={"name": "A"}, key="k1")
    assert await names(bench) == ["A"]


async def test_twins_that_come_at_once_run_once(bench: Bench) -> None:
    answers = await asyncio.gather(*(bench.ask(CREATE, input={"name": "A"}, key="k1") for _ in range(12)))
    assert {answer["it"]["recordId"] for answer in answers} == {answers[0]["it"]["recordId"]}
    assert await names(bench) == ["A"]
    assert await stored_rows(bench, "outbox_event") == 1
    wrong = await asyncio.gather(*(bench.run(CREATE, input={"name": str(n)}, key="k2") for n in range(6)))
    codes = [error["extensions"]["code"] for answer in wrong for error in answer.decoded().get("errors", [])]
    assert codes == ["IDEMPOTENCY_MISMATCH"] * 5


async def test_each_operation_is_done_once(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    for _ in range(2):
        update = {"id": account, "name": "B", "contacts": [{"familyName": "C"}]}
        payload = await written(bench, "updateAccount", update, "account { version }", key="u")
        assert payload["account"] == {"version": 2}
    for _ in range(2):
        assert (await written(bench, "deleteAccount", account, key="d"))["recordId"] == account
    for _ in range(2):
        assert (await written(bench, "restoreAccount", account, key="r"))["recordId"] == account
    assert await read(bench, "account", account, "version contacts { totalCount }") == {
        "version": 4,
        "contacts": {"totalCount": 1},
    }
    inputs = [{"name": "X"}, {"name": ""}]
    first = await bulk(bench, "createAccounts", inputs, atomic=False, key="b")
    second = await bulk(bench, "createAccounts", inputs, atomic=False, key="b")
    assert first == second
    assert (first["written"], first["refused"]) == (1, 1)
    assert await names(bench) == ["B", "X"]


async def test_a_deletion_by_filter_that_comes_again_gets_its_first_outcome(bench: Bench) -> None:
    await bulk(bench, "createAccounts", [{"name": "A"}, {"name": "B"}, {"name": "A"}])
    query = """mutation { deleteAccounts(filter: {name: {eq: "A"}}, idempotencyKey: "d") {
      written results { recordId } } }"""
    first = await bench.ask(query)
    assert first["deleteAccounts"]["written"] == 2
    await make(bench, "Account", name="A")
    assert await bench.ask(query) == first
    assert await names(bench) == ["B", "A"]


@pytest.mark.parametrize("key", ["", "k" * 201, "a\x00b", "line\nbreak"])
async def test_a_key_that_is_none_is_an_error(bench: Bench, key: str) -> None:
    (error,) = await bench.errors(CREATE, input={"name": "A"}, key=key)
    assert error["extensions"]["code"] == "INVALID_KEY"
    assert await names(bench) == []


async def test_a_null_key_is_no_key(bench: Bench) -> None:
    for _ in range(2):
        await bench.ask(CREATE, input={"name": "A"}, key=None)
    assert await names(bench) == ["A", "A"]


# dry runs --------------------------------------------------------------------------------------------------------

TABLES = (
    "account",
    "contact",
    "address",
    "address_link",
    "phone",
    "outbox_event",
    "idempotency_key",
    "account_ancestry",
)


async def state(bench: Bench) -> dict[str, Any]:
    rows = {table: await stored_rows(bench, table) for table in TABLES}
    return rows | {
        "accounts": await listed(bench, "accounts", "id name number version parent { id } ultimateParent { id }")
    }


async def test_a_dry_run_answers_as_the_write_would_and_writes_nothing(bench: Bench) -> None:
    await make(bench, "NamingRule", kind="BUSINESS", numberPrefix="B")
    parent = await make(bench, "Account", name="P")
    before = await state(bench)
    given = {
        "name": "A",
        "website": "www.example.com",
        "parentId": parent,
        "phones": [{"number": "+4930901820", "isPrimary": True}],
        "contacts": [{"familyName": "C", "addresses": [{"city": "Graz", "country": {"code": "AT"}}]}],
        "sources": [{"category": "REFERRAL"}],
    }
    fields = """account { name number domain version parent { name } ultimateParent { name } sourceCategory
      ancestors { nodes { name } } phones { nodes { e164 isPrimary } }
      contacts { totalCount nodes { name addresses { nodes { city formatted } } } } }"""
    tried = await write(bench, "createAccount", given, fields, dryRun=True, key="k")
    assert tried["recordId"] is None
    assert tried["account"]["ancestors"] == {"nodes": [{"name": "P"}]}
    assert await state(bench) == before
    done = await write(bench, "createAccount", given, fields, key="k")
    assert done["recordId"] is not None
    assert {**done, "recordId": None} == tried
    assert len(done["violations"]) == 3


async def test_a_dry_run_of_each_operation_leaves_everything_as_it_is(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A"), await make(bench, "Account", name="B")
    gone = await make(bench, "Account", name="gone")
    await written(bench, "deleteAccount", gone)
    before = await state(bench)
    name = "account { name version }"
    shown = await write(bench, "updateAccount", {"id": a, "name": "X", "parentId": b}, name, dryRun=True)
    assert shown == {"recordId": None, "account": {"name": "X", "version": 2}, "violations": []}
    shown = await write(bench, "upsertAccount", {"by": {"number": "1"}, "name": "Y"}, name, dryRun=True)
    assert shown == {"recordId": None, "account": {"name": "Y", "version": 1}, "violations": []}
    shown = await write(bench, "deleteAccount", a, name, dryRun=True)
    assert shown == {"recordId": None, "account": None, "violations": []}
    shown = await write(bench, "restoreAccount", gone, name, dryRun=True)
    assert shown == {"recordId": None, "account": {"name": "gone", "version": 3}, "violations": []}
    made = await bulk(bench, "createAccounts", [{"name": "Z"}, {"name": ""}], name, dryRun=True, atomic=False)
    assert (made["written"], made["refused"]) == (1, 1)
    assert [(one["recordId"], one["account"]) for one in made["results"]] == [
        (None, {"name": "Z", "version": 1}),
        (None, None),
    ]
    assert await state(bench) == before


async def test_a_dry_run_finds_what_the_write_would_find(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", number="1")
    message = f"Another Account has the same number: {account}. Change the value, or update that record."
    for dry_run in (True, False):
        assert await refused(bench, "createAccount", {"name": "B", "number": "1"}, dryRun=dry_run) == [
            violation("NOT_UNIQUE", "input.number", message)
        ]


async def test_what_a_dry_run_made_can_not_be_found_afterwards(bench: Bench) -> None:
    query = CREATE.replace("$input: CreateAccountInput!", "$input: CreateAccountInput!")
    shown = (await bench.ask(query, input={"name": "A"}, dryRun=True))["it"]["account"]["id"]
    assert await read(bench, "account", shown, "id") is None
    delete = bulk_document("deleteAccounts", "ID")
    (found,) = (await bench.ask(delete, ids=[shown]))["it"]["violations"]
    assert (found["code"], found["path"]) == ("NOT_FOUND", ["ids", 0])


# the payload -----------------------------------------------------------------------------------------------------


async def test_a_selection_that_can_not_be_read_refuses_the_write(bench: Bench) -> None:
    for selection in (
        "account { contacts(first: 1000) { totalCount } }",
        'account { contacts(after: "rubbish") { nodes { id } } }',
        'account { contacts(filter: {id: {eq: "acc_1"}}) { nodes { id } } }',
    ):
        (error,) = await bench.errors(document("createAccount", selection), input={"name": "A"})
        assert error["extensions"]["code"] in {"INVALID_PAGE", "INVALID_CURSOR", "INVALID_ID"}
    assert await names(bench) == []


async def test_a_payload_shows_the_record_under_several_names(bench: Bench) -> None:
    fields = "one: account { name } two: account { version __typename } __typename violationsToo: violations { code }"
    payload = await written(bench, "createAccount", {"name": "A"}, fields)
    assert payload == {
        "recordId": payload["recordId"],
        "one": {"name": "A"},
        "two": {"version": 1, "__typename": "Account"},
        "__typename": "AccountPayload",
        "violationsToo": [],
        "violations": [],
    }
