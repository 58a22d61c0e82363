"""Selections that are easy to get wrong: without rows, in several types, by variables, wide and deep."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench

FOUNDED = """mutation { createAccounts(inputs: [
  {name: "Kestrel", annualRevenue: {amount: "50000000", currency: "EUR"}, contacts: [{familyName: "Abel"}],
   addresses: [{streetLines: ["Ring 1"], city: "Wien", postalCode: "1010", country: {code: "AT"}}]},
  {name: "Merlin", annualRevenue: {amount: "50000000.01", currency: "EUR"}, contacts: [{familyName: "Berg"}]},
  {name: "Osprey"}]) { results { recordId } violations { message } } }"""


async def found(bench: Bench) -> list[str]:
    """Three accounts, the first with an address; returns their ids."""
    made = (await bench.ask(FOUNDED))["createAccounts"]
    assert made["violations"] == []
    return [result["recordId"] for result in made["results"]]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("__typename", {"__typename": "AccountConnection"}),
        ("pageInfo { __typename }", {"pageInfo": {"__typename": "PageInfo"}}),
        ("pageInfo { hasPreviousPage }", {"pageInfo": {"hasPreviousPage": False}}),
        ("aggregates { __typename }", {"aggregates": {"__typename": "AccountAggregates"}}),
        (
            "aggregates { createdAt { __typename } }",
            {"aggregates": {"createdAt": {"__typename": "DateTimeAggregates"}}},
        ),
        ("nodes @skip(if: true) { id }", {}),
        ("edges { cursor @skip(if: true) }", {"edges": [{}, {}]}),
    ],
)
@pytest.mark.parametrize("prefix", ["", "K"])
async def test_a_list_answers_what_needs_none_of_its_rows(
    bench: Bench, prefix: str, selection: str, expected: dict[str, Any]
) -> None:
    await found(bench)
    query = f"""query ($prefix: String!) {{
      accounts(filter: {{name: {{startsWith: $prefix, ne: "Osprey"}}}}) {{ {selection} }}
      nested: accounts(first: 1, filter: {{name: {{eq: "Osprey"}}}}) {{
        nodes {{ children(filter: {{name: {{startsWith: $prefix}}}}) {{ {selection} }} }} }} }}"""
    if prefix and "edges" in expected:
        expected = {"edges": [{}]}
    with bench.counted() as statements:
        answer = await bench.ask(query, prefix=prefix)
    assert len(statements) == 2
    assert answer["accounts"] == expected
    empty = {"edges": []} if "edges" in expected else expected
    assert answer["nested"] == {"nodes": [{"children": empty}]}


@pytest.mark.parametrize(
    "filter_", [{"and": []}, {"not": {"or": []}}, {"id": {"nin": []}}, {"contacts": {"allOf": []}}, {}]
)
async def test_empty_lists_in_variables_are_lists_without_elements(bench: Bench, filter_: dict[str, Any]) -> None:
    await found(bench)
    query = """query ($filter: AccountFilter, $order: [AccountOrder!]) {
      accounts(filter: $filter, orderBy: $order) { totalCount nodes { name } } }"""
    everything = {"totalCount": 3, "nodes": [{"name": "Kestrel"}, {"name": "Merlin"}, {"name": "Osprey"}]}
    assert await bench.ask(query, filter=filter_, order=[]) == {"accounts": everything}
    nothing = {"totalCount": 0, "nodes": []}
    assert await bench.ask(query, filter={"not": filter_}, order=None) == {"accounts": nothing}


async def test_an_amount_may_come_from_variables_as_a_whole_or_in_parts(bench: Bench) -> None:
    await found(bench)
    query = """query ($whole: MoneyInput, $amount: Decimal!, $currency: String!) {
      whole: accounts(filter: {annualRevenue: {gt: $whole}}) { totalCount }
      amount: accounts(filter: {annualRevenue: {gt: {amount: $amount, currency: "EUR"}}}) { totalCount }
      currency: accounts(filter: {annualRevenue: {gt: {amount: 50000000, currency: $currency}}}) { totalCount }
      both: accounts(filter: {annualRevenue: {lte: {amount: $amount, currency: $currency}}}) { totalCount } }"""
    for currency, counts in (("EUR", [1, 1, 1, 1]), ("eur", [1, 1, 1, 1]), ("USD", [0, 1, 0, 0])):
        whole = {"amount": "50000000.00", "currency": currency}
        answer = await bench.ask(query, whole=whole, amount="5e7", currency=currency)
        assert [one["totalCount"] for one in answer.values()] == counts


async def test_records_are_found_by_id_in_a_filter(bench: Bench) -> None:
    kestrel, merlin, _ = await found(bench)
    query = """query ($id: ID, $ids: [ID!]) { same: accounts(filter: {id: {eq: $id}}) { nodes { id } }
      other: accounts(filter: {id: {ne: $id, in: $ids}}) { nodes { id } } }"""
    answer = await bench.ask(query, id=kestrel, ids=[kestrel, merlin])
    assert answer == {"same": {"nodes": [{"id": kestrel}]}, "other": {"nodes": [{"id": merlin}]}}


async def test_records_of_several_types_have_their_own_computed_fields(bench: Bench) -> None:
    ids = (await found(bench))[:1]
    query = "{ contacts(first: 1) { nodes { id } } addresses { nodes { id } } }"
    ids += [page["nodes"][0]["id"] for page in (await bench.ask(query)).values()]
    query = """query ($ids: [ID!]!, $city: String) { nodes(ids: $ids) { __typename
      ... on Address { formatted }
      ... on Account { addresses(filter: {city: {eq: $city}}) { nodes { formatted } } } } }"""
    lines = ["Ring 1", "1010 Wien"]
    with bench.counted() as statements:
        answer = await bench.ask(query, ids=[ids[2], ids[1], ids[0], ids[2]], city="Wien")
    assert len(statements) == 1
    assert answer["nodes"] == [
        {"__typename": "Address", "formatted": lines},
        {"__typename": "Contact"},
        {"__typename": "Account", "addresses": {"nodes": [{"formatted": lines}]}},
        {"__typename": "Address", "formatted": lines},
    ]


async def test_a_payload_has_computed_fields(bench: Bench) -> None:
    query = """mutation { createAddress(input: {streetLines: ["Ring 1"], city: "Wien", postalCode: "1010",
      country: {code: "AT"}}) { address { formatted } violations { message } } }"""
    expected = {"address": {"formatted": ["Ring 1", "1010 Wien"]}, "violations": []}
    assert await bench.ask(query) == {"createAddress": expected}


@pytest.mark.parametrize("kind", ["FIXED", "FILTERED"])
async def test_members_of_groups_are_paged_whatever_other_groups_there_are(bench: Bench, kind: str) -> None:
    await found(bench)
    contacts = [node["id"] for node in (await bench.ask("{ contacts { nodes { id } } }"))["contacts"]["nodes"]]
    groups = [
        {"name": "FIXED", "members": [{"id": contact} for contact in reversed(contacts)]},
        {"name": "FILTERED", "kind": "FILTERED", "memberFilter": {"familyName": {"ne": "x"}}},
    ]
    create = "mutation ($inputs: [CreateContactGroupInput!]!) { createContactGroups(inputs: $inputs) { written } }"
    assert await bench.ask(create, inputs=groups) == {"createContactGroups": {"written": 2}}
    seen: list[str] = []
    cursor, is_more = None, True
    while is_more:
        query = f"""query ($cursor: String) {{ contactGroup(by: {{name: "{kind}"}}) {{
          members(first: 1, after: $cursor) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
        page = (await bench.ask(query, cursor=cursor))["contactGroup"]["members"]
        seen += [node["id"] for node in page["nodes"]]
        is_more, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert seen == contacts


async def test_pages_are_ordered_by_amounts_of_any_size(bench: Bench) -> None:
    await found(bench)
    query = """query ($cursor: String) { accounts(first: 1, after: $cursor, orderBy: [{annualRevenue: DESC}])
      { edges { cursor node { name } } } }"""
    names: list[str] = []
    cursor: str | None = None
    while edges := (await bench.ask(query, cursor=cursor))["accounts"]["edges"]:
        names.append(edges[0]["node"]["name"])
        cursor = edges[0]["cursor"]
    assert names == ["Osprey", "Merlin", "Kestrel"]  # without an amount counts as largest


async def test_a_wide_and_deep_selection_within_the_limits_is_one_statement(bench: Bench) -> None:
    await found(bench)
    account = """annualRevenue { amount currency } id version createdAt updatedAt name legalName number kind industry
      lifecycleStage status website domain employeeCount description sourceCategory
      aggregated: children { aggregates { count createdAt { min max } employeeCount { sum average } } }"""
    contact = """id version createdAt updatedAt name sortName prefix givenName familyName suffix preferredName title
      department language timeZone doNotContact"""
    filter_ = "{contacts: {some: {accounts: {some: {contacts: {some: {}}}}}}}"
    selection = ""
    for level in range(6, 0, -1):
        name, fields = ("accounts", account) if level % 2 else ("contacts", contact)
        arguments = f"first: 1, filter: {filter_}" if level % 2 else "first: 1, orderBy: [{givenName: DESC}]"
        selection = f"{name}({arguments}) {{ nodes {{ {selection} {fields} }} totalCount }}"
    with bench.counted() as statements:
        answer: Any = await bench.ask(f"{{ {selection} }}")
    assert len(statements) == 1
    for level in range(1, 7):
        (answer,) = answer["accounts" if level % 2 else "contacts"]["nodes"]
    assert answer["name"] == "Abel"
