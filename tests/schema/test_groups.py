"""Contact groups: fixed members, and those that a stored filter finds at the moment of reading."""

from accord.tests.accord_fixture import Bench

CONTACTS = """mutation { createContacts(inputs: [
  {familyName: "Abel", department: "Sales"}, {familyName: "Berg", department: "Sales", doNotContact: true},
  {familyName: "Cohn", department: "Finance"}]) { written results { recordId } } }"""
MEMBERS = """query ($id: ID!, $first: Int) { contactGroup(id: $id) {
  kind members(first: $first, orderBy: [{sortName: ASC}]) {
    totalCount nodes { familyName } edges { cursor } pageInfo { hasNextPage } } } }"""
CREATE = """mutation ($input: CreateContactGroupInput!) { createContactGroup(input: $input)
  { recordId violations { code path message } contactGroup { members { nodes { familyName } } } } }"""


async def create(bench: Bench, **group: object) -> str:
    made = (await bench.ask(CREATE, input=group))["createContactGroup"]
    assert made["violations"] == []
    return made["recordId"]


def names(answer: dict) -> list[str]:
    return [node["familyName"] for node in answer["contactGroup"]["members"]["nodes"]]


async def test_a_filtered_group_has_the_contacts_that_match_now_by_one_statement(bench: Bench) -> None:
    await bench.ask(CONTACTS)
    group = await create(bench, name="Sales", kind="FILTERED", memberFilter={"department": {"eq": "Sales"}})
    with bench.counted() as statements:
        answer = await bench.ask(MEMBERS, id=group, first=1)
    assert len(statements) == 1
    members = answer["contactGroup"]["members"]
    assert (names(answer), members["totalCount"], members["pageInfo"]) == (["Abel"], 2, {"hasNextPage": True})
    await bench.ask('mutation { createContact(input: {familyName: "Aalto", department: "Sales"}) { recordId } }')
    assert names(await bench.ask(MEMBERS, id=group)) == ["Aalto", "Abel", "Berg"]


async def test_a_changed_filter_counts_at_once_even_if_another_process_changed_it(bench: Bench) -> None:
    await bench.ask(CONTACTS)
    group = await create(bench, name="Any", kind="FILTERED", memberFilter={"department": {"eq": "Finance"}})
    assert names(await bench.ask(MEMBERS, id=group)) == ["Cohn"]
    stored = bench.accord.service.engine.roots.ground.stored
    stored.concerns = lambda record: False  # as in a process that did not do the write
    update = """mutation ($id: ID!, $filter: JSON) { updateContactGroup(input: {id: $id, memberFilter: $filter})
      { violations { code } contactGroup { members { nodes { familyName } } } } }"""
    changed = await bench.ask(update, id=group, filter={"doNotContact": {"eq": True}})
    assert changed["updateContactGroup"]["contactGroup"]["members"]["nodes"] == [{"familyName": "Berg"}]
    assert names(await bench.ask(MEMBERS, id=group)) == ["Berg"]


async def test_a_fixed_group_has_the_members_it_was_given(bench: Bench) -> None:
    made = await bench.ask(CONTACTS)
    ids = [result["recordId"] for result in made["createContacts"]["results"]]
    group = await create(bench, name="Two", members=[{"id": ids[0]}, {"id": ids[2]}])
    assert names(await bench.ask(MEMBERS, id=group)) == ["Abel", "Cohn"]
    leave = """mutation ($id: ID!, $member: ID!) { updateContactGroup(input: {id: $id, members: [{id: $member,
      disconnect: true}]}) { violations { code } } }"""
    await bench.ask(leave, id=group, member=ids[0])
    assert names(await bench.ask(MEMBERS, id=group)) == ["Cohn"]


async def test_a_list_of_groups_shows_members_of_both_kinds(bench: Bench) -> None:
    made = await bench.ask(CONTACTS)
    await create(bench, name="B", members=[{"id": made["createContacts"]["results"][1]["recordId"]}])
    await create(bench, name="C", kind="FILTERED", memberFilter={"department": {"in": ["Finance"]}})
    with bench.counted() as statements:
        answer = await bench.ask(
            "{ contactGroups(orderBy: [{name: ASC}]) { nodes { name members { nodes { familyName } } } } }"
        )
    assert len(statements) == 1
    shown = {g["name"]: [m["familyName"] for m in g["members"]["nodes"]] for g in answer["contactGroups"]["nodes"]}
    assert shown == {"B": ["Berg"], "C": ["Cohn"]}


async def test_a_filter_that_cannot_be_used_is_a_violation(bench: Bench) -> None:
    for wrong, code in (
        ({"shoeSize": {"eq": 44}}, "INVALID_FILTER"),
        ({"department": "Sales"}, "INVALID_FILTER"),
        ({"createdAt": {"gt": "yesterday"}}, "INVALID_FILTER"),
        (None, "REQUIRED"),
        ("all", "REQUIRED"),
    ):
        made = await bench.ask(CREATE, input={"name": "X", "kind": "FILTERED", "memberFilter": wrong})
        payload = made["createContactGroup"]
        found = [(one["code"], one["path"]) for one in payload["violations"]]
        assert found == [(code, ["input", "memberFilter"])], (wrong, payload)
        assert payload["recordId"] is None


async def test_members_of_a_filtered_group_come_from_its_filter_alone(bench: Bench) -> None:
    made = await bench.ask(CONTACTS)
    input_ = {
        "name": "X",
        "kind": "FILTERED",
        "memberFilter": {"doNotContact": {"eq": False}},
        "members": [{"id": made["createContacts"]["results"][0]["recordId"]}],
    }
    refused = (await bench.ask(CREATE, input=input_))["createContactGroup"]
    assert [(one["code"], one["path"]) for one in refused["violations"]] == [("CONTRADICTION", ["input", "members", 0])]
