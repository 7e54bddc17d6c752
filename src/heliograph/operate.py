"""What an operator's tools ask: ``/healthz`` (the process lives), ``/readyz`` (it can work), ``/metrics``."""

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import generate_latest

from heliograph.messaging import commitment
from heliograph.storage import Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("operate")

_WAITING = """
select l.kind, count(*) as lanes, coalesce(sum(l.pending), 0) as jobs,
       extract(epoch from now() - (select min(enqueued_at) from jobs j where j.kind = l.kind)) as oldest
from lanes l group by l.kind
"""

# Counting the lanes reads every waiting job; scrapers that hurry share one count.
_COUNT_EVERY_SECONDS = 2.0


class Operate:
    """A plain ASGI callable for :attr:`paths`.

    ``kinds``: of lanes, counted even while there are none. ``count`` brings further metrics up to date, when they are read.
    """

    paths = frozenset({"/healthz", "/readyz", "/metrics"})

    def __init__(
        self,
        database: Database,
        kinds: Iterable[str],
        count: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._kinds = frozenset(kinds)
        self._count_more = count
        self._clock = clock
        self.ready = False
        self._counted_at = 0.0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one GET."""
        status, content_type, body = await self._answer(scope["path"])
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", content_type), (b"content-length", str(len(body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, path: str) -> tuple[int, bytes, bytes]:
        if path == "/metrics":
            await self._count()
            return 200, b"text/plain; version=0.0.4; charset=utf-8", generate_latest(metrics.REGISTRY)
        if path == "/healthz":
            return 200, b"application/json", b'{"status":"ok"}'
        problem = await self._problem()
        body = {"status": "ready"} if problem is None else {"status": "not ready", "reason": problem}
        return (200 if problem is None else 503), b"application/json", orjson.dumps(body)

    async def _problem(self) -> str | None:
        if not self.ready:
            return "starting or stopping"
        try:
            await self._database.fetchval("select 1")
        except Exception as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    async def _count(self) -> None:
        if time.monotonic() - self._counted_at < _COUNT_EVERY_SECONDS:
            return
        self._counted_at = time.monotonic()
        try:
            await self._count_more()
            async with self._database.pool.acquire() as connection:
                counted = {row["kind"]: row for row in await connection.fetch(_WAITING)}
                owed, oldest = await commitment.count(connection, self._clock())
        except Exception as error:
            # The other metrics matter most just now; these keep their last values.
            metrics.DATABASE_UP.set(0)
            log.warning("work not counted", error=type(error).__name__)
            return
        metrics.DATABASE_UP.set(1)
        for kind in self._kinds.union(counted):
            row = counted.get(kind)
            metrics.LANES_WAITING.labels(kind).set(row["lanes"] if row else 0)
            metrics.JOBS_WAITING.labels(kind).set(row["jobs"] if row else 0)
            metrics.OLDEST_JOB_SECONDS.labels(kind).set(float(row["oldest"] or 0) if row else 0)
        for state, number in owed.items():
            metrics.COMMITMENTS.labels(state).set(number)
        metrics.COMMITMENT_OLDEST_SECONDS.set(oldest.total_seconds())
