"""The subscription `changes`: committed changes in order, narrowed, and caught up on."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.databases.database import Update
from accord.schema.exchange import Caller, Refused, Request
from accord.tests.accord_fixture import Bench, open_bench
from accord.tests.waiting import PATIENCE, until

CALLER = Caller(actor=SYSTEM_ACTOR, request="test")
ACCOUNT = """mutation ($name: String!, $parent: ID) {
  createAccount(input: {name: $name, parentId: $parent}) { recordId } }"""
CHANGES = """subscription ($types: [String!], $ids: [ID!], $subtree: ID, $after: String) {
  changes(types: $types, ids: $ids, subtreeOf: $subtree, after: $after) {
    cursor kind type recordId version fields node { id ... on Account { name } } } }"""


@asynccontextmanager
async def listening(bench: Bench, **variables: Any) -> AsyncIterator[AsyncGenerator[dict[str, Any], None]]:
    """Changes as they come, while the feed of the process is at work."""
    work = asyncio.create_task(bench.accord.feed.run())
    results = bench.accord.service.subscribe(Request(query=CHANGES, variables=variables), CALLER)

    async def changes() -> AsyncGenerator[dict[str, Any], None]:
        async for result in results:
            answer = result.decoded()
            yield answer["data"]["changes"] if answer.get("data") else answer

    try:
        yield changes()
    finally:
        await results.aclose()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def take(changes: AsyncGenerator[dict[str, Any], None], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(changes) for _ in range(count)]


async def started(bench: Bench, listeners: int = 1) -> None:
    async with asyncio.timeout(PATIENCE):
        while bench.accord.feed.listeners < listeners:  # noqa: ASYNC110 - the feed tells nobody who comes
            await asyncio.sleep(0.01)


async def make(bench: Bench, name: str, parent: str | None = None) -> str:
    return (await bench.ask(ACCOUNT, name=name, parent=parent))["createAccount"]["recordId"]


async def test_changes_come_in_order_with_the_record_as_it_is(bench: Bench) -> None:
    async with listening(bench) as changes:
        taking = asyncio.create_task(take(changes, 3))
        await started(bench)
        id_ = await make(bench, "Kestrel")
        await bench.ask(f'mutation {{ updateAccount(input: {{id: "{id_}", name: "Merlin"}}) {{ recordId }} }}')
        await bench.ask(f'mutation {{ deleteAccount(id: "{id_}") {{ recordId }} }}')
        found = await taking
    assert [(one["kind"], one["type"], one["recordId"], one["version"]) for one in found] == [
        ("CREATE", "Account", id_, 1),
        ("UPDATE", "Account", id_, 2),
        ("DELETE", "Account", id_, 3),
    ]
    assert found[1]["fields"] == ["name"]
    assert found[2]["node"] is None
    assert [int(one["cursor"]) for one in found] == [1, 2, 3]


async def test_a_refused_write_and_a_dry_run_are_not_heard_of(bench: Bench) -> None:
    async with listening(bench) as changes:
        taking = asyncio.create_task(take(changes, 1))
        await started(bench)
        await bench.ask('mutation { createAccount(input: {name: "Dry"}, dryRun: true) { recordId } }')
        await bench.ask('mutation { createAccount(input: {name: "Bad", website: "javascript:x"}) { recordId } }')
        await make(bench, "Good")
        (found,) = await taking
    assert found["node"]["name"] == "Good"


async def test_types_ids_and_a_subtree_narrow(bench: Bench) -> None:
    top = await make(bench, "Top")
    below = await make(bench, "Below", top)
    other = await make(bench, "Other")
    contact = """mutation ($account: ID!, $name: String!) { updateAccount(input: {id: $account,
      contacts: [{familyName: $name}]}) { recordId } }"""
    rename = "mutation ($id: ID!, $name: String!) { updateAccount(input: {id: $id, name: $name}) { recordId } }"
    async with (
        listening(bench, types=["Contact"]) as contacts,
        listening(bench, ids=[other]) as one,
        listening(bench, subtree=top) as subtree,
    ):
        heard = [asyncio.create_task(take(*each)) for each in ((contacts, 2), (one, 1), (subtree, 3))]
        await started(bench, 3)
        await bench.ask(rename, id=other, name="Others")
        await bench.ask(contact, account=other, name="Far")
        await bench.ask(contact, account=below, name="Near")
        await bench.ask(rename, id=top, name="Tops")
        by_type, by_id, by_subtree = await asyncio.gather(*heard)
    assert [change["type"] for change in by_type] == ["Contact", "Contact"]
    assert [change["recordId"] for change in by_id] == [other]
    assert sorted(change["type"] for change in by_subtree[:2]) == ["AccountContact", "Contact"]
    assert by_subtree[-1]["recordId"] == top


async def test_who_comes_back_with_a_cursor_misses_nothing_and_hears_nothing_twice(bench: Bench) -> None:
    async with listening(bench) as changes:
        taking = asyncio.create_task(take(changes, 1))
        await started(bench)
        await make(bench, "One")
        (first,) = await taking
    await make(bench, "Two")
    await make(bench, "Three")
    async with listening(bench, after=first["cursor"]) as changes:
        missed = await take(changes, 2)
        taking = asyncio.create_task(take(changes, 1))
        await make(bench, "Four")
        (live,) = await taking
    assert [change["node"]["name"] for change in [*missed, live]] == ["Two", "Three", "Four"]


async def test_what_was_written_by_a_plugin_that_was_taken_out_is_passed_over(bench: Bench) -> None:
    for name in ("One", "Two", "Three"):
        await make(bench, name)
    async with bench.accord.database.transaction() as transaction:
        gone = "update outbox_event set record = 'Gone' where id in (select id from outbox_event order by id limit 2)"
        await transaction.execute(gone, [])
    async with listening(bench, after="0") as changes:
        assert [change["node"]["name"] for change in await take(changes, 1)] == ["Three"]
    top = (await bench.ask("{ accounts(last: 1) { nodes { id } } }"))["accounts"]["nodes"][0]["id"]
    async with listening(bench, after="0", subtree=top) as changes:
        assert [change["recordId"] for change in await take(changes, 1)] == [top]


async def test_what_is_handed_on_while_somebody_comes_in_is_not_missed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = bench.accord.feed
    last = feed._last

    async def and_then() -> int:
        position = await last()
        monkeypatch.undo()
        await make(bench, "Meanwhile")
        await feed.turn()
        return position

    async with listening(bench) as first, listening(bench) as second:
        hearing = asyncio.create_task(take(first, 2))
        await started(bench)
        await make(bench, "Before")
        await until(lambda: feed._position == 1)
        monkeypatch.setattr(feed, "_last", and_then)
        changes = await asyncio.gather(hearing, take(second, 1))
    assert [[change["node"]["name"] for change in heard] for heard in changes] == [
        ["Before", "Meanwhile"],
        ["Meanwhile"],
    ]


async def test_what_belongs_to_an_address_concerns_the_accounts_that_use_it(bench: Bench) -> None:
    account = await make(bench, "Top")
    address = """mutation ($account: ID!) { updateAccount(input: {id: $account, addresses: [{streetLines: ["1 Road"],
      city: "Vienna", country: {code: "AT"}}]}) { account { addresses { nodes { id } } } } }"""
    used = (await bench.ask(address, account=account))["updateAccount"]["account"]["addresses"]["nodes"][0]["id"]
    called = 'mutation ($id: ID!) { createExternalId(input: {system: "crm", value: "1", addressId: $id}) { recordId } }'
    made = (await bench.ask(called, id=used))["createExternalId"]["recordId"]
    async with listening(bench, after="0", subtree=account, types=["ExternalId"]) as changes:
        assert [change["recordId"] for change in await take(changes, 1)] == [made]


async def test_a_listener_that_lags_is_told_and_the_others_go_on(bench: Bench) -> None:
    async with listening(bench) as slow, listening(bench) as quick:
        slow_task = asyncio.create_task(take(slow, 1))
        heard: list[dict[str, Any]] = []

        async def hear() -> None:
            async for change in quick:
                heard.append(change)

        hearing = asyncio.create_task(hear())
        await started(bench, 2)
        inputs = [{"name": f"A{number}"} for number in range(1200)]
        bulk = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { written } }"
        await bench.ask(bulk, inputs=inputs)
        await slow_task
        async with asyncio.timeout(PATIENCE):
            while len(heard) < 100:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            while "errors" not in (last := (await take(slow, 1))[0]):
                pass
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    assert last["errors"][0]["extensions"]["code"] == "LAGGING"


async def test_wrong_arguments_are_errors_with_codes(bench: Bench) -> None:
    for variables, code in (
        ({"types": ["Acount"]}, "INVALID_TYPE"),
        ({"ids": ["nonsense"]}, "INVALID_ID"),
        ({"subtree": "con_0198c0de-0000-7000-8000-000000000001"}, "INVALID_ID"),
        ({"after": "x"}, "INVALID_CURSOR"),
        ({"after": "99"}, "CURSOR_EXPIRED"),
    ):
        async with listening(bench, **variables) as changes:
            (answer,) = await take(changes, 1)
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code], variables


async def test_a_query_is_no_subscription(bench: Bench) -> None:
    stream = bench.accord.service.subscribe(Request(query="{ accounts { totalCount } }"), CALLER)
    with pytest.raises(Refused) as refused:
        await anext(stream)
    assert refused.value.result.errors[0].extensions == {"code": "SUBSCRIPTION_REQUIRED"}


async def test_two_processes_agree(bench: Bench) -> None:
    """Another Accord on the same database hears of what this one writes, in the same order."""
    async with (
        open_bench(bench.accord.settings.database, is_migrated=True) as other,
        listening(bench) as here,
        listening(other) as there,
    ):
        both = [asyncio.create_task(take(each, 4)) for each in (here, there)]
        await started(bench)
        await started(other)
        await asyncio.gather(*(make(each, name) for name in ("A", "B") for each in (bench, other)))
        heard_here, heard_there = await asyncio.gather(*both)
    assert heard_here == heard_there
    assert [int(change["cursor"]) for change in heard_here] == [1, 2, 3, 4]


async def test_events_of_one_record_come_in_the_order_of_its_versions_whatever_their_ids(bench: Bench) -> None:
    """Processes whose clocks differ make ids out of order; the versions of a record tell the order all the same."""
    id_ = await make(bench, "One")
    await bench.ask(f'mutation {{ updateAccount(input: {{id: "{id_}", name: "Two"}}) {{ recordId }} }}')
    async with bench.accord.database.transaction() as transaction:
        rows = await transaction.fetch("select id, version from outbox_event order by version", [])
        (first, _), (second, _) = rows
        for id_before, version in ((first, 2), (second, 1)):
            await transaction.write(
                [Update(table="outbox_event", key="id", columns=("version",), rows=[(id_before, [version])])]
            )
    async with listening(bench, after="0") as changes:
        found = await take(changes, 2)
    assert [(change["version"], change["cursor"]) for change in found] == [(1, "1"), (2, "2")]


async def test_a_group_whose_filter_another_process_has_changed_is_read_anew(bench: Bench) -> None:
    await bench.ask('mutation { createContact(input: {familyName: "Abel"}) { recordId } }')
    group = 'name: "Old", kind: FILTERED, memberFilter: {familyName: {eq: "Baker"}}'
    await bench.ask(f"mutation {{ createContactGroup(input: {{{group}}}) {{ recordId }} }}")
    async with bench.accord.database.transaction() as transaction:
        await transaction.execute(
            """update contact_group set version = 7, member_filter = '{"familyName":{"eq":"Abel"}}'"""
        )
    document = """subscription { changes(types: ["ContactGroup"], after: "0") {
      node { ... on ContactGroup { members { totalCount nodes { familyName } } } } } }"""
    results = bench.accord.service.subscribe(Request(query=document), CALLER)
    async with asyncio.timeout(PATIENCE):
        answer = (await anext(results)).decoded()
    await results.aclose()
    assert answer["data"]["changes"] == {"node": {"members": {"totalCount": 1, "nodes": [{"familyName": "Abel"}]}}}
