"""What the steps of a group of turns do next: judged by their messages as they stand, given their slots, claimed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.pace import Asked, Kind, Pace
from heliograph.channels.instagram.sending import ledger, loading
from heliograph.channels.instagram.sending.in_vain import Looked
from heliograph.channels.instagram.sending.judging import Ask, Done, Fail, Failure, Wait, judge
from heliograph.channels.instagram.sending.opening import as_opened, requests_of
from heliograph.channels.instagram.sending.quoting import quote
from heliograph.channels.instagram.sending.render import UnsupportedContentError
from heliograph.channels.instagram.sending.turn import IN_HAND_SECONDS, Plan, Step
from heliograph.lanes import LeaseLostError
from heliograph.storage import Connection, SecretBox
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")


class Proceeding:
    """Sees to what comes next. ``metas_now`` is Meta's clock, ``grace`` the patience with echoes."""

    def __init__(
        self,
        box: SecretBox,
        pace: Pace,
        looked: Looked,
        *,
        metas_now: Callable[[], datetime],
        grace: Callable[[], timedelta],
    ) -> None:
        self._box = box
        self._pace = pace
        self._looked = looked
        self._metas_now = metas_now
        self._grace = grace

    async def go_on(self, connection: Connection, plan: Plan, steps: Sequence[Step]) -> None:
        """Fill in what each step does next: what it is to ask Meta is claimed, unless its slot is later."""
        await self._judge_all(connection, plan, steps)
        await self._give_slots(connection, [step for step in steps if step.want is not None])
        await self._claim(connection, steps)

    async def _judge_all(self, connection: Connection, plan: Plan, steps: Sequence[Step]) -> None:
        """See what each of these does next, by its message as it stands."""
        rows = await loading.load_all(connection, [step.wanted for step in steps])
        known = [
            step.wanted.message_id
            for step in steps
            if not step.parts and (row := rows.get(step.key)) is not None and row["send_state"] is not None
        ]
        parts = await loading.parts_of(connection, known) if known else {}
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

    async def _give_slots(self, connection: Connection, steps: Sequence[Step]) -> None:
        """Who has no slot in the account's line gets one; who has to wait for it does not go yet."""
        new: dict[tuple[str, Kind], list[Step]] = defaultdict(list)
        for step in steps:
            todo = step.next
            if isinstance(todo, Ask) and todo.slot and not step.turn.goes:
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
            await ledger.set_slots(connection, late)

    async def _claim(self, connection: Connection, steps: Sequence[Step]) -> None:
        going = {step: todo for step in steps if isinstance(todo := step.next, Ask) and not todo.look}
        if not going:
            return
        claimed = await ledger.claim(connection, [(*todo.key, todo.tag) for todo in going.values()], self._metas_now())
        for step, todo in going.items():
            if todo.key not in claimed:
                step.error = LeaseLostError("another worker has claimed a part of this lane's message")
