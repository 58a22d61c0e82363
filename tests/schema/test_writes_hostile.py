"""Hostile writes: whatever stands in an input, the answer says what is wrong with it, and nothing fails inside."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
)

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import VIOLATIONS, bulk, make

TEXTS = (
    "",
    " ",
    "x",
    "VIP",
    "\x00",
    "a\nb",
    "\u2028",
    "x" * 5_000,
    "'; drop table account; --",
    '{"a": 1}',
    "😀 ünï",
    "\u202e",
    "NaN",
    "-0",
    "1e999",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01T00:00:00+23:59",
    "de",
    "DE",
    "EUR",
    "+4930901820",
    "a@example.com",
    "www.example.com",
    "(((",
    "#12345g",
)
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31))
FILTERS: tuple[Any, ...] = (None, 1, "x", [], {}, {"title": {"eq": "x"}}, {"and": [{"x": 1}]}, [[[]]], 1e308, {"": {}})


class Inputs:
    """Makes inputs of any type, most of them wrong in some place."""

    def __init__(self, seed: str, ids: list[str]) -> None:
        self.random = random.Random(seed)
        self.ids = [
            *ids,
            "",
            "acc_",
            "x",
            ids[0].upper(),
            ids[0][:-1] + "g",
            "con_00000000-0000-7000-8000-00000000ffff",
        ]

    def value(self, type_: Any, depth: int) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self.some(type_.of_type, depth)
        return None if self.random.random() < 0.1 else self.some(type_, depth)

    def some(self, type_: Any, depth: int) -> Any:
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, depth) for _ in range(self.random.choice((0, 1, 1, 2)))]
        if isinstance(type_, GraphQLInputObjectType):
            return self.object(type_, depth)
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        match type_.name:
            case "ID":
                return self.random.choice(self.ids)
            case "Int":
                return self.random.choice(NUMBERS)
            case "Boolean":
                return self.random.random() < 0.5
            case "JSON":
                return self.random.choice(FILTERS)
            case _:
                return self.random.choice(TEXTS)

    def object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if type_.is_one_of:
            name = self.random.choice(list(type_.fields))
            return {name: self.some(get_nullable_type(type_.fields[name].type), depth)}
        made: dict[str, Any] = {}
        for name, field in type_.fields.items():
            is_deep = isinstance(get_named_type(field.type), GraphQLInputObjectType)
            is_needed = isinstance(field.type, GraphQLNonNull)
            if is_needed or (self.random.random() < 0.4 and (depth > 0 or not is_deep)):
                made[name] = self.value(field.type, depth - is_deep)
        return made


def documents(bench: Bench, inputs: Inputs) -> Iterator[tuple[str, dict[str, Any]]]:
    """One document for each mutation, with arguments made for it."""
    mutation = bench.accord.schema.core.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        given = {
            argument: inputs.value(declared.type, 3)
            for argument, declared in field.args.items()
            if argument not in {"atomic", "dryRun"}
        }
        given |= {"atomic": inputs.random.random() < 0.5} if "atomic" in field.args else {}
        declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in given)
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        yield f"mutation ({declared}) {{ {name}({passed}) {{ {VIOLATIONS} }} }}", given


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_that_stands_in_an_input_makes_a_write_fail(bench: Bench, seed: int) -> None:
    contact = await make(bench, "Contact", familyName="C")
    account = await make(bench, "Account", name="A", contacts=[{"id": contact}], phones=[{"number": "+4930901820"}])
    made = await bulk(bench, "createLabels", [{"name": "VIP", "scope": "ACCOUNT"}, {"name": "x", "scope": "CONTACT"}])
    address = await make(bench, "Address", city="Cork", streetLines=["X"], country={"code": "IE"})
    group = await make(bench, "ContactGroup", name="G")
    ids = [account, contact, address, group, *(result["recordId"] for result in made["results"])]
    for query, given in documents(bench, Inputs(f"{seed}", ids)):
        answer = (await bench.run(query, **given)).decoded()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert "INTERNAL_ERROR" not in codes, (query, given, answer)
        assert "CONFLICT" not in codes, (query, given, answer)
        for payload in (answer.get("data") or {}).values():
            for violation in payload["violations"] if payload else ():
                assert violation["path"][0] in {"input", "inputs", "id", "ids", "filter", "labelIds", "expectedVersion"}
                assert len(violation["message"]) < 700
