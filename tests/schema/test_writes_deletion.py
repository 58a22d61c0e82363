"""Deleting hides a record with what belongs to it, and restoring brings back exactly that."""

from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, stored_rows, violation, write, written

BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}
BONN = {"streetLines": ["Y 1"], "city": "Bonn", "postalCode": "53111", "country": {"code": "DE"}}
KINDS = {
    "accounts": "name",
    "contacts": "name",
    "addresses": "city",
    "phones": "number",
    "emails": "address",
    "externalIds": "value",
    "accountContacts": "account { name } contact { name }",
    "addressLinks": "kind account { name } contact { name } address { city }",
    "labelLinks": "label { name }",
    "accountSources": "category",
    "contactGroupMembers": "contact { name }",
}


async def everything(bench: Bench) -> dict[str, list[Any]]:
    """All live records of all kinds, with their ids but without their versions."""
    return {kind: await listed(bench, kind, f"id {fields}") for kind, fields in KINDS.items()}


async def counts(bench: Bench) -> dict[str, int]:
    return {kind: len(found) for kind, found in (await everything(bench)).items() if found}


async def full(bench: Bench) -> tuple[str, str]:
    """An account with one of everything, and its contact."""
    given = {
        "name": "A",
        "phones": [{"number": "+4930901820", "isPrimary": True}],
        "emails": [{"address": "a@example.com"}],
        "externalIds": [{"system": "erp", "value": "1"}],
        "labels": [{"name": "L", "scope": "ACCOUNT"}],
        "sources": [{"category": "API"}],
        "addresses": [BERLIN | {"kind": "LEGAL", "isPrimary": True}],
        "contacts": [{"familyName": "C", "roles": ["USER"], "isPrimary": True, "addresses": [BONN]}],
    }
    account = await make(bench, "Account", **given)
    (contact,) = await listed(bench, "contacts", "id")
    return account, contact["id"]


# accounts --------------------------------------------------------------------------------------------------------


async def test_a_deleted_account_takes_what_is_its_own_and_comes_back_with_it(bench: Bench) -> None:
    account, contact = await full(bench)
    child = await make(bench, "Account", name="child", parentId=account)
    before = await everything(bench)
    bench.clock.turn(minutes=1)
    await written(bench, "deleteAccount", account)
    assert await counts(bench) == {"accounts": 1, "contacts": 1, "addresses": 1, "addressLinks": 1}
    assert await read(bench, "account", account, "id") is None
    assert (await bench.ask("query ($id: ID!) { node(id: $id) { id } }", id=account)) == {"node": None}
    shown = await read(bench, "contact", contact, "accounts { totalCount } addresses { nodes { city } }")
    assert shown == {"accounts": {"totalCount": 0}, "addresses": {"nodes": [{"city": "Bonn"}]}}
    assert await read(bench, "account", child, "parent { id }") == {"parent": None}
    assert await listed(bench, "labels", "name") == [{"name": "L"}]
    await written(bench, "restoreAccount", account)
    assert await everything(bench) == before
    fields = "version phones { nodes { isPrimary version } } relationships { nodes { isPrimary roles version } }"
    assert await read(bench, "account", account, fields) == {
        "version": 3,
        "phones": {"nodes": [{"isPrimary": True, "version": 3}]},
        "relationships": {"nodes": [{"isPrimary": True, "roles": ["USER"], "version": 3}]},
    }
    assert await read(bench, "account", child, "parent { id }") == {"parent": {"id": account}}


async def test_what_is_deleted_is_gone_for_every_write(bench: Bench) -> None:
    account, _ = await full(bench)
    await written(bench, "deleteAccount", account)
    message = f"There is no Account with id {account}; it may have been deleted."
    gone = [violation("NOT_FOUND", "input.id", message)]
    assert await refused(bench, "updateAccount", {"id": account, "name": "B"}) == gone
    at_id = [violation("NOT_FOUND", "id", message)]
    assert await refused(bench, "deleteAccount", account) == at_id
    at_owner = [violation("NOT_FOUND", "input.accountId", message)]
    assert await refused(bench, "createPhone", {"accountId": account, "number": "+4930901829"}) == at_owner


async def test_restoring_brings_back_only_what_that_deletion_took(bench: Bench) -> None:
    account, _ = await full(bench)
    (phone,) = await listed(bench, "phones", "id")
    await written(bench, "deletePhone", phone["id"])
    await written(bench, "updateAccount", {"id": account, "phones": [{"number": "+4930901821"}]})
    await written(bench, "deleteAccount", account)
    await written(bench, "restoreAccount", account)
    assert await listed(bench, "phones", "number") == [{"number": "+4930901821"}]
    await written(bench, "restorePhone", phone["id"])
    assert len(await listed(bench, "phones", "number")) == 2


async def test_a_deletion_and_its_restoration_are_told_to_the_outbox(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", phones=[{"number": "+4930901820"}])
    await written(bench, "deleteAccount", account)
    await written(bench, "restoreAccount", account)
    rows = await bench.accord.database.fetch("select record,kind,version from outbox_event order by record,version", [])
    assert [tuple(row) for row in rows] == [
        (record, kind, version)
        for record in ("Account", "Phone")
        for version, kind in enumerate(("CREATE", "DELETE", "RESTORE"), 1)
    ]


# addresses -------------------------------------------------------------------------------------------------------


async def test_a_shared_address_stays_until_its_last_owner_goes(bench: Bench) -> None:
    first = await make(bench, "Account", name="A", addresses=[BERLIN])
    (address,) = await listed(bench, "addresses", "id")
    second = await make(bench, "Account", name="B", addresses=[{"id": address["id"]}])
    contact = await make(bench, "Contact", familyName="C", addresses=[{"id": address["id"]}])

    async def owners() -> list[str] | None:
        found = await read(bench, "address", address["id"], "accounts { nodes { name } } contacts { nodes { name } }")
        return found and [one["name"] for key in ("accounts", "contacts") for one in found[key]["nodes"]]

    await written(bench, "deleteAccount", first)
    assert await owners() == ["B", "C"]
    await written(bench, "deleteContact", contact)
    assert await owners() == ["B"]
    await written(bench, "deleteAccount", second)
    assert await owners() is None
    await written(bench, "restoreAccount", first)
    assert await owners() is None
    await written(bench, "restoreAccount", second)
    assert await owners() == ["A", "B"]
    await written(bench, "restoreContact", contact)
    assert await owners() == ["A", "B", "C"]


async def test_owners_deleted_together_take_the_address_they_share_with_them(bench: Bench) -> None:
    first = await make(bench, "Account", name="A", addresses=[BERLIN])
    (address,) = await listed(bench, "addresses", "id")
    second = await make(bench, "Account", name="B", addresses=[{"id": address["id"], "kind": "LEGAL"}])
    await bulk(bench, "deleteAccounts", [first, second])
    assert await counts(bench) == {}
    await written(bench, "restoreAccount", second)
    assert await read(bench, "address", address["id"], "accounts { nodes { name } }") == {
        "accounts": {"nodes": [{"name": "B"}]}
    }
    await written(bench, "restoreAccount", first)
    assert await counts(bench) == {"accounts": 2, "addresses": 1, "addressLinks": 2}


async def test_a_deleted_address_leaves_its_owners_and_comes_back_to_them(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN | {"kind": "LEGAL", "isPrimary": True}])
    contact = await make(bench, "Contact", familyName="C")
    (address,) = await listed(bench, "addresses", "id")
    await written(bench, "updateContact", {"id": contact, "addresses": [{"id": address["id"]}]})
    await written(bench, "deleteAddress", address["id"])
    assert await counts(bench) == {"accounts": 1, "contacts": 1}
    await written(bench, "restoreAddress", address["id"])
    shown = await read(bench, "account", account, "addresses { edges { kind isPrimary } }")
    assert shown == {"addresses": {"edges": [{"kind": "LEGAL", "isPrimary": True}]}}
    assert (await read(bench, "contact", contact, "addresses { totalCount }"))["addresses"]["totalCount"] == 1


async def test_an_address_is_restored_without_the_owner_who_took_it_along(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN])
    (address,) = await listed(bench, "addresses", "id")
    await written(bench, "deleteAccount", account)
    await written(bench, "restoreAddress", address["id"])
    assert await counts(bench) == {"addresses": 1}
    await written(bench, "restoreAccount", account)
    assert await counts(bench) == {"accounts": 1, "addresses": 1, "addressLinks": 1}


# two owners ------------------------------------------------------------------------------------------------------


async def test_a_relationship_comes_back_when_both_its_sides_are_there(bench: Bench) -> None:
    account, contact = await full(bench)
    for first, second in ((account, contact), (contact, account)):
        for order in ((first, second), (second, first)):
            for id_ in order:
                await written(bench, "deleteAccount" if id_ == account else "deleteContact", id_)
            assert await listed(bench, "accountContacts", "id") == []
            await written(bench, "restoreAccount" if first == account else "restoreContact", first)
            assert await listed(bench, "accountContacts", "id") == []
            await written(bench, "restoreAccount" if second == account else "restoreContact", second)
            assert await listed(bench, "accountContacts", "account { name } contact { name }") == [
                {"account": {"name": "A"}, "contact": {"name": "C"}}
            ]


async def test_a_child_of_a_deleted_owner_is_not_restored_alone(bench: Bench) -> None:
    account, contact = await full(bench)
    (phone,), (link,) = await listed(bench, "phones", "id"), await listed(bench, "accountContacts", "id")
    await written(bench, "deleteAccount", account)
    message = f"There is no Account with id {account}; it may have been deleted."
    expected = [violation("NOT_FOUND", "id", message)]
    assert await refused(bench, "restorePhone", phone["id"]) == expected
    assert await refused(bench, "restoreAccountContact", link["id"]) == expected
    assert await counts(bench) == {"contacts": 1, "addresses": 1, "addressLinks": 1}
    await written(bench, "deleteContact", contact)
    assert len(await refused(bench, "restoreAccountContact", link["id"])) == 2


async def test_a_deleted_label_or_group_leaves_the_records_and_comes_back_to_them(bench: Bench) -> None:
    account, contact = await full(bench)
    (label,) = await listed(bench, "labels", "id")
    group = await make(bench, "ContactGroup", name="G", members=[{"id": contact}])
    before = await everything(bench)
    await written(bench, "deleteLabel", label["id"])
    await written(bench, "deleteContactGroup", group)
    assert await read(bench, "account", account, "labels { totalCount }") == {"labels": {"totalCount": 0}}
    assert await read(bench, "contact", contact, "groups { totalCount }") == {"groups": {"totalCount": 0}}
    await written(bench, "restoreLabel", label["id"])
    await written(bench, "restoreContactGroup", group)
    assert await everything(bench) == before


async def test_a_contact_takes_its_own_and_those_who_report_to_it_stay(bench: Bench) -> None:
    account, contact = await full(bench)
    report = await make(bench, "Contact", familyName="R", reportsToId=contact)
    before = await everything(bench)
    await written(bench, "deleteContact", contact)
    assert await read(bench, "contact", report, "reportsTo { id }") == {"reportsTo": None}
    assert (await read(bench, "account", account, "contacts { totalCount }"))["contacts"]["totalCount"] == 0
    await written(bench, "restoreContact", contact)
    assert await everything(bench) == before
    assert await read(bench, "contact", report, "reportsTo { id }") == {"reportsTo": {"id": contact}}


# taken values ----------------------------------------------------------------------------------------------------


async def test_restoring_over_a_taken_value_is_refused_and_changes_nothing(bench: Bench) -> None:
    account, contact = await full(bench)
    await written(bench, "updateAccount", {"id": account, "number": "1"})
    await written(bench, "deleteAccount", account)
    erp = {"system": "erp", "value": "1"}
    other = await make(bench, "Account", name="B", number="1", externalIds=[erp])
    main = {"id": other, "contacts": [{"id": contact, "isPrimary": True}]}
    await written(bench, "updateAccount", main)
    (stored,), (link,) = await listed(bench, "externalIds", "id"), await listed(bench, "accountContacts", "id")
    taken = "Change the value, or update that record."
    expected = [
        violation("NOT_UNIQUE", "id", f"Another Account has the same number: {other}. {taken}"),
        violation(
            "NOT_UNIQUE", "id", f"Another AccountContact has the same contact and isPrimary: {link['id']}. {taken}"
        ),
        violation("NOT_UNIQUE", "id", f"Another ExternalId has the same system and value: {stored['id']}. {taken}"),
    ]
    before = await everything(bench)
    assert await refused(bench, "restoreAccount", account) == expected
    assert await everything(bench) == before
    await written(bench, "deleteAccount", other)
    await written(bench, "restoreAccount", account)
    assert await read(bench, "account", account, "number") == {"number": "1"}


async def test_two_deleted_records_with_one_value_do_not_both_come_back(bench: Bench) -> None:
    first = await make(bench, "Account", name="A", number="1")
    await written(bench, "deleteAccount", first)
    second = await make(bench, "Account", name="B", number="1")
    await written(bench, "deleteAccount", second)
    payload = await bulk(bench, "restoreAccounts", [first, second])
    message = "The same input has another Account with the same number, at ids.0."
    assert payload["violations"] == [violation("NOT_UNIQUE", "ids.1", message)]
    payload = await bulk(bench, "restoreAccounts", [first, second], atomic=False)
    assert (payload["written"], payload["refused"]) == (1, 1)
    assert await listed(bench, "accounts", "name") == [{"name": "A"}]


async def test_deleting_frees_the_primary_for_another(bench: Bench) -> None:
    account, _ = await full(bench)
    (phone,) = await listed(bench, "phones", "id")
    await written(bench, "deletePhone", phone["id"])
    await written(bench, "updateAccount", {"id": account, "phones": [{"number": "+4930901821", "isPrimary": True}]})
    (found,) = await refused(bench, "restorePhone", phone["id"])
    assert (found["code"], found["path"]) == ("NOT_UNIQUE", ["id"])
    both = [
        {"id": (await listed(bench, "phones", "id"))[0]["id"], "delete": True},
        {"number": "+491", "isPrimary": True},
    ]
    both[1]["number"] = "+4930901822"
    await written(bench, "updateAccount", {"id": account, "phones": both})
    assert await listed(bench, "phones", "number isPrimary") == [{"number": "+4930901822", "isPrimary": True}]


async def test_the_same_id_twice_in_a_bulk_is_deleted_once(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    payload = await bulk(bench, "deleteAccounts", [account, account])
    assert (payload["written"], payload["violations"]) == (2, [])
    assert await stored_rows(bench, "outbox_event") == 2
    payload = await write(bench, "restoreAccount", account, "account { version }")
    assert payload["account"] == {"version": 3}
