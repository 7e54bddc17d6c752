"""Telling an OAuth client that its integration is gone (Sunshine reference 1.15, removeUrl).

The deletion enqueues a job in its own transaction; here it is posted, on the webhooks' schedule: five attempts, then it
is logged and given up. The body is ours, the original's is not documented: ``{"app": {"id"}, "integration": {"id",
"type"}}``, with the client's secret as ``X-API-Key``.
"""

from typing import Any

import orjson

from heliograph.delivery.schedule import next_pause
from heliograph.delivery.sender import Sender
from heliograph.lanes import Job, Lane, LaneKind, Outcome, enqueue_with, settle
from heliograph.storage import Connection, Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("delivery")

REMOVAL_LANE = "removal"

# For an integration ($2) of an app ($1), or for all of the app's (null), before they are deleted. Each has a lane of its
# own. Served by integrations_of_app and oauth_clients_pkey.
ANNOUNCE = enqueue_with(f"""wanted as (
    select '{REMOVAL_LANE}' as kind, i.id as key, c.id as grp, i.app_id as payload, row_number() over (order by i.id) as ord
    from integrations i join oauth_clients c on c.id = i.type
    where i.app_id = $1 and ($2::text is null or i.id = $2) and c.remove_url is not null
)""")  # noqa: S608  the only thing put in is a constant above

_CLIENT = "select secret, remove_url from oauth_clients where id = $1"


class RemovalWorker:
    """Handles the ``removal`` lanes: key the integration, group the client, payload the app."""

    def __init__(self, database: Database, box: SecretBox, sender: Sender) -> None:
        self._database = database
        self._box = box
        self._sender = sender

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            REMOVAL_LANE, self.handle, self.on_dead, lanes_per_batch=1, jobs_per_lane=1, most_batches=8, most_lanes=8
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Tell each lane's client."""
        for lane in lanes:
            client = await self._database.fetchrow(_CLIENT, lane.group)
            outcome = await self._tell(lane, client)
            async with self._database.transaction() as connection:
                await settle(connection, [outcome])
            lane.settled = True

    async def on_dead(self, _: Connection, lane: Lane, job: Job, error: str) -> None:
        """Given up."""
        log.error("a client was not told of its removal", client=lane.group, integration=lane.key, error=error)

    async def _tell(self, lane: Lane, client: Any) -> Outcome:
        finished = Outcome(lane, [job.id for job in lane.jobs])
        if client is None or not client["remove_url"] or not lane.jobs:  # the client is gone itself
            return finished
        job = lane.jobs[0]
        secret = self._box.open(client["secret"], f"oauth_client:{lane.group}")
        body = orjson.dumps({"app": {"id": job.payload}, "integration": {"id": lane.key, "type": lane.group}})
        answer = await self._sender.post(client["remove_url"], body, secret)
        if answer.delivered:
            return finished
        pause = next_pause(job.attempts + 1, answer.status)
        log.warning(
            "removeUrl did not take it", client=lane.group, integration=lane.key, error=answer.error, again_in=pause
        )
        return finished if pause is None else Outcome(lane, tried=[job.id], retry_after=pause)
