"""The delivery worker: leased (webhook, conversation) lanes to POSTs, their results to the attempt log.

                    2xx                      → delivered, jobs done
    lane ──▶ POST ──┤ other, attempts left   → retry: the lane waits (order is kept), jobs keep their count
                    └ final status, or fifth → failed: recorded, the lane goes on

What waits in a lane shares one POST. Results are settled by group commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heliograph.delivery.payload import envelope, event_text
from heliograph.delivery.schedule import MOST_ATTEMPTS, next_pause
from heliograph.delivery.sender import Answer, Sender
from heliograph.events import WEBHOOK_LANE
from heliograph.lanes import Job, Lane, LaneKind, LeaseLostError, Outcome, settle
from heliograph.storage import Connection, Database, GroupCommit, SecretBox
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("delivery")

EVENTS_PER_POST = 50


@dataclass(frozen=True, slots=True)
class _Webhook:
    id: str
    app_id: str
    target: str
    full_user: bool
    full_source: bool
    secret: str


@dataclass(frozen=True, slots=True)
class _Attempt:
    webhook: _Webhook
    conversation_id: str | None
    event_ids: list[str]
    number: int
    outcome: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: Outcome
    attempts: Sequence[_Attempt] = ()


# Served by webhooks_pkey and events_pkey.
_WEBHOOKS = "select * from webhooks where id = any ($1::text[])"
_EVENTS = "select id, conversation_id, body, extras, created_at from events where id = any ($1::text[])"

_RECORD = """
insert into delivery_attempts
    (app_id, webhook_id, conversation_id, event_ids, attempt, outcome, status, error, duration_ms)
select app_id, webhook_id, conversation_id, string_to_array(event_ids, ','), attempt, outcome, status, error, duration_ms
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::smallint[], $8::text[],
            $9::int[])
    as a (app_id, webhook_id, conversation_id, event_ids, attempt, outcome, status, error, duration_ms)
"""


class DeliveryWorker:
    """Handles the ``webhook`` lanes. Start it before the lanes, close it after them."""

    def __init__(self, database: Database, box: SecretBox, sender: Sender) -> None:
        self._database = database
        self._box = box
        self._sender = sender
        self._results: GroupCommit[_Result, None] = GroupCommit(self._write)

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            WEBHOOK_LANE,
            self.handle,
            self.on_dead,
            jobs_per_lane=EVENTS_PER_POST,
            most_batches=200,
            most_lanes=1000,
            lease_seconds=8.0,
            linger_seconds=0.02,
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Deliver the waiting events of each lane, all lanes beside each other."""
        webhook_ids = list({lane.group for lane in lanes})
        event_ids = [job.payload for lane in lanes for job in lane.jobs]
        async with self._database.pool.acquire() as connection:
            webhooks = {row["id"]: row for row in await connection.fetch(_WEBHOOKS, webhook_ids)}
            events = {row["id"]: row for row in await connection.fetch(_EVENTS, event_ids)}
        # A lane that fails here stays unsettled, and the lane workers look after it.
        endings = await asyncio.gather(
            *(self._deliver(lane, webhooks.get(lane.group), events) for lane in lanes), return_exceptions=True
        )
        for lane, ending in zip(lanes, endings, strict=True):
            if isinstance(ending, Exception):
                log.error("delivery crashed", webhook=lane.group, key=lane.key, error=ending)

    def _webhook(self, row: Any) -> _Webhook:
        return _Webhook(
            row["id"],
            row["app_id"],
            row["target"],
            row["include_full_user"],
            row["include_full_source"],
            self._box.open(row["secret"], f"webhook:{row['id']}"),
        )

    async def _deliver(self, lane: Lane, row: Any, events: dict[str, Any]) -> None:
        jobs = [job for job in lane.jobs if job.payload in events]
        if row is None or not jobs:
            # The webhook, or the conversation with its events, was deleted: nobody is left to tell.
            result = _Result(Outcome(lane, finished=[job.id for job in lane.jobs]))
        else:
            # Unsealed here, not for the batch: a secret that cannot be read is this lane's trouble alone.
            webhook = self._webhook(row)
            texts = [
                event_text(event["body"], event["extras"], full_user=webhook.full_user, full_source=webhook.full_source)
                for event in (events[job.payload] for job in jobs)
            ]
            answer = await self._sender.post(
                webhook.target, envelope(webhook.app_id, webhook.id, texts), webhook.secret
            )
            result = _judge(lane, webhook, events[jobs[0].payload]["conversation_id"], answer)
            self._count(result, answer, [events[job.payload]["created_at"] for job in jobs])
        try:
            await self._results.submit(result)
        except LeaseLostError:
            # Another worker has the lane: the next word is its, and a second POST of ours would come out of order.
            log.warning("lease lost", webhook=lane.group, key=lane.key)
        lane.settled = True

    def _count(self, result: _Result, answer: Answer, created: list[datetime]) -> None:
        metrics.DELIVERY_SECONDS.observe(answer.seconds)
        for attempt in result.attempts:
            metrics.DELIVERIES.labels(attempt.outcome).inc()
            if attempt.outcome != "delivered":
                log.warning(
                    "delivery " + attempt.outcome,
                    webhook=attempt.webhook.id,
                    conversation=attempt.conversation_id,
                    events=attempt.event_ids,
                    attempt=attempt.number,
                    status=answer.status,
                    error=answer.error,
                )
        if answer.delivered:
            now = datetime.now(UTC)
            for moment in created:
                metrics.EVENT_TO_DELIVERY_SECONDS.observe((now - moment).total_seconds())

    async def _write(self, results: list[_Result]) -> list[None]:
        attempts = [attempt for result in results for attempt in result.attempts]
        async with self._database.transaction(relaxed=True) as connection:
            if attempts:
                await connection.execute(_RECORD, *_columns(attempts))
            await settle(connection, [result.outcome for result in results])
        return [None] * len(results)

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """A job that crashed the worker again and again ends as failed, in the log like any other."""
        webhook_id, _, conversation_id = lane.key.partition("/")
        await connection.execute(
            "insert into delivery_attempts"
            " (app_id, webhook_id, conversation_id, event_ids, attempt, outcome, error, duration_ms)"
            " select app_id, id, nullif($2, app_id), array[$3], $4, 'failed', $5, 0 from webhooks where id = $1",
            webhook_id,
            conversation_id,
            job.payload,
            job.attempts + 1,
            error,
        )


def _judge(lane: Lane, webhook: _Webhook, conversation_id: str | None, answer: Answer) -> _Result:
    """The verdict over each job of the POST: done, tried in vain, or failed for good. Attempts count per job."""
    if answer.delivered:
        tried, dead, done = [], [], lane.jobs
    else:
        done = []
        dead = [job for job in lane.jobs if next_pause(job.attempts + 1, answer.status) is None]
        tried = [job for job in lane.jobs if job not in dead]
    pause = next_pause(tried[0].attempts + 1, answer.status) if tried else None
    attempts = [
        _Attempt(
            webhook,
            conversation_id,
            [job.payload for job in jobs],
            min(jobs[0].attempts + 1, MOST_ATTEMPTS),
            outcome,
            answer,
        )
        for outcome, jobs in (("delivered", done), ("retry", tried), ("failed", dead))
        if jobs
    ]
    finished = [job.id for job in (*done, *dead)]
    return _Result(Outcome(lane, finished, [job.id for job in tried], pause or 0.0), attempts)


def _columns(attempts: Sequence[_Attempt]) -> tuple[list[Any], ...]:
    return (
        [a.webhook.app_id for a in attempts],
        [a.webhook.id for a in attempts],
        [a.conversation_id for a in attempts],
        [",".join(a.event_ids) for a in attempts],
        [a.number for a in attempts],
        [a.outcome for a in attempts],
        [a.answer.status for a in attempts],
        [(a.answer.error or "")[:500] or None for a in attempts],
        [int(a.answer.seconds * 1000) for a in attempts],
    )
