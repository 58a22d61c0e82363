"""Bad input: each mistake is an error with a code, a place and what to do, and nothing of the inside shows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.reference.mistakes import (
    ACCOUNT,
    CONTACT,
    HALF,
    NUL,
    SURROGATE,
    Case,
    Said,
    invalid,
    no_id,
    no_id_at_all,
    refused,
    said,
    variable,
)

ONLY_ONE = "exactly one field must be specified, and the value for that field must be non-null."
ONE_KEY = f"Within OneOf Input Object type 'AccountKey', {ONLY_ONE}"
BY_ID = "query ($id: ID!) { account(id: $id) { id } }"
BY_KEY = "query ($key: AccountKey) { account(by: $key) { id } }"
BY_IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
PAGE = "query ($n: Int) { accounts(first: $n) { nodes { id } } }"

IDS: Sequence[Case] = [
    ('{ account(id: "x") { id } }', {}, [no_id("account.id", "'x'")]),
    (BY_ID, {"id": CONTACT}, [no_id("account.id", f"'{CONTACT}'")]),
    (BY_ID, {"id": ACCOUNT.upper()}, [no_id("account.id", f"'{ACCOUNT.upper()}'")]),
    (BY_ID, {"id": f"{ACCOUNT}\n"}, [no_id("account.id", f"'{ACCOUNT}\n'")]),
    (BY_ID, {"id": "x" * 5000}, [no_id("account.id", f"'{'x' * 60}…' (5000 characters)")]),
    (BY_ID, {"id": HALF}, [no_id("account.id", r"'\ud800'")]),
    (
        '{ a: node(id: "") { id } b: node(id: "anc_019b76da-a800-712f-aaf0-c549d567e2fd") { id } }',
        {},
        [no_id_at_all("a.id", "''"), no_id_at_all("b.id", "'anc_019b76da-a800-712f-aaf0-c549d567e2fd'")],
    ),
    (BY_IDS, {"ids": [ACCOUNT, CONTACT[:-1]]}, [no_id_at_all("nodes.ids", f"'{CONTACT[:-1]}'")]),
    (
        BY_IDS,
        {"ids": [ACCOUNT] * 101},
        [refused("INVALID_PAGE", "nodes.ids", "101 ids are too many; 100 are allowed.")],
    ),
]
KEYS: Sequence[Case] = [
    ("{ account { id } }", {}, [("INVALID_KEY", "account", "account.id", "account: give either 'id' or 'by'.")]),
    (
        "{ account(id: null, by: null) { id } }",
        {},
        [("INVALID_KEY", "account", "account.id", "account: give either 'id' or 'by'.")],
    ),
    (
        'query ($id: ID) { account(id: $id, by: {number: "1"}) { id } }',
        {"id": ACCOUNT},
        [("INVALID_KEY", "account", "account.id", "account: give either 'id' or 'by'.")],
    ),
    (
        "{ account(by: {}) { id } }",
        {},
        [invalid("account.by", ONE_KEY)],
    ),
    (BY_KEY, {"key": {}}, [variable("$key", ONE_KEY)]),
    (
        BY_KEY,
        {"key": {"id": ACCOUNT, "number": "1"}},
        [variable("$key", ONE_KEY)],
    ),
    (
        BY_KEY,
        {"key": {"number": None}},
        [variable("$key.number", ONE_KEY)],
    ),
    (BY_KEY, {"key": {"id": CONTACT}}, [no_id("account.by.id", f"'{CONTACT}'")]),
    (
        BY_KEY,
        {"key": {"number": HALF}},
        [refused("INVALID_CHARACTER", "account.by.number", SURROGATE)],
    ),
    (
        BY_KEY,
        {"key": {"externalId": {"system": "erp", "value": "\0"}}},
        [
            refused(
                "INVALID_CHARACTER",
                "account.by.externalId.value",
                f"'\0' {NUL}",
            )
        ],
    ),
    (
        "query ($key: LabelKey) { label(by: $key) { id } }",
        {"key": {"scopeAndName": {"scope": "ACCOUNT", "name": "a\0"}}},
        [
            refused(
                "INVALID_CHARACTER",
                "label.by.scopeAndName.name",
                f"'a\0' {NUL}",
            )
        ],
    ),
]
PAGES: Sequence[Case] = [
    (
        "{ accounts(first: 0) { nodes { id } } }",
        {},
        [("INVALID_PAGE", "accounts", "accounts.first", "accounts: first is 0; pages hold 1 to 100 rows.")],
    ),
    (
        "{ accounts(first: -1) { totalCount } }",
        {},
        [("INVALID_PAGE", "accounts", "accounts.first", "accounts: first is -1; pages hold 1 to 100 rows.")],
    ),
    (
        "{ accounts(last: 101) { nodes { id } } }",
        {},
        [("INVALID_PAGE", "accounts", "accounts.last", "accounts: last is 101; pages hold 1 to 100 rows.")],
    ),
    (
        "{ accounts(first: 1, last: 1) { nodes { id } } }",
        {},
        [("INVALID_PAGE", "accounts", "accounts.last", "accounts: give first or last, not both.")],
    ),
    (
        "query ($n: Int) { accounts { nodes { all: contacts(first: $n) { nodes { id } } } } }",
        {"n": 2147483647},
        [
            (
                "INVALID_PAGE",
                "accounts",
                "accounts.nodes.all.first",
                "accounts.nodes.all: first is 2147483647; pages hold 1 to 100 rows.",
            )
        ],
    ),
    (PAGE, {"n": 2147483648}, [variable("$n", "Int cannot represent non 32-bit signed integer value: 2147483648")]),
    (PAGE, {"n": "5"}, [variable("$n", 'Int cannot represent non-integer value: "5"')]),
    (PAGE, {"n": True}, [variable("$n", "Int cannot represent non-integer value: true")]),
    (PAGE, {"n": {"of": [None, 1.5]}}, [variable("$n", 'Int cannot represent non-integer value: {"of": [null, 1.5]}')]),
    (PAGE, {"n": "9" * 300}, [variable("$n", f'Int cannot represent non-integer value: "{"9" * 59}…')]),
    (PAGE, {"n": 1.5}, [variable("$n", "Int cannot represent non-integer value: 1.5")]),
    (
        "{ accounts(first: 99999999999) { nodes { id } } }",
        {},
        [invalid("accounts.first", "Int cannot represent non 32-bit signed integer value: 99999999999")],
    ),
    (
        f"{{ accounts(first: {'1' * 5000}) {{ nodes {{ id }} }} }}",
        {},
        [invalid("accounts.first", f"Expected value of type 'Int'; found: {'1' * 60}….")],
    ),
    (
        "{ bad: accounts(first: 0) { __typename } ok: labels { totalCount } worse: contacts(last: 0) { __typename } }",
        {},
        [
            ("INVALID_PAGE", "bad", "bad.first", "bad: first is 0; pages hold 1 to 100 rows."),
            ("INVALID_PAGE", "worse", "worse.last", "worse: last is 0; pages hold 1 to 100 rows."),
        ],
    ),
]

DOCUMENTS: Sequence[Case] = [
    ("", {}, [("SYNTAX_ERROR", None, None, "Syntax Error: Unexpected <EOF>.")]),
    ("{", {}, [("SYNTAX_ERROR", None, None, "Syntax Error: Expected Name, found <EOF>.")]),
    (
        "{" + "a{" * 3000,
        {},
        [
            (
                "DOCUMENT_TOO_LARGE",
                None,
                None,
                "The document nests selections, values or types too deeply to be read: "
                "ask for less, or in several requests.",
            )
        ],
    ),
    ("{ accounts { name } }", {}, [invalid("accounts.name", "Cannot query field 'name' on type 'AccountConnection'.")]),
    (
        "query ($filter: AccountFilter!) { accounts(filter: $filter) { totalCount } }",
        {"filter": None},
        [variable("$filter", "Expected value of non-null type 'AccountFilter!' not to be null.")],
    ),
]


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [*IDS, *KEYS, *PAGES, *DOCUMENTS],
    ids=[
        f"{name}-{place}" for name in ("IDS", "KEYS", "PAGES", "DOCUMENTS") for place, _ in enumerate(globals()[name])
    ],
)
async def test_mistakes_are_told_with_code_place_and_remedy(
    small: Bench, query: str, variables: Mapping[str, Any], expected: Sequence[Said]
) -> None:
    assert said(await small.errors(query, **variables)) == list(expected)


async def test_a_field_with_a_mistake_is_null_and_its_neighbours_are_answered(small: Bench) -> None:
    query = "{ bad: accounts(first: 0) { totalCount } ok: accounts { totalCount } gone: node(id: null) { id } }"
    answer = (await small.run(query.replace("id: null", 'id: "x"'))).decoded()
    assert answer["data"] == {"bad": None, "ok": {"totalCount": 1}, "gone": None}


async def test_an_id_that_nobody_has_finds_nothing(small: Bench) -> None:
    nobody = "acc_01890000-0000-7000-8000-00000000dead"
    query = """query ($id: ID!, $ids: [ID!]!) { account(id: $id) { id } node(id: $id) { id } nodes(ids: $ids) { id }
      account2: account(by: {number: "none"}) { id } accounts(filter: {parentId: {eq: $id}}) { totalCount } }"""
    assert await small.ask(query, id=nobody, ids=[nobody, ACCOUNT, nobody]) == {
        "account": None,
        "node": None,
        "nodes": [None, {"id": ACCOUNT}, None],
        "account2": None,
        "accounts": {"totalCount": 0},
    }


NO_CURSOR = "This is no cursor of this API; use endCursor or startCursor of a page you have read."
OTHER_ORDER = "The cursor comes from a list in another order or of other records; page on with the same orderBy."


def cursor_of(*values: Any) -> str:
    """A cursor with these values in it."""
    return json.dumps(values).encode().hex()


async def test_damaged_and_foreign_cursors_are_refused(small: Bench) -> None:
    query = """{ accounts { edges { cursor } } named: accounts(orderBy: [{name: ASC}]) { edges { cursor } }
      contacts { edges { cursor } } dear: accounts(orderBy: [{annualRevenue: ASC}]) { edges { cursor } } }"""
    own, named, other, dear = [page["edges"][0]["cursor"] for page in (await small.ask(query)).values()]
    signature, id_ = orjson.loads(bytes.fromhex(own))
    dear_signature, *_ = orjson.loads(bytes.fromhex(dear))
    naughty = ["", "x", own[:-1], own[:-2], f"{own}00", own[2:], "ff" * 40, "5b" * 100_000, "\0", HALF, "ä", "0x5b5d"]
    naughty += [b.hex() for b in (b"1", b'"x"', b"{}", b"[]", b"null", b'["\xff"]', b"NaN")]
    values = [None, 1, True, [], {}, "", "x", ACCOUNT[:-1], CONTACT, f"{ACCOUNT}\0", "acc_" + "0" * 10_000]
    naughty += [cursor_of(signature, value) for value in values] + [
        cursor_of(signature),
        cursor_of(signature, id_, id_),
    ]
    foreign = [named, other, dear, cursor_of(1, id_), cursor_of("deadbeef", id_), b'["ab"]'.hex(), b"[{}]".hex()]
    for cursors, problem in ((naughty, NO_CURSOR), (foreign, OTHER_ORDER)):
        for cursor in cursors:
            for side, parts in (("after", "nodes { id }"), ("before", "totalCount"), ("after", "__typename")):
                document = f"query ($cursor: String) {{ accounts({side}: $cursor) {{ {parts} }} }}"
                expected = [("INVALID_CURSOR", "accounts", f"accounts.{side}", f"accounts.{side}: {problem}")]
                assert said(await small.errors(document, cursor=cursor)) == expected, cursor[:200]
    document = "query ($cursor: String) { accounts(orderBy: [{annualRevenue: ASC}], after: $cursor) { nodes { id } } }"
    for amount in ("1", 1.5, 2**63, -(2**64), True, "EUR", [1]):
        cursor = cursor_of(dear_signature, "EUR", amount, id_)
        expected = [("INVALID_CURSOR", "accounts", "accounts.after", f"accounts.after: {NO_CURSOR}")]
        assert said(await small.errors(document, cursor=cursor)) == expected, amount


async def test_a_cursor_of_a_nested_list_is_checked_where_it_stands(small: Bench) -> None:
    document = '{ accounts { nodes { people: contacts(before: "zz") { totalCount } } } }'
    where = "accounts.nodes.people.before"
    assert said(await small.errors(document)) == [refused("INVALID_CURSOR", where, NO_CURSOR)]
