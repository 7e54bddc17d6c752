"""The `doctor` lanes: one an integration. A job is a wish to have it examined; all that wait are granted at once.

An account that Meta wants left alone is examined when that is over, not before.
"""

import asyncio
from datetime import timedelta

from heliograph.channels.health import PausedError
from heliograph.channels.instagram.doctor import records
from heliograph.channels.instagram.doctor.examination import InstagramDoctor
from heliograph.channels.instagram.doctor.treatment import BROKEN_AGAIN
from heliograph.lanes import Job, Lane, LaneKind, LeaseLostError, Outcome, settle
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("doctor")

DOCTOR_LANE = "doctor"  # key: the integration; payload: its app


class DoctorWorker:
    """Handles the ``doctor`` lanes."""

    def __init__(self, database: Database, doctor: InstagramDoctor) -> None:
        self._database = database
        self._doctor = doctor

    def kind(self) -> LaneKind:
        """How the lane workers should run this: few at a time, so that live work never waits for it."""
        return LaneKind(
            DOCTOR_LANE, self.handle, self.on_dead, lanes_per_batch=4, jobs_per_lane=20, most_batches=2, most_lanes=8,
            lease_seconds=60.0,
        )  # fmt: skip

    async def handle(self, lanes: list[Lane]) -> None:
        """Examine the integration of each lane, lanes beside each other."""
        endings = await asyncio.gather(*(self._lane(lane) for lane in lanes if lane.jobs), return_exceptions=True)
        if len(lanes) == 1 and endings and isinstance(endings[0], Exception):
            raise endings[0]
        # Of several, those that are left get a turn of their own; what they raise then is told.

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """An examination that crashes again and again is tried another time."""
        log.error("an examination failed again and again", integration=lane.key, error=error)
        await records.later(connection, lane.key, BROKEN_AGAIN)

    async def _lane(self, lane: Lane) -> None:
        async def done(connection: Connection) -> None:
            await settle(connection, [Outcome(lane, [job.id for job in lane.jobs])])

        try:
            await self._doctor.examine(lane.jobs[0].payload, lane.key, settle=done)
        except PausedError as paused:
            async with self._database.transaction() as connection:
                await records.later(connection, lane.key, timedelta(seconds=paused.seconds) + BROKEN_AGAIN)
                await settle(connection, [Outcome(lane, retry_after=paused.seconds)])
        except LeaseLostError:
            log.warning("lease lost", integration=lane.key)
            return
        lane.settled = True
