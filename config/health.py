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
from ..graph.migrating import DatabaseState, MigrationError, Target, find_lacking
from ..graph.migrating import status as read_status
from ..graph.reading.rows import RowReader, Values
from ..graph.writing.parked import count_parked
from .composition import Accord
from .stopping import Stopping

log = logging.getLogger("accord.health")

CHECK_SECONDS = 5.0  # a database that takes longer counts as away
KEPT_SECONDS = 15.0  # what was found of the migrations is believed for so long
KEPT_ROWS_SECONDS = 300.0  # that every extension has its rows, which takes a look at all of them
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
        self._migrations = _Kept(lambda: self._limited("migrations", self._status), KEPT_SECONDS)
        self._plugins = _Kept(lambda: self._limited("plugins", self._rows), KEPT_ROWS_SECONDS)
        self._attention: tuple[float, list[dict[str, str]]] = 0.0, []
        self._said: frozenset[str] = frozenset()  # what the log has of it

    async def checks(self) -> list[Check]:
        """All checks, in an order that stays."""
        serving = Check(name="serving", reason="stopping" if self._stopping.is_set else None)
        (database, actor), migrations, plugins = await asyncio.gather(
            self._database(), self._migrations.check(), self._plugins.check()
        )
        return [serving, database, migrations, *([plugins] if self._target.backfills else []), actor]

    async def attention(self) -> list[dict[str, str]]:
        """Which plugins operators should look at, though requests can be answered; the log says what is wrong.

        Whoever reaches this process may read this, so that it holds none of the plugins' words.
        """
        hooks = self._accord.hooks
        now = asyncio.get_running_loop().time()
        if not hooks.plugins or self._attention[0] > now:
            return self._attention[1]
        self._attention = now + KEPT_SECONDS, self._attention[1]  # whoever asks meanwhile gets what was known
        found = [(f"plugin {name}", f"plugin {name}: {said}") for name, said in (await hooks.health()).items()]

        async def look() -> None:
            for who, count in (await count_parked(self._accord.database)).items():
                found.append((who.removeprefix("due work of "), f"{who}: {count:,} put aside; see accord events list"))

        await self._limited("parked events", look)
        for _, said in found:
            if said not in self._said:  # once, not whenever it is looked at
                log.warning("%s", said)
        self._said = frozenset(said for _, said in found)
        shown = [{"name": who, "state": "degraded"} for who in sorted({who for who, _ in found})]
        self._attention = now + KEPT_SECONDS, shown
        return shown

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

    async def _status(self) -> str | None:
        found = await read_status(self._target)
        match found.state:
            case DatabaseState.CURRENT:
                return "; ".join(map(str, found.differences)) or None
            case DatabaseState.NEWER:
                return f"newer than this version by {len(found.unknown)}"
            case DatabaseState.BEHIND | DatabaseState.EMPTY:
                return f"{len(found.pending)} pending"

    async def _rows(self) -> str | None:
        """Whether every owner has its row of every extension: an older process may have written some without."""
        lacking = await find_lacking(self._accord.database, self._target.backfills)
        return f"rows of {lacking} are missing; run `accord migrate apply`" if lacking else None

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


class _Kept:
    """A check that takes as few connections as can be: all who ask meanwhile wait for one answer, kept for a while."""

    def __init__(self, look: Callable[[], Awaitable[Check]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._known: tuple[float, Check] | None = None  # until when it is believed

    async def check(self) -> Check:
        async with self._turn:
            loop = asyncio.get_running_loop()
            if self._known is None or self._known[0] <= loop.time():
                check = await self._look()
                kept = self._seconds if check.reason is None else KEPT_AFTER_FAILURE
                self._known = loop.time() + kept, check  # from its end, since others have waited for it
            return self._known[1]


def health_routes(readiness: Callable[[Request], Readiness]) -> list[Route]:
    """The two addresses that load balancers and orchestrators ask."""

    async def live(request: Request) -> Response:
        return _answer(HTTPStatus.OK, {"status": "alive"})

    async def ready(request: Request) -> Response:
        checks = await readiness(request).checks()
        is_ready = all(check.reason is None for check in checks)
        body: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
        body["checks"] = [check.shown() for check in checks]
        if attention := await readiness(request).attention():
            body["attention"] = attention
        return _answer(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, body)

    return [Route("/health/live", live), Route("/health/ready", ready)]


def _answer(status: HTTPStatus, body: object) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
