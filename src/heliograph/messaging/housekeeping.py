"""Housekeeping: rows that are old enough go, a few at a time. Runs in every process, whatever their number.

    every minute ──▶ each table: [nobody else is at it] ──▶ oldest rows ──▶ delete, pause, again ──▶ a row too young: done
                 ├─▶ conversations that fell silent (see :mod:`retention`)
                 └─▶ what apps keep for so long only (see :mod:`aging`)

Invariant: nothing goes that a waiting job still names. Jobs name rows by keys that only grow, so the least of those named
bounds what may go. Each step is one short transaction; a step that dies leaves no trace.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.lanes import Rounds
from heliograph.messaging import aging, retention
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("housekeeping")

ROUND_SECONDS = 60.0
ROWS_AT_ONCE = 1000
# Between two steps: others want the disk too.
PAUSE_SECONDS = 0.05

# With a table's name: whoever holds it prunes the table. The number is "helio" in ASCII, as everywhere.
_ALONE = "select pg_try_advisory_xact_lock(hashtextextended($1, 448378268015))"


@dataclass(frozen=True, slots=True)
class Pruning:
    """A table whose rows go by age. ``key`` is indexed, and grows with ``age``, the time that a row was written.

    ``least_named``: a query for the least key that a waiting job names. ``also``: further statements in the same step,
    about the rows (``gone``, with their key as ``k``) that went.
    """

    table: str
    key: str
    start: Any  # less than every key
    age: str
    keep: timedelta
    least_named: str = ""
    also: Sequence[str] = ()

    def sql(self, *, bounded: bool) -> str:
        """Deletes some of the oldest rows: older than $1, beyond the key $2, at most $3; if bounded, before the key $4."""
        bound = f" and {self.key} < $4" if bounded else ""
        also = "".join(f", also_{number} as ({statement})" for number, statement in enumerate(self.also))
        return f"""
with oldest as (
    select {self.key} as k, {self.age} as written from {self.table}
    where {self.key} > $2{bound} order by {self.key} limit $3
), gone as (
    delete from {self.table} t using oldest o where t.{self.key} = o.k and o.written < $1 returning o.k
){also}
select (select count(*) from oldest) as seen, (select count(*) from gone) as gone, (select max(k) from oldest) as last
"""  # noqa: S608  the names are constants of this program


# A webhook's job names its event; ids grow with time, within the clocks' differences. The first row of jobs_least_event.
_WAITING_EVENT = "select payload from jobs where kind = 'webhook' order by payload limit 1"


def prunings(*, events: timedelta, idempotency_keys: timedelta) -> list[Pruning]:
    """What is pruned of the domain's tables. A keep of zero is for ever."""
    wanted = [
        Pruning("idempotency_keys", "created_at", datetime.fromtimestamp(0, UTC), "created_at", idempotency_keys),
        Pruning("delivery_attempts", "id", 0, "created_at", events),
        Pruning("events", "id", "", "created_at", events, _WAITING_EVENT),
        Pruning("early_changes", "id", 0, "created_at", events),
    ]
    return [one for one in wanted if one.keep]


class Housekeeper:
    """Prunes tables and empties silent conversations, for as long as it runs."""

    def __init__(
        self,
        database: Database,
        tables: Sequence[Pruning],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pressed: Callable[[], bool] = lambda: False,
        every: float = ROUND_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._database = database
        self._tables = tables
        self._clock = clock
        self._pressed = pressed
        self._pause = pause
        self._rounds = Rounds("housekeeping", self.round, every)

    def start(self) -> None:
        """Start in the running event loop."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stop; a step under way is rolled back."""
        await self._rounds.stop()

    async def round(self) -> None:
        """Do all there is to do now. One table's trouble is not the others'."""
        works = [(one.table, lambda one=one: self.prune(one)) for one in self._tables]
        for name, work in [*works, ("conversations", self.empty_silent), ("retention", self.age)]:
            try:
                await work()
            except Exception as error:
                log.warning("housekeeping failed, it will be tried again", what=name, error=error)

    async def prune(self, one: Pruning) -> int:
        """Delete a table's old rows; returns how many went. Leaves it to whoever is at it already."""
        before = self._clock() - one.keep
        least = await self._database.relaxed.fetchval(one.least_named) if one.least_named else None
        bound = [] if least is None else [least]
        sql = one.sql(bounded=bool(bound))
        total: int = 0
        after = one.start
        while True:
            async with self._database.transaction(relaxed=True) as connection:
                if not await connection.fetchval(_ALONE, one.table):
                    return total
                step = await connection.fetchrow(sql, before, after, ROWS_AT_ONCE, *bound)
            total += step["gone"]
            after = step["last"]
            metrics.ROWS_PRUNED.labels(one.table).inc(step["gone"])
            if step["gone"] < ROWS_AT_ONCE:
                break
            await self._breathe()
        if total:
            log.info("pruned", table=one.table, rows=total)
        return total

    async def empty_silent(self) -> int:
        """Empty the conversations that fell silent; returns how many messages went."""
        return await self._steps(retention.step, "messages", "emptied silent conversations")

    async def age(self) -> int:
        """Delete what apps keep no longer; returns how many rows went."""
        return await self._steps(aging.step, "retention", "deleted what apps keep no longer")

    async def _steps(self, step: Callable[[Connection, datetime], Awaitable[int | None]], label: str, done: str) -> int:
        total = 0
        while True:
            async with self._database.transaction(relaxed=True) as connection:
                gone = await step(connection, self._clock())
            if gone is None:
                break
            total += gone
            metrics.ROWS_PRUNED.labels(label).inc(gone)
            await self._breathe()
        if total:
            log.info(done, rows=total)
        return total

    async def _breathe(self) -> None:
        await asyncio.sleep(self._pause)
        while self._pressed():  # noqa: ASYNC110  a flood ends by itself
            await asyncio.sleep(0.5)
