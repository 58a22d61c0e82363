"""What Accord asks its database in each workload: the statements that the limit runs, and the answers to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from accord.bench.workloads import Workload, World
from accord.config.composition import Accord, open_accord
from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.schema.exchange import Caller, Request

CALLER = Caller(actor=SYSTEM_ACTOR, request="bench")
SAMPLE = 1000  # accounts that are asked for by turns
BY_NAME = """query ($after: String, $first: Int!) {
  accounts(first: $first, after: $after, orderBy: [{name: ASC}]) { pageInfo { endCursor } } }"""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The one statement of a read, its parameters in each of its requests, and the names around its answer."""

    statement: str
    parameters: Sequence[Sequence[Any]]
    field: str


async def look_around(location: str) -> World:
    """What workloads name of the database at `location` (a setting)."""
    async with open_accord(Settings(database=location)) as accord:
        rows = await accord.database.fetch("select id from account order by id", [])
        step = max(1, len(rows) // SAMPLE)
        cursor: str | None = None
        for first in [100] * 99 + [50]:
            cursor = (await _ask(accord, BY_NAME, {"first": first, "after": cursor}))["accounts"]["pageInfo"][
                "endCursor"
            ]
        assert cursor is not None
        # by turns from all over the table, not in the order in which they stand there
        ids = [f"acc_{row[0]}" for row in rows[::step]][:SAMPLE]
        return World(accounts=[ids[place * 389 % len(ids)] for place in range(len(ids))], page_200=cursor)


async def record(location: str, workloads: Sequence[Workload], world: World) -> dict[str, Recorded]:
    """Run each read once for each of its variables and note what reaches the database."""
    found: dict[str, Recorded] = {}
    async with open_accord(Settings(database=location)) as accord:
        heard: list[tuple[str, Sequence[Any]]] = []
        database: Any = accord.database
        fetch = database.fetch

        async def listen(statement: str, parameters: Sequence[Any]) -> Any:
            heard.append((statement, list(parameters)))
            return await fetch(statement, parameters)

        database.fetch = listen
        for workload in workloads:
            if workload.is_write:
                continue
            heard.clear()
            data: dict[str, Any] = {}
            for variables in workload.variables(world, 0):
                data = await _ask(accord, workload.document, variables)
            (statement,) = {statement for statement, _ in heard}
            (field,) = data
            parameters = [values for _, values in heard]
            found[workload.name] = Recorded(statement=statement, parameters=parameters, field=field)
    return found


async def _ask(accord: Accord, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    result = await accord.service.run(Request(query=document, variables=variables), CALLER)
    answer = orjson.loads(result.encoded())
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
