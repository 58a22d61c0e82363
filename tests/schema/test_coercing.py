"""Variables are coerced as graphql-core does it; what is wrong is left to it."""

from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, get_variable_values, parse
from graphql.execution.values import VariableValues

from accord.config.composition import core_catalogue
from accord.schema.building import build_schema
from accord.schema.coercing import Coercer


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(core_catalogue(), name=lambda: "x").core


def both(schema: GraphQLSchema, variables: str, given: dict[str, Any]) -> tuple[VariableValues | None, Any]:
    """What the coercer makes of variables, and what graphql-core does."""
    document = parse(f"query ({variables}) {{ __typename }}")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    coercer = Coercer(schema)
    nodes = operation.variable_definitions or ()
    return coercer.coerced(coercer.variables(nodes), given), get_variable_values(schema, nodes, given)


@pytest.mark.parametrize(
    ("variables", "given"),
    [
        ("$first: Int!", {"first": 5}),
        ("$first: Int, $after: String", {"after": None}),
        ("$ids: [ID!]!", {"ids": ["a", "b"]}),
        ("$order: [AccountOrder!]", {"order": [{"name": "ASC"}, {"createdAt": "DESC"}]}),
        ("$filter: AccountFilter", {"filter": {"or": [{"name": {"eq": "A"}}, {"not": {"industry": {"eq": None}}}]}}),
        ("$by: AccountKey", {"by": {"number": "A-1"}}),
        (
            "$input: CreateAccountInput!",
            {
                "input": {
                    "contacts": [{"familyName": "Kaya", "isPrimary": True}],
                    "name": "Kaya",
                    "addresses": [{"country": {"code": "DE"}, "city": "Celle", "streetLines": ["Gasse 1"]}],
                    "annualRevenue": {"currency": "EUR", "amount": "12.50"},
                    "kind": "BUSINESS",
                }
            },
        ),
    ],
)
def test_right_values_are_coerced_alike_and_in_the_same_order(
    schema: GraphQLSchema, variables: str, given: dict[str, Any]
) -> None:
    found, expected = both(schema, variables, given)
    assert found is not None
    assert repr(found.coerced) == repr(expected.coerced)
    assert repr(found.sources) == repr(expected.sources)


@pytest.mark.parametrize(
    ("variables", "given"),
    [
        ("$first: Int!", {}),
        ("$first: Int!", {"first": None}),
        ("$first: Int!", {"first": "5"}),
        ("$first: Int = 5", {}),
        ("$ids: [ID!]!", {"ids": "a"}),
        ("$ids: [ID!]!", {"ids": ["a", None]}),
        ("$by: AccountKey", {"by": {}}),
        ("$by: AccountKey", {"by": {"number": None}}),
        ("$by: AccountKey", {"by": {"number": "A-1", "id": "x"}}),
        ("$input: CreateAccountInput!", {"input": {"name": "A", "nothing": 1}}),
        ("$input: CreateAccountInput!", {"input": {"kind": "NOTHING"}}),
        ("$input: CreateAccountInput!", {"input": [1]}),
    ],
)
def test_what_may_be_wrong_is_left_to_graphql_core(
    schema: GraphQLSchema, variables: str, given: dict[str, Any]
) -> None:
    found, _ = both(schema, variables, given)
    assert found is None


def test_values_that_are_nested_too_deeply_are_left_to_graphql_core(schema: GraphQLSchema) -> None:
    deep: dict[str, Any] = {"name": {"eq": "A"}}
    for _ in range(60):
        deep = {"not": deep}
    found, _ = both(schema, "$filter: AccountFilter", {"filter": deep})
    assert found is None
