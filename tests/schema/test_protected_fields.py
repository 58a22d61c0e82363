"""Fields that take a permission to read come back masked, and shine through nothing else that the API answers."""

import json
import logging
from itertools import product
from typing import Any

import pytest
from tortoise import fields

from accord.graph.declaring import DeclarationError, declare
from accord.graph.reading.compiler import compile_connection
from accord.graph.records import RECORDS
from accord.plugins.declarations import Policy
from accord.plugins.masks import last
from accord.plugins.records import AccountExtension
from accord.tests.accord_fixture import Bench
from accord.tests.schema.toy_clinic import READ

SECRETS = {
    "mrn": "MRN-778899",
    "ward": "Ward-Zeta",
    "remark": "Zebra remark",
    "bornOn": "1931-07-13",
    "seenAt": "2025-11-12T13:14:15.000000Z",
    "blood": "B",
    "visitsMade": 7717,
    "weight": "71.37",
    "isInsured": True,
    "owed": {"amount": "8143.19", "currency": "CHF"},
    "allergies": ["Zinnia"],
    "insurance": {"name": "Open plan", "number": "INS-4711"},
    "chart": "Chart-55",
}
TEXTS = ("MRN-778899", "778899", "Ward-Zeta", "Zebra", "1931-07-13", "13:14:15", "7717", "71.37", "8143.19", "CHF",
         "Zinnia", "INS-4711", "Chart-55", "VIS-9931", "2019-02-03", "4242", "6161.61", "SEK")  # fmt: skip
VISIT = {"reason": "Cough", "day": "2019-02-03", "score": 4242, "fee": {"amount": "6161.61", "currency": "SEK"},
         "number": "VIS-9931"}  # fmt: skip
CREATE = """mutation ($input: CreateContactInput!) { createContact(input: $input) { recordId
  violations { code message path } } }"""
UPDATE = """mutation ($input: UpdateContactInput!, $dryRun: Boolean! = false) {
  updateContact(input: $input, dryRun: $dryRun) { recordId contact { version }
  violations { code message path } } }"""
CLINIC = """clinic { mrn ward remark bornOn seenAt blood visitsMade weight isInsured owed { amount currency } allergies
  badge insurance { name number } chart doctor { id } label }"""
MASKED = {
    "mrn": "••••8899",
    "ward": None,
    "remark": "hidden",
    "bornOn": None,
    "seenAt": None,
    "blood": None,
    "visitsMade": None,
    "weight": None,
    "isInsured": None,
    "owed": None,
    "allergies": None,
    "badge": "Badge-1",
    "insurance": {"name": "Open plan", "number": None},
    "chart": None,
    "doctor": None,
    "label": None,
}


async def create(bench: Bench, name: str = "Abel", **values: Any) -> str:
    answer = await bench.ask(CREATE, input={"familyName": name, **values}, permissions=[READ])
    assert answer["createContact"]["violations"] == []
    return answer["createContact"]["recordId"]


@pytest.fixture
async def patient(clinic: Bench) -> str:
    """A patient with a value in every field, a doctor and a visit."""
    doctor = await create(clinic, "Dora")
    return await create(
        clinic, clinic={**SECRETS, "badge": "Badge-1", "doctorId": doctor}, visits=[VISIT], givenName="Ann"
    )


async def forbidden(bench: Bench, document: str, **variables: Any) -> tuple[str, str]:
    """Field and permission of the one error that a document has, and that nothing else is told."""
    answer = (await bench.run(document, **variables)).decoded()
    (error,) = answer["errors"]
    found = error["extensions"]
    assert (found["code"], found["permission"]) == ("FORBIDDEN_FIELD", READ), error
    assert found["argument"]
    assert READ in error["message"]
    assert found["field"] in error["message"]
    assert not any(text in json.dumps(answer) for text in TEXTS)
    return found["field"], found["argument"]


# reading -----------------------------------------------------------------------------------------------------------


async def test_fields_come_back_masked_without_the_permission_and_whole_with_it(clinic: Bench, patient: str):
    document = f"query ($id: ID!) {{ contact(id: $id) {{ {CLINIC} }} }}"
    assert (await clinic.ask(document, id=patient))["contact"]["clinic"] == MASKED
    whole = await clinic.ask(document, id=patient, permissions=[READ])
    shown = whole["contact"]["clinic"]
    assert {name: shown[name] for name in SECRETS} == SECRETS
    assert shown["label"] == "#MRN-778899"
    assert shown["doctor"]["id"].startswith("con_")
    assert await clinic.ask(document, id=patient, permissions=["*"]) == whole
    assert (await clinic.ask(document, id=patient))["contact"]["clinic"] == MASKED  # whatever was planned before
    assert (await clinic.ask(document, id=patient, permissions=["clinic.other"]))["contact"]["clinic"] == MASKED


@pytest.mark.parametrize(
    ("mrn", "shown"), [(None, None), ("1", "••••"), ("12345678", "••••"), ("12345678ä", "••••678ä")]
)
async def test_of_a_short_text_the_last_characters_stay_hidden_too(clinic: Bench, mrn: str | None, shown: str | None):
    await create(clinic, clinic={"mrn": mrn, "remark": mrn})
    read = "{ contacts { nodes { clinic { mrn remark } } } }"
    fixed = None if mrn is None else "hidden"
    assert (await clinic.ask(read))["contacts"]["nodes"] == [{"clinic": {"mrn": shown, "remark": fixed}}]


async def test_every_way_to_a_record_masks(clinic: Bench, patient: str):
    clinic_fields = "clinic { mrn bornOn label owed { amount } }"
    masked = {"mrn": "••••8899", "bornOn": None, "label": None, "owed": None}
    answer = await clinic.ask(
        f"""query ($id: ID!) {{
          node(id: $id) {{ ... on Contact {{ {clinic_fields} }} }}
          nodes(ids: [$id]) {{ ... on Contact {{ {clinic_fields} }} }}
          contacts(first: 1, filter: {{familyName: {{eq: "Abel"}}}}) {{ edges {{ node {{ {clinic_fields} }} }} }}
          visits {{ nodes {{ reason day score number fee {{ amount }} contact {{ {clinic_fields} }} }} }} }}""",
        id=patient,
    )
    assert answer["node"]["clinic"] == answer["nodes"][0]["clinic"] == masked
    assert answer["contacts"]["edges"][0]["node"]["clinic"] == masked
    (visit,) = answer["visits"]["nodes"]
    assert visit == {
        "reason": "Cough", "day": None, "score": None, "number": None, "fee": None, "contact": {"clinic": masked}
    }  # fmt: skip


async def test_payloads_mask_what_their_input_has_just_stated(clinic: Bench):
    document = f"""mutation ($input: CreateContactInput!, $dryRun: Boolean!) {{
      createContact(input: $input, dryRun: $dryRun) {{ contact {{ {CLINIC} }} violations {{ code }} }} }}"""
    for dry_run, permissions in product([True, False], [[], [READ]]):
        given = {
            "familyName": "Abel",
            "clinic": {**SECRETS, "badge": "Badge-1", "mrn": "MRN-1" if permissions else None},
        }
        made = (await clinic.ask(document, input=given, dryRun=dry_run, permissions=permissions))["createContact"]
        assert made["violations"] == []
        shown = made["contact"]["clinic"]
        if permissions:
            assert shown["ward"] == "Ward-Zeta"
            assert shown["mrn"] == "MRN-1"
        else:
            assert shown == MASKED | {"mrn": None}


async def test_a_page_of_protected_fields_is_one_statement(clinic: Bench, patient: str):
    for permissions in ([], [READ]):
        with clinic.counted() as statements:
            await clinic.ask(
                f"{{ contacts {{ nodes {{ {CLINIC} visits {{ nodes {{ day }} }} }} }} }}", permissions=permissions
            )
        assert len(statements) == 1


async def test_the_default_order_leaves_out_what_may_not_be_read(clinic: Bench):
    """Visits come by their day, which tells whoever may not read it nothing, not even by cursors."""
    for day in ("2021-05-05", "2020-05-05"):
        await create(clinic, visits=[{"reason": day, "day": day}])
    read = "{ visits { nodes { reason } edges { cursor } pageInfo { endCursor } } }"
    hidden, shown = await clinic.ask(read), await clinic.ask(read, permissions=[READ])
    assert [one["reason"] for one in hidden["visits"]["nodes"]] == ["2021-05-05", "2020-05-05"]
    assert [one["reason"] for one in shown["visits"]["nodes"]] == ["2020-05-05", "2021-05-05"]
    cursors = [edge["cursor"] for edge in hidden["visits"]["edges"]]
    assert not any("2021-05-05" in bytes.fromhex(cursor).decode() for cursor in cursors)
    cursor = shown["visits"]["pageInfo"]["endCursor"]
    (error,) = await clinic.errors("query ($after: String) { visits(after: $after) { totalCount } }", after=cursor)
    assert error["extensions"]["code"] == "INVALID_CURSOR"


# filters, orders, figures ------------------------------------------------------------------------------------------

# what is asked, the field that takes a permission, and whom it finds with it: the patient or the doctor
CONDITIONS = {
    "clinic: {mrn: {eq: \"MRN-778899\"}}": ("clinic.mrn", ["Abel"]),
    "clinic: {mrn: {startsWithIgnoreCase: \"m\"}}": ("clinic.mrn", ["Abel"]),
    "clinic: {ward: {in: [\"Ward-Zeta\"]}}": ("clinic.ward", ["Abel"]),
    "clinic: {bornOn: {lt: \"2000-01-01\"}}": ("clinic.bornOn", ["Abel"]),
    "clinic: {seenAt: {isNull: false}}": ("clinic.seenAt", ["Abel"]),
    "clinic: {blood: {ne: A}}": ("clinic.blood", ["Dora", "Abel"]),
    "clinic: {visitsMade: {gte: 7000}}": ("clinic.visitsMade", ["Abel"]),
    "clinic: {weight: {gt: \"71\"}}": ("clinic.weight", ["Abel"]),
    "clinic: {isInsured: {eq: true}}": ("clinic.isInsured", ["Abel"]),
    "clinic: {owed: {gt: {amount: \"1\", currency: \"CHF\"}}}": ("clinic.owed", ["Abel"]),
    "clinic: {allergies: {has: \"Zinnia\"}}": ("clinic.allergies", ["Abel"]),
    "clinic: {insurance: {number: {eq: \"INS-4711\"}}}": ("clinic.planNumber", ["Abel"]),
    "clinic: {doctorId: {isNull: false}}": ("clinic.doctor", ["Abel"]),
    "clinic: {doctor: {familyName: {eq: \"Dora\"}}}": ("clinic.doctor", ["Abel"]),
    "visits: {some: {score: {gt: 1}}}": ("score", ["Abel"]),
    "visits: {none: {fee: {isNull: false}}}": ("fee", ["Dora"]),
    "visits: {every: {not: {number: {startsWith: \"VIS\"}}}}": ("number", ["Dora"]),
    "not: {or: [{familyName: {eq: \"x\"}}, {and: [{clinic: {mrn: {isNull: true}}}]}]}": ("clinic.mrn", ["Abel"]),
}  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_nothing_is_filtered_by_a_field_that_may_not_be_read(clinic: Bench, patient: str, condition: str):
    read = f"{{ contacts(filter: {{{condition}}}) {{ totalCount nodes {{ familyName }} }} }}"
    field, where = await forbidden(clinic, read)
    protected, found = CONDITIONS[condition]
    assert field == protected
    assert where.startswith("contacts.filter.")
    contacts = (await clinic.ask(read, permissions=[READ]))["contacts"]
    assert contacts["totalCount"] == len(found)
    assert [one["familyName"] for one in contacts["nodes"]] == found


async def test_conditions_are_refused_wherever_they_stand(clinic: Bench, patient: str):
    for document in (
        "query ($f: ContactFilter) { contacts(filter: $f) { totalCount } }",
        "query ($f: ContactFilter) { accounts(filter: {contacts: {some: $f}}) { totalCount } }",
        "query ($f: ContactFilter) { accounts { nodes { contacts(filter: $f) { totalCount } } } }",
        "query ($f: ContactFilter) { visits(filter: {contact: $f}) { totalCount } }",
        "mutation ($f: ContactFilter) { deleteContacts(filter: $f) { written } }",
        "mutation ($f: ContactFilter) { deleteContacts(filter: $f, dryRun: true) { written } }",
    ):
        field, _ = await forbidden(clinic, document, f={"clinic": {"mrn": {"eq": "MRN-778899"}}})
        assert field == "clinic.mrn", document
    assert (await clinic.ask("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 2


async def test_nothing_is_looked_up_by_a_key_that_may_not_be_read(clinic: Bench, patient: str):
    read = '{ visit(by: {number: "VIS-9931"}) { reason } }'
    assert await forbidden(clinic, read) == ("number", "visit.by.number")
    assert await forbidden(clinic, read.replace("9931", "0000")) == ("number", "visit.by.number")
    assert (await clinic.ask(read, permissions=[READ]))["visit"] == {"reason": "Cough"}
    upsert = """mutation ($by: VisitKey!, $id: ID) { upsertVisit(input: {by: $by, reason: "Cold", contactId: $id}) {
      recordId violations { code } } }"""
    for number in ("VIS-9931", "VIS-0000"):
        assert (await forbidden(clinic, upsert, by={"number": number}, id=patient))[0] == "number"
    made = await clinic.ask(upsert, by={"number": "VIS-9931"}, permissions=[READ])
    assert made["upsertVisit"]["violations"] == []
    assert (await clinic.ask("{ visits { nodes { reason } } }"))["visits"]["nodes"] == [{"reason": "Cold"}]


@pytest.mark.parametrize(("order", "field"), [
    ("{clinic: {mrn: ASC}}", "clinic.mrn"), ("{clinic: {owed: DESC}}", "clinic.owed"),
    ("{clinic: {insurance: {number: ASC}}}", "clinic.planNumber"), ("{clinic: {blood: ASC}}", "clinic.blood"),
])  # fmt: skip
async def test_nothing_is_sorted_by_a_field_that_may_not_be_read(clinic: Bench, patient: str, order: str, field: str):
    read = f"{{ contacts(orderBy: [{order}]) {{ edges {{ cursor }} pageInfo {{ endCursor }} }} }}"
    assert (await forbidden(clinic, read))[0] == field
    assert (await clinic.ask(read, permissions=[READ]))["contacts"]["pageInfo"]["endCursor"]


async def test_no_figures_are_worked_out_over_what_may_not_be_read(clinic: Bench, patient: str):
    for fact in ("score { max }", "score { sum average }", "day { min }", "fee { sum currency }", "day { __typename }"):
        read = f"{{ visits {{ aggregates {{ count {fact} }} }} }}"
        field, where = await forbidden(clinic, read)
        assert field == fact.partition(" ")[0]
        assert where == f"visits.aggregates.{field}"
        nested = f"{{ contacts {{ nodes {{ visits {{ aggregates {{ {fact} }} }} }} }} }}"
        assert (await forbidden(clinic, nested))[0] == field
        assert (await clinic.ask(read, permissions=[READ]))["visits"]["aggregates"]["count"] == 1
    assert (await clinic.ask("{ visits { aggregates { count } } }"))["visits"]["aggregates"] == {"count": 1}


async def test_no_figures_are_worked_out_over_a_plugins_fields_that_may_not_be_read(clinic: Bench, patient: str):
    for fact in ("visitsMade { max }", "bornOn { min }", "owed { sum currency }", "weight { average }"):
        read = f"{{ contacts {{ aggregates {{ clinic {{ {fact} }} }} }} }}"
        field, where = await forbidden(clinic, read)
        assert (field, where) == (f"clinic.{fact.partition(' ')[0]}", f"contacts.aggregates.{field}")
        assert "errors" not in (await clinic.run(read, permissions=[READ])).decoded()


async def test_what_may_not_be_searched_is_no_part_of_any_filter(clinic: Bench):
    names = await clinic.ask('{ __type(name: "ClinicContactFilter") { inputFields { name } } }')
    found = {one["name"] for one in names["__type"]["inputFields"]}
    assert "mrn" in found
    assert "badge" not in found


async def test_a_protected_field_may_be_null_and_stays_required_in_inputs(clinic: Bench):
    described = await clinic.ask("""{ type: __type(name: "Sample") { fields { name type { kind } } }
      input: __type(name: "CreateSampleInput") { inputFields { name type { kind } } } }""")
    kinds = {one["name"]: one["type"]["kind"] for one in described["type"]["fields"]}
    assert (kinds["id"], kinds["code"]) == ("NON_NULL", "SCALAR")
    stated = {one["name"]: one["type"]["kind"] for one in described["input"]["inputFields"]}
    assert stated["code"] == "NON_NULL"
    make = 'mutation { createSample(input: {code: "S-1"}) { recordId violations { code } } }'
    assert (await clinic.ask(make))["createSample"]["violations"] == []
    update = "mutation ($input: UpdateSampleInput!) { updateSample(input: $input) { violations { code path } } }"
    read = "{ samples { nodes { id code } } }"
    (hidden,) = (await clinic.ask(read))["samples"]["nodes"]
    assert hidden["code"] is None
    emptied = await clinic.ask(update, input={"id": hidden["id"], "code": None})
    assert emptied["updateSample"]["violations"] == [{"code": "REQUIRED", "path": ["input", "code"]}]
    assert (await clinic.ask(read, permissions=[READ]))["samples"]["nodes"] == [{"id": hidden["id"], "code": "S-1"}]


async def test_rows_that_point_back_by_a_protected_reference_are_not_there(clinic: Bench, patient: str):
    other = await create(clinic, "Cole", visits=[{"reason": "Fall", "referrerId": patient}])
    read = "query ($id: ID!) { contact(id: $id) { referredVisits { totalCount nodes { reason } } } }"
    none = {"referredVisits": {"totalCount": 0, "nodes": []}}
    assert (await clinic.ask(read, id=patient))["contact"] == none
    whole = await clinic.ask(read, id=patient, permissions=[READ])
    assert whole["contact"] == {"referredVisits": {"totalCount": 1, "nodes": [{"reason": "Fall"}]}}
    for condition in ("some: {}", 'none: {reason: {eq: "x"}}'):
        find = f"{{ contacts(filter: {{referredVisits: {{{condition}}}}}) {{ totalCount }} }}"
        assert (await forbidden(clinic, find))[0] == "referrer"
    visits = "query ($id: ID!) { contact(id: $id) { visits { nodes { referrer { id } } } } }"
    assert (await clinic.ask(visits, id=other))["contact"]["visits"]["nodes"] == [{"referrer": None}]
    shown = await clinic.ask(visits, id=other, permissions=[READ])
    assert shown["contact"]["visits"]["nodes"] == [{"referrer": {"id": patient}}]


# groups with a filter ----------------------------------------------------------------------------------------------


async def test_members_found_by_a_filter_that_may_not_be_used_are_withheld(clinic: Bench, patient: str):
    make = """mutation ($f: JSON) { createContactGroup(input: {name: "Old", kind: FILTERED, memberFilter: $f}) {
      recordId violations { code } } }"""
    filter_ = {"clinic": {"bornOn": {"lt": "1950-01-01"}}}
    assert (await forbidden(clinic, make, f=filter_))[0] == "clinic.bornOn"
    made = await clinic.ask(make, f=filter_, permissions=[READ])
    assert made["createContactGroup"]["violations"] == []
    plain = '{ createContactGroup(input: {name: "All", kind: FILTERED, memberFilter: {familyName: {eq: "Abel"}}}) '
    await clinic.ask(f"mutation {plain} {{ recordId }} }}")
    read = """query ($name: String) { contactGroups(filter: {name: {eq: $name}}) { nodes {
      members { totalCount nodes { familyName } } } } }"""
    abel = {"members": {"totalCount": 1, "nodes": [{"familyName": "Abel"}]}}
    assert (await clinic.ask(read, name="Old", permissions=[READ]))["contactGroups"]["nodes"] == [abel]
    assert (await forbidden(clinic, read, name="Old"))[0] == "clinic.bornOn"
    assert (await clinic.ask(read, name="All"))["contactGroups"]["nodes"] == [abel]

    shown = "{ contactGroups(orderBy: [{name: ASC}]) { nodes { name memberFilter } edges { node { memberFilter } } } }"
    everybody = {"familyName": {"eq": "Abel"}}
    for permissions, seen in (([], None), ([READ], filter_)):
        groups = (await clinic.ask(shown, permissions=permissions))["contactGroups"]
        assert groups["nodes"] == [{"name": "All", "memberFilter": everybody}, {"name": "Old", "memberFilter": seen}]
        assert [edge["node"]["memberFilter"] for edge in groups["edges"]] == [everybody, seen]


# writing -----------------------------------------------------------------------------------------------------------


async def test_a_right_guess_is_written_like_a_wrong_one(clinic: Bench, patient: str):
    """Neither version, events nor violations tell whether a stated value is the stored one."""
    answers: list[Any] = []
    for guess in ("Ward-Zeta", "Ward-Other"):
        dry = await clinic.ask(UPDATE, input={"id": patient, "clinic": {"ward": guess}}, dryRun=True)
        answers.append(dry)
    assert answers[0] == answers[1]
    assert answers[0]["updateContact"]["contact"]["version"] == 2
    charts = [
        await clinic.ask(UPDATE, input={"id": patient, "clinic": {"chart": guess}}, dryRun=True)
        for guess in ("Chart-55", "Chart-56")
    ]
    assert charts[0] == charts[1]
    assert charts[0]["updateContact"]["violations"][0]["code"] == "NOT_CHANGEABLE"
    await clinic.ask(UPDATE, input={"id": patient, "clinic": {"ward": "Ward-Zeta"}})
    rows = await clinic.accord.database.fetch(
        "select fields_changed from outbox_event where kind = 'UPDATE' order by id", []
    )
    assert [json.loads(row[0]) for row in rows] == [["clinic.ward"]]


async def test_nothing_stored_beside_the_records_holds_a_protected_value(clinic: Bench, patient: str, caplog: Any):
    caplog.set_level(logging.DEBUG)
    update = {"id": patient, "clinic": {"ward": "Ward-Next", "mrn": "MRN-000111"}}
    await clinic.run(
        """mutation ($input: UpdateContactInput!) {
          updateContact(input: $input, idempotencyKey: "one") { recordId } }""",
        input=update,
        permissions=[READ],
    )
    await clinic.run(UPDATE, input=update)
    await clinic.run(UPDATE, input={**update, "expectedVersion": 1})
    for table in ("outbox_event", "idempotency_key"):
        rows = await clinic.accord.database.fetch(f"select * from {table}", [])
        assert rows
        assert not any(text in str([list(row) for row in rows]) for text in (*TEXTS, "Ward-Next", "MRN-000111"))
    written = [record.getMessage() for record in caplog.records if record.name.startswith("accord")]
    assert not any(text in line for text in (*TEXTS, "MRN-000111") for line in written)


async def test_a_stale_version_tells_no_value(clinic: Bench, patient: str):
    answer = await clinic.ask(UPDATE, input={"id": patient, "expectedVersion": 9, "clinic": {"ward": "x"}})
    assert answer["updateContact"]["violations"][0]["code"] == "STALE_VERSION"
    assert not any(text in json.dumps(answer) for text in TEXTS)


# plans and declarations --------------------------------------------------------------------------------------------


async def test_callers_with_the_same_permissions_share_plans(
    clinic: Bench, patient: str, monkeypatch: pytest.MonkeyPatch
):
    compiled: list[Any] = []

    def counted(ground: Any, connection: Any) -> Any:
        compiled.append(connection)
        return compile_connection(ground, connection)

    monkeypatch.setattr("accord.schema.reading.compile_connection", counted)
    read = "{ contacts { nodes { clinic { mrn } } } }"
    for permissions in ([], [READ]):
        await clinic.ask(read, permissions=permissions)
    first = len(compiled)
    for permissions in (["other"], ["more", "other"], ["*"], [READ, "other"], []):
        await clinic.ask(read, permissions=permissions)
    assert first
    assert len(compiled) == first


def test_masks_that_a_field_can_t_have_are_named():
    class OddAccount(AccountExtension, namespace="odd"):
        """Odd fields."""

        age = fields.IntField(null=True, description="In years.")

        class Policies:
            age = Policy(read="odd.read", mask=last(2))

    with pytest.raises(DeclarationError, match=r"OddAccount\.age: only text can be masked as text"):
        declare([*RECORDS, OddAccount])


def test_what_a_field_can_t_be_derived_from_is_named():
    class DerivedAccount(AccountExtension, namespace="derived"):
        """Derived fields."""

        born_on = fields.DateField(null=True, description="A day.")
        age = fields.IntField(null=True, description="In years.")
        is_old = fields.BooleanField(default=False, description="Whether that is much.")

        class Policies:
            age = Policy(derived=("born_on", "born_at"))
            is_old = Policy(derived=("age",))

    with pytest.raises(DeclarationError) as raised:
        declare([*RECORDS, DerivedAccount])
    where = "DerivedAccount.Policies"
    assert list(raised.value.problems) == [
        f"{where}.age: there is no field 'born_at' that it could be derived from",
        f"{where}.is_old: age is derived itself; name what that is derived from",
        f"{where}.is_old: what is derived may be null, which it is where what it is derived from may not be read",
    ]
