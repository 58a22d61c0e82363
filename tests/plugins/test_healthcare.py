"""The healthcare plugin: provider numbers, agreements, and medical record numbers that few may read."""

from typing import Any

import pytest

from accord.config.testing import AsActor, Clock, Gql, Make, Statements

pytestmark = pytest.mark.accord_plugins("healthcare")

VIOLATIONS = "violations { code path message severity reference plugin }"
CREATE = f"mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{ recordId {VIOLATIONS} }} }}"
UPDATE = f"mutation ($input: UpdateAccountInput!) {{ updateAccount(input: $input) {{ recordId {VIOLATIONS} }} }}"
SIGN = f"""mutation ($account: ID!, $day: Date!) {{ healthcareSign(account: $account, baaSignedOn: $day) {{
  result {{ name healthcare {{ role baaSignedOn }} }} {VIOLATIONS} }} }}"""


def found(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Codes, paths and severities of the violations of an answer's one mutation."""
    [payload] = answer.values()
    return [(one["code"], ".".join(map(str, one["path"])), one["severity"]) for one in payload["violations"]]


# 1234567893 is the example of the standard itself; the others are made by its rule.
@pytest.mark.parametrize("npi", ["1234567893", "2000000002", "1245319599"])
async def test_an_npi_with_its_check_digit_is_taken(gql: Gql, npi: str):
    answer = await gql(CREATE, input={"name": "Kestrel", "healthcare": {"role": "COVERED_ENTITY", "npi": npi}})
    assert found(answer) == []


@pytest.mark.parametrize(
    ("npi", "words"),
    [
        ("1234567890", "check digit"),
        ("1234567839", "check digit"),  # two digits changed places
        ("3234567893", "begin with 1 or 2"),
        ("123456789", "ten digits"),
        ("12345678931", "ten digits"),  # a text that is too long, too
        ("12345678٣3", "ten digits"),  # a digit, and not one of ASCII's
    ],
)
async def test_anything_else_is_no_npi(gql: Gql, npi: str, words: str):
    answer = await gql(CREATE, input={"name": "Kestrel", "healthcare": {"npi": npi}})
    assert found(answer) == [("INVALID_NPI", "input.healthcare.npi", "ERROR")]
    assert words in answer["createAccount"]["violations"][0]["message"]


async def test_no_two_accounts_have_one_npi(gql: Gql, make_account: Make):
    await make_account(healthcare={"npi": "1234567893"})
    answer = await gql(CREATE, input={"name": "Merlin", "healthcare": {"npi": "1234567893"}})
    assert found(answer) == [("NOT_UNIQUE", "input.healthcare.npi", "ERROR")]


async def test_a_covered_entity_needs_an_npi_whichever_way_it_becomes_one(gql: Gql, make_account: Make):
    needed = ("HEALTHCARE_NPI_NEEDED", "input.healthcare.npi", "ERROR")
    answer = await gql(CREATE, input={"name": "Kestrel", "healthcare": {"role": "COVERED_ENTITY"}})
    assert found(answer) == [needed]
    [violation] = answer["createAccount"]["violations"]
    assert (violation["plugin"], violation["reference"]) == ("healthcare", "45 CFR 162.410(a)(1)")
    account = await make_account(name="Merlin")
    assert found(await gql(UPDATE, input={"id": account, "healthcare": {"role": "COVERED_ENTITY"}})) == [needed]
    given = {"role": "COVERED_ENTITY", "npi": "1234567893"}
    assert found(await gql(UPDATE, input={"id": account, "healthcare": given})) == []
    assert found(await gql(UPDATE, input={"id": account, "healthcare": {"npi": None}})) == [needed]


@pytest.mark.parametrize("role", ["BUSINESS_ASSOCIATE", "SUBCONTRACTOR"])
async def test_a_missing_agreement_is_a_warning_and_the_account_is_written(gql: Gql, role: str):
    answer = await gql(CREATE, input={"name": "Kestrel", "healthcare": {"role": role}})
    assert found(answer) == [("HEALTHCARE_AGREEMENT_NEEDED", "input.healthcare.baaSignedOn", "WARNING")]
    assert answer["createAccount"]["recordId"] is not None


@pytest.mark.accord_plugins("healthcare", plugin={"healthcare": {"agreement_needed": False}})
async def test_an_operator_can_do_without_that_warning(gql: Gql):
    answer = await gql(CREATE, input={"name": "Kestrel", "healthcare": {"role": "SUBCONTRACTOR"}})
    assert found(answer) == []


async def test_an_agreement_is_signed_today_at_the_latest(gql: Gql, make_account: Make, clock: Clock):
    account = await make_account(name="Kestrel", healthcare={"role": "BUSINESS_ASSOCIATE"})
    clock.set("2026-03-01T23:30:00-05:00")  # the second of March in UTC
    answer = await gql(SIGN, account=account, day="2026-03-03")
    assert found(answer) == [("HEALTHCARE_AGREEMENT_IN_FUTURE", "baaSignedOn", "ERROR")]
    answer = await gql(SIGN, account=account, day="2026-03-02")
    assert answer["healthcareSign"] == {
        "result": {"name": "Kestrel", "healthcare": {"role": "BUSINESS_ASSOCIATE", "baaSignedOn": "2026-03-02"}},
        "violations": [],
    }


async def test_accounts_without_their_agreement_are_listed(gql: Gql, make_account: Make):
    await make_account(name="Kestrel", healthcare={"role": "SUBCONTRACTOR"})
    await make_account(name="Merlin", healthcare={"role": "BUSINESS_ASSOCIATE", "baaSignedOn": "2026-02-01"})
    await make_account(name="Hobby")
    assert await gql("{ healthcareUnsigned { name } }") == {"healthcareUnsigned": [{"name": "Kestrel"}]}


async def test_a_medical_record_number_shows_its_end_to_those_who_may_not_read_it(
    gql: Gql, as_actor: AsActor, make_contact: Make
):
    await make_contact(familyName="Huber", healthcare={"mrn": "MR-00473312"})
    await make_contact(familyName="Ngo", healthcare={"mrn": "4733"})  # too short to show any of it
    await make_contact(familyName="Sosa")
    mrns = "{ contacts { nodes { healthcare { mrn } } } }"
    nurse, clerk = as_actor("healthcare.phi.read"), as_actor()
    shown = [node["healthcare"]["mrn"] for node in (await nurse(mrns))["contacts"]["nodes"]]
    assert shown == ["MR-00473312", "4733", None]
    shown = [node["healthcare"]["mrn"] for node in (await clerk(mrns))["contacts"]["nodes"]]
    assert shown == ["••••3312", "••••", None]
    for use in ('filter: {healthcare: {mrn: {eq: "4733"}}}', "orderBy: [{healthcare: {mrn: ASC}}]"):
        document = f"{{ contacts({use}) {{ nodes {{ familyName }} }} }}"
        assert len((await nurse(document))["contacts"]["nodes"]) in (1, 3)
        [error] = await clerk.errors(document)
        assert error["extensions"]["code"] == "FORBIDDEN_FIELD"


async def test_a_page_of_accounts_with_all_fields_of_the_plugin_is_one_statement(
    gql: Gql, make_account: Make, statements: Statements
):
    for number in range(3):
        await make_account(name=f"Account {number}", contacts=[{"familyName": "Huber"}])
    with statements.counted() as ran:
        await gql("""{ accounts { nodes { name healthcare { role npi baaSignedOn }
          contacts { nodes { healthcare { mrn } } } } } }""")
    assert len(ran) == 1
