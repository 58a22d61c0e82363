"""Events: each plugin is told of each change at least once, a record's in order, whatever happens to the others."""

import pytest

from accord.graph.errors import InvalidInput
from accord.graph.feed import Interest
from accord.graph.writing.retrying import MOST_ATTEMPTS
from accord.plugins import AskFailed, Context, Event
from accord.tests.plugins.working.toy_host import UPDATE, Toys
from accord.tests.plugins.working.toys import fail


async def test_every_plugin_is_told_of_every_change_with_its_fields(toys: Toys):
    account = await toys.create("Kestrel", hipaa={"npi": "1"})
    await toys.bench.ask(UPDATE, input={"id": account, "hipaa": {"npi": "2"}})
    assert await toys.bench.accord.worker.drain() == 4
    for told in (toys.hipaa.told, toys.kyc.told):
        assert [(event.record, event.kind.value, event.version) for event in told] == [
            ("Account", "CREATE", 1),
            ("Account", "UPDATE", 2),
        ]
        assert told[1].fields == ("hipaa.npi",)
    assert await toys.rows("select count(*) from outbox_delivery") == [(0,)]


async def test_a_plugin_that_fails_is_told_again_and_holds_up_nobody_but_the_records_order(toys: Toys):
    toys.hipaa.doing["after_commit"] = fail
    account, other = await toys.create("Kestrel"), await toys.create("Merlin")
    await toys.bench.ask(UPDATE, input={"id": account, "name": "Falcon"})
    await toys.bench.accord.worker.drain()
    assert [event.version for event in toys.kyc.told] == [1, 1, 2]
    assert toys.hipaa.told == []
    toys.hipaa.doing.clear()
    toys.bench.clock.turn(seconds=2)
    await toys.bench.accord.worker.drain()
    mine = [(event.version, event.attempts) for event in toys.hipaa.told if f"acc_{event.record_id}" == account]
    assert mine == [(1, 2), (2, 1)]
    assert [event.attempts for event in toys.hipaa.told if f"acc_{event.record_id}" == other] == [2]
    assert len(toys.kyc.told) == 3


async def test_what_never_succeeds_is_parked_for_that_plugin_alone(toys: Toys, caplog: pytest.LogCaptureFixture):
    toys.hipaa.doing["after_commit"] = fail
    await toys.create("Kestrel")
    for _ in range(MOST_ATTEMPTS + 2):
        await toys.bench.accord.worker.drain()
        toys.bench.clock.turn(hours=1)
    assert len(toys.kyc.told) == 1
    ((consumer, trouble),) = await toys.rows(
        "select consumer, trouble from outbox_delivery where parked_at is not null"
    )
    assert consumer == "plugin hipaa"
    assert trouble.startswith("RuntimeError, incident ")
    assert trouble.rpartition(" ")[2] in caplog.text


async def test_a_plugin_asks_the_api_as_the_system_once_it_is_told(toys: Toys):
    found: list[object] = []

    async def ask(events: list[Event], context: Context) -> None:
        data = await context.ask("query ($id: ID!) { account(id: $id) { name } }", id=f"acc_{events[0].record_id}")
        try:
            await context.ask("{ nothing }")
        except AskFailed as failed:
            found.append(failed.errors[0]["extensions"]["code"])
        found.append((data["account"]["name"], context.may("anything"), context.today.isoformat()))

    toys.hipaa.doing["after_commit"] = ask
    await toys.create("Kestrel")
    await toys.bench.accord.worker.drain()
    assert found == ["VALIDATION_ERROR", ("Kestrel", True, "2026-03-01")]


async def test_old_events_are_purged_once_everybody_was_told(toys: Toys):
    toys.hipaa.doing["after_commit"] = fail
    stuck = await toys.create("Kestrel")
    await toys.bench.accord.worker.drain()
    toys.hipaa.doing.clear()
    await toys.create("Merlin")
    await toys.bench.accord.worker.drain()
    toys.bench.clock.turn(days=8)
    await toys.create("Falcon")
    assert await toys.bench.accord.housekeeper.tidy() == 1
    left = await toys.rows("select record_id from outbox_event order by occurred_at")
    assert f"acc_{left[0][0]}" == stuck
    assert len(left) == 2
    feed = toys.bench.accord.feed
    with pytest.raises(InvalidInput, match="Too much has happened since this cursor"):
        async for _ in feed.listen(Interest(), after=1):
            pass
    caught_up = feed.listen(Interest(), after=2)
    assert (await anext(caught_up)).position == 3
    await caught_up.aclose()
    await toys.bench.accord.worker.drain()
    toys.bench.clock.turn(days=8)
    assert await toys.bench.accord.housekeeper.tidy() == 1
    assert len(await toys.rows("select 1 from outbox_event")) == 1  # from the last, positions are counted on
