"""Writes of contacts: names, languages and time zones, phones and mailboxes with one primary each."""

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import listed, make, read, refused, violation, written

NAMELESS = violation(
    "REQUIRED", "input.familyName", "A contact needs a family name or a given name; give at least one."
)


@pytest.mark.parametrize(
    ("parts", "name", "sort_name"),
    [
        ({"givenName": "Ada", "familyName": "Lovelace"}, "Ada Lovelace", "Lovelace, Ada"),
        ({"familyName": "Plato"}, "Plato", "Plato"),
        ({"givenName": "Cher", "familyName": "  "}, "Cher", "Cher"),
        (
            {"prefix": "Dr.", "givenName": "John", "familyName": "Doe", "suffix": "Jr.", "preferredName": "Jack"},
            "Dr. John Doe Jr.",
            "Doe, John",
        ),
        ({"givenName": " Ana  María ", "familyName": "de la Cruz"}, "Ana  María de la Cruz", "de la Cruz, Ana  María"),
        ({"givenName": "花子", "familyName": "山田"}, "山田 花子", "山田, 花子"),
    ],
)
async def test_the_whole_name_is_made_from_its_parts(
    bench: Bench, parts: dict[str, str], name: str, sort_name: str
) -> None:
    contact = await make(bench, "Contact", **parts)
    stored = await read(bench, "contact", contact, "name sortName prefix givenName familyName suffix preferredName")
    rest = dict.fromkeys(["prefix", "givenName", "familyName", "suffix", "preferredName"]) | parts
    assert stored == {"name": name, "sortName": sort_name} | rest
    found = await listed(bench, "contacts", "id", "ContactFilter", {"sortName": {"eqIgnoreCase": sort_name.upper()}})
    assert found == [{"id": contact}]


async def test_a_contact_needs_some_name(bench: Bench) -> None:
    for given in ({}, {"title": "Boss"}, {"familyName": "", "givenName": " "}, {"familyName": None}):
        assert await refused(bench, "createContact", given) == [NAMELESS]
    contact = await make(bench, "Contact", givenName="Ada", familyName="Lovelace")
    assert await refused(bench, "updateContact", {"id": contact, "givenName": None, "familyName": ""}) == [NAMELESS]
    await written(bench, "updateContact", {"id": contact, "givenName": None})
    assert await read(bench, "contact", contact, "name sortName givenName") == {
        "name": "Lovelace",
        "sortName": "Lovelace",
        "givenName": None,
    }


async def test_a_name_that_is_refused_is_not_missed_as_well(bench: Bench) -> None:
    given = {"familyName": "x" * 101, "language": "d" * 36, "timeZone": "z" * 65, "title": "t\n"}
    line = "The text holds a line break or tab (U+000A), but only one line is expected at position 2: take it out."
    assert await refused(bench, "createContact", given) == [
        violation("TOO_LONG", "input.familyName", "familyName has 101 characters; 100 are allowed."),
        violation("TOO_LONG", "input.language", "language has 36 characters; 35 are allowed."),
        violation("TOO_LONG", "input.timeZone", "timeZone has 65 characters; 64 are allowed."),
        violation("INVALID_CHARACTER", "input.title", line),
    ]


async def test_language_and_time_zone_are_spelled_as_their_registers_do(bench: Bench) -> None:
    given = {"familyName": "A", "doNotContact": True, "department": "R&D"}
    contact = await make(bench, "Contact", **given, language="PT_br", timeZone="europe/berlin")
    stored = await read(bench, "contact", contact, "language timeZone doNotContact department")
    assert stored == {"language": "pt-BR", "timeZone": "Europe/Berlin", "doNotContact": True, "department": "R&D"}
    found = await refused(bench, "updateContact", {"id": contact, "language": "", "timeZone": "CET/Nowhere"})
    assert found == [
        violation(
            "INVALID",
            "input.language",
            "'' is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'.",
        ),
        violation(
            "UNKNOWN",
            "input.timeZone",
            "'CET/Nowhere' is not a time zone of the IANA database: expected is one such as 'Europe/Berlin'.",
        ),
    ]
    await written(bench, "updateContact", {"id": contact, "language": None, "timeZone": None})
    assert await read(bench, "contact", contact, "language timeZone") == {"language": None, "timeZone": None}


async def test_a_contact_has_several_phones_and_mailboxes_with_one_primary_each(bench: Bench) -> None:
    phones = [
        {"number": "030 901820", "country": "DE", "isPrimary": True},
        {"number": "+1 (201) 555-0123 ext. 12", "kind": "MOBILE"},
    ]
    emails = [{"address": "Ann@Bücher.example", "kind": "PERSONAL"}, {"address": "a@example.com", "isPrimary": True}]
    contact = await make(bench, "Contact", familyName="A", phones=phones, emails=emails)
    fields = """phones(orderBy: [{id: ASC}]) { nodes { id number country e164 extension kind isPrimary version } }
      emails(orderBy: [{id: ASC}]) { nodes { address normalised kind isPrimary } }"""
    stored = await read(bench, "contact", contact, fields)
    first, second = stored["phones"]["nodes"]
    assert first == {
        "id": first["id"],
        "number": "030 901820",
        "country": "DE",
        "e164": "+4930901820",
        "extension": None,
        "kind": "WORK",
        "isPrimary": True,
        "version": 1,
    }
    assert (second["e164"], second["extension"], second["kind"], second["isPrimary"]) == (
        "+12015550123",
        "12",
        "MOBILE",
        False,
    )
    assert stored["emails"]["nodes"] == [
        {
            "address": "Ann@Bücher.example",
            "normalised": "ann@xn--bcher-kva.example",
            "kind": "PERSONAL",
            "isPrimary": False,
        },
        {"address": "a@example.com", "normalised": "a@example.com", "kind": "WORK", "isPrimary": True},
    ]
    found = await listed(
        bench, "contacts", "id", "ContactFilter", {"phones": {"some": {"e164": {"eq": "+4930901820"}}}}
    )
    assert found == [{"id": contact}]


async def test_a_new_primary_takes_the_place_of_the_old(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="A", phones=[{"number": "+4930901820", "isPrimary": True}])
    other = await make(bench, "Contact", familyName="B", phones=[{"number": "+4930901820", "isPrimary": True}])
    await written(bench, "updateContact", {"id": contact, "phones": [{"number": "+4930901821", "isPrimary": True}]})
    await written(bench, "createPhone", {"contactId": contact, "number": "+4930901822", "isPrimary": True})
    phones = "phones(orderBy: [{id: ASC}]) { nodes { id isPrimary version } }"
    stored = (await read(bench, "contact", contact, phones))["phones"]["nodes"]
    assert [(one["isPrimary"], one["version"]) for one in stored] == [(False, 2), (False, 2), (True, 1)]
    await written(bench, "updatePhone", {"id": stored[0]["id"], "isPrimary": True})
    stored = (await read(bench, "contact", contact, phones))["phones"]["nodes"]
    assert [(one["isPrimary"], one["version"]) for one in stored] == [(True, 3), (False, 2), (False, 2)]
    stored = (await read(bench, "contact", other, phones))["phones"]["nodes"]
    assert [(one["isPrimary"], one["version"]) for one in stored] == [(True, 1)]


async def test_two_primaries_in_one_input_are_refused(bench: Bench) -> None:
    phones = [{"number": "+4930901820", "isPrimary": True}, {"number": "+4930901821", "isPrimary": True}]
    message = "The same input has another Phone with the same contact and isPrimary, at input.phones.0.isPrimary."
    assert await refused(bench, "createContact", {"familyName": "A", "phones": phones}) == [
        violation("NOT_UNIQUE", "input.phones.1.isPrimary", message)
    ]


async def test_numbers_and_mailboxes_that_are_none_are_refused(bench: Bench) -> None:
    given = {
        "familyName": "A",
        "phones": [{"number": "123"}, {"number": ""}, {}, {"number": "030 901820", "country": "XX"}],
        "emails": [{"address": "ann"}, {"address": " "}, {"address": None}],
    }
    found = await refused(bench, "createContact", given)
    assert [(one["code"], ".".join(map(str, one["path"]))) for one in found] == [
        ("INVALID", "input.emails.0.address"),
        ("REQUIRED", "input.emails.1.address"),
        ("REQUIRED", "input.emails.2.address"),
        ("INVALID", "input.phones.0.number"),
        ("REQUIRED", "input.phones.1.number"),
        ("REQUIRED", "input.phones.2.number"),
        ("INVALID", "input.phones.3.number"),
    ]
    assert found[2]["message"] == "address is required; give it a value."
    assert found[4]["message"] == "number is blank; give it a value."


async def test_a_phone_has_one_owner_and_keeps_it(bench: Bench) -> None:
    account, contact = await make(bench, "Account", name="A"), await make(bench, "Contact", familyName="C")
    owners = violation("ONE_OWNER", "input.accountId", "Give exactly one of accountId or contactId.")
    number = {"number": "+4930901820"}
    assert await refused(bench, "createPhone", number) == [owners]
    assert await refused(bench, "createPhone", number | {"accountId": account, "contactId": contact}) == [owners]
    phone = await make(bench, "Phone", **number, accountId=account)
    fixed = "is set when the record is created and can't be changed."
    assert await refused(bench, "updatePhone", {"id": phone, "accountId": None, "contactId": contact}) == [
        violation("NOT_CHANGEABLE", "input.accountId", f"accountId {fixed}"),
        violation("NOT_CHANGEABLE", "input.contactId", f"contactId {fixed}"),
    ]
