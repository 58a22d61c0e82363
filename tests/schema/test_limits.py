"""Limits of documents: each just kept and just broken, measured in linear time, the same over every transport."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import DefinitionNode, DocumentNode, FragmentDefinitionNode, SelectionNode, get_introspection_query, parse

from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Refused, Request
from accord.schema.limits import Limits, exceeded, sizes
from accord.tests.accord_fixture import Bench
from accord.tests.schema.asgi_clients import connected, http_client, serving, streaming
from accord.tests.schema.limited import Limited, embedded_databases, kept_and_broken, limited, only
from accord.tests.schema.writes import make

__all__ = ["embedded_databases", "limited"]  # fixtures

TOO_LARGE = "DOCUMENT_TOO_LARGE"
PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
EXAMPLES = Path(__file__).parents[2] / "schema" / "graphiql" / "examples.graphql"


def caller() -> Caller:
    return Caller(actor=SYSTEM_ACTOR, request="test")


# each limit --------------------------------------------------------------------------------------------------------


async def test_tokens_are_counted(limited: Limited) -> None:
    async with limited(limit_tokens=100) as bench:
        within, beyond = (
            "{ accounts(filter: {name: {in: [" + '"A" ' * names + "]}}) { totalCount } }" for names in (80, 81)
        )
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="tokens", allowed=100)
        for padded in ("#\n" * 101 + "{ __typename }", "{ __typename(" + "a: 1 " * 100 + ") }"):
            assert only(await bench.errors(padded))["limit"] == "tokens"


async def test_depth_is_counted_through_fragments(limited: Limited) -> None:
    async with limited(limit_depth=4) as bench:
        within = "{ accounts { nodes { ...A } } } fragment A on Account { parent { ... on Account { owner { id } } } }"
        beyond = within.replace("owner { id }", "owner { createdBy { id } }")
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="depth", allowed=4)
        assert only(await bench.errors(beyond.replace("{ id }", "{ __typename }")))["limit"] == "depth"


async def test_fields_are_counted_with_fragments_written_out(limited: Limited) -> None:
    async with limited(limit_fields=10) as bench:
        fragment = "fragment A on Account { id name kind } "
        within = "{ a: accounts { nodes { ...A } } b: accounts { nodes { ...A } } } " + fragment
        beyond = within.replace("kind", "kind status")
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="fields", allowed=10)


async def test_aliases_are_counted_with_fragments_written_out(limited: Limited) -> None:
    async with limited(limit_aliases=4) as bench:
        within = "{ a: accounts { nodes { ...A } } b: accounts { nodes { ...A } } } fragment A on Account { n: name }"
        beyond = within.replace("n: name", "n: name k: kind")
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="aliases", allowed=4)


async def test_directives_are_counted_wherever_they_stand(limited: Limited) -> None:
    async with limited(limit_directives=4) as bench:
        within = """{ accounts @include(if: true) { nodes { ...A @skip(if: false) ... @include(if: true) { id } } } }
          fragment A on Account { name @include(if: true) }"""
        beyond = within.replace("{ id }", "{ id @skip(if: false) }")
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="directives", allowed=4)


async def test_introspection_can_not_be_multiplied(limited: Limited) -> None:
    async with limited() as bench:
        within = '{ __schema { queryType { name } } a: __type(name: "Account") { b: name } }'
        for more in ('c: __type(name: "Contact") { name }', "...C"):
            beyond = f'{within[:-1]} {more} }} fragment C on Query {{ c: __type(name: "Contact") {{ name }} }}'
            if "..." not in more:
                beyond = beyond.partition(" fragment")[0]
            await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="introspections", allowed=3)
        within_fragment = "{ __schema { types { ...T } } } fragment T on __Type { a: name b: name c: name }"
        assert only(await bench.errors(within_fragment))["limit"] == "introspections"


async def test_the_deepest_document_runs_on_each_database(bench: Bench) -> None:
    names = ["1", "2", "3", "4", "5"]
    parent = None
    for name in names:
        parent = await make(bench, "Account", name=name, parentId=parent)
    rows = "name"
    for _ in names[1:]:
        rows = f"name children(first: 1) {{ edges {{ node {{ {rows} }} }} }}"
    document = f"{{ accounts(first: 1) {{ edges {{ node {{ {rows} }} }} }} }}"
    (size,) = sizes(parse(document))
    assert size.depth == Limits().depth
    node = {"children": (await bench.ask(document))["accounts"]}
    for name in names:
        node = node["children"]["edges"][0]["node"]
        assert node["name"] == name


# linear time -------------------------------------------------------------------------------------------------------


class Walked(tuple[SelectionNode, ...]):
    """Selections that count how often they are gone through."""

    times = 0

    def __iter__(self) -> Iterator[SelectionNode]:
        self.times += 1
        return super().__iter__()


def doubling(levels: int, type_: str = "Query") -> str:
    """A short document that is two to the power of `levels` long when its fragments are written out."""
    fragments = " ".join(f"fragment F{n} on {type_} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"query {{ ...F0 }} {fragments} fragment F{levels} on {type_} {{ __typename }}"


def walked(text: str) -> tuple[DocumentNode, list[Walked]]:
    """A document, and the selections of its fragments, which count."""
    document, found, definitions = parse(text), list[Walked](), list[DefinitionNode]()
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            found.append(Walked(node.selection_set.selections))
            node = replace(node, selection_set=replace(node.selection_set, selections=found[-1]))
        definitions.append(node)
    return replace(document, definitions=tuple(definitions)), found


@pytest.mark.parametrize("levels", [22, 40])
async def test_fragments_that_double_are_refused_after_one_look_at_each(bench: Bench, levels: int) -> None:
    document, fragments = walked(doubling(levels))
    error = exceeded(document, Limits())
    assert error is not None
    assert error.extensions == {"code": TOO_LARGE, "limit": "fields", "allowed": 2_000}
    assert [fragment.times for fragment in fragments] == [1] * (levels + 1)
    assert only(await bench.errors(doubling(levels))) == error.extensions


def test_fragments_are_measured_once_for_all_operations() -> None:
    text = " ".join(f"query Q{n} {{ ...F0 }}" for n in range(50))
    document, fragments = walked(f"{text} {doubling(8).partition('}')[2]}")
    assert [size.fields for size in sizes(document)] == [2**8] * 50
    assert [fragment.times for fragment in fragments] == [1] * 9


async def test_a_long_chain_of_fragments_is_an_answer_and_no_fault(bench: Bench) -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(500))
    errors = await bench.errors(f"{{ ...F0 }} {chain} fragment F500 on Query {{ __typename }}")
    assert [error["extensions"]["code"] for error in errors] == [TOO_LARGE]


@pytest.mark.parametrize(
    "document",
    [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { ...G ...G } fragment G on Query { ...F ...F __typename }",
        "{ ...Missing }",
        "{ accounts { nodes { ...F } } } fragment F on Account { name ...Missing }",
    ],
)
async def test_cycles_and_missing_fragments_are_left_to_validation(bench: Bench, document: str) -> None:
    errors = await bench.errors(document)
    assert {error["extensions"]["code"] for error in errors} == {"VALIDATION_ERROR"}
    assert all("fragment" in error["message"] for error in errors)


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{ " + "__typename " * 100_000 + "!", "tokens"),
        ("{ accounts(filter: " + "{not: " * 1_000 + "{}" + "}" * 1_000 + ") { totalCount } }", "depth"),
        ("{ nodes(ids: " + "[" * 1_000 + "]" * 1_000 + ") { id } }", "depth"),
        ("{ a " * 1_000 + "}" * 1_000, "depth"),
        ("query ($n: " + "[" * 1_000 + "Int" + "]" * 1_000 + ") { __typename }", "depth"),
    ],
)
async def test_reading_stops_where_a_document_gets_too_large(bench: Bench, document: str, limit: str) -> None:
    assert only(await bench.errors(document))["limit"] == limit


@pytest.mark.parametrize(
    "pattern",
    [
        "{ accounts { nodes { <id> } } }",
        "{ <accounts { nodes { id } }> }",
        "{ <... on Query { accounts { totalCount } }> }",
        "{ <accounts { ...C }> } fragment C on AccountConnection { totalCount }",
        "{ __schema { types { ...T ...T } } } fragment T on __Type { <name> }",
    ],
)
async def test_a_field_may_stand_fifty_times_in_one_place(limited: Limited, pattern: str) -> None:
    head, part, tail = re.split("<(.*)>", pattern)
    within, beyond = (head + f"{part} " * count + tail for count in (50, 51))
    async with limited() as bench:
        await kept_and_broken(bench, within, beyond, code=TOO_LARGE, limit="repeats", allowed=50)


async def test_a_fragment_within_itself_is_left_to_validation_however_it_is_nested(bench: Bench) -> None:
    nested = "{ accounts { nodes { ...F } } } fragment F on Account { parent { ...F } owner { id } }"
    assert [error["extensions"]["code"] for error in await bench.errors(nested)] == ["VALIDATION_ERROR"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('{ account(id: "' + "x" * 1_000_000 + '") { id } }', "INVALID_ID"),
        ('{ account(id: """' + "x\n" * 100_000 + '""") { id } }', "INVALID_ID"),
        ("{ accounts(first: " + "9" * 1_000_000 + ") { totalCount } }", "VALIDATION_ERROR"),
        ("{ " + "a" * 1_000_000 + " }", "VALIDATION_ERROR"),
    ],
)
async def test_a_word_may_be_long(bench: Bench, document: str, code: str) -> None:
    (error,) = await bench.errors(document)
    assert error["extensions"]["code"] == code
    assert len(error["message"]) < 500


# errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize(
    "document",
    [
        "{ a b c d e }",
        "query ($a: Int!, $b: Int!, $c: Int!, $d: Int!) { a: accounts(first: $a, last: $b) { totalCount } "
        "b: accounts(first: $c, last: $d) { totalCount } }",
        "{ " + " ".join(f"a{n}: accounts(first: 0) {{ totalCount }}" for n in range(5)) + " }",
    ],
    ids=["of the document", "of variables", "of running"],
)
async def test_an_answer_has_so_many_errors_and_no_more(limited: Limited, document: str, limit: int) -> None:
    async with limited(limit_errors=limit) as bench:
        assert len(await bench.errors(document)) == limit
    async with limited() as bench:
        assert len(await bench.errors(document)) in {4, 5}


async def test_the_last_error_says_that_there_are_more(limited: Limited) -> None:
    async with limited(limit_errors=3) as bench:
        errors = await bench.errors("{ a b c d e }")
    assert [error["message"].partition(" ")[0] for error in errors] == ["Cannot", "Cannot", "Too"]


# what passes -------------------------------------------------------------------------------------------------------


async def test_the_defaults_leave_room_for_what_clients_ask(bench: Bench) -> None:
    full = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    schema = (await bench.ask(full))["__schema"]
    assert {"Account", "Mutation"} < {type_["name"] for type_ in schema["types"]}
    for example in EXAMPLES.read_text("utf-8").split("# ----"):
        await bench.ask(example)


def test_the_settings_and_the_page_about_limits_tell_the_defaults() -> None:
    found = re.findall(r"`limit_(\w+)`(?: \| | is )([\d,]+)", PAGE.read_text("utf-8"))
    told = {name: int(value.replace(",", "")) for name, value in found}
    assert sorted(told) == ["aliases", "cost", "depth", "directives", "errors", "fields", "tokens"]
    assert told == {name: getattr(Settings(), f"limit_{name}") for name in told}
    assert told == {name: getattr(Limits(), name) for name in told}


async def test_the_example_of_the_page_about_limits_costs_what_it_says(bench: Bench) -> None:
    (example,) = re.findall(r"```graphql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    answer = (await bench.run(example)).decoded()
    assert answer["extensions"]["cost"] == {"requested": 6_050, "limit": 50_000}


# the other transports ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (doubling(22), {"code": TOO_LARGE, "limit": "fields", "allowed": 2_000}),
        (
            "subscription { changes { ...F0 } } " + doubling(22, "Change").partition("}")[2],
            {"code": TOO_LARGE, "limit": "fields", "allowed": 2_000},
        ),
        (
            "subscription { changes { node { ... on Account { contacts(first: 100) { nodes {"
            " addresses(first: 100) { nodes { contacts(first: 100) { nodes { id } } } } } } } } } }",
            {"code": "COST_EXCEEDED"},
        ),
    ],
)
async def test_streams_keep_the_same_limits(tmp_path: Path, document: str, error: dict[str, Any]) -> None:
    async with serving(tmp_path) as app:
        async with connected(app) as socket:
            await socket.send({"id": "1", "type": "subscribe", "payload": {"query": document}})
            message = await socket.receive()
            assert (message["type"], only(message["payload"])) == ("error", error)
        async with streaming(app, {"accept": "text/event-stream"}, {"query": document}) as stream:
            assert (await stream.sent.get())["status"] == 200
            (data,) = re.findall(r"^data: (.*)$", await stream.event(), re.MULTILINE)
            assert only(orjson.loads(data)["errors"]) == error
        async with http_client(app) as client:
            answer = await client.post("/graphql", json={"query": document})
            expected = {"code": "NO_STREAM"} if error["code"] == "COST_EXCEEDED" else error
            assert only(answer.json()["errors"]) == expected


async def test_a_subscription_costs_what_one_change_may_bring_along(limited: Limited) -> None:
    async with limited(limit_cost=100) as bench:
        document = """subscription { changes { cursor a: node { id }
          b: node { ... on Account { contacts(first: 99) { nodes { id } } } } } }"""
        results = bench.accord.service.subscribe(Request(query=document), caller())
        with pytest.raises(Refused) as refused:
            await anext(results)
        answer = refused.value.result.decoded()
        assert only(answer["errors"]) == {"code": "COST_EXCEEDED"}
        assert answer["extensions"]["cost"] == {"requested": 101, "limit": 100}
