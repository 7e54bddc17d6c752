"""The `inbound` lanes: what is in the journal, understood and applied. One lane per (Facebook app, account, person).

    jobs ──▶ journal ──▶ parse ──▶ echoes told apart ──▶ intake ──▶ ledger ──▶ publish, settle

One transaction per batch holds the effects and the settling, so an item is applied exactly once, whatever dies when.
People who write for the first time are applied in a second transaction, after their profiles were read, so that they
keep nobody else waiting.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.instagram import accounts, ledger, mapping, wire
from heliograph.channels.instagram.accounts import Account, FacebookApps
from heliograph.channels.instagram.backfill.runs import added
from heliograph.channels.instagram.delivery_events import USER, delivery_event
from heliograph.channels.instagram.envelope import items
from heliograph.channels.instagram.graph import CLOCK_TOLERANCE, Graph
from heliograph.channels.instagram.journal import INBOUND_LANE, applied_by, read
from heliograph.channels.instagram.leftovers import Leftover, keep, label
from heliograph.channels.instagram.profile import read_profiles
from heliograph.events import Event, publish
from heliograph.lanes import Job, Lane, LaneKind, Outcome, settle
from heliograph.messaging import contacts, intake
from heliograph.messaging.arrivals import Arrival, Profile
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# An echo that overtook the answer to its own send waits for it: this often, and no longer than this.
ECHO_PAUSE_SECONDS = 0.2
ECHO_PATIENCE = timedelta(minutes=2)

# Meta tells times of the past in whole seconds, by its own clock.
_BACKFILL_SLACK = CLOCK_TOLERANCE + timedelta(seconds=5)

# Why a tap or a mention of somebody who never wrote is left (`ignoreAutoConversationStart`).
NO_START = "switched_off:conversation_start"

# How many people a process remembers to have written before.
_MOST_MET = 100_000


@dataclass(slots=True)
class _Step:
    """One job of a lane: an item, its event, and the integrations it is for."""

    job: Job
    journal_id: int
    path: str
    account: str
    person: str
    event: wire.Event | None
    routes: list[Account]
    received_at: datetime | None = None
    backfill_run: int | None = None  # the run that found what no webhook told


@dataclass(slots=True)
class _Plan:
    """What a batch comes to, before anything is written. Numbers are positions in the batch."""

    arrivals: list[tuple[int, Arrival]] = field(default_factory=list)
    echoes: list[tuple[int, str, str]] = field(default_factory=list)  # integration, mid of own parts
    settled: list[tuple[int, Any, str]] = field(default_factory=list)  # unknown part, mid that settles it
    reads: list[tuple[int, str, str, str]] = field(default_factory=list)  # integration, person, mid
    actions: list[contacts.Action] = field(default_factory=list)  # of leftovers
    leftovers: list[Leftover] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)


class _MetNoMoreError(Exception):
    """Somebody who had written before was deleted since: they come as a stranger, with a profile to be read."""


class InboundWorker:
    """Handles the ``inbound`` lanes."""

    def __init__(self, database: Database, graph: Graph, apps: FacebookApps, box: Any) -> None:
        self._database = database
        self._graph = graph
        self._apps = apps
        self._box = box
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
                if _starts(step.event, route)
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
            profiles = await self._profiles({key: openers[key] for key in strangers})
            await self._apply([(by_key[key], steps) for key, steps in work.items() if key in first], profiles)

    async def _read(self, connection: Connection, lanes: Sequence[Lane]) -> dict[str, list[_Step]]:
        """The steps of each lane, by its key."""
        rows = await read(connection, {applied_by(job)[0] for lane in lanes for job in lane.jobs})
        parsed = {id_: {item.path: item for item in items(row["body"])} for id_, row in rows.items()}
        routes = await accounts.connected(
            connection,
            {(row["facebook_app_id"], item.account) for id_, row in rows.items() for item in parsed[id_].values()},
        )
        work: dict[str, list[_Step]] = {}
        for lane in lanes:
            steps = work.setdefault(lane.key, [])
            for job in _together(lane):
                number, path = applied_by(job)
                row, item = rows.get(number), parsed.get(number, {}).get(path)
                if row is None or item is None:  # erased since
                    steps.append(_Step(job, number, path, "", "", None, []))
                    continue
                steps.append(
                    _Step(
                        job,
                        row["id"],
                        path,
                        item.account,
                        item.person,
                        wire.parse(path, item.value),
                        _meant(row, routes.get((row["facebook_app_id"], item.account), [])),
                        row["received_at"],
                        row["backfill_run"],
                    )
                )
        return work

    async def _strangers(self, connection: Connection, keys: Iterable[contacts.Key]) -> set[contacts.Key]:
        """Who of these never wrote before. Remembers who did."""
        asked = [key for key in keys if key not in self._met]
        strangers = await contacts.unknown(connection, asked) if asked else set()
        if len(self._met) > _MOST_MET:
            self._met.clear()
        self._met.update(key for key in asked if key not in strangers)
        return strangers

    async def _profiles(self, strangers: Mapping[contacts.Key, Account]) -> dict[contacts.Key, Profile]:
        tokens = await accounts.tokens(self._database, self._box, self._apps, {key[0] for key in strangers})
        wanted = [(key, key[1], *tokens[key[0]]) for key in strangers if key[0] in tokens]
        return await read_profiles(self._graph, wanted)

    async def _apply(self, work: Sequence[tuple[Lane, list[_Step]]], profiles: Mapping[contacts.Key, Profile]) -> None:
        if not work:
            return
        now = datetime.now(UTC)
        async with self._database.transaction() as connection:
            plan = await _plan(connection, work, now)
            applied = await intake.apply(connection, [arrival for _, arrival in plan.arrivals], profiles, now)
            gone = applied.made & self._met
            if gone:
                self._met -= gone
                raise _MetNoMoreError
            events = [(plan.arrivals[index][0], event) for index, event in applied.events]
            events += await _delivered(connection, plan, applied, now)
            await publish(connection, [event for _, event in sorted(events, key=lambda pair: pair[0])])
            for index in sorted(applied.unwanted):
                plan.leftovers.append(_leftover(plan.steps[plan.arrivals[index][0]], NO_START))
            await keep(connection, plan.leftovers)
            await contacts.act(connection, plan.actions)
            await added(connection, _backfilled(plan, applied))
            await settle(connection, plan.outcomes)
        for outcome in plan.outcomes:
            outcome.lane.settled = True
        _count(plan, applied, now)

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """An item that crashes the worker again and again stays in the journal, shown as failed."""
        number, path = applied_by(job)
        _, account, person = lane.key.split("/", 2)
        await keep(connection, [Leftover(number, path, account, person, "failed", error[:500])])


def _together(lane: Lane) -> Sequence[Job]:
    """The jobs of a lane to be done in one go; after a crash the first one alone, so that the guilty one is found."""
    return lane.jobs[:1] if lane.jobs and lane.jobs[0].attempts else lane.jobs


async def _plan(connection: Connection, work: Sequence[tuple[Lane, list[_Step]]], now: datetime) -> _Plan:
    echoes = {
        (route.route.integration_id, step.event.mid): (route.route.integration_id, step.person)
        for _, steps in work
        for step in steps
        if isinstance(step.event, wire.Message) and step.event.echo
        for route in step.routes
    }
    known, in_flight = await _known_echoes(connection, echoes)
    plan = _Plan()
    for lane, steps in work:
        finished = []
        for step in steps:
            number = len(plan.steps)
            if not _plan_step(plan, number, step, known, in_flight, now):
                break  # this one waits, and those behind it
            plan.steps.append(step)
            finished.append(step.job.id)
        waits = len(finished) < len(steps)
        plan.outcomes.append(Outcome(lane, finished, retry_after=ECHO_PAUSE_SECONDS if waits else 0.0))
    return plan


async def _known_echoes(
    connection: Connection, echoes: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[set[tuple[str, str]], dict[tuple[str, str], list[Any]]]:
    """Which echoes we know by their mid; and what is with Meta for the same people."""
    if not echoes:
        return set(), {}
    # In this order: what was recorded in between is then known by its mid.
    in_flight = await ledger.open_parts_of(connection, list(set(echoes.values())))
    rows = await connection.fetch(
        "select k.integration_id, k.mid from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid)"
        " using (integration_id, mid) where k.part = 0",
        [key[0] for key in echoes],
        [key[1] for key in echoes],
    )
    return {(row["integration_id"], row["mid"]) for row in rows}, in_flight


def _plan_step(
    plan: _Plan,
    number: int,
    step: _Step,
    known: set[tuple[str, str]],
    in_flight: dict[tuple[str, str], list[Any]],
    now: datetime,
) -> bool:
    """Add a step to the plan. False: it has to wait for the answer to a send."""
    event = step.event
    if event is None:
        return True
    reason = _leftover_reason(step)
    if reason is not None:
        plan.leftovers.append(_leftover(step, reason))
        plan.actions += _actions(step, step.routes)
        return True
    assert not isinstance(event, wire.NotUnderstood)
    for route in step.routes:
        integration_id = route.route.integration_id
        switched_off = _switched_off(route, event)
        if switched_off:
            plan.leftovers.append(_leftover(step, switched_off))
            plan.actions += _actions(step, [route])
            continue
        if isinstance(event, wire.Message) and event.echo:
            if (integration_id, event.mid) in known:
                plan.echoes.append((number, integration_id, event.mid))
                continue
            part = _same_part(event, _perhaps(step, event, in_flight.get((integration_id, step.person), ())))
            waited = now - step.job.enqueued_at
            # Whoever still has it in hand after this long has died, and this echo tells what became of it.
            if part is not None and (part["state"] == "unknown" or waited >= ECHO_PATIENCE):
                in_flight[(integration_id, step.person)].remove(part)
                plan.settled.append((number, part, event.mid))
                known.add((integration_id, event.mid))  # Meta may repeat the echo within this very batch
                continue
            if part is not None:
                return False
        if isinstance(event, wire.Read):
            plan.reads.append((number, integration_id, step.person, event.mid))
        arrival = mapping.arrival(event, route.route, step.person)
        plan.arrivals.append((number, arrival if step.backfill_run is None else mapping.backfilled(arrival)))
    if isinstance(event, wire.Message) and event.unknown:
        plan.leftovers.append(_leftover(step, f"attachment:{event.unknown[0]}"))
    return True


def _leftover_reason(step: _Step) -> str | None:
    """Why an item as a whole cannot be applied; None when it can."""
    event = step.event
    if step.account == "0":
        return "dashboard_test"
    if isinstance(event, wire.NotUnderstood):
        return event.reason
    if isinstance(event, wire.StoryMention) and event.echo:
        return "echo:story_mention"
    if not step.routes:
        return "not_connected"
    return None if step.person else "no_person"


def _actions(step: _Step, routes: Iterable[Account]) -> list[tuple[str, str, datetime]]:
    """What a person did opens the window, whether we understand and want it or not: Meta counts it."""
    event = step.event
    if event is None or not step.person or isinstance(event, wire.Read | wire.Unsend) or event.at is None:
        return []
    if isinstance(event, wire.Message | wire.StoryMention) and event.echo:
        return []
    return [(route.route.integration_id, step.person, event.at) for route in routes]


def _starts(event: wire.Event | None, route: Account) -> bool:
    """Whether this may make somebody known who never wrote before."""
    if isinstance(event, wire.StoryMention | wire.Postback):
        return intake.may_start(route.route)
    return isinstance(event, wire.Message)


def _switched_off(route: Account, event: wire.Event) -> str | None:
    if isinstance(event, wire.StoryMention) and not route.story_mentions:
        return "switched_off:story_mention"
    if isinstance(event, wire.Message) and event.story is not None and not route.story_replies:
        return "switched_off:story_reply"
    return None


def _meant(row: Any, routes: list[Account]) -> list[Account]:
    """Meta's webhooks are for all who have the account; what a run found is for the integration that it ran for."""
    wanted = row["integration_id"]
    return routes if wanted is None else [one for one in routes if one.route.integration_id == wanted]


def _perhaps(step: _Step, echo: wire.Message, open_parts: Iterable[Any]) -> Iterable[Any]:
    """The parts that an echo may be of. What a run found can be older than they are; then it is none of them."""
    if step.backfill_run is None:
        return open_parts
    return [part for part in open_parts if part["started_at"] - _BACKFILL_SLACK <= echo.at]


def _same_part(echo: wire.Message, open_parts: Iterable[Any]) -> Any:
    """The part in flight that this echo is of, by what it says: Meta's echoes carry nothing else (1.6)."""
    kinds = [attachment.type for attachment in echo.attachments]
    for part in open_parts:
        attachment = part["request"].get("attachment")
        if part["request"].get("text", "") == echo.text and ([attachment["type"]] if attachment else []) == kinds:
            return part
    return None


async def _delivered(
    connection: Connection, plan: _Plan, applied: intake.Applied, now: datetime
) -> list[tuple[int, Event]]:
    """``delivery:user`` for own messages that came back as echoes, or were seen."""
    for _, part, mid in plan.settled:
        await ledger.sent(connection, part, part["message_id"], part["part"], mid)
    echoes = plan.echoes + [(number, part["integration_id"], mid) for number, part, mid in plan.settled]
    confirmed: list[str] = []
    if echoes:
        touched = await ledger.mark_echoed(connection, [(integration, mid) for _, integration, mid in echoes])
        confirmed += await ledger.confirm_echoed(connection, touched, now)
    reads = [
        (applied.contacts[(integration, person)].client["id"], integration, mid)
        for _, integration, person, mid in plan.reads
        if (integration, person) in applied.contacts
    ]
    if reads:
        confirmed += await ledger.confirm_seen(connection, reads, now)
    if not confirmed:
        return []
    return [(len(plan.steps), delivery_event(USER, row, now)) for row in await ledger.about(connection, confirmed)]


def _backfilled(plan: _Plan, applied: intake.Applied) -> dict[int, int]:
    """How many messages of each run were new."""
    known = applied.duplicates | applied.strangers | applied.unwanted
    steps = [plan.steps[number] for index, (number, _) in enumerate(plan.arrivals) if index not in known]
    return dict(Counter(step.backfill_run for step in steps if step.backfill_run is not None))


def _leftover(step: _Step, reason: str) -> Leftover:
    return Leftover(step.journal_id, step.path, step.account, step.person, reason)


def _count(plan: _Plan, applied: intake.Applied, now: datetime) -> None:
    for index, (_, arrival) in enumerate(plan.arrivals):
        if index in applied.unwanted:
            continue
        metrics.EVENTS_APPLIED.labels(type(arrival).__name__.removesuffix("Arrival").lower()).inc()
    metrics.EVENTS_APPLIED.labels("echo").inc(len(plan.echoes))
    metrics.EVENTS_APPLIED.labels("duplicate").inc(len(applied.duplicates))
    metrics.BACKFILL_MESSAGES.inc(sum(_backfilled(plan, applied).values()))
    for leftover in plan.leftovers:
        metrics.ITEMS_LEFT_OVER.labels(label(leftover.reason)).inc()
    for step in plan.steps:
        if step.received_at is not None:
            metrics.INBOUND_SECONDS.observe(max(0.0, (now - step.received_at).total_seconds()))
    for _, event in applied.events:
        if event.type == "conversation:message":
            message = event.payload["message"]
            mid = message["source"]["originalMessageId"]
            log.info("applied", mid=mid, message=message["id"], conversation=event.conversation_id, event_id=event.id)
