"""The `send` lanes: business messages to Instagram, one at a time in each conversation, conversations beside each other.

    lane ──▶ turn ──▶ claimed ──▶ Graph API ──▶ turn ──▶ next part, next message, or done

Before and after each call to Meta a lane takes a turn; all turns of a moment share a transaction (`turns`), so that
what is about to be sent is on disk before it is sent, and what came of it right after. No call is made inside one. The
states of a part, and the invariant, stand in `ledger`.
"""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.pace import Pace
from heliograph.channels.instagram.sending import activities, ledger, loading, thread, uploads
from heliograph.channels.instagram.sending.delivery_events import FAILURE, delivery_event
from heliograph.channels.instagram.sending.handing import ask
from heliograph.channels.instagram.sending.judging import Ask, Failure
from heliograph.channels.instagram.sending.turn import Hold, Next, Pass, Turn
from heliograph.channels.instagram.sending.turns import Turns
from heliograph.events import publish
from heliograph.lanes import Job, Lane, LaneKind, LeaseLostError
from heliograph.messaging.posting import SEND_LANE
from heliograph.storage import Connection, Database, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Who waits for a slot in its account's line wakes on such a tick, so that those who go then share a transaction.
TICK_SECONDS = 0.02


class OutboundWorker:
    """Handles the ``send`` lanes."""

    def __init__(self, database: Database, graph: Graph, box: SecretBox, pace: Pace, *, unknown_grace: float) -> None:
        self._database = database
        self._graph = graph
        self._box = box
        self._grace = timedelta(seconds=unknown_grace)
        self._turns = Turns(database, box, pace, metas_now=graph.now, grace=lambda: self._grace)

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            SEND_LANE, self.handle, self.on_dead, jobs_per_lane=10, most_batches=100, most_lanes=512, lease_seconds=8.0
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Send the waiting messages of each lane, all lanes beside each other."""
        waiting = [lane for lane in lanes if lane.jobs]
        endings = await asyncio.gather(*(self._lane(lane) for lane in waiting), return_exceptions=True)
        for lane, ending in zip(waiting, endings, strict=True):
            if isinstance(ending, LeaseLostError):
                log.warning("lease lost", conversation=lane.key)
            elif isinstance(ending, Exception):
                log.error("send crashed", conversation=lane.key, error=ending)

    async def _lane(self, lane: Lane) -> None:
        turn = Turn(lane)
        while (then := await self._take(turn)) is not None:
            if isinstance(then, Hold):
                await _tick(then.seconds)
                turn = Turn(lane, goes=True, tag=then.tag)
            elif isinstance(then, Pass):
                await activities.pass_on(self._database, self._graph, self._box, lane.key, then.job)
                turn = Turn(lane, passed=True)
            else:
                turn = Turn(lane, then, await self._ask(then))

    async def _take(self, turn: Turn) -> Next:
        taking = asyncio.ensure_future(self._turns.take(turn))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The process stops. What was claimed meanwhile has not been sent, and is not going to be.
            then = await taking
            if isinstance(then, Ask) and not then.look:
                async with self._database.transaction() as connection:
                    await ledger.unclaim(connection, *then.key, then.part["attempts"])
            raise
        except LeaseLostError:
            await self._save(turn)
            raise

    async def _save(self, turn: Turn) -> None:
        """The lane is another's by now, but that Meta took a part stays true."""
        if turn.todo is None or turn.answer is None or turn.answer.outcome is not SendOutcome.SENT:
            return
        async with self._database.transaction() as connection:
            await ledger.lock_one(connection, turn.lane.key)
            row, (message_id, part) = turn.todo.row, turn.todo.key
            taken = ledger.Taken(message_id, part, turn.answer.mid, row["integration_id"], row["app_id"])
            await ledger.take(connection, [taken])

    async def _ask(self, todo: Ask) -> Answer:
        row = todo.row
        if todo.look:
            return await thread.look_for(self._database, self._graph, row, todo.part, todo.token, todo.secret)
        by_url = todo.part["request"]
        request = await uploads.prepare(self._database, self._graph, row, by_url, todo.token, todo.secret)
        answer = await ask(self._graph, row["person"], request, todo.tag, todo.token, todo.secret)
        if await uploads.lost(self._database, row, request, by_url, answer):
            answer = await ask(self._graph, row["person"], by_url, todo.tag, todo.token, todo.secret)
        return answer

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """A message that crashes the worker again and again fails like any other."""
        if job.payload.startswith("{"):
            return
        log.error("message is poison", message=job.payload, conversation=lane.key, error=error)
        row = await loading.load(connection, lane.key, job.payload, lane.group)
        if row is not None and row["message"] is not None and row["send_state"] is None:
            await ledger.open_parts(connection, [ledger.Opening(job.payload, row, [])])
        about = await ledger.about(connection, [job.payload])
        await ledger.give_up(connection, [job.payload])
        failure = Failure("uncategorized_error", "An internal error kept this message from being sent.").wire()
        await publish(connection, [delivery_event(FAILURE, row, datetime.now(UTC), error=failure) for row in about])


async def _tick(seconds: float) -> None:
    """Sleep for so long, and to the next tick."""
    now = time.monotonic()
    await asyncio.sleep(math.ceil((now + seconds) / TICK_SECONDS) * TICK_SECONDS - now)
