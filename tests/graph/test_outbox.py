"""The outbox: what is told of a write, and that it is told at least once, in the order of each record's changes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.config.composition import open_accord
from accord.graph.databases.database import Database
from accord.graph.databases.postgresql import PostgreSQL
from accord.graph.databases.sqlite import SQLite
from accord.graph.identity import IdSource
from accord.graph.writing.outbox import Event, OutboxWorker
from accord.graph.writing.retrying import MOST_ATTEMPTS
from accord.tests.accord_fixture import Bench, CoreDatabases, core_schema, open_bench
from accord.tests.waiting import PATIENCE, until

PAYLOAD = "{ recordId violations { code path } }"
CREATE = f"mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {PAYLOAD} }}"
UPDATE = f"mutation ($input: UpdateAccountInput!) {{ updateAccount(input: $input) {PAYLOAD} }}"
BEGINNING = {"industry": "Glass", "annualRevenue": {"amount": "12.50", "currency": "EUR"}}


@dataclass
class Heard:
    """A consumer that notes what it is told; `fails` says what it can't take, `waits` holds it up."""

    name: str = "heard"
    events: list[Event] = field(default_factory=list[Event])
    fails: Callable[[Event], bool] = lambda event: False
    waits: asyncio.Event | None = None

    async def handle(self, event: Event) -> None:
        self.events.append(event)
        await (self.waits.wait() if self.waits else asyncio.sleep(0))
        if self.fails(event):
            raise ConnectionError("the other side is away")

    @property
    def versions(self) -> list[int]:
        return [event.version for event in self.events]


@dataclass(frozen=True, kw_only=True)
class Told:
    """An Accord whose worker tells one consumer."""

    bench: Bench
    heard: Heard

    async def create(self, name: str, **values: Any) -> str:
        made = await self.bench.ask(CREATE, input={"name": name, **values})
        assert made["createAccount"]["violations"] == []
        return made["createAccount"]["recordId"]

    async def update(self, id_: str, **values: Any) -> None:
        made = await self.bench.ask(UPDATE, input={"id": id_, **values})
        assert made["updateAccount"]["violations"] == []

    async def drain(self) -> list[Event]:
        """Let the worker work; what the consumer was told by it."""
        known = len(self.heard.events)
        await self.bench.accord.worker.drain()
        return self.heard.events[known:]

    async def waiting(self) -> int:
        """How many deliveries are neither done nor parked."""
        statement = "select count(*) from outbox_delivery where parked_at is null"
        return (await self.bench.accord.database.fetch(statement, []))[0][0]

    def worker(self, consumer: Heard, database: Database | None = None, **options: Any) -> OutboxWorker:
        """Another worker on the same outbox."""
        return OutboxWorker(database or self.bench.accord.database, [consumer], now=self.bench.clock, **options)


def moment(stored: Any) -> datetime:
    """A moment as either database gives it."""
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored


@pytest.fixture
async def told(core_databases: CoreDatabases) -> AsyncIterator[Told]:
    location, heard = core_databases.new(), Heard()
    async with open_bench(location, is_migrated=True, consumers=[heard]) as bench:
        yield Told(bench=bench, heard=heard)
    core_databases.drop(location)


@asynccontextmanager
async def second_database(bench: Bench) -> AsyncGenerator[Database, None]:
    """Connections of another process to the same database."""
    settings = bench.accord.settings
    if bench.kind == "sqlite":
        database: Database = await SQLite.open(Path(settings.database_location))
    else:
        database = await PostgreSQL.open(settings.database_location)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def running(worker: OutboxWorker) -> AsyncGenerator[None, None]:
    """A worker that runs by itself."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# what is told ------------------------------------------------------------------------------------------------------


async def test_each_changed_record_gives_one_event_with_its_kind_its_version_and_its_changed_fields(told: Told):
    person = {"familyName": "Huber", "emails": [{"address": "huber@example.com", "isPrimary": True}]}
    place = {
        "kind": "LEGAL",
        "city": "Wien",
        "country": {"code": "AT"},
        "postalCode": "1010",
        "streetLines": ["Ring 1"],
    }
    account = await told.create("Kestrel", contacts=[person], addresses=[place], **BEGINNING)
    made = {event.record: event for event in await told.drain()}
    assert sorted(made) == ["Account", "AccountContact", "Address", "AddressLink", "Contact", "Email"]
    assert {(event.kind.value, event.version, event.attempts) for event in made.values()} == {("CREATE", 1, 1)}
    assert {event.occurred_at for event in made.values()} == {told.bench.clock.now}
    assert set(made["Account"].fields) == {"name", "kind", "lifecycleStage", "status", "industry", "annualRevenue"}
    assert {"city", "country.code", "country.name"} <= set(made["Address"].fields)
    assert {"account", "contact"} <= set(made["AccountContact"].fields)
    assert account == f"acc_{made['Account'].record_id}"

    await told.update(account, name="Kestrel Glass", annualRevenue={"amount": "12.50", "currency": "USD"})
    (changed,) = await told.drain()
    assert (changed.record, changed.kind.value, changed.version) == ("Account", "UPDATE", 2)
    assert set(changed.fields) == {"name", "annualRevenue"}
    assert changed.record_id == made["Account"].record_id

    await told.bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=account)
    gone = await told.drain()
    assert {event.kind.value for event in gone} == {"DELETE"}
    assert {(e.record, e.version) for e in gone} >= {("Account", 3), ("AddressLink", 2), ("AccountContact", 2)}
    assert [event.fields for event in gone if event.record == "Account"] == [()]

    await told.bench.ask("mutation ($id: ID!) { restoreAccount(id: $id) { recordId } }", id=account)
    back = await told.drain()
    assert {event.kind.value for event in back} == {"RESTORE"}
    assert {event.record_id for event in back} == {event.record_id for event in gone}
    assert len({event.id for event in told.heard.events}) == len(told.heard.events)


async def test_a_consumer_may_write_a_log_line_and_none_waits_for_another(
    core_databases: CoreDatabases, caplog: pytest.LogCaptureFixture
):
    class LogLine:
        name = "log"

        async def handle(self, event: Event) -> None:
            logging.getLogger("accord.told").info("%s %s %s", event.record, event.kind.value, event.version)

    location, broken = core_databases.new(), Heard(fails=lambda event: True)
    async with open_bench(location, is_migrated=True, consumers=[broken, LogLine()]) as bench:
        made = await bench.ask(CREATE, input={"name": "Kestrel"})
        await bench.ask(UPDATE, input={"id": made["createAccount"]["recordId"], "name": "Merlin"})
        with caplog.at_level(logging.INFO, logger="accord.told"):
            assert await bench.accord.worker.drain() == 3
        told = [record.getMessage() for record in caplog.records if record.name == "accord.told"]
        assert (told, broken.versions) == (["Account CREATE 1", "Account UPDATE 2"], [1])
    core_databases.drop(location)


async def test_what_writes_nothing_tells_nothing(told: Told):
    account = await told.create("Kestrel", **BEGINNING)
    assert len(await told.drain()) == 1
    ask = told.bench.ask
    dry = await ask(
        """mutation ($id: ID!) { updateAccount(input: {id: $id, name: "Merlin"}, dryRun: true) { account { name } }
           createAccount(input: {name: "Hobby"}, dryRun: true) { account { name } }
           deleteAccount(id: $id, dryRun: true) { violations { code } } }""",
        id=account,
    )
    assert dry["updateAccount"] == {"account": {"name": "Merlin"}}
    refused = await ask(CREATE, input={"name": "Merlin" * 50})
    assert refused["createAccount"]["violations"] == [{"code": "TOO_LONG", "path": ["input", "name"]}]
    await told.update(account, name="Kestrel", **BEGINNING)
    assert await told.drain() == []
    assert await told.waiting() == 0


async def test_a_request_that_is_repeated_with_its_key_tells_once(told: Told):
    document = """mutation { createAccount(input: {name: "Kestrel"}, idempotencyKey: "k1") { recordId } }"""
    assert await told.bench.ask(document) == await told.bench.ask(document)
    assert len(await told.drain()) == 1


async def test_a_bulk_that_is_written_row_by_row_tells_of_the_rows_that_were_written(told: Told):
    inputs = [{"name": "Kestrel"}, {"name": "Merlin", "parentId": "acc_nonsense"}, {"name": "Hobby"}]
    answer = await told.bench.ask(
        """mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs, atomic: false)
           { written results { recordId } } }""",
        inputs=inputs,
    )
    assert answer["createAccounts"]["written"] == 2
    ids = [result["recordId"] for result in answer["createAccounts"]["results"] if result["recordId"]]
    assert [f"acc_{event.record_id}" for event in await told.drain()] == ids


async def test_a_transaction_that_is_rolled_back_leaves_no_event(told: Told, monkeypatch: pytest.MonkeyPatch):
    database = told.bench.accord.database
    real = database.transaction

    @asynccontextmanager
    async def failing() -> AsyncGenerator[Any, None]:
        async with real() as transaction:
            yield transaction
            assert (await transaction.fetch("select count(*) from outbox_event", []))[0][0] == 1
            raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(database, "transaction", failing)
        (error,) = await told.bench.errors(CREATE, input={"name": "Kestrel"})
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert await told.drain() == []
    assert (await database.fetch("select count(*) from outbox_event", []))[0][0] == 0
    assert await told.bench.ask("{ accounts { totalCount } }") == {"accounts": {"totalCount": 0}}


async def test_the_worker_sees_no_event_before_its_commit(told: Told, monkeypatch: pytest.MonkeyPatch):
    writes, looks = told.bench.accord.database, Heard()
    real = writes.transaction
    seen: list[int] = []
    async with second_database(told.bench) as other:

        @asynccontextmanager
        async def slow() -> AsyncGenerator[Any, None]:
            async with real() as transaction:
                yield transaction
                looking = asyncio.create_task(told.worker(looks, other).drain())
                await asyncio.sleep(0.2)
                seen.append(len(looks.events))
            await looking  # on SQLite it has been waiting for the writer

        with monkeypatch.context() as patched:
            patched.setattr(writes, "transaction", slow)
            await told.create("Kestrel")
    assert seen == [0]
    assert [*looks.versions, *(event.version for event in await told.drain())] == [1]


# at least once -----------------------------------------------------------------------------------------------------


async def test_a_consumer_that_fails_is_told_again_after_growing_delays_and_then_the_event_is_parked(
    told: Told, caplog: pytest.LogCaptureFixture
):
    told.heard.fails = lambda event: event.version == 1
    account = await told.create("Kestrel")
    await told.update(account, name="Merlin")
    delays: list[float] = []
    for attempt in range(1, MOST_ATTEMPTS):
        (event,) = await told.drain()
        assert (event.version, event.attempts) == (1, attempt)
        (row,) = await told.bench.accord.database.fetch("select due_at from outbox_delivery where version = 1", [])
        delays.append((moment(row[0]) - told.bench.clock.now).total_seconds())
        told.bench.clock.turn(seconds=delays[-1] - 0.001)
        assert await told.drain() == []
        told.bench.clock.turn(seconds=0.001)
    assert delays == [2**attempt for attempt in range(1, MOST_ATTEMPTS)]

    last, following = await told.drain()
    assert (last.version, last.attempts) == (1, MOST_ATTEMPTS)
    assert (following.version, following.attempts) == (2, 1)
    told.bench.clock.turn(days=7)
    assert await told.drain() == []
    (parked,) = await told.bench.accord.database.fetch(
        "select version, consumer, trouble from outbox_delivery where parked_at is not null", []
    )
    assert tuple(parked) == (1, "heard", "ConnectionError")
    assert len([r for r in caplog.records if r.name == "accord.outbox"]) == MOST_ATTEMPTS


async def test_a_consumer_that_recovers_is_told_again_and_then_of_what_came_after(told: Told):
    told.heard.fails = lambda event: event.attempts < 3
    account = await told.create("Kestrel")
    await told.update(account, name="Merlin")
    for _ in range(20):
        await told.drain()
        told.bench.clock.turn(seconds=5)
    assert [(event.version, event.attempts) for event in told.heard.events] == [
        *((1, attempt) for attempt in (1, 2, 3)),
        *((2, attempt) for attempt in (1, 2, 3)),
    ]
    assert await told.waiting() == 0


async def test_records_keep_their_order_while_others_go_ahead(told: Told):
    stuck, free = await told.create("Kestrel"), await told.create("Merlin")
    for number in range(3):
        await told.update(stuck, name=f"Kestrel {number}")
        await told.update(free, name=f"Merlin {number}")
    broken = True
    told.heard.fails = lambda event: broken and f"acc_{event.record_id}" == stuck
    await told.drain()
    await told.update(stuck, name="Kestrel at last")
    await told.drain()

    def versions(id_: str) -> list[int]:
        return [event.version for event in told.heard.events if f"acc_{event.record_id}" == id_]

    assert versions(free) == [1, 2, 3, 4]
    assert versions(stuck) == [1]
    broken = False
    told.bench.clock.turn(seconds=2)
    await told.drain()
    assert versions(stuck) == [1, 1, 2, 3, 4, 5]


async def test_the_order_is_that_of_the_changes_though_the_clocks_of_their_processes_disagree(told: Told):
    account = await told.create("Kestrel")
    slow = IdSource(now_ms=lambda: 1_600_000_000_000, random_bits=lambda bits: 0)
    settings = told.bench.accord.settings
    options: Any = {"schema": core_schema(), "clock": told.bench.clock, "consumers": [told.heard]}
    async with open_accord(settings, new_id=slow, **options) as other:
        for number in range(4):
            writer = Bench(accord=told.bench.accord if number % 2 else other, clock=told.bench.clock)
            await writer.ask(UPDATE, input={"id": account, "name": f"Kestrel {number}"})
    await told.drain()
    assert told.heard.versions == [1, 2, 3, 4, 5]


# leases ------------------------------------------------------------------------------------------------------------


async def test_another_worker_takes_over_when_the_lease_of_a_dead_one_ends(
    told: Told, caplog: pytest.LogCaptureFixture
):
    account = await told.create("Kestrel")
    await told.update(account, name="Merlin")
    dead = Heard(waits=asyncio.Event())
    stopped = asyncio.create_task(told.worker(dead).drain())
    await until(lambda: dead.versions == [1])

    told.bench.clock.turn(seconds=59)
    assert await told.drain() == []
    told.bench.clock.turn(seconds=1)
    assert [(event.version, event.attempts) for event in await told.drain()] == [(1, 2), (2, 1)]
    # It was not dead, only slow: what it has to say is no news any more.
    assert dead.waits is not None
    dead.waits.set()
    await stopped
    assert dead.versions == [1]
    assert "another worker has it" in caplog.text
    told.bench.clock.turn(hours=2)
    assert await told.drain() == []


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(told: Told):
    for name in ("Kestrel", "Merlin", "Hobby"):
        await told.create(name)
    may_end = asyncio.Event()
    stopping = Heard(waits=may_end)
    worker = told.worker(stopping)
    working = asyncio.create_task(worker.run())
    await until(lambda: len(stopping.events) == 1)
    worker.stop()
    may_end.set()
    async with asyncio.timeout(PATIENCE):
        await working
    assert len(stopping.events) == 1  # which it had begun, and came to an end with
    taken = await told.drain()
    assert len(taken) == 2
    assert {event.attempts for event in taken} == {1}
    assert {event.id for event in taken}.isdisjoint(event.id for event in stopping.events)
    told.bench.clock.turn(days=1)
    assert await told.drain() == []


async def test_a_worker_that_is_cut_off_gives_back_what_it_has_not_begun(told: Told):
    for name in ("Kestrel", "Merlin", "Hobby"):
        await told.create(name)
    cut_off = Heard(waits=asyncio.Event())
    working = asyncio.create_task(told.worker(cut_off).drain())
    await until(lambda: len(cut_off.events) == 1)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    taken = {event.id for event in await told.drain()}
    assert len(taken) == 2
    assert {event.attempts for event in told.heard.events} == {1}
    told.bench.clock.turn(seconds=60)
    assert [event.id for event in await told.drain()] == [event.id for event in cut_off.events]
    assert taken.isdisjoint(event.id for event in cut_off.events)


async def test_an_event_that_ends_its_worker_each_time_is_parked(told: Told):
    await told.create("Kestrel")
    for _ in range(MOST_ATTEMPTS):
        deadly = Heard(waits=asyncio.Event())
        stopped = asyncio.create_task(told.worker(deadly).drain())
        await until(lambda deadly=deadly: len(deadly.events) == 1)
        stopped.cancel()
        with suppress(asyncio.CancelledError):
            await stopped
        told.bench.clock.turn(seconds=60)
    assert await told.drain() == []
    assert await told.waiting() == 0


async def test_a_consumer_gets_no_longer_than_the_lease(told: Told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("accord.graph.writing.leasing.LEASE", timedelta(seconds=0.2))
    await told.create("Kestrel")
    endless = Heard(waits=asyncio.Event())
    async with asyncio.timeout(PATIENCE):
        assert await told.worker(endless).drain() == 1
    (row,) = await told.bench.accord.database.fetch("select trouble from outbox_delivery", [])
    assert row[0] == "TimeoutError"
    told.bench.clock.turn(seconds=2)
    assert len(await told.drain()) == 1


async def test_the_lease_limits_a_consumer_though_the_clock_is_set_back(told: Told, monkeypatch: pytest.MonkeyPatch):
    for name in ("Kestrel", "Merlin"):
        await told.create(name)

    class Endless(Heard):
        async def handle(self, event: Event) -> None:
            self.events.append(event)
            if len(self.events) == 1:
                told.bench.clock.turn(hours=-1)
            else:
                await asyncio.Event().wait()

    monkeypatch.setattr("accord.graph.writing.leasing.LEASE", timedelta(seconds=0.5))
    async with asyncio.timeout(PATIENCE / 2):
        assert await told.worker(Endless()).drain() == 2
    ((trouble,),) = await told.bench.accord.database.fetch("select trouble from outbox_delivery", [])
    assert trouble == "TimeoutError"


async def test_what_a_clock_that_was_ahead_has_put_off_is_taken_up(told: Told, caplog: pytest.LogCaptureFixture):
    account = await told.create("Kestrel")
    await told.update(account, name="Merlin")
    told.bench.clock.turn(days=2)
    told.heard.fails = lambda event: event.attempts == 1
    assert len(await told.drain()) == 1
    told.bench.clock.turn(days=-2)
    assert await told.drain() == []
    await told.bench.accord.housekeeper.tidy()
    assert "a clock was ahead: 2 rows of outbox_delivery" in caplog.text
    told.heard.fails = lambda event: False
    assert [event.version for event in await told.drain()] == [1, 2]


async def test_what_is_put_off_for_as_long_as_it_may_be_stays_so(told: Told):
    told.heard.fails = lambda event: True
    await told.create("Kestrel")
    for attempt in range(1, MOST_ATTEMPTS):
        assert len(await told.drain()) == 1
        await told.bench.accord.housekeeper.tidy()
        assert await told.drain() == []
        told.bench.clock.turn(seconds=2**attempt)


async def test_a_consumer_that_is_slow_costs_events_that_were_not_tried_no_attempt(told: Told):
    for number in range(30):
        await told.create(f"Kestrel {number}")

    class Slow(Heard):
        async def handle(self, event: Event) -> None:
            await super().handle(event)
            told.bench.clock.turn(seconds=40)  # two of these are more than a lease

    slow = Slow()
    assert await told.worker(slow).drain() == 30
    assert {event.attempts for event in slow.events} == {1}
    assert await told.waiting() == 0


async def test_no_event_is_begun_with_less_than_half_of_its_lease_left(told: Told):
    for number in range(5):
        await told.create(f"Kestrel {number}")
    left: list[float] = []

    class Slow(Heard):
        async def handle(self, event: Event) -> None:
            await super().handle(event)
            (row,) = await told.bench.accord.database.fetch(
                f"select due_at from outbox_delivery where version = 1 and record_id = '{event.record_id}'", []
            )
            left.append((moment(row[0]) - told.bench.clock.now).total_seconds())
            told.bench.clock.turn(seconds=20)

    assert await told.worker(Slow()).drain() == 5
    assert left == [60, 40, 60, 40, 60]


async def test_two_workers_at_once_tell_each_event_once_and_in_order(told: Told):
    names = [{"name": f"Kestrel {number}"} for number in range(150)]
    made = await told.bench.ask(
        "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { results { recordId } } }",
        inputs=names,
    )
    ids = [result["recordId"] for result in made["createAccounts"]["results"]]
    for text in ("Merlin", "Hobby"):
        changes = [{"id": id_, "description": text} for id_ in ids]
        await told.bench.ask(
            "mutation ($inputs: [UpdateAccountInput!]!) { updateAccounts(inputs: $inputs) { written } }", inputs=changes
        )
    everything: list[Event] = []
    first, second = Heard(events=everything), Heard(events=everything)
    async with second_database(told.bench) as one, second_database(told.bench) as other:
        workers = [told.worker(first, one), told.worker(second, other)]
        tried = await asyncio.gather(*(worker.drain() for worker in workers))
        while await told.waiting():  # one may have found nothing just while the other held the first of each record
            tried.append(sum([await worker.drain() for worker in workers]))
    assert sum(tried) == len(everything) == 450
    for id_ in ids:
        assert [event.version for event in everything if f"acc_{event.record_id}" == id_] == [1, 2, 3]


# the worker by itself ----------------------------------------------------------------------------------------------


async def test_a_worker_that_is_woken_works_at_once(told: Told, monkeypatch: pytest.MonkeyPatch):
    looked: list[int] = []
    look: Any = OutboxWorker._drain

    async def noted(self: OutboxWorker, consumer: Heard) -> None:
        looked.append(await look(self, consumer))

    monkeypatch.setattr(OutboxWorker, "_drain", noted)
    worker = told.worker(told.heard, poll_seconds=3600)
    async with running(worker):
        await until(lambda: looked == [0])
        await told.create("Kestrel")
        await asyncio.sleep(0.1)
        assert told.heard.events == []
        worker.wake()
        await until(lambda: told.heard.versions == [1])


async def test_a_worker_that_nobody_wakes_looks_by_itself(told: Told):
    async with running(told.worker(told.heard, poll_seconds=0.01)):
        await told.create("Kestrel")
        await until(lambda: told.heard.versions == [1])


async def test_a_worker_outlives_errors_of_the_database(told: Told, caplog: pytest.LogCaptureFixture):
    database = told.bench.accord.database
    await told.create("Kestrel")
    async with database.transaction() as transaction:
        await transaction.execute("alter table outbox_event rename to elsewhere")
    async with running(told.worker(told.heard, poll_seconds=0.01)):
        await until(lambda: "the outbox of heard could not be worked on" in caplog.text)
        async with database.transaction() as transaction:
            await transaction.execute("alter table elsewhere rename to outbox_event")
        await until(lambda: told.heard.versions == [1])


async def test_a_consumer_whose_own_work_was_cancelled_does_not_end_the_worker(told: Told):
    class Cancelled(Heard):
        async def handle(self, event: Event) -> None:
            self.events.append(event)
            if event.attempts == 1:
                raise asyncio.CancelledError

    cancelled = Cancelled()
    await told.create("Kestrel")
    worker = told.worker(cancelled, poll_seconds=0.01)
    async with running(worker):
        await until(lambda: len(cancelled.events) == 1)
        told.bench.clock.turn(seconds=2)
        await until(lambda: [event.attempts for event in cancelled.events] == [1, 2])


async def test_where_nobody_listens_nothing_waits(core_databases: CoreDatabases):
    location = core_databases.new()
    async with open_bench(location, is_migrated=True) as bench:
        await bench.ask(CREATE, input={"name": "Kestrel"})
        assert (await bench.accord.database.fetch("select count(*) from outbox_event", []))[0][0] == 1
        assert (await bench.accord.database.fetch("select count(*) from outbox_delivery", []))[0][0] == 0
        assert await bench.accord.worker.drain() == 0
    core_databases.drop(location)
