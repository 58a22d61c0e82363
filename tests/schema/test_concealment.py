"""Where suggestions are off, no error names a part of the schema that its request doesn't name."""

import json
import re
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLNamedType, is_introspection_type, is_specified_scalar_type

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Refused, Request
from accord.tests.accord_fixture import Bench, core_schema
from accord.tests.schema.limited import Limited, embedded_databases, limited

__all__ = ["embedded_databases", "limited"]  # fixtures

CALLER = Caller(actor=SYSTEM_ACTOR, request="test")
WORD = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
ACCOUNT = "acc_00000000-0000-7000-8000-000000000001"
ACTOR = "act_00000000-0000-7000-8000-000000000001"
DEEP: Any = {"name": {"eq": "A"}}
for _ in range(30):
    DEEP = {"not": DEEP}

# Documents that are wrong in all the ways that there are, with their variables.
WRONG: list[tuple[str, dict[str, Any]]] = [
    # no document at all, or one that breaks a rule of GraphQL
    ("", {}),
    ("{ accounts { totalCount }", {}),
    ("query A { __typename } query B { __typename }", {}),
    ("{ acounts { totalCount } }", {}),
    ("{ accounts }", {}),
    ("{ accounts { totalCount { x } } }", {}),
    ("{ accounts { nodes { nam } } }", {}),
    ("{ accounts { nodes { contacts { nodes { emails { nodes { adress } } } } } } }", {}),
    ("{ accounts { nodes { parent } } }", {}),
    ("{ accounts { nodes { ... on Contact { id } } } }", {}),
    ("{ accounts { nodes { ... on Acount { id } } } }", {}),
    ("{ accounts { nodes { ... on String { id } } } }", {}),
    ("{ accounts { nodes { ...F } } } fragment F on Address { id }", {}),
    ("{ accounts { nodes { ...F } } }", {}),
    ("{ accounts { totalCount } } fragment F on Acount { id }", {}),
    ("{ accounts { nodes { name name: id } } }", {}),
    ("{ accounts(firs: 1) { totalCount } }", {}),
    ('{ accounts(first: "1") { totalCount } }', {}),
    ("{ accounts(first: 1.5) { totalCount } }", {}),
    ("{ accounts(filter: 1) { totalCount } }", {}),
    ("{ accounts(filter: {nam: {eq: 1}}) { totalCount } }", {}),
    ("{ accounts(filter: {name: 1}) { totalCount } }", {}),
    ("{ accounts(filter: {name: {equals: 1}}) { totalCount } }", {}),
    ("{ accounts(filter: {kind: {eq: BUSINES}}) { totalCount } }", {}),
    ('{ accounts(filter: {kind: {eq: "BUSINESS"}}) { totalCount } }', {}),
    ('{ accounts(filter: {annualRevenue: {gt: {amount: "1"}}}) { totalCount } }', {}),
    ("{ accounts(filter: {annualRevenue: {gt: {}}}) { totalCount } }", {}),
    ("{ accounts(filter: {createdAt: {gt: 5}}) { totalCount } }", {}),
    ('{ accounts(filter: {createdAt: {gt: "x"}}) { totalCount } }', {}),
    ("{ accounts(orderBy: [{name: UP}]) { totalCount } }", {}),
    ("{ accounts(orderBy: [{nam: ASC}]) { totalCount } }", {}),
    ("{ accounts(orderBy: [{}]) { totalCount } }", {}),
    ("{ account { name } }", {}),
    ("{ account(id: 1.5) { name } }", {}),
    ("{ account(by: {}) { name } }", {}),
    ('{ account(by: {number: "1", id: "x"}) { name } }', {}),
    ('{ account(by: {externalId: {system: "x"}}) { name } }', {}),
    ("{ account(by: {nr: 1}) { name } }", {}),
    ("{ node { id } }", {}),
    ('{ node(id: "x") { name } }', {}),
    ("{ nodes { id } }", {}),
    ("{ __typename @includ(if: true) }", {}),
    ("{ __typename @include }", {}),
    ("{ __typ { name } }", {}),
    ("{ __type { name } }", {}),
    ("query ($f: AcountFilter) { accounts(filter: $f) { totalCount } }", {}),
    ("query ($f: Account) { accounts(filter: $f) { totalCount } }", {}),
    ("query ($f: String) { accounts(filter: $f) { totalCount } }", {}),
    ("query ($f: Int) { account(id: $f) { name } }", {}),
    ("query ($f: ID) { accounts { totalCount } }", {}),
    ("{ accounts(first: $n) { totalCount } }", {}),
    ('mutation { creatAccount(input: {name: "A"}) { id } }', {}),
    ('mutation { createAccount(input: {name: "A"}) { id } }', {}),
    ('mutation { createAccount(input: {name: "A"}) }', {}),
    ("mutation { createAccount { recordId } }", {}),
    ("mutation { createAccount(input: 1) { recordId } }", {}),
    ("mutation { createAccount(input: {nam: 1}) { recordId } }", {}),
    ("mutation { createAccount(input: {name: 1, kind: X}) { recordId } }", {}),
    ('mutation { createAccount(input: {annualRevenue: {amount: "1"}}) { recordId } }', {}),
    ("mutation { createAccount(input: {contacts: [{x: 1}]}) { recordId } }", {}),
    ("mutation { createAccount(input: {addresses: [{country: {cod: 1}}]}) { recordId } }", {}),
    ("mutation { updateAccount(input: {}) { recordId } }", {}),
    ("mutation { upsertAccount(input: {}) { recordId } }", {}),
    ("mutation { upsertAccount(input: {by: {}}) { recordId } }", {}),
    ("mutation { deleteAccount { recordId } }", {}),
    ("mutation { createAccounts { written } }", {}),
    ("mutation { createAccounts(inputs: {x: 1}) { written } }", {}),
    ("mutation { applyLabels { written } }", {}),
    ("subscription { change { id } }", {}),
    ("subscription { changes }", {}),
    ("subscription { changes { id } }", {}),
    ("subscription { changes(type: 1) { kind } }", {}),
    ("subscription { a: changes { kind } b: changes { kind } }", {}),
    # variables that don't fit
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": 5}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"nam": {"eq": "A"}}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"name": {"eq": 5}}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"kind": {"eq": "BUSINES"}}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"createdAt": {"gt": "x"}}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"annualRevenue": {"gt": {}}}}),
    ("query ($o: [AccountOrder!]) { accounts(orderBy: $o) { totalCount } }", {"o": [{"nam": "ASC"}, {"name": "UP"}]}),
    ("query ($k: AccountKey!) { account(by: $k) { id } }", {}),
    ("query ($k: AccountKey!) { account(by: $k) { id } }", {"k": {}}),
    ("query ($k: AccountKey!) { account(by: $k) { id } }", {"k": {"numbr": "1"}}),
    ("query ($k: AccountKey!) { account(by: $k) { id } }", {"k": {"externalId": {}}}),
    ("mutation ($i: CreateAccountInput!) { createAccount(input: $i) { recordId } }", {"i": {"nam": "A"}}),
    ("mutation ($i: CreateAccountInput!) { createAccount(input: $i) { recordId } }", {"i": {"contacts": [{"x": 1}]}}),
    ("mutation ($i: CreateAccountInput!) { createAccount(input: $i) { recordId } }", {"i": {"addresses": [{"a": {}}]}}),
    ("mutation ($i: UpdateAccountInput!) { updateAccount(input: $i) { recordId } }", {"i": {}}),
    # what only Accord finds wrong
    ('{ account(id: "x") { name } }', {}),
    (f'{{ contactGroup(id: "{ACCOUNT}") {{ name }} }}', {}),
    ('{ account(by: {id: "x"}) { name } }', {}),
    ("query ($k: AccountKey!, $id: ID) { account(by: $k, id: $id) { name } }", {"k": {"number": "1"}, "id": ACCOUNT}),
    ('{ node(id: "x") { __typename } }', {}),
    ('{ nodes(ids: ["x"]) { __typename } }', {}),
    ("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", {"ids": [ACCOUNT] * 101}),
    ("{ accounts(first: 1, last: 1) { totalCount } }", {}),
    ("{ accounts(first: -1) { totalCount } }", {}),
    ("{ accounts(last: 1000000) { totalCount } }", {}),
    (
        "{ contacts(first: 100) { nodes { emails(first: 100) { nodes { contact { accounts { nodes { id } } } } } } } }",
        {},
    ),
    ('{ accounts(after: "x") { totalCount nodes { id } } }', {}),
    ('{ accounts(after: "5b5d") { totalCount nodes { id } } }', {}),
    ("{ accounts(filter: {name: null}) { totalCount } }", {}),
    ("{ accounts(filter: {name: {startsWith: null}}) { totalCount } }", {}),
    ("{ accounts(filter: {parent: null}) { totalCount } }", {}),
    ("{ accounts(filter: {contacts: {some: null}}) { totalCount } }", {}),
    ('{ accounts(filter: {parentId: {eq: "x"}}) { totalCount } }', {}),
    ('{ contacts(filter: {reportsToId: {eq: "x"}}) { totalCount } }', {}),
    ('{ accounts(filter: {annualRevenue: {gt: {amount: "x", currency: "EUR"}}}) { totalCount } }', {}),
    ('{ accounts(filter: {annualRevenue: {gt: {amount: "1", currency: "x"}}}) { totalCount } }', {}),
    ('{ accounts(filter: {name: {eq: "\\u0000"}}) { totalCount } }', {}),
    ("{ accounts(orderBy: [{name: ASC, id: ASC}]) { totalCount nodes { id } } }", {}),
    ("{ accounts(orderBy: [" + "{name: ASC}, " * 6 + "]) { totalCount nodes { id } } }", {}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": DEEP}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"and": [{}] * 5_000}}),
    ("query ($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"id": {"in": [ACCOUNT] * 5_001}}}),
    ("mutation { deleteAccounts { written } }", {}),
    ("mutation { deleteAccounts(filter: {}) { written } }", {}),
    (f'mutation {{ deleteAccounts(ids: ["{ACCOUNT}"], filter: {{}}) {{ written }} }}', {}),
    ("mutation { restoreAccounts { written } }", {}),
    ('mutation { applyLabels(ids: ["x"], labelIds: []) { written } }', {}),
    (f'mutation {{ applyLabels(ids: ["{ACTOR}"], labelIds: []) {{ written }} }}', {}),
    ('mutation { upsertAccount(input: {by: {number: null}, name: "A"}) { recordId } }', {}),
    ('mutation { createAccount(input: {name: "A"}, idempotencyKey: "") { recordId } }', {}),
    ('mutation { createAccount(input: {name: "A"}) { account { contacts(after: "x") { nodes { id } } } } }', {}),
    ('subscription { changes(types: ["Acount"]) { kind } }', {}),
    ('subscription { changes(ids: ["x"]) { kind } }', {}),
    ('subscription { changes(subtreeOf: "x") { kind } }', {}),
    ('subscription { changes(after: "x") { kind } }', {}),
    ("subscription ($ids: [ID!]) { changes(ids: $ids) { kind } }", {"ids": [ACCOUNT] * 101}),
    # limits
    ("{ a: accounts { nodes { " + "parent { " * 40 + "id" + " }" * 43, {}),
    ("{ " + " ".join(f"a{n}: accounts {{ totalCount }}" for n in range(1_000)) + " }", {}),
    ("{ accounts { nodes { " + "name " * 5_000 + "} } }", {}),
]
# Names of the schema that are words of any sentence too: in one they tell nobody anything.
ENGLISH = {
    *("API", "amount", "and", "by", "code", "cursor", "depth", "description", "every", "fields", "has", "id", "in"),
    *("input", "labels", "not", "number", "operations", "or", "prefix", "query", "record", "records", "text", "type"),
    *("value", "written"),
}


def names() -> set[str]:
    """Every name in the schema but those of GraphQL's own."""
    found: set[str] = set()
    schema = core_schema().core
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for name, type_ in schema.type_map.items():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        found |= set() if type_ in roots else {name}
        found |= members(type_)
    return found


def members(type_: GraphQLNamedType) -> set[str]:
    if isinstance(type_, GraphQLEnumType):
        return set(type_.values)
    found: set[str] = set()
    for name, member in getattr(type_, "fields", {}).items():
        found |= {name, *getattr(member, "args", {})}
    return found


async def told(bench: Bench, document: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors of a document of any kind."""
    request = Request(query=document, variables=variables)
    if not document.startswith("subscription"):
        return (await bench.accord.service.run(request, CALLER)).decoded()["errors"]
    results = bench.accord.service.subscribe(request, CALLER)
    try:
        return (await anext(results)).decoded()["errors"]
    except Refused as refused:
        return refused.result.decoded()["errors"]
    finally:
        await results.aclose()


async def test_no_error_names_what_its_request_does_not(limited: Limited) -> None:
    secret = names()
    assert {"Account", "AccountFilter", "totalCount", "orderBy", "eq", "BUSINESS"} <= secret
    given_away: list[tuple[str, set[str], str]] = []
    async with limited(suggestions=False) as bench:
        for document, variables in WRONG:
            held = {word.casefold() for word in WORD.findall(document + json.dumps(variables))}
            for error in await told(bench, document, variables):
                said = [error["message"], *(v for k, v in error["extensions"].items() if k != "code" and str(v) == v)]
                for text in said:
                    words = {word for word in WORD.findall(text) if word in secret and word.casefold() not in held}
                    if words - ENGLISH:
                        given_away.append((document, words - ENGLISH, text))
    assert given_away == []


@pytest.mark.parametrize(
    ("document", "shown", "concealed"),
    [
        (
            "{ accounts { nodes { nam } } }",
            "Cannot query field 'nam' on type 'Account'. Did you mean 'name'?",
            "Cannot query field 'nam' on type '…'.",
        ),
        (
            "{ accounts }",
            "Field 'accounts' of type 'AccountConnection' must have a selection of subfields. "
            "Did you mean 'accounts { ... }'?",
            "Field 'accounts' of type '…' must have a selection of subfields.",
        ),
        (
            "{ account { name } }",
            "account: give either 'id' or 'by'.",
            "account: give either '…' or '…'.",
        ),
        (
            '{ account(id: "x") { name } }',
            "account.id: 'x' is no id of an Account; these look like acc_ followed by a UUID, "
            "as every account has it in its field id.",
            "account.id: 'x' is no id of an Account; these look like acc_ followed by a UUID, "
            "as every account has it in its field id.",
        ),
        (
            '{ accounts(filter: {parentId: {eq: "x"}}) { totalCount } }',
            "accounts.filter.parentId.eq: 'x' is no id of an Account; these look like acc_ followed by a UUID, "
            "as every account has it in its field id.",
            "accounts.filter.parentId.eq: 'x' is no id of an …; these look like acc_ followed by a UUID, "
            "as every … has it in its field id.",
        ),
        (
            "{ accounts(filter: {name: null}) { totalCount } }",
            "accounts.filter.name is null; leave it out, or compare with {isNull: true} or {eq: null}.",
            "accounts.filter.name is null; leave it out, or compare with {…: true} or {…: null}.",
        ),
    ],
)
async def test_an_error_says_the_rest(limited: Limited, document: str, shown: str, concealed: str) -> None:
    for suggestions, expected in ((True, shown), (False, concealed)):
        async with limited(suggestions=suggestions) as bench:
            (error,) = await bench.errors(document)
        assert error["message"] == expected
