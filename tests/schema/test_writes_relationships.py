"""Relationships: who reports to whom, and which accounts a contact belongs to, as what, since when and until when."""

from itertools import pairwise
from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, violation, write, written

JOBS = """relationships(orderBy: [{id: ASC}]) { nodes
  { account { name } roles isPrimary startedOn endedOn isOngoing version } }"""


def job(account: str, **values: Any) -> dict[str, Any]:
    usual = {"roles": [], "isPrimary": False, "startedOn": None, "endedOn": None, "isOngoing": True, "version": 1}
    return {"account": {"name": account}} | usual | values


async def jobs(bench: Bench, contact: str) -> list[dict[str, Any]]:
    return (await read(bench, "contact", contact, JOBS))["relationships"]["nodes"]


async def test_a_contact_belongs_to_accounts_with_roles_and_one_main_account(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A"), await make(bench, "Account", name="B")
    accounts = [
        {"id": a, "roles": ["BILLING", "LEGAL", "BILLING"], "isPrimary": True, "startedOn": "2025-01-31"},
        {"id": b},
    ]
    contact = await make(bench, "Contact", familyName="C", accounts=accounts)
    main = {"roles": ["BILLING", "LEGAL"], "isPrimary": True, "startedOn": "2025-01-31"}
    assert await jobs(bench, contact) == [job("A", **main), job("B")]
    await written(bench, "updateAccount", {"id": b, "contacts": [{"id": contact, "isPrimary": True, "roles": None}]})
    demoted = job("A", **main | {"isPrimary": False, "version": 2})
    assert await jobs(bench, contact) == [demoted, job("B", isPrimary=True, version=2)]
    through = await bench.ask(
        """query ($id: ID!) { account(id: $id) { contacts(through: {roles: {has: LEGAL}}) {
          edges { isPrimary roles startedOn isOngoing } nodes { name } } } }""",
        id=a,
    )
    assert through["account"]["contacts"] == {
        "nodes": [{"name": "C"}],
        "edges": [{"isPrimary": False, "roles": ["BILLING", "LEGAL"], "startedOn": "2025-01-31", "isOngoing": True}],
    }
    twice = {"id": contact, "accounts": [{"id": a, "isPrimary": True}, {"id": b, "isPrimary": True}]}
    await written(bench, "updateContact", twice | {"accounts": twice["accounts"][:1]})
    message = (
        "The same input has another AccountContact with the same contact and isPrimary, at input.accounts.0.isPrimary."
    )
    given = {"familyName": "D", "accounts": [{"id": a, "isPrimary": True}, {"id": b, "isPrimary": True}]}
    assert await refused(bench, "createContact", given) == [
        violation("NOT_UNIQUE", "input.accounts.1.isPrimary", message)
    ]


async def test_moving_to_another_employer_loses_no_history(bench: Bench) -> None:
    old, new = await make(bench, "Account", name="Old"), await make(bench, "Account", name="New")
    first = {"id": old, "isPrimary": True, "roles": ["USER"], "startedOn": "2020-01-01"}
    contact = await make(bench, "Contact", familyName="C", accounts=[first])
    move = {"id": contact, "accounts": [{"id": old, "disconnect": True}, {"id": new, "isPrimary": True}]}
    await written(bench, "updateContact", move)
    former = job("Old", roles=["USER"], startedOn="2020-01-01", endedOn="2026-03-01", isOngoing=False, version=2)
    assert await jobs(bench, contact) == [former, job("New", isPrimary=True)]
    bench.clock.turn(days=100)
    back = {"id": contact, "accounts": [{"id": new, "endedOn": "2026-05-31"}, {"id": old, "isPrimary": True}]}
    await written(bench, "updateContact", back)
    assert await jobs(bench, contact) == [
        former,
        job("New", endedOn="2026-05-31", isOngoing=False, version=2),
        job("Old", isPrimary=True),
    ]
    shown = await read(
        bench, "account", old, "now: contacts(through: {isOngoing: {eq: true}}) { edges { startedOn isPrimary } }"
    )
    assert shown["now"]["edges"] == [{"startedOn": None, "isPrimary": True}]


async def test_telling_the_end_of_a_former_relationship_again_changes_nothing(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    former = {"id": account, "startedOn": "2020-01-01", "endedOn": "2021-01-01"}
    contact = await make(bench, "Contact", familyName="C", accounts=[former])
    for _ in range(2):
        await written(bench, "updateContact", {"id": contact, "accounts": [former]})
    first = job("A", startedOn="2020-01-01", endedOn="2021-01-01", isOngoing=False)
    assert await jobs(bench, contact) == [first]
    later = {"id": account, "startedOn": "2023-01-01", "endedOn": "2024-01-01"}
    await written(bench, "updateContact", {"id": contact, "accounts": [later]})
    second = job("A", startedOn="2023-01-01", endedOn="2024-01-01", isOngoing=False)
    assert await jobs(bench, contact) == [first, second]
    await written(bench, "updateContact", {"id": contact, "accounts": [former | {"endedOn": "2021-06-30"}]})
    assert await jobs(bench, contact) == [first | {"endedOn": "2021-06-30", "version": 2}, second]


async def test_a_relationship_that_contradicts_itself_is_refused(bench: Bench) -> None:
    account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
    both = {"accountId": account, "contactId": contact}
    ended = {"startedOn": "2025-02-01", "endedOn": "2025-01-31", "isPrimary": True}
    assert await refused(bench, "createAccountContact", both | ended) == [
        violation(
            "ENDS_BEFORE_START",
            "input.endedOn",
            "The last day, 2025-01-31, lies before the first, 2025-02-01; one of them is wrong.",
        ),
        violation(
            "CONTRADICTION",
            "input.isPrimary",
            "A relationship that has ended is not the main one; leave isPrimary out, or endedOn.",
        ),
    ]
    dates = {"startedOn": "2025-02-30", "endedOn": "31.01.2025", "roles": ["USER"]}
    assert await refused(bench, "createAccountContact", both | dates) == [
        violation("INVALID_VALUE", "input.endedOn", "'31.01.2025' is no date; write it like '2026-01-31'."),
        violation("INVALID_VALUE", "input.startedOn", "'2025-02-30' is no date; write it like '2026-01-31'."),
    ]
    first = await make(bench, "AccountContact", **both)
    message = (
        f"Another AccountContact has the same account and contact and isOngoing: {first}. "
        "Change the value, or update that record."
    )
    assert await refused(bench, "createAccountContact", both) == [violation("NOT_UNIQUE", "input.contactId", message)]
    await written(bench, "updateAccountContact", {"id": first, "endedOn": "2026-01-01"})
    await written(bench, "createAccountContact", both)
    assert await refused(bench, "updateAccountContact", {"id": first, "endedOn": None}) != []


async def test_a_future_relationship_that_is_disconnected_ends_on_its_first_day(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    contact = await make(bench, "Contact", familyName="C", accounts=[{"id": account, "startedOn": "2027-01-01"}])
    await written(bench, "updateAccount", {"id": account, "contacts": [{"id": contact, "disconnect": True}]})
    assert [one["endedOn"] for one in await jobs(bench, contact)] == ["2027-01-01"]
    payload = await write(bench, "updateAccount", {"id": account, "contacts": [{"id": contact, "disconnect": True}]})
    message = "The record is not among the contacts, so nothing was taken away."
    assert payload["violations"] == [
        violation("NOT_CONNECTED", "input.contacts.0.disconnect", message, severity="WARNING")
    ]


def goes_round(path: str) -> dict[str, Any]:
    return violation("CYCLE", path, "The contact would report to itself, directly or by way of others.")


async def test_nobody_reports_to_themselves(bench: Bench) -> None:
    a = await make(bench, "Contact", familyName="A")
    b = await make(bench, "Contact", familyName="B", reportsToId=a)
    c = await make(bench, "Contact", familyName="C", reportsToId=b)
    for below in (a, b, c):
        assert await refused(bench, "updateContact", {"id": a, "reportsToId": below}) == [
            goes_round("input.reportsToId")
        ]
    assert await read(bench, "contact", a, "reportsTo { id } reports { nodes { familyName } }") == {
        "reportsTo": None,
        "reports": {"nodes": [{"familyName": "B"}]},
    }
    await written(bench, "deleteContact", b)
    assert await read(bench, "contact", c, "reportsTo { id }") == {"reportsTo": None}
    assert await refused(bench, "updateContact", {"id": a, "reportsToId": c}) == [goes_round("input.reportsToId")]
    found = await listed(bench, "contacts", "id", "ContactFilter", {"reportsToId": {"isNull": False}})
    assert found == []


async def test_contacts_that_go_round_in_one_write_are_refused_or_the_later_one_row_by_row(bench: Bench) -> None:
    a, b = await make(bench, "Contact", familyName="A"), await make(bench, "Contact", familyName="B")
    inputs = [{"id": a, "reportsToId": b}, {"id": b, "reportsToId": a}]
    rings = [goes_round("inputs.0.reportsToId"), goes_round("inputs.1.reportsToId")]
    assert (await bulk(bench, "updateContacts", inputs))["violations"] == rings
    payload = await bulk(bench, "updateContacts", inputs, atomic=False)
    assert (payload["written"], payload["violations"]) == (1, rings[1:])
    assert (await read(bench, "contact", a, "reportsTo { id }")) == {"reportsTo": {"id": b}}


async def test_a_line_of_reporting_has_fifty_people_at_most(bench: Bench) -> None:
    payload = await bulk(bench, "createContacts", [{"familyName": str(n)} for n in range(60)])
    ids = [result["recordId"] for result in payload["results"]]
    for above, id_ in list(pairwise(ids))[:50]:
        await written(bench, "updateContact", {"id": id_, "reportsToId": above})
    message = "The line of reporting above the contact has more than 50 people."
    assert await refused(bench, "updateContact", {"id": ids[51], "reportsToId": ids[50]}) == [
        violation("TOO_DEEP", "input.reportsToId", message)
    ]
    assert await refused(bench, "updateContact", {"id": ids[0], "reportsToId": ids[50]}) == [
        goes_round("input.reportsToId")
    ]
