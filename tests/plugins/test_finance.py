"""The finance plugin: what is known of customers, who owns them, and the numbers that registers know them by."""

import asyncio
from typing import Any

import pytest

from accord.config.testing import AsActor, Clock, Gql, Make, assert_violation
from accord.graph.writing.unit import UnitOfWork

pytestmark = pytest.mark.accord_plugins("finance")

VIOLATIONS = "violations { code path message severity reference plugin }"
ACCOUNT = f"mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{ recordId {VIOLATIONS} }} }}"
CONTACT = f"mutation ($input: CreateContactInput!) {{ createContact(input: $input) {{ recordId {VIOLATIONS} }} }}"
RENAME = f"mutation ($input: UpdateContactInput!) {{ updateContact(input: $input) {{ recordId {VIOLATIONS} }} }}"
OWNER = f"""mutation ($input: CreateFinanceBeneficialOwnerInput!) {{
  createFinanceBeneficialOwner(input: $input) {{ recordId {VIOLATIONS} }} }}"""
SHARE = f"""mutation ($input: UpdateFinanceBeneficialOwnerInput!) {{
  updateFinanceBeneficialOwner(input: $input) {{ recordId {VIOLATIONS} }} }}"""
RELEASE = "mutation ($id: ID!) { deleteFinanceBeneficialOwner(id: $id) { recordId violations { code } } }"
RESTORE = f"mutation ($id: ID!) {{ restoreFinanceBeneficialOwner(id: $id) {{ recordId {VIOLATIONS} }} }}"
IDENTIFIER = f"""mutation ($input: CreateFinanceIdentifierInput!) {{
  createFinanceIdentifier(input: $input) {{ financeIdentifier {{ kind value }} {VIOLATIONS} }} }}"""


def found(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Codes and paths of the violations of an answer's one mutation."""
    [payload] = answer.values()
    return [(one["code"], ".".join(map(str, one["path"]))) for one in payload["violations"]]


# who a customer is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "violations"),
    [
        ({"kycStatus": "IN_PROGRESS"}, []),
        ({"kycStatus": "VERIFIED", "risk": "LOW"}, []),
        ({"kycStatus": "REJECTED", "risk": "PROHIBITED"}, []),
        ({"kycStatus": "VERIFIED"}, [("FINANCE_RISK_NEEDED", "input.finance.risk")]),
        ({"kycStatus": "VERIFIED", "risk": None}, [("FINANCE_RISK_NEEDED", "input.finance.risk")]),
        ({"kycStatus": "VERIFIED", "risk": "PROHIBITED"}, [("FINANCE_PROHIBITED", "input.finance.kycStatus")]),
    ],
)
async def test_a_verified_customer_has_a_rating_that_allows_business(
    gql: Gql, known: dict[str, Any], violations: list[Any]
):
    assert found(await gql(ACCOUNT, input={"name": "Copperline", "finance": known})) == violations


async def test_dates_of_birth_are_plausible(gql: Gql, clock: Clock):
    clock.set("2026-03-01T12:00:00Z")
    for day, violations in (
        ("2026-03-01", []),
        ("2026-03-02", [("FINANCE_BORN_IN_FUTURE", "input.finance.birthDate")]),
        ("1906-01-01", []),
        ("1905-12-31", [("FINANCE_BORN_LONG_AGO", "input.finance.birthDate")]),
    ):
        answer = await gql(CONTACT, input={"familyName": "Huber", "finance": {"birthDate": day}})
        assert (day, found(answer)) == (day, violations)
        assert (answer["createContact"]["recordId"] is None) == (day == "2026-03-02")


@pytest.mark.accord_plugins("finance", plugin={"finance": {"oldest_years": 100}})
async def test_an_operator_says_how_old_people_get(gql: Gql):
    answer = await gql(CONTACT, input={"familyName": "Huber", "finance": {"birthDate": "1925-12-31"}})
    assert_violation(answer, "FINANCE_BORN_LONG_AGO", "input.finance.birthDate")
    assert "over 100 years old" in answer["createContact"]["violations"][0]["message"]


async def test_a_date_of_birth_is_told_to_nobody_who_may_not_read_it(
    as_actor: AsActor, make_contact: Make, clock: Clock
):
    clock.set("2026-03-01T12:00:00Z")
    contact = await make_contact(familyName="Huber", finance={"birthDate": "1901-05-06"})
    clock.set("1899-03-01T12:00:00Z")  # by now every rule about births is broken by what is stored
    clerk, officer = as_actor(), as_actor("finance.pii.read")
    births = "{ contacts { nodes { finance { birthDate } } } }"
    assert (await officer(births))["contacts"]["nodes"] == [{"finance": {"birthDate": "1901-05-06"}}]
    assert (await clerk(births))["contacts"]["nodes"] == [{"finance": {"birthDate": None}}]
    answer = await clerk(RENAME, input={"id": contact, "familyName": "Haber", "finance": {}})
    assert found(answer) == []


# owners --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "violations"),
    [
        (["25.00"], []),
        (["100.00"], []),
        (["0.01"], []),
        (["50.00", "50.00"], []),
        (["33.33", "33.33", "33.34"], []),
        (["0"], [("FINANCE_SHARE_OUT_OF_RANGE", "input.financeBeneficialOwners.0.share")]),
        (["-1.00"], [("FINANCE_SHARE_OUT_OF_RANGE", "input.financeBeneficialOwners.0.share")]),
        (
            ["100.01"],
            [
                ("FINANCE_SHARES_EXCEED_WHOLE", "input.financeBeneficialOwners.0.share"),
                ("FINANCE_SHARE_OUT_OF_RANGE", "input.financeBeneficialOwners.0.share"),
            ],
        ),
        (
            ["60.00", "40.01"],
            [
                ("FINANCE_SHARES_EXCEED_WHOLE", "input.financeBeneficialOwners.0.share"),
                ("FINANCE_SHARES_EXCEED_WHOLE", "input.financeBeneficialOwners.1.share"),
            ],
        ),
    ],
)
async def test_the_shares_of_an_account_stay_within_the_whole(
    gql: Gql, make_contact: Make, shares: list[str], violations: list[Any]
):
    owners = [{"contactId": await make_contact(), "share": share} for share in shares]
    answer = await gql(ACCOUNT, input={"name": "Copperline", "financeBeneficialOwners": owners})
    assert found(answer) == violations


async def test_shares_count_with_those_stored_whether_they_grow_shrink_go_or_come_back(
    gql: Gql, make_account: Make, make_contact: Make
):
    account = await make_account(name="Copperline")

    async def own(share: str) -> dict[str, Any]:
        return await gql(OWNER, input={"accountId": account, "contactId": await make_contact(), "share": share})

    first = (await own("60.00"))["createFinanceBeneficialOwner"]["recordId"]
    answer = await own("40.01")
    assert found(answer) == [("FINANCE_SHARES_EXCEED_WHOLE", "input.share")]
    [violation] = answer["createFinanceBeneficialOwner"]["violations"]
    assert violation["message"] == "The owners' shares add up to more than 100 per cent; take away what is over."
    assert (violation["reference"], violation["plugin"]) == ("31 CFR 1010.230(d)", "finance")
    assert found(await own("40.00")) == []
    assert found(await gql(SHARE, input={"id": first, "share": "60.01"})) == [
        ("FINANCE_SHARES_EXCEED_WHOLE", "input.share")
    ]
    assert found(await gql(SHARE, input={"id": first, "share": "10.00"})) == []
    assert found(await own("50.00")) == []
    await gql(RELEASE, id=first)
    assert found(await own("10.00")) == []
    assert found(await gql(RESTORE, id=first)) == [("FINANCE_SHARES_EXCEED_WHOLE", "id.share")]


async def test_owners_who_are_entered_at_the_same_time_share_one_whole(
    gql: Gql, make_account: Make, make_contact: Make
):
    account = await make_account(name="Copperline")
    people = [await make_contact() for _ in range(4)]
    answers = await asyncio.gather(
        *(gql(OWNER, input={"accountId": account, "contactId": one, "share": "40.00"}) for one in people)
    )
    assert sum(not found(answer) for answer in answers) == 2


async def test_a_bulk_over_many_accounts_takes_few_locks(gql: Gql, make_contact: Make, monkeypatch: pytest.MonkeyPatch):
    names: list[str] = []
    lock = UnitOfWork.lock

    async def listen(unit: UnitOfWork, name: str) -> None:
        names.append(name)
        await lock(unit, name)

    monkeypatch.setattr(UnitOfWork, "lock", listen)
    accounts = "mutation ($i: [CreateAccountInput!]!) { made: createAccounts(inputs: $i) { results { recordId } } }"
    made = await gql(accounts, i=[{"name": f"Account {number}"} for number in range(300)])
    contact = await make_contact()
    names.clear()
    owners = [{"accountId": one["recordId"], "contactId": contact, "share": "10"} for one in made["made"]["results"]]
    bulk = """mutation ($i: [CreateFinanceBeneficialOwnerInput!]!) {
      createFinanceBeneficialOwners(inputs: $i) { written violations { code } } }"""
    assert await gql(bulk, i=owners) == {"createFinanceBeneficialOwners": {"written": 300, "violations": []}}
    taken = [name for name in names if name.startswith("finance: ")]
    assert 1 < len(taken) <= 64
    # in one order for all, so that no two wait for one another
    assert taken == sorted(set(taken), key=lambda name: int(name.split()[-1]))


async def test_a_person_owns_an_account_once(gql: Gql, make_account: Make, make_contact: Make):
    owner = {"accountId": await make_account(), "contactId": await make_contact(), "share": "10.00"}
    assert found(await gql(OWNER, input=owner)) == []
    assert found(await gql(OWNER, input=owner)) == [("NOT_UNIQUE", "input.contactId")]


# identifiers ---------------------------------------------------------------------------------------------------------


# Public examples of the standards, and what mistyping makes of them.
@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("LEI", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R12"),
        ("LEI", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R12"),
        ("LEI", "5493001KJTIIGC8Y1R13", None),
        ("LEI", "5493001KJTIIGC8Y1R1", None),
        ("IBAN", "DE89370400440532013000", "DE89370400440532013000"),
        ("IBAN", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("IBAN", "DE89370400440532013001", None),
        ("IBAN", "DE98370400440532013000", None),
        ("EIN", "12-3456789", "123456789"),
        ("EIN", "07-1144442", None),  # a prefix that is given to nobody
    ],
)
async def test_identifiers_are_checked_and_kept_as_registers_write_them(
    gql: Gql, make_account: Make, kind: str, given: str, kept: str | None
):
    answer = await gql(IDENTIFIER, input={"accountId": await make_account(), "kind": kind, "value": given})
    if kept is None:
        assert found(answer) == [("FINANCE_INVALID_IDENTIFIER", "input.value")]
        assert given not in answer["createFinanceIdentifier"]["violations"][0]["message"]
    else:
        assert found(answer) == []
        assert answer["createFinanceIdentifier"]["financeIdentifier"] == {"kind": kind, "value": kept}


async def test_one_number_is_one_accounts_however_it_is_written(gql: Gql, make_account: Make):
    number = {"kind": "LEI", "value": "5493001KJTIIGC8Y1R12"}
    assert found(await gql(IDENTIFIER, input={"accountId": await make_account(), **number})) == []
    spaced = {"kind": "LEI", "value": "5493 001K JTII GC8Y 1R12"}
    answer = await gql(IDENTIFIER, input={"accountId": await make_account(), **spaced})
    assert found(answer) == [("NOT_UNIQUE", "input.value")]
