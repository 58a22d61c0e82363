"""Figures over the fields that plugins add, beside those of the core, over the same rows."""

from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.plugins.enabled import enable, opened
from accord.tests.plugins.installing import Site

CREATE = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId violations { code } } }"
ALL = """{ accounts { aggregates { count __typename employeeCount { sum }
  clinic { __typename beds { min max sum average __typename } cover { currency count min max sum } }
  bank { score { max } } } } }"""
SOME = """{ accounts(filter: {clinic: {beds: {gt: 4}}}) {
  aggregates { clinic { cover { currency sum } beds { sum } } } totalCount } }"""
NAMES = "{ accounts { aggregates { clinic { __typename } } } }"
BELOW = """{ accounts(filter: {name: {eq: "Up"}}) {
  nodes { children { aggregates { count clinic { beds { sum } } } } } } }"""


async def make(bench: Bench, name: str, **values: Any) -> str:
    """The id of a new account."""
    made = (await bench.ask(CREATE, input={"name": name, **values}))["createAccount"]
    assert made["violations"] == []
    return made["recordId"]


async def test_extensions_have_figures_as_the_core_has(location: str, site: Site):
    site.install("clinic")
    site.install("bank")
    await enable(location, "bank", "clinic")
    async with opened(location, "bank", "clinic") as bench:
        up = await make(
            bench, "Up", employeeCount=3, clinic={"beds": 4, "cover": {"amount": "10.50", "currency": "EUR"}}
        )
        cover = {"amount": "0.25", "currency": "EUR"}
        await make(bench, "Down", parentId=up, clinic={"beds": 9, "cover": cover}, bank={"score": 7})
        await make(bench, "Other", clinic={"cover": {"amount": "5", "currency": "JPY"}})
        with_figures = (await bench.ask(ALL))["accounts"]["aggregates"]
        assert with_figures == {
            "count": 3,
            "__typename": "AccountAggregates",
            "employeeCount": {"sum": "3"},
            "clinic": {
                "__typename": "ClinicAccountAggregates",
                "beds": {"min": 0, "max": 9, "sum": "13", "average": "4.3333", "__typename": "IntAggregates"},
                "cover": [
                    {"currency": "EUR", "count": 2, "min": "0.25", "max": "10.50", "sum": "10.75"},
                    {"currency": "JPY", "count": 1, "min": "5", "max": "5", "sum": "5"},
                ],
            },
            "bank": {"score": {"max": 7}},
        }
        with bench.counted() as heard:
            assert (await bench.ask(SOME))["accounts"] == {
                "aggregates": {"clinic": {"cover": [{"currency": "EUR", "sum": "0.25"}], "beds": {"sum": "9"}}},
                "totalCount": 1,
            }
        assert len(heard) == 1
        assert (await bench.ask(NAMES))["accounts"]["aggregates"] == {
            "clinic": {"__typename": "ClinicAccountAggregates"}
        }
        [node] = (await bench.ask(BELOW))["accounts"]["nodes"]
        assert node["children"]["aggregates"] == {"count": 1, "clinic": {"beds": {"sum": "9"}}}
