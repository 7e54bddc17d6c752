"""Turns: what is written of many conversations' messages together, one transaction for all that came in meanwhile.

    lane ──▶ turn ──┐                                              ┌──▶ ask Meta ──▶ answer ──▶ turn
    lane ──▶ turn ──┼──▶ [answers, next messages, claims] commit ──┼──▶ its slot is later: wait, then again
    lane ──▶ turn ──┘                                              └──▶ nothing more to do now: the lane is settled

Invariant: what a turn gives back is committed. So a part is claimed on disk before it is handed to Meta, and a message's
last part, its delivery event and the end of its job are one fact. Locks: conversations, accounts' lines, lanes; of the
conversations only those that nobody else holds, so that a group waits for none while it has others.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.pace import Pace
from heliograph.channels.instagram.sending import endings, ledger, weighing
from heliograph.channels.instagram.sending.in_vain import Looked
from heliograph.channels.instagram.sending.proceeding import Proceeding
from heliograph.channels.instagram.sending.turn import Next, Plan, Step, Turn
from heliograph.lanes import Outcome, settle
from heliograph.storage import Database, SecretBox
from heliograph.storage.group_commit import GroupCommit
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

MOST_TURNS = 256
# A conversation that somebody else holds is tried again so often, so much later; then it is waited for.
BUSY_TRIES = 20
BUSY_SECONDS = 0.005

# Left to itself PostgreSQL plans the large statements anew each time, which costs ten times what running them does.
_PLAN_ONCE = "set local plan_cache_mode = force_generic_plan"


class _BusyError(Exception):
    """Somebody else holds the conversation just now."""


_BUSY = _BusyError()


class Turns:
    """Takes the turns of all lanes of this process. ``metas_now`` is Meta's clock, ``grace`` the patience with echoes."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        pace: Pace,
        *,
        metas_now: Callable[[], datetime],
        grace: Callable[[], timedelta],
    ) -> None:
        self._database = database
        self._pace = pace
        self._looked = Looked()
        self._proceeding = Proceeding(box, pace, self._looked, metas_now=metas_now, grace=grace)
        self._commits: GroupCommit[Turn, Next | Exception] = GroupCommit(self._flush, largest=MOST_TURNS)

    async def take(self, turn: Turn) -> Next:
        """Write down what has come of a lane, and see what it does next; None: the lane is settled.

        Raises :class:`LeaseLostError`, and whatever the message crashes with.
        """
        given = await self._commits.submit(turn)
        for _ in range(BUSY_TRIES):
            if given is not _BUSY:
                break
            await asyncio.sleep(BUSY_SECONDS)
            given = await self._commits.submit(turn)
        if given is _BUSY:
            turn.alone = True
            given = await self._commits.submit(turn)
        if isinstance(given, Exception):
            raise given
        return given

    async def _flush(self, turns: list[Turn]) -> list[Next | Exception]:
        # Two workers that both believe to hold a lane can come together here; the second must see what the first wrote.
        first: dict[str, Turn] = {}
        for turn in turns:
            if not turn.alone:
                first.setdefault(turn.lane.key, turn)
        together = list(first.values())
        given = dict(zip(together, await self._write(together), strict=True)) if together else {}
        for turn in turns:
            if turn not in given:
                try:
                    (given[turn],) = await self._write([turn], wait=True)
                except Exception as error:
                    given[turn] = error
        return [given[turn] for turn in turns]

    async def _write(self, turns: Sequence[Turn], *, wait: bool = False) -> list[Next | Exception]:
        """One transaction. Whose conversation somebody else holds is left out, unless it is the only one, and to wait."""
        plan = Plan(datetime.now(UTC))
        async with self._database.transaction() as connection:
            await connection.execute(_PLAN_ONCE)
            if wait:
                await ledger.lock_one(connection, turns[0].lane.key)
            else:
                held = await ledger.lock(connection, [turn.lane.key for turn in turns])
            steps = [Step(turn, turn.lane.jobs[0], turn.tag) for turn in turns if wait or turn.lane.key in held]
            await weighing.see_echoes(connection, steps)
            weighing.weigh_all(plan, steps, self._looked)
            await weighing.write_answers(connection, plan)
            going = [step for step in steps if not step.settled]
            if going:
                await self._proceeding.go_on(connection, plan, going)
            await endings.close(connection, plan)
            outcomes = [
                Outcome(step.turn.lane, step.finished, retry_after=step.retry_after, keep=not step.settled)
                for step in steps
                if step.error is None and (step.settled or step.finished)
            ]
            if outcomes:
                await settle(connection, outcomes)
        await self._committed(plan, steps)
        given: dict[Turn, Next | Exception] = {step.turn: step.error or step.next for step in steps}
        return [given.get(turn, _BUSY) for turn in turns]

    async def _committed(self, plan: Plan, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.error is None:
                del step.turn.lane.jobs[: len(step.finished)]
                step.turn.lane.settled = step.settled
        for outcome in plan.outcomes:
            metrics.SENDS.labels(outcome).inc()
        for message_id, failure in plan.endings.items():
            if failure is not None:
                log.warning("message failed", message=message_id, code=failure.code)
        if plan.paused:
            await pauses.set_aside(self._database, plan.paused, each=self._pace.each)
