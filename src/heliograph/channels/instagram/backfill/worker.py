"""The `backfill` lanes: one lane an integration, one job a run, one call to Meta a step.

    job ──▶ load ──▶ [pace] ──▶ list threads, read one, or count an old one ──▶ write down, settle ──▶ again, or done

    list    threads younger than the last complete run ──▶ those with messages that nobody knows are to be read
    read    the 20 youngest messages of a thread ──▶ unknown ones ──▶ a webhook in the journal, a `filing` job
            └─ older ones are missing, too, and Meta may still repeat their webhooks: looked at again later
    count   the older ones: Meta tells their ids only, so they are unreadable

Each step is a call outside of any transaction and then one transaction with what it found, how far the run is and the
settling of the lane: whatever dies when, the next process goes on where it was, and nothing is put in line twice.
Everything else (once, in order, echoes of own sends) is the doing of the `inbound` lanes that the items come to.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts.records import open_access
from heliograph.channels.instagram.backfill import listing, retold, runs
from heliograph.channels.instagram.backfill.runs import BACKFILL_LANE
from heliograph.channels.instagram.backfill.steps import (
    GOES_ON,
    Step,
    began,
    entry_of,
    failed,
    first_due,
    put_off,
    refused,
    within,
    without,
)
from heliograph.channels.instagram.doctor.requests import want
from heliograph.channels.instagram.journal.entries import filing_job
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, flavour_of
from heliograph.channels.instagram.meta.holds import heard
from heliograph.channels.instagram.meta.pace import Kind, Pace
from heliograph.channels.instagram.meta.refusals import access_refused
from heliograph.channels.instagram.sending import ledger
from heliograph.lanes import Job, Lane, LaneKind, Outcome, enqueue, settle
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("backfill")

# A message that is younger may have its webhook still to come, which tells more than the API does.
YOUNG = timedelta(seconds=30)
# A thread with a part of ours that is with Meta just now is read when that is settled, or after so long.
PART_PATIENCE = timedelta(minutes=2)
PART_PAUSE = timedelta(seconds=5)
# Of a thread with more missing than Meta shows, the younger ones would come before the older ones that Meta may still
# repeat by webhook: while those are younger than this, the thread is looked at again instead.
GAP_PATIENCE = timedelta(minutes=10)
GAP_PAUSE = timedelta(seconds=15)
# Longer pauses are slept by the lane, not by us.
_NAP_SECONDS = 1.5
# So many threads wait to be read before the list is gone on with.
_MOST_TODO = 100
_IDS_A_PAGE = 100
# Each pass over the list is for what moved during the one before, and so shorter.
_MOST_PASSES = 5
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
        self._graph = graph
        self._box = box
        self._every = timedelta(seconds=every)
        self._pace = pace
        self._young = young
        self._patience = patience
        self._clock = clock

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
        run = await runs.load(self._database, int(job.payload))
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

    async def _step(self, run: Any) -> Step:
        now = self._clock()
        entry = first_due(run["todo"], now)
        if entry is None and (run["listed"] or len(run["todo"]) >= _MOST_TODO):
            if not run["todo"]:
                return Step({"state": "done"}, ended=True)
            return Step({}, pause=max(0.05, min(one["at"] for one in run["todo"]) - now.timestamp()))
        if entry is not None and not entry["count"]:
            waits = await self._part_under_way(run, entry, now)
            if waits is not None:
                return waits
        try:
            token, secret = open_access(self._box, run)
        except SecretError as error:
            return failed(f"The stored token cannot be read: {error}")
        if wait := await self._turn(run):
            return Step({}, pause=wait)
        try:
            if entry is None:
                return await self._list(run, token, secret)
            if entry["count"]:
                return await self._count(run, entry, token, secret)
            return await self._read(run, entry, token, secret)
        except (GraphError, NotSentError, NoAnswerError) as error:
            return refused(run, entry, error, now, await heard(self._database, error))

    async def _list(self, run: Any, token: str, secret: str) -> Step:
        """The next page of threads. A run's first look decides how far it goes back."""
        params = {"platform": "instagram", "fields": listing.THREAD_FIELDS, "limit": str(run["page_size"])}
        if run["cursor"]:
            params["after"] = run["cursor"]
        edge = flavour_of(token).conversations.format(page_id=run["page_id"])
        answer = await self._graph.call("GET", edge, token, secret=secret, params=params, name="conversations")
        columns = began(run, self._graph.now()) if run["began"] is None else {}
        now = {**dict(run), **columns}
        page = listing.threads(answer, run["account_id"], run["page_id"])
        looked_at = [thread for thread in page.rows if thread.updated >= now["stop_at"]]
        columns["todo"] = [*run["todo"], *await self._todo(now, looked_at)]
        columns["threads"] = run["threads"] + len(looked_at)
        ended = not page.after or len(looked_at) < len(page.rows)
        pages, newest = now["pages"] + 1, now["newest"]
        if pages == 1 and page.rows:
            newest = columns["newest"] = page.rows[0].updated
        if not ended:
            return Step(columns | {"pages": pages, "cursor": page.after} | GOES_ON)
        if pages == 1 or now["passes"] + 1 >= _MOST_PASSES:
            return Step(columns | {"listed": True} | GOES_ON)
        # While we paged, threads that were said something in went to the top, past us. They are there to be found.
        again = {"passes": now["passes"] + 1, "pages": 0, "cursor": None, "stop_at": newest}
        return Step(columns | again | GOES_ON)

    async def _todo(self, run: dict[str, Any], threads: Sequence[listing.Thread]) -> list[dict[str, Any]]:
        """The threads to be read, of a page of the list; and those whose older messages are to be counted."""
        wanted = {thread.id: [one for one in thread.messages if within(run, one.created)] for thread in threads}
        mids = [one.mid for messages in wanted.values() for one in messages]
        unknown = await runs.unknown(self._database, run["integration_id"], mids)
        queued = {(one["id"], one["count"]) for one in run["todo"]}
        todo: list[dict[str, Any]] = []
        behind = self._graph.now() - self._clock()
        for thread in threads:
            missing = [one for one in wanted[thread.id] if one.mid in unknown]
            if missing and not thread.person:
                log.warning("thread is not one person's, left out", integration=run["integration_id"])
                continue
            if missing and (thread.id, False) not in queued:
                youngest = max(one.created for one in missing) - behind
                todo.append(entry_of(thread, (youngest + self._young).timestamp()))
            deep = len(thread.messages) > listing.DEPTH and thread.messages[-1].created >= run["since"]
            if deep and (thread.id, True) not in queued:
                todo.append(entry_of(thread, 0.0, count=True))
        return todo

    async def _read(self, run: Any, entry: dict[str, Any], token: str, secret: str) -> Step:
        """A thread's youngest messages: the unknown ones of this run are put in line."""
        answer = await self._graph.call(
            "GET",
            f"/{entry['id']}",
            token,
            secret=secret,
            params={"fields": listing.MESSAGE_FIELDS},
            name="conversations",
        )
        told, bare = listing.told(answer, run["account_id"], run["page_id"])
        names = [*((one.mid, one.created) for one in told), *((one.mid, one.created) for one in bare)]
        mids = [mid for mid, created in names if within(run, created)]
        unknown = await runs.unknown(self._database, run["integration_id"], mids)
        missing = [one for one in told if one.mid in unknown]
        beyond = [one for one in bare if one.mid in unknown]
        if told and told[0].mid in unknown and len(told) + len(bare) >= listing.DEPTH:
            # What was said since has pushed others out of what Meta shows.
            if wait := await self._turn(run):
                return Step(put_off(run, entry, self._clock() + timedelta(seconds=wait)))
            beyond += await self._older(run, entry, token, secret, {mid for mid, _ in names})
        if self._may_still_come(beyond):
            return Step(put_off(run, entry, self._clock() + GAP_PAUSE) | GOES_ON)
        return Step(without(run, entry) | GOES_ON, entry["person"], missing, [one.mid for one in beyond])

    async def _turn(self, run: Any) -> float:
        """Wait until the account may be asked: 0. A wait that is longer than a nap is told instead, in seconds."""
        while (wait := await self._pace.take(run["account_id"], Kind.CONVERSATIONS)) > 0:
            if wait > _NAP_SECONDS:
                return wait
            await asyncio.sleep(wait)
        return 0.0

    async def _older(
        self, run: Any, entry: dict[str, Any], token: str, secret: str, shown: set[str]
    ) -> list[listing.Named]:
        """Messages of this run that Meta names, shows no more, and nobody knows."""
        params = {"fields": listing.ID_FIELDS, "limit": str(_IDS_A_PAGE)}
        answer = await self._graph.call(
            "GET", f"/{entry['id']}/messages", token, secret=secret, params=params, name="conversations"
        )
        older = [one for one in listing.named(answer).rows if one.mid not in shown and within(run, one.created)]
        unknown = await runs.unknown(self._database, run["integration_id"], [one.mid for one in older])
        return [one for one in older if one.mid in unknown]

    async def _count(self, run: Any, entry: dict[str, Any], token: str, secret: str) -> Step:
        """The messages beyond Meta's depth that nobody knows: lost, but not unnoticed."""
        params = {"fields": listing.ID_FIELDS, "limit": str(_IDS_A_PAGE)}
        if entry["after"]:
            params["after"] = entry["after"]
        answer = await self._graph.call(
            "GET", f"/{entry['id']}/messages", token, secret=secret, params=params, name="conversations"
        )
        page = listing.named(answer)
        beyond = page.rows if entry["after"] else page.rows[listing.DEPTH :]
        mids = [one.mid for one in beyond if within(run, one.created)]
        unknown = await runs.unknown(self._database, run["integration_id"], mids)
        if self._may_still_come([one for one in beyond if one.mid in unknown]):
            return Step(put_off(run, entry, self._clock() + GAP_PAUSE) | GOES_ON)
        columns = without(run, entry)
        if page.after and page.rows and page.rows[-1].created >= run["since"]:
            columns["todo"].append({**entry, "after": page.after})
        return Step(columns | GOES_ON, unreadable=[mid for mid in mids if mid in unknown])

    def _may_still_come(self, beyond: Sequence[listing.Named]) -> bool:
        """Whether Meta may still repeat the webhook of one of these, which only a webhook can bring."""
        now = self._graph.now()
        return any(one.created + self._patience > now for one in beyond)

    async def _part_under_way(self, run: Any, entry: dict[str, Any], now: datetime) -> Step | None:
        """While a part for this person is with Meta, a message of ours in the thread may be that part."""
        key = run["integration_id"], entry["person"]
        async with self._database.pool.acquire() as connection:
            open_parts = (await ledger.open_parts_of(connection, [key])).get(key, [])
        under_way = any(not part["given_up"] for part in open_parts)
        until = entry["until"] or (now + PART_PATIENCE).timestamp()
        if not under_way or now.timestamp() >= until:
            return None
        return Step(put_off(run, entry, now + PART_PAUSE, until))

    # Writing it down ------------------------------------------------------------------------------------------

    async def _record(self, connection: Connection, run: Any, step: Step) -> None:
        now = self._clock()
        columns = dict(step.columns)
        if run["started_at"] is None:
            columns["started_at"] = now
        if run["state"] in ("waiting", "paused"):
            columns.setdefault("state", "running")
        if step.ended:
            columns |= {"ended_at": now, "resume_at": None, "todo": []}
        if step.messages:
            columns["found"] = run["found"] + len(step.messages)
        if step.unreadable:
            columns["unreadable"] = run["unreadable"] + len(step.unreadable)
        if step.ended:
            await self._end(connection, run, step, now)
        if columns:
            await runs.change(connection, run["id"], **columns)
        await runs.see(connection, run["integration_id"], [*(one.mid for one in step.messages), *step.unreadable])
        if step.messages:
            body = retold.webhook(run["account_id"], step.person, step.messages, int(now.timestamp() * 1000))
            number = await runs.write_down(connection, run, body)
            await enqueue(connection, [filing_job(run["facebook_app_id"], [number])])

    async def _end(self, connection: Connection, run: Any, step: Step, now: datetime) -> None:
        if step.refused is SendOutcome.RECONNECT:
            why = {"code": "unauthorized", "message": step.columns["error"], "underlying": None}
            await access_refused(connection, run["integration_id"], run["page_token"], why)
        if step.columns["state"] == "done":
            await runs.complete(connection, run, run["began"])
            if run["found"] and run["reason"] in ("interval", "missed") and self._every:
                # What webhooks should have told came by us: it may well happen again.
                await runs.next_run(connection, run, now + max(_SOON, self._every / 5), "missed")
        elif step.refused is not None:
            await want(connection, [run["integration_id"]])
            if self._every:
                await runs.next_run(connection, run, now + max(_LATER, self._every), "interval")

    def _tell(self, run: Any, step: Step) -> None:
        """Metrics and logs, after the commit."""
        if step.messages:
            log.info("messages that webhooks missed", integration=run["integration_id"], messages=len(step.messages))
        if step.unreadable:
            metrics.BACKFILL_UNREADABLE.inc(len(step.unreadable))
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
