"""Bulk writes: each operation on many records, all or nothing, or row by row with a report on each."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, stored_rows, violation

NAME = violation("REQUIRED", "inputs.1.name", "name is blank; give it a value.")


async def accounts(bench: Bench) -> dict[str, str | None]:
    """The numbers of all accounts by name."""
    return {one["name"]: one["number"] for one in await listed(bench, "accounts", "name number")}


def outcomes(payload: dict[str, Any]) -> list[bool]:
    """Which inputs were written; each result stands at its index and has its own violations."""
    assert [result["index"] for result in payload["results"]] == list(range(len(payload["results"])))
    assert [one for result in payload["results"] for one in result["violations"]] == payload["violations"]
    done = [result["recordId"] is not None for result in payload["results"]]
    assert (payload["written"], payload["refused"]) == (done.count(True), done.count(False))
    return done


# operations ------------------------------------------------------------------------------------------------------


async def test_each_operation_is_done_to_many_records_in_their_order(bench: Bench) -> None:
    made = await bulk(bench, "createAccounts", [{"name": n} for n in "ABC"], "account { name version }")
    assert outcomes(made) == [True] * 3
    assert [result["account"] for result in made["results"]] == [{"name": n, "version": 1} for n in "ABC"]
    a, b, c = (result["recordId"] for result in made["results"])
    changed = await bulk(
        bench, "updateAccounts", [{"id": c, "number": "3"}, {"id": a, "number": "1"}], "account { name }"
    )
    assert [result["recordId"] for result in changed["results"]] == [c, a]
    assert [result["account"]["name"] for result in changed["results"]] == ["C", "A"]
    inputs: list[dict[str, Any]] = [{"by": {"number": "1"}, "name": "A1"}, {"by": {"number": "4"}, "name": "D"}]
    upserted = await bulk(bench, "upsertAccounts", [*inputs, {"by": {"id": b}, "name": "B1"}])
    assert upserted["results"][0]["recordId"] == a
    assert upserted["results"][2]["recordId"] == b
    assert await accounts(bench) == {"A1": "1", "B1": None, "C": "3", "D": "4"}
    deleted = await bulk(bench, "deleteAccounts", [c, a], "account { name }")
    assert [(result["recordId"], result["account"]) for result in deleted["results"]] == [(c, None), (a, None)]
    assert await accounts(bench) == {"B1": None, "D": "4"}
    restored = await bulk(bench, "restoreAccounts", [a, c], "account { name version }")
    assert [result["account"] for result in restored["results"]] == [
        {"name": "A1", "version": 5},
        {"name": "C", "version": 4},
    ]
    assert await accounts(bench) == {"A1": "1", "B1": None, "C": "3", "D": "4"}


async def test_links_are_made_and_ended_in_bulk(bench: Bench) -> None:
    account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
    other = await make(bench, "Contact", familyName="D")
    inputs = [{"accountId": account, "contactId": one, "roles": ["USER"]} for one in (contact, other)]
    made = await bulk(bench, "createAccountContacts", inputs)
    assert outcomes(made) == [True, True]
    updates = [{"id": result["recordId"], "endedOn": "2026-01-01"} for result in made["results"]]
    assert outcomes(await bulk(bench, "updateAccountContacts", updates)) == [True, True]
    shown = await read(bench, "account", account, "relationships { nodes { isOngoing endedOn contact { name } } }")
    assert shown["relationships"]["nodes"] == [
        {"isOngoing": False, "endedOn": "2026-01-01", "contact": {"name": name}} for name in "CD"
    ]


@pytest.mark.parametrize("atomic", [True, False])
async def test_an_empty_bulk_does_nothing(bench: Bench, atomic: bool) -> None:
    nothing = {"written": 0, "refused": 0, "results": [], "violations": []}
    assert await bulk(bench, "createAccounts", [], atomic=atomic) == nothing
    assert await bulk(bench, "deleteAccounts", [], atomic=atomic) == nothing


async def test_five_thousand_records_are_written_at_once_and_one_more_is_refused(bench: Bench) -> None:
    inputs = [{"name": f"n{n}", "number": str(n)} for n in range(5_001)]
    query = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { results { recordId } } }"
    (error,) = await bench.errors(query, inputs=inputs)
    message = "A bulk takes 5000 inputs at most; this one has 5001."
    assert (error["message"], error["extensions"]["code"]) == (message, "INVALID_BULK")
    assert await stored_rows(bench, "account") == 0
    payload = await bulk(bench, "createAccounts", inputs[:5_000], "account { number }")
    assert (payload["written"], payload["violations"]) == (5_000, [])
    assert [result["account"]["number"] for result in payload["results"]] == [str(n) for n in range(5_000)]
    ids = [result["recordId"] for result in payload["results"]]
    payload = await bulk(bench, "deleteAccounts", ids)
    assert (payload["written"], await listed(bench, "accounts", "id")) == (5_000, [])
    assert await stored_rows(bench, "outbox_event") == 10_000
    query = "mutation ($ids: [ID!]!) { deleteAccounts(ids: $ids) { written } }"
    (error,) = await bench.errors(query, ids=[*ids, ids[0]])
    assert error["extensions"]["code"] == "INVALID_BULK"


# all or nothing --------------------------------------------------------------------------------------------------


async def test_one_wrong_input_refuses_all_of_a_bulk(bench: Bench) -> None:
    existing = await make(bench, "Account", name="X", number="1")
    inputs = [
        {"name": "A"},
        {"name": " "},
        {"name": "C", "number": "1"},
        {"name": "D", "sources": [{"category": "REFERRAL"}]},
    ]
    payload = await bulk(bench, "createAccounts", inputs)
    assert outcomes(payload) == [False] * 4
    taken = f"Another Account has the same number: {existing}. Change the value, or update that record."
    message = "A referral without a referrer: give referrerAccountId or referrerContactId if you know who it was."
    assert payload["violations"] == [
        NAME,
        violation("NOT_UNIQUE", "inputs.2.number", taken),
        violation("REFERRER_MISSING", "inputs.3.sources.0.category", message, severity="WARNING"),
    ]
    assert await accounts(bench) == {"X": "1"}
    assert await stored_rows(bench, "outbox_event") == 1


async def test_the_same_value_twice_in_a_bulk_is_refused(bench: Bench) -> None:
    inputs = [{"name": "A", "number": "1"}, {"name": "B", "number": "1"}, {"name": "C", "number": "1"}]
    message = "The same input has another Account with the same number, at inputs.0.number."
    expected = [violation("NOT_UNIQUE", f"inputs.{n}.number", message) for n in (1, 2)]
    assert (await bulk(bench, "createAccounts", inputs))["violations"] == expected
    payload = await bulk(bench, "createAccounts", inputs, atomic=False)
    assert outcomes(payload) == [True, False, False]
    assert payload["violations"] == expected
    assert await accounts(bench) == {"A": "1"}


# row by row ------------------------------------------------------------------------------------------------------


async def test_row_by_row_what_is_right_is_written_and_the_rest_is_reported(bench: Bench) -> None:
    inputs = [
        {"name": "A"},
        {"name": " "},
        {"name": "C", "sources": [{"category": "REFERRAL"}]},
        {"name": "D", "website": "x"},
    ]
    payload = await bulk(bench, "createAccounts", inputs, "account { name }", atomic=False)
    assert outcomes(payload) == [True, False, True, False]
    assert [result["account"] for result in payload["results"]] == [{"name": "A"}, None, {"name": "C"}, None]
    found = [(one["code"], one["path"], one["severity"]) for one in payload["violations"]]
    assert found == [
        ("REQUIRED", ["inputs", 1, "name"], "ERROR"),
        ("REFERRER_MISSING", ["inputs", 2, "sources", 0, "category"], "WARNING"),
        ("INVALID", ["inputs", 3, "website"], "ERROR"),
    ]
    assert await accounts(bench) == {"A": None, "C": None}


async def test_row_by_row_nothing_is_written_where_all_is_wrong(bench: Bench) -> None:
    payload = await bulk(bench, "createAccounts", [{"name": ""}, {"name": ""}], atomic=False)
    assert outcomes(payload) == [False, False]
    assert (await stored_rows(bench, "account"), await stored_rows(bench, "outbox_event")) == (0, 0)


async def test_row_by_row_an_input_that_clashes_with_a_refused_one_is_written(bench: Bench) -> None:
    inputs = [{"name": "", "number": "1"}, {"name": "B", "number": "1"}, {"name": "C", "number": "1"}]
    payload = await bulk(bench, "createAccounts", inputs, atomic=False)
    message = "The same input has another Account with the same number, at inputs.1.number."
    assert outcomes(payload) == [False, True, False]
    assert payload["violations"] == [
        violation("REQUIRED", "inputs.0.name", "name is blank; give it a value."),
        violation("NOT_UNIQUE", "inputs.2.number", message),
    ]
    assert await accounts(bench) == {"B": "1"}


async def test_row_by_row_an_input_that_relies_on_a_refused_one_is_refused(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A", number="1"), await make(bench, "Account", name="B", number="2")
    inputs = [
        {"name": "takes 1", "by": {"number": "new"}, "externalIds": [{"system": "s", "value": "v"}]},
        {"by": {"id": b}, "number": "1"},
        {"by": {"id": a}, "number": "3", "website": "x"},
    ]
    payload = await bulk(bench, "upsertAccounts", inputs, atomic=False)
    assert outcomes(payload) == [True, False, False]
    taken = f"Another Account has the same number: {a}. Change the value, or update that record."
    assert payload["violations"][0] == violation("NOT_UNIQUE", "inputs.1.number", taken)
    assert [one["path"] for one in payload["violations"]] == [["inputs", 1, "number"], ["inputs", 2, "website"]]
    assert await accounts(bench) == {"A": "1", "B": "2", "takes 1": "new"}


async def test_row_by_row_the_second_of_two_inputs_for_one_record_is_refused(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    inputs = [{"id": account, "name": ""}, {"id": account, "name": "B"}, {"id": account, "name": "C"}]
    payload = await bulk(bench, "updateAccounts", inputs, atomic=False)
    assert outcomes(payload) == [False, True, False]
    message = "The record is already changed at inputs.1; name it once."
    assert payload["violations"][1] == violation("NAMED_TWICE", "inputs.2.id", message)
    assert await accounts(bench) == {"B": None}


async def test_row_by_row_a_chain_of_inputs_that_rely_on_each_other_comes_to_an_end(bench: Bench) -> None:
    made = await bulk(bench, "createAccounts", [{"name": str(n), "number": str(n)} for n in range(40)])
    ids = [result["recordId"] for result in made["results"]]
    inputs = [{"id": id_, "number": str(n + 1)} for n, id_ in enumerate(ids)]
    inputs[-1]["website"] = "x"
    before = await accounts(bench)
    payload = await bulk(bench, "updateAccounts", inputs, atomic=False)
    assert outcomes(payload) == [False] * 40
    message = "Too many inputs build on refused ones; mend those, and send this again."
    assert payload["violations"][0] == violation("NOT_SETTLED", "inputs.0", message)
    assert await accounts(bench) == before
    del inputs[-1]["website"]
    assert outcomes(await bulk(bench, "updateAccounts", inputs, atomic=False)) == [True] * 40
    assert await accounts(bench) == {str(n): str(n + 1) for n in range(40)}


async def test_row_by_row_deletions_report_what_is_not_there(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A"), await make(bench, "Account", name="B")
    await bulk(bench, "deleteAccounts", [b])
    payload = await bulk(bench, "deleteAccounts", [a, b, "con_1"], atomic=False)
    assert outcomes(payload) == [True, False, False]
    assert [(one["code"], one["path"]) for one in payload["violations"]] == [
        ("NOT_FOUND", ["ids", 1]),
        ("INVALID_ID", ["ids", 2]),
    ]
    payload = await bulk(bench, "restoreAccounts", [b, b, a], atomic=False)
    assert outcomes(payload) == [True, True, True]
    payload = await bulk(bench, "restoreAccounts", [b])
    message = "The record is not deleted, so there is nothing to restore."
    assert payload["violations"] == [violation("NOT_DELETED", "ids.0", message)]


async def test_an_owner_whose_version_is_stale_leaves_the_others_alone(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A"), await make(bench, "Account", name="B")
    inputs = [
        {"id": a, "expectedVersion": 9, "contacts": [{"familyName": "C"}]},
        {"id": b, "expectedVersion": 1, "contacts": [{"familyName": "D"}]},
    ]
    payload = await bulk(bench, "updateAccounts", inputs, atomic=False)
    assert outcomes(payload) == [False, True]
    message = "The record has version 1 and you expect 9: read it again and repeat your change."
    assert payload["violations"] == [violation("STALE_VERSION", "inputs.0.expectedVersion", message)]
    assert await listed(bench, "contacts", "name") == [{"name": "D"}]
