"""What plugins hide is not to be concluded from what rules say of it, work out from it, or find by it."""

import json
import logging
from typing import Any

import pytest

from accord.plugins.contexts import Narrowing
from accord.plugins.names import camel
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_guesses import NO_ROW, NOT_HIDDEN, codes, hide, tried, write
from accord.tests.schema.test_read_policy import made
from accord.tests.schema.toy_clinic import Rules

# keys and names ----------------------------------------------------------------------------------------------------


async def test_a_hidden_external_id_finds_no_record(clinic: Bench, rules: Rules):
    called = [{"system": "crm", "value": "42"}]
    await made(clinic, "createAccount", name="A", description="Old", externalIds=called)
    hide(rules, "ExternalId")
    shown = "account { description version externalIds { totalCount } }"
    answers = [
        await tried(
            clinic, "upsertAccount", {"by": {"externalId": {"system": "crm", "value": value}}, "name": "B"}, shown
        )
        for value in ("42", "43")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["account"] == {"description": None, "version": 1, "externalIds": {"totalCount": 0}}
    given = {"by": {"externalId": {"system": "crm", "value": "42"}}, "name": "B"}
    (violation,) = (await write(clinic, "upsertAccount", given))["violations"]
    assert violation == {
        "code": "NOT_UNIQUE",
        "message": "Another ExternalId that you may not see has the same system and value. Change the value.",
        "path": ["input", "by", "externalId", "value"],
    }


async def test_no_record_is_found_by_an_external_id_whose_owner_may_not_be_read(clinic: Bench, rules: Rules):
    await made(clinic, "createAccount", name="A", externalIds=[{"system": "crm", "value": "42"}])
    hide(rules, "ExternalId", Narrowing(hide=frozenset({"account"})))
    upsert = """mutation ($value: String!, $dry: Boolean!) { upsertAccount(dryRun: $dry, input: {
      by: {externalId: {system: "crm", value: $value}}, name: "B"}) { recordId } }"""
    for value in ("42", "43"):
        for dry in (True, False):
            (error,) = await clinic.errors(upsert, value=value, dry=dry)
            assert error["extensions"]["code"] == "FORBIDDEN_FIELD"
            assert error["extensions"]["field"] == "account"


async def test_a_dry_run_takes_no_notice_of_a_hidden_account_with_an_older_name(
    clinic: Bench, rules: Rules, caplog: Any
):
    """Names given before the rule asked for unique ones, and the same ones in lower case."""
    caplog.set_level(logging.INFO, logger="accord.writes")
    shown, hidden = [await made(clinic, "createAccount", name=name) for name in ("Shown", "Hidden")]
    await made(clinic, "createNamingRule", kind="BUSINESS", uniqueNames=True)
    hide(rules, "Account", NOT_HIDDEN)
    for name in ("HIDDEN", "Free"):
        payload = await tried(clinic, "createAccount", {"name": name}, "account { name }")
        assert (payload["violations"], payload["account"]) == ([], {"name": name})
    (violation,) = (await tried(clinic, "createAccount", {"name": "SHOWN"}))["violations"]
    assert shown in violation["message"]
    assert caplog.records == []
    (violation,) = (await write(clinic, "createAccount", {"name": "HIDDEN"}))["violations"]
    assert violation == {
        "code": "NOT_UNIQUE",
        "message": "Another Account that you may not see has the same kind and name. Change the value.",
        "path": ["input", "name"],
    }
    (record,) = caplog.records
    assert all(part in record.getMessage() for part in ("createAccount", "kind and name of Account", "1"))
    assert hidden not in record.getMessage()


async def test_a_dry_run_gives_numbers_as_if_hidden_accounts_had_none(clinic: Bench, rules: Rules):
    await made(clinic, "createNamingRule", kind="BUSINESS", numberPrefix="N-", numberDigits=3)
    await made(clinic, "createAccount", name="Hidden", number="N-002")
    await made(clinic, "createAccount", name="Shown", number="N-003")
    hide(rules, "Account", NOT_HIDDEN)
    document = """mutation ($inputs: [CreateAccountInput!]!, $dry: Boolean!) {
      createAccounts(inputs: $inputs, dryRun: $dry) { results { account { number } } } }"""
    for dry, numbers in ((True, ["N-001", "N-002", "N-004"]), (False, ["N-001", "N-004", "N-005"])):
        answer = await clinic.ask(document, inputs=[{"name": str(number)} for number in range(3)], dry=dry)
        assert [one["account"]["number"] for one in answer["createAccounts"]["results"]] == numbers


# what rules say ----------------------------------------------------------------------------------------------------

LOS_ANGELES = {
    "streetLines": ["1 Main St"],
    "city": "Los Angeles",
    "postalCode": "90001",
    "state": {"code": "US-CA"},
    "country": {"code": "US"},
    "validFrom": "2020-03-04",
}
LAST_DAY = {"validTo": "1000-01-01"}
NO_CODE = {key: LOS_ANGELES[key] for key in ("streetLines", "state", "country")}
BROKEN: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str]] = [
    ("Address", LOS_ANGELES, LAST_DAY, "valid_from", "ENDS_BEFORE_START", "2020-03-04"),
    ("Address", LOS_ANGELES, {"country": {"code": "DE"}}, "state", "MISMATCH", "US-CA"),
    ("Address", LOS_ANGELES, {"postalCode": "10001"}, "state", "MISMATCH", "California"),
    ("Address", LOS_ANGELES, {"country": {"code": "NL"}, "state": None}, "postal_code", "INVALID", "90001"),
    ("Address", NO_CODE, {"city": "Los Angeles"}, "postal_code", "REQUIRED", "a ZIP code"),
    ("Contact", {"givenName": " ", "familyName": "F"}, {"familyName": None}, "given_name", "REQUIRED", "a given name"),
    ("NamingRule", {"kind": "PERSON", "example": "ab"}, {"pattern": "x"}, "example", "INVALID_EXAMPLE", "The example"),
]


@pytest.mark.parametrize(("record", "stored", "given", "field", "code", "told"), BROKEN)
async def test_a_rule_does_not_tell_a_stored_value_that_may_not_be_read(
    clinic: Bench,
    rules: Rules,
    record: str,
    stored: dict[str, Any],
    given: dict[str, Any],
    field: str,
    code: str,
    told: str,
):
    id_ = (await write(clinic, f"create{record}", stored))["recordId"]
    update = {"id": id_, **given}
    found = (await tried(clinic, f"update{record}", update))["violations"]
    assert any(one["code"] == code and told in one["message"] for one in found)
    hide(rules, record, Narrowing(hide=frozenset({field})))
    silent = (await tried(clinic, f"update{record}", update))["violations"]
    assert code not in {one["code"] for one in silent}
    assert [one for one in found if one in silent] == silent
    spoken = (await write(clinic, f"update{record}", update))["violations"]
    assert [one["code"] for one in spoken] == [one["code"] for one in found]
    about = [one["message"] for one in spoken if one["code"] == code]
    assert about == [f"This does not go with what is stored in {camel(field)}, which you may not read."]


async def test_a_rule_tells_what_the_input_states_itself(clinic: Bench, rules: Rules):
    id_ = await made(clinic, "createAddress", **LOS_ANGELES)
    hide(rules, "Address", Narrowing(hide=frozenset({"valid_from"})))
    for dry in (True, False):
        given = {"id": id_, "validFrom": "2021-01-01", "validTo": "2020-01-01"}
        (violation,) = (await write(clinic, "updateAddress", given, dry=dry))["violations"]
        assert violation == {
            "code": "ENDS_BEFORE_START",
            "message": "The last day, 2020-01-01, lies before the first, 2021-01-01; one of them is wrong.",
            "path": ["input", "validTo"],
        }


async def test_the_first_day_of_a_relationship_is_confirmed_by_no_guess(clinic: Bench, rules: Rules):
    account = await made(clinic, "createAccount", name="A")
    contact = await made(
        clinic,
        "createContact",
        familyName="C",
        accounts=[{"id": account, "startedOn": "2019-05-06", "endedOn": "2020-01-01"}],
    )
    read = "query ($id: ID!) { contact(id: $id) { relationships { nodes { id } } } }"
    link = (await clinic.ask(read, id=contact))["contact"]["relationships"]["nodes"][0]["id"]
    hide(rules, "AccountContact", Narrowing(hide=frozenset({"started_on"})))
    assert codes(await tried(clinic, "updateAccountContact", {"id": link, "endedOn": "1900-01-01"})) == []
    (violation,) = (await write(clinic, "updateAccountContact", {"id": link, "endedOn": "1900-01-01"}))["violations"]
    assert violation == {
        "code": "ENDS_BEFORE_START",
        "message": "This does not go with what is stored in startedOn, which you may not read.",
        "path": ["input", "endedOn"],
    }
    shown = "contact { relationships { totalCount } }"
    answers = [
        await tried(
            clinic,
            "updateContact",
            {"id": contact, "accounts": [{"id": account, "startedOn": day, "endedOn": "2021-01-01"}]},
            shown,
        )
        for day in ("2019-05-06", "2019-05-07")
    ]
    assert answers[0] == answers[1]


# hierarchies -------------------------------------------------------------------------------------------------------


async def test_a_hidden_parent_is_not_told_by_what_lies_above_or_below(clinic: Bench, rules: Rules):
    parent = await made(clinic, "createAccount", name="Parent")
    child = await made(clinic, "createAccount", name="Child", parentId=parent)
    read = """query ($id: ID!) { account(id: $id) { parent { name } ultimateParent { name }
      ancestors { totalCount nodes { name } edges { depth } } descendants { totalCount nodes { name } }
      children { totalCount } } }"""
    whole = [(await clinic.ask(read, id=id_))["account"] for id_ in (parent, child)]
    assert whole[0]["descendants"] == {"totalCount": 1, "nodes": [{"name": "Child"}]}
    assert whole[1]["ancestors"] == {"totalCount": 1, "nodes": [{"name": "Parent"}], "edges": [{"depth": 1}]}
    filters: list[dict[str, Any]] = [
        {"ancestors": {"anyOf": [parent]}},
        {"descendants": {"some": {"name": {"eq": "Child"}}}},
        {"ultimateParentId": {"eq": parent}},
    ]
    find = "query ($filter: AccountFilter) { accounts(filter: $filter) { totalCount } }"
    for filter_ in filters:
        assert (await clinic.ask(find, filter=filter_))["accounts"]["totalCount"] == 1
    hide(rules, "Account", Narrowing(hide=frozenset({"parent"})))
    nothing = {
        "parent": None,
        "ultimateParent": None,
        "ancestors": {"totalCount": 0, "nodes": [], "edges": []},
        "descendants": {"totalCount": 0, "nodes": []},
        "children": {"totalCount": 0},
    }
    for id_ in (parent, child):
        assert (await clinic.ask(read, id=id_))["account"] == nothing
    for filter_ in filters:
        (error,) = await clinic.errors(find, filter=filter_)
        assert error["extensions"]["code"] == "FORBIDDEN_FIELD"


@pytest.mark.parametrize(
    ("record", "name", "reference"), [("Account", "name", "parent"), ("Contact", "familyName", "reportsTo")]
)
async def test_a_dry_run_does_not_tell_a_hidden_line_by_its_end(
    clinic: Bench, rules: Rules, record: str, name: str, reference: str
):
    above = await made(clinic, f"create{record}", **{name: "Above"})
    below = await made(clinic, f"create{record}", **{name: "Below", f"{reference}Id": above})
    other = await made(clinic, f"create{record}", **{name: "Other"})
    update = f"update{record}"
    assert codes(await tried(clinic, update, {"id": above, f"{reference}Id": below})) == ["CYCLE"]
    hide(rules, record, Narrowing(hide=frozenset({"parent" if record == "Account" else "reports_to"})))
    shown = f"{record.lower()} {{ version }}"
    answers = [await tried(clinic, update, {"id": above, f"{reference}Id": id_}, shown) for id_ in (below, other)]
    assert answers[0] == answers[1]
    assert codes(answers[0]) == []
    (violation,) = (await write(clinic, update, {"id": above, f"{reference}Id": below}))["violations"]
    assert violation == {
        "code": "CYCLE",
        "message": f"This does not go with what is stored in {reference}Id, which you may not read.",
        "path": ["input", f"{reference}Id"],
    }


# nested lists ------------------------------------------------------------------------------------------------------


async def test_a_nested_list_confirms_no_owner_that_may_not_be_read(clinic: Bench, rules: Rules):
    owner = await made(clinic, "createContact", familyName="Owner", visits=[{"reason": "Cough"}])
    other = await made(clinic, "createContact", familyName="Other")
    visit = (await clinic.ask("{ visits { nodes { id } } }"))["visits"]["nodes"][0]["id"]
    change = {"visits": [{"id": visit, "reason": "Fall"}]}
    assert codes(await tried(clinic, "updateContact", {"id": owner, **change})) == []
    hide(rules, "Visit", Narrowing(hide=frozenset({"contact"})))
    for control in ({"reason": "Fall"}, {"delete": True}, {}):
        for dry in (True, False):
            answers = [
                await write(clinic, "updateContact", {"id": id_, "visits": [{"id": visit, **control}]}, dry=dry)
                for id_ in (owner, other)
            ]
            assert answers[0] == answers[1]
            assert codes(answers[0]) == ["NOT_FOUND"]
    assert codes(await write(clinic, "updateContact", {"id": owner, "visits": [{"reason": "Fall"}]})) == []


@pytest.mark.parametrize(
    ("link", "owner", "members", "reference"),
    [
        ("AccountContact", "Account", "contacts", "account"),
        ("ContactGroupMember", "ContactGroup", "members", "contact"),
    ],
)
async def test_a_nested_list_confirms_no_link_whose_ends_may_not_be_read(
    clinic: Bench, rules: Rules, link: str, owner: str, members: str, reference: str
):
    linked, unlinked = [await made(clinic, "createContact", familyName=name) for name in "AB"]
    given = {"name": "Owner", members: [{"id": linked}]}
    id_ = await made(clinic, f"create{owner}", **given, **({"kind": "FIXED"} if owner == "ContactGroup" else {}))
    hide(rules, link, Narrowing(hide=frozenset({reference})))
    for control, code in (
        ({"disconnect": True}, "NOT_CONNECTED"),
        ({"delete": True}, "NOT_FOUND"),
        ({}, "FORBIDDEN_FIELD"),
    ):
        answers = [
            await tried(clinic, f"update{owner}", {"id": id_, members: [{"id": contact, **control}]})
            for contact in (linked, unlinked)
        ]
        assert codes(answers[0]) == [code]
        assert json.dumps(answers[0]).replace(linked, "") == json.dumps(answers[1]).replace(unlinked, "")


# what follows from others ------------------------------------------------------------------------------------------


async def test_the_domain_is_hidden_with_the_website(clinic: Bench, rules: Rules):
    id_ = await made(clinic, "createAccount", name="A", website="https://www.secret.example/x")
    read = "query ($id: ID!) { account(id: $id) { website domain } }"
    find = '{ accounts(filter: {domain: {eq: "secret.example"}}) { totalCount } }'
    assert (await clinic.ask(read, id=id_))["account"]["domain"] == "secret.example"
    assert (await clinic.ask(find))["accounts"]["totalCount"] == 1
    hide(rules, "Account", Narrowing(hide=frozenset({"website"})))
    assert (await clinic.ask(read, id=id_))["account"] == {"website": None, "domain": None}
    (error,) = await clinic.errors(find)
    assert error["extensions"]["code"] == "FORBIDDEN_FIELD"


@pytest.mark.parametrize("narrowing", [NO_ROW, Narrowing(hide=frozenset({"example", "pattern"}))])
async def test_the_example_of_a_hidden_naming_rule_is_not_told(clinic: Bench, rules: Rules, narrowing: Narrowing):
    await made(clinic, "createNamingRule", kind="PARTNER", pattern="Secret [0-9]+", example="Secret 7")
    given = {"name": "x", "kind": "PARTNER"}
    (violation,) = (await write(clinic, "createAccount", given))["violations"]
    assert violation["message"].endswith("accounts; one that does is 'Secret 7'.")
    hide(rules, "NamingRule", narrowing)
    for dry in (True, False):
        (violation,) = (await write(clinic, "createAccount", given, dry=dry))["violations"]
        assert violation["message"] == "'x' does not match the naming rule of PARTNER accounts."


async def test_a_dry_run_takes_no_notice_of_hidden_sources(clinic: Bench, rules: Rules):
    came, other = [await made(clinic, "createAccount", name=name) for name in "AB"]
    await made(clinic, "createAccountSource", accountId=came, category="WEB_FORM")
    hide(rules, "AccountSource", Narrowing(where={"category": {"ne": "WEB_FORM"}}))
    given = {"category": "WEBSITE"}
    shown = "accountSource { isFirst account { sourceCategory } }"
    answers = [await tried(clinic, "createAccountSource", {**given, "accountId": id_}, shown) for id_ in (came, other)]
    assert answers[0] == answers[1]
    assert answers[0]["accountSource"] == {"isFirst": True, "account": {"sourceCategory": "WEBSITE"}}
    rules.narrow = lambda record, viewer: None
    answer = await tried(clinic, "createAccountSource", {**given, "accountId": came}, shown)
    assert answer["accountSource"] == {"isFirst": False, "account": {"sourceCategory": "WEB_FORM"}}


async def test_a_hidden_record_that_is_pointed_at_is_not_spoken_of(clinic: Bench, rules: Rules):
    contact = await made(clinic, "createContact", familyName="C")
    label = await made(clinic, "createLabel", name="Hidden", scope="ACCOUNT")
    group = await made(clinic, "createContactGroup", name="Hidden", kind="FILTERED", memberFilter={})
    rules.narrow = lambda record, viewer: NOT_HIDDEN if record in {"Label", "ContactGroup"} else None
    for dry in (True, False):
        for mutation, given in (
            ("createLabelLink", {"labelId": label}),
            ("createContactGroupMember", {"groupId": group}),
        ):
            (violation,) = (await write(clinic, mutation, {**given, "contactId": contact}, dry=dry))["violations"]
            assert violation["code"] == "NOT_FOUND"
