"""What plugins hide is not to be concluded from what rules say of it, work out from it, or find by it."""

from accord.plugins.contexts import Narrowing
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_guesses import hide, tried, write
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
