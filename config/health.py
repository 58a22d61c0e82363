"""Health: whether this process answers, and whether it can answer requests well."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..graph.bootstrap import SYSTEM_ACTOR
from ..graph.migrating import DatabaseState, MigrationError, Target
from ..graph.migrating import status as read_status
from ..graph.reading.rows import RowReader, Values
from .composition import Accord
from .stopping import Stopping

log = logging.getLogger("accord.health")

CHECK_SECONDS = 5.0  # a database that takes longer counts as away
KEPT_SECONDS = 15.0  # what was found of the migrations is believed for so long
KEPT_AFTER_FAILURE = 2.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at; `reason` is there where it failed."""

    name: str
    reason: str | None = None

    def shown(self) -> dict[str, str]:
        """The check as the answer holds it."""
        if self.reason is None:
            return {"name": self.name, "state": "ok"}
        return {"name": self.name, "state": "failed", "reason": self.reason}


class Readiness:
    """Looks whether requests can be answered: the server stays, the database is there, as this code needs it."""

    def __init__(self, accord: Accord, target: Target, stopping: Stopping, *, seconds: float = CHECK_SECONDS) -> None:
        self._accord = accord
        self._target = target
        self._stopping = stopping
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._migrations: tuple[float, Check] | None = None  # until when it is believed

    async def checks(self) -> list[Check]:
        """All checks, in an order that stays."""
        serving = Check(name="serving", reason="stopping" if self._stopping.is_set else None)
        (database, actor), migrations = await asyncio.gather(self._database(), self._migrated())
        return [serving, database, migrations, actor]

    async def _database(self) -> tuple[Check, Check]:
        """Whether the database answers, and knows the actor that Accord itself acts as: one look at one row."""
        actors: list[Values] = []

        async def look() -> None:
            database = self._accord.database
            record = self._accord.catalogue["Actor"]
            actors.extend(await RowReader(database, database.dialect).find(record, "id", [SYSTEM_ACTOR]))

        reached = await self._limited("database", look)
        reason = None if actors else "missing" if reached.reason is None else "not known"
        return reached, Check(name="system actor", reason=reason)

    async def _migrated(self) -> Check:
        """As few connections as can be: all who ask meanwhile wait for one answer, which is kept for a while."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._migrations is None or self._migrations[0] <= now:
                check = await self._limited("migrations", self._status)
                kept = KEPT_SECONDS if check.reason is None else KEPT_AFTER_FAILURE
                self._migrations = now + kept, check
            return self._migrations[1]

    async def _status(self) -> str | None:
        found = await read_status(self._target)
        match found.state:
            case DatabaseState.CURRENT:
                return None
            case DatabaseState.NEWER:
                return f"newer than this version by {len(found.unknown)}"
            case DatabaseState.BEHIND | DatabaseState.EMPTY:
                return f"{len(found.pending)} pending"

    async def _limited(self, name: str, look: Callable[[], Awaitable[str | None]]) -> Check:
        """A check that ends in time, and whose failures say no more than they must; the log knows the type."""
        try:
            async with asyncio.timeout(self._seconds):
                return Check(name=name, reason=await look())
        except TimeoutError:
            return Check(name=name, reason=f"no answer within {self._seconds:g} seconds")
        except MigrationError as error:
            log.warning("the check of %s failed", name, exc_info=error)
            return Check(name=name, reason="can't be read")
        except Exception as error:  # the edge: whatever a database driver raises means that it is not ready
            log.warning("the check of %s failed", name, exc_info=error)
            return Check(name=name, reason="can't be reached")


def health_routes(readiness: Callable[[Request], Readiness]) -> list[Route]:
    """The two addresses that load balancers and orchestrators ask."""

    async def live(request: Request) -> Response:
        return _answer(HTTPStatus.OK, {"status": "alive"})

    async def ready(request: Request) -> Response:
        checks = await readiness(request).checks()
        is_ready = all(check.reason is None for check in checks)
        body = {"status": "ready" if is_ready else "not ready", "checks": [check.shown() for check in checks]}
        return _answer(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, body)

    return [Route("/health/live", live), Route("/health/ready", ready)]


def _answer(status: HTTPStatus, body: object) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
