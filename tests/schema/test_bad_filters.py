"""Bad filters and orders: each mistake is an error with a code, a place and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.reference.mistakes import (
    ACCOUNT,
    CONTACT,
    HALF,
    SURROGATE,
    Case,
    Said,
    invalid,
    no_id,
    refused,
    said,
    variable,
)

MOST = "10,000,000,000,000.00"
ONLY_ONE = "exactly one field must be specified, and the value for that field must be non-null."
ONE_ORDER = f"Within OneOf Input Object type 'AccountOrder', {ONLY_ONE}"
NO_FOO = "Expected value of type 'AccountOrder' not to include unknown field 'foo'"
LARGE = "the filter has more than 200 operators, relations and {…}; use in, or split it."
FILTER = "query ($filter: AccountFilter) { accounts(filter: $filter) { totalCount } }"
ORDER = "query ($order: [AccountOrder!]) { accounts(orderBy: $order) { totalCount } }"


def filtered(filter_: Any, said: Said) -> Case:
    return FILTER, {"filter": filter_}, [said]


def revenue(amount: Any, currency: str, code: str, problem: str) -> Case:
    filter_ = {"annualRevenue": {"eq": {"amount": amount, "currency": currency}}}
    return filtered(filter_, refused(code, "accounts.filter.annualRevenue.eq", problem))


def nested(depth: int, operator: str, innermost: Any) -> Any:
    for _ in range(depth):
        innermost = {operator: innermost if operator == "not" else [innermost]}
    return innermost


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
    (
        FILTER,
        {"filter": "x"},
        [variable("$filter", "Expected value of type 'AccountFilter' to be an object, found: \"x\".")],
    ),
    filtered(
        {"colour": {"eq": "x"}},
        variable(
            "$filter",
            "Expected value of type 'AccountFilter' not to include unknown field 'colour', "
            'found: {"colour": {"eq": "x"}}.',
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
        "{ accounts(orderBy: [{name: ASC}, {foo: ASC}, {}]) { totalCount } }",
        {},
        [
            invalid("accounts.orderBy.1.foo", f"{NO_FOO}, found: {{ foo: ASC }}."),
            invalid("accounts.orderBy.2", ONE_ORDER),
        ],
    ),
    (
        ORDER,
        {"order": [{"foo": "ASC"}, {}]},
        [
            (
                "INVALID_VARIABLE",
                None,
                f"$order.{place}",
                f"Variable '$order' has invalid value at [{place}]: {problem}",
            )
            for place, problem in enumerate((f'{NO_FOO}, found: {{"foo": "ASC"}}.', ONE_ORDER))
        ],
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
        revenue(
            amount, "EUR", "INVALID_VALUE", f"'{amount}' is too large a number; {MOST} is the greatest that is kept."
        )
        for amount in ("1e999", "-1e999999999", "10000000000000.01")
    ),
    revenue("0.001", "EUR", "INVALID_VALUE", "'0.001' has more than 2 decimal places; round it."),
    revenue("1e-999999", "EUR", "INVALID_VALUE", "'1e-999999' has more than 2 decimal places; round it."),
    revenue("1.5", "JPY", "INVALID_VALUE", "'1.5' has more than 0 decimal places; round it."),
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
            "Expected value of type 'MoneyInput' to include required field 'currency', found: {\"amount\": \"1\"}.",
        ),
    ),
    (
        '{ accounts(filter: {annualRevenue: {eq: {amount: 1e999, currency: "EUR"}}}) { totalCount } }',
        {},
        [
            refused(
                "INVALID_VALUE",
                "accounts.filter.annualRevenue.eq",
                f"'1e999' is too large a number; {MOST} is the greatest that is kept.",
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [*NULLS, *UNKNOWN, *TOO_MUCH, *VALUES],
    ids=[
        f"{name}-{place}"
        for name in ("NULLS", "UNKNOWN", "TOO_MUCH", "VALUES")
        for place, _ in enumerate(globals()[name])
    ],
)
async def test_mistakes_are_told_with_code_place_and_remedy(
    small: Bench, query: str, variables: Mapping[str, Any], expected: Sequence[Said]
) -> None:
    assert said(await small.errors(query, **variables)) == list(expected)
