"""Jobs: started by a mutation, read while they run, cancelled, failed, taken over from a process that is gone."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from accord.config.app import create_app
from accord.config.plugin_work import arguments_for
from accord.graph.writing.jobs import MOST_LOST, JobWorker
from accord.plugins import JobContext
from accord.tests.plugins.working.toy_host import Toys
from accord.tests.plugins.working.toys import fail, forever
from accord.tests.waiting import PATIENCE, until

MAY = ["hipaa.sign"]
START = """mutation ($key: String, $dryRun: Boolean = false) { hipaaImportList(url: "file:list", days: ["2026-01-31"],
  idempotencyKey: $key, dryRun: $dryRun) { job { id state plugin name done createdAt } violations { code } } }"""
READ = """query ($id: ID!) { job(id: $id) { state done total message result trouble attempts startedAt endedAt } }"""
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { result { state } violations { code } } }"


async def start(toys: Toys, **variables: Any) -> str:
    answer = (await toys.bench.run(START, permissions=MAY, **variables)).decoded()
    assert "errors" not in answer, answer
    job = answer["data"]["hipaaImportList"]["job"]
    assert (job["state"], job["plugin"], job["name"]) == ("QUEUED", "hipaa", "hipaaImportList")
    return job["id"]


async def read(toys: Toys, id_: str) -> dict[str, Any]:
    return (await toys.bench.ask(READ, id=id_, permissions=MAY))["job"]


def worker_of(toys: Toys, **options: Any) -> JobWorker:
    """Another worker, which no commit wakes."""
    accord = toys.bench.accord
    coerce = arguments_for(accord.catalogue)
    return JobWorker(accord.database, accord.hooks, accord.contexts.acting, coerce, now=toys.bench.clock, **options)


def quick(toys: Toys) -> JobWorker:
    """A worker whose heart beats fast."""
    return worker_of(toys, beat_seconds=0.02)


@asynccontextmanager
async def held(toys: Toys) -> AsyncGenerator[None]:
    """While open, nobody else takes or ends a job."""
    async with toys.bench.accord.database.transaction() as transaction:
        if toys.bench.kind == "postgresql":
            await transaction.execute("lock table job in exclusive mode")
        yield


async def test_a_job_runs_with_its_arguments_and_permissions_and_keeps_its_result(toys: Toys):
    id_ = await start(toys)
    assert await toys.bench.accord.jobs.drain() == 1
    assert await read(toys, id_) == {
        "state": "DONE",
        "done": 3,
        "total": 3,
        "message": None,
        "result": {"url": "file:list", "days": ["2026-01-31"], "may": True},
        "trouble": None,
        "attempts": 1,
        "startedAt": "2026-03-01T12:00:00.000000Z",
        "endedAt": "2026-03-01T12:00:00.000000Z",
    }
    assert await toys.bench.accord.jobs.drain() == 0


async def test_starting_asks_permission_and_takes_keys_and_dry_runs(toys: Toys):
    (error,) = await toys.bench.errors(START)
    assert error["extensions"]["code"] == "FORBIDDEN"
    dry = (await toys.bench.run(START, permissions=MAY, dryRun=True)).decoded()["data"]["hipaaImportList"]
    assert dry == {"job": None, "violations": []}
    assert await start(toys, key="k") == await start(toys, key="k")
    assert await toys.rows("select count(*) from job") == [(1,)]


async def test_an_argument_that_can_not_be_kept_is_said_with_its_path(toys: Toys):
    for number, codes in (("9223372036854775807", []), ("1" + "0" * 30, ["INVALID_VALUE"])):
        document = f"""mutation {{ it: hipaaImportList(url: "file:list", more: {{number: {number}}}) {{
          job {{ id }} violations {{ code path }} }} }}"""
        answer = (await toys.bench.run(document, permissions=MAY)).decoded()["data"]["it"]
        assert [one["code"] for one in answer["violations"]] == codes
        assert all(one["path"] == ["more"] for one in answer["violations"])
        assert (answer["job"] is None) == bool(codes)
    assert await toys.bench.accord.jobs.drain() == 1
    assert await toys.rows("select state from job") == [("DONE",)]


async def test_jobs_are_listed_and_others_see_none_of_them(toys: Toys):
    ids = [await start(toys), await start(toys)]
    listed = "query ($state: JobState) { jobs(first: 10, state: $state) { id } }"
    assert (await toys.bench.ask(listed, permissions=MAY))["jobs"] == [{"id": id_} for id_ in reversed(ids)]
    assert (await toys.bench.ask(listed, state="DONE", permissions=MAY))["jobs"] == []
    other = UUID("01a2008a-3486-70dc-baae-81801b4cce9d")
    assert (await toys.bench.run(listed, actor=other)).decoded()["data"]["jobs"] == []
    assert (await toys.bench.run(READ, actor=other, id=ids[0])).decoded()["data"]["job"] is None
    seen = (await toys.bench.run(listed, actor=other, permissions=["jobs.manage"])).decoded()
    assert len(seen["data"]["jobs"]) == 2
    hidden = (await toys.bench.run(CANCEL, actor=other, id=ids[0])).decoded()["data"]["cancelJob"]
    assert hidden == {"result": None, "violations": [{"code": "NOT_FOUND"}]}
    (error,) = await toys.bench.errors(READ, id="acc_1")
    assert error["extensions"]["code"] == "INVALID_ID"


async def test_a_job_that_fails_says_where_to_find_more(toys: Toys, caplog: pytest.LogCaptureFixture):
    toys.hipaa.doing["import_list"] = fail
    id_ = await start(toys)
    await toys.bench.accord.jobs.drain()
    job = await read(toys, id_)
    assert (job["state"], job["done"], job["total"], job["result"]) == ("FAILED", 1, 3, None)
    kind, _, incident = job["trouble"].partition(", incident ")
    assert kind == "RuntimeError"
    assert incident in caplog.text
    assert await toys.bench.accord.jobs.drain() == 0


async def test_numbers_that_can_not_be_kept_are_said_to_the_job_which_goes_on_if_it_likes(toys: Toys):
    odd: list[Any] = [3_000_000_000, -1, 2**80, 1.5, True, "1", None]
    said: list[str] = []

    async def tell(job: JobContext) -> None:
        for value in odd:
            with pytest.raises(ValueError, match="progress is told in whole numbers from 0 to 2147483647") as caught:
                await job.progress(value)
            said.append(str(caught.value))
        with pytest.raises(ValueError, match=r"^total is '3000000000'; "):
            await job.progress(1, 3_000_000_000)
        await asyncio.sleep(0.3)  # so that the next is noted at once
        await job.progress(2**31 - 1, 2**31 - 1)

    toys.hipaa.doing["import_list"] = tell
    id_ = await start(toys)
    assert await toys.bench.accord.jobs.drain() == 1
    job = await read(toys, id_)
    assert (job["state"], job["done"], job["attempts"]) == ("DONE", 3, 1)
    assert len(said) == len(odd)
    assert said[0].startswith("done is '3000000000'; ")


async def test_a_message_is_kept_without_what_no_database_keeps_and_cut_where_it_is_long(toys: Toys):
    kept: list[str] = []

    async def tell(job: JobContext) -> None:
        for message in ("a\0b", "\ud800 half", "two\nlines", "x" * 1_000, "x" * 1_001):
            await asyncio.sleep(0.3)  # so that each is noted at once
            await job.progress(1, 2, message)
            kept.append((await read(toys, id_))["message"])

    toys.hipaa.doing["import_list"] = tell
    id_ = await start(toys)
    assert await toys.bench.accord.jobs.drain() == 1
    assert kept == ["a\ufffdb", "\ufffd half", "two\nlines", "x" * 1_000, "x" * 999 + "…"]
    assert (await read(toys, id_))["state"] == "DONE"


async def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(toys: Toys):
    toys.hipaa.doing["import_list"] = forever
    jobs, waiting = worker_of(toys, beat_seconds=0.02), await start(toys)
    assert (await toys.bench.ask(CANCEL, id=waiting, permissions=MAY))["cancelJob"]["result"] == {"state": "CANCELLED"}
    assert await jobs.drain() == 0
    running = await start(toys)
    working = asyncio.create_task(jobs.drain())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    assert (await toys.bench.ask(CANCEL, id=running, permissions=MAY))["cancelJob"]["result"] == {"state": "RUNNING"}
    async with asyncio.timeout(PATIENCE):
        assert await working == 1
    job = await read(toys, running)
    assert (job["state"], job["done"], job["message"]) == ("CANCELLED", 1, "reading")


async def test_a_process_that_stops_gives_its_jobs_back_and_another_ends_them(toys: Toys):
    toys.hipaa.doing["import_list"] = forever
    id_ = await start(toys)
    worker = toys.bench.accord.jobs
    running = asyncio.create_task(worker.run())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    worker.stop()
    async with asyncio.timeout(PATIENCE):
        await running
    assert (await read(toys, id_))["state"] == "QUEUED"
    async with toys.restarted() as other:
        assert await other.bench.accord.jobs.drain() == 1
        assert other.hipaa.ran == ["file:list"]
        job = await read(other, id_)
        assert (job["state"], job["attempts"]) == ("DONE", 2)


async def test_stops_however_many_are_not_held_against_a_job_and_lost_processes_are(toys: Toys):
    go_on = asyncio.Event()

    async def wait(job: JobContext) -> None:
        await go_on.wait()

    toys.hipaa.doing["import_list"] = wait
    id_ = await start(toys)
    for attempt in range(1, MOST_LOST + 3):
        worker = worker_of(toys)
        running = asyncio.create_task(worker.run())
        await until(lambda attempt=attempt: len(toys.hipaa.ran) == attempt)
        worker.stop()
        async with asyncio.timeout(PATIENCE):
            await running
    assert (await read(toys, id_))["attempts"] == MOST_LOST + 2
    dead: Any = toys.bench.accord.jobs
    for _ in range(MOST_LOST - 1):
        assert await dead._claim() is not None  # a process that took it, and was gone
        toys.bench.clock.turn(seconds=60)
    go_on.set()
    assert await toys.bench.accord.jobs.drain() == 1
    job = await read(toys, id_)
    assert (job["state"], job["attempts"]) == ("DONE", 2 * MOST_LOST + 2)


async def test_a_process_that_stops_while_it_looks_for_jobs_gives_back_those_it_has_and_the_one_it_finds(toys: Toys):
    toys.hipaa.doing["import_list"] = forever
    worker = worker_of(toys, poll_seconds=3600)
    ids = [await start(toys)]
    running = asyncio.create_task(worker.run())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    ids.append(await start(toys))
    async with held(toys):
        worker.wake()
        await asyncio.sleep(0.2)  # it has seen the second job, and waits to take it
        worker.stop()
        await asyncio.sleep(0.2)  # it waits to give the first one back
    async with asyncio.timeout(PATIENCE):
        await running
    assert [(await read(toys, id_))["state"] for id_ in ids] == ["QUEUED", "QUEUED"]
    assert len(toys.hipaa.ran) == 1


async def test_a_process_that_is_cut_off_while_it_stops_gives_its_jobs_back_nevertheless(toys: Toys):
    toys.hipaa.doing["import_list"] = forever
    worker = worker_of(toys)
    id_ = await start(toys)
    running = asyncio.create_task(worker.run())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    async with held(toys):
        worker.stop()
        await asyncio.sleep(0.2)  # it waits to give the job back
        running.cancel()
        await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait((running,))
    assert (await read(toys, id_))["state"] == "QUEUED"


async def test_a_job_that_ends_while_its_process_stops_has_ended(toys: Toys):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def fail_late(job: JobContext) -> None:
        begun.set()
        await go_on.wait()
        await fail()

    toys.hipaa.doing["import_list"] = fail_late
    worker = worker_of(toys)
    id_ = await start(toys)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
    async with held(toys):
        go_on.set()
        await asyncio.sleep(0.2)  # it waits to note the end
        worker.stop()
        await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE):
        await running
    assert (await read(toys, id_))["state"] == "FAILED"


async def test_a_job_whose_process_is_gone_runs_again_when_its_lease_ends_and_not_for_ever(toys: Toys):
    toys.hipaa.doing["import_list"] = forever
    id_ = await start(toys)
    dead: Any = toys.bench.accord.jobs
    for attempt in range(1, MOST_LOST + 1):
        assert (await dead._claim()).leased.attempts == attempt  # a process that took it, and was gone
        assert await dead._claim() is None
        toys.bench.clock.turn(seconds=60)
    assert await dead._claim() is None
    job = await read(toys, id_)
    assert (job["state"], job["trouble"]) == ("FAILED", "no process came to an end with it")


async def test_a_job_that_waits_by_a_clock_that_was_ahead_is_taken_up(toys: Toys):
    toys.bench.clock.turn(days=1)
    id_ = await start(toys)
    dead: Any = toys.bench.accord.jobs
    assert await dead._claim() is not None
    toys.bench.clock.turn(days=-1)
    assert await toys.bench.accord.jobs.drain() == 0
    await toys.bench.accord.housekeeper.tidy()
    assert await toys.bench.accord.jobs.drain() == 1
    assert (await read(toys, id_))["state"] == "DONE"


async def test_a_slow_process_whose_job_was_taken_over_lets_it_go(toys: Toys, caplog: pytest.LogCaptureFixture):
    go_on = asyncio.Event()

    async def slow(job: JobContext) -> None:
        await go_on.wait()

    toys.hipaa.doing["import_list"] = slow
    id_ = await start(toys)
    # a beat between the end of its lease and the other's look would renew it
    working = asyncio.create_task(worker_of(toys, beat_seconds=3600).drain())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    toys.bench.clock.turn(seconds=60)
    async with toys.restarted() as other:
        assert await other.bench.accord.jobs.drain() == 1
    go_on.set()
    async with asyncio.timeout(PATIENCE):
        await working
    job = await read(toys, id_)
    assert (job["state"], job["attempts"]) == ("DONE", 2)
    assert "was taken over by another process" in caplog.text


async def test_a_slow_process_writes_nothing_over_a_job_that_another_is_running(toys: Toys):
    slow_ends, other_ends = asyncio.Event(), asyncio.Event()

    async def slow(job: JobContext) -> None:
        await slow_ends.wait()

    async def late(job: JobContext) -> None:
        await other_ends.wait()

    toys.hipaa.doing["import_list"] = slow
    id_ = await start(toys)
    first = asyncio.create_task(toys.bench.accord.jobs.drain())
    await until(lambda: toys.hipaa.ran == ["file:list"])
    toys.bench.clock.turn(seconds=60)
    async with toys.restarted() as other:
        other.hipaa.doing["import_list"] = late
        second = asyncio.create_task(other.bench.accord.jobs.drain())
        await until(lambda: other.hipaa.ran == ["file:list"])
        slow_ends.set()
        async with asyncio.timeout(PATIENCE):
            await first
        job = await read(toys, id_)
        assert (job["state"], job["attempts"], job["result"], job["endedAt"]) == ("RUNNING", 2, None, None)
        other_ends.set()
        async with asyncio.timeout(PATIENCE):
            await second
    assert (await read(toys, id_))["state"] == "DONE"


async def test_the_servers_worker_is_woken_by_commits_and_runs_two_jobs_side_by_side(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("accord.config.composition.JobWorker", partial(JobWorker, poll_seconds=3600))
    go_on = asyncio.Event()

    async def wait(job: JobContext) -> None:
        await go_on.wait()

    async def begin() -> str:
        begun = await patient.bench.ask(START, permissions=MAY)
        return begun["hipaaImportList"]["job"]["id"]

    async with toys.restarted() as patient:
        patient.hipaa.doing["import_list"] = wait
        app = create_app(patient.bench.accord.settings, patient.bench.accord)
        async with app.router.lifespan_context(app):
            ids: list[str] = []
            for running in (1, 2):
                await asyncio.sleep(0.2)  # the worker has looked, and found nothing
                ids.append(await begin())
                await until(lambda running=running: len(patient.hipaa.ran) == running)
            ids.append(await begin())
            await asyncio.sleep(0.2)
            states = [(await read(patient, id_))["state"] for id_ in ids]
            assert states == ["RUNNING", "RUNNING", "QUEUED"]
            go_on.set()
            await until(lambda: len(patient.hipaa.ran) == 3)  # there is room again

            async def are_done() -> bool:
                return [(await read(patient, id_))["state"] for id_ in ids] == ["DONE"] * 3

            await until(are_done)
