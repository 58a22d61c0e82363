"""Jobs: long work that somebody starts; kept with its progress, and run by one process at a time, at least once."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from ...plugins.calling import Hooks
from ...plugins.contexts import Context, Passing
from ...plugins.operations import Operation, OperationKind, operations_of
from ..catalogue import Kind
from ..databases.database import Database
from ..databases.finishing import to_its_end
from ..reading.rows import as_list
from .job_table import COLUMNS, JobState, loaded_job, progress_of
from .leasing import Leased, Queue
from .retrying import LEASE, trouble_of
from .turns import POLL_SECONDS, Turns

log = logging.getLogger("accord.jobs")

BEAT_SECONDS = 2.0  # how often a running job says that it is alive, and looks whether it is cancelled
MOST_LOST = 5  # processes, before it is held against the job
MOST_AT_ONCE = 2  # jobs that one process runs side by side
LARGEST_RESULT = 1_000_000  # characters
PAUSE_SECONDS = 0.2  # between two notes of a job's progress, however often it tells
Contexts = Callable[[str, UUID, frozenset[str]], Context]  # of a plugin's work for an actor with these permissions
Coerce = Callable[[Operation, Mapping[str, Any]], Mapping[str, Any]]  # stored arguments as the method takes them


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A job that this process runs; in its values, by column, its progress stands before it is written down."""

    leased: Leased
    values: dict[str, Any]

    @property
    def progress(self) -> Mapping[str, Any]:
        """How far it is."""
        return {column: self.values[column] for column in ("done", "total", "message")}


class JobWorker:
    """Runs jobs: a few side by side, each under a lease that its heartbeat renews."""

    def __init__(
        self,
        database: Database,
        hooks: Hooks,
        contexts: Contexts,
        coerce: Coerce,
        *,
        now: Callable[[], datetime],
        poll_seconds: float = POLL_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._database = database
        self._hooks = hooks
        self._contexts = contexts
        self._coerce = coerce
        self._now = now
        self._beat_seconds = beat_seconds
        self._methods = {
            (plugin.name, one.name): one
            for plugin in hooks.plugins
            for one in operations_of(plugin)[0]
            if one.kind is OperationKind.JOB
        }
        dialect = database.dialect
        known = dialect.in_list("(d.plugin || '.' || d.name)", 2, Kind.CODE)  # others wait for a process with them
        self._queue = Queue(
            database=database,
            now=now,
            table="job",
            columns=tuple(COLUMNS),
            waits=f"d.state in ('QUEUED','RUNNING') and {known}",
            parameters=[as_list([".".join(key) for key in self._methods], dialect)],
            kinds=COLUMNS,
            further=self._taken,
        )
        self._turns = Turns(self._turn, "jobs", poll_seconds=poll_seconds)
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look for jobs now."""
        self._turns.wake()

    def stop(self) -> None:
        """Take no more jobs, give those at hand back to the queue, and end."""
        self._turns.stop()
        self._let_go()

    async def run(self) -> None:
        """Work until stopped or cancelled."""
        if not self._methods:
            return
        try:
            await self._turns.run()
        finally:
            self._let_go()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _let_go(self) -> None:
        """Cancel what runs, each once: a second time would say that its end is not worth waiting for."""
        for task in self._running:
            if not task.cancelling():
                task.cancel()

    async def drain(self) -> int:
        """Run all waiting jobs to their end; returns how many."""
        count = 0
        while (claimed := await self._claim()) is not None:
            await self._work(claimed)
            count += 1
        return count

    async def _turn(self) -> None:
        while len(self._running) < MOST_AT_ONCE and not self._turns.is_stopping:
            claimed = await self._claim()
            if claimed is None:
                return
            if self._turns.is_stopping:  # told so while it looked
                await self._give_back(claimed)
                return
            task = asyncio.create_task(self._work(claimed))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake()
        if not task.cancelled() and task.exception() is not None:
            log.error("a job's end could not be noted; it will run again", exc_info=task.exception())

    async def _claim(self) -> _Job | None:
        """The next job that waits, or whose process is gone; what can't be run any more is put aside on the way."""
        while claimed := await self._queue.claim():
            (leased,) = claimed
            values = {**loaded_job(leased.row, self._database.kind), **leased.changed}
            if values["state"] == JobState.RUNNING.value:
                return _Job(leased=leased, values=values)
        return None

    def _taken(self, row: Sequence[Any]) -> Mapping[str, Any]:
        """What becomes of a job that is taken."""
        job = loaded_job(row, self._database.kind)
        state, trouble = JobState.RUNNING, None
        if job["cancelled_at"] is not None:
            state = JobState.CANCELLED
        elif job["attempts"] - job["interruptions"] >= MOST_LOST:
            state, trouble = JobState.FAILED, "no process came to an end with it"
        return {
            "state": state.value,
            "trouble": trouble,
            "started_at": job["started_at"] or self._now(),
            "ended_at": None if state is JobState.RUNNING else self._now(),
        }

    async def _work(self, job: _Job) -> None:
        operation = self._methods[job.values["plugin"], job.values["name"]]
        work = asyncio.create_task(self._call(operation, job))
        beat = asyncio.create_task(self._beat(job, work))
        is_cut = False
        try:
            # shielded by the wait: a cancelled worker gives the job back, and a cancelled job says so
            await asyncio.wait((work,))
        except asyncio.CancelledError:
            is_cut = work.cancel()
            await asyncio.wait((work,))
            raise
        finally:
            await to_its_end(self._close(job, work, beat, is_cut=is_cut))

    async def _close(self, job: _Job, work: asyncio.Task[Any], beat: asyncio.Task[None], *, is_cut: bool) -> None:
        """Note what came of a job; one that does not end when told to is left to its lease."""
        beat.cancel()
        await asyncio.wait((beat,))
        if not work.done():
            log.warning("job %s did not end when its process was told to stop; it will run again", job.leased.id)
            return
        error = None if work.cancelled() else work.exception()
        if is_cut:
            await self._give_back(job)
        elif work.cancelled():
            await self._end(job, JobState.CANCELLED)
        elif error is not None:
            log.warning(
                "job %s, %s of %s, failed", job.leased.id, job.values["name"], job.values["plugin"], exc_info=error
            )
            await self._end(job, JobState.FAILED, trouble=trouble_of(error))
        else:
            await self._end(job, JobState.DONE, result=work.result())

    async def _give_back(self, job: _Job) -> None:
        job.values["interruptions"] += 1
        await self._end(job, JobState.QUEUED, trouble="its process stopped")

    async def _call(self, operation: Operation, job: _Job) -> Any:
        context = _JobContext(
            self, job, self._contexts(operation.plugin, job.values["actor_id"], frozenset(job.values["permissions"]))
        )

        async def call() -> Any:
            result = await operation.function(context, **self._coerce(operation, job.values["arguments"]))
            if len(orjson.dumps(result)) > LARGEST_RESULT:
                raise ValueError(f"the result of a job has {LARGEST_RESULT} characters at most")
            return result

        return await self._hooks.contained(operation.plugin, f"job {operation.name}", call())

    async def _beat(self, job: _Job, work: asyncio.Task[Any]) -> None:
        """Renew the lease while the job runs; end it where it is cancelled, or another process has it."""
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                is_wanted = await self.note(job)
            except Exception:  # the database may be away for a moment, and the lease is long
                log.exception("the heartbeat of job %s could not be noted; trying again", job.leased.id)
                continue
            if not is_wanted:
                work.cancel()
                return

    async def note(self, job: _Job) -> bool:
        """Write down how far a job is, and renew its lease; whether it is still ours, and wanted."""
        values = {"due_at": self._now() + LEASE, **job.progress}
        async with self._database.transaction() as transaction:
            return await self._queue.change(
                transaction, job.leased, values, further="and state = 'RUNNING' and cancelled_at is null"
            )

    async def _end(self, job: _Job, state: JobState, *, trouble: str | None = None, result: Any = None) -> None:
        moment = self._now()
        values = {
            "state": state.value,
            "trouble": trouble,
            "result": result,
            "ended_at": None if state is JobState.QUEUED else moment,
            "due_at": moment,
            "interruptions": job.values["interruptions"],
            **job.progress,
        }
        async with self._database.transaction() as transaction:
            is_ours = await self._queue.change(transaction, job.leased, values, further="and state = 'RUNNING'")
        if not is_ours:
            log.warning("job %s was taken over by another process meanwhile", job.leased.id)


class _JobContext(Passing):
    """What a job is given."""

    def __init__(self, worker: JobWorker, job: _Job, context: Context) -> None:
        super().__init__(context)
        self._worker = worker
        self._job = job
        self.id = job.leased.id
        self.attempts = job.leased.attempts
        self._noted = float("-inf")

    async def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self._job.values.update(progress_of(done, total, message))
        now = asyncio.get_running_loop().time()
        if now < self._noted + PAUSE_SECONDS:
            return  # the heartbeat will note it, or the end
        self._noted = now
        if not await self._worker.note(self._job):
            raise asyncio.CancelledError
