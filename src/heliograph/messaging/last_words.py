"""The `last_words` lanes: events that tell of a deletion name who was deleted. They go when they are told.

deletion is done ──▶ job ──▶ [no webhook waits for them] ──▶ gone, settle
                       └──▶ [some wait] ──▶ looked at again; a webhook ends within 15 minutes, told or failed
"""

import orjson

from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.messaging import event_erasure
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("messaging")

LAST_WORDS_LANE = "last_words"

PAUSE_SECONDS = 15.0


def of_user(app_id: str, user_id: str) -> NewJob:
    """The job for a user who is forgotten."""
    return NewJob(LAST_WORDS_LANE, user_id, orjson.dumps({"app": app_id, "user": user_id}).decode())


def of_conversation(conversation_id: str) -> NewJob:
    """The job for a conversation that is gone."""
    return NewJob(LAST_WORDS_LANE, conversation_id, orjson.dumps({"conversation": conversation_id}).decode())


class LastWordsWorker:
    """Handles the ``last_words`` lanes."""

    def __init__(self, database: Database, *, pause: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            LAST_WORDS_LANE,
            self.handle,
            self.on_dead,
            lanes_per_batch=20,
            jobs_per_lane=1,
            most_batches=1,
            most_lanes=40,
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Delete what is told."""
        for lane in lanes:
            if lane.jobs:
                async with self._database.transaction() as connection:
                    await settle(connection, [await self._look(connection, lane, lane.jobs[0])])
                lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """There is no giving up: the job begins anew."""
        log.error("events of a deletion could not be erased, it goes on", lane=lane.key, error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])

    async def _look(self, connection: Connection, lane: Lane, job: Job) -> Outcome:
        what = orjson.loads(job.payload)
        if "user" in what:
            told = await event_erasure.told_of_user(connection, what["app"], what["user"])
        else:
            told = await event_erasure.told_of_conversation(connection, what["conversation"])
        if told.seen > told.gone:
            return Outcome(lane, retry_after=self._pause)
        return Outcome(lane) if told.seen == event_erasure.EVENTS_AT_ONCE else Outcome(lane, [job.id])
