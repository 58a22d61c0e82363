"""Plugins hear of every row whose classified values an answer holds, before it leaves, and can keep it from leaving."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.plugins.contexts import Access
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench
from accord.tests.schema.toy_clinic import READ, Rules
from accord.tests.waiting import PATIENCE

MAKE = """mutation ($name: String!, $mrn: String) { createContact(input: {familyName: $name,
  clinic: {mrn: $mrn, insurance: {name: "Plan", number: "I-1"}}, visits: [{reason: "Cough", score: 3}]}) {
  recordId contact { visits { nodes { id } } } } }"""

ABEL = 'contacts(filter: {familyName: {eq: "Abel"}})'
NUMBER = "contact { clinic { label } }"


async def patient(bench: Bench, name: str) -> tuple[UUID, UUID]:
    """The ids of a new contact and its visit."""
    answer = (await bench.ask(MAKE, name=name, mrn=f"MRN-{name}", permissions=[READ]))["createContact"]
    return _uuid(answer["recordId"]), _uuid(answer["contact"]["visits"]["nodes"][0]["id"])


def _uuid(id_: str) -> UUID:
    return UUID(id_.partition("_")[2])


def told(rules: Rules) -> list[tuple[str, set[UUID], tuple[str, ...]]]:
    """What the plugin heard since it was last asked for."""
    found = [(one.record, set(one.ids), one.fields) for one in rules.accesses]
    rules.accesses.clear()
    return sorted(found, key=lambda one: (one[0], one[2]))


async def test_rows_with_classified_values_are_told_with_their_fields(clinic: Bench, rules: Rules):
    (abel, first), (baker, second) = await patient(clinic, "Abel"), await patient(clinic, "Baker")
    with clinic.counted() as statements:
        answer = await clinic.ask(
            "{ contacts { nodes { familyName clinic { mrn ward badge } visits { nodes { score reason } } } } }",
            permissions=[READ],
        )
    assert len(statements) == 1
    assert answer["contacts"]["nodes"][0]["clinic"]["mrn"] == "MRN-Abel"
    (heard, _) = rules.accesses
    assert (heard.actor, heard.request, heard.moment) == (SYSTEM_ACTOR, "test", clinic.clock.now)
    assert heard.classes == {"PHI"}
    assert told(rules) == [
        ("Contact", {abel, baker}, ("clinic.mrn", "clinic.ward")),
        ("Visit", {first, second}, ("score",)),
    ]


async def test_only_rows_that_leave_are_told(clinic: Bench, rules: Rules):
    (abel, _), _ = await patient(clinic, "Abel"), await patient(clinic, "Baker")
    for document, fields in (
        ("{ contacts(first: 1) { pageInfo { hasNextPage } nodes { clinic { mrn } } } }", ("clinic.mrn",)),
        ("{ contacts(first: 1) { edges { node { clinic { label } } } } }", ("clinic.mrn",)),
        (f"{{ {ABEL} {{ nodes {{ clinic {{ insurance {{ number }} }} }} }} }}", ("clinic.planNumber",)),
        ("{ contacts(first: 1) { nodes { clinic { doctor { id } } } } }", ("clinic.doctor",)),
    ):  # fmt: skip
        await clinic.ask(document, permissions=[READ])
        assert told(rules) == [("Contact", {abel}, fields)], document


async def test_what_is_masked_or_open_to_all_is_not_told(clinic: Bench, rules: Rules):
    await patient(clinic, "Abel")
    await clinic.ask("{ contacts { nodes { familyName clinic { mrn label ward badge } visits { nodes { score } } } } }")
    await clinic.ask("{ contacts { nodes { familyName clinic { badge insurance { name } } } } }", permissions=[READ])
    await clinic.ask(
        '{ contacts(filter: {familyName: {eq: "none"}}) { nodes { clinic { mrn } } } }', permissions=[READ]
    )
    await clinic.ask(
        "{ contacts(orderBy: [{familyName: ASC}]) { edges { cursor } pageInfo { endCursor } } }", permissions=[READ]
    )
    assert rules.accesses == []


async def test_figures_over_classified_values_are_told_without_rows(clinic: Bench, rules: Rules):
    await patient(clinic, "Abel")
    answer = await clinic.ask("{ visits { aggregates { score { max } } } }", permissions=[READ])
    assert answer["visits"]["aggregates"]["score"]["max"] == 3
    assert told(rules) == [("Visit", set(), ("score",))]
    await clinic.ask("{ contacts { aggregates { clinic { visitsMade { sum } } } } }", permissions=[READ])
    assert told(rules) == [("Contact", set(), ("clinic.visitsMade",))]


BY_NUMBER = "orderBy: [{clinic: {mrn: ASC}}, {familyName: ASC}], first: 1"


async def test_cursors_that_hold_classified_values_tell_of_their_rows(clinic: Bench, rules: Rules):
    (abel, first), (baker, second) = await patient(clinic, "Abel"), await patient(clinic, "Baker")
    for page, part, record, ids, field in (
        (f"contacts({BY_NUMBER})", "edges { cursor }", "Contact", {abel}, "clinic.mrn"),
        (f"contacts({BY_NUMBER})", "pageInfo { endCursor }", "Contact", {abel}, "clinic.mrn"),
        (f"contacts({BY_NUMBER})", "pageInfo { hasNextPage endCursor }", "Contact", {abel}, "clinic.mrn"),
        ("contacts(orderBy: [{clinic: {mrn: DESC}}])", "pageInfo { startCursor }", "Contact", {baker}, "clinic.mrn"),
        ("contacts(orderBy: [{clinic: {owed: ASC}}])", "pageInfo { endCursor }", "Contact", {baker}, "clinic.owed"),
        ("visits", "edges { cursor }", "Visit", {first, second}, "day"),
        ("visits(last: 1)", "pageInfo { startCursor }", "Visit", {second}, "day"),
        ("contacts(first: 1)", "nodes { visits { edges { cursor } } }", "Visit", {first}, "day"),
    ):  # fmt: skip
        answer = await clinic.ask(f"{{ {page} {{ {part} }} }}", permissions=[READ])
        assert told(rules) == [(record, ids, (field,))], (page, part)
        assert "\\u" not in json.dumps(answer)  # the marks are gone


async def test_the_cursor_that_was_told_of_is_the_row_s_own(clinic: Bench, rules: Rules):
    await patient(clinic, "Abel")
    baker, _ = await patient(clinic, "Baker")
    page = f"contacts({BY_NUMBER})"
    found = await clinic.ask(f"{{ {page} {{ edges {{ cursor }} pageInfo {{ endCursor }} }} }}", permissions=[READ])
    (edge,), end = found["contacts"]["edges"], found["contacts"]["pageInfo"]["endCursor"]
    assert edge["cursor"] == end
    rules.accesses.clear()
    after = f'{{ {page[:-1]}, after: "{end}") {{ edges {{ cursor node {{ familyName }} }} }} }}'
    answer = await clinic.ask(after, permissions=[READ])
    assert [one["node"]["familyName"] for one in answer["contacts"]["edges"]] == ["Baker"]
    assert told(rules) == [("Contact", {baker}, ("clinic.mrn",))]


@pytest.mark.parametrize(
    ("document", "record", "fields"),
    [
        ('{ contacts(filter: {clinic: {mrn: {eq: "MRN-Abel"}}}) { nodes { familyName } } }', "Contact", "clinic.mrn"),
        ('{ contacts(filter: {clinic: {mrn: {eq: "none"}}}) { totalCount } }', "Contact", "clinic.mrn"),
        ('{ contacts(filter: {visits: {some: {score: {gt: 2}}}}) { nodes { familyName } } }', "Visit", "score"),
        ('{ contacts(filter: {not: {clinic: {insurance: {number: {eq: "I"}}}}}) { totalCount } }',
         "Contact", "clinic.planNumber"),
        ('{ contacts(filter: {clinic: {doctorId: {isNull: true}}}) { totalCount } }', "Contact", "clinic.doctor"),
        ('{ contacts(filter: {referredVisits: {none: {}}}) { totalCount } }', "Visit", "referrer"),
        ('{ contacts { nodes { referredVisits { totalCount } } } }', "Visit", "referrer"),
        ('{ contacts(orderBy: [{clinic: {bornOn: DESC}}]) { nodes { familyName } } }', "Contact", "clinic.bornOn"),
        ('{ visit(by: {number: "none"}) { id } }', "Visit", "number"),
        ('mutation { deleteVisits(filter: {score: {gt: 7}}) { written } }', "Visit", "score"),
    ],
)  # fmt: skip
async def test_what_hangs_on_classified_values_is_told_without_rows(
    clinic: Bench, rules: Rules, document: str, record: str, fields: str
):
    await patient(clinic, "Abel")
    await clinic.ask(document, permissions=[READ])
    assert told(rules) == [(record, set(), (fields,))]


async def test_rows_listed_by_a_classified_reference_are_told(clinic: Bench, rules: Rules):
    abel, _ = await patient(clinic, "Abel")
    made = 'mutation ($id: ID!) { createVisit(input: {reason: "Fall", contactId: $id, referrerId: $id}) { recordId } }'
    visit = _uuid((await clinic.ask(made, id=f"con_{abel}"))["createVisit"]["recordId"])
    for part in ("nodes { reason }", "edges { node { reason } }"):
        await clinic.ask(f"{{ contacts {{ nodes {{ referredVisits {{ {part} }} }} }} }}", permissions=[READ])
        assert told(rules) == [("Visit", {visit}, ("referrer",))], part


async def test_every_way_to_a_record_tells(clinic: Bench, rules: Rules):
    abel, _ = await patient(clinic, "Abel")
    for document in (
        "query ($id: ID!) { node(id: $id) { ... on Contact { clinic { mrn } } } }",
        "query ($id: ID!) { nodes(ids: [$id]) { ... on Contact { clinic { mrn label } } } }",
        "query ($id: ID!) { contact(id: $id) { visits { nodes { contact { clinic { mrn } } } } } }",
        'mutation ($id: ID!) { updateContact(input: {id: $id, givenName: "x"}) { contact { clinic { mrn } } } }',
        f"mutation ($id: ID!) {{ updateContacts(inputs: [{{id: $id}}]) {{ results {{ {NUMBER} }} }} }}",
        f"mutation ($id: ID!) {{ updateContact(dryRun: true, input: {{id: $id}}) {{ {NUMBER} }} }}",
    ):  # fmt: skip
        answer = await clinic.ask(document, id=f"con_{abel}", permissions=[READ])
        assert "MRN-Abel" in json.dumps(answer)
        assert told(rules) == [("Contact", {abel}, ("clinic.mrn",))], document


async def test_a_change_that_is_heard_of_tells(clinic: Bench, rules: Rules):
    abel, _ = await patient(clinic, "Abel")
    caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=frozenset({READ}))
    document = 'subscription { changes(types: ["Contact"], after: "0") { node { ... on Contact { clinic { mrn } } } } }'
    results = clinic.accord.service.subscribe(Request(query=document), caller)
    async with asyncio.timeout(PATIENCE):
        answer = (await anext(results)).decoded()
    await results.aclose()
    assert answer["data"]["changes"]["node"] == {"clinic": {"mrn": "MRN-Abel"}}
    assert told(rules) == [("Contact", {abel}, ("clinic.mrn",))]


@pytest.mark.parametrize(
    "document",
    [
        "{ accounts { totalCount } contacts { nodes { clinic { mrn } } } }",
        "query ($id: ID!) { nodes(ids: [$id]) { ... on Contact { clinic { mrn } } } }",
        'mutation ($id: ID!) { updateContact(input: {id: $id, givenName: "x"}) { contact { clinic { mrn } } } }',
    ],
)
async def test_an_answer_is_withheld_when_a_plugin_can_not_take_note(clinic: Bench, rules: Rules, document: str):
    abel, _ = await patient(clinic, "Abel")

    def fail(access: Access) -> Any:
        raise OSError("the disk with the secret log is full")

    rules.take = fail
    variables: dict[str, Any] = {"id": f"con_{abel}"} if "$id" in document else {}
    answer = (await clinic.run(document, permissions=[READ], **variables)).decoded()
    is_write = document.startswith("mutation")
    assert answer["data"] == ({"updateContact": {"contact": None}} if is_write else None)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "clinic")
    assert error["extensions"].get("written", False) is is_write
    assert ("What was written is kept." in error["message"]) is is_write
    assert "MRN" not in json.dumps(answer)
    assert "disk" not in json.dumps(answer)
    assert "errors" not in (await clinic.run(document, **variables)).decoded()  # nothing classified, nothing to note
