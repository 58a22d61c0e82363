"""The time-out of requests: what takes too long is stopped in the database, and leaves nothing half done."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from accord.config.app import create_app
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.deadlines import Deadlines
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench
from accord.tests.schema.asgi_clients import streaming
from accord.tests.waiting import PATIENCE, until

SOON = 30  # seconds
SIZE = 50  # accounts and contacts, all of them linked
MESSAGE = "The request took longer than {} seconds and was stopped; ask for less at once."
TIMEOUT = {"message": MESSAGE.format(0.5), "extensions": {"code": "TIMEOUT"}}
NAMES = """mutation ($accounts: [CreateAccountInput!]!, $contacts: [CreateContactInput!]!) {
  createAccounts(inputs: $accounts) { results { recordId } } createContacts(inputs: $contacts) { results { recordId } }
}"""
LINKS = "mutation ($inputs: [CreateAccountContactInput!]!) { createAccountContacts(inputs: $inputs) { refused } }"
# From each account to each contact of it, from there to each account, and so on: SIZE to the fourth looks at a name.
NOBODY = "{contacts: {some: {accounts: {some: {contacts: {some: {givenName: {eq: $name}}}}}}}}"
SLOW_QUERY = f"query ($name: String!) {{ accounts(filter: {NOBODY}) {{ nodes {{ name }} }} }}"
SLOW_MUTATION = f"mutation ($name: String!) {{ deleteAccounts(filter: {NOBODY}) {{ written }} }}"
CREATE = 'mutation { createAccount(input: {name: "Kestrel"}) { recordId violations { code } } }'
RENAME = 'mutation ($id: ID!) { updateAccount(input: {id: $id, name: "Merlin"}) { recordId } }'
SLOW_CHANGES = 'subscription { changes(types: ["Account"]) { node { ... on Account { contacts { totalCount } } } } }'
CALLER = Caller(actor=SYSTEM_ACTOR, request="test")
COUNT = "{ accounts { totalCount } }"
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000) select max(i) from n"


def undone(name: str, key: str, seconds: float) -> dict[str, Any]:
    """The error of a mutation's field of which nothing was done."""
    extensions = {"code": "TIMEOUT", "written": False}
    return {"message": f"{MESSAGE.format(seconds)} {name} was not done.", "path": [key], "extensions": extensions}


async def slow_down(bench: Bench) -> str:
    """Let a filter over several relations take hours; gives the name to look for.

    PostgreSQL looks for a name that nobody has on every way through many links. SQLite would not, so that there it
    takes hours to see the one contact that there is.
    """
    size = 1 if bench.kind == "sqlite" else SIZE
    made = await bench.ask(
        NAMES,
        accounts=[{"name": f"Account {number}"} for number in range(size)],
        contacts=[{"givenName": f"Contact {number}"} for number in range(size)],
    )
    links = [
        {"accountId": account["recordId"], "contactId": contact["recordId"]}
        for account in made["createAccounts"]["results"]
        for contact in made["createContacts"]["results"]
    ]
    assert (await bench.ask(LINKS, inputs=links))["createAccountContacts"]["refused"] == 0
    if bench.kind == "sqlite":
        async with bench.accord.database.transaction() as transaction:
            await transaction.execute("alter table contact rename to contact_kept")
            await transaction.execute(f"create view contact as select * from contact_kept where ({ENDLESS}) > 0")
    return "Contact 0" if bench.kind == "sqlite" else "Nobody"


async def count(bench: Bench) -> int:
    return (await bench.ask(COUNT))["accounts"]["totalCount"]


@asynccontextmanager
async def limited(bench: Bench, seconds: float) -> AsyncIterator[None]:
    """Let requests take so long, no longer."""
    service = bench.accord.service
    before, service.deadlines = service.deadlines, Deadlines(seconds)
    try:
        yield
    finally:
        service.deadlines = before


async def stopped(bench: Bench, query: str, **variables: Any) -> None:
    """Run a document that must be stopped; it answers soon after its time is over."""
    started = time.monotonic()
    async with limited(bench, 0.5):
        answer = (await bench.run(query, **variables)).decoded()
    cost = answer.pop("extensions")["cost"]
    assert cost["requested"] > 0
    assert cost["limit"] == bench.accord.settings.limit_cost
    if query.startswith("query"):
        assert answer == {"errors": [TIMEOUT], "data": None}
    else:
        ((name, left),) = answer["data"].items()
        assert left is None
        assert answer["errors"] == [undone(name, name, 0.5)]
    assert time.monotonic() - started < SOON


async def slow_contacts(bench: Bench) -> str:
    """Let it take hours to look at contacts; gives the id of an account that has one."""
    made = await bench.ask('mutation { createAccount(input: {name: "A", contacts: [{givenName: "B"}]}) { recordId } }')
    endless = ENDLESS if bench.kind == "sqlite" else "select count(*) from pg_sleep(10000)"
    async with bench.accord.database.transaction() as transaction:
        await transaction.execute("alter table contact rename to contact_kept")
        await transaction.execute(f"create view contact as select * from contact_kept where ({endless}) > 0")
    return made["createAccount"]["recordId"]


@asynccontextmanager
async def listening(bench: Bench, count: int) -> AsyncIterator[list[asyncio.Task[list[Any]]]]:
    """Some who listen for accounts and select what takes hours; gives what each heard until its end."""

    async def heard() -> list[Any]:
        async with aclosing(bench.accord.service.subscribe(Request(query=SLOW_CHANGES), CALLER)) as results:
            return [result.decoded() async for result in results]

    tasks = [asyncio.create_task(bench.accord.feed.run())]
    listeners = [asyncio.create_task(heard()) for _ in range(count)]
    try:
        await until(lambda: bench.accord.feed.listeners == count)
        yield listeners
    finally:
        for task in (*tasks, *listeners):
            task.cancel()
        await asyncio.wait([*tasks, *listeners])


async def is_busy(bench: Bench) -> bool:
    """Whether anything is still being done in the database for it."""
    if bench.kind == "sqlite":
        database: Any = bench.accord.database
        return database._writing.locked() or database._free.qsize() < len(database._readers)
    connection = await asyncpg.connect(bench.accord.settings.database)
    try:
        busy = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "and application_name = 'accord' and state <> 'idle'"
        )
    finally:
        await connection.close()
    return busy > 0


async def at_work(bench: Bench) -> None:
    """Wait until the database is busy with what takes long, and not just with some work beside the requests."""

    async def is_long_busy() -> bool:
        for _ in range(3):
            if not await is_busy(bench):
                return False
            await asyncio.sleep(0.1)
        return True

    await until(is_long_busy)


async def quiet(bench: Bench) -> None:
    """Wait until the database does nothing more."""

    async def is_quiet() -> bool:
        return not await is_busy(bench)

    await until(is_quiet)


async def test_a_slow_query_is_stopped_in_the_database_and_its_connection_is_free_again(bench: Bench) -> None:
    name = await slow_down(bench)
    for _ in range(6):  # more often than SQLite has connections to read
        await stopped(bench, SLOW_QUERY, name=name)
    await quiet(bench)
    assert await count(bench) > 0


async def test_a_slow_mutation_is_stopped_and_the_next_one_can_write(bench: Bench) -> None:
    name = await slow_down(bench)
    before = await count(bench)
    for _ in range(2):
        await stopped(bench, SLOW_MUTATION, name=name)
    await quiet(bench)
    assert (await bench.ask(CREATE))["createAccount"]["violations"] == []
    assert await count(bench) == before + 1


async def test_a_change_that_takes_too_long_to_read_ends_its_subscription(bench: Bench) -> None:
    account = await slow_contacts(bench)
    message = "Reading a change took longer than 0.5 seconds, so that the subscription was ended; subscribe anew, and "
    error = {"message": f"{message}select less.", "path": ["changes"], "extensions": {"code": "TIMEOUT"}}
    async with limited(bench, 0.5), listening(bench, 3) as listeners:
        await bench.ask(RENAME, id=account)
        async with asyncio.timeout(PATIENCE):
            assert await asyncio.gather(*listeners) == [[{"errors": [error], "data": None}]] * 3
    await quiet(bench)
    assert bench.accord.feed.listeners == 0


async def test_requests_are_answered_however_many_listen_to_what_takes_long(bench: Bench) -> None:
    account = await slow_contacts(bench)
    async with listening(bench, 12) as listeners:
        await bench.ask(RENAME, id=account)
        await at_work(bench)
        async with asyncio.timeout(PATIENCE):
            assert await count(bench) == 1
        assert not any(listener.done() for listener in listeners)
    await quiet(bench)


@asynccontextmanager
async def stuck_postgresql(bench: Bench) -> AsyncIterator[None]:
    """Hold the table that a write comes to last."""
    connection = await asyncpg.connect(bench.accord.settings.database)
    try:
        async with connection.transaction():
            await connection.execute("lock table outbox_event in share mode")
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def stuck_sqlite(bench: Bench) -> AsyncIterator[None]:
    """Let the table that a write comes to last take an hour for each row."""
    database = bench.accord.database
    async with database.transaction() as transaction:
        await transaction.execute(f"create trigger endless before insert on outbox_event begin {ENDLESS}; end")
    yield
    async with database.transaction() as transaction:
        await transaction.execute("drop trigger endless")


def stuck(bench: Bench) -> AbstractAsyncContextManager[None]:
    return stuck_sqlite(bench) if bench.kind == "sqlite" else stuck_postgresql(bench)


async def test_a_mutation_that_is_stopped_in_the_middle_of_its_writing_leaves_nothing(bench: Bench) -> None:
    async with stuck(bench):
        await stopped(bench, CREATE)
        assert await count(bench) == 0
        await quiet(bench)
    assert (await bench.ask(CREATE))["createAccount"]["violations"] == []
    assert await count(bench) == 1


async def test_of_a_mutation_that_is_stopped_each_field_tells_what_became_of_it(bench: Bench) -> None:
    account = await slow_contacts(bench)
    document = """mutation ($id: ID!) { __typename
      first: updateAccount(input: {id: $id, description: "Written"}) { recordId violations { code } }
      refused: updateAccount(input: {id: $id, expectedVersion: 99, name: "Refused"}) { recordId violations { code } }
      kept: updateAccounts(inputs: [{id: $id, name: "Kept"}]) {
        written results { recordId shown: account { name contacts { totalCount } } } }
      never: createAccount(input: {name: "Never"}) { recordId }
    }"""
    async with limited(bench, 5):  # time for three writes, on any machine
        answer = (await bench.run(document, id=account)).decoded()
    assert answer["data"] == {
        "__typename": "Mutation",
        "first": {"recordId": account, "violations": []},
        "refused": {"recordId": None, "violations": [{"code": "STALE_VERSION"}]},
        "kept": {"written": 1, "results": [{"recordId": account, "shown": None}]},
        "never": None,
    }
    assert answer["errors"] == [
        {
            "message": f"updateAccounts is done and kept; only its answer is missing. {MESSAGE.format(5)}",
            "path": ["kept", "results", 0, "shown"],
            "extensions": {"code": "TIMEOUT", "written": True},
        },
        undone("createAccount", "never", 5),
    ]
    shown = "{ accounts { nodes { name description } } }"
    assert (await bench.ask(shown))["accounts"]["nodes"] == [{"name": "Kept", "description": "Written"}]


@pytest.mark.parametrize("document", [SLOW_QUERY, SLOW_MUTATION])
async def test_a_request_that_nobody_waits_for_is_stopped(bench: Bench, document: str) -> None:
    name = await slow_down(bench)
    request = Request(query=document, variables={"name": name})
    running = asyncio.create_task(bench.accord.service.run(request, CALLER))
    await at_work(bench)
    running.cancel()
    await asyncio.wait((running,), timeout=PATIENCE)
    assert running.cancelled()
    await quiet(bench)
    assert (await bench.ask(CREATE))["createAccount"]["violations"] == []


@pytest.mark.parametrize("document", [SLOW_QUERY, SLOW_MUTATION])
async def test_a_request_whose_client_has_left_is_stopped(bench: Bench, document: str) -> None:
    name = await slow_down(bench)
    app = create_app(bench.accord.settings, bench.accord)
    async with app.router.lifespan_context(app):
        body = {"query": document, "variables": {"name": name}}
        async with streaming(app, {"accept": "application/json"}, body) as stream:
            await at_work(bench)
        # the request has come to its end, without an answer
        assert stream.sent.empty()
    await quiet(bench)
    assert (await bench.ask(CREATE))["createAccount"]["violations"] == []
