"""Races: writers at the same moment end as if one had come after the other, and never in an error."""

import asyncio
from itertools import pairwise
from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import VIOLATIONS, bulk, document, listed, make, read, stored_rows, write, written

BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}
Call = tuple[str, Any]


async def at_once(bench: Bench, *calls: Call) -> list[list[str]]:
    """The codes of the violations of mutations that are begun together."""
    payloads = await asyncio.gather(*(write(bench, mutation, given) for mutation, given in calls))
    for payload in payloads:
        assert (payload["recordId"] is None) is bool(payload["violations"])
    return [[one["code"] for one in payload["violations"]] for payload in payloads]


# unique values ---------------------------------------------------------------------------------------------------


async def test_one_of_many_gets_a_unique_value_and_the_others_are_told(bench: Bench) -> None:
    found = await at_once(bench, *[("createAccount", {"name": str(n), "number": "1"}) for n in range(12)])
    assert sorted(found) == [[]] + [["NOT_UNIQUE"]] * 11
    assert len(await listed(bench, "accounts", "id")) == 1
    accounts = [await make(bench, "Account", name=str(n)) for n in range(6)]
    found = await at_once(bench, *[("updateAccount", {"id": one, "number": "2"}) for one in accounts])
    assert sorted(found) == [[]] + [["NOT_UNIQUE"]] * 5


async def test_upserts_of_one_key_make_one_record(bench: Bench) -> None:
    by = {"externalId": {"system": "erp", "value": "1"}}
    found = await at_once(bench, *[("upsertAccount", {"by": by, "name": str(n)}) for n in range(10)])
    assert found == [[]] * 10
    assert await listed(bench, "accounts", "version") == [{"version": 10}]
    found = await at_once(bench, *[("upsertAccount", {"by": {"number": "7"}, "name": str(n)}) for n in range(10)])
    assert found == [[]] * 10
    assert len(await listed(bench, "accounts", "id")) == 2


async def test_the_last_of_many_new_primaries_stays_the_only_one(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="C", phones=[{"number": "+4930901800", "isPrimary": True}])
    calls: list[Call] = [
        ("createPhone", {"contactId": contact, "number": f"+49309018{n}", "isPrimary": True}) for n in range(10, 18)
    ]
    assert await at_once(bench, *calls) == [[]] * 8
    phones = await listed(bench, "phones", "isPrimary version")
    assert sorted(phone["isPrimary"] for phone in phones) == [False] * 8 + [True]
    assert [phone["version"] for phone in phones if not phone["isPrimary"]] == [2] * 8


async def test_a_change_and_a_demotion_of_one_record_both_count(bench: Bench) -> None:
    for n in range(5):
        contact = await make(bench, "Contact", familyName="C", phones=[{"number": "+4930901800", "isPrimary": True}])
        (phone,) = (await read(bench, "contact", contact, "phones { nodes { id } }"))["phones"]["nodes"]
        calls: list[Call] = [
            ("updatePhone", {"id": phone["id"], "number": "+4930901801"}),
            ("createPhone", {"contactId": contact, "number": "+4930901802", "isPrimary": True}),
        ]
        assert await at_once(bench, *(calls if n % 2 else reversed(calls))) == [[], []]
        stored = await read(bench, "phone", phone["id"], "number e164 isPrimary version")
        assert stored == {"number": "+4930901801", "e164": "+4930901801", "isPrimary": False, "version": 3}


async def test_numbers_are_given_once(bench: Bench) -> None:
    rule = await make(bench, "NamingRule", kind="BUSINESS", numberPrefix="B", numberDigits=2)
    assert await at_once(bench, *[("createAccount", {"name": str(n)}) for n in range(12)]) == [[]] * 12
    numbers = {one["number"] for one in await listed(bench, "accounts", "number")}
    assert numbers == {f"B{n:02d}" for n in range(1, 13)}
    calls: list[Call] = [("createAccount", {"name": "x"}), ("updateNamingRule", {"id": rule, "nextNumber": 50})]
    assert await at_once(bench, *calls) == [[], []]
    assert (await read(bench, "namingRule", rule, "nextNumber"))["nextNumber"] in {50, 51}


async def test_the_first_source_is_one(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    kinds = ["API", "IMPORT", "WEBSITE", "SOCIAL_AD", "WEB_FORM"]
    calls: list[Call] = [("createAccountSource", {"accountId": account, "category": kind}) for kind in kinds]
    assert await at_once(bench, *calls) == [[]] * 5
    sources = await listed(bench, "accountSources", "isFirst category")
    assert len(sources) == 5
    (first,) = [one["category"] for one in sources if one["isFirst"]]
    assert await read(bench, "account", account, "sourceCategory") == {"sourceCategory": first}


# versions --------------------------------------------------------------------------------------------------------


async def test_of_many_writers_who_expect_one_version_one_succeeds(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    calls: list[Call] = [("updateAccount", {"id": account, "expectedVersion": 1, "name": str(n)}) for n in range(10)]
    assert sorted(await at_once(bench, *calls)) == [[]] + [["STALE_VERSION"]] * 9
    assert await read(bench, "account", account, "version") == {"version": 2}


async def test_no_change_is_lost_when_many_change_one_record(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    fields = ("legalName", "industry", "description", "number")
    calls: list[Call] = [("updateAccount", {"id": account, field: "x"}) for field in fields]
    calls += [("updateAccount", {"id": account, "contacts": [{"familyName": str(n)}]}) for n in range(4)]
    assert await at_once(bench, *calls) == [[]] * 8
    stored = await read(bench, "account", account, "version contacts { totalCount } " + " ".join(fields))
    assert stored == {"version": 5, "contacts": {"totalCount": 4}} | dict.fromkeys(fields, "x")


async def test_bulks_over_the_same_records_in_opposite_orders_both_end(bench: Bench) -> None:
    ids = [await make(bench, "Account", name=str(n)) for n in range(20)]
    contacts = [await make(bench, "Contact", familyName=str(n)) for n in range(20)]

    def inputs(industry: str, *, backwards: bool) -> list[dict[str, Any]]:
        pairs = zip(ids, reversed(contacts), strict=True)
        made = [{"id": id_, "industry": industry, "contacts": [{"id": c, "title": industry}]} for id_, c in pairs]
        return made[::-1] if backwards else made

    for turn in range(3):
        payloads = await asyncio.gather(
            *(bulk(bench, "updateAccounts", inputs(f"{turn}{n}", backwards=n % 2 > 0)) for n in range(4))
        )
        assert [payload["written"] for payload in payloads] == [20] * 4
    assert {one["version"] for one in await listed(bench, "accounts", "version")} == {13}
    shown = await listed(bench, "contacts", "version title relationships { totalCount }")
    assert {(one["version"], one["relationships"]["totalCount"]) for one in shown} == {(13, 1)}
    assert len({one["title"] for one in shown}) == 1


# hierarchies -----------------------------------------------------------------------------------------------------


async def test_moves_at_the_same_moment_make_no_cycle(bench: Bench) -> None:
    for _ in range(4):
        ids = [await make(bench, "Account", name=str(n)) for n in range(4)]
        ring = [*pairwise(ids), (ids[-1], ids[0])]
        found = await at_once(bench, *[("updateAccount", {"id": id_, "parentId": above}) for id_, above in ring])
        assert sorted(found) == [[], [], [], ["CYCLE"]]
        shown = [await read(bench, "account", id_, "parent { id } ancestors { nodes { id } }") for id_ in ids]
        assert sorted(len(one["ancestors"]["nodes"]) for one in shown) == [0, 1, 2, 3]
        for one in shown:
            assert (one["parent"] is None) is (not one["ancestors"]["nodes"])


async def test_reporting_lines_that_close_at_the_same_moment_make_no_cycle(bench: Bench) -> None:
    for _ in range(4):
        a, b, c, d = [await make(bench, "Contact", familyName=name) for name in "ABCD"]
        await written(bench, "updateContact", {"id": b, "reportsToId": c})
        await written(bench, "updateContact", {"id": d, "reportsToId": a})
        calls: list[Call] = [
            ("updateContact", {"id": a, "reportsToId": b}),
            ("updateContact", {"id": c, "reportsToId": d}),
        ]
        assert sorted(await at_once(bench, *calls)) == [[], ["CYCLE"]]


# deletions -------------------------------------------------------------------------------------------------------


async def test_nothing_is_linked_to_an_account_that_is_being_deleted(bench: Bench) -> None:
    for n in range(6):
        account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
        calls: list[Call] = [
            ("deleteAccount", account),
            ("createPhone", {"accountId": account, "number": "+4930901820"}),
            ("updateContact", {"id": contact, "accounts": [{"id": account}]}),
            ("createAccount", {"name": "below", "parentId": account}),
        ]
        found = await at_once(bench, *(calls if n % 2 else reversed(calls)))
        by_name = dict(zip([name for name, _ in (calls if n % 2 else reversed(calls))], found, strict=True))
        assert by_name["deleteAccount"] == []
        assert {code for codes in found for code in codes} <= {"NOT_FOUND"}
        assert await listed(bench, "phones", "id") == []
        assert (await read(bench, "contact", contact, "relationships { totalCount }"))["relationships"][
            "totalCount"
        ] == 0


async def test_the_last_of_two_owners_who_go_takes_the_shared_address(bench: Bench) -> None:
    for _ in range(5):
        first = await make(bench, "Account", name="A", addresses=[BERLIN])
        (address,) = await listed(bench, "addresses", "id")
        second = await make(bench, "Account", name="B", addresses=[{"id": address["id"]}])
        third = await make(bench, "Contact", familyName="C", addresses=[{"id": address["id"]}])
        calls: list[Call] = [("deleteAccount", first), ("deleteAccount", second), ("deleteContact", third)]
        assert await at_once(bench, *calls) == [[], [], []]
        assert await listed(bench, "addresses", "id") == []


async def test_an_address_that_is_linked_while_its_owner_goes_stays(bench: Bench) -> None:
    for n in range(6):
        first, second = (
            await make(bench, "Account", name="A", addresses=[BERLIN]),
            await make(bench, "Account", name="B"),
        )
        found = await read(bench, "account", first, "addresses { nodes { id } }")
        address = found["addresses"]["nodes"][0]["id"]
        link = {"id": second, "addresses": [{"id": address}]}
        calls: list[Call] = [("deleteAccount", first), ("updateAccount", link)]
        codes = await at_once(bench, *(calls if n % 2 else reversed(calls)))
        linked = [] in (codes[1:] if n % 2 else codes[:1])
        shown = await read(bench, "account", second, "addresses { totalCount }")
        assert shown["addresses"]["totalCount"] == int(linked)
        assert (await read(bench, "address", address, "id") is not None) is linked


async def test_a_record_is_deleted_and_restored_once(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", phones=[{"number": "+4930901820"}])
    assert sorted(await at_once(bench, *[("deleteAccount", account)] * 6)) == [[]] + [["NOT_FOUND"]] * 5
    assert sorted(await at_once(bench, *[("restoreAccount", account)] * 6)) == [[]] + [["NOT_DELETED"]] * 5
    assert await read(bench, "account", account, "version phones { nodes { version } }") == {
        "version": 3,
        "phones": {"nodes": [{"version": 3}]},
    }


async def test_the_mutations_of_one_document_run_one_after_the_other(bench: Bench) -> None:
    query = f"""mutation {{
      a: upsertAccount(input: {{by: {{number: "1"}}, name: "A"}}) {{ account {{ version }} {VIOLATIONS} }}
      b: upsertAccount(input: {{by: {{number: "1"}}, name: "B"}}) {{ account {{ version }} {VIOLATIONS} }}
      c: createAccount(input: {{name: "C", number: "1"}}) {{ account {{ version }} violations {{ code }} }} }}"""
    assert await bench.ask(query) == {
        "a": {"account": {"version": 1}, "violations": []},
        "b": {"account": {"version": 2}, "violations": []},
        "c": {"account": None, "violations": [{"code": "NOT_UNIQUE"}]},
    }


async def test_a_write_that_is_cancelled_leaves_nothing_and_the_next_one_is_kept(bench: Bench) -> None:
    query, kept = document("createAccount"), list[str]()
    for turn in range(60):
        given = {"name": "cancelled", "contacts": [{"familyName": "C"}] * 3}
        task = asyncio.ensure_future(bench.run(query, input=given))
        for _ in range(turn % 13):
            await asyncio.sleep(0)
        await asyncio.sleep(turn % 7 * 0.0003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        kept.append(await make(bench, "Account", name="kept"))
    found = await listed(bench, "accounts", "id", "AccountFilter", {"name": {"eq": "kept"}})
    assert [one["id"] for one in found] == kept
    accounts, contacts = await stored_rows(bench, "account"), await stored_rows(bench, "contact")
    assert contacts == (accounts - len(kept)) * 3
