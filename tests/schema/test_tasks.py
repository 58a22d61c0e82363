"""Tasks: on any record, made and read with it, filtered from both sides, and completed by the clock."""

import asyncio
from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, violation, write, written

NOWHERE = "acc_01890000-0000-7000-8000-00000000dead"
SUBJECT = "subjectId subject { __typename id ... on Account { name } ... on Contact { familyName } }"
ON_ACCOUNT = """query ($id: ID!) { account(id: $id) { tasks(orderBy: [{dueOn: ASC}], first: 2) {
  totalCount nodes { title } edges { cursor node { subject { id } } } pageInfo { hasNextPage endCursor }
  aggregates { count dueOn { min max } } } } }"""
BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}


async def subjects(bench: Bench) -> dict[str, str]:
    """A record of each type that a task may be about."""
    account = await make(bench, "Account", name="Kestrel")
    contact = await make(bench, "Contact", familyName="Abel")
    return {
        "account": account,
        "accountSource": await make(bench, "AccountSource", accountId=account, category="API"),
        "actor": await make(bench, "Actor", name="Ada"),
        "address": await make(bench, "Address", **BERLIN),
        "contact": contact,
        "contactGroup": await make(bench, "ContactGroup", name="G"),
        "email": await make(bench, "Email", contactId=contact, address="a@example.com"),
        "externalId": await make(bench, "ExternalId", contactId=contact, system="erp", value="1"),
        "label": await make(bench, "Label", name="L", scope="ACCOUNT"),
        "namingRule": await make(bench, "NamingRule", kind="PERSON"),
        "phone": await make(bench, "Phone", contactId=contact, number="+4930901820"),
    }


def titles(nodes: list[dict[str, Any]]) -> list[str]:
    return [node["title"] for node in nodes]


async def found(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return titles(await listed(bench, "tasks", "title", "TaskFilter", filter_))


# reading -----------------------------------------------------------------------------------------------------------


async def test_a_task_is_about_a_record_of_any_type_and_every_record_lists_its_own(bench: Bench) -> None:
    ids = await subjects(bench)
    for kind, id_ in ids.items():
        task = await make(bench, "Task", title=f"on {kind}", subjectId=id_)
        one = await read(bench, "task", task, "title subjectId subject { __typename id }")
        typename = kind[0].upper() + kind[1:]
        assert one == {"title": f"on {kind}", "subjectId": id_, "subject": {"__typename": typename, "id": id_}}
    for kind, id_ in ids.items():
        own = await read(bench, kind, id_, "tasks { totalCount nodes { title } }")
        assert own == {"tasks": {"totalCount": 1, "nodes": [{"title": f"on {kind}"}]}}


async def test_what_tasks_are_about_is_read_with_them_by_one_statement(bench: Bench) -> None:
    account = await make(bench, "Account", name="Kestrel", industry="Retail")
    contact = await make(bench, "Contact", familyName="Abel", department="Sales")
    address = await make(bench, "Address", **BERLIN)
    for id_ in (account, contact, address):
        await make(bench, "Task", title="call", subjectId=id_)
    with bench.counted() as statements:
        answer = await bench.ask(
            """{ tasks { nodes { subjectId subject { __typename
              ... on Account { what: industry tasks { totalCount } } ... on Contact { what: department }
              ... on Address { city formatted } } } } }"""
        )
    assert len(statements) == 1
    assert answer["tasks"]["nodes"] == [
        {"subjectId": account, "subject": {"__typename": "Account", "what": "Retail", "tasks": {"totalCount": 1}}},
        {"subjectId": contact, "subject": {"__typename": "Contact", "what": "Sales"}},
        {
            "subjectId": address,
            "subject": {"__typename": "Address", "city": "Berlin", "formatted": ["X 1", "10115 Berlin"]},
        },
    ]


async def test_the_tasks_of_a_record_come_in_pages_with_figures(bench: Bench) -> None:
    tasks = [{"title": f"T{day}", "dueOn": f"2026-04-0{day}"} for day in (3, 1, 2)]
    account = await make(bench, "Account", name="A", tasks=tasks)
    await make(bench, "Account", name="B", tasks=[{"title": "else"}])
    with bench.counted() as statements:
        page = (await bench.ask(ON_ACCOUNT, id=account))["account"]["tasks"]
    assert len(statements) == 1
    assert titles(page["nodes"]) == ["T1", "T2"]
    assert [edge["node"] for edge in page["edges"]] == [{"subject": {"id": account}}] * 2
    assert (page["totalCount"], page["pageInfo"]) == (
        3,
        {"hasNextPage": True, "endCursor": page["edges"][-1]["cursor"]},
    )
    assert page["aggregates"] == {"count": 3, "dueOn": {"min": "2026-04-01", "max": "2026-04-03"}}


async def test_tasks_are_found_by_what_they_are_about(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", tasks=[{"title": "a"}])
    contact = await make(bench, "Contact", familyName="C", tasks=[{"title": "c"}])
    mixed = contact.replace("con_", "acc_")
    for filter_, expected in (
        ({"eq": account}, ["a"]),
        ({"eq": mixed}, []),
        ({"eq": NOWHERE}, []),
        ({"in": [contact, account, NOWHERE]}, ["a", "c"]),
        ({"in": [mixed]}, []),
        ({"in": []}, []),
        ({"ne": account}, ["c"]),
        ({"nin": [contact, mixed]}, ["a"]),
        ({"isNull": False}, ["a", "c"]),
        ({"eq": None}, []),
    ):
        assert await found(bench, {"subjectId": filter_}) == expected, filter_


async def test_what_can_be_no_subject_is_an_error_of_the_filter(bench: Bench) -> None:
    task = await make(bench, "Task", title="t", subjectId=await make(bench, "Account", name="A"))
    for wrong in ("nonsense", "xyz_01890000-0000-7000-8000-00000000dead", task):
        query = "query ($id: ID!) { tasks(filter: {subjectId: {in: [$id]}}) { totalCount } }"
        (error,) = await bench.errors(query, id=wrong)
        assert error["extensions"]["code"] == "INVALID_ID"
        assert error["extensions"]["argument"] == "tasks.filter.subjectId.in"


async def test_records_are_found_by_their_tasks(bench: Bench) -> None:
    await make(bench, "Account", name="open", tasks=[{"title": "x"}, {"title": "y", "status": "DONE"}])
    await make(bench, "Account", name="done", tasks=[{"title": "x", "status": "DONE"}])
    await make(bench, "Account", name="none")
    contact = await make(bench, "Contact", familyName="C", tasks=[{"title": "x", "status": "WAITING"}])
    for quantifiers, expected in (
        ({"some": {"status": {"eq": "OPEN"}}}, ["open"]),
        ({"some": {}}, ["open", "done"]),
        ({"none": {"status": {"eq": "OPEN"}}}, ["done", "none"]),
        ({"every": {"status": {"eq": "DONE"}}}, ["done", "none"]),
        ({"some": {"status": {"eq": "WAITING"}}}, []),
        ({"some": {"subjectId": {"eq": contact}}}, []),
    ):
        accounts = await listed(bench, "accounts", "name", "AccountFilter", {"tasks": quantifiers})
        assert [account["name"] for account in accounts] == expected, quantifiers
    (task,) = await listed(bench, "tasks", "id", "TaskFilter", {"subjectId": {"eq": contact}})
    for quantifier in ("anyOf", "allOf"):
        filter_ = {"tasks": {quantifier: [task["id"]]}}
        assert await listed(bench, "contacts", "id", "ContactFilter", filter_) == [{"id": contact}]


async def test_what_is_overdue_or_somebodys_is_an_ordinary_filter(bench: Bench) -> None:
    actor = await make(bench, "Actor", name="Ada")
    account = await make(bench, "Account", name="A")
    for title, values in {
        "late": {"dueOn": "2026-02-27", "assigneeId": actor, "priority": "LOW"},
        "later": {"dueOn": "2026-03-01", "priority": "URGENT"},
        "done": {"dueOn": "2026-02-27", "status": "DONE", "assigneeId": actor},
        "some day": {},
    }.items():
        await write(bench, "createTask", {"title": title, "subjectId": account, **values})
    overdue = {"dueOn": {"lt": "2026-03-01"}, "status": {"nin": ["DONE", "CANCELLED"]}}
    assert await found(bench, overdue) == ["late"]
    assert await found(bench, {"assigneeId": {"eq": actor}}) == ["late", "done"]
    assert await found(bench, {"priority": {"eq": "URGENT"}}) == ["later"]
    assigned = await read(bench, "actor", actor, "assignedTasks { nodes { title } }")
    assert titles(assigned["assignedTasks"]["nodes"]) == ["late", "done"]
    query = "{ tasks(orderBy: [{priorityRank: ASC}, {title: ASC}]) { nodes { title priorityRank } } }"
    ranks = [(one["priorityRank"], one["title"]) for one in (await bench.ask(query))["tasks"]["nodes"]]
    assert ranks == [(1, "later"), (3, "done"), (3, "some day"), (4, "late")]


# writing -----------------------------------------------------------------------------------------------------------


async def test_tasks_are_made_changed_and_deleted_within_their_record(bench: Bench) -> None:
    made = await written(
        bench,
        "createAccount",
        {
            "name": "A",
            "tasks": [{"title": "call"}, {"title": "write", "dueOn": "2026-04-01"}],
            "contacts": [{"familyName": "C", "tasks": [{"title": "meet"}]}],
        },
        f"account {{ id tasks {{ nodes {{ id title {SUBJECT} }} }} "
        f"contacts {{ nodes {{ tasks {{ nodes {{ title {SUBJECT} }} }} }} }} }}",
    )
    account = made["account"]
    call, note = account["tasks"]["nodes"]
    assert call["subject"] == {"__typename": "Account", "id": account["id"], "name": "A"}
    ((meet,),) = [one["tasks"]["nodes"] for one in account["contacts"]["nodes"]]
    assert (meet["title"], meet["subject"]["familyName"]) == ("meet", "C")
    changes = [{"id": call["id"], "status": "DONE"}, {"id": note["id"], "delete": True}, {"title": "new"}]
    await written(bench, "updateAccount", {"id": account["id"], "tasks": changes})
    left = await read(bench, "account", account["id"], "tasks { nodes { title status } }")
    assert left["tasks"]["nodes"] == [{"title": "call", "status": "DONE"}, {"title": "new", "status": "OPEN"}]
    other = await make(bench, "Contact", familyName="D")
    assert await refused(bench, "updateContact", {"id": other, "tasks": [{"id": call["id"], "title": "mine"}]}) == [
        violation(
            "NOT_FOUND", "input.tasks.0.id", f"The Task with id {call['id']} is not among the tasks of this record."
        )
    ]


async def test_a_subject_that_is_unknown_deleted_of_a_wrong_kind_or_missing_is_a_violation(bench: Bench) -> None:
    gone = await make(bench, "Account", name="gone")
    await written(bench, "deleteAccount", gone)
    task = await make(bench, "Task", title="t", subjectId=await make(bench, "Account", name="A"))
    for id_ in (NOWHERE, gone):
        assert await refused(bench, "createTask", {"title": "t", "subjectId": id_}) == [
            violation("NOT_FOUND", "input.subjectId", f"There is no Account with id {id_}; it may have been deleted.")
        ]
    (wrong,) = await refused(bench, "createTask", {"title": "t", "subjectId": task})
    assert (wrong["code"], wrong["path"]) == ("INVALID_ID", ["input", "subjectId"])
    assert wrong["message"].startswith(f"'{task}' is the id of a Task; subjectId takes that of one of these: Actor, ")
    (wrong,) = await refused(bench, "createTask", {"title": "t", "subjectId": "nonsense"})
    assert (wrong["code"], wrong["path"]) == ("INVALID_ID", ["input", "subjectId"])
    other = await make(bench, "Contact", familyName="B")
    assert await refused(bench, "updateTask", {"id": task, "subjectId": other}) == [
        violation(
            "NOT_CHANGEABLE", "input.subjectId", "subjectId is set when the record is created and can't be changed."
        )
    ]
    assert await refused(bench, "updateTask", {"id": task, "title": " "}) == [
        violation("REQUIRED", "input.title", "title is blank; give it a value.")
    ]


async def test_a_bulk_goes_on_without_the_tasks_of_what_is_not_there(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    inputs = [{"title": "good", "subjectId": account}, {"title": "bad", "subjectId": NOWHERE}]
    done = await bulk(bench, "createTasks", inputs, atomic=False)
    assert (done["written"], done["refused"]) == (1, 1)
    assert [one["path"] for one in done["violations"]] == [["inputs", 1, "subjectId"]]
    assert await found(bench, {}) == ["good"]


async def test_a_task_is_completed_when_it_is_done_and_no_more_when_it_is_taken_up_again(bench: Bench) -> None:
    task = await make(bench, "Task", title="t", subjectId=await make(bench, "Account", name="A"))
    steps = (
        ("IN_PROGRESS", None),
        ("DONE", "2026-03-01T14:00:00.000000Z"),
        ("WAITING", None),
        ("CANCELLED", None),
        ("DONE", "2026-03-01T17:00:00.000000Z"),
    )
    for status, completed in steps:
        bench.clock.turn(hours=1)
        await written(bench, "updateTask", {"id": task, "status": status})
        assert await read(bench, "task", task, "completedAt") == {"completedAt": completed}
    bench.clock.turn(hours=1)
    await written(bench, "updateTask", {"id": task, "title": "other", "status": "DONE"})
    assert await read(bench, "task", task, "completedAt") == {"completedAt": "2026-03-01T17:00:00.000000Z"}


async def test_who_sets_a_day_that_is_past_is_warned(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    given = {"title": "t", "subjectId": account, "dueOn": "2026-02-28"}
    past = "The task is due on 2026-02-28, which is past; set another day, or mark it as done."
    warned = await write(bench, "createTask", given)
    assert warned["violations"] == [violation("ALREADY_DUE", "input.dueOn", past, "WARNING")]
    await written(bench, "createTask", given | {"status": "DONE"})
    await written(bench, "createTask", given | {"dueOn": "2026-03-01"})
    await written(bench, "updateTask", {"id": warned["recordId"], "title": "u"})


# deleting ----------------------------------------------------------------------------------------------------------


async def test_deleting_a_record_hides_its_tasks_and_restoring_it_brings_back_exactly_those(bench: Bench) -> None:
    given = {
        "name": "A",
        "tasks": [{"title": "stays"}, {"title": "went before"}],
        "phones": [{"number": "+4930901820", "tasks": [{"title": "of the phone"}]}],
    }
    account = await make(bench, "Account", **given)
    other = await make(bench, "Contact", familyName="C", tasks=[{"title": "of another"}])
    (before,) = await listed(bench, "tasks", "id", "TaskFilter", {"title": {"eq": "went before"}})
    await written(bench, "deleteTask", before["id"])
    await written(bench, "deleteAccount", account)
    assert await found(bench, {}) == ["of another"]
    (refusal,) = await refused(bench, "restoreTask", before["id"])
    assert refusal["code"] == "NOT_FOUND"
    await written(bench, "restoreAccount", account)
    assert await found(bench, {}) == ["of the phone", "stays", "of another"]
    await written(bench, "restoreTask", before["id"])
    assert await found(bench, {"subjectId": {"eq": account}}) == ["stays", "went before"]
    await written(bench, "deleteContact", other)
    assert "of another" not in await found(bench, {})


async def test_a_dry_run_shows_the_task_with_its_subject_and_writes_nothing(bench: Bench) -> None:
    given = {"name": "A", "tasks": [{"title": "t"}]}
    dry = await write(bench, "createAccount", given, f"account {{ tasks {{ nodes {{ {SUBJECT} }} }} }}", dryRun=True)
    assert dry["account"]["tasks"]["nodes"][0]["subject"]["name"] == "A"
    assert await found(bench, {}) == []


async def test_tasks_are_deleted_by_a_filter_of_their_subject(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", tasks=[{"title": "a"}, {"title": "b"}])
    await make(bench, "Contact", familyName="C", tasks=[{"title": "c"}])
    mutation = "mutation ($filter: TaskFilter) { deleteTasks(filter: $filter) { written } }"
    (error,) = await bench.errors(mutation, filter={"subjectId": {"isNull": False}})
    assert error["extensions"]["code"] == "UNBOUNDED_WRITE"
    assert await bench.ask(mutation, filter={"subjectId": {"eq": account}}) == {"deleteTasks": {"written": 2}}
    assert await found(bench, {}) == ["c"]


async def test_no_task_outlives_a_record_that_is_deleted_at_the_same_moment(bench: Bench) -> None:
    for _ in range(6):
        account = await make(bench, "Account", name="A")
        given = {"title": "t", "subjectId": account}
        tasks = (write(bench, "createTask", given) for _ in range(3))
        *made, gone = await asyncio.gather(*tasks, write(bench, "deleteAccount", account))
        assert gone["violations"] == []
        assert {one["code"] for payload in made for one in payload["violations"]} <= {"NOT_FOUND"}
        assert await found(bench, {}) == []
