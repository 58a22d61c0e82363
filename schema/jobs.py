"""The fields that tell of jobs and end them, written as a plugin's operations are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import strawberry

from ..graph.databases.database import Database
from ..graph.errors import InvalidInput
from ..graph.identity import GLOBAL_ID
from ..graph.storing import iso
from ..graph.writing.job_table import MOST_LISTED, JobState, Starter, Wanted, measure_results, read_jobs
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Part, Shape
from .exchange import ALL
from .seeing import View

MANAGE = "jobs.manage"  # permission to see and end jobs that others started
MOST_RESULTS = 8_000_000  # bytes of jobs' results in one answer
FIELD = "jobs"
PREFIX = "job"
KEY = Shape(nature=Nature.TEXT, type=strawberry.ID)
TEXT = Shape(nature=Nature.TEXT)
NUMBER = Shape(nature=Nature.INTEGER)
MOMENT = Shape(nature=Nature.MOMENT)
STATE = Shape(nature=Nature.CHOICE, type=JobState)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Long work of a plugin that somebody started."""


def _nullable(shape: Shape) -> Shape:
    return Shape(nature=shape.nature, nullable=True, type=shape.type)


JOB = Shape(
    nature=Nature.OBJECT,
    nullable=True,
    type=Job,
    parts=(
        Part(name="id", shape=KEY, description="Its id."),
        Part(name="plugin", shape=TEXT, description="The plugin that does it."),
        Part(name="name", shape=TEXT, description="The mutation that started it."),
        Part(name="state", shape=STATE, description="How far it has come."),
        Part(name="done", shape=NUMBER, description="How many steps are done."),
        Part(name="total", shape=_nullable(NUMBER), description="How many steps there are, as far as that is known."),
        Part(name="message", shape=_nullable(TEXT), description="What it is at."),
        Part(name="result", shape=Shape(nature=Nature.JSON, nullable=True), description="What came of it."),
        Part(name="trouble", shape=_nullable(TEXT), description="Why it failed, as far as that may be told."),
        Part(name="attempts", shape=NUMBER, description="How often it was begun."),
        Part(name="createdAt", shape=MOMENT, description="When it was asked for."),
        Part(name="startedAt", shape=_nullable(MOMENT), description="When it was begun first."),
        Part(name="endedAt", shape=_nullable(MOMENT), description="When it ended."),
    ),
)


def job_id(id_: UUID) -> str:
    """A job's id as the API shows it."""
    return f"{PREFIX}_{id_}"


def parse_job_id(text: Any) -> UUID:
    """The UUID in a job's id; raises InvalidInput."""
    match = GLOBAL_ID.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] != PREFIX:
        raise InvalidInput("INVALID_ID", "This is no id of a job; these look like job_ followed by a UUID.")
    return UUID(match[2])


class JobFields:
    """Reads and ends jobs, with the permission jobs.manage all of them.

    Others have those that they started, as long as they hold everything that these run with.
    """

    def __init__(self, database: Database, operations: Sequence[Operation]) -> None:
        self._database = database
        self._names = {(one.plugin, one.name): one.api for one in operations}

    async def job(self, view: View, id_: Any, fields: Collection[str] = ()) -> dict[str, Any] | None:
        """One job as the API shows it, with its result if that is among the fields; None if the caller has none."""
        wanted = Wanted(ids=[parse_job_id(id_)], starter=_starter(view), holding=_holding(view))
        return next(iter(await self._read(view, wanted, fields)), None)

    async def jobs(self, view: View, first: int, state: str | None, fields: Collection[str]) -> list[dict[str, Any]]:
        """The newest jobs."""
        states = None if state is None else (state,)
        wanted = Wanted(states=states, starter=_starter(view), holding=_holding(view), most=first)
        return await self._read(view, wanted, fields)

    async def _read(self, view: View, wanted: Wanted, fields: Collection[str]) -> list[dict[str, Any]]:
        """Jobs, with their results if wanted; raises InvalidInput where one answer would hold too much of these."""
        dialect = self._database.dialect
        if "result" in fields:
            size = await measure_results(self._database, dialect, wanted)
            view.results += size  # counted at once: other root fields are read meanwhile
            if view.results > MOST_RESULTS:
                raise InvalidInput(
                    "ANSWER_TOO_LARGE",
                    f"The results of these jobs are larger than the {MOST_RESULTS:,} bytes that an answer may hold of "
                    "results: ask for fewer jobs at once, or for the result of one by its id.",
                )
        rows = await read_jobs(self._database, dialect, wanted, with_results="result" in fields)
        return [self.shown(row) for row in rows]

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:
        """A job's row by the names of the API."""
        return {
            "id": job_id(row["id"]),
            "plugin": row["plugin"],
            "name": self._names.get((row["plugin"], row["name"]), row["name"]),
            "state": row["state"],
            "done": row["done"],
            "total": row["total"],
            "message": row["message"],
            "result": None if row.get("result") is None else orjson.Fragment(row["result"]),
            "trouble": row["trouble"],
            "attempts": row["attempts"],
            "createdAt": None if row["created_at"] is None else iso(row["created_at"]),
            "startedAt": None if row["started_at"] is None else iso(row["started_at"]),
            "endedAt": None if row["ended_at"] is None else iso(row["ended_at"]),
        }


def _starter(view: View) -> Starter | None:
    """Whose jobs alone a caller has; None for one who manages all."""
    caller = view.caller
    return None if caller.may(MANAGE) else Starter(actor=caller.actor, permissions=caller.permissions)


def _holding(view: View) -> frozenset[str] | None:
    """What a caller holds, where it is not all: what came of work with more than that is not shown."""
    return None if view.caller.may(ALL) else view.caller.permissions


async def _unused(*arguments: Any) -> None:
    """Core's own fields are answered by JobFields."""


def job_operations() -> list[Operation]:
    """The fields job, jobs and cancelJob."""
    one = Part(name="id", shape=KEY, description="The job.")
    return [
        Operation(
            plugin="core",
            kind=OperationKind.QUERY,
            name="job",
            api="job",
            permission=None,
            description="One job; null where there is none, or none that you may see.",
            function=_unused,
            arguments=(one,),
            result=JOB,
        ),
        Operation(
            plugin="core",
            kind=OperationKind.QUERY,
            name=FIELD,
            api=FIELD,
            permission=None,
            description=(
                f"The newest jobs: with the permission {MANAGE} all of them; else those that you started, but for what "
                "runs with permissions that you don't hold any more. The result of a job that runs with more than you "
                "hold is null."
            ),
            function=_unused,
            arguments=(
                Part(
                    name="first",
                    shape=NUMBER,
                    description=f"How many, {MOST_LISTED} at most.",
                    has_default=True,
                    default=20,
                ),
                Part(name="state", shape=_nullable(STATE), description="Only those in this state.", has_default=True),
            ),
            result=Shape(
                nature=Nature.LIST,
                inner=Shape(nature=Nature.OBJECT, type=Job, parts=JOB.parts),
                type=list,
            ),
        ),
        Operation(
            plugin="core",
            kind=OperationKind.MUTATION,
            name="cancel_job",
            api="cancelJob",
            permission=None,
            description="End a job. One that runs ends where it next waits; one that has ended stays as it is.",
            function=_unused,
            arguments=(one,),
            result=JOB,
        ),
    ]
