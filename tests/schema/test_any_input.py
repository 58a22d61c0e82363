"""Any text and any JSON, wherever the schema takes some: an answer or an error with a code, and never an incident."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
)
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from accord.tests.accord_fixture import Bench, CoreDatabases, core_schema, open_bench

TEXTUAL = {"String", "ID", "DateTime", "Date", "Decimal"}
TOGETHER = 40  # positions that one document tries
NAUGHTY = ("", "\0", "\ud800", "'\"\\ ${}?1--;%_")
SETTINGS = settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


@dataclass(frozen=True, kw_only=True)
class Position:
    """A place in the arguments of a root field that takes text: `before` and `after` are what stands around it."""

    field: str
    before: str
    after: str
    type: str
    is_list: bool


def positions() -> Iterator[Position]:
    """Every place that takes text, those in relations of a few records alone."""
    query = core_schema().core.query_type
    assert query is not None
    for name, field in query.fields.items():
        for argument, one in field.args.items():
            for before, after, type_ in _texts(one.type, 1 if name in {"accounts", "addresses"} else 0):
                selection = "{ totalCount }" if "first" in field.args else "{ id }"
                yield Position(
                    field=name,
                    before=f"{name}({argument}: {before}",
                    after=f"{after}) {selection}",
                    type=str(GraphQLNonNull(get_nullable_type(type_))),
                    is_list=isinstance(get_nullable_type(type_), GraphQLList),
                )


def _texts(type_: GraphQLInputType, hops: int) -> Iterator[tuple[str, str, GraphQLInputType]]:
    named = get_named_type(type_)
    if isinstance(named, GraphQLScalarType) and named.name in TEXTUAL:
        yield "", "", type_
    if not isinstance(named, GraphQLInputObjectType):
        return
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        if name in {"and", "or", "not"} or (inner.name.endswith("Filter") and _is_relation(inner) and not hops):
            continue
        further = hops - 1 if inner.name.endswith("Filter") and _is_relation(inner) else hops
        needed = "".join(
            f", {other}: {_some(one.type)}"
            for other, one in named.fields.items()
            if other != name and isinstance(one.type, GraphQLNonNull)
        )
        for before, after, leaf in _texts(field.type, further):
            yield f"{{{name}: {before}", f"{after}{needed}}}", leaf


def _is_relation(type_: Any) -> bool:
    return "and" in type_.fields or "some" in type_.fields


def _some(type_: GraphQLInputType) -> str:
    named = get_named_type(type_)
    return next(iter(named.values)) if isinstance(named, GraphQLEnumType) else '"EUR"'


POSITIONS = tuple(positions())


def document(tried: Sequence[Position]) -> str:
    """A document with a root field for each position, and a variable in each."""
    variables = ", ".join(f"$v{place}: {one.type}" for place, one in enumerate(tried))
    fields = " ".join(f"f{place}: {one.before}$v{place}{one.after}" for place, one in enumerate(tried))
    return f"query ({variables}) {{ {fields} }}"


def given_for(position: Position, text: str) -> Any:
    """The text, or a list with it."""
    return [text, "x"] if position.is_list else text


@pytest.fixture(scope="module")
def shared(loop: asyncio.Runner, core_databases: CoreDatabases) -> Iterator[Bench]:
    """An Accord with a few records, for tests that only read."""
    opened = open_bench(core_databases.new(), is_migrated=True)
    bench = loop.run(opened.__aenter__())
    created = """mutation { createAccount(input: {name: "Kestrel", annualRevenue: {amount: "1", currency: "EUR"},
      addresses: [{city: "Wien", country: {code: "AT"}}], contacts: [{familyName: "Abel"}]}) { recordId } }"""
    assert loop.run(bench.ask(created))["createAccount"]["recordId"]
    yield bench
    loop.run(opened.__aexit__(None, None, None))


async def check(bench: Bench, query: str, variables: dict[str, Any]) -> None:
    """Run a document: whatever is wrong with it is said with a code that is not that of a bug, in few words."""
    answer = (await bench.run(query, **variables)).decoded()
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL_ERROR", (query, variables, error)
        assert len(error["message"]) < 2_100


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_no_text_anywhere_is_an_incident(loop: asyncio.Runner, shared: Bench, text: str) -> None:
    assert len(POSITIONS) > 1_000
    for start in range(0, len(POSITIONS), TOGETHER):
        tried = POSITIONS[start : start + TOGETHER]
        variables = {f"v{place}": given_for(one, text) for place, one in enumerate(tried)}
        loop.run(check(shared, document(tried), variables))


TEXTS = st.sampled_from(("1e999999999", "acc_", "2026-02-30", "ﷺ" * 5_000)) | st.text(
    st.characters(exclude_categories=()), max_size=40
)


@SETTINGS
@given(position=st.sampled_from(POSITIONS), text=TEXTS)
def test_no_text_at_all_is_an_incident(loop: asyncio.Runner, shared: Bench, position: Position, text: str) -> None:
    loop.run(check(shared, document([position]), {"v0": given_for(position, text)}))


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
)
NAMES = st.sampled_from(
    [
        "and",
        "or",
        "not",
        "name",
        "kind",
        "parent",
        "parentId",
        "contacts",
        "addresses",
        "country",
        "postal",
        "roles",
        "id",
        "annualRevenue",
        "employeeCount",
        "createdAt",
        "some",
        "every",
        "none",
        "anyOf",
        "allOf",
        "eq",
        "ne",
        "in",
        "lt",
        "startsWith",
        "eqIgnoreCase",
        "isNull",
        "has",
        "amount",
        "currency",
        "code",
        "ASC",
        "nobody",
    ]
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
WHOLE = (
    "query ($v: AccountFilter) { accounts(filter: $v) { totalCount } }",
    "query ($v: AddressFilter) { accounts { nodes { addresses(filter: $v) { totalCount } } } }",
    "query ($v: AccountContactFilter) { accounts { nodes { contacts(through: $v) { totalCount } } } }",
    "query ($v: [AccountOrder!]) { accounts(orderBy: $v) { nodes { id } } }",
    "query ($v: AccountKey) { account(by: $v) { id } }",
    "query ($v: [ID!]!) { nodes(ids: $v) { id } }",
    "query ($v: Int) { accounts(first: $v) { nodes { id } } }",
    "query ($v: String) { accounts(before: $v) { nodes { id } } }",
)


@SETTINGS
@given(query=st.sampled_from(WHOLE), value=ANYTHING)
@example(query=WHOLE[0], value={"or": []})
@example(query=WHOLE[0], value={"contacts": {"allOf": []}})
@example(query=WHOLE[3], value=[])
@example(query=WHOLE[5], value=[])
def test_no_json_is_an_incident(loop: asyncio.Runner, shared: Bench, query: str, value: Any) -> None:
    loop.run(check(shared, query, {"v": value}))


@SETTINGS
@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
@example(text="{ accounts(first: 1e400) { totalCount } }")
@example(text='{ accounts(filter: {name: {eq: """\\""" """}}) { totalCount } }')
@example(text="query ($v: [ID!]! = []) { nodes(ids: $v) { id } }")
@example(text="{ ...F } fragment F on Query { ...F }")
@example(text="fragment F on Query { __typename }")
@example(text="subscription { __typename }")
@example(text="{ accounts { __typename @include(if: $none) } }")
@example(text="{ __schema { types { name } } accounts(first: 0) { totalCount } }")
def test_no_document_is_an_incident(loop: asyncio.Runner, shared: Bench, text: str) -> None:
    loop.run(check(shared, text, {}))
