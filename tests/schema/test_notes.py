"""Notes: on any record, internal unless said otherwise, the pinned ones on top."""

import asyncio
from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_changes import listening, started, take
from accord.tests.schema.writes import listed, make, read, refused, violation, written

PINNED_FIRST = "notes(orderBy: [{isPinned: DESC}, {createdAt: DESC}]) { nodes { text isInternal isPinned } }"


async def texts(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return [note["text"] for note in await listed(bench, "notes", "text", "NoteFilter", filter_)]


async def test_a_note_is_on_any_record_and_says_what_it_is_about(bench: Bench) -> None:
    group = await make(bench, "ContactGroup", name="G", notes=[{"text": "meets in March\n\nand October"}])
    fields = "text isInternal isPinned subjectId subject { ... on ContactGroup { name } }"
    (note,) = await listed(bench, "notes", fields)
    assert note == {
        "text": "meets in March\n\nand October",
        "isInternal": True,
        "isPinned": False,
        "subjectId": group,
        "subject": {"name": "G"},
    }


async def test_pinned_notes_come_first_and_customers_see_no_internal_ones(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    for text, values in {"old": {"isPinned": True}, "middle": {"isInternal": False}, "new": {}}.items():
        bench.clock.turn(minutes=1)
        await make(bench, "Note", text=text, subjectId=account, **values)
    found = await read(bench, "account", account, PINNED_FIRST)
    assert found["notes"]["nodes"] == [
        {"text": "old", "isInternal": True, "isPinned": True},
        {"text": "new", "isInternal": True, "isPinned": False},
        {"text": "middle", "isInternal": False, "isPinned": False},
    ]
    assert await texts(bench, {"isInternal": {"eq": False}, "subjectId": {"eq": account}}) == ["middle"]
    noted = await listed(bench, "accounts", "id", "AccountFilter", {"notes": {"some": {"isPinned": {"eq": True}}}})
    assert noted == [{"id": account}]


async def test_a_note_says_something_about_something(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    for blank in ("", " \n\t", "\u200b"):
        assert await refused(bench, "createNote", {"text": blank, "subjectId": account}) == [
            violation("REQUIRED", "input.text", "text is blank; give it a value.")
        ]
    note = await make(bench, "Note", text="x", subjectId=account)
    assert await refused(bench, "updateNote", {"id": note, "text": None}) == [
        violation("REQUIRED", "input.text", "text is required; give it a value.")
    ]
    (wrong,) = await refused(bench, "createNote", {"text": "x", "subjectId": note})
    assert (wrong["code"], wrong["path"]) == ("INVALID_ID", ["input", "subjectId"])


async def test_notes_go_and_come_back_with_their_record(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="C", notes=[{"text": "a"}, {"text": "b"}])
    await written(bench, "deleteContact", contact)
    assert await texts(bench, {}) == []
    await written(bench, "restoreContact", contact)
    assert await texts(bench, {}) == ["a", "b"]


async def test_changes_in_a_subtree_tell_of_the_notes_and_tasks_on_it(bench: Bench) -> None:
    top = await make(bench, "Account", name="Top")
    below = await make(bench, "Account", name="Below", parentId=top, contacts=[{"familyName": "C"}])
    (contact,) = await listed(bench, "contacts", "id")
    (phone,) = [await make(bench, "Phone", contactId=contact["id"], number="+4930901820")]
    other = await make(bench, "Account", name="Other")
    async with listening(bench, types=["Note", "Task"], subtree=top) as changes:
        taking = asyncio.create_task(take(changes, 4))
        await started(bench)
        await make(bench, "Note", text="elsewhere", subjectId=other)
        made = [await make(bench, "Note", text="x", subjectId=id_) for id_ in (below, contact["id"], phone)]
        made.append(await make(bench, "Task", title="x", subjectId=top))
        found = await taking
    assert [change["recordId"] for change in found] == made
    assert sorted(found[0]["fields"]) == ["isInternal", "isPinned", "subject", "text"]
