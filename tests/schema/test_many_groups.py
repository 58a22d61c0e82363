"""Filtered groups in any number: each can be read, alone and with others, whoever changes them meanwhile."""

from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_groups import CONTACTS, create

MANY = """mutation ($inputs: [CreateContactGroupInput!]!) { createContactGroups(inputs: $inputs) {
  written results { recordId contactGroup { name members { nodes { familyName } } } } } }"""
ONE = "query ($name: String!) { contactGroups(filter: {name: {eq: $name}}) { nodes { members { totalCount } } } }"
ALL = """query ($after: String) { contactGroups(orderBy: [{name: ASC}], first: 100, after: $after) {
  nodes { name members { nodes { familyName } } } pageInfo { endCursor hasNextPage } } }"""
COUNT = 205


def group(place: int) -> dict[str, Any]:
    """A group of those in sales, or of those in finance."""
    department = "Sales" if place % 2 else "Finance"
    return {"name": f"g{place:03}", "kind": "FILTERED", "memberFilter": {"department": {"eq": department}}}


def members(place: int) -> list[str]:
    return ["Abel", "Berg"] if place % 2 else ["Cohn"]


@pytest.fixture
async def many(bench: Bench) -> list[str]:
    """Groups beyond all that one statement should hold."""
    await bench.ask(CONTACTS)
    made = (await bench.ask(MANY, inputs=[group(place) for place in range(COUNT)]))["createContactGroups"]
    assert made["written"] == COUNT
    for place, result in enumerate(made["results"]):
        shown = result["contactGroup"]
        assert sorted(one["familyName"] for one in shown["members"]["nodes"]) == members(place)
    return [result["recordId"] for result in made["results"]]


async def test_each_of_many_filtered_groups_is_read(bench: Bench, many: list[str]) -> None:
    for place in (0, 9, 10, 199, 200, 204):
        (found,) = (await bench.ask(ONE, name=f"g{place:03}"))["contactGroups"]["nodes"]
        assert found["members"]["totalCount"] == len(members(place)), place
    found, after = [], None
    while after is not None or not found:
        page = (await bench.ask(ALL, after=after))["contactGroups"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    shown = [(one["name"], sorted(each["familyName"] for each in one["members"]["nodes"])) for one in found]
    assert shown == [(f"g{place:03}", members(place)) for place in range(COUNT)]
    with bench.counted() as statements:
        await bench.ask(ONE, name="g204")
    assert len(statements) == 3  # the groups; the filters of those found; their members
    assert max(map(len, statements)) < 3_000


async def test_one_of_many_filtered_groups_is_written_and_heard_of(bench: Bench, many: list[str]) -> None:
    update = """mutation ($id: ID!, $dry: Boolean) { it: updateContactGroup(dryRun: $dry, input: {id: $id,
      memberFilter: {familyName: {eq: "Cohn"}}}) { violations { code } contactGroup { members { nodes { familyName } } }
    } }"""
    for dry in (True, False):
        changed = (await bench.ask(update, id=many[201], dry=dry))["it"]
        assert changed == {"violations": [], "contactGroup": {"members": {"nodes": [{"familyName": "Cohn"}]}}}
        (found,) = (await bench.ask(ONE, name="g201"))["contactGroups"]["nodes"]
        assert found["members"]["totalCount"] == (2 if dry else 1)
    document = """subscription ($ids: [ID!]) { changes(ids: $ids, after: "0") {
      node { ... on ContactGroup { members { nodes { familyName } } } } } }"""
    caller = Caller(actor=SYSTEM_ACTOR, request="test")
    results = bench.accord.service.subscribe(Request(query=document, variables={"ids": [many[201]]}), caller)
    answer = (await anext(results)).decoded()
    await results.aclose()
    assert answer["data"]["changes"]["node"] == {"members": {"nodes": [{"familyName": "Cohn"}]}}


async def test_groups_of_members_of_groups_are_read(bench: Bench) -> None:
    contacts = await bench.ask(CONTACTS)
    abel = contacts["createContacts"]["results"][0]["recordId"]
    await create(bench, name="fixed", members=[{"id": abel}])
    for place in range(12):
        await create(bench, **group(place))
    read = """query ($name: String!) { contactGroups(filter: {name: {eq: $name}}, first: 1) { nodes {
      members(first: 1) { nodes { familyName groups(first: 2) { nodes { name members(first: 2) { nodes {
        groups(first: 2) { nodes { members(first: 2) { nodes { familyName } } } } } } } } } } } } }"""
    abels = {"members": {"nodes": [{"familyName": "Abel"}]}}
    inner = {"name": "fixed", "members": {"nodes": [{"groups": {"nodes": [abels]}}]}}
    outer = {"members": {"nodes": [{"familyName": "Abel", "groups": {"nodes": [inner]}}]}}
    for name in ("g001", "fixed"):
        assert (await bench.ask(read, name=name))["contactGroups"]["nodes"] == [outer]


async def test_an_answer_that_hangs_on_too_many_filters_is_refused_and_says_so(bench: Bench) -> None:
    large = {"or": [{"department": {"eq": f"d{place}"}} for place in range(60)]}
    groups = [{"name": f"large{place}", "kind": "FILTERED", "memberFilter": large} for place in range(100)]
    make = "mutation ($inputs: [CreateContactGroupInput!]!) { createContactGroups(inputs: $inputs) { written } }"
    assert (await bench.ask(make, inputs=groups))["createContactGroups"] == {"written": 100}
    members = " ".join(f"a{place}: members(first: 1) {{ totalCount nodes {{ id }} }}" for place in range(4))
    read = f"{{ contactGroups(first: 100) {{ nodes {{ {members} }} }} }}"
    (error,) = await bench.errors(read)
    assert error["extensions"] == {"code": "INVALID_PAGE", "argument": "contactGroups"}
    assert "smaller pages" in error["message"]
    assert len((await bench.ask(read.replace("100", "10")))["contactGroups"]["nodes"]) == 10


async def test_a_filter_that_no_longer_fits_is_in_nobody_else_s_way(bench: Bench) -> None:
    await bench.ask(CONTACTS)
    await create(bench, **group(0))
    await create(bench, **group(1))
    async with bench.accord.database.transaction() as transaction:
        await transaction.execute(
            """update contact_group set version = 2, member_filter = '{"shoeSize":{"eq":44}}' where name = 'g001'""", []
        )
    assert (await bench.ask(ONE, name="g000"))["contactGroups"]["nodes"] == [{"members": {"totalCount": 1}}]
    (error,) = await bench.errors(ONE, name="g001")
    assert error["extensions"]["code"] == "INVALID_FILTER"
    fits = 'page: contactGroups(filter: {name: {eq: "g000"}}) { nodes { members { totalCount } } }'
    assert (await bench.ask(f"{{ {fits} }}"))["page"]["nodes"] == [{"members": {"totalCount": 1}}]
