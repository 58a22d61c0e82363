"""Writes of accounts: what is stored, what text and money are refused, external ids and labels."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import listed, make, read, refused, violation, written

FULL = {
    "name": "Ünïcode & Söhne",
    "legalName": "Ünïcode & Söhne GmbH",
    "number": "K-1",
    "kind": "PARTNER",
    "industry": "Optics",
    "lifecycleStage": "CUSTOMER",
    "status": "ON_HOLD",
    "website": "WWW.Bücher.example/über uns".replace(" ", "-"),
    "annualRevenue": {"amount": "1234567.89", "currency": "eur"},
    "employeeCount": 42,
    "description": "Two\nlines,\tand 'quotes' \"both\"",
}
FIELDS = """name legalName number kind industry lifecycleStage status website domain
  annualRevenue { amount currency } employeeCount description version createdBy { name } sourceCategory
  parent { id } ultimateParent { id } owner { id }"""


async def names(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return [one["name"] for one in await listed(bench, "accounts", "name", "AccountFilter", filter_)]


async def test_an_account_is_stored_as_it_was_given(bench: Bench) -> None:
    owner = await make(bench, "Actor", name="Rita")
    payload = await written(bench, "createAccount", FULL | {"ownerId": owner}, f"account {{ {FIELDS} }}")
    derived = {
        "domain": "xn--bcher-kva.example",
        "annualRevenue": {"amount": "1234567.89", "currency": "EUR"},
        "version": 1,
        "createdBy": {"name": "Accord"},
        "sourceCategory": None,
        "parent": None,
        "ultimateParent": None,
        "owner": {"id": owner},
    }
    assert payload["account"] == FULL | derived
    assert await read(bench, "account", payload["recordId"], FIELDS) == FULL | derived


async def test_an_account_with_a_name_alone_has_defaults(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    fields = "kind lifecycleStage status legalName number website domain annualRevenue { amount } employeeCount"
    assert await read(bench, "account", account, fields) == {
        "kind": "BUSINESS",
        "lifecycleStage": "PROSPECT",
        "status": "ACTIVE",
        "legalName": None,
        "number": None,
        "website": None,
        "domain": None,
        "annualRevenue": None,
        "employeeCount": None,
    }


async def test_what_an_update_leaves_out_stays(bench: Bench) -> None:
    account = await make(bench, "Account", **FULL)
    await written(bench, "updateAccount", {"id": account, "name": "New"})
    stored = await read(bench, "account", account, "name legalName website annualRevenue { amount } version")
    assert stored == {
        "name": "New",
        "legalName": FULL["legalName"],
        "website": FULL["website"],
        "annualRevenue": {"amount": "1234567.89"},
        "version": 2,
    }


async def test_null_in_an_update_empties(bench: Bench) -> None:
    account = await make(bench, "Account", **FULL)
    nulls = dict.fromkeys(["legalName", "number", "industry", "website", "annualRevenue", "employeeCount", "ownerId"])
    await written(bench, "updateAccount", {"id": account, "description": None} | nulls)
    fields = "name legalName number industry website domain annualRevenue { amount } employeeCount description"
    stored = await read(bench, "account", account, fields)
    assert stored.pop("name") == FULL["name"]
    assert set(stored.values()) == {None}


async def test_null_for_what_needs_a_value_is_refused(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    found = await refused(bench, "updateAccount", {"id": account, "name": None, "kind": None, "status": None})
    assert found == [
        violation("REQUIRED", "input.kind", "kind is required; give it a value."),
        violation("REQUIRED", "input.name", "name is required; give it a value."),
        violation("REQUIRED", "input.status", "status is required; give it a value."),
    ]


@pytest.mark.parametrize("blank", ["", "  ", "\u00a0\u3000", "\u200b\u2060"])
async def test_blank_text_is_no_name(bench: Bench, blank: str) -> None:
    expected = violation("REQUIRED", "input.name", "name is blank; give it a value.")
    assert await refused(bench, "createAccount", {"name": blank}) == [expected]
    account = await make(bench, "Account", name="A")
    number = violation("REQUIRED", "input.number", "number is blank; give it a value.")
    assert await refused(bench, "updateAccount", {"id": account, "name": blank, "number": blank}) == [expected, number]
    assert await read(bench, "account", account, "name number version") == {"name": "A", "number": None, "version": 1}


async def test_an_empty_text_without_meaning_of_its_own_is_stored(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", legalName="", description="")
    assert await read(bench, "account", account, "legalName description") == {"legalName": "", "description": ""}


async def test_everything_wrong_with_an_account_is_said_at_once(bench: Bench) -> None:
    given = {
        "name": "a\x00b",
        "legalName": "x" * 301,
        "number": "line\nbreak",
        "website": "javascript:alert(1)",
        "annualRevenue": {"amount": "1.005", "currency": "EUR"},
        "employeeCount": -1,
        "description": "fine\nbut\x07",
        "parentId": "con_00000000-0000-7000-8000-000000000001",
        "ownerId": "act_00000000-0000-7000-8000-00000000ffff",
    }
    looks = "followed by a UUID, as every account has it in its field id."
    assert await refused(bench, "createAccount", given) == [
        violation("INVALID_VALUE", "input.annualRevenue.amount", "'1.005' has more than 2 decimal places; round it."),
        violation(
            "INVALID_CHARACTER",
            "input.description",
            "The text holds the control character U+0007 at position 9: take it out.",
        ),
        violation("OUT_OF_RANGE", "input.employeeCount", "-1 is no number of people; it is 0 or more."),
        violation("TOO_LONG", "input.legalName", "legalName has 301 characters; 300 are allowed."),
        violation(
            "INVALID_CHARACTER",
            "input.name",
            "The text holds the control character U+0000 at position 2: take it out.",
        ),
        violation(
            "INVALID_CHARACTER",
            "input.number",
            "The text holds a line break or tab (U+000A), but only one line is expected at position 5: take it out.",
        ),
        violation(
            "NOT_FOUND",
            "input.ownerId",
            "There is no Actor with id act_00000000-0000-7000-8000-00000000ffff; it may have been deleted.",
        ),
        violation(
            "INVALID_ID",
            "input.parentId",
            f"'con_00000000-0000-7000-8000-000000000001' is no id of an Account; these look like acc_ {looks}",
        ),
        violation(
            "INVALID",
            "input.website",
            "'javascript:alert(1)' is not a web address such as 'https://example.com': "
            "'javascript:' is no website's: only http and https are.",
        ),
    ]
    assert await listed(bench, "accounts", "id") == []


async def test_a_text_of_a_million_characters_is_refused_in_a_few_words(bench: Bench) -> None:
    found = await refused(bench, "createAccount", {"name": "n" * 1_000_000, "website": "w" * 1_000_000})
    assert found == [
        violation("TOO_LONG", "input.name", "name has 1000000 characters; 200 are allowed."),
        violation("TOO_LONG", "input.website", "website has 1000000 characters; 2048 are allowed."),
    ]


async def test_a_member_that_no_enum_has_is_an_error_of_the_document(bench: Bench) -> None:
    query = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId } }"
    (error,) = await bench.errors(query, input={"name": "A", "kind": "business"})
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert await listed(bench, "accounts", "id") == []


async def test_a_website_gives_the_domain_and_takes_it_away(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", website="https://www.Example.com:8443/x?y")
    assert await read(bench, "account", account, "website domain") == {
        "website": "https://www.Example.com:8443/x?y",
        "domain": "example.com",
    }
    await written(bench, "updateAccount", {"id": account, "website": "shop.example.org"})
    assert await names(bench, {"domain": {"eq": "shop.example.org"}}) == ["A"]
    assert await names(bench, {"domain": {"eq": "example.com"}}) == []
    blank = violation(
        "REQUIRED",
        "input.website",
        "The web address is empty: expected is one such as 'https://example.com'.",
    )
    assert await refused(bench, "updateAccount", {"id": account, "website": ""}) == [blank]
    await written(bench, "updateAccount", {"id": account, "website": None})
    assert await read(bench, "account", account, "website domain") == {"website": None, "domain": None}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"amount": "1", "currency": "XXX"}, "UNKNOWN_CURRENCY", "'XXX' is not a currency of ISO 4217"),
        ({"amount": "12.5", "currency": "JPY"}, "INVALID_VALUE", "'12.5' has more than 0 decimal places; round it."),
        (
            {"amount": "1e30", "currency": "EUR"},
            "INVALID_VALUE",
            "'1e30' is too large a number; 10,000,000,000,000.00 is the greatest that is kept.",
        ),
        ({"amount": "NaN", "currency": "EUR"}, "INVALID_VALUE", "'NaN' is no decimal number; write it like '12.50'."),
        ({"amount": "12,50", "currency": "EUR"}, "INVALID_VALUE", "'12,50' is no decimal number"),
    ],
)
async def test_money_that_is_none_is_refused(bench: Bench, given: dict[str, str], code: str, message: str) -> None:
    (found,) = await refused(bench, "createAccount", {"name": "A", "annualRevenue": given})
    part = "currency" if code == "UNKNOWN_CURRENCY" else "amount"
    assert (found["code"], found["path"]) == (code, ["input", "annualRevenue", part])
    assert found["message"].startswith(message)


async def test_money_is_kept_to_its_last_digit_in_its_currency(bench: Bench) -> None:
    for name, amount, currency, shown in (
        ("yen", "1000", "JPY", "1000"),
        ("dinar", "0.001", "KWD", "0.001"),
        ("euro", "-0.1", "EUR", "-0.10"),
        ("most", "9999999999999.99", "USD", "9999999999999.99"),
    ):
        account = await make(bench, "Account", name=name, annualRevenue={"amount": amount, "currency": currency})
        stored = await read(bench, "account", account, "annualRevenue { amount currency }")
        assert stored["annualRevenue"] == {"amount": shown, "currency": currency}
    assert await names(bench, {"annualRevenue": {"lt": {"amount": "0", "currency": "EUR"}}}) == ["euro"]


async def test_an_update_that_changes_nothing_is_no_change(bench: Bench) -> None:
    account = await make(bench, "Account", **FULL)
    events = len(await bench.accord.database.fetch("select 1 from outbox_event", []))
    bench.clock.turn(hours=1)
    await written(bench, "updateAccount", {"id": account, **FULL})
    assert (await read(bench, "account", account, "version updatedAt")) == {
        "version": 1,
        "updatedAt": "2026-03-01T12:00:00.000000Z",
    }
    assert len(await bench.accord.database.fetch("select 1 from outbox_event", [])) == events


# external ids and labels -----------------------------------------------------------------------------------------


async def test_an_account_stays_when_the_actor_who_looks_after_it_goes(bench: Bench) -> None:
    actor = await make(bench, "Actor", name="Rita", kind="SERVICE", email="rita@example.com")
    account = await make(bench, "Account", name="A", ownerId=actor)
    assert await names(bench, {"owner": {"kind": {"eq": "SERVICE"}}}) == ["A"]
    await written(bench, "deleteActor", actor)
    assert await read(bench, "account", account, "name owner { id } version") == {
        "name": "A",
        "owner": None,
        "version": 1,
    }
    message = f"There is no Actor with id {actor}; it may have been deleted."
    assert await refused(bench, "createAccount", {"name": "B", "ownerId": actor}) == [
        violation("NOT_FOUND", "input.ownerId", message)
    ]
    await written(bench, "restoreActor", actor)
    assert await read(bench, "account", account, "owner { name }") == {"owner": {"name": "Rita"}}


async def test_an_external_id_is_one_accounts_alone_in_its_system(bench: Bench) -> None:
    erp = {"system": "erp", "value": "1"}
    first = await make(bench, "Account", name="A", externalIds=[erp, {"system": "crm", "value": "1"}])
    contact = await make(bench, "Contact", familyName="C", externalIds=[erp])
    found = await bench.ask(
        """query ($key: ExternalIdentifier!) {
          account(by: {externalId: $key}) { id } contact(by: {externalId: $key}) { id } }""",
        key=erp,
    )
    assert found == {"account": {"id": first}, "contact": {"id": contact}}
    (stored, _) = (await read(bench, "account", first, "externalIds(orderBy: [{id: ASC}]) { nodes { id } }"))[
        "externalIds"
    ]["nodes"]
    message = (
        f"Another ExternalId has the same system and value: {stored['id']}. Change the value, or update that record."
    )
    assert await refused(
        bench, "createAccount", {"name": "B", "externalIds": [{"system": "x", "value": "1"}, erp]}
    ) == [violation("NOT_UNIQUE", "input.externalIds.1.value", message)]
    twice = {"name": "B", "externalIds": [{"system": "s", "value": "v"}, {"system": "s", "value": "v"}]}
    message = "The same input has another ExternalId with the same system and value, at input.externalIds.0.value."
    assert await refused(bench, "createAccount", twice) == [
        violation("NOT_UNIQUE", "input.externalIds.1.value", message)
    ]
    blank = {"name": "B", "externalIds": [{"system": " ", "value": ""}, {}]}
    assert await refused(bench, "createAccount", blank) == [
        violation("REQUIRED", "input.externalIds.0.system", "system is blank; give it a value."),
        violation("REQUIRED", "input.externalIds.0.value", "value is blank; give it a value."),
        violation("REQUIRED", "input.externalIds.1.system", "system is required; give it a value."),
        violation("REQUIRED", "input.externalIds.1.value", "value is required; give it a value."),
    ]


async def test_an_external_id_belongs_to_exactly_one_record(bench: Bench) -> None:
    account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
    erp = {"system": "erp", "value": "1"}
    message = "Give exactly one of accountId or contactId or addressId."
    expected = [violation("ONE_OWNER", "input.accountId", message)]
    assert await refused(bench, "createExternalId", erp) == expected
    assert await refused(bench, "createExternalId", erp | {"accountId": account, "contactId": contact}) == expected
    await written(bench, "createExternalId", erp | {"contactId": contact})


async def test_a_label_is_made_and_put_on_in_one_write(bench: Bench) -> None:
    label = {"name": "VIP", "scope": "ACCOUNT", "colour": "#ABCDEF"}
    fields = "account { labels { nodes { id name colour scope } } }"
    payload = await written(bench, "createAccount", {"name": "A", "labels": [label]}, fields)
    (stored,) = payload["account"]["labels"]["nodes"]
    assert stored == {"id": stored["id"], "name": "VIP", "colour": "#abcdef", "scope": "ACCOUNT"}
    message = f"Another Label has the same scope and name: {stored['id']}. Change the value, or update that record."
    again = {"name": "B", "labels": [{"name": "vip", "scope": "ACCOUNT"}, {"name": "Hot", "scope": "CONTACT"}]}
    scope = "The label 'Hot' is for CONTACT records; use one made for this kind."
    assert await refused(bench, "createAccount", again) == [
        violation("NOT_UNIQUE", "input.labels.0.name", message),
        violation("OTHER_SCOPE", "input.labels.1", scope),
    ]
    bad = {"name": "C", "labels": [{"name": "X", "scope": "ACCOUNT", "colour": "red"}]}
    colour = "'red' is no colour; write it as #rrggbb, like #1f77b4."
    assert await refused(bench, "createAccount", bad) == [violation("INVALID_VALUE", "input.labels.0.colour", colour)]
