"""List sizes: how many ids, values, inputs, conditions and sort keys one argument takes."""

from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench
from accord.tests.schema.limited import Limited, embedded_databases, limited, only
from accord.tests.schema.writes import make

__all__ = ["embedded_databases", "limited"]  # fixtures

FIND = "query ($filter: AccountFilter!) { accounts(filter: $filter) { totalCount } }"
TEXTS = [str(number) for number in range(5_001)]
IDS = [f"acc_{number:08x}-0000-7000-8000-000000000000" for number in range(5_001)]


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"name": {"eq": "A"}}
    for _ in range(levels - 1):
        found = {"not": found}
    return found


def crossing(relations: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(relations):
        found = {"parent": found}
    return found


@pytest.mark.parametrize(
    ("within", "beyond", "code"),
    [
        ({"name": {"in": TEXTS[:5_000]}}, {"name": {"in": TEXTS}}, "FILTER_TOO_LARGE"),
        ({"name": {"nin": TEXTS[:5_000]}}, {"name": {"nin": TEXTS}}, "FILTER_TOO_LARGE"),
        ({"name": {"inIgnoreCase": TEXTS[:5_000]}}, {"name": {"inIgnoreCase": TEXTS}}, "FILTER_TOO_LARGE"),
        ({"id": {"in": IDS[:5_000]}}, {"id": {"in": IDS}}, "FILTER_TOO_LARGE"),
        ({"children": {"anyOf": IDS[:5_000]}}, {"children": {"anyOf": IDS}}, "FILTER_TOO_LARGE"),
        ({"children": {"noneOf": IDS[:5_000]}}, {"children": {"noneOf": IDS}}, "FILTER_TOO_LARGE"),
        ({"or": [{}] * 199}, {"or": [{}] * 200}, "FILTER_TOO_LARGE"),
        ({"or": [{"name": {"eq": "A"}}] * 99}, {"or": [{"name": {"eq": "A"}}] * 100}, "FILTER_TOO_LARGE"),
        (
            {"or": [{"parent": {"name": {"ne": "A"}}}] * 49},
            {"or": [{"parent": {"name": {"ne": "A"}}}] * 50},
            "FILTER_TOO_LARGE",
        ),
        (nested(12), nested(13), "FILTER_TOO_DEEP"),
        (crossing(4), crossing(5), "FILTER_TOO_DEEP"),
    ],
    ids=[
        "in",
        "nin",
        "inIgnoreCase",
        "ids",
        "anyOf",
        "noneOf",
        "empty",
        "conditions",
        "joined",
        "nesting",
        "relations",
    ],
)
async def test_a_filter_has_bounds(bench: Bench, within: Any, beyond: Any, code: str) -> None:
    await bench.ask(FIND, filter=within)
    with bench.counted() as statements:
        assert only(await bench.errors(FIND, filter=beyond))["code"] == code
    assert statements == []


@pytest.mark.parametrize(
    ("document", "within", "beyond", "code"),
    [
        ("query ($it: [ID!]!) { nodes(ids: $it) { id } }", IDS[:100], IDS[:101], "INVALID_PAGE"),
        ("query ($it: Int!) { accounts(first: $it) { nodes { id } } }", 100, 101, "INVALID_PAGE"),
        ("query ($it: Int!) { accounts(last: $it) { nodes { id } } }", 1, 0, "INVALID_PAGE"),
        (
            "query ($it: [AccountOrder!]!) { accounts(orderBy: $it) { nodes { id } } }",
            [{name: "ASC"} for name in ("name", "kind", "status", "industry", "domain")],
            [{name: "ASC"} for name in ("name", "kind", "status", "industry", "domain", "legalName")],
            "INVALID_ORDER",
        ),
        (
            "mutation ($it: [ID!]!) { deleteAccounts(ids: $it) { refused } }",
            IDS[:5_000],
            IDS,
            "INVALID_BULK",
        ),
        (
            "mutation ($it: [CreateAccountInput!]!) { createAccounts(inputs: $it) { refused } }",
            [{"name": " "}] * 5_000,
            [{"name": " "}] * 5_001,
            "INVALID_BULK",
        ),
    ],
    ids=["ids", "first", "last", "order", "bulk of ids", "bulk of inputs"],
)
async def test_an_argument_has_bounds(limited: Limited, document: str, within: Any, beyond: Any, code: str) -> None:
    async with limited() as bench:
        await bench.ask(document, it=within)
        assert only(await bench.errors(document, it=beyond))["code"] == code


@pytest.mark.parametrize(
    ("document", "variables", "message"),
    [
        (
            "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId } }",
            {"input": {"name": "A", "contacts": [{"familyName": "B"}] * 100_000}},
            "The inputs hold more than 100000 records; part them.",
        ),
        (
            "mutation ($ids: [ID!]!, $labels: [ID!]!) { applyLabels(ids: $ids, labelIds: $labels) { written } }",
            {"ids": IDS[:1_000], "labels": [f"lbl_{one.removeprefix('acc_')}" for one in IDS[:100]]},
            "100 labels for 1000 records are more than 100000 records in one write, the labels of each counted; "
            "give fewer at once.",
        ),
    ],
    ids=["nested records", "labels"],
)
async def test_one_write_takes_a_hundred_thousand_records(
    limited: Limited, document: str, variables: dict[str, Any], message: str
) -> None:
    """By default, it would cost too much before."""
    async with limited() as bench:
        assert only(await bench.errors(document, **variables))["code"] == "COST_EXCEEDED"
    async with limited(limit_cost=200_000) as bench:
        (error,) = await bench.errors(document, **variables)
        assert error["extensions"]["code"] == "INVALID_BULK"
        assert error["message"] == message
        assert (await bench.ask("{ accounts { totalCount } }"))["accounts"]["totalCount"] == 0


async def test_a_subscription_takes_a_hundred_ids(limited: Limited) -> None:
    async with limited() as bench:
        document = "subscription ($ids: [ID!]!) { changes(ids: $ids) { recordId } }"
        request = Request(query=document, variables={"ids": IDS[:101]})
        results = bench.accord.service.subscribe(request, Caller(actor=SYSTEM_ACTOR, request="test"))
        answer = (await anext(results)).decoded()
        await results.aclose()
        assert only(answer["errors"])["code"] == "INVALID_PAGE"
        assert await make(bench, "Account", name="A")
