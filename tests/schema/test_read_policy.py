"""What plugins hide is not there: in no list, count, filter, relation, payload or event, and not for writes either."""

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.reading.compiler import compile_connection
from accord.plugins.calling import Hooks
from accord.plugins.contexts import Narrowing, Viewer
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench, CoreDatabases
from accord.tests.schema.toy_clinic import READ, Clinic, Prepared, Rules, opened
from accord.tests.waiting import PATIENCE

HIDDEN = "Mole"
SEE_ALL = "clinic.all"
VIOLATIONS = "violations { code message path }"
NOBODY_ELSE = Narrowing(where={"familyName": {"ne": HIDDEN}})


def narrowing(record: str, viewer: Viewer) -> Narrowing | None:
    """Nobody sees the contact called Mole but who may."""
    return NOBODY_ELSE if record == "Contact" and not viewer.may(SEE_ALL) else None


async def made(bench: Bench, mutation: str, **given: Any) -> str:
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation ($input: {kind}Input!) {{ it: {mutation}(input: $input) {{ recordId {VIOLATIONS} }} }}"
    answer = (await bench.ask(document, input=given, permissions=[SEE_ALL, READ]))["it"]
    assert answer["violations"] == []
    return answer["recordId"]


@pytest.fixture
async def house(clinic: Bench, rules: Rules) -> dict[str, str]:
    """An account with a contact that all see and one that few do, each with a visit, both in one group."""
    ids = {"account": await made(clinic, "createAccount", name="Kestrel")}
    for name in ("Abel", HIDDEN):
        visits = [{"reason": f"{name} coughs"}]
        ids[name] = await made(
            clinic, "createContact", familyName=name, accounts=[{"id": ids["account"]}], visits=visits
        )
    ids["both"] = await made(
        clinic, "createContactGroup", name="Both", kind="FIXED", members=[{"id": ids["Abel"]}, {"id": ids[HIDDEN]}]
    )
    ids["doctored"] = await made(clinic, "createContact", familyName="Cole", clinic={"doctorId": ids[HIDDEN]})
    rules.narrow = narrowing
    rules.asked.clear()
    return ids


async def test_a_hidden_row_is_in_no_list_count_or_relation(clinic: Bench, house: dict[str, str]):
    read = """query ($id: ID!, $group: ID!) {
      contacts { totalCount aggregates { count } nodes { familyName } pageInfo { hasNextPage } }
      contact(id: $id) { familyName }  node(id: $id) { id }  nodes(ids: [$id]) { id }
      accounts { nodes { contacts { totalCount nodes { familyName } } } }
      contactGroup(id: $group) { members { totalCount nodes { familyName } } }
      visits(orderBy: [{reason: ASC}]) { nodes { reason contact { familyName } } }
      doctored: contacts(filter: {familyName: {eq: "Cole"}}) { nodes { clinic { doctor { familyName } } } } }"""
    with clinic.counted() as statements:
        answer = await clinic.ask(read, id=house[HIDDEN], group=house["both"], permissions=["*x"])
    assert len(statements) == 8  # one for each root field
    assert answer == {
        "contacts": {
            "totalCount": 2,
            "aggregates": {"count": 2},
            "nodes": [{"familyName": "Abel"}, {"familyName": "Cole"}],
            "pageInfo": {"hasNextPage": False},
        },
        "contact": None,
        "node": None,
        "nodes": [None],
        "accounts": {"nodes": [{"contacts": {"totalCount": 1, "nodes": [{"familyName": "Abel"}]}}]},
        "contactGroup": {"members": {"totalCount": 1, "nodes": [{"familyName": "Abel"}]}},
        "visits": {
            "nodes": [
                {"reason": "Abel coughs", "contact": {"familyName": "Abel"}},
                {"reason": f"{HIDDEN} coughs", "contact": None},
            ]
        },
        "doctored": {"nodes": [{"clinic": {"doctor": None}}]},
    }
    whole = json.dumps(
        await clinic.ask(read, id=house[HIDDEN], group=house["both"], permissions=[SEE_ALL, "clinic.phi.read"])
    )
    assert whole.count(f'"{HIDDEN}"') == 6


async def test_a_filter_that_matches_nothing_hides_all_records(clinic: Bench, house: dict[str, str], rules: Rules):
    rules.narrow = lambda record, viewer: Narrowing(where={"id": {"in": []}})
    answer = await clinic.ask(
        """{ accounts { totalCount } contacts { nodes { id clinic { badge } } } visits { totalCount nodes { id } }
        few: accounts(filter: {name: {eq: "Kestrel"}}, first: 1) { totalCount nodes { id } aggregates { count } } }"""
    )
    assert answer == {
        "accounts": {"totalCount": 0},
        "contacts": {"nodes": []},
        "visits": {"totalCount": 0, "nodes": []},
        "few": {"totalCount": 0, "nodes": [], "aggregates": {"count": 0}},
    }


@pytest.mark.parametrize(
    ("root", "condition", "found"),
    [
        ("accounts", "contacts: {some: {familyName: {eq: \"Mole\"}}}", 0),
        ("accounts", "contacts: {none: {familyName: {eq: \"Mole\"}}}", 1),
        ("accounts", "contacts: {every: {familyName: {eq: \"Abel\"}}}", 1),
        ("accounts", "contacts: {anyOf: [$id]}", 0),
        ("accounts", "contacts: {noneOf: [$id]}", 1),
        ("accounts", "contacts: {allOf: [$id]}", 0),
        ("visits", "contact: {familyName: {startsWith: \"Mo\"}}", 0),
        ("visits", "contactId: {eq: $id}", 0),
        ("visits", "contactId: {isNull: true}", 1),
        ("contacts", "id: {in: [$id]}", 0),
        ("contacts", "or: [{familyName: {eq: \"Mole\"}}, {not: {familyName: {eq: \"Abel\"}}}]", 1),
    ],
)  # fmt: skip
async def test_filters_find_nothing_of_a_hidden_row(
    clinic: Bench, house: dict[str, str], root: str, condition: str, found: int
):
    variables = "($id: ID!)" if "$id" in condition else ""
    given = {"id": house[HIDDEN]} if variables else {}
    read = f"query {variables} {{ it: {root}(filter: {{{condition}}}) {{ totalCount }} }}"
    assert (await clinic.ask(read, **given))["it"]["totalCount"] == found


async def test_a_hidden_row_cannot_be_written_and_is_not_found(clinic: Bench, house: dict[str, str]):
    id_ = house[HIDDEN]
    fields: Sequence[tuple[str, str, dict[str, Any]]] = [
        ("", "deleteContact(id: $id)", {}),
        ("", "restoreContact(id: $id)", {}),
        ("", 'updateContact(input: {id: $id, givenName: "x"})', {}),
        ("", 'upsertContact(input: {by: {id: $id}, givenName: "x"})', {}),
        ("", 'createVisit(input: {reason: "x", contactId: $id})', {}),
        (", $a: ID!", "updateAccount(input: {id: $a, contacts: [{id: $id}]})", {"a": house["account"]}),
        (", $c: ID!", "updateContact(input: {id: $c, clinic: {doctorId: $id}})", {"c": house["Abel"]}),
    ]
    documents = [
        (f"mutation ($id: ID!{variables}) {{ it: {text} {{ {VIOLATIONS} }} }}", given)
        for variables, text, given in fields
    ]
    missing = "con_00000000-0000-7000-8000-00000000dead"
    for document, given in documents:
        answer = await clinic.ask(document, id=id_, **given)
        absent = await clinic.ask(document, id=missing, **given)
        assert answer["it"]["violations"], document
        assert {one["code"] for one in answer["it"]["violations"]} == {"NOT_FOUND"}, document
        assert json.loads(json.dumps(answer).replace(id_, missing)) == absent, document
    gone = await clinic.ask('mutation { deleteContacts(filter: {familyName: {in: ["Mole", "Cole"]}}) { written } }')
    assert gone["deleteContacts"]["written"] == 1
    left = await clinic.ask(
        "{ contacts { nodes { familyName givenName visits { totalCount } } } }", permissions=[SEE_ALL]
    )
    assert {"familyName": HIDDEN, "givenName": None, "visits": {"totalCount": 1}} in left["contacts"]["nodes"]


async def test_a_value_that_a_hidden_row_holds_is_taken_and_names_no_row(clinic: Bench, house: dict[str, str]):
    update = (
        f'mutation ($id: ID!) {{ it: updateContact(input: {{id: $id, clinic: {{mrn: "77"}}}}) {{ {VIOLATIONS} }} }}'
    )
    await clinic.ask(update, id=house[HIDDEN], permissions=["*"])
    answer = await clinic.ask(update, id=house["Abel"], permissions=["clinic.phi.read"])
    (violation,) = answer["it"]["violations"]
    assert violation["code"] == "NOT_UNIQUE"
    assert house[HIDDEN] not in violation["message"]


async def test_a_key_that_a_hidden_row_holds_finds_nothing_and_can_not_be_taken(
    clinic: Bench, house: dict[str, str], rules: Rules
):
    make = 'mutation ($id: ID!) { createVisit(input: {number: "N-1", reason: "Secret", contactId: $id}) { recordId } }'
    visit = (await clinic.ask(make, id=house["Abel"], permissions=["*"]))["createVisit"]["recordId"]
    secret = Narrowing(where={"reason": {"ne": "Secret"}})
    rules.narrow = lambda record, viewer: secret if record == "Visit" else None
    assert (await clinic.ask('{ visit(by: {number: "N-1"}) { id } }', permissions=["*"]))["visit"] is None
    upsert = f"""mutation ($id: ID!) {{
      it: upsertVisit(input: {{by: {{number: "N-1"}}, reason: "x", contactId: $id}}) {{
      {VIOLATIONS} }} }}"""
    (violation,) = (await clinic.ask(upsert, id=house["Abel"], permissions=["*"]))["it"]["violations"]
    assert violation["code"] == "NOT_UNIQUE"
    assert visit not in violation["message"]


async def test_a_hidden_row_is_heard_of_by_nobody_who_may_not_see_it(clinic: Bench, house: dict[str, str]):
    latest = await made(clinic, "createContact", familyName="Zoe")

    async def heard(permissions: frozenset[str]) -> list[str]:
        """All changes up to the latest, which everybody hears of."""
        caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=permissions)
        node = "node { ... on Contact { familyName } }"
        document = f'subscription {{ changes(types: ["Contact"], after: "0") {{ recordId {node} }} }}'
        results = clinic.accord.service.subscribe(Request(query=document), caller)
        found: list[str] = []
        async with asyncio.timeout(PATIENCE), aclosing(results):
            while latest not in found:
                answer = (await anext(results)).decoded()
                assert "errors" not in answer, answer
                found.append(answer["data"]["changes"]["recordId"])
        return found

    seen = [house["Abel"], house["doctored"], latest]
    assert await heard(frozenset()) == seen
    assert await heard(frozenset({SEE_ALL})) == [seen[0], house[HIDDEN], *seen[1:]]


async def test_hidden_fields_are_masked_and_not_filtered_by(clinic: Bench, house: dict[str, str], rules: Rules):
    hidden = Narrowing(hide=frozenset({"clinic.badge", "clinic.insurance.name", "given_name"}))
    rules.narrow = lambda record, viewer: hidden if record == "Contact" else None
    update = "mutation ($input: UpdateContactInput!) { updateContact(input: $input) { recordId } }"
    stated = {"givenName": "Ann", "clinic": {"badge": "B1", "insurance": {"name": "P"}}}
    await clinic.ask(update, input={"id": house["Abel"], **stated})
    read = "{ contacts { nodes { familyName givenName clinic { badge insurance { name } } } } }"
    nodes = (await clinic.ask(read))["contacts"]["nodes"]
    assert nodes[0] == {"familyName": "Abel", "givenName": None, "clinic": {"badge": None, "insurance": None}}
    (error,) = await clinic.errors('{ contacts(filter: {givenName: {eq: "Ann"}}) { totalCount } }')
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("FORBIDDEN_FIELD", "givenName")
    (error,) = await clinic.errors("{ contacts(orderBy: [{givenName: ASC}]) { totalCount } }")
    assert error["extensions"]["code"] == "FORBIDDEN_FIELD"


async def test_references_and_computed_fields_can_be_hidden(clinic: Bench, house: dict[str, str], rules: Rules):
    hidden = Narrowing(hide=frozenset({"clinic.doctor", "clinic.label"}))
    rules.narrow = lambda record, viewer: hidden if record == "Contact" else None
    read = (
        """{ contacts(filter: {familyName: {eq: "Cole"}}) { nodes { clinic { label doctor { familyName } mrn } } } }"""
    )
    for permissions in ([], ["*"]):
        (node,) = (await clinic.ask(read, permissions=permissions))["contacts"]["nodes"]
        assert node == {"clinic": {"label": None, "doctor": None, "mrn": None}}
    (error,) = await clinic.errors(
        "{ contacts(filter: {clinic: {doctorId: {isNull: false}}}) { totalCount } }", permissions=["*"]
    )
    assert error["extensions"]["code"] == "FORBIDDEN_FIELD"
    assert "permission" not in error["extensions"]


async def test_a_reference_to_any_record_leads_to_none_that_is_hidden(clinic: Bench, house: dict[str, str]):
    for name in ("Abel", HIDDEN):
        await made(clinic, "createTask", title=f"Call {name}", subjectId=house[name])
    read = """{ tasks(orderBy: [{title: ASC}]) { nodes { title subjectId subject { id } } } }"""
    seen, hidden = (await clinic.ask(read))["tasks"]["nodes"]
    assert seen == {"title": "Call Abel", "subjectId": house["Abel"], "subject": {"id": house["Abel"]}}
    assert hidden == {"title": f"Call {HIDDEN}", "subjectId": None, "subject": None}
    found = "query ($id: ID!) { tasks(filter: {subjectId: {eq: $id}}) { totalCount } }"
    assert (await clinic.ask(found, id=house[HIDDEN]))["tasks"]["totalCount"] == 0
    task = f'mutation ($id: ID!) {{ it: createTask(input: {{title: "x", subjectId: $id}}) {{ {VIOLATIONS} }} }}'
    assert [one["code"] for one in (await clinic.ask(task, id=house[HIDDEN]))["it"]["violations"]] == ["NOT_FOUND"]


async def test_rows_may_be_hidden_by_what_the_caller_may_not_read(clinic: Bench, house: dict[str, str], rules: Rules):
    """What decides is no part of the answer; relations of it are looked at without a narrowing of their own."""
    treated = Narrowing(where={"clinic": {"doctor": {"familyName": {"eq": HIDDEN}}}})
    rules.narrow = lambda record, viewer: treated if record == "Contact" else None
    read = "{ contacts { nodes { familyName clinic { doctor { id } } } } }"
    assert (await clinic.ask(read))["contacts"]["nodes"] == [{"familyName": "Cole", "clinic": {"doctor": None}}]


async def test_plugins_are_asked_once_for_a_request_and_type_that_it_meets(
    clinic: Bench, house: dict[str, str], rules: Rules
):
    for _ in range(2):
        rules.asked.clear()
        await clinic.ask("{ a: accounts { nodes { contacts { nodes { familyName } } } } b: accounts { totalCount } }")
        assert sorted(rules.asked) == ["Account", "AccountContact", "Contact"]
    rules.asked.clear()
    await clinic.ask('{ contacts(filter: {visits: {some: {reason: {eq: "x"}}}}) { totalCount } }')
    assert sorted(rules.asked) == ["Contact", "Visit"]
    rules.asked.clear()
    await clinic.ask('mutation { createContact(input: {familyName: "x", visits: [{reason: "y"}]}) { recordId } }')
    assert sorted(rules.asked) == ["Contact", "Visit"]


async def test_a_list_that_many_inputs_share_is_not_walked_for_each_of_them(clinic: Bench, rules: Rules):
    ids = (f"acc_00000000-0000-7000-8000-{n:012x}" for n in range(500))
    labels = [{"id": f"lbl_00000000-0000-7000-8000-{n:012x}"} for n in range(8_000)]
    inputs = ", ".join(f'{{id: "{id_}", labels: $labels}}' for id_ in ids)
    document = f"mutation ($labels: [AccountLabelsInput!]!) {{ updateAccounts(inputs: [{inputs}]) {{ written }} }}"
    (error,) = await clinic.errors(document, labels=labels)
    assert error["extensions"]["code"] == "COST_EXCEEDED"
    assert re.search(r"may write or return 10\d,\d{3} rows", error["message"])  # of 4,000,500: as far as one write goes
    assert rules.asked == []
    assert (await clinic.ask(document, labels=labels[:50]))["updateAccounts"] == {"written": 0}
    assert rules.asked == ["Account", "Label", "LabelLink"]


async def test_narrowings_of_several_plugins_hold_together(core_databases: CoreDatabases, clinic_app: Prepared):
    def only(**where: Any) -> Rules:
        return Rules(narrow=lambda record, viewer: Narrowing(where=where) if record == "Contact" else None)

    class Second(Clinic):
        """Another."""

        name = "second"

    for pair in ([Clinic, Second], [Second, Clinic]):
        first, second = only(familyName={"startsWith": "A"}), only(familyName={"ne": "Abel"})
        hooks = Hooks([kind(rules) for kind, rules in zip(pair, (first, second), strict=True)])
        async with opened(core_databases, clinic_app, hooks) as bench:
            for name in ("Abel", "Adam", "Baker"):
                await bench.ask(f'mutation {{ createContact(input: {{familyName: "{name}"}}) {{ recordId }} }}')
            found = await bench.ask("{ contacts { nodes { familyName } } }")
            assert found["contacts"]["nodes"] == [{"familyName": "Adam"}]


async def test_narrowings_by_other_values_share_a_plan_and_find_their_own(
    clinic: Bench, rules: Rules, monkeypatch: pytest.MonkeyPatch
):
    compiled: list[Any] = []

    def counted(ground: Any, connection: Any) -> Any:
        compiled.append(connection)
        return compile_connection(ground, connection)

    monkeypatch.setattr("accord.schema.reading.compile_connection", counted)
    for name in ("Abel", "Baker"):
        await made(clinic, "createContact", familyName=name)
    compiled.clear()
    known: list[int] = []
    for name in ("Abel", "Baker", "Abel"):
        rules.narrow = _only_contacts(name)
        found = await clinic.ask("{ contacts { nodes { familyName } } }")
        assert found["contacts"]["nodes"] == [{"familyName": name}]
        known.append(len(compiled))
    assert known[0]
    assert known == [known[0]] * 3


def _only_contacts(name: str) -> Any:
    return lambda record, viewer: Narrowing(where={"familyName": {"eq": name}}) if record == "Contact" else None


def _clinic(field: str, value: Any) -> Narrowing:
    return Narrowing(where={"clinic": {field: {"gte": value}}})


@pytest.mark.parametrize(
    ("field", "value"),
    [("seenAt", datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))), ("bornOn", date(2026, 1, 1))],
)
async def test_narrowings_hold_moments_with_a_zone_and_days(clinic: Bench, rules: Rules, field: str, value: Any):
    early, late = (
        ("2025-12-31T22:59:59Z", "2025-12-31T23:00:00Z") if field == "seenAt" else ("2025-12-31", "2026-01-01")
    )
    for name, at in (("Abel", early), ("Baker", late)):
        await made(clinic, "createContact", familyName=name, clinic={field: at})
    rules.narrow = lambda record, viewer: _clinic(field, value) if record == "Contact" else None
    assert await clinic.ask("{ contacts { nodes { familyName } } }") == {
        "contacts": {"nodes": [{"familyName": "Baker"}]}
    }


def _raise(record: str, viewer: Viewer) -> Narrowing | None:
    if record == "Contact":
        raise ValueError("the secret word")
    return None


@pytest.mark.parametrize(
    "narrow",
    [
        _raise,
        lambda record, viewer: Narrowing(where={"nosuch": {"eq": 1}}) if record == "Contact" else None,
        lambda record, viewer: Narrowing(where={"id": {"eq": "no id"}}) if record == "Contact" else None,
        lambda record, viewer: Narrowing(where={"familyName": 7}) if record == "Contact" else None,
        lambda record, viewer: _clinic("seenAt", datetime(2026, 1, 1)) if record == "Contact" else None,  # noqa: DTZ001
        lambda record, viewer: _clinic("bornOn", datetime(2026, 1, 1, tzinfo=UTC)) if record == "Contact" else None,
        lambda record, viewer: Narrowing(hide=frozenset({"nosuch"})) if record == "Contact" else None,
        lambda record, viewer: Narrowing(hide=frozenset({"version"})) if record == "Contact" else None,
        lambda record, viewer: "no narrowing" if record == "Contact" else None,
    ],
)
async def test_where_a_plugin_can_not_say_nothing_is_shown_and_nothing_written(
    clinic: Bench, house: dict[str, str], rules: Rules, narrow: Any
):
    rules.narrow = narrow
    answer = (
        await clinic.run("{ contacts { totalCount nodes { id } } accounts { nodes { name contacts { totalCount } } } }")
    ).decoded()
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "clinic")
    assert error["extensions"]["incident"] in error["message"]
    assert "secret word" not in json.dumps(answer)
    assert answer["data"] == {
        "contacts": {"totalCount": 0, "nodes": []},
        "accounts": {"nodes": [{"name": "Kestrel", "contacts": {"totalCount": 0}}]},
    }
    answer = (await clinic.run('mutation { createContact(input: {familyName: "x"}) { recordId } }')).decoded()
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("PLUGIN_FAILED", ["createContact"])
    rules.narrow = lambda record, viewer: None
    assert (await clinic.ask("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 3
