"""Writes of records nested in each other: made, connected, changed, taken away and deleted in one input."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, stored_rows, violation, write, written

BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}
ALL = """name contacts(orderBy: [{sortName: ASC}]) { nodes { id name version
  addresses { nodes { id city version } } phones { nodes { id number version } } } }
  addresses { nodes { id city } } phones { nodes { id number } }"""


async def tree(bench: Bench) -> dict[str, Any]:
    """An account with two contacts, one of whom has a phone and an address, and with a phone of its own."""
    ann = {"givenName": "Ann", "phones": [{"number": "+4930901820"}], "addresses": [BERLIN]}
    given = {"name": "A", "contacts": [ann, {"givenName": "Bob"}], "phones": [{"number": "+4930901821"}]}
    return await read(bench, "account", await make(bench, "Account", **given), f"id {ALL}")


def gone(what: str, id_: str) -> str:
    return f"There is no {what} with id {id_}; it may have been deleted."


def twice(path: str, other: str) -> dict[str, Any]:
    return violation("NAMED_TWICE", path, f"The record is already changed at {other}; name it once.")


# what happens ----------------------------------------------------------------------------------------------------


async def test_an_account_with_its_contacts_and_their_addresses_is_one_write(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = stored["contacts"]["nodes"]
    assert (ann["name"], ann["version"], bob["name"]) == ("Ann", 1, "Bob")
    assert [one["city"] for one in ann["addresses"]["nodes"]] == ["Berlin"]
    assert [one["number"] for one in ann["phones"]["nodes"]] == ["+4930901820"]
    assert bob["addresses"]["nodes"] == []
    assert [one["number"] for one in stored["phones"]["nodes"]] == ["+4930901821"]
    assert stored["addresses"]["nodes"] == []


async def test_children_are_made_connected_changed_taken_away_and_deleted_in_one_input(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = stored["contacts"]["nodes"]
    other = await make(bench, "Contact", givenName="Cyd")
    phone, address = ann["phones"]["nodes"][0]["id"], ann["addresses"]["nodes"][0]["id"]
    given = {
        "id": stored["id"],
        "expectedVersion": 1,
        "name": "A2",
        "contacts": [
            {
                "id": ann["id"],
                "expectedVersion": 1,
                "givenName": "Anna",
                "phones": [{"id": phone, "delete": True}, {"number": "+4930901829"}],
                "addresses": [{"id": address, "city": "Bernau", "kind": "LEGAL"}],
            },
            {"id": bob["id"], "delete": True},
            {"id": other, "roles": ["LEGAL"]},
            {"givenName": "Dan"},
        ],
        "phones": [{"id": stored["phones"]["nodes"][0]["id"], "number": "+4930901828"}],
        "addresses": [{"id": address}],
    }
    await written(bench, "updateAccount", given)
    changed = await read(bench, "account", stored["id"], f"version {ALL}")
    people = changed["contacts"]["nodes"]
    assert (changed["name"], changed["version"]) == ("A2", 2)
    assert [one["name"] for one in people] == ["Anna", "Cyd", "Dan"]
    assert [one["number"] for one in people[0]["phones"]["nodes"]] == ["+4930901829"]
    assert people[0]["addresses"]["nodes"] == [{"id": address, "city": "Bernau", "version": 2}]
    assert changed["addresses"]["nodes"] == [{"id": address, "city": "Bernau"}]
    assert [one["number"] for one in changed["phones"]["nodes"]] == ["+4930901828"]
    assert await read(bench, "contact", bob["id"], "id") is None
    assert await read(bench, "phone", phone, "id") is None
    again = [{"id": other, "disconnect": True}, {"id": people[2]["id"], "disconnect": False, "delete": False}]
    await written(bench, "updateAccount", {"id": stored["id"], "contacts": again})
    ongoing = "contacts(through: {isOngoing: {eq: true}}, orderBy: [{sortName: ASC}]) { nodes { name } }"
    assert (await read(bench, "account", stored["id"], ongoing))["contacts"]["nodes"] == [
        {"name": "Anna"},
        {"name": "Dan"},
    ]
    assert (await read(bench, "contact", other, "name")) == {"name": "Cyd"}


async def test_a_contact_is_made_with_its_accounts_and_groups(bench: Bench) -> None:
    group = await make(bench, "ContactGroup", name="G")
    accounts = [
        {
            "name": "New",
            "isPrimary": True,
            "sources": [{"category": "API"}],
            "labels": [{"name": "L", "scope": "ACCOUNT"}],
        }
    ]
    given = {"familyName": "C", "accounts": accounts, "groups": [{"id": group}, {"name": "H"}]}
    fields = """contact { accounts { nodes { name sourceCategory labels { nodes { name } } } }
      groups(orderBy: [{name: ASC}]) { nodes { name } } }"""
    assert (await written(bench, "createContact", given, fields))["contact"] == {
        "accounts": {"nodes": [{"name": "New", "sourceCategory": "API", "labels": {"nodes": [{"name": "L"}]}}]},
        "groups": {"nodes": [{"name": "G"}, {"name": "H"}]},
    }


@pytest.mark.parametrize("given", [{}, {"contacts": None, "phones": None}, {"contacts": [], "phones": []}])
async def test_lists_that_are_absent_null_or_empty_leave_the_children(bench: Bench, given: dict[str, Any]) -> None:
    stored = await tree(bench)
    await written(bench, "updateAccount", {"id": stored["id"]} | given)
    assert await read(bench, "account", stored["id"], f"id {ALL}") == stored


async def test_children_that_change_nothing_stay_at_their_version(bench: Bench) -> None:
    stored = await tree(bench)
    ann, _ = stored["contacts"]["nodes"]
    phones = [{"id": one["id"]} for one in ann["phones"]["nodes"]]
    given = {"id": stored["id"], "contacts": [{"id": ann["id"], "givenName": "Ann", "phones": phones}]}
    events = await stored_rows(bench, "outbox_event")
    await written(bench, "updateAccount", given)
    assert await read(bench, "account", stored["id"], f"id {ALL}") == stored
    assert await stored_rows(bench, "outbox_event") == events


# paths -----------------------------------------------------------------------------------------------------------


async def test_every_violation_has_the_path_of_its_value_and_all_are_said_at_once(bench: Bench) -> None:
    given = {
        "name": "",
        "website": "no domain",
        "contacts": [
            {"givenName": "Ann"},
            {"title": "nameless", "phones": [{"number": "+4930901820"}, {"number": "x"}]},
            {"givenName": "Bob", "addresses": [BERLIN | {"postalCode": "1"}, {"postal": BERLIN | {"postalCode": "2"}}]},
        ],
        "addresses": [{"city": "nowhere"}],
    }
    form = "is not of the form used in DE (Germany): expected is one such as '26133'."
    assert await refused(bench, "createAccount", given) == [
        violation("REQUIRED", "input.addresses.0.country", "country is required; give it a value."),
        violation(
            "REQUIRED",
            "input.contacts.1.familyName",
            "A contact needs a family name or a given name; give at least one.",
        ),
        violation(
            "INVALID",
            "input.contacts.1.phones.1.number",
            "'x' is not a phone number: expected is one such as '+49 30 901820' or '+1 201 555 0123 ext. 12'.",
        ),
        violation("INVALID", "input.contacts.2.addresses.0.postalCode", f"The postal code '1' {form}"),
        violation("INVALID", "input.contacts.2.addresses.1.postal.postalCode", f"The postal code '2' {form}"),
        violation("REQUIRED", "input.name", "name is blank; give it a value."),
        violation(
            "INVALID",
            "input.website",
            "'no domain' is not a web address such as 'https://example.com': "
            "it holds blanks, control characters or backslashes.",
        ),
    ]
    assert [await stored_rows(bench, table) for table in ("account", "contact", "address", "phone")] == [0, 0, 0, 0]


async def test_one_thing_wrong_deep_inside_refuses_all_of_it(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = stored["contacts"]["nodes"]
    contacts = [{"id": ann["id"], "givenName": "Anna"}, {"id": bob["id"], "emails": [{"address": "bob"}]}]
    (found,) = await refused(bench, "updateAccount", {"id": stored["id"], "name": "A2", "contacts": contacts})
    assert (found["code"], found["path"]) == ("INVALID", ["input", "contacts", 1, "emails", 0, "address"])
    assert await read(bench, "account", stored["id"], f"id {ALL}") == stored


async def test_a_stale_version_deep_inside_is_refused(bench: Bench) -> None:
    stored = await tree(bench)
    ann, _ = stored["contacts"]["nodes"]
    await written(bench, "updateContact", {"id": ann["id"], "title": "Boss"})
    given = {"id": stored["id"], "expectedVersion": 7, "contacts": [{"id": ann["id"], "expectedVersion": 1}]}
    message = "The record has version {} and you expect {}: read it again and repeat your change."
    assert await refused(bench, "updateAccount", given) == [
        violation("STALE_VERSION", "input.contacts.0.expectedVersion", message.format(2, 1)),
        violation("STALE_VERSION", "input.expectedVersion", message.format(1, 7)),
    ]


# ids -------------------------------------------------------------------------------------------------------------


async def test_a_child_that_is_not_there_is_refused(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="C")
    await written(bench, "deleteContact", contact)
    unknown = "con_00000000-0000-7000-8000-00000000ffff"
    given = {"name": "A", "contacts": [{"id": contact}, {"id": unknown, "title": "x"}, {"id": contact, "delete": True}]}
    assert await refused(bench, "createAccount", given) == [
        violation("NOT_FOUND", "input.contacts.0.id", gone("Contact", contact)),
        violation("NOT_FOUND", "input.contacts.1.id", gone("Contact", unknown)),
        violation("NOT_FOUND", "input.contacts.2.id", gone("Contact", contact)),
    ]


async def test_a_child_of_another_kind_is_refused(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    given = {"familyName": "C", "phones": [{"id": account}], "addresses": [{"id": ""}], "accounts": [{"id": "acc_x"}]}
    found = await refused(bench, "createContact", given)
    assert [(one["code"], one["path"]) for one in found] == [
        ("INVALID_ID", ["input", "accounts", 0, "id"]),
        ("INVALID_ID", ["input", "addresses", 0, "id"]),
        ("INVALID_ID", ["input", "phones", 0, "id"]),
    ]
    looks = "these look like phn_ followed by a UUID, as every phone has it in its field id."
    assert found[2]["message"] == f"'{account}' is no id of a Phone; {looks}"


async def test_a_child_of_another_owner_is_refused(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = stored["contacts"]["nodes"]
    phone = ann["phones"]["nodes"][0]["id"]
    message = f"The Phone with id {phone} is not among the phones of this record."
    expected = violation("NOT_FOUND", "input.phones.0.id", message)
    for change in ({"number": "+4930901829"}, {"delete": True}, {}):
        given = {"id": bob["id"], "phones": [{"id": phone} | change]}
        assert await refused(bench, "updateContact", given) == [expected]
        assert await refused(bench, "createContact", {"givenName": "New", "phones": [{"id": phone} | change]}) == [
            expected
        ]
    assert await read(bench, "contact", ann["id"], "phones { nodes { id number version } }") == {
        "phones": ann["phones"]
    }


async def test_a_record_that_is_not_connected_is_not_deleted_through_the_list(bench: Bench) -> None:
    account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
    message = f"The Contact with id {contact} is not among the contacts of this record."
    expected = [violation("NOT_FOUND", "input.contacts.0.id", message)]
    given = {"id": account, "contacts": [{"id": contact, "delete": True}]}
    assert await refused(bench, "updateAccount", given) == expected
    assert await read(bench, "contact", contact, "id") == {"id": contact}


# contradictions --------------------------------------------------------------------------------------------------


async def test_a_record_named_twice_in_one_input_is_refused(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = (one["id"] for one in stored["contacts"]["nodes"])
    account = stored["id"]

    async def contacts(*given: dict[str, Any]) -> Any:
        return (await write(bench, "updateAccount", {"id": account, "contacts": list(given)}))["violations"]

    second = twice("input.contacts.1.id", "input.contacts.0")
    assert await contacts({"id": ann, "title": "x"}, {"id": ann, "title": "y"}) == [second]
    assert await contacts({"id": ann, "title": "x"}, {"id": ann, "delete": True}) == [second]
    assert await contacts({"id": ann, "delete": True}, {"id": ann, "title": "x"}) == [second]
    assert await contacts({"id": ann, "delete": True}, {"id": ann}) == [second]
    assert await contacts({"id": ann}, {"id": ann}) == [second]
    assert await contacts({"id": ann, "disconnect": True}, {"id": ann}) == [second]
    assert await contacts({"id": ann, "disconnect": True}, {"id": ann, "disconnect": True}) == [second]
    assert await read(bench, "account", account, f"id {ALL}") == stored
    inputs = [{"id": account, "name": "x"}, {"id": account, "name": "y"}]
    assert (await bulk(bench, "updateAccounts", inputs))["violations"] == [twice("inputs.1.id", "inputs.0")]
    assert await contacts({"id": ann, "delete": True}, {"id": bob}) == []


async def test_a_record_may_be_connected_in_one_place_and_changed_in_another(bench: Bench) -> None:
    address = await make(bench, "Address", **BERLIN)
    contact = {"givenName": "Ann", "addresses": [{"id": address, "city": "Bernau"}]}
    inputs = [{"name": "A", "addresses": [{"id": address}], "contacts": [contact]}, {"name": "B"}]
    inputs[1]["addresses"] = [{"id": address}]
    assert (await bulk(bench, "createAccounts", inputs))["violations"] == []
    shown = await read(bench, "address", address, "city version accounts { nodes { name } } contacts { totalCount }")
    names = {"nodes": [{"name": "A"}, {"name": "B"}]}
    assert shown == {"city": "Bernau", "version": 2, "accounts": names, "contacts": {"totalCount": 1}}


async def test_what_is_deleted_or_disconnected_takes_no_values_there(bench: Bench) -> None:
    stored = await tree(bench)
    ann, bob = (one["id"] for one in stored["contacts"]["nodes"])
    phone = stored["phones"]["nodes"][0]["id"]
    given = {
        "id": stored["id"],
        "contacts": [{"id": ann, "delete": True, "title": "x"}, {"id": bob, "disconnect": True, "roles": ["USER"]}],
        "phones": [{"id": phone, "delete": True, "number": "+4930901829"}],
    }
    message = "A record to {} takes no other values here; leave them out, or leave {} out."
    assert await refused(bench, "updateAccount", given) == [
        violation("CONTRADICTION", "input.contacts.0.delete", message.format("delete", "delete")),
        violation("CONTRADICTION", "input.contacts.1.disconnect", message.format("disconnect", "disconnect")),
        violation("CONTRADICTION", "input.phones.0.delete", message.format("delete", "delete")),
    ]
    for both in ({"isPrimary": True}, {"disconnect": True}, {"phones": []}):
        given = {"id": stored["id"], "contacts": [{"id": ann, "delete": True} | both]}
        found = await refused(bench, "updateAccount", given)
        assert found == [violation("CONTRADICTION", "input.contacts.0.delete", message.format("delete", "delete"))]
    assert await read(bench, "account", stored["id"], f"id {ALL}") == stored


async def test_what_is_taken_away_must_be_named_by_id(bench: Bench) -> None:
    given = {"name": "A", "contacts": [{"delete": True}, {"disconnect": True, "givenName": "Ann"}]}
    assert await refused(bench, "createAccount", given) == [
        violation("CONTRADICTION", "input.contacts.0", "Say by id which record to delete."),
        violation("CONTRADICTION", "input.contacts.1", "Say by id which record to disconnect."),
    ]
    versioned = {"name": "A", "contacts": [{"expectedVersion": 1, "givenName": "Ann"}]}
    message = "There is no Contact with this key, so none has version 1; it may be gone."
    assert await refused(bench, "createAccount", versioned) == [
        violation("NOT_FOUND", "input.contacts.0.expectedVersion", message)
    ]


async def test_one_contact_is_connected_to_several_accounts_of_a_bulk(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="C")
    inputs = [{"name": name, "contacts": [{"id": contact, "roles": ["USER"]}]} for name in "AB"]
    assert (await bulk(bench, "createAccounts", inputs))["violations"] == []
    inputs = [{"name": name, "contacts": [{"id": contact, "isPrimary": True}]} for name in "CD"]
    payload = await bulk(bench, "createAccounts", inputs)
    fields = "contact and isPrimary, at inputs.0.contacts.0.isPrimary."
    message = f"The same input has another AccountContact with the same {fields}"
    assert payload["violations"] == [violation("NOT_UNIQUE", "inputs.1.contacts.0.isPrimary", message)]
    found = await listed(bench, "accounts", "name", "AccountFilter", {"contacts": {"anyOf": [contact]}})
    assert [one["name"] for one in found] == ["A", "B"]
