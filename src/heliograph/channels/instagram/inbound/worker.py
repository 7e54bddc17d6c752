"""The `inbound` lanes: what is in the journal, understood and applied. One lane per (Facebook app, account, person).

    jobs ──▶ journal ──▶ parse, order (`steps`) ──▶ echoes told apart (`plan`) ──▶ `messaging/intake` ──▶ publish, settle

One transaction per batch holds the effects and the settling, so an item is applied exactly once, whatever dies when.
People who write for the first time are applied in a second transaction, after their profiles were read, so that they
keep nobody else waiting.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.accounts import records
from heliograph.channels.instagram.accounts.records import Account, FacebookApps
from heliograph.channels.instagram.inbound import echoes, plan
from heliograph.channels.instagram.inbound.plan import Plan
from heliograph.channels.instagram.inbound.steps import NO_START, Step, find_people, in_order, leftover, starts
from heliograph.channels.instagram.journal import entries, erasure, leftovers
from heliograph.channels.instagram.journal.entries import INBOUND_LANE, applied_by
from heliograph.channels.instagram.journal.leftovers import Leftover, label
from heliograph.channels.instagram.journal.people import Whose
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.media.keep import keep_jobs
from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.notes import for_backfill
from heliograph.channels.instagram.profiles.reading import read_profiles
from heliograph.channels.instagram.profiles.worker import ProfileWorker
from heliograph.channels.instagram.wire.envelope import items
from heliograph.events import publish
from heliograph.lanes import Job, Lane, LaneKind, NewJob, enqueue, settle
from heliograph.messaging import contacts, intake
from heliograph.messaging.arrivals import MessageArrival, PostbackArrival, Profile, ReferralArrival
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# How many people a process remembers to have written before.
_MOST_MET = 100_000


class _MetNoMoreError(Exception):
    """Somebody who had written before was deleted since: they come as a stranger, with a profile to be read."""


class InboundWorker:
    """Handles the ``inbound`` lanes."""

    def __init__(
        self, database: Database, graph: Graph, apps: FacebookApps, box: Any, dresser: Dresser, profiles: ProfileWorker
    ) -> None:
        self._database = database
        self._graph = graph
        self._apps = apps
        self._box = box
        self._dresser = dresser
        self._refreshed = profiles
        self._met: set[contacts.Key] = set()

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            INBOUND_LANE, self.handle, self.on_dead, lanes_per_batch=200, most_batches=8, linger_seconds=0.02
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Apply the waiting items of each lane."""
        try:
            await self._handle(lanes)
        except _MetNoMoreError:
            await self._handle([lane for lane in lanes if not lane.settled])

    async def _handle(self, lanes: list[Lane]) -> None:
        async with self._database.pool.acquire() as connection:
            work = await self._read(connection, lanes)
            openers = {
                (route.route.integration_id, step.person): route
                for steps in work.values()
                for step in steps
                for route in step.routes
                if starts(step, route)
            }
            strangers = await self._strangers(connection, openers)
        first = {
            key
            for key, steps in work.items()
            if any((route.route.integration_id, step.person) in strangers for step in steps for route in step.routes)
        }
        by_key = {lane.key: lane for lane in lanes}
        await self._apply([(by_key[key], steps) for key, steps in work.items() if key not in first], {})
        if first:
            profiles, unasked = await self._profiles({key: openers[key] for key in strangers})
            await self._apply([(by_key[key], steps) for key, steps in work.items() if key in first], profiles, unasked)

    async def _read(self, connection: Connection, lanes: Sequence[Lane]) -> dict[str, list[Step]]:
        """The steps of each lane, by its key, in the order in which they happened."""
        rows = await entries.read(connection, {applied_by(job)[0] for lane in lanes for job in lane.jobs})
        parsed = {id_: {item.path: item for item in items(row["body"])} for id_, row in rows.items()}
        routes = await records.connected(
            connection,
            {(row["facebook_app_id"], item.account) for id_, row in rows.items() for item in parsed[id_].values()},
        )
        work: dict[str, list[Step]] = {}
        for lane in lanes:
            steps = work.setdefault(lane.key, [])
            for job in _together(lane):
                number, path = applied_by(job)
                row, item = rows.get(number), parsed.get(number, {}).get(path)
                if row is None or item is None:
                    steps.append(Step(job=job, journal_id=number, path=path))
                    continue
                app, received_at = row["facebook_app_id"], row["received_at"]
                steps.append(
                    Step(
                        job=job,
                        journal_id=number,
                        path=path,
                        account=item.account,
                        person=item.person,
                        event=wire.parse(path, item.value, wire.moment(item.time) or received_at),
                        routes=_meant(row, routes.get((app, item.account), [])),
                        received_at=received_at,
                        app=app,
                        standby=wire.standby(path, item.value),
                        backfill_run=row["backfill_run"],
                    )
                )
        await find_people(connection, (step for steps in work.values() for step in steps))
        return {key: in_order(steps) for key, steps in work.items()}

    async def _strangers(self, connection: Connection, keys: Iterable[contacts.Key]) -> set[contacts.Key]:
        """Who of these never wrote before. Remembers who did."""
        asked = [key for key in keys if key not in self._met]
        strangers = await contacts.unknown(connection, asked) if asked else set()
        if len(self._met) > _MOST_MET:
            self._met.clear()
        self._met.update(key for key in asked if key not in strangers)
        return strangers

    async def _profiles(
        self, strangers: Mapping[contacts.Key, Account]
    ) -> tuple[dict[contacts.Key, Profile], set[contacts.Key]]:
        """Profiles of strangers; and those whom Meta was not to be asked about, as their account is paused."""
        paused = await pauses.paused(self._database, {key[0] for key in strangers})
        going = [key for key in strangers if key[0] not in paused]
        tokens = await records.tokens(self._database, self._box, self._apps, {key[0] for key in going})
        wanted = [(key, key[1], *tokens[key[0]]) for key in going if key[0] in tokens]
        read = await read_profiles(self._database, self._graph, wanted)
        missing = [key for key in going if key not in read]
        if missing:
            paused |= await pauses.paused(self._database, {key[0] for key in missing})
        dressed = {key: self._dresser.profile(read[key], key[0], key[1], strangers[key].media_mode) for key in read}
        return dressed, {key for key in strangers if key not in read and key[0] in paused}

    async def _apply(
        self,
        work: Sequence[tuple[Lane, list[Step]]],
        profiles: Mapping[contacts.Key, Profile],
        unasked: Container[contacts.Key] = (),
    ) -> None:
        if not work:
            return
        now = datetime.now(UTC)
        async with self._database.transaction() as connection:
            todo = await plan.make(connection, work, now, self._dresser)
            applied = await intake.apply(connection, [arrival for _, arrival in todo.arrivals], profiles, now)
            gone = applied.made & self._met
            if gone:
                self._met -= gone
                raise _MetNoMoreError
            events = [event for _, event in applied.events]
            events += await echoes.delivered(
                connection,
                [(integration, mid) for _, integration, mid in todo.echoes],
                [(part, mid) for _, part, mid in todo.settled],
                _seen(todo, applied),
                now,
            )
            unsent = erasure.unsent_jobs(await _unsent(connection, todo, applied))
            refreshed = self._refreshed.jobs(_writers(todo, applied), now, unasked)
            await enqueue(connection, [*_copies(todo, applied), *refreshed, *unsent])
            await publish(connection, events)
            for index in sorted(applied.unwanted):
                todo.leftovers.append(leftover(todo.steps[todo.arrivals[index][0]], NO_START))
            await leftovers.keep(connection, todo.leftovers)
            await contacts.act(connection, todo.actions)
            await for_backfill.added(connection, _backfilled(todo, applied))
            await settle(connection, todo.outcomes)
        for outcome in todo.outcomes:
            outcome.lane.settled = True
        _count(todo, applied, now)

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """An item that crashes the worker again and again stays in the journal, shown as failed."""
        number, path = applied_by(job)
        _, account, person = lane.key.split("/", 2)
        await leftovers.keep(connection, [Leftover(number, path, account, person, "failed", error[:500])])


def _together(lane: Lane) -> Sequence[Job]:
    """The jobs of a lane to be done in one go; after a crash the first one alone, so that the guilty one is found."""
    return lane.jobs[:1] if lane.jobs and lane.jobs[0].attempts else lane.jobs


def _meant(row: Any, routes: list[Account]) -> list[Account]:
    """Meta's webhooks are for all who have the account; what a run found is for the integration that it ran for."""
    wanted = row["integration_id"]
    return routes if wanted is None else [one for one in routes if one.route.integration_id == wanted]


def _backfilled(todo: Plan, applied: intake.Applied) -> dict[int, int]:
    """How many messages of each run were new."""
    known = applied.duplicates | applied.strangers | applied.unwanted
    new = [
        todo.steps[number].backfill_run
        for index, (number, arrival) in enumerate(todo.arrivals)
        if index not in known and isinstance(arrival, MessageArrival | ReferralArrival)
    ]
    return dict(Counter(run for run in new if run is not None))


def _seen(todo: Plan, applied: intake.Applied) -> list[tuple[str, str, str]]:
    return [
        (applied.contacts[(integration, person)].client["id"], integration, mid)
        for _, integration, person, mid in todo.reads
        if (integration, person) in applied.contacts
    ]


async def _unsent(connection: Connection, todo: Plan, applied: intake.Applied) -> list[tuple[Whose, str, str]]:
    """Messages that were taken back, in this batch or before they came: what they said stands in the journal."""
    found = [
        (Whose(step.app, step.account, step.person), route.route.integration_id, step.event.mid)
        for step in todo.steps
        if isinstance(step.event, wire.Unsend) and step.person
        for route in step.routes
    ]
    again = [todo.arrivals[index] for index in applied.duplicates]
    mids = {(one.route.integration_id, one.mid): number for number, one in again if isinstance(one, MessageArrival)}
    for integration_id, mid in await erasure.taken_back(connection, mids):
        step = todo.steps[mids[integration_id, mid]]
        found.append((Whose(step.app, step.account, step.person), integration_id, mid))
    return found


def _copies(todo: Plan, applied: intake.Applied) -> list[NewJob]:
    """The jobs that copy files, of what was applied."""
    wanted = [index for index in todo.copies if index not in applied.duplicates | applied.unwanted]
    arrivals = [todo.arrivals[index][1] for index in wanted]
    return [
        job
        for arrival in arrivals
        if isinstance(arrival, MessageArrival)
        for job in keep_jobs(arrival.route.integration_id, arrival.media)
    ]


def _writers(todo: Plan, applied: intake.Applied) -> list[contacts.Contact]:
    """Who did something just now: their profiles can be read (Meta reference 5.1)."""
    keys = {
        (arrival.route.integration_id, arrival.person)
        for _, arrival in todo.arrivals
        if isinstance(arrival, PostbackArrival | ReferralArrival)
        or (isinstance(arrival, MessageArrival) and arrival.author == "user")
    }
    return [applied.contacts[key] for key in sorted(keys) if key in applied.contacts]


def _count(todo: Plan, applied: intake.Applied, now: datetime) -> None:
    for index, (_, arrival) in enumerate(todo.arrivals):
        if index in applied.unwanted:
            continue
        metrics.EVENTS_APPLIED.labels(type(arrival).__name__.removesuffix("Arrival").lower()).inc()
    metrics.EVENTS_APPLIED.labels("echo").inc(len(todo.echoes))
    metrics.EVENTS_APPLIED.labels("duplicate").inc(len(applied.duplicates))
    metrics.EVENTS_APPLIED.labels("early").inc(len(applied.early))
    metrics.EVENTS_APPLIED.labels("gone").inc(len(applied.gone))
    metrics.BACKFILL_MESSAGES.inc(sum(_backfilled(todo, applied).values()))
    for left in todo.leftovers:
        metrics.ITEMS_LEFT_OVER.labels(label(left.reason)).inc()
    for kind in todo.not_shown:
        metrics.NOT_SHOWN.labels(label(f"attachment:{kind}").partition(":")[2]).inc()
    for notice in todo.notices:
        metrics.POLICY_NOTICES.labels(notice.action).inc()
        tell = log.warning if notice.action == "block" else log.info
        tell("Meta's policy notice", action=notice.action, reason=notice.reason)
    for step in todo.steps:
        if step.received_at is not None:
            metrics.INBOUND_SECONDS.observe(max(0.0, (now - step.received_at).total_seconds()))
    for _, event in applied.events:
        if event.type == "conversation:message":
            message = event.payload["message"]
            mid = message["source"]["originalMessageId"]
            log.info("applied", mid=mid, message=message["id"], conversation=event.conversation_id, event_id=event.id)
