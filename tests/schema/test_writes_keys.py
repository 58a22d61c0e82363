"""Upserts by every kind of key, and the versions that updates expect."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, stored_rows, violation, written

ERP = {"system": "erp", "value": "1"}


async def upsert(bench: Bench, record: str, by: dict[str, Any], **values: Any) -> str:
    return (await written(bench, f"upsert{record}", {"by": by, **values}))["recordId"]


# upserts ---------------------------------------------------------------------------------------------------------


async def test_an_upsert_by_external_id_makes_the_record_once_with_the_id(bench: Bench) -> None:
    for record, values, changed in (
        ("Account", {"name": "A"}, {"name": "A2"}),
        ("Contact", {"familyName": "C"}, {"familyName": "C2"}),
        ("Address", {"streetLines": ["X"], "city": "Dublin", "country": {"code": "IE"}}, {"city": "Cork"}),
    ):
        first = await upsert(bench, record, {"externalId": ERP}, **values)
        second = await upsert(bench, record, {"externalId": ERP}, **changed)
        assert first == second
        fields = (
            f"version {'city' if record == 'Address' else 'name'} externalIds {{ nodes {{ system value version }} }}"
        )
        stored = await read(bench, record.lower(), first, fields)
        assert list(stored.values())[1] in {"A2", "C2", "Cork"}
        assert (stored["version"], stored["externalIds"]["nodes"]) == (2, [ERP | {"version": 1}])
    assert await stored_rows(bench, "external_id") == 3


async def test_an_upsert_by_id_changes_that_record_and_makes_none(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", industry="Optics")
    assert await upsert(bench, "Account", {"id": account}, name="B") == account
    assert await read(bench, "account", account, "name industry") == {"name": "B", "industry": "Optics"}
    await written(bench, "deleteAccount", account)
    message = f"There is no Account with id {account}; it may have been deleted."
    assert await refused(bench, "upsertAccount", {"by": {"id": account}, "name": "C"}) == [
        violation("NOT_FOUND", "input.by.id", message)
    ]
    (found,) = await refused(bench, "upsertAccount", {"by": {"id": "con_1"}, "name": ""})
    assert (found["code"], found["path"]) == ("INVALID_ID", ["input", "by", "id"])


async def test_an_upsert_by_a_unique_field_or_several_makes_the_record_with_them(bench: Bench) -> None:
    account = await upsert(bench, "Account", {"number": "N1"}, name="A")
    assert await upsert(bench, "Account", {"number": "N1"}, name="B", number="N2") == account
    assert await read(bench, "account", account, "name number") == {"name": "B", "number": "N2"}
    by = {"scopeAndName": {"scope": "ACCOUNT", "name": "Straße"}}
    label = await upsert(bench, "Label", by, colour="#111111")
    by["scopeAndName"]["name"] = "STRASSE"
    assert await upsert(bench, "Label", by, description="x", name="Strasse") == label
    fields = "name scope colour description"
    assert await read(bench, "label", label, fields) == {
        "name": "Strasse",
        "scope": "ACCOUNT",
        "colour": "#111111",
        "description": "x",
    }
    by["scopeAndName"]["scope"] = "CONTACT"
    assert await upsert(bench, "Label", by) != label
    rule = await upsert(bench, "NamingRule", {"kind": "PERSON"}, pattern="x+")
    assert await upsert(bench, "NamingRule", {"kind": "PERSON"}, pattern=None) == rule
    group = await upsert(bench, "ContactGroup", {"name": "G"})
    assert await upsert(bench, "ContactGroup", {"name": "g"}, description="d") == group


async def test_the_key_of_a_deleted_record_is_free(bench: Bench) -> None:
    first = await upsert(bench, "Account", {"externalId": ERP}, name="A", number="1")
    await written(bench, "deleteAccount", first)
    second = await upsert(bench, "Account", {"externalId": ERP}, name="B", number="1")
    assert first != second
    (stored,) = (await read(bench, "account", second, "externalIds { nodes { id } }"))["externalIds"]["nodes"]
    taken = "Change the value, or update that record."
    assert await refused(bench, "restoreAccount", first) == [
        violation("NOT_UNIQUE", "id", f"Another Account has the same number: {second}. {taken}"),
        violation("NOT_UNIQUE", "id", f"Another ExternalId has the same system and value: {stored['id']}. {taken}"),
    ]


async def test_a_record_is_made_with_the_key_it_was_looked_for_by_or_not_at_all(bench: Bench) -> None:
    message = "The record would be made with another number than it was looked for by, at input.by.number."
    assert await refused(bench, "upsertAccount", {"by": {"number": "1"}, "number": "2", "name": "A"}) == [
        violation("CONTRADICTION", "input.number", message)
    ]
    same = {"by": {"number": "1"}, "number": "1", "name": "A"}
    account = (await written(bench, "upsertAccount", same))["recordId"]
    await written(bench, "upsertAccount", {"by": {"number": "2"}, "number": None, "name": "B"})
    others = [ERP, {"system": "erp", "value": "2"}]
    second = await upsert(bench, "Account", {"externalId": ERP}, name="C", externalIds=others)
    shown = await read(bench, "account", second, "externalIds(orderBy: [{id: ASC}]) { nodes { system value } }")
    assert shown["externalIds"]["nodes"] == others
    assert await read(bench, "account", account, "number") == {"number": "1"}


async def test_a_key_that_can_be_none_is_refused(bench: Bench) -> None:
    control = "The text holds the control character U+0000 at position 1: take it out."
    by = {"externalId": {"system": "\x00", "value": "v" * 201}}
    assert await refused(bench, "upsertAccount", {"by": by, "name": "A"}) == [
        violation("INVALID_CHARACTER", "input.by.externalId.system", control),
        violation("TOO_LONG", "input.by.externalId.value", "value has 201 characters; 200 are allowed."),
    ]
    assert await refused(bench, "upsertAccount", {"by": {"number": "\x00"}, "name": "A"}) == [
        violation("INVALID_CHARACTER", "input.by.number", control)
    ]
    assert await refused(bench, "upsertAccount", {"by": {"externalId": {"system": "", "value": " "}}, "name": "A"}) == [
        violation("REQUIRED", "input.by.externalId.system", "system is blank; give it a value."),
        violation("REQUIRED", "input.by.externalId.value", "value is blank; give it a value."),
    ]
    query = 'mutation ($by: AccountKey!) { upsertAccount(input: {by: $by, name: "A"}) { recordId } }'
    for wrong in ({}, {"number": None}, {"number": "1", "id": "x"}):
        (error,) = await bench.errors(query, by=wrong)
        assert error["extensions"]["code"] == "INVALID_VARIABLE"


async def test_one_key_twice_in_a_bulk_is_refused(bench: Bench) -> None:
    account = await upsert(bench, "Account", {"externalId": ERP}, name="A")
    inputs = [{"by": {"externalId": ERP}, "name": "B"}, {"by": {"externalId": ERP}, "name": "C"}]
    message = "The record is already changed at inputs.0; name it once."
    payload = await bulk(bench, "upsertAccounts", inputs)
    assert payload["violations"] == [violation("NAMED_TWICE", "inputs.1.by", message)]
    assert await read(bench, "account", account, "name version") == {"name": "A", "version": 1}
    new = {"externalId": {"system": "erp", "value": "2"}}
    inputs = [{"by": new, "name": "B"}, {"by": new, "name": "C"}]
    message = "The same input has another ExternalId with the same system and value, at inputs.0.by.externalId.value."
    expected = violation("NOT_UNIQUE", "inputs.1.by.externalId.value", message)
    assert (await bulk(bench, "upsertAccounts", inputs))["violations"] == [expected]
    payload = await bulk(bench, "upsertAccounts", inputs, atomic=False)
    assert (payload["written"], payload["violations"]) == (1, [expected])
    assert [one["name"] for one in await listed(bench, "accounts", "name")] == ["A", "B"]


async def test_many_upserts_in_one_write_make_some_and_change_others(bench: Bench) -> None:
    keys = [{"externalId": {"system": "erp", "value": str(n)}} for n in range(10)]
    first = await bulk(bench, "upsertAccounts", [{"by": key, "name": "old"} for key in keys[:5]])
    second = await bulk(bench, "upsertAccounts", [{"by": key, "name": "new"} for key in keys])
    assert (second["written"], second["violations"]) == (10, [])
    assert [one["recordId"] for one in second["results"][:5]] == [one["recordId"] for one in first["results"]]
    assert [one["version"] for one in await listed(bench, "accounts", "version")] == [2] * 5 + [1] * 5


# versions --------------------------------------------------------------------------------------------------------


async def test_a_write_may_say_which_version_it_expects(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    await written(bench, "updateAccount", {"id": account, "expectedVersion": 1, "name": "B"})
    await written(bench, "updateAccount", {"id": account, "expectedVersion": None, "name": "C"})
    message = "The record has version 3 and you expect 1: read it again and repeat your change."
    stale = violation("STALE_VERSION", "input.expectedVersion", message)
    assert await refused(bench, "updateAccount", {"id": account, "expectedVersion": 1, "name": "D"}) == [stale]
    assert await refused(bench, "upsertAccount", {"by": {"id": account}, "expectedVersion": 1, "name": "D"}) == [stale]
    at_argument = [stale | {"path": ["expectedVersion"]}]
    assert await refused(bench, "deleteAccount", account, version=1) == at_argument
    assert await read(bench, "account", account, "name version") == {"name": "C", "version": 3}
    await written(bench, "deleteAccount", account, version=3)
    message = "The record has version 4 and you expect 3: read it again and repeat your change."
    assert await refused(bench, "restoreAccount", account, version=3) == [
        violation("STALE_VERSION", "expectedVersion", message)
    ]
    await written(bench, "restoreAccount", account, version=4)
    assert await read(bench, "account", account, "version") == {"version": 5}


async def test_an_upsert_that_expects_a_version_makes_no_record(bench: Bench) -> None:
    message = "There is no Account with this key, so none has version 2; it may be gone."
    given = {"by": {"number": "1"}, "expectedVersion": 2, "name": "A"}
    assert await refused(bench, "upsertAccount", given) == [violation("NOT_FOUND", "input.by", message)]
    await written(bench, "upsertAccount", {"by": {"number": "1"}, "name": "A"})
    (stale,) = await refused(bench, "upsertAccount", given)
    assert (stale["code"], stale["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])


@pytest.mark.parametrize("version", [0, -1, 2**31 - 1])
async def test_a_version_that_no_record_can_have_is_stale(bench: Bench, version: int) -> None:
    account = await make(bench, "Account", name="A")
    (found,) = await refused(bench, "updateAccount", {"id": account, "expectedVersion": version, "name": "B"})
    assert (found["code"], found["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])
