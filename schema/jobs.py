"""The fields that tell of jobs and end them, written as a plugin's operations are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry

from ..graph.databases.database import Database
from ..graph.errors import InvalidInput
from ..graph.identity import GLOBAL_ID
from ..graph.storing import iso
from ..graph.writing.jobs import MOST_LISTED, JobState, read_jobs
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Part, Shape
from .exchange import Caller

MANAGE = "jobs.manage"  # permission to see and end jobs that others started
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
    """Reads and ends jobs: those that the caller started, with the permission jobs.manage all."""

    def __init__(self, database: Database, operations: Sequence[Operation]) -> None:
        self._database = database
        self._names = {(one.plugin, one.name): one.api for one in operations}

    async def job(self, caller: Caller, id_: Any) -> dict[str, Any] | None:
        """One job as the API shows it; None where there is none, or none of the caller's."""
        rows = await read_jobs(self._database, self._database.dialect, ids=[parse_job_id(id_)])
        return next(iter(self._seen(caller, rows)), None)

    async def jobs(self, caller: Caller, first: int, state: str | None) -> list[dict[str, Any]]:
        """The newest jobs."""
        actor = None if _manages(caller) else caller.actor
        states = () if state is None else (state,)
        rows = await read_jobs(self._database, self._database.dialect, states=states, actor=actor, most=first)
        return self._seen(caller, rows)

    def _seen(self, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self.shown(row) for row in rows if _manages(caller) or row["actor_id"] == caller.actor]

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
            "result": row["result"],
            "trouble": row["trouble"],
            "attempts": row["attempts"],
            "createdAt": None if row["created_at"] is None else iso(row["created_at"]),
            "startedAt": None if row["started_at"] is None else iso(row["started_at"]),
            "endedAt": None if row["ended_at"] is None else iso(row["ended_at"]),
        }


def _manages(caller: Caller) -> bool:
    return caller.may(MANAGE)


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
            name="jobs",
            api="jobs",
            permission=None,
            description=f"The newest jobs: those that you started, or all of them with the permission {MANAGE}.",
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
