"""Deleting by a filter: what it finds goes, and one that constrains nothing is refused whatever its form."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import VIOLATIONS, bulk, listed, make, written

DELETE = f"""mutation ($filter: AccountFilter, $ids: [ID!], $atomic: Boolean! = true, $dryRun: Boolean! = false) {{
  it: deleteAccounts(filter: $filter, ids: $ids, atomic: $atomic, dryRun: $dryRun) {{
    written refused results {{ recordId }} {VIOLATIONS} }} }}"""


async def set_up(bench: Bench) -> None:
    """A with a contact and an owner, B with a phone and a number, C with nothing."""
    owner = await make(bench, "Actor", name="Rita")
    inputs = [
        {"name": "A", "ownerId": owner, "contacts": [{"familyName": "C"}]},
        {"name": "B", "number": "1", "phones": [{"number": "+4930901820"}]},
        {"name": "C", "kind": "PERSON"},
    ]
    assert (await bulk(bench, "createAccounts", inputs))["violations"] == []


async def names(bench: Bench) -> str:
    return "".join(one["name"] for one in await listed(bench, "accounts", "name"))


@pytest.mark.parametrize(
    ("filter_", "left"),
    [
        ({"name": {"in": ["A", "B"]}}, "C"),
        ({"kind": {"eq": "PERSON"}}, "AB"),
        ({"or": [{"name": {"eq": "A"}}, {"name": {"eq": "C"}}]}, "B"),
        ({"not": {"name": {"eq": "A"}}}, "A"),
        ({"and": [{}, {"number": {"eq": "1"}}]}, "AC"),
        ({"contacts": {"some": {}}}, "BC"),
        ({"contacts": {"none": {}}}, "A"),
        ({"phones": {"some": {"e164": {"startsWith": "+49"}}}}, "AC"),
        ({"owner": {}}, "BC"),
        ({"ownerId": {"isNull": True}}, "A"),
        ({"number": {"isNull": False}}, "AC"),
        ({"number": {"startsWith": ""}}, "AC"),
        ({"or": []}, "ABC"),
        ({"name": {"in": []}}, "ABC"),
        ({"contacts": {"anyOf": []}}, "ABC"),
        ({"name": {"isNull": True}}, "ABC"),
        ({"name": {"eq": "nobody"}}, "ABC"),
    ],
)
async def test_what_a_filter_finds_is_deleted(bench: Bench, filter_: dict[str, Any], left: str) -> None:
    await set_up(bench)
    payload = (await bench.ask(DELETE, filter=filter_))["it"]
    assert (payload["written"], payload["refused"], payload["violations"]) == (3 - len(left), 0, [])
    assert len(payload["results"]) == 3 - len(left)
    assert await names(bench) == left


@pytest.mark.parametrize(
    "filter_",
    [
        {},
        {"and": []},
        {"and": [{}, {"and": [{}]}]},
        {"or": [{}]},
        {"or": [{"name": {"eq": "A"}}, {}]},
        {"not": {"or": []}},
        {"not": {"not": {}}},
        {"not": {"name": {"in": []}}},
        {"name": {}},
        {"name": {"nin": []}},
        {"name": {"isNull": False}},
        {"name": {"ne": None}},
        {"name": {"startsWith": ""}},
        {"id": {"nin": []}},
        {"contacts": {}},
        {"contacts": {"every": {}}},
        {"contacts": {"none": {"or": []}}},
        {"contacts": {"none": {"id": {"in": []}}}},
        {"contacts": {"noneOf": []}},
        {"contacts": {"allOf": []}},
        {"createdBy": {}},
        {"createdBy": {"createdBy": {"name": {"startsWithIgnoreCase": ""}}}},
        {"annualRevenue": {}},
        {"name": {}, "kind": {"nin": []}, "and": [{"not": {"or": []}}]},
    ],
)
async def test_a_filter_that_constrains_nothing_is_refused(bench: Bench, filter_: dict[str, Any]) -> None:
    await set_up(bench)
    (error,) = await bench.errors(DELETE, filter=filter_)
    message = "The filter constrains nothing, so it would take every record; add a condition."
    assert (error["message"], error["extensions"]["code"]) == (message, "UNBOUNDED_WRITE")
    assert await names(bench) == "ABC"


async def test_a_deletion_says_ids_or_a_filter_and_not_both(bench: Bench) -> None:
    await set_up(bench)
    for arguments in ({}, {"ids": None, "filter": None}, {"ids": [], "filter": {"name": {"eq": "A"}}}):
        (error,) = await bench.errors(DELETE, **arguments)
        assert error["extensions"]["code"] == "INVALID_BULK"
    (error,) = await bench.errors("mutation { restoreAccounts { written } }")
    assert (error["message"], error["extensions"]["code"]) == ("Say which records by 'ids'.", "INVALID_BULK")
    assert await names(bench) == "ABC"


async def test_a_filter_that_can_not_be_used_is_an_error(bench: Bench) -> None:
    await set_up(bench)
    for filter_ in (
        {"name": None},
        {"id": {"eq": "con_1"}},
        {"annualRevenue": {"eq": {"amount": "x", "currency": "EUR"}}},
    ):
        (error,) = await bench.errors(DELETE, filter=filter_)
        assert error["extensions"]["code"] in {"INVALID_FILTER", "INVALID_ID", "INVALID_VALUE"}
    assert await names(bench) == "ABC"


async def test_what_is_wrong_with_a_deletion_by_filter_is_said_at_the_filter(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", sources=[{"category": "API"}])
    query = DELETE.replace("AccountFilter", "AccountSourceFilter").replace("deleteAccounts", "deleteAccountSources")
    payload = (await bench.ask(query, filter={"accountId": {"eq": account}}))["it"]
    assert [(one["code"], one["path"]) for one in payload["violations"]] == [("APPEND_ONLY", ["filter"])]


async def test_a_dry_run_by_filter_deletes_nothing(bench: Bench) -> None:
    await set_up(bench)
    payload = (await bench.ask(DELETE, filter={"name": {"eq": "A"}}, dryRun=True))["it"]
    assert (payload["written"], payload["results"]) == (1, [{"recordId": None}])
    assert await names(bench) == "ABC"


async def test_a_filter_that_finds_more_than_a_bulk_is_refused(bench: Bench) -> None:
    for start in (0, 3000):
        inputs = [{"name": f"n{n}"} for n in range(start, start + 3000)]
        assert (await bulk(bench, "createAccounts", inputs))["written"] == 3000
    (error,) = await bench.errors(DELETE, filter={"name": {"startsWith": "n"}})
    message = "The filter finds more than 5000 records; narrow it."
    assert (error["message"], error["extensions"]["code"]) == (message, "INVALID_BULK")
    query = "{ accounts { totalCount } }"
    assert await bench.ask(query) == {"accounts": {"totalCount": 6000}}
    payload = (await bench.ask(DELETE, filter={"name": {"startsWith": "n1"}}))["it"]
    assert payload["written"] == 1111
    assert await bench.ask(query) == {"accounts": {"totalCount": 4889}}


async def test_deleted_records_are_not_found_again(bench: Bench) -> None:
    await set_up(bench)
    account = await make(bench, "Account", name="A")
    await written(bench, "deleteAccount", account)
    assert (await bench.ask(DELETE, filter={"name": {"eq": "A"}}))["it"]["written"] == 1
