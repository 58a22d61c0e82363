"""Reads: one statement for each root field, whatever is nested in it."""

from accord.tests.accord_fixture import Bench

NESTED = """{ accounts(first: 5) { totalCount nodes { id name contacts(first: 3) { nodes { id addresses(first: 3)
  { nodes { city } } } } addresses(first: 3) { nodes { city country { code } } } } } }"""


async def test_nested_connections_are_one_statement(bench: Bench) -> None:
    created = await bench.ask(
        """mutation { createAccount(input: {name: "Kestrel", addresses: [{kind: LEGAL, city: "Wien",
        country: {code: "AT"}}], contacts: [{familyName: "Huber", addresses: [{city: "Graz", country: {code: "AT"}}]}]})
        { recordId violations { code path message severity } } }"""
    )
    assert created["createAccount"]["recordId"], created
    with bench.counted() as statements:
        answer = await bench.ask(NESTED)
    assert len(statements) == 1
    (account,) = answer["accounts"]["nodes"]
    assert answer["accounts"]["totalCount"] == 1
    assert account["addresses"] == {"nodes": [{"city": "Wien", "country": {"code": "AT"}}]}
    assert [contact["addresses"] for contact in account["contacts"]["nodes"]] == [{"nodes": [{"city": "Graz"}]}]
