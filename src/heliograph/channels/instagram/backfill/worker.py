"""The `backfill` lanes: one lane an integration, one job a run, one call to Meta a step.

    job ──▶ load ──▶ [pace] ──▶ list threads, read one, or count what is older ──▶ write down, settle ──▶ again, or done

    list    threads younger than the last complete run ──▶ those with messages that nobody knows are to be read
    read    the 20 youngest messages of a thread ──▶ unknown ones ──▶ a webhook in the journal, a `filing` job
    count   the older ones: Meta tells their ids only, so they come by a webhook of Meta's, or are unreadable

Each step is a call outside of any transaction (`looks`) and then one transaction with what it found, how far the run is
and the settling of the lane: whatever dies when, the next process goes on where it was, and nothing is put in line twice.
Everything else (once, in order, echoes of own sends) is the doing of the `inbound` lanes that the items come to.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts.records import open_access
from heliograph.channels.instagram.backfill import retold, runs
from heliograph.channels.instagram.backfill.looks import GAP_PATIENCE, YOUNG, Looks
from heliograph.channels.instagram.backfill.runs import BACKFILL_LANE
from heliograph.channels.instagram.backfill.steps import Step, failed, refused
from heliograph.channels.instagram.backfill.todo import Entry, all_kept, next_up, with_changed
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.holds import heard
from heliograph.channels.instagram.meta.pace import Kind, Pace
from heliograph.channels.instagram.meta.refusals import access_refused
from heliograph.channels.instagram.notes import for_doctor
from heliograph.channels.instagram.sending import loading
from heliograph.lanes import Job, Lane, LaneKind, Outcome, settle
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("backfill")

# A thread with a part of ours that is with Meta just now is read when that is settled, or after so long.
PART_PATIENCE = timedelta(minutes=2)
PART_PAUSE = timedelta(seconds=5)
# Longer pauses are slept by the lane, not by us.
_NAP_SECONDS = 1.5
# So many threads wait to be read before the list is gone on with.
_MOST_TODO = 100
# After a run that found messages, and after one that Meta refused.
_SOON = timedelta(minutes=1)
_LATER = timedelta(hours=6)


class BackfillWorker:
    """Handles the ``backfill`` lanes. ``every``: seconds between automatic runs, to have one follow soon; 0: none."""

    def __init__(
        self,
        database: Database,
        graph: Graph,
        box: SecretBox,
        pace: Pace,
        *,
        every: float = 0.0,
        young: timedelta = YOUNG,
        patience: timedelta = GAP_PATIENCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._box = box
        self._every = timedelta(seconds=every)
        self._pace = pace
        self._clock = clock
        self.looks = Looks(database, graph, young=young, patience=patience, clock=clock)

    def kind(self) -> LaneKind:
        """How the lane workers should run this: few at a time, so that live work never waits for it."""
        return LaneKind(
            BACKFILL_LANE, self.handle, self.on_dead, lanes_per_batch=4, jobs_per_lane=1, most_batches=4, most_lanes=16
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """One step of each lane's first run."""
        endings = await asyncio.gather(*(self._lane(lane) for lane in lanes), return_exceptions=True)
        if len(lanes) == 1 and isinstance(endings[0], Exception):
            raise endings[0]
        # Of several, those that are left get a turn of their own; what they raise then is told.

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """A run that crashes the worker again and again fails; the next one begins anew."""
        await runs.crashed(connection, int(job.payload), self._clock(), error)

    async def _lane(self, lane: Lane) -> None:
        if not lane.jobs:
            return
        job = lane.jobs[0]
        run = await runs.load(self._database, int(job.payload), self._clock())
        if run is None or run["ended_at"] is not None:
            async with self._database.transaction() as connection:
                await settle(connection, [Outcome(lane, [job.id])])
            lane.settled = True
            return
        step = await self._step(run)
        async with self._database.transaction() as connection:
            await self._record(connection, run, step)
            outcome = Outcome(lane, [job.id] if step.ended else (), retry_after=step.pause)
            await settle(connection, [outcome])
        lane.settled = True
        self._tell(run, step)

    # One step -------------------------------------------------------------------------------------------------

    async def _step(self, run: dict[str, Any]) -> Step:
        now = self._clock()
        todo: list[Entry] = run["todo"]
        listing = not run["listed"] and len(todo) < _MOST_TODO
        entry = next_up(todo, now, listing=listing)
        if entry is None and not listing:
            if not todo:
                return Step({"state": "done"}, ended=True)
            return Step({}, pause=max(0.05, min(one.at for one in todo) - now.timestamp()))
        if entry is not None and not entry.count:
            waits = await self._part_under_way(run, entry, now)
            if waits is not None:
                return waits
        try:
            token, secret = open_access(self._box, run)
        except SecretError as error:
            return failed(f"The stored token cannot be read: {error}")
        while (wait := await self._pace.take(run["account_id"], Kind.CONVERSATIONS)) > 0:
            if wait > _NAP_SECONDS:
                return Step({}, pause=wait)
            await asyncio.sleep(wait)
        try:
            return await self.looks.look(run, entry, token, secret)
        except (GraphError, NotSentError, NoAnswerError) as error:
            return refused(run, entry, error, now, await heard(self._database, error))

    async def _part_under_way(self, run: dict[str, Any], entry: Entry, now: datetime) -> Step | None:
        """While a part for this person is with Meta, a message of ours in the thread may be that part."""
        key = run["integration_id"], entry.person
        async with self._database.pool.acquire() as connection:
            open_parts = (await loading.open_parts_of(connection, [key])).get(key, [])
        under_way = any(not part["given_up"] for part in open_parts)
        until = entry.until or (now + PART_PATIENCE).timestamp()
        if not under_way or now.timestamp() >= until:
            return None
        later = replace(entry, at=(now + PART_PAUSE).timestamp(), until=until)
        return Step({"todo": with_changed(run["todo"], entry, later)})

    # Writing it down ------------------------------------------------------------------------------------------

    async def _record(self, connection: Connection, run: dict[str, Any], step: Step) -> None:
        now = self._clock()
        columns = dict(step.columns)
        released = list(step.release)
        if run["state"] in ("waiting", "paused"):
            columns.setdefault("state", "running")
        if step.messages:
            body = retold.webhook(run["account_id"], step.person, step.messages, int(now.timestamp() * 1000))
            number = await runs.write_down(connection, run, body)
            if step.held is None:
                released.append(number)
            else:
                holding = replace(step.held, kept=(*step.held.kept, number))
                columns["todo"] = with_changed(columns["todo"], step.held, holding)
            columns["found"] = run["found"] + len(step.messages)
        if step.unreadable or step.lost:
            columns["unreadable"] = run["unreadable"] + len(step.unreadable) + step.lost
        if step.ended:
            columns |= {"ended_at": now, "resume_at": None, "todo": []}
            released += all_kept(run["todo"])
            await self._end(connection, run, step, now)
        if columns:
            await runs.change(connection, run["id"], **columns)
        await runs.see(connection, run["integration_id"], [*(one.mid for one in step.messages), *step.unreadable])
        await runs.release(connection, run["facebook_app_id"], released)

    async def _end(self, connection: Connection, run: dict[str, Any], step: Step, now: datetime) -> None:
        if step.refused is SendOutcome.RECONNECT:
            why = {"code": "unauthorized", "message": step.columns["error"], "underlying": None}
            await access_refused(connection, run["integration_id"], run["page_token"], why)
        if step.columns["state"] == "done":
            await runs.complete(connection, run, run["began"])
            if run["found"] and run["reason"] in ("interval", "missed") and self._every:
                # What webhooks should have told came by us: it may well happen again.
                await runs.next_run(connection, run, now + max(_SOON, self._every / 5), "missed")
        elif step.refused is not None:
            await for_doctor.want(connection, [run["integration_id"]])
            if self._every:
                await runs.next_run(connection, run, now + max(_LATER, self._every), "interval")

    def _tell(self, run: dict[str, Any], step: Step) -> None:
        """Metrics and logs, after the commit."""
        if step.messages:
            log.info("messages that webhooks missed", integration=run["integration_id"], messages=len(step.messages))
        if step.unreadable or step.lost:
            metrics.BACKFILL_UNREADABLE.inc(len(step.unreadable) + step.lost)
        if step.columns.get("state") == "paused":
            log.info("backfill paused", integration=run["integration_id"], error=step.columns.get("error"))
        if not step.ended:
            return
        seconds = (self._clock() - (run["started_at"] or self._clock())).total_seconds()
        state = step.columns["state"]
        metrics.BACKFILL_RUNS.labels(run["reason"], state).inc()
        metrics.BACKFILL_SECONDS.observe(max(0.0, seconds))
        metrics.BACKFILL_LAST_END.set_to_current_time()
        metrics.BACKFILL_LAST_FOUND.set(run["found"])
        told = log.info if state == "done" and not run["unreadable"] else log.warning
        told(
            f"backfill {state}", integration=run["integration_id"], reason=run["reason"], threads=run["threads"],
            found=run["found"], unreadable=run["unreadable"], seconds=round(seconds, 1), error=step.columns.get("error"),
        )  # fmt: skip
