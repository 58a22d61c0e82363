"""What plugins hide is not to be concluded from what rules say of it, work out from it, or find by it."""

import logging
from typing import Any

from accord.plugins.contexts import Narrowing
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_guesses import NOT_HIDDEN, hide, tried, write
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
