"""Who sees and ends which job, and how much of their results one answer holds."""

from typing import Any
from uuid import UUID

import pytest

from accord.graph.bootstrap import OwnActor, ensure_actors
from accord.schema.jobs import MOST_RESULTS
from accord.tests.plugins.working.toy_host import Toys

NURSE = UUID("01a2008a-3486-70dc-baae-81801b4cce9d")
START = (
    """mutation ($url: String = "file:list") { hipaaImportList(url: $url) { job { id result } violations { code } } }"""
)
LIST = "query ($first: Int = 10, $state: JobState) { jobs(first: $first, state: $state) { id } }"
READ = "query ($id: ID!) { job(id: $id) { state result } }"
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { result { id state result } violations { code } } }"
HIDDEN = {"result": None, "violations": [{"code": "NOT_FOUND"}]}


async def start(toys: Toys, **who: Any) -> str:
    answer = (await toys.bench.run(START, **who)).decoded()
    assert "errors" not in answer, answer
    return answer["data"]["hipaaImportList"]["job"]["id"]


async def seen(toys: Toys, id_: str, **who: Any) -> tuple[list[str], Any, Any]:
    """The ids of the jobs that somebody may list, the result of one, and what comes of cancelling it."""
    listed = (await toys.bench.ask(LIST, **who))["jobs"]
    one = (await toys.bench.ask(READ, id=id_, **who))["job"]
    return [job["id"] for job in listed], one, (await toys.bench.ask(CANCEL, id=id_, **who))["cancelJob"]


async def test_what_a_plugin_starts_by_itself_is_for_those_alone_who_manage_jobs(toys: Toys):
    context = toys.bench.accord.contexts.of("hipaa")
    id_ = (await context.ask(START))["hipaaImportList"]["job"]["id"]
    assert await seen(toys, id_) == ([], None, HIDDEN)
    assert await seen(toys, id_, permissions=["hipaa.sign"]) == ([], None, HIDDEN)
    assert (await context.ask(READ, id=id_))["job"]["state"] == "QUEUED"
    assert await toys.bench.accord.jobs.drain() == 1
    assert await seen(toys, id_) == ([], None, HIDDEN)
    ids, job, cancelled = await seen(toys, id_, permissions=["*"])
    assert (ids, job["result"]["url"], cancelled["result"]["state"]) == ([id_], "file:list", "DONE")
    # what came of work that may do everything is not shown to who merely looks after jobs
    ids, job, cancelled = await seen(toys, id_, permissions=["jobs.manage", "hipaa.sign"])
    assert (ids, job) == ([id_], {"state": "DONE", "result": None})
    assert cancelled["result"] == {"id": id_, "state": "DONE", "result": None}
    (error,) = await toys.bench.errors("query ($id: ID!) { node(id: $id) { id } }", id=id_)
    assert error["extensions"]["code"] == "INVALID_ID"


async def test_who_no_longer_holds_what_a_job_runs_with_does_not_see_it(toys: Toys):
    nurse = (OwnActor(id=NURSE, name="nurse", kind="PERSON"),)
    await ensure_actors(toys.bench.accord.database, toys.bench.accord.catalogue, toys.bench.clock(), nurse)
    id_ = await start(toys, actor=NURSE, permissions=["hipaa.sign", "kyc.read"])
    assert await toys.bench.accord.jobs.drain() == 1
    for left in ([], ["hipaa.sign"], ["kyc.read", "kyc.write"]):
        assert await seen(toys, id_, actor=NURSE, permissions=left) == ([], None, HIDDEN)
    ids, job, cancelled = await seen(toys, id_, actor=NURSE, permissions=["hipaa.sign", "kyc.read", "kyc.write"])
    assert (ids, job["state"], cancelled["result"]["result"]["url"]) == ([id_], "DONE", "file:list")
    assert await seen(toys, id_, permissions=["hipaa.sign", "kyc.read"]) == ([], None, HIDDEN)  # somebody else


async def test_a_list_is_filled_with_what_the_caller_may_see(toys: Toys):
    own = [await start(toys, permissions=["hipaa.sign"]) for _ in range(2)]
    for _ in range(3):
        await start(toys, permissions=["hipaa.sign", "kyc.read"])
    found = await toys.bench.ask(LIST, first=2, state="QUEUED", permissions=["hipaa.sign"])
    assert [job["id"] for job in found["jobs"]] == own[::-1]


async def test_arguments_and_results_are_read_where_they_are_selected_alone(toys: Toys):
    id_ = await start(toys, permissions=["hipaa.sign"])
    await toys.bench.accord.jobs.drain()
    for query in ("{ jobs { state } }", f'{{ job(id: "{id_}") {{ state }} }}'):
        with toys.bench.counted() as statements:
            await toys.bench.ask(query, permissions=["hipaa.sign"])
        (statement,) = statements
        assert "result" not in statement
        assert "arguments" not in statement
    found = await toys.bench.ask(
        "{ jobs { ...Came } } fragment Came on Job { came: result }", permissions=["hipaa.sign"]
    )
    assert found["jobs"] == [{"came": {"url": "file:list", "days": [], "may": True}}]


@pytest.mark.parametrize(
    ("arguments", "cost"), [("", 20), ("(first: 200)", 200), ("(first: 5000)", 200), ("(first: 0)", 1)]
)
async def test_a_list_of_jobs_costs_what_it_may_hold(toys: Toys, arguments: str, cost: int):
    result = await toys.bench.run(f"{{ a: jobs{arguments} {{ id }} b: jobs(first: 7) {{ id }} }}")
    assert result.cost is not None
    assert result.cost.requested == cost + 7


async def test_an_answer_holds_so_much_of_results_and_no_more(toys: Toys):
    most = MOST_RESULTS // 900_000
    long = "x" * 900_000  # which the job gives back
    ids = [await start(toys, url=long, permissions=["hipaa.sign"]) for _ in range(most + 1)]
    assert await toys.bench.accord.jobs.drain() == most + 1
    may: dict[str, Any] = {"permissions": ["hipaa.sign"]}
    found = await toys.bench.ask("query ($first: Int!) { jobs(first: $first) { result } }", first=most, **may)
    assert [len(job["result"]["url"]) for job in found["jobs"]] == [900_000] * most
    (error,) = await toys.bench.errors("{ jobs { result } }", **may)
    assert error["extensions"]["code"] == "ANSWER_TOO_LARGE"
    assert error["path"] == ["jobs"]
    assert "ask for fewer jobs at once" in error["message"]
    each = " ".join(f'a{number}: job(id: "{id_}") {{ result }}' for number, id_ in enumerate(ids))
    answer = (await toys.bench.run(f"{{ {each} }}", **may)).decoded()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["ANSWER_TOO_LARGE"]
    assert len((await toys.bench.ask("{ jobs { id state } }", **may))["jobs"]) == most + 1
