"""Housekeeping: what nobody needs any more is taken out of Accord's own tables, a little at a time.

And what a clock that was ahead has put off for longer than work is ever put off is made to wait no longer.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from .catalogue import Kind
from .databases.database import Database
from .feed import number_events
from .storing import store
from .writing.idempotency import KEPT as KEYS_KEPT
from .writing.retrying import LONGEST_PAUSE
from .writing.turns import Turns

log = logging.getLogger("accord.workers")

EVENTS_KEPT = timedelta(days=7)  # as long may a listener be away and catch up
JOBS_KEPT = timedelta(days=30)
POLL_SECONDS = 600.0
BATCH = 5_000
LATEST = timedelta(seconds=2 * LONGEST_PAUSE)  # from now, of a lease or of another attempt, whose clock ever set it
WAITING = {
    "outbox_delivery": "parked_at is null",
    "due_work": "parked_at is null and attempts > 0",  # what was not tried yet is planned for when it is planned for
    "job": "state in ('QUEUED','RUNNING')",
}


class Housekeeper:
    """Purges events that everybody was told of, ended jobs, and keys of repeated requests, once they are old."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._now = now
        self._turns = Turns(self.tidy, "old events", poll_seconds=poll_seconds)

    def stop(self) -> None:
        """End."""
        self._turns.stop()

    async def run(self) -> None:
        """Tidy up every so often until stopped or cancelled."""
        await self._turns.run()

    async def tidy(self) -> int:
        """Purge what is old; returns how many rows. The newest event stays, since positions are counted from it."""
        for table, condition in WAITING.items():
            await self._bring_near(table, condition)
        count = 0
        old = self._now() - EVENTS_KEPT
        if await self._is_there("outbox_event", "occurred_at", old):
            await number_events(self._database)
            count += await self._purge(
                "outbox_event",
                "occurred_at",
                old,
                "position < (select max(position) from outbox_event) "
                "and not exists (select 1 from outbox_delivery d where d.event_id = outbox_event.id)",
            )
        count += await self._purge("idempotency_key", "created_at", self._now() - KEYS_KEPT)
        return count + await self._purge("job", "ended_at", self._now() - JOBS_KEPT)

    async def _bring_near(self, table: str, condition: str) -> None:
        """Have tried what no clock that is right would have put off for so long."""
        kind, place = self._database.kind, self._database.dialect.parameter
        far = f"{condition} and due_at > {place(1, Kind.TIMESTAMP)}"
        asked = [store(Kind.TIMESTAMP, self._now() + LATEST, kind)]
        if not await self._database.fetch(f"select 1 from {table} where {far} limit 1", asked):
            return
        async with self._database.transaction() as transaction:
            count = await transaction.execute(
                f"update {table} set due_at = {place(2, Kind.TIMESTAMP)} where {far}",
                [*asked, store(Kind.TIMESTAMP, self._now(), kind)],
            )
        log.warning(
            "a clock was ahead: %s rows of %s, put off for more than %s, are taken up now", count, table, LATEST
        )

    async def _is_there(self, table: str, column: str, before: datetime) -> bool:
        place = self._database.dialect.parameter(1, Kind.TIMESTAMP)
        statement = f"select 1 from {table} where {column} < {place} limit 1"
        return bool(await self._database.fetch(statement, [store(Kind.TIMESTAMP, before, self._database.kind)]))

    async def _purge(self, table: str, column: str, before: datetime, condition: str = "1 = 1") -> int:
        count = 0
        place = self._database.dialect.parameter(1, Kind.TIMESTAMP)
        while not self._turns.is_stopping and await self._is_there(table, column, before):
            async with self._database.transaction() as transaction:
                gone = await transaction.execute(
                    f"delete from {table} where id in "
                    f"(select id from {table} where {column} < {place} and {condition} limit {BATCH})",
                    [store(Kind.TIMESTAMP, before, self._database.kind)],
                )
            count += gone
            if gone < BATCH:
                break
        return count
