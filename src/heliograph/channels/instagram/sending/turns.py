"""Turns: what is written of many conversations' messages together, one transaction for all that came in meanwhile.

    lane ──▶ turn ──┐                                              ┌──▶ ask Meta ──▶ answer ──▶ turn
    lane ──▶ turn ──┼──▶ [answers, next messages, claims] commit ──┼──▶ its turn is not yet: wait, then again
    lane ──▶ turn ──┘                                              └──▶ nothing more to do now: the lane is settled

Invariant: what a turn gives back is committed. So a part is claimed on disk before it is handed to Meta, and a message's
last part, its delivery event and the end of its job are one fact. Locks: conversations, accounts' lines, lanes; of the
conversations only those that nobody else holds, so that a group waits for none while it has others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.meta.pace import Asked, Kind, Pace
from heliograph.channels.instagram.meta.refusals import access_refused, note
from heliograph.channels.instagram.notes.for_doctor import want
from heliograph.channels.instagram.sending import ledger
from heliograph.channels.instagram.sending.endings import tell
from heliograph.channels.instagram.sending.in_vain import Looked
from heliograph.channels.instagram.sending.judging import Ask, Done, Fail, Failure, Wait, judge, weigh
from heliograph.channels.instagram.sending.opening import as_opened, requests_of
from heliograph.channels.instagram.sending.quoting import quote
from heliograph.channels.instagram.sending.render import UnsupportedContentError
from heliograph.channels.instagram.sending.turn import IN_HAND_SECONDS, Next, Plan, Step, Turn
from heliograph.lanes import LeaseLostError, Outcome, settle
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.group_commit import GroupCommit
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

MOST_TURNS = 256
# A conversation that somebody else holds is tried again so often, so much later; then it is waited for.
BUSY_TRIES = 20
BUSY_SECONDS = 0.005

# What tells that something is wrong with the connection, and not with the message.
_ASKS_FOR_THE_DOCTOR = (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION)

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
        self._box = box
        self._pace = pace
        self._metas_now = metas_now
        self._grace = grace
        self._looked = Looked()
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
            await _see_echoes(connection, steps)
            self._weigh_all(plan, steps)
            await self._write_answers(connection, plan)
            going = [step for step in steps if not step.settled]
            if going:
                await self._judge_all(connection, plan, going)
                await self._give_turns(connection, [step for step in going if step.want is not None])
                await self._claim(connection, going)
            await tell(connection, plan)
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

    # Answers --------------------------------------------------------------------------------------------------

    def _weigh_all(self, plan: Plan, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.turn.passed:
                step.finish()
            elif step.turn.todo is not None and step.turn.answer is not None:
                self._weigh(plan, step, step.turn.todo, step.turn.answer)

    def _weigh(self, plan: Plan, step: Step, todo: Ask, answer: Answer) -> None:
        message_id, part = todo.key
        leads_to = weigh(todo, answer, plan.now)
        plan.outcomes.append(answer.outcome)
        log.info(
            "part " + answer.outcome, message=message_id, conversation=step.turn.lane.key, part=part, code=answer.code,
            subcode=answer.subcode, tag=todo.tag,
        )  # fmt: skip
        if leads_to.state == "sent":
            row = todo.row
            plan.taken.append(ledger.Taken(message_id, part, answer.mid, row["integration_id"], row["app_id"]))
        elif leads_to.state:
            said = answer.code, answer.subcode, answer.text
            plan.moves.append(ledger.Move(message_id, part, leads_to.state, *said))
        plan.said.hear(todo.row, answer, tagged=todo.tag is not None, failed=leads_to.failure is not None)
        if leads_to.failure is not None and answer.outcome in _ASKS_FOR_THE_DOCTOR:
            plan.ailing.add(todo.row["integration_id"])
        if leads_to.looked:
            self._looked.note(message_id, part)
        if leads_to.stop is not None:
            plan.stops.append((step, leads_to.stop))
        if leads_to.failure is not None:
            if leads_to.refused:
                plan.refusals[todo.row["integration_id"]] = todo.row["page_token"], leads_to.failure
            plan.endings[message_id] = leads_to.failure
            if leads_to.in_doubt:
                plan.in_doubt.append(message_id)
            plan.owned_elsewhere.append((todo.row["client_id"], answer))
            step.finish()
        elif leads_to.wait is not None:
            step.settle(leads_to.wait)
        else:
            after = {**todo.part, "state": leads_to.state, "attempts": todo.part["attempts"] + (not todo.look)}
            step.parts = [after if one["part"] == part else one for one in todo.parts]
            step.tag = leads_to.tag
            if all(one["state"] == "sent" for one in step.parts):
                plan.endings[message_id] = None
                step.finish()

    async def _write_answers(self, connection: Connection, plan: Plan) -> None:
        if plan.taken:
            await ledger.take(connection, plan.taken)
        if plan.moves:
            await ledger.move(connection, plan.moves)
            plan.moves = []
        for integration_id, (token, failure) in sorted(plan.refusals.items(), key=lambda one: one[0]):
            await access_refused(connection, integration_id, token, asdict(failure))
        await note(connection, plan.said)
        await want(connection, plan.ailing | plan.said.tag_refused)
        if plan.stops:
            left, new = await pauses.pause(connection, [stop for _, stop in plan.stops])
            plan.paused = {subject: left[subject] for subject in new}
            for step, stop in plan.stops:
                if step.settled and step.job is not None:
                    step.retry_after = left[stop.subject]

    # Next -----------------------------------------------------------------------------------------------------

    async def _judge_all(self, connection: Connection, plan: Plan, steps: Sequence[Step]) -> None:
        """See what each of these does next, by its message as it stands."""
        rows = await ledger.load_all(connection, [step.wanted for step in steps])
        known = [
            step.wanted.message_id
            for step in steps
            if not step.parts and (row := rows.get(step.key)) is not None and row["send_state"] is not None
        ]
        parts = await ledger.parts_of(connection, known) if known else {}
        openings: list[ledger.Opening] = []
        for step in steps:
            row = rows.get(step.key)
            try:
                if step.is_activity:
                    step.activity(row)
                elif row is None or row["message"] is None:
                    # Deleted before it was sent.
                    plan.dropped.append(step.wanted.message_id)
                    step.ends()
                else:
                    step.parts = step.parts or parts.get(step.wanted.message_id) or ()
                    if not step.parts:
                        requests = await quote(connection, row, requests_of(row))
                        openings.append(ledger.Opening(row["message_id"], row, requests))
                        step.parts = as_opened(requests)
                    self._judge(plan, step, row)
            except UnsupportedContentError as error:
                assert row is not None
                openings.append(ledger.Opening(step.wanted.message_id, row, []))
                step.fail(plan, Fail(Failure(error.code, str(error))))
            except Exception as error:
                # One message that crashes is not its neighbours' trouble.
                step.error = error
        if openings:
            await ledger.open_parts(connection, openings)
        if plan.moves:
            await ledger.move(connection, plan.moves)

    def _judge(self, plan: Plan, step: Step, row: Any) -> None:
        message_id = row["message_id"]
        part = next((one for one in step.parts if one["state"] != "sent"), None)
        if part is not None and part["state"] == "sending":
            # Whoever claimed it died before writing down what came of it.
            plan.moves.append(ledger.Move(message_id, part["part"], "unknown"))
            plan.outcomes.append(SendOutcome.UNKNOWN)
        verdict = judge(
            row,
            step.parts,
            self._box,
            metas_now=self._metas_now(),
            now=plan.now,
            grace=self._grace(),
            looked=part is not None and self._looked.lately(message_id, part["part"]),
            forced_tag=step.tag,
        )
        if isinstance(verdict, Fail):
            step.fail(plan, verdict)
        elif isinstance(verdict, Done):
            plan.endings[message_id] = None
            step.ends()
        elif isinstance(verdict, Wait):
            step.settle(verdict.seconds)
            if verdict.why:
                log.warning(verdict.why, conversation=step.turn.lane.key, integration=row["integration_id"])
        else:
            step.next, step.want, step.account_id, step.slow = verdict, verdict.kind, row["account_id"], row["slow"]

    async def _give_turns(self, connection: Connection, steps: Sequence[Step]) -> None:
        """Who has no turn in the account's line gets one; who has to wait for it does not go yet."""
        new: dict[tuple[str, Kind], list[Step]] = defaultdict(list)
        for step in steps:
            todo = step.next
            if isinstance(todo, Ask) and todo.turn and not step.turn.goes:
                step.hold((todo.part["go_at"] - todo.row["now"]).total_seconds())
            elif not step.turn.goes:
                assert step.want is not None
                new[step.account_id, step.want].append(step)
        if not new:
            return
        asked = [
            Asked(account_id, kind, len(waiting), any(step.slow for step in waiting))
            for (account_id, kind), waiting in new.items()
        ]
        given = await self._pace.reserve(connection, asked)
        late: list[tuple[str, int, float]] = []
        for key, waiting in new.items():
            for step, seconds in zip(waiting, given[key], strict=True):
                if seconds > IN_HAND_SECONDS and isinstance(step.next, Ask):
                    late.append((*step.next.key, seconds))
                step.hold(seconds)
        if late:
            await ledger.set_turns(connection, late)

    async def _claim(self, connection: Connection, steps: Sequence[Step]) -> None:
        going = {step: todo for step in steps if isinstance(todo := step.next, Ask) and not todo.look}
        if not going:
            return
        claimed = await ledger.claim(connection, [(*todo.key, todo.tag) for todo in going.values()], self._metas_now())
        for step, todo in going.items():
            if todo.key not in claimed:
                step.error = LeaseLostError("another worker has claimed a part of this lane's message")


async def _see_echoes(connection: Connection, steps: Sequence[Step]) -> None:
    """Whose echo came while the thread was being read has been sent, whatever the thread told."""
    looked = {step.turn.todo.key: step.turn for step in steps if step.turn.todo is not None and step.turn.todo.look}
    if not looked:
        return
    for message_id, parts in (await ledger.parts_of(connection, [key[0] for key in looked])).items():
        for part in parts:
            turn = looked.get((message_id, part["part"]))
            if turn is not None and part["state"] == "sent":
                turn.answer = Answer(SendOutcome.SENT, part["mid"])
