"""Addresses with several owners: shared without copying, one primary of a kind and owner, and parted again."""

from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, stored_rows, violation, write, written

BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}
BONN = {"streetLines": ["Y 1"], "city": "Bonn", "postalCode": "53111", "country": {"code": "DE"}}
GRAZ = {"streetLines": ["Z 1"], "city": "Graz", "postalCode": "8010", "country": {"code": "AT"}}


async def uses(bench: Bench, field: str, id_: str) -> list[str]:
    """What an owner uses which address for, such as `Berlin BILLING*`: a star marks the primary."""
    fields = "addresses(orderBy: [{city: ASC}]) { edges { kind isPrimary node { city } } }"
    edges = (await read(bench, field, id_, fields))["addresses"]["edges"]
    return [f"{edge['node']['city']} {edge['kind']}{'*' if edge['isPrimary'] else ''}" for edge in edges]


async def test_an_address_is_shared_by_accounts_and_contacts_without_copying(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN | {"kind": "BILLING", "isPrimary": True}])
    (address,) = await listed(bench, "addresses", "id city")
    other = await make(bench, "Account", name="B", addresses=[{"id": address["id"], "kind": "VISITING"}])
    contact = await make(bench, "Contact", familyName="C", addresses=[{"id": address["id"], "isPrimary": True}])
    assert await stored_rows(bench, "address") == 1
    assert await uses(bench, "account", account) == ["Berlin BILLING*"]
    assert await uses(bench, "account", other) == ["Berlin VISITING"]
    assert await uses(bench, "contact", contact) == ["Berlin OTHER*"]
    shown = await read(bench, "address", address["id"], "accounts { nodes { name } } contacts { nodes { name } }")
    assert shown == {"accounts": {"nodes": [{"name": "A"}, {"name": "B"}]}, "contacts": {"nodes": [{"name": "C"}]}}
    await written(bench, "updateAccount", {"id": other, "addresses": [{"id": address["id"], "city": "Bernau"}]})
    assert await uses(bench, "account", account) == ["Bernau BILLING*"]
    assert await uses(bench, "contact", contact) == ["Bernau OTHER*"]


async def test_a_new_primary_takes_the_place_of_the_old_one_of_its_kind_and_owner(bench: Bench) -> None:
    addresses = [BERLIN | {"kind": "BILLING", "isPrimary": True}, GRAZ | {"kind": "SHIPPING", "isPrimary": True}]
    account = await make(bench, "Account", name="A", addresses=addresses)
    other = await make(bench, "Account", name="B", addresses=[BERLIN | {"kind": "BILLING", "isPrimary": True}])
    bonn = BONN | {"kind": "BILLING", "isPrimary": True}
    await written(bench, "updateAccount", {"id": account, "addresses": [bonn]})
    assert await uses(bench, "account", account) == ["Berlin BILLING", "Bonn BILLING*", "Graz SHIPPING*"]
    assert await uses(bench, "account", other) == ["Berlin BILLING*"]
    links = {
        one["address"]["city"]: one["id"]
        for one in await listed(
            bench, "addressLinks", "id address { city }", "AddressLinkFilter", {"accountId": {"eq": account}}
        )
    }
    await written(bench, "updateAddressLink", {"id": links["Graz"], "kind": "BILLING"})
    assert await uses(bench, "account", account) == ["Berlin BILLING", "Bonn BILLING", "Graz BILLING*"]
    await written(bench, "updateAddressLink", {"id": links["Berlin"], "isPrimary": True})
    assert await uses(bench, "account", account) == ["Berlin BILLING*", "Bonn BILLING", "Graz BILLING"]
    await written(bench, "updateAddressLink", {"id": links["Berlin"], "isPrimary": False})
    assert await uses(bench, "account", account) == ["Berlin BILLING", "Bonn BILLING", "Graz BILLING"]


async def test_the_primary_is_handed_on_in_one_write(bench: Bench) -> None:
    addresses = [BERLIN | {"kind": "BILLING", "isPrimary": True}, BONN | {"kind": "BILLING"}]
    account = await make(bench, "Account", name="A", addresses=addresses)
    found = await read(bench, "account", account, "addresses(orderBy: [{city: ASC}]) { nodes { id } }")
    berlin, bonn = (node["id"] for node in found["addresses"]["nodes"])
    given = [{"id": bonn, "isPrimary": True}, {"id": berlin, "isPrimary": False}]
    await written(bench, "updateAccount", {"id": account, "addresses": given})
    assert await uses(bench, "account", account) == ["Berlin BILLING", "Bonn BILLING*"]
    await written(bench, "updateAccount", {"id": account, "addresses": [{"id": berlin, "isPrimary": True}]})
    given = [{"id": berlin, "disconnect": True}, {"id": bonn, "isPrimary": True}]
    await written(bench, "updateAccount", {"id": account, "addresses": given})
    assert await uses(bench, "account", account) == ["Bonn BILLING*"]


async def test_two_primaries_of_a_kind_in_one_input_are_refused(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[GRAZ | {"kind": "LEGAL", "isPrimary": True}])
    addresses = [one | {"kind": "LEGAL", "isPrimary": True} for one in (BERLIN, BONN)]
    fields = "account and kind and isPrimary, at input.addresses.0.isPrimary."
    message = f"The same input has another AddressLink with the same {fields}"
    expected = [violation("NOT_UNIQUE", "input.addresses.1.isPrimary", message)]
    assert await refused(bench, "updateAccount", {"id": account, "addresses": addresses}) == expected
    (graz,) = (await read(bench, "account", account, "addresses { nodes { id } }"))["addresses"]["nodes"]
    kept = {"id": graz["id"], "isPrimary": True}
    assert len(await refused(bench, "updateAccount", {"id": account, "addresses": [kept, addresses[0]]})) == 1
    assert await uses(bench, "account", account) == ["Graz LEGAL*"]


async def test_an_address_that_is_disconnected_stays_to_be_linked_elsewhere(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN])
    other = await make(bench, "Account", name="B")
    (address,) = await listed(bench, "addresses", "id version")
    given = {"id": account, "addresses": [{"id": address["id"], "disconnect": True}]}
    await written(bench, "updateAccount", given)
    assert await uses(bench, "account", account) == []
    assert await listed(bench, "addresses", "id version") == [address]
    await written(bench, "updateAccount", {"id": other, "addresses": [{"id": address["id"]}]})
    assert await uses(bench, "account", other) == ["Berlin OTHER"]
    await written(bench, "deleteAccount", other)
    assert await listed(bench, "addresses", "id") == []


async def test_an_address_moves_from_one_account_to_another_in_one_write(bench: Bench) -> None:
    a, b = await make(bench, "Account", name="A", addresses=[BERLIN]), await make(bench, "Account", name="B")
    (address,) = await listed(bench, "addresses", "id")
    inputs: list[dict[str, Any]] = [
        {"id": a, "addresses": [{"id": address["id"], "disconnect": True}]},
        {"id": b, "addresses": [{"id": address["id"], "kind": "LEGAL"}]},
    ]
    assert (await bulk(bench, "updateAccounts", inputs))["violations"] == []
    assert (await uses(bench, "account", a), await uses(bench, "account", b)) == ([], ["Berlin LEGAL"])


async def test_an_owner_uses_one_address_for_several_things(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN | {"kind": "BILLING"}])
    (address,) = await listed(bench, "addresses", "id")
    link = {"accountId": account, "addressId": address["id"], "kind": "LEGAL", "isPrimary": True}
    await written(bench, "createAddressLink", link)

    async def update(**values: Any) -> Any:
        given = {"id": account, "addresses": [{"id": address["id"], **values}]}
        return (await write(bench, "updateAccount", given))["violations"]

    assert await update(kind="SHIPPING", isPrimary=True) == []
    assert await update(kind="BILLING", isPrimary=True) == []
    assert await update(city="Bernau") == []
    uses_now = ["Bernau BILLING*", "Bernau LEGAL*", "Bernau SHIPPING*"]
    assert sorted(await uses(bench, "account", account)) == uses_now
    message = (
        "The record is among the addresses several times; change isPrimary at the link that you mean, by its own id."
    )
    assert await update(isPrimary=False) == [violation("AMBIGUOUS", "input.addresses.0.id", message)]
    assert sorted(await uses(bench, "account", account)) == uses_now
    assert await update(disconnect=True) == []
    assert await uses(bench, "account", account) == []


async def test_a_use_of_no_particular_kind_becomes_one_of_a_kind(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", addresses=[BERLIN])
    (address,) = await listed(bench, "addresses", "id")
    given = {"id": account, "addresses": [{"id": address["id"], "kind": "VISITING"}]}
    await written(bench, "updateAccount", given)
    assert await uses(bench, "account", account) == ["Berlin VISITING"]


async def test_a_link_has_one_owner(bench: Bench) -> None:
    address = await make(bench, "Address", **BERLIN)
    owners = violation("ONE_OWNER", "input.accountId", "Give exactly one of accountId or contactId.")
    assert await refused(bench, "createAddressLink", {"addressId": address}) == [owners]
