"""What an operator may close: introspection, suggestions, and every document but the trusted ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationType, get_introspection_query

from accord.config.settings import SettingsInvalid
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Refused, Request
from accord.tests.accord_fixture import Bench
from accord.tests.schema.limited import Limited, embedded_databases, limited, only
from accord.tests.schema.writes import make

__all__ = ["embedded_databases", "limited"]  # fixtures

CALLER = Caller(actor=SYSTEM_ACTOR, request="test")


# introspection -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        get_introspection_query(),
        "{ __schema { types { name } } }",
        '{ __type(name: "Account") { name } }',
        "{ innocent: __schema { types { name } } }",
        '{ ...F } fragment F on Query { ... { t: __type(name: "Account") { name } } }',
        "{ accounts { totalCount } ...F } fragment F on Query { ...G } fragment G on Query { __schema { __typename } }",
        "query A { __typename } query B { __schema { types { name } } }",
    ],
)
async def test_introspection_can_be_switched_off(limited: Limited, document: str) -> None:
    async with limited(introspection=False) as bench:
        with bench.counted() as statements:
            (error,) = await bench.errors(document)
        assert error["extensions"] == {"code": "INTROSPECTION_OFF"}
        assert "Account" not in error["message"]
        assert statements == []


async def test_names_of_types_stay_when_introspection_is_off(limited: Limited) -> None:
    async with limited(introspection=False) as bench:
        found = await bench.ask("{ __typename a: __typename accounts { __typename nodes { __typename } } }")
    assert found == {"__typename": "Query", "a": "Query", "accounts": {"__typename": "AccountConnection", "nodes": []}}


async def test_introspection_is_answered_anew_for_other_variables_and_beside_reads(bench: Bench) -> None:
    by_name = "query ($name: String!) { __type(name: $name) { name } }"
    for name in ("Account", "Contact"):
        assert await bench.ask(by_name, name=name) == {"__type": {"name": name}}
    beside = '{ __type(name: "Account") { name } accounts { totalCount } }'
    assert (await bench.ask(beside))["accounts"] == {"totalCount": 0}
    await make(bench, "Account", name="A")
    assert (await bench.ask(beside))["accounts"] == {"totalCount": 1}
    two = 'query A { __type(name: "Account") { name } } query B { __type(name: "Contact") { name } }'
    for _ in range(2):
        for name, type_ in (("A", "Account"), ("B", "Contact")):
            result = await bench.accord.service.run(Request(query=two, operation_name=name), CALLER)
            assert result.decoded()["data"] == {"__type": {"name": type_}}


# suggestions -------------------------------------------------------------------------------------------------------


MISSPELT: list[tuple[str, dict[str, Any]]] = [
    ("{ acounts { totalCount } }", {}),
    ("{ accounts { nodes { nam } } }", {}),
    ("{ accounts(firs: 1) { totalCount } }", {}),
    ("{ accounts(filter: {nam: {eq: 1}}) { totalCount } }", {}),
    ("{ accounts(filter: {kind: {eq: BUSINES}}) { totalCount } }", {}),
    ("{ accounts { nodes { ... on Acount { id } } } }", {}),
    ("query ($f: AcountFilter) { accounts(filter: $f) { totalCount } }", {}),
    ('mutation { creatAccount(input: {name: "A"}) { id } }', {}),
    ('mutation { createAccount(input: {nam: "A"}) { recordId } }', {}),
    ("subscription { change { id } }", {}),
    ("{ __typename @includ(if: true) }", {}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"nam": {"eq": "A"}}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"kind": {"eq": "BUSINES"}}}),
    ("query ($k: AccountKey!) { account(by: $k) { id } }", {"k": {"numbr": "1"}}),
    ("mutation ($i: CreateAccountInput!) { createAccount(input: $i) { recordId } }", {"i": {"nam": "A"}}),
]


@pytest.mark.parametrize(("document", "variables"), MISSPELT)
async def test_suggestions_can_be_switched_off(limited: Limited, document: str, variables: dict[str, Any]) -> None:
    async with limited(suggestions=False) as bench:
        hidden = json.dumps(await bench.errors(document, **variables))
    assert "mean" not in hidden
    async with limited() as bench:
        shown = json.dumps(await bench.errors(document, **variables))
    assert len(shown) >= len(hidden)


async def test_suggestions_are_made_unless_they_are_off(bench: Bench) -> None:
    shown = [json.dumps(await bench.errors(document, **variables)) for document, variables in MISSPELT]
    assert sum("Did you mean" in text for text in shown) >= 12


async def test_a_wrong_name_in_an_argument_lists_no_others(limited: Limited) -> None:
    async with limited(suggestions=False) as bench:
        request = Request(query='subscription { changes(types: ["Acount"]) { recordId } }')
        results = bench.accord.service.subscribe(request, CALLER)
        (error,) = (await anext(results)).decoded()["errors"]
        await results.aclose()
    assert error["extensions"]["code"] == "INVALID_TYPE"
    assert "Contact" not in error["message"]


# trusted documents -------------------------------------------------------------------------------------------------


COUNT = "{ accounts { totalCount } }"
LISTEN = 'subscription { changes(types: ["Account"]) { kind } }'


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    file = tmp_path / "trusted.json"
    file.write_text(json.dumps({"count": COUNT, "listen": LISTEN, "wrong": "{ acounts { totalCount } }"}), "utf-8")
    return file


async def test_only_trusted_documents_are_run(limited: Limited, trusted: Path) -> None:
    async with limited(trusted_documents=trusted) as bench:
        service = bench.accord.service
        for request in (Request(query=COUNT), Request(query=None, document_id="count")):
            assert (await service.run(request, CALLER)).decoded()["data"] == {"accounts": {"totalCount": 0}}
            assert service.operation_type(request) is OperationType.QUERY
        for request in (
            Request(query=f"{COUNT} "),
            Request(query="{ __typename }"),
            Request(query="{"),
            Request(query=get_introspection_query()),
            Request(query=None, document_id="other"),
            Request(query="{ __typename }", document_id="count"),
        ):
            with bench.counted() as statements:
                answer = (await service.run(request, CALLER)).decoded()
            assert only(answer["errors"]) == {"code": "UNTRUSTED_DOCUMENT"}
            assert "data" not in answer
            assert statements == []


async def test_only_trusted_documents_are_listened_to(limited: Limited, trusted: Path) -> None:
    async with limited(trusted_documents=trusted) as bench:
        service = bench.accord.service
        with pytest.raises(Refused) as refused:
            await anext(service.subscribe(Request(query="subscription { changes { kind } }"), CALLER))
        assert only(refused.value.result.decoded()["errors"]) == {"code": "UNTRUSTED_DOCUMENT"}
        assert service.operation_type(Request(query=None, document_id="listen")) is OperationType.SUBSCRIPTION


async def test_a_trusted_document_is_checked_like_any_other(limited: Limited, trusted: Path) -> None:
    async with limited(trusted_documents=trusted) as bench:
        answer = (await bench.accord.service.run(Request(query=None, document_id="wrong"), CALLER)).decoded()
        assert only(answer["errors"])["code"] == "VALIDATION_ERROR"


async def test_trusted_documents_that_can_not_be_run_are_named_at_the_start(
    limited: Limited, trusted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with limited(trusted_documents=trusted):
        warnings = [record.getMessage() for record in caplog.records if record.name == "accord.settings"]
    assert warnings == [
        "trusted_documents: wrong is never run: Cannot query field 'acounts' on type 'Query'. Did you mean 'accounts' "
        "or 'account'?"
    ]


async def test_an_id_means_nothing_where_no_documents_are_kept(bench: Bench) -> None:
    answer = (await bench.accord.service.run(Request(query=None, document_id="count"), CALLER)).decoded()
    assert only(answer["errors"]) == {"code": "UNKNOWN_DOCUMENT"}


@pytest.mark.parametrize("content", [None, "", "[]", '["{ __typename }"]', '{"a": 1}', "{"])
async def test_a_file_that_holds_no_documents_refuses_the_start(
    limited: Limited, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "trusted.json"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(SettingsInvalid, match=r"trusted_documents: .*trusted\.json"):
        async with limited(trusted_documents=file):
            pass
