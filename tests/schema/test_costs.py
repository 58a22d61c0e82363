"""Costs: what an operation may bring along at most, computed from its page sizes before anything runs."""

from typing import Any

import pytest

from accord.schema.limits import Limits
from accord.tests.schema.limited import Limited, embedded_databases, kept_and_broken, limited, only
from accord.tests.schema.writes import make

__all__ = ["embedded_databases", "limited"]  # fixtures

MOST = Limits().cost


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def crossing(*relations: str) -> dict[str, Any]:
    """A filter that crosses these relations to many, each within the one before it."""
    found: dict[str, Any] = {}
    for relation in reversed(relations):
        found = {relation: {"some": found}}
    return found


FOUR = crossing("labels", "accounts", "labels", "accounts")
FILTERED = "query ($filter: AccountFilter!) { accounts(first: 5, filter: $filter) { nodes { id } } }"
READS: list[tuple[str, dict[str, Any], int]] = [
    ("{ __typename }", {}, 0),
    ("{ accounts { nodes { id } } }", {}, 50),
    ("{ accounts(first: 10) { nodes { id } } }", {}, 10),
    ("{ accounts(last: 7) { edges { cursor node { id } } } }", {}, 7),
    ("{ accounts(first: 7) { nodes { id } edges { node { id } } } }", {}, 14),
    ("{ accounts(first: 7) { pageInfo { endCursor } } }", {}, 1),
    ("{ accounts(first: 7) { totalCount aggregates { count } nodes { id } } }", {}, 27),
    ("query ($n: Int) { accounts(first: $n) { nodes { id } } }", {"n": 9}, 9),
    ("query ($n: Int) { accounts(first: $n) { nodes { id } } }", {"n": None}, 50),
    ("query ($n: Int) { accounts(first: $n) { nodes { id } } }", {}, 50),
    ("query ($n: Int = 5) { accounts(first: $n) { nodes { id } } }", {}, 5),
    ("query ($n: Int = 5) { accounts(first: $n) { nodes { id } } }", {"n": 6}, 6),
    ("{ accounts(first: 5) { nodes { contacts(first: 3) { nodes { id } } } } }", {}, 5 * (1 + 3)),
    ("{ accounts(first: 5) { nodes { contacts { nodes { emails(first: 2) { nodes { id } } } } } } }", {}, 5 * 151),
    ("{ accounts(first: 5) { edges { node { contacts(last: 3) { totalCount } } } } }", {}, 5 * 11),
    ("{ accounts(first: 5) { nodes { parent { owner { id } } owner { id } } } }", {}, 5 * 4),
    ("{ accounts(first: 5) { nodes { annualRevenue { amount } } } }", {}, 5),
    ("{ tasks(first: 5) { nodes { subject { id } } } }", {}, 5 * 2),
    (
        "{ tasks(first: 5) { nodes { subject { ... on Account { owner { id } } "
        "... on Contact { phones(first: 3) { nodes { id } } } } } } }",
        {},
        5 * (1 + 1 + 3),
    ),
    (
        "query ($n: Int!) { accounts(first: 2) { nodes { ...A } } } "
        "fragment A on Account { contacts(first: $n) { nodes { id } } }",
        {"n": 4},
        2 * 5,
    ),
    (
        "query ($with: Boolean!) { accounts(first: 2) { nodes { contacts(first: 9) @include(if: $with) { nodes { id } "
        "} } } }",
        {"with": False},
        2,
    ),
    ("{ a: accounts(first: 3) { nodes { id } } b: accounts(first: 4) { nodes { id } } }", {}, 7),
    ('{ accounts(first: 3) { nodes { id } } __type(name: "Account") { name } }', {}, 3),
    ("query ($id: ID!) { account(id: $id) { contacts(first: 3) { nodes { id } } } }", {"id": "{id}"}, 4),
    (
        "query ($id: ID!) { node(id: $id) { ... on Account { contacts(first: 3) { nodes { id } } } } }",
        {"id": "{id}"},
        4,
    ),
    (FILTERED, {"filter": {"name": {"in": ["A", "B"]}, "parent": {"owner": {"name": {"eq": "A"}}}}}, 5),
    (FILTERED, {"filter": crossing("labels")}, 5 + 10),
    (FILTERED, {"filter": {"parent": {"not": crossing("labels")}, "or": [crossing("contacts"), {}]}}, 5 + 20),
    (FILTERED, {"filter": crossing("contacts", "labels")}, 5 + 10 + 100),
    (FILTERED, {"filter": FOUR}, 5 + 10 + 100 + 1_000 + 10_000),
    (FILTERED, {"filter": {"labels": {"anyOf": ["{label}"], "noneOf": ["{label}"], "allOf": ["{label}"]}}}, 5 + 30),
    (
        "query ($filter: AccountFilter!) { accounts(filter: $filter) { totalCount aggregates { count } pageInfo { "
        "hasNextPage } nodes { id } } }",
        {"filter": crossing("labels")},
        50 + 3 * 10 + 2 * 10,
    ),
    (
        "query ($filter: ContactFilter!) { accounts(first: 5) { nodes { contacts(first: 3, filter: $filter) { nodes { "
        "id } } } } }",
        {"filter": crossing("labels", "contacts")},
        5 * (1 + 3 + 110),
    ),
    (
        "{ accounts(first: 5) { nodes { contacts(first: 3, through: {contact: {labels: {some: {}}}}) { nodes { id } } "
        "} } }",
        {},
        5 * (1 + 3 + 10),
    ),
    (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { contacts(first: 3) { nodes { id } } } } }",
        {"ids": ["{id}", "{id}", "{other}"]},
        3 * 4,
    ),
]
WRITES: list[tuple[str, dict[str, Any], int]] = [
    ('mutation { createAccount(input: {name: "A"}) { recordId } }', {}, 1),
    ('mutation { createAccount(input: {name: "A"}) { account { contacts(first: 4) { nodes { id } } } } }', {}, 5),
    (
        "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { results { account { "
        "contacts(first: 4) { nodes { id } } } } } }",
        {"inputs": named("A", "B", "C")},
        15,
    ),
    ("mutation ($ids: [ID!]!) { deleteAccounts(ids: $ids) { results { account { id } } } }", {"ids": ["{id}"]}, 1),
    (
        'mutation { deleteAccounts(filter: {name: {eq: "Nobody"}}) { results { account { id } } } }',
        {},
        5_000,
    ),
    ("mutation ($ids: [ID!]!) { deleteAccounts(ids: $ids) { written } }", {"ids": ["{id}", "{other}"]}, 2),
    ("mutation ($ids: [ID!]!) { restoreAccounts(ids: $ids) { written } }", {"ids": ["{id}", "{other}"]}, 2),
    ('mutation { deleteAccounts(filter: {name: {eq: "Nobody"}}) { written } }', {}, 5_000),
    ('mutation { deleteAccounts(filter: {labels: {some: {name: {eq: "No"}}}}) { written } }', {}, 5_010),
    (
        "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs, dryRun: true) { written } }",
        {"inputs": named("A", "B", "C")},
        3,
    ),
    (
        "mutation ($inputs: [UpsertAccountInput!]!) { a: upsertAccounts(inputs: $inputs, dryRun: true) { written } "
        "b: upsertAccounts(inputs: $inputs, dryRun: true) { written } }",
        {"inputs": [{"by": {"id": "{id}"}, "name": "A"}, {"by": {"id": "{other}"}, "name": "B"}]},
        4,
    ),
    (
        "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId account { id } } }",
        {
            "input": {
                "name": "A",
                "annualRevenue": {"amount": "1", "currency": "EUR"},
                "phones": [{"number": "+49 30 901820"}],
                "contacts": [
                    {"familyName": "B", "emails": [{"address": "a@example.com"}]},
                    {"familyName": "C"},
                ],
            }
        },
        5,
    ),
    (
        "mutation ($ids: [ID!]!, $labels: [ID!]!) { applyLabels(ids: $ids, labelIds: $labels) { written } }",
        {"ids": ["{id}", "{other}"], "labels": ["{label}"] * 3},
        6,
    ),
    (
        'mutation { a: createAccount(input: {name: "A"}) { account { id } } '
        'b: createAccount(input: {name: "B"}) { account { parent { id } } } }',
        {},
        3,
    ),
]


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The variables with ids in place of their names."""
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("document", "variables", "cost"), READS + WRITES)
async def test_a_cost_follows_from_page_sizes(
    limited: Limited, document: str, variables: dict[str, Any], cost: int
) -> None:
    async with limited() as bench:
        ids = {"{id}": await make(bench, "Account", name="One"), "{other}": await make(bench, "Account", name="Two")}
        ids["{label}"] = await make(bench, "Label", name="Label", scope="ACCOUNT")
        answer = (await bench.run(document, **filled(variables, ids))).decoded()
        assert "errors" not in answer
        assert answer["extensions"] == {"cost": {"requested": cost, "limit": MOST}}


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ("{ accounts(first: 100) { nodes { id } } }", "{ accounts(first: 51) { nodes { parent { id } } } }"),
        (
            "{ accounts(first: 9) { nodes { contacts(first: 10) { nodes { id } } } } __typename }",
            "{ accounts(first: 10) { nodes { contacts(first: 10) { nodes { id } } } } __typename }",
        ),
        (
            "{ a: accounts { nodes { id } } b: accounts { nodes { id } } }",
            '{ a: accounts { nodes { id } } b: accounts { nodes { id } } c: account(id: "acc_") { id } '
            "d: accounts(first: 1) { nodes { id } } }",
        ),
    ],
)
async def test_nothing_runs_that_costs_too_much(limited: Limited, within: str, beyond: str) -> None:
    async with limited(limit_cost=100) as bench:
        await kept_and_broken(bench, within, beyond, code="COST_EXCEEDED")


async def test_what_was_asked_and_what_is_allowed_is_told(limited: Limited) -> None:
    async with limited(limit_cost=100) as bench:
        answer = (
            await bench.run("query ($n: Int!) { accounts(first: $n) { nodes { parent { id } } } }", n=51)
        ).decoded()
    assert answer == {
        "errors": [
            {
                "message": "The operation may return 102 rows, 100 are allowed: ask for less, in smaller pages.",
                "extensions": {"code": "COST_EXCEEDED"},
            }
        ],
        "extensions": {"cost": {"requested": 102, "limit": 100}},
    }


@pytest.mark.parametrize(
    ("document", "filter_", "cost", "place", "each"),
    [
        (FILTERED, {"or": [FOUR] * 5}, 5 + 5 * 11_110, "accounts", 5 * 11_110),
        (
            "query ($filter: AccountFilter!) { accounts(filter: {labels: {some: {}}}) { nodes { owner { "
            "mine: ownedAccounts(filter: $filter) { totalCount } } } } }",
            crossing("labels", "accounts", "labels"),
            50 * (1 + 1 + 10 + 1_110) + 10,
            "accounts.nodes.owner.mine",
            1_110,
        ),
    ],
)
async def test_filters_that_cost_too_much_are_refused_by_name(
    limited: Limited, document: str, filter_: dict[str, Any], cost: int, place: str, each: int
) -> None:
    async with limited() as bench:
        with bench.counted() as statements:
            answer = (await bench.run(document, filter=filter_)).decoded()
    message = (
        f"The operation may return {cost:,} rows, 50,000 are allowed: ask for less, in smaller pages. The filter of "
        f"{place} counts for {each:,} each time it is run: cross fewer relations in it."
    )
    assert answer["errors"] == [{"message": message, "extensions": {"code": "COST_EXCEEDED"}}]
    assert statements == []


@pytest.mark.parametrize(("selected", "anew"), [("totalCount", 1), ("nodes { id }", 2)])
async def test_sqlite_lists_once_what_a_relation_within_another_finds(
    limited: Limited, selected: str, anew: int
) -> None:
    """Tried from every row anew, it would take as long as there are ways through all relations."""
    chain: dict[str, Any] = {
        "labels": {"some": {"accounts": {"none": {"labels": {"some": {"accounts": {"some": {}}}}}}}}
    }
    document = f"query ($filter: AccountFilter!) {{ accounts(filter: $filter) {{ {selected} }} }}"
    async with limited() as bench:
        with bench.counted() as statements:
            await bench.ask(document, filter=chain)
        (statement,) = statements
        steps = [row[-1] for row in await bench.accord.database.fetch(f"explain query plan {statement}", [])]
    assert sum(step.startswith("CORRELATED SCALAR") for step in steps) == anew, steps


async def test_a_size_in_a_variable_is_weighed_each_time(limited: Limited) -> None:
    document = "query ($n: Int!) { accounts(first: $n) { nodes { parent { id } } } }"
    async with limited(limit_cost=100) as bench:
        for _ in range(2):
            await bench.ask(document, n=50)
            assert only(await bench.errors(document, n=51)) == {"code": "COST_EXCEEDED"}
        nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { parent { id } } } }"
        ids = [await make(bench, "Account", name=str(number)) for number in range(51)]
        await bench.ask(nodes, ids=ids[:50])
        assert only(await bench.errors(nodes, ids=ids)) == {"code": "COST_EXCEEDED"}


async def test_a_write_costs_what_it_writes_however_often_its_inputs_are_used(limited: Limited) -> None:
    document = """mutation ($inputs: [CreateAccountInput!]!) {
      a: createAccounts(inputs: $inputs, dryRun: true) { written } b: createAccounts(inputs: $inputs) { written } }"""
    async with limited(limit_cost=100) as bench:
        inputs = named(*map(str, range(50)))
        await bench.ask(document, inputs=inputs)
        errors = await bench.errors(
            document, inputs=[*inputs[1:], {"name": "50", "phones": [{"number": "+4930901820"}]}]
        )
        message = "The operation may write or return 102 rows, 100 are allowed: do less at once, in several requests."
        assert errors == [{"message": message, "extensions": {"code": "COST_EXCEEDED"}}]
        assert (await bench.ask("{ accounts { totalCount } }"))["accounts"]["totalCount"] == 50


async def test_a_bulk_of_five_thousand_may_be_written(limited: Limited) -> None:
    document = """mutation ($inputs: [CreateAccountInput!]!) {
      createAccounts(inputs: $inputs, dryRun: true) { written results { account { id name } } } }"""
    async with limited() as bench:
        answer = await bench.run(document, inputs=[{"name": "A", "phones": [{"number": "+4930901820"}]}] * 5_000)
        assert answer.decoded()["extensions"]["cost"]["requested"] == 10_000


async def test_a_write_that_would_answer_too_much_writes_nothing(limited: Limited) -> None:
    async with limited(limit_cost=100) as bench:
        create = """mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) {
          written results { account { parent { id } } } } }"""
        inputs = named(*map(str, range(51)))
        assert only(await bench.errors(create, inputs=inputs)) == {"code": "COST_EXCEEDED"}
        both = """mutation { a: createAccount(input: {name: "A"}) { recordId }
          b: deleteAccounts(filter: {name: {eq: "A"}}) { results { account { id } } } }"""
        assert only(await bench.errors(both)) == {"code": "COST_EXCEEDED"}
        assert (await bench.ask("{ accounts { totalCount } }"))["accounts"]["totalCount"] == 0
        assert (await bench.ask(create, inputs=inputs[:50]))["createAccounts"]["written"] == 50
