"""Workers with handlers that write down what they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from heliograph.lanes import Job, Lane, LaneKind, LaneWorkers, NewJob, Outcome, enqueue, settle
from heliograph.storage import Connection, Database
from tests.support import wait_until

NEVER = 3600.0


async def put(database: Database, kind: str, *jobs: tuple[str, str], group: str = "") -> None:
    async with database.transaction() as connection:
        await enqueue(connection, [NewJob(kind, key, payload, group) for key, payload in jobs])


async def finish(database: Database, lanes: list[Lane]) -> None:
    """Settle lanes as done, in one transaction."""
    async with database.transaction() as connection:
        await settle(connection, [Outcome(lane, [job.id for job in lane.jobs]) for lane in lanes])
    for lane in lanes:
        lane.settled = True


async def is_empty(database: Database, kind: str) -> bool:
    return not await database.fetchval("select count(*) from lanes where kind = $1", kind)


@dataclass
class Ledger:
    """What ran, in order; and whether a lane was ever in two hands at once."""

    done: list[tuple[str, str, int]] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    overlaps: list[str] = field(default_factory=list)

    def of(self, key: str) -> list[str]:
        return [payload for done_key, payload, _ in self.done if done_key == key]

    async def on_dead(self, _connection: Connection, lane: Lane, job: Job, _error: str) -> None:
        self.dead.append((lane.key, job.payload))


@asynccontextmanager
async def working(
    database: Database, kinds: list[LaneKind], *, poll: float = NEVER, processes: int = 1
) -> AsyncIterator[list[LaneWorkers]]:
    """Lane workers as in ``processes`` processes, stopped at the end."""
    workers = [LaneWorkers(database, kinds, poll_seconds=poll) for _ in range(processes)]
    for one in workers:
        one.start()
    # Their LISTEN stands before the scene begins: what is committed before that is found by the first lease.
    await wait_until(
        lambda: database.fetchval(
            "select count(*) >= $1 from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
            processes,
        )
    )
    try:
        yield workers
    finally:
        await asyncio.gather(*(one.stop(patience=2) for one in workers))
