"""Who listens hears of what it may see: of no way to a hidden record, of no masked field; and others are not kept."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.plugins.calling import Hooks
from accord.plugins.contexts import Narrowing, Viewer
from accord.schema.exchange import Caller, Request, Result
from accord.tests.accord_fixture import Bench, CoreDatabases
from accord.tests.schema.test_read_policy import made
from accord.tests.schema.toy_clinic import READ, Clinic, Prepared, Rules, opened
from accord.tests.waiting import PATIENCE

SUBTREE = 'subscription ($top: ID!) { changes(subtreeOf: $top, after: "0") { type recordId } }'
FIELDS = 'subscription { changes(types: ["Contact"], after: "0") { kind version fields } }'


@asynccontextmanager
async def listening(
    bench: Bench, document: str, permissions: Sequence[str] = (), **variables: Any
) -> AsyncIterator[AsyncIterator[Result]]:
    """What the document brings, as it comes."""
    caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=frozenset(permissions))
    results = bench.accord.service.subscribe(Request(query=document, variables=variables), caller)
    async with asyncio.timeout(PATIENCE), aclosing(results):
        yield results


async def heard(bench: Bench, document: str, count: int, **variables: Any) -> list[dict[str, Any]]:
    """The first changes that the document brings."""
    async with listening(bench, document, **variables) as results:
        answers = [(await anext(results)).decoded() for _ in range(count)]
    assert [answer.get("errors") for answer in answers] == [None] * count
    return [answer["data"]["changes"] for answer in answers]


def hiding(name: str) -> Any:
    def narrow(record: str, viewer: Viewer) -> Narrowing | None:
        return Narrowing(where={"name": {"ne": name}}) if record == "Account" else None

    return narrow


async def test_the_subtree_of_a_hidden_account_is_silent_until_the_account_is_seen(clinic: Bench, rules: Rules):
    hidden = await made(clinic, "createAccount", name="Hidden")
    await made(clinic, "createAccount", name="Child", parentId=hidden)
    await made(clinic, "createContact", familyName="Abel", accounts=[{"id": hidden}])
    rules.narrow = hiding("Hidden")
    rules.asked.clear()
    async with listening(clinic, SUBTREE, top=hidden) as results:
        first = asyncio.ensure_future(anext(results))
        while rules.asked.count("Account") < 4 and not first.done():  # noqa: ASYNC110 - for each of four changes
            await asyncio.sleep(0.01)
        assert not first.done()
        rules.narrow = hiding("Nobody")
        latest = await made(clinic, "createAccount", name="Latest", parentId=hidden)
        await clinic.accord.feed.turn()
        assert (await first).decoded()["data"]["changes"] == {"type": "Account", "recordId": latest}


async def test_a_subtree_tells_of_no_way_through_what_is_hidden(clinic: Bench, rules: Rules):
    top = await made(clinic, "createAccount", name="Top")
    middle = await made(clinic, "createAccount", name="Hidden", parentId=top)
    low = await made(clinic, "createAccount", name="Low", parentId=middle)
    linked = {
        name: await made(clinic, "createContact", familyName=name, accounts=[{"id": account}])
        for name, account in (("Abel", middle), ("Baker", low))
    }
    task = await made(clinic, "createTask", title="Call", subjectId=linked["Abel"])
    latest = await made(clinic, "createAccount", name="Latest", parentId=top)
    everything = {one["recordId"] for one in await heard(clinic, SUBTREE, 9, top=top)}
    assert {top, middle, low, *linked.values(), task, latest} < everything
    rules.narrow = hiding("Hidden")
    found = await heard(clinic, SUBTREE, 5, top=top)
    assert [one["type"] for one in found] == ["Account", "Account", "Contact", "AccountContact", "Account"]
    assert [one["recordId"] for one in found if one["type"] != "AccountContact"] == [top, low, linked["Baker"], latest]
    nothing = Narrowing(where={"id": {"in": []}})
    rules.narrow = lambda record, viewer: nothing if record == "AccountContact" else None
    assert [one["recordId"] for one in await heard(clinic, SUBTREE, 4, top=top)] == [top, middle, low, latest]


async def samples(bench: Bench) -> tuple[dict[str, str], list[str]]:
    """Samples of two accounts, by account, and what else concerns these, which has happened after them."""
    accounts = [await made(bench, "createAccount", name=name) for name in ("A", "B")]
    found = {one: await made(bench, "createSample", code="S", accountId=one) for one in accounts}
    return found, [await made(bench, "createNote", text="Late", subjectId=one) for one in accounts]


@pytest.mark.parametrize("plugins", [True, False])
async def test_a_subtree_does_not_tell_where_a_reference_leads_that_may_not_be_read(
    core_databases: CoreDatabases, clinic_app: Prepared, rules: Rules, plugins: bool
):
    hooks = Hooks([Clinic(rules)]) if plugins else Hooks()
    async with opened(core_databases, clinic_app, hooks) as bench:
        of_account, notes = await samples(bench)
        for (account, sample), note in zip(of_account.items(), notes, strict=True):
            told = await heard(bench, SUBTREE, 3, top=account, permissions=[READ])
            assert [one["recordId"] for one in told] == [account, sample, note]
            told = await heard(bench, SUBTREE, 2, top=account)
            assert [one["recordId"] for one in told] == [account, note]


@pytest.mark.parametrize(
    ("record", "reference", "silent"),
    [
        ("Visit", "contact", ["Visit"]),
        ("Note", "subject", ["Note"]),
        ("AccountContact", "account", ["AccountContact", "Contact", "Visit"]),
        ("AccountContact", "contact", ["Contact", "Visit"]),
    ],
)
async def test_a_subtree_is_not_reached_by_a_reference_that_is_hidden(
    clinic: Bench, rules: Rules, record: str, reference: str, silent: list[str]
):
    top = await made(clinic, "createAccount", name="Top")
    await made(clinic, "createContact", familyName="Abel", accounts=[{"id": top}], visits=[{"reason": "Cough"}])
    await made(clinic, "createNote", text="One", subjectId=top)
    await made(clinic, "createPhone", number="+49 30 901820", accountId=top)
    told = [one["type"] for one in await heard(clinic, SUBTREE, 6, top=top)]
    assert set(told) == {"Account", "Contact", "AccountContact", "Visit", "Note", "Phone"}
    hidden = Narrowing(hide=frozenset({reference}))
    rules.narrow = lambda kind, viewer: hidden if kind == record else None
    left = [one for one in told if one not in silent]
    assert [one["type"] for one in await heard(clinic, SUBTREE, len(left), top=top)] == left


async def test_a_subtree_does_not_tell_whose_parent_an_account_is_where_that_is_hidden(clinic: Bench, rules: Rules):
    top = await made(clinic, "createAccount", name="Top")
    below = await made(clinic, "createAccount", name="Below", parentId=top)
    last = await made(clinic, "createNote", text="One", subjectId=top)
    assert [one["recordId"] for one in await heard(clinic, SUBTREE, 3, top=top)] == [top, below, last]
    hidden = Narrowing(hide=frozenset({"parent"}))
    rules.narrow = lambda record, viewer: hidden if record == "Account" else None
    assert [one["recordId"] for one in await heard(clinic, SUBTREE, 2, top=top)] == [top, last]


async def test_fields_that_may_not_be_read_are_not_named(clinic: Bench, rules: Rules):
    given = {"mrn": "MRN-1", "ward": "Alpha", "badge": "B1", "insurance": {"name": "Plan", "number": "I-1"}}
    id_ = await made(clinic, "createContact", familyName="Abel", clinic=given)
    update = "mutation ($input: UpdateContactInput!) { updateContact(input: $input) { recordId } }"
    await clinic.ask(update, input={"id": id_, "clinic": {"ward": "Omega"}})
    await clinic.ask(update, input={"id": id_, "givenName": "Ann", "clinic": {"mrn": None, "badge": "B2"}})
    whole = [one["fields"] for one in await heard(clinic, FIELDS, 3, permissions=[READ])]
    secret = {"clinic.mrn", "clinic.ward", "clinic.insurance.number"}
    assert secret < set(whole[0])
    assert whole[1] == ["clinic.ward"]
    created, updated, again = await heard(clinic, FIELDS, 3)
    assert created["fields"] == [name for name in whole[0] if name in {"name", "sortName", "familyName",
        "doNotContact", "clinic.badge", "clinic.insurance.name"}]  # fmt: skip
    assert updated == {"kind": "UPDATE", "version": 2, "fields": []}  # that something has changed is no secret
    assert again["fields"] == [name for name in whole[2] if name != "clinic.mrn"] != whole[2]
    rules.narrow = lambda record, viewer: Narrowing(hide=frozenset({"given_name"})) if record == "Contact" else None
    assert "givenName" in again["fields"]
    assert "givenName" not in (await heard(clinic, FIELDS, 3))[2]["fields"]


async def test_an_event_takes_as_many_statements_for_one_subtree_as_for_many(clinic: Bench):
    tops = [await made(clinic, "createAccount", name="0")]
    for depth in range(1, 12):
        tops.append(await made(clinic, "createAccount", name=str(depth), parentId=tops[-1]))
    rename = "mutation ($id: ID!, $name: String!) { updateAccount(input: {id: $id, name: $name}) { recordId } }"
    live = SUBTREE.replace(', after: "0"', "")
    counts: list[int] = []
    for listened in (tops[:1], tops):
        streams = [listening(clinic, live, top=top) for top in listened]
        results = [await stream.__aenter__() for stream in streams]
        firsts = [asyncio.ensure_future(anext(one)) for one in results]
        while clinic.accord.feed.listeners < len(listened):  # noqa: ASYNC110 - the feed tells nobody who comes
            await asyncio.sleep(0.01)
        await clinic.ask(rename, id=tops[-1], name=f"Renamed for {len(listened)}")
        with clinic.counted() as statements:
            await clinic.accord.feed.turn()
            counts.append(len(statements))
        for first in firsts:
            assert (await first).decoded()["data"]["changes"]["recordId"] == tops[-1]
        for stream in streams:
            await stream.__aexit__(None, None, None)
    assert counts[0] == counts[1]


async def test_those_who_catch_up_leave_room_for_requests(clinic: Bench):
    for _ in range(2):
        inputs = [{"familyName": f"Abel {number}"} for number in range(500)]
        await clinic.ask(
            "mutation ($inputs: [CreateContactInput!]!) { createContacts(inputs: $inputs) { written } }", inputs=inputs
        )
    total = 0

    async def catch_up() -> None:
        nonlocal total
        async with listening(clinic, 'subscription { changes(after: "0") { cursor } }') as results:
            async for _ in results:
                total += 1

    tasks = [asyncio.create_task(catch_up()) for _ in range(30)]
    while not total:  # noqa: ASYNC110
        await asyncio.sleep(0)
    for _ in range(10):
        await clinic.ask("{ contacts(first: 1) { nodes { id } } }")
    assert total < 3_000  # a tenth of what there is to catch up on
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
