"""Housekeeping: what was done long ago is taken out of the tables of jobs and of repeated requests."""

from accord.tests.plugins.working.toy_host import Toys

MAY = ["hipaa.sign"]
CREATE = 'mutation { createAccount(input: {name: "Kestrel"}, idempotencyKey: "once") { recordId } }'
START = 'mutation { hipaaImportList(url: "file:list") { job { id } } }'
READ = "query ($id: ID!) { job(id: $id) { state } }"


async def test_a_repeated_request_is_remembered_for_a_day(toys: Toys):
    await toys.bench.ask(CREATE)
    keys = "select count(*) from idempotency_key"
    toys.bench.clock.turn(hours=24)
    assert await toys.bench.accord.housekeeper.tidy() == 0
    assert await toys.rows(keys) == [(1,)]
    toys.bench.clock.turn(seconds=1)
    assert await toys.bench.accord.housekeeper.tidy() == 1
    assert await toys.rows(keys) == [(0,)]
    assert await toys.rows("select count(*) from account") == [(1,)]


async def test_a_job_is_kept_for_thirty_days_after_its_end(toys: Toys):
    async def start() -> str:
        made = await toys.bench.ask(START, permissions=MAY)
        return made["hipaaImportList"]["job"]["id"]

    async def state(id_: str) -> str | None:
        job = (await toys.bench.ask(READ, id=id_, permissions=MAY))["job"]
        return job and job["state"]

    ended = await start()
    toys.bench.clock.turn(days=10)  # counted from its end, and not from its beginning
    assert await toys.bench.accord.jobs.drain() == 1
    waiting = await start()
    toys.bench.clock.turn(days=30)
    assert await toys.bench.accord.housekeeper.tidy() == 0
    assert (await state(ended), await state(waiting)) == ("DONE", "QUEUED")
    toys.bench.clock.turn(seconds=1)
    assert await toys.bench.accord.housekeeper.tidy() == 1
    assert (await state(ended), await state(waiting)) == (None, "QUEUED")
