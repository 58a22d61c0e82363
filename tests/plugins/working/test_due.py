"""Work that falls due: planned with a unit or by itself, done at least once after its time, on one of all processes."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.writing.due import DueWorker
from accord.graph.writing.retrying import MOST_ATTEMPTS
from accord.plugins import Context, Due, Unit
from accord.tests.plugins.working.toy_host import CREATE, Toys
from accord.tests.plugins.working.toys import at, fail, forever
from accord.tests.waiting import PATIENCE, until


async def plan(toys: Toys, **step: float) -> str:
    """An account whose review is planned when it is written."""

    async def prepare(unit: Unit) -> None:
        for change in unit.changes("Account"):
            moment = at(unit.now, **step)
            unit.schedule("review", at=moment, record=change.id, data={"name": change.after["name"]})

    toys.hipaa.doing["prepare"] = prepare
    return await toys.create("Kestrel")


async def test_work_is_done_once_its_time_has_come_and_no_earlier(toys: Toys):
    account = await plan(toys, days=30)
    toys.bench.clock.turn(days=29)
    assert await toys.bench.accord.due.drain() == 0
    toys.bench.clock.turn(days=1)
    assert await toys.bench.accord.due.drain() == 1
    (due,) = toys.hipaa.reviews
    assert (due.name, due.record, due.data, due.attempts) == ("review", UUID(account[4:]), {"name": "Kestrel"}, 1)
    assert due.at == toys.bench.clock.now
    assert due.actor == SYSTEM_ACTOR
    assert await toys.bench.accord.due.drain() == 0
    assert await toys.rows("select count(*) from due_work") == [(0,)]


async def test_it_tells_who_did_what_it_comes_from(toys: Toys):
    async def prepare(unit: Unit) -> None:
        unit.schedule("review", at=unit.now)

    toys.hipaa.doing["prepare"] = prepare
    made = await toys.bench.ask('mutation { createActor(input: {name: "Ann", kind: PERSON}) { recordId } }')
    ann = UUID(made["createActor"]["recordId"][4:])
    await toys.bench.run(CREATE, actor=ann, input={"name": "Kestrel"})
    assert await toys.bench.accord.due.drain() == 2
    assert [due.actor for due in toys.hipaa.reviews] == [SYSTEM_ACTOR, ann]


async def test_planning_again_moves_it_and_none_takes_it_away(toys: Toys):
    account = await plan(toys, days=1)
    await plan_by_context(toys, account, days=3)
    toys.bench.clock.turn(days=2)
    assert await toys.bench.accord.due.drain() == 0
    toys.bench.clock.turn(days=1)
    assert await toys.bench.accord.due.drain() == 1
    await plan_by_context(toys, account, days=1)
    context = toys.bench.accord.contexts.of("hipaa")
    await context.schedule("review", at=None, record=UUID(account[4:]))
    assert await toys.rows("select count(*) from due_work") == [(0,)]


async def plan_by_context(toys: Toys, account: str, **step: float) -> None:
    context = toys.bench.accord.contexts.of("hipaa")
    await context.schedule("review", at=at(context.now, **step), record=UUID(account[4:]))


async def test_what_is_not_written_plans_nothing(toys: Toys):
    await plan(toys, days=1)
    before = await toys.rows("select count(*) from due_work")
    dry = CREATE.replace("createAccount(input: $input)", "createAccount(input: $input, dryRun: true)")
    await toys.bench.ask(dry, input={"name": "Merlin"})
    await toys.bench.ask(CREATE, input={"name": " "})
    assert await toys.rows("select count(*) from due_work") == before == [(1,)]


async def test_what_fails_is_tried_again_after_growing_delays_and_then_put_aside(toys: Toys):
    await plan(toys, seconds=0)
    toys.hipaa.doing["review"] = fail
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert await toys.bench.accord.due.drain() == 1
        toys.bench.clock.turn(seconds=2**attempt - 0.5)
        assert await toys.bench.accord.due.drain() == 0
        toys.bench.clock.turn(seconds=0.5)
    assert await toys.bench.accord.due.drain() == 0
    ((trouble,),) = await toys.rows("select trouble from due_work where parked_at is not null")
    assert trouble.startswith("RuntimeError, incident ")


async def test_it_survives_a_restart_and_a_process_that_is_gone(toys: Toys):
    await plan(toys, days=1)
    toys.bench.clock.turn(days=1)
    assert len(await toys.bench.accord.due.queue("hipaa").claim()) == 1  # by a process that is gone then
    async with toys.restarted() as other:
        assert await other.bench.accord.due.drain() == 0
        other.bench.clock.turn(seconds=60)
        assert await other.bench.accord.due.drain() == 1
        assert [due.attempts for due in other.hipaa.reviews] == [2]


async def test_of_two_processes_one_does_it(toys: Toys):
    await plan(toys, seconds=0)
    async with toys.restarted() as other:
        tried = await asyncio.gather(toys.bench.accord.due.drain(), other.bench.accord.due.drain())
        assert sorted(tried) == [0, 1]
        assert len(toys.hipaa.reviews) + len(other.hipaa.reviews) == 1


async def test_what_is_planned_anew_by_the_work_itself_stays(toys: Toys):
    account = await plan(toys, seconds=0)

    async def again(context: Context, due: Due) -> None:
        await context.schedule("review", at=at(context.now, days=365), record=due.record)

    toys.hipaa.doing["review"] = again
    assert await toys.bench.accord.due.drain() == 1
    toys.hipaa.doing.clear()
    toys.bench.clock.turn(days=365)
    assert await toys.bench.accord.due.drain() == 1
    assert [due.record for due in toys.hipaa.reviews] == [UUID(account[4:])] * 2


async def several(toys: Toys, count: int) -> None:
    context = toys.bench.accord.contexts.of("hipaa")
    for _ in range(count):
        await context.schedule("review", at=context.now)


async def test_what_is_slow_costs_work_that_was_not_tried_no_attempt(toys: Toys):
    await several(toys, 20)
    left: list[float] = []

    async def slow(context: Context, due: Due) -> None:
        (row,) = await toys.bench.accord.database.fetch(f"select due_at from due_work where id = '{due.id}'", [])
        ends = datetime.fromisoformat(row[0]) if isinstance(row[0], str) else row[0]
        left.append((ends - toys.bench.clock.now).total_seconds())
        toys.bench.clock.turn(seconds=31)

    toys.hipaa.doing["review"] = slow
    assert await toys.bench.accord.due.drain() == 20
    assert [due.attempts for due in toys.hipaa.reviews] == [1] * 20
    assert left == [60] * 20  # none is begun that its lease would soon cut short
    assert await toys.rows("select count(*) from due_work") == [(0,)]


async def test_a_worker_that_is_told_to_stop_ends_what_it_is_at_and_gives_the_rest_back(toys: Toys):
    await several(toys, 3)
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def wait(context: Context, due: Due) -> None:
        begun.set()
        await go_on.wait()

    toys.hipaa.doing["review"] = wait
    worker = toys.bench.accord.due
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        worker.stop()
        go_on.set()
        await running
    assert len(toys.hipaa.reviews) == 1
    async with toys.restarted() as other:
        assert await other.bench.accord.due.drain() == 2
        assert [due.attempts for due in other.hipaa.reviews] == [1, 1]
        assert {due.id for due in other.hipaa.reviews}.isdisjoint(due.id for due in toys.hipaa.reviews)
    assert await toys.rows("select count(*) from due_work") == [(0,)]


async def test_work_gets_no_longer_than_its_lease(toys: Toys, monkeypatch: pytest.MonkeyPatch):
    await several(toys, 1)
    toys.hipaa.doing["review"] = forever
    monkeypatch.setattr("accord.graph.writing.leasing.LEASE", timedelta(seconds=0.2))
    async with asyncio.timeout(PATIENCE / 2):
        assert await toys.bench.accord.due.drain() == 1
    ((attempts, trouble),) = await toys.rows("select attempts, trouble from due_work where parked_at is null")
    assert (attempts, trouble.partition(",")[0]) == (1, "TimeoutError")


async def test_what_ends_its_worker_each_time_is_put_aside(toys: Toys):
    await several(toys, 1)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        begun: list[int] = []

        async def die(context: Context, due: Due, begun: list[int] = begun) -> None:
            begun.append(due.attempts)
            await forever()

        toys.hipaa.doing["review"] = die
        working = asyncio.create_task(toys.bench.accord.due.drain())
        await until(lambda begun=begun: begun)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert begun == [attempt]
        toys.bench.clock.turn(seconds=60)
    toys.hipaa.doing.clear()
    assert await toys.bench.accord.due.drain() == 1
    assert toys.hipaa.reviews == []
    assert await toys.rows("select trouble from due_work where parked_at is not null") == [
        ("no worker came to an end with it",)
    ]


async def test_what_a_clock_that_was_ahead_has_put_off_is_taken_up_and_what_is_planned_waits(toys: Toys):
    account = await plan(toys, days=30)
    await several(toys, 1)
    toys.bench.clock.turn(days=1)
    toys.hipaa.doing["review"] = fail
    assert await toys.bench.accord.due.drain() == 1
    toys.hipaa.doing.clear()
    toys.bench.clock.turn(days=-1)
    assert await toys.bench.accord.due.drain() == 0
    await toys.bench.accord.housekeeper.tidy()
    assert await toys.bench.accord.due.drain() == 1
    assert [due.record for due in toys.hipaa.reviews] == [None]
    toys.bench.clock.turn(days=30)
    assert await toys.bench.accord.due.drain() == 1
    assert [due.record for due in toys.hipaa.reviews] == [None, UUID(account[4:])]


async def test_what_plans_itself_anew_for_a_time_that_has_passed_waits_a_second(
    toys: Toys, caplog: pytest.LogCaptureFixture
):
    account = await plan(toys, seconds=0)

    async def again(context: Context, due: Due) -> None:
        await context.schedule("review", at=at(context.now, days=-1), record=due.record)

    toys.hipaa.doing["review"] = again
    for times in range(1, 4):
        await toys.bench.accord.due.drain()
        assert [(due.record, due.attempts) for due in toys.hipaa.reviews] == [(UUID(account[4:]), 1)] * times
        toys.bench.clock.turn(seconds=1)
    assert "plans itself anew for a time that has passed" in caplog.text


async def test_a_name_that_no_method_has_is_the_plugins_mistake(toys: Toys, caplog: pytest.LogCaptureFixture):
    async def prepare(unit: Unit) -> None:
        unit.schedule("revue", at=unit.now)

    toys.hipaa.doing["prepare"] = prepare
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    assert "the plugin hipaa has no method marked @due and called revue" in caplog.text


async def test_the_worker_wakes_when_something_is_planned(toys: Toys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("accord.config.composition.DueWorker", partial(DueWorker, poll_seconds=3600))
    async with toys.restarted() as patient:
        worker = patient.bench.accord.due
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(0.2)  # it has looked, and found nothing
        account = await plan(patient, seconds=0)
        await until(lambda: patient.hipaa.reviews)
        worker.stop()
        async with asyncio.timeout(PATIENCE):
            await running
        assert [due.record for due in patient.hipaa.reviews] == [UUID(account[4:])]
