"""What a batch of `inbound` lanes comes to, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.accounts.records import Account
from heliograph.channels.instagram.inbound import echoes, mapping
from heliograph.channels.instagram.inbound.contents import not_shown
from heliograph.channels.instagram.inbound.steps import Step, actions, leftover, leftover_reason, switched_off
from heliograph.channels.instagram.journal.leftovers import Leftover
from heliograph.channels.instagram.media.dress import STORE, Dresser
from heliograph.lanes import Lane, Outcome
from heliograph.messaging import contacts
from heliograph.messaging.arrivals import Arrival
from heliograph.storage import Connection


@dataclass(slots=True)
class Plan:
    """Numbers are positions in the batch."""

    arrivals: list[tuple[int, Arrival]] = field(default_factory=list)
    echoes: list[tuple[int, str, str]] = field(default_factory=list)  # integration, mid of own parts
    settled: list[tuple[int, Any, str]] = field(default_factory=list)  # unknown part, mid that settles it
    reads: list[tuple[int, str, str, str]] = field(default_factory=list)  # integration, person, mid
    actions: list[contacts.Action] = field(default_factory=list)  # of leftovers
    copies: list[int] = field(default_factory=list)  # positions of arrivals whose files are to be copied
    leftovers: list[Leftover] = field(default_factory=list)
    notices: list[wire.PolicyNotice] = field(default_factory=list)
    not_shown: list[str] = field(default_factory=list)  # types of attachments that are told as a notice only
    outcomes: list[Outcome] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


async def make(
    connection: Connection, work: Sequence[tuple[Lane, list[Step]]], now: datetime, dresser: Dresser
) -> Plan:
    """The plan of these lanes' steps, each lane's in order, up to one that has to wait."""
    heard = {
        (route.route.integration_id, step.event.mid): (route.route.integration_id, step.person)
        for _, steps in work
        for step in steps
        if isinstance(step.event, wire.Message) and step.event.echo
        for route in step.routes
    }
    planner = _Planner(*await echoes.known(connection, heard), now, dresser)
    for lane, steps in work:
        finished = []
        for step in steps:
            if not planner.take(step):
                break  # this one waits, and those behind it
            finished.append(step.job.id)
        waits = len(finished) < len(steps)
        pause = echoes.ECHO_PAUSE_SECONDS if waits else 0.0
        planner.plan.outcomes.append(Outcome(lane, finished, retry_after=pause))
    return planner.plan


class _Planner:
    def __init__(
        self, known: set[tuple[str, str]], in_flight: dict[echoes.Key, list[Any]], now: datetime, dresser: Dresser
    ) -> None:
        self.plan = Plan()
        self._known = known
        self._in_flight = in_flight
        self._now = now
        self._dresser = dresser

    def take(self, step: Step) -> bool:
        """Add a step to the plan. False: it has to wait for the answer to a send."""
        if not self._take(step):
            return False
        self.plan.steps.append(step)
        return True

    def _take(self, step: Step) -> bool:
        plan, event = self.plan, step.event
        number = len(plan.steps)
        if event is None:
            return True
        reason = leftover_reason(step)
        if reason is not None:
            plan.leftovers.append(leftover(step, reason))
            plan.actions += actions(step, step.routes)
            if isinstance(event, wire.PolicyNotice):
                plan.notices.append(event)
            return True
        if isinstance(event, wire.Message) and event.echo and any(self._waits(step, event, one) for one in step.routes):
            return False  # for all its integrations: nothing of a step is in the plan before all of it can be
        for route in step.routes:
            integration_id = route.route.integration_id
            unwanted = switched_off(route, event)
            if unwanted:
                plan.leftovers.append(leftover(step, unwanted))
                plan.actions += actions(step, [route])
                continue
            if isinstance(event, wire.Message) and event.echo and self._is_own(number, step, event, route):
                continue
            if isinstance(event, wire.Read):
                plan.reads.append((number, integration_id, step.person, event.mid))
            arrival = mapping.arrival(event, route.route, step.person, step.app, standby=step.standby)
            arrival = self._dresser.arrival(arrival, event, route.media_mode)
            plan.arrivals.append((number, arrival if step.backfill_run is None else mapping.backfilled(arrival)))
            if route.media_mode == STORE:
                plan.copies.append(len(plan.arrivals) - 1)
        if isinstance(event, wire.Message):
            plan.not_shown += not_shown(event)
        return True

    def _waits(self, step: Step, echo: wire.Message, route: Account) -> bool:
        """Whether an echo may be of a send of ours; that will be known when the send is answered."""
        if switched_off(route, echo) or (route.route.integration_id, echo.mid) in self._known:
            return False
        part = self._part(step, echo, route)
        # Whoever still has it in hand after this long has died, and this echo tells what became of it.
        waited = self._now - step.job.enqueued_at
        return part is not None and part["state"] != "unknown" and waited < echoes.ECHO_PATIENCE

    def _is_own(self, number: int, step: Step, echo: wire.Message, route: Account) -> bool:
        """Whether an echo that does not wait is of a send of ours; then it is noted."""
        integration_id = route.route.integration_id
        if (integration_id, echo.mid) in self._known:
            self.plan.echoes.append((number, integration_id, echo.mid))
            return True
        part = self._part(step, echo, route)
        if part is None or echo.unsupported:  # the latter tells nothing of which part it is
            return False
        self._in_flight[integration_id, step.person].remove(part)
        self.plan.settled.append((number, part, echo.mid))
        self._known.add((integration_id, echo.mid))  # Meta may repeat the echo within this very batch
        return True

    def _part(self, step: Step, echo: wire.Message, route: Account) -> Any:
        """The part in flight that says what the echo says, or None."""
        open_parts = self._in_flight.get((route.route.integration_id, step.person), [])
        # What a run found can be older than a part that says the same; then it is none of it.
        return echoes.same_part(echo, open_parts if step.backfill_run is None else echoes.begun(open_parts, echo.at))
