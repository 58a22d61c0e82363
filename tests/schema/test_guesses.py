"""Writes confirm no guess: neither of values that the caller may not read, nor of hidden rows, links and relations."""

import json
import logging
from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.plugins.contexts import Narrowing
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_read_policy import HIDDEN, SEE_ALL, house, made
from accord.tests.schema.toy_clinic import READ, Rules

__all__ = ["house"]  # a fixture

MRN = "MRN-778899"
NO_ROW = Narrowing(where={"id": {"in": []}})
NOT_HIDDEN = Narrowing(where={"name": {"ne": "Hidden"}})


def hide(rules: Rules, record: str, narrowing: Narrowing = NO_ROW) -> None:
    """Hide records of one type from everybody."""
    rules.narrow = lambda kind, viewer: narrowing if kind == record else None


async def write(bench: Bench, mutation: str, given: Any, fields: str = "", *, dry: bool = False, **options: Any) -> Any:
    """The payload of a mutation."""
    document = f"""mutation ($given: {mutation[0].upper()}{mutation[1:]}Input!, $dry: Boolean!) {{
      it: {mutation}(input: $given, dryRun: $dry) {{ recordId violations {{ code message path }} {fields} }} }}"""
    return (await bench.ask(document, given=given, dry=dry, **options))["it"]


async def tried(bench: Bench, mutation: str, given: Any, fields: str = "", **options: Any) -> Any:
    """The payload of a dry run."""
    return await write(bench, mutation, given, fields, dry=True, **options)


def codes(payload: Any) -> list[str]:
    return [one["code"] for one in payload["violations"]]


async def bulk(bench: Bench, inputs: list[Any], *, dry: bool, **options: Any) -> list[list[str]]:
    """The codes of what is wrong with each of the contacts to be created, row by row."""
    document = """mutation ($inputs: [CreateContactInput!]!, $dry: Boolean!) {
      it: createContacts(inputs: $inputs, atomic: false, dryRun: $dry) { results { violations { code } } } }"""
    return [codes(one) for one in (await bench.ask(document, inputs=inputs, dry=dry, **options))["it"]["results"]]


# hidden links ------------------------------------------------------------------------------------------------------

LINKS = pytest.mark.parametrize(
    ("link", "table", "record", "owner", "members"),
    [
        ("AccountContact", "account_contact", "Account", "account", "contacts"),
        ("ContactGroupMember", "contact_group_member", "ContactGroup", "both", "members"),
    ],
)


@LINKS
async def test_a_hidden_link_can_not_be_changed(
    clinic: Bench, house: dict[str, str], rules: Rules, link: str, table: str, record: str, owner: str, members: str
):
    hide(rules, link)
    rows = f"select * from {table} order by id"
    before = [tuple(row) for row in await clinic.accord.database.fetch(rows, [])]
    for control, code, permissions in (
        ({"disconnect": True}, "NOT_CONNECTED", []),
        ({"delete": True}, "NOT_FOUND", []),
        ({}, "NOT_UNIQUE", []),  # a second link can't be made beside it
    ):
        given = {"id": house[owner], members: [{"id": house["Abel"], **control}]}
        payload = await write(clinic, f"update{record}", given, permissions=permissions)
        assert codes(payload) == [code]
        assert not any(str(row[0]) in json.dumps(payload) for row in before)
    assert [tuple(row) for row in await clinic.accord.database.fetch(rows, [])] == before


@LINKS
async def test_a_dry_run_does_not_tell_whether_a_hidden_link_is_there(
    clinic: Bench, house: dict[str, str], rules: Rules, link: str, table: str, record: str, owner: str, members: str
):
    hide(rules, link)
    shown = f"{record[0].lower()}{record[1:]} {{ version {members} {{ totalCount }} }}"
    for control in ({"disconnect": True}, {"delete": True}, {}):
        linked, unlinked = [
            json.dumps(
                await tried(
                    clinic,
                    f"update{record}",
                    {"id": house[owner], members: [{"id": house[contact], **control}]},
                    shown,
                )
            ).replace(house[contact], "")
            for contact in ("Abel", "doctored")
        ]
        assert linked == unlinked


# references --------------------------------------------------------------------------------------------------------


async def test_stating_a_reference_as_it_is_stored_does_not_confirm_what_is_hidden(
    clinic: Bench, house: dict[str, str], rules: Rules
):
    for contact in ("doctored", "Abel"):  # one has the hidden doctor, the other none
        given = {"id": house[contact], "clinic": {"doctorId": house[HIDDEN]}}
        for dry in (True, False):
            assert codes(await write(clinic, "updateContact", given, dry=dry, permissions=[READ])) == ["NOT_FOUND"]
    parent = await made(clinic, "createAccount", name="Hidden")
    child, other = [
        await made(clinic, "createAccount", name=n, **p) for n, p in (("A", {"parentId": parent}), ("B", {}))
    ]
    hide(rules, "Account", NOT_HIDDEN)
    for account in (child, other):
        payload = await tried(clinic, "updateAccount", {"id": account, "parentId": parent})
        assert codes(payload) == ["NOT_FOUND"]
    assert codes(await tried(clinic, "updateAccount", {"id": child, "name": "C"})) == []  # what is not stated stays


async def test_stating_a_fixed_reference_does_not_confirm_what_is_hidden(
    clinic: Bench, house: dict[str, str], rules: Rules
):
    hidden, other = [await made(clinic, "createAccount", name=name) for name in ("Hidden", "Other")]
    called = [
        await made(clinic, "createExternalId", system="crm", value=str(place), accountId=account)
        for place, account in enumerate((hidden, other))
    ]
    hide(rules, "Account", NOT_HIDDEN)
    answers = [await tried(clinic, "updateExternalId", {"id": one, "accountId": hidden}) for one in called]
    assert answers[0] == answers[1]
    assert codes(answers[0]) == ["NOT_CHANGEABLE"]
    hide(rules, "ExternalId", Narrowing(hide=frozenset({"account"})))
    answers = [await tried(clinic, "updateExternalId", {"id": one, "accountId": hidden}) for one in called]
    assert answers[0] == answers[1]
    assert codes(answers[0]) == ["NOT_CHANGEABLE"]


async def test_a_right_guess_of_a_reference_that_may_not_be_read_is_written_like_a_wrong_one(
    clinic: Bench, house: dict[str, str], rules: Rules
):
    rules.narrow = lambda record, viewer: None
    doctor, other = [await made(clinic, "createContact", familyName=name) for name in ("Dora", "Dirk")]
    patient = await made(clinic, "createContact", familyName="Pat", clinic={"doctorId": doctor})
    answers = [
        await tried(clinic, "updateContact", {"id": patient, "clinic": {"doctorId": guess}}, "contact { version }")
        for guess in (doctor, other)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["contact"] == {"version": 2}
    for gone in (doctor, other):
        await clinic.ask("mutation ($id: ID!) { deleteContact(id: $id) { recordId } }", id=gone)
        assert codes(await tried(clinic, "updateContact", {"id": patient, "clinic": {"doctorId": gone}})) == [
            "NOT_FOUND"
        ]


# unique values -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def patient(clinic: Bench) -> str:
    """A patient with a number, a visit and a stay."""
    visit, stay = {"reason": "Cough", "number": "VIS-1"}, {"room": "1", "day": "2020-02-02", "bill": 7}
    return await made(
        clinic, "createContact", familyName="Abel", clinic={"mrn": MRN, "badge": "B"}, visits=[visit], stays=[stay]
    )


TAKEN, FREE = MRN, "MRN-1"


@pytest.mark.parametrize("dry", [True, False])
async def test_who_may_not_read_a_unique_value_may_not_write_it_either(clinic: Bench, patient: str, dry: bool):
    """Else the answer would tell whether somebody has the value: it is the same for one that is free."""
    other = await made(clinic, "createContact", familyName="Cole")
    before = await clinic.ask("{ contacts { nodes { familyName version } } }")
    for mutation, path in (("createContact", ["input"]), ("updateContact", ["input"])):
        named = {"familyName": "x"} if mutation == "createContact" else {"id": other}
        answers = [
            await write(clinic, mutation, {**named, "clinic": {"mrn": mrn}}, "contact { version }", dry=dry)
            for mrn in (TAKEN, FREE)
        ]
        assert answers[0] == answers[1]
        assert answers[0] == {
            "recordId": None,
            "contact": None,
            "violations": [
                {
                    "code": "FORBIDDEN_FIELD",
                    "message": "Whoever writes mrn learns whether another record has the same value, "
                    f"and that takes the permission {READ}. Leave it out.",
                    "path": [*path, "clinic", "mrn"],
                }
            ],
        }
        (violation,) = (
            await write(clinic, mutation, {**named, "clinic": {"mrn": TAKEN}}, dry=dry, permissions=[READ])
        )["violations"]
        assert violation["code"] == "NOT_UNIQUE"
        assert patient in violation["message"]
    assert await clinic.ask("{ contacts { nodes { familyName version } } }") == before


@pytest.mark.parametrize("dry", [True, False])
async def test_row_by_row_those_rows_are_refused_whose_values_might_be_guesses(clinic: Bench, patient: str, dry: bool):
    guesses = [{"familyName": "x", "clinic": {"mrn": mrn}} for mrn in (TAKEN, FREE, FREE, None)]
    refused = ["FORBIDDEN_FIELD"]
    assert await bulk(clinic, guesses, dry=dry) == [refused, refused, refused, []]
    found = await clinic.ask("{ contacts { totalCount } }")
    assert found["contacts"]["totalCount"] == (1 if dry else 2)
    shown = await bulk(clinic, guesses, dry=True, permissions=[READ])
    assert shown == [["NOT_UNIQUE"], [], ["NOT_UNIQUE"], []]


async def test_a_value_may_be_taken_away_by_who_may_not_read_it(clinic: Bench, patient: str):
    assert codes(await write(clinic, "updateContact", {"id": patient, "clinic": {"mrn": None}})) == []
    given = {"familyName": "x", "clinic": {"mrn": MRN}}
    assert codes(await write(clinic, "createContact", given, permissions=[READ])) == []


@pytest.mark.parametrize("dry", [True, False])
async def test_no_part_of_a_key_is_written_whose_rest_may_not_be_read(clinic: Bench, patient: str, dry: bool):
    """A stay has one bill of its own, and a contact one stay a day; whose bill and day may not be read."""
    stays = await clinic.ask("{ stays { nodes { id } } }")
    stay = stays["stays"]["nodes"][0]["id"]
    refused = [
        *[("createStay", {"room": "2", "day": day, "contactId": patient}) for day in ("2020-02-02", "2020-03-03")],
        *[("updateStay", {"id": stay, "day": day}) for day in ("2020-02-02", "2020-03-03")],
        *[("updateStay", {"id": stay, "bill": bill}) for bill in (7, 8)],
        *[
            ("updateContact", {"id": patient, "visits": [{"reason": "x", "number": number}]})
            for number in ("VIS-1", "VIS-2")
        ],
    ]
    for mutation, given in refused:
        assert codes(await write(clinic, mutation, given, dry=dry)) == ["FORBIDDEN_FIELD"], given
    for mutation, given in (
        ("updateStay", {"id": stay, "room": "3"}),
        ("updateStay", {"id": stay, "bill": None}),
        ("updateContact", {"id": patient, "visits": [{"reason": "x"}]}),
    ):
        assert codes(await write(clinic, mutation, given, dry=dry)) == [], given
    given = {"room": "2", "day": "2020-02-02", "bill": 9, "contactId": patient}
    assert codes(await write(clinic, "createStay", given, dry=dry, permissions=[READ])) == ["NOT_UNIQUE"]


async def test_a_unique_field_that_a_plugin_hides_is_not_written_either(clinic: Bench, rules: Rules):
    await made(clinic, "createAccount", name="A", number="Taken")
    hide(rules, "Account", Narrowing(hide=frozenset({"number"})))
    for number in ("Taken", "Free"):
        (violation,) = (await write(clinic, "createAccount", {"name": "B", "number": number}))["violations"]
        assert violation["code"] == "FORBIDDEN_FIELD"
        assert "it is hidden from you" in violation["message"]
    assert codes(await write(clinic, "createAccount", {"name": "B"})) == []


async def test_a_restoration_over_a_value_that_may_not_be_read_names_no_record(clinic: Bench, patient: str):
    """That two values are equal can't be hidden from who restores; no value is told, and none can be tried."""
    await clinic.ask("mutation ($id: ID!) { deleteContact(id: $id) { recordId } }", id=patient)
    other = await made(clinic, "createContact", familyName="Cole", clinic={"mrn": MRN})
    restore = "mutation ($id: ID!) { it: restoreContact(id: $id) { violations { code message } } }"
    (violation,) = (await clinic.ask(restore, id=patient))["it"]["violations"]
    assert violation == {
        "code": "NOT_UNIQUE",
        "message": "Another Contact that you may not see has the same mrn. Change the value.",
    }
    (violation,) = (await clinic.ask(restore, id=patient, permissions=[READ]))["it"]["violations"]
    assert other in violation["message"]


# hidden rows -------------------------------------------------------------------------------------------------------


async def test_a_dry_run_takes_no_notice_of_hidden_rows_that_hold_a_value(clinic: Bench, rules: Rules):
    group = await made(clinic, "createContactGroup", name="Hidden", kind="FIXED")
    hide(rules, "ContactGroup", NOT_HIDDEN)
    fields = "contactGroup { name }"
    for name in ("Hidden", "Other"):
        payload = await tried(clinic, "createContactGroup", {"name": name, "kind": "FIXED"}, fields)
        assert payload["violations"] == []
    rules.narrow = lambda record, viewer: Narrowing(where={"id": {"ne": group}}) if record == "ContactGroup" else None
    payload = await tried(clinic, "createContactGroup", {"name": "Hidden", "kind": "FIXED"}, fields)
    assert (payload["violations"], payload["contactGroup"]) == ([], {"name": "Hidden"})
    assert codes(await write(clinic, "createContactGroup", {"name": "Hidden", "kind": "FIXED"})) == ["NOT_UNIQUE"]
    rules.narrow = lambda record, viewer: None
    assert (await clinic.ask("{ contactGroups { totalCount } }"))["contactGroups"]["totalCount"] == 1


async def test_a_refused_guess_of_a_hidden_row_leaves_a_trace_without_the_value(
    clinic: Bench, rules: Rules, caplog: Any
):
    caplog.set_level(logging.INFO, logger="accord.writes")
    for name in ("Hidden", "Shown"):
        await made(clinic, "createContactGroup", name=name, kind="FIXED")
    hide(rules, "ContactGroup", NOT_HIDDEN)
    for name, dry in (("Hidden", True), ("Shown", False), ("Free", True)):
        await write(clinic, "createContactGroup", {"name": name, "kind": "FIXED"}, dry=dry)
    assert caplog.records == []
    assert codes(await write(clinic, "createContactGroup", {"name": "Hidden", "kind": "FIXED"})) == ["NOT_UNIQUE"]
    (record,) = caplog.records
    line = record.getMessage()
    assert record.levelno == logging.WARNING
    assert all(part in line for part in ("createContactGroup", str(SYSTEM_ACTOR), "ContactGroup", "name", "1"))
    assert "Hidden" not in line


async def test_a_key_of_a_hidden_owner_names_no_row(clinic: Bench, rules: Rules):
    await made(clinic, "createAccount", name="Hidden", externalIds=[{"system": "crm", "value": "42"}])
    hide(rules, "Account", NOT_HIDDEN)
    for value in ("42", "43"):
        given = {"by": {"externalId": {"system": "crm", "value": value}}, "name": "x"}
        assert codes(await tried(clinic, "upsertAccount", given)) == []
    given = {"by": {"externalId": {"system": "crm", "value": "42"}}, "name": "x"}
    (violation,) = (await write(clinic, "upsertAccount", given))["violations"]
    assert violation["code"] == "NOT_UNIQUE"
    assert "that you may not see" in violation["message"]
    assert "ext_" not in violation["message"]


async def test_a_restoration_names_no_hidden_row_either(clinic: Bench, rules: Rules):
    called = {"externalIds": [{"system": "crm", "value": "42"}]}
    account = await made(clinic, "createAccount", name="A", **called)
    await clinic.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=account)
    await made(clinic, "createAccount", name="Hidden", **called)
    restore = """mutation ($id: ID!, $dry: Boolean! = false) {
      it: restoreAccount(id: $id, dryRun: $dry) { violations { code message } } }"""
    (shown,) = (await clinic.ask(restore, id=account))["it"]["violations"]
    assert "ext_" in shown["message"]
    for record, narrowing in (("Account", NOT_HIDDEN), ("ExternalId", NO_ROW)):
        hide(rules, record, narrowing)
        assert (await clinic.ask(restore, id=account, dry=True))["it"]["violations"] == []
        (violation,) = (await clinic.ask(restore, id=account))["it"]["violations"]
        assert violation["code"] == "NOT_UNIQUE"
        assert "ext_" not in violation["message"]


async def test_what_belongs_to_a_record_is_deleted_with_it_hidden_or_not(clinic: Bench, rules: Rules):
    account = await made(clinic, "createAccount", name="A")
    await made(clinic, "createNote", subjectId=account, text="Secret")
    hide(rules, "Note")
    delete = "mutation ($id: ID!) { it: deleteAccount(id: $id) { violations { code } } }"
    restore = delete.replace("delete", "restore")
    for document, left in ((delete, 0), (restore, 1)):
        assert codes((await clinic.ask(document, id=account))["it"]) == []
        narrow, rules.narrow = rules.narrow, lambda record, viewer: None
        assert (await clinic.ask("{ notes { totalCount } }"))["notes"]["totalCount"] == left
        rules.narrow = narrow


# stored filters ----------------------------------------------------------------------------------------------------


async def test_a_withheld_filter_is_refused_whether_it_is_guessed_or_not(clinic: Bench):
    filters = [{"clinic": {"ward": {"eq": ward}}} for ward in ("oncology", "surgery")]
    document = """mutation ($f: JSON) { createContactGroup(input: {name: "Onc", kind: FILTERED, memberFilter: $f}) {
      recordId } }"""
    group = (await clinic.ask(document, f=filters[0], permissions=[READ]))["createContactGroup"]["recordId"]
    update = """mutation ($id: ID!, $f: JSON) { updateContactGroup(dryRun: true, input: {id: $id, memberFilter: $f}) {
      violations { code } } }"""
    for filter_ in filters:
        (error,) = await clinic.errors(update, id=group, f=filter_)
        assert error["extensions"]["code"] == "FORBIDDEN_FIELD"
        assert (await clinic.ask(update, id=group, f=filter_, permissions=[READ]))["updateContactGroup"] == {
            "violations": []
        }
    renamed = await write(clinic, "updateContactGroup", {"id": group, "name": "Other"})
    assert codes(renamed) == []


# requests that come again ------------------------------------------------------------------------------------------


async def test_an_answer_is_not_told_again_under_other_permissions(clinic: Bench, patient: str):
    document = f"""mutation ($key: String) {{ it: createContacts(atomic: false, idempotencyKey: $key, inputs: [
      {{familyName: "a"}}, {{familyName: "b", clinic: {{mrn: "{MRN}"}}}}]) {{ written violations {{ message }} }} }}"""
    first = await clinic.ask(document, key="k", permissions=[READ, SEE_ALL])
    assert patient in first["it"]["violations"][0]["message"]
    assert await clinic.ask(document, key="k", permissions=[SEE_ALL, READ]) == first
    for permissions in ([], [READ], [READ, SEE_ALL, "more"]):
        (error,) = await clinic.errors(document, key="k", permissions=permissions)
        assert error["extensions"]["code"] == "IDEMPOTENCY_MISMATCH"
        assert "other permissions" in error["message"]
        assert patient not in error["message"]
    assert (await clinic.ask("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 2  # written once
