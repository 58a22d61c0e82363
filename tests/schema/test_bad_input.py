"""Bad input: each mistake is an error with a code, a place and what to do, and nothing of the inside shows."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
import pytest

from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.reference.population import counted_ids

ACCOUNT = "acc_019b76da-a800-712f-aaf0-c549d567e2fd"  # the first two ids that a database with counted ids gives
CONTACT = "con_019b76da-a801-7091-89af-0f08d2be100a"
HALF = "\ud800"  # half of a surrogate pair
Said = tuple[str, str | None, str | None, str]  # code, first step of the path, argument, message
Case = tuple[str, Mapping[str, Any], Sequence[Said]]

PREFIXES = "acc_, acn_, act_, adl_, adr_, con_, eml_, ext_, gme_, grp_, lbl_, lbn_, nrl_, phn_, src_"
ONLY_ONE = "exactly one field must be specified, and the value for that field must be non-null."
ONE_KEY = f"Within OneOf Input Object type 'AccountKey', {ONLY_ONE}"
ONE_ORDER = f"Within OneOf Input Object type 'AccountOrder', {ONLY_ONE}"
NUL = "holds U+0000, which no text holds: take it out."
SURROGATE = r"'\ud800' holds U+D800, which no text holds: take it out."
LARGE = "the filter has more than 200 conditions; use in, or split it."
BY_ID = "query ($id: ID!) { account(id: $id) { id } }"
BY_KEY = "query ($key: AccountKey) { account(by: $key) { id } }"
BY_IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
PAGE = "query ($n: Int) { accounts(first: $n) { nodes { id } } }"
FILTER = "query ($filter: AccountFilter) { accounts(filter: $filter) { totalCount } }"
ORDER = "query ($order: [AccountOrder!]) { accounts(orderBy: $order) { totalCount } }"


def no_id(argument: str, text: str, what: str = "an Account", singular: str = "account") -> Said:
    prefix = singular[:3]
    looks = f"these look like {prefix}_ followed by a UUID, as every {singular} has it in its field id."
    return "INVALID_ID", argument.partition(".")[0], argument, f"{argument}: {text} is no id of {what}; {looks}"


def no_id_at_all(argument: str, text: str) -> Said:
    expected = f"ids begin with one of {PREFIXES} and go on with a UUID."
    return "INVALID_ID", argument.partition(".")[0], argument, f"{argument}: {text} is no id of this API; {expected}"


def refused(code: str, argument: str, problem: str) -> Said:
    return code, argument.partition(".")[0], argument, f"{argument}: {problem}"


def variable(argument: str, problem: str) -> Said:
    name, dot, path = argument.partition(".")
    at = f" at {dot}{path}" if path else ""
    return "INVALID_VARIABLE", None, argument, f"Variable '{name}' has invalid value{at}: {problem}"


def invalid(argument: str | None, problem: str) -> Said:
    return "VALIDATION_ERROR", None, argument, problem


def filtered(filter_: Any, said: Said) -> Case:
    return FILTER, {"filter": filter_}, [said]


def revenue(amount: Any, currency: str, code: str, problem: str) -> Case:
    filter_ = {"annualRevenue": {"eq": {"amount": amount, "currency": currency}}}
    return filtered(filter_, refused(code, "accounts.filter.annualRevenue.eq", problem))


def nested(depth: int, operator: str, innermost: Any) -> Any:
    for _ in range(depth):
        innermost = {operator: innermost if operator == "not" else [innermost]}
    return innermost


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
    ("{ account { id } }", {}, [("INVALID_KEY", "account", "account.id", "account: give either id or by.")]),
    (
        "{ account(id: null, by: null) { id } }",
        {},
        [("INVALID_KEY", "account", "account.id", "account: give either id or by.")],
    ),
    (
        'query ($id: ID) { account(id: $id, by: {number: "1"}) { id } }',
        {"id": ACCOUNT},
        [("INVALID_KEY", "account", "account.id", "account: give either id or by.")],
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
    (PAGE, {"n": "5"}, [variable("$n", "Int cannot represent non-integer value: '5'")]),
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


def null(argument: str, remedy: str) -> Said:
    return "INVALID_FILTER", argument.partition(".")[0], argument, f"{argument} is null; leave it out{remedy}."


NULLS: Sequence[Case] = [
    filtered({"name": None}, null("accounts.filter.name", ", or compare with {isNull: true} or {eq: null}")),
    filtered({"name": {"in": None}}, null("accounts.filter.name.in", ", or use isNull")),
    filtered({"name": {"lt": None}}, null("accounts.filter.name.lt", ", or use isNull")),
    filtered({"name": {"isNull": None}}, null("accounts.filter.name.isNull", ", or use isNull")),
    filtered({"annualRevenue": {"gt": None}}, null("accounts.filter.annualRevenue.gt", ", or use isNull")),
    filtered({"not": None}, null("accounts.filter.not", "")),
    filtered({"or": None}, null("accounts.filter.or", "")),
    filtered({"parent": None}, null("accounts.filter.parent", ", or ask {parentId: {isNull: true}}")),
    filtered({"parentId": {"in": None}}, null("accounts.filter.parentId.in", ", or use isNull")),
    filtered({"contacts": None}, null("accounts.filter.contacts", "")),
    filtered({"contacts": {"some": None}}, null("accounts.filter.contacts.some", "")),
    filtered({"contacts": {"anyOf": None}}, null("accounts.filter.contacts.anyOf", "")),
    (
        "{ addresses(filter: {postal: {eq: null}}) { totalCount } }",
        {},
        [null("addresses.filter.postal.eq", "")],
    ),
    (
        "{ addresses(filter: {country: {code: {lt: null}}}) { totalCount } }",
        {},
        [null("addresses.filter.country.code.lt", ", or use isNull")],
    ),
    (
        "{ accountContacts(filter: {roles: {has: null}}) { totalCount } }",
        {},
        [null("accountContacts.filter.roles.has", ", or use isNull")],
    ),
    (
        "{ accounts { nodes { contacts(through: {isPrimary: null}) { totalCount } } } }",
        {},
        [null("accounts.nodes.contacts.through.isPrimary", ", or compare with {isNull: true} or {eq: null}")],
    ),
]
UNKNOWN: Sequence[Case] = [
    filtered(
        {"colour": {"eq": "x"}},
        variable(
            "$filter",
            "Expected value of type 'AccountFilter' not to include unknown field 'colour', "
            "found: {'colour': {'eq': 'x'}}.",
        ),
    ),
    (
        '{ accounts(filter: {colour: {eq: "x"}}) { totalCount } }',
        {},
        [
            invalid(
                "accounts.filter.colour",
                "Expected value of type 'AccountFilter' not to include unknown field 'colour', "
                'found: { colour: { eq: "x" } }.',
            )
        ],
    ),
    (
        '{ accounts(filter: {contacts: {some: {givenNam: {eq: "x"}}}}) { totalCount } }',
        {},
        [
            invalid(
                "accounts.filter.contacts.some.givenNam",
                "Expected value of type 'ContactFilter' not to include unknown field 'givenNam'. Did you mean "
                "'givenName'? Found: { givenNam: { eq: \"x\" } }.",
            )
        ],
    ),
    (
        '{ accounts(filter: {name: {like: "x"}}) { totalCount } }',
        {},
        [
            invalid(
                "accounts.filter.name.like",
                "Expected value of type 'TextFilter' not to include unknown field 'like'. Did you mean 'lte'? "
                'Found: { like: "x" }.',
            )
        ],
    ),
    (
        "{ accounts { nodes { ...Some } } } fragment Some on Account { sources(orderBy: [{id: UP}]) { totalCount } }",
        {},
        [invalid("Some.sources.orderBy.0.id", "Value 'UP' does not exist in 'OrderDirection' enum.")],
    ),
    (
        "{ accounts(orderBy: [{name: ASC, kind: ASC}]) { totalCount } }",
        {},
        [invalid("accounts.orderBy.0", ONE_ORDER)],
    ),
    (
        ORDER,
        {"order": [{"name": None}]},
        [
            (
                "INVALID_VARIABLE",
                None,
                "$order.0.name",
                f"Variable '$order' has invalid value at [0].name: {ONE_ORDER}",
            )
        ],
    ),
    (
        "query ($way: OrderDirection) { accounts(orderBy: [{name: $way}]) { totalCount } }",
        {},
        [
            (
                "INVALID_ARGUMENT",
                "accounts",
                "accounts.orderBy.0",
                "Argument 'orderBy' has invalid value at [0]: Expected variable '$way' provided to field 'name' for "
                "OneOf Input Object type 'AccountOrder' to provide a runtime value.",
            )
        ],
    ),
    (
        "{ accounts(orderBy: [{name: ASC}, {kind: ASC}, {id: ASC}, {id: ASC}, {annualRevenue: ASC}]) { totalCount } }",
        {},
        [
            (
                "INVALID_ORDER",
                "accounts",
                "accounts.orderBy",
                "accounts.orderBy sorts by 6 values, an amount counting as two; 5 are allowed.",
            )
        ],
    ),
]
TOO_MUCH: Sequence[Case] = [
    filtered(
        nested(12, "not", {"name": {"eq": "x"}}),
        refused(
            "FILTER_TOO_DEEP",
            f"accounts.filter{'.not' * 12}",
            "filters nest 12 levels deep at most; write it with fewer and, or and not.",
        ),
    ),
    filtered(
        nested(12, "or", {}),
        refused(
            "FILTER_TOO_DEEP",
            f"accounts.filter{'.or.0' * 12}",
            "filters nest 12 levels deep at most; write it with fewer and, or and not.",
        ),
    ),
    filtered(
        nested(1000, "not", {}),
        ("INVALID_VARIABLE", None, None, "Variable values are nested too deeply."),
    ),
    filtered(
        {"contacts": {"some": {"accounts": {"some": {"parent": {"parent": {"owner": {"name": {"eq": "x"}}}}}}}}},
        refused(
            "FILTER_TOO_DEEP",
            "accounts.filter.contacts.some.accounts.some.parent.parent.owner",
            "a filter may cross 4 relations; this is one more.",
        ),
    ),
    filtered(
        {"or": [{"name": {"eq": "x"}}] * 201},
        refused(
            "FILTER_TOO_LARGE",
            "accounts.filter.or.99.name.eq",
            LARGE,
        ),
    ),
    filtered(
        {"or": [{}] * 201},
        refused(
            "FILTER_TOO_LARGE",
            "accounts.filter.or.199",
            LARGE,
        ),
    ),
    *(
        filtered(
            filter_,
            refused("FILTER_TOO_LARGE", f"accounts.filter.{argument}", "5001 values are too many; 5000 are allowed."),
        )
        for filter_, argument in (
            ({"name": {"in": ["x"] * 5001}}, "name.in"),
            ({"name": {"inIgnoreCase": ["x"] * 5001}}, "name.inIgnoreCase"),
            ({"id": {"nin": [ACCOUNT] * 5001}}, "id.nin"),
            ({"parentId": {"in": [ACCOUNT] * 5001}}, "parentId.in"),
            ({"contacts": {"anyOf": [CONTACT] * 5001}}, "contacts.anyOf"),
            ({"contacts": {"allOf": [CONTACT] * 5001}}, "contacts.allOf"),
        )
    ),
]
MOMENT = "is no moment; write it with its zone, like '2026-01-31T12:00:00Z'."
DAY = "is no date; write it like '2026-01-31'."
NUMBER = "is no decimal number; write it like '12.50'."
CURRENCY = "is not a currency of ISO 4217: expected is a code such as 'EUR' or 'USD'."
VALUES: Sequence[Case] = [
    filtered({"id": {"eq": CONTACT}}, no_id("accounts.filter.id.eq", f"'{CONTACT}'")),
    filtered({"id": {"in": [ACCOUNT, "x"]}}, no_id("accounts.filter.id.in", "'x'")),
    filtered({"parentId": {"ne": CONTACT}}, no_id("accounts.filter.parentId.ne", f"'{CONTACT}'")),
    filtered(
        {"contacts": {"allOf": [ACCOUNT]}},
        no_id("accounts.filter.contacts.allOf", f"'{ACCOUNT}'", "a Contact", "contact"),
    ),
    (
        "query ($ids: [ID!]) { accounts(filter: {id: {in: $ids}, contacts: {some: {id: {in: $ids}}}}) { totalCount } }",
        {"ids": [ACCOUNT]},
        [no_id("accounts.filter.contacts.some.id.in", f"'{ACCOUNT}'", "a Contact", "contact")],
    ),
    filtered(
        {"employeeCount": {"eq": 2147483648}},
        variable("$filter.employeeCount.eq", "Int cannot represent non 32-bit signed integer value: 2147483648"),
    ),
    (
        "{ accounts(filter: {employeeCount: {in: [1, 3000000000]}}) { totalCount } }",
        {},
        [
            invalid(
                "accounts.filter.employeeCount.in.1", "Int cannot represent non 32-bit signed integer value: 3000000000"
            )
        ],
    ),
    *(
        filtered(
            {field: {operator: text if operator != "in" else ["a", text]}},
            refused(
                "INVALID_CHARACTER",
                f"accounts.filter.{field}.{operator}",
                f"'{shown}' holds {point}, which no text holds: take it out.",
            ),
        )
        for field, operator, text, shown, point in (
            ("name", "eq", "a\0", "a\0", "U+0000"),
            ("name", "lt", "\0", "\0", "U+0000"),
            ("name", "startsWith", HALF, r"\ud800", "U+D800"),
            ("name", "startsWithIgnoreCase", f"ä{HALF}", r"ä\ud800", "U+D800"),
            ("name", "in", "\udfff", r"\udfff", "U+DFFF"),
            ("domain", "startsWith", "\0", "\0", "U+0000"),
            ("domain", "eq", HALF, r"\ud800", "U+D800"),
            ("domain", "in", HALF, r"\ud800", "U+D800"),
        )
    ),
    filtered(
        {"kind": {"eq": HALF}},
        variable("$filter.kind.eq", r"Value '\ud800' does not exist in 'AccountKind' enum."),
    ),
    (
        "query ($lines: [String!]) { addresses(filter: {postal: {eq: {streetLines: $lines}}}) { totalCount } }",
        {"lines": [HALF]},
        [
            refused(
                "INVALID_CHARACTER",
                "addresses.filter.postal.eq.streetLines",
                SURROGATE,
            )
        ],
    ),
    *(
        filtered(
            {"createdAt": {"gt": text}}, refused("INVALID_VALUE", "accounts.filter.createdAt.gt", f"'{text}' {MOMENT}")
        )
        for text in ("2026-02-30T00:00:00Z", "2026-02-03", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-14:00", "")
    ),
    filtered(
        {"createdAt": {"gt": 5}},
        variable("$filter.createdAt.gt", "DateTime is written as text, like '2026-01-31T12:00:00Z'."),
    ),
    *(
        (
            f'{{ accountContacts(filter: {{startedOn: {{eq: "{text}"}}}}) {{ totalCount }} }}',
            {},
            [refused("INVALID_VALUE", "accountContacts.filter.startedOn.eq", f"'{text}' {DAY}")],
        )
        for text in ("2026-02-30", "2026-2-3", "20260203", "２０２６-01-01", "2026-01-01T00:00:00Z")
    ),
    (
        "{ accountContacts(filter: {startedOn: {eq: 20260203}}) { totalCount } }",
        {},
        [invalid("accountContacts.filter.startedOn.eq", "Date is written as text, like '2026-01-31'.")],
    ),
    *(
        revenue(amount, "EUR", "INVALID_VALUE", f"'{amount}' {NUMBER}")
        for amount in ("NaN", "sNaN", "-Infinity", "", "1_000", "１", " 1", "1e9999999999999999999")
    ),
    *(
        revenue(amount, "EUR", "INVALID_VALUE", f"'{amount}' is too large a number.")
        for amount in ("1e999", "-1e999999999", "10000000000000.01")
    ),
    revenue("0.001", "EUR", "INVALID_VALUE", "'0.001' has more than 2 decimal places."),
    revenue("1e-999999", "EUR", "INVALID_VALUE", "'1e-999999' has more than 2 decimal places."),
    revenue("1.5", "JPY", "INVALID_VALUE", "'1.5' has more than 0 decimal places."),
    *(revenue("1", code, "UNKNOWN_CURRENCY", f"'{code}' {CURRENCY}") for code in ("XXX", "", "EURO")),
    revenue("1", HALF, "UNKNOWN_CURRENCY", rf"'\ud800' {CURRENCY}"),
    filtered(
        {"annualRevenue": {"eq": {"amount": True, "currency": "EUR"}}},
        variable("$filter.annualRevenue.eq.amount", "Decimal is written as text, like '12.50'."),
    ),
    filtered(
        {"annualRevenue": {"eq": {"amount": "1"}}},
        variable(
            "$filter.annualRevenue.eq",
            "Expected value of type 'MoneyInput' to include required field 'currency', found: {'amount': '1'}.",
        ),
    ),
    (
        '{ accounts(filter: {annualRevenue: {eq: {amount: 1e999, currency: "EUR"}}}) { totalCount } }',
        {},
        [refused("INVALID_VALUE", "accounts.filter.annualRevenue.eq", "'1e999' is too large a number.")],
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
    (
        FILTER,
        {"filter": "x"},
        [variable("$filter", "Expected value of type 'AccountFilter' to be an object, found: 'x'.")],
    ),
]


@pytest.fixture(scope="module")
async def shared(core_databases: CoreDatabases) -> AsyncIterator[Bench]:
    """An Accord with an account and its contact, for tests that only read."""
    async with open_bench(core_databases.new(), is_migrated=True, new_id=counted_ids()) as bench:
        made = await bench.ask(
            """mutation { createAccount(input: {name: "Kestrel", contacts: [{familyName: "Abel"}]})
            { id account { contacts { nodes { id } } } } }"""
        )
        account = made["createAccount"]
        assert [account["id"], account["account"]["contacts"]["nodes"][0]["id"]] == [ACCOUNT, CONTACT]
        yield bench


def said(errors: Sequence[Mapping[str, Any]]) -> list[Said]:
    """What errors say: code, path, argument and message."""
    assert all(len(error.get("path", ["root"])) == 1 for error in errors)
    return [
        (
            error["extensions"]["code"],
            error["path"][0] if "path" in error else None,
            error["extensions"].get("argument"),
            error["message"],
        )
        for error in errors
    ]


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [*IDS, *KEYS, *PAGES, *NULLS, *UNKNOWN, *TOO_MUCH, *VALUES, *DOCUMENTS],
    ids=[
        f"{name}-{place}"
        for name in ("IDS", "KEYS", "PAGES", "NULLS", "UNKNOWN", "TOO_MUCH", "VALUES", "DOCUMENTS")
        for place, _ in enumerate(globals()[name])
    ],
)
async def test_mistakes_are_told_with_code_place_and_remedy(
    shared: Bench, query: str, variables: Mapping[str, Any], expected: Sequence[Said]
) -> None:
    assert said(await shared.errors(query, **variables)) == list(expected)


async def test_a_field_with_a_mistake_is_null_and_its_neighbours_are_answered(shared: Bench) -> None:
    query = "{ bad: accounts(first: 0) { totalCount } ok: accounts { totalCount } gone: node(id: null) { id } }"
    answer = (await shared.run(query.replace("id: null", 'id: "x"'))).decoded()
    assert answer["data"] == {"bad": None, "ok": {"totalCount": 1}, "gone": None}


async def test_an_id_that_nobody_has_finds_nothing(shared: Bench) -> None:
    nobody = "acc_01890000-0000-7000-8000-00000000dead"
    query = """query ($id: ID!, $ids: [ID!]!) { account(id: $id) { id } node(id: $id) { id } nodes(ids: $ids) { id }
      account2: account(by: {number: "none"}) { id } accounts(filter: {parentId: {eq: $id}}) { totalCount } }"""
    assert await shared.ask(query, id=nobody, ids=[nobody, ACCOUNT, nobody]) == {
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


async def test_damaged_and_foreign_cursors_are_refused(shared: Bench) -> None:
    query = """{ accounts { edges { cursor } } named: accounts(orderBy: [{name: ASC}]) { edges { cursor } }
      contacts { edges { cursor } } dear: accounts(orderBy: [{annualRevenue: ASC}]) { edges { cursor } } }"""
    own, named, other, dear = [page["edges"][0]["cursor"] for page in (await shared.ask(query)).values()]
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
                assert said(await shared.errors(document, cursor=cursor)) == expected, cursor[:200]
    document = "query ($cursor: String) { accounts(orderBy: [{annualRevenue: ASC}], after: $cursor) { nodes { id } } }"
    for amount in ("1", 1.5, 2**63, -(2**64), True, "EUR", [1]):
        cursor = cursor_of(dear_signature, "EUR", amount, id_)
        expected = [("INVALID_CURSOR", "accounts", "accounts.after", f"accounts.after: {NO_CURSOR}")]
        assert said(await shared.errors(document, cursor=cursor)) == expected, amount


async def test_a_cursor_of_a_nested_list_is_checked_where_it_stands(shared: Bench) -> None:
    document = '{ accounts { nodes { people: contacts(before: "zz") { totalCount } } } }'
    where = "accounts.nodes.people.before"
    assert said(await shared.errors(document)) == [refused("INVALID_CURSOR", where, NO_CURSOR)]
