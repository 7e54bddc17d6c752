"""The `send` lanes: business messages to Instagram, one at a time in each conversation.

    job ──▶ load ──▶ next open part ──▶ window rule ──▶ claim ──▶ Graph API ──▶ record ──▶ next part, or done

Every arrow before and after the Graph call is a transaction of its own: what was about to be sent is on disk before it
is sent, and what came of it right after. The states of a part, and the invariant, stand in :mod:`ledger`.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram import activities, ledger, thread, uploads
from heliograph.channels.instagram.accounts import secret_place, token_place
from heliograph.channels.instagram.answers import Answer, ask
from heliograph.channels.instagram.delivery_events import CHANNEL, FAILURE, USER, delivery_event
from heliograph.channels.instagram.graph import Graph
from heliograph.channels.instagram.override import render_override
from heliograph.channels.instagram.quoting import quote
from heliograph.channels.instagram.refusals import owned_elsewhere
from heliograph.channels.instagram.render import Part, UnsupportedContentError, render
from heliograph.events import publish
from heliograph.lanes import Job, Lane, LaneKind, LeaseLostError, Outcome, settle
from heliograph.messaging.posting import SEND_LANE
from heliograph.messaging.window import permit
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import KeyMissingError, SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Seconds between attempts when Meta did not take a part but may later.
PAUSES: Mapping[SendOutcome, tuple[float, ...]] = {
    SendOutcome.RETRY: (1, 5, 30, 120, 600),
    SendOutcome.RATE_LIMITED: (30, 60, 120, 300, 600, 1800, 3600),
}
# Where the table asks for one more try.
ONCE_MORE: tuple[float, ...] = (5,)
TAG = "HUMAN_AGENT"
# How often, and how long, the thread is asked for a part of unknown outcome.
LOOK_PAUSE_SECONDS = 30.0
LOOK_PATIENCE = timedelta(hours=1)
# So many of those parts are remembered before the list is cleared of what is over.
_MOST_LOOKED_FOR = 1000
# How long a conversation waits for somebody to bring the key to its token.
NO_KEY_PAUSE_SECONDS = 30.0
_IN_DOUBT = "Meta did not answer the send, nor tell for an hour whether the message is there: it may have been sent."
# How often the ledger is looked at while an echo may settle an unknown part.
ECHO_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Ask:
    """What to do at Meta next: send a claimed part, or look for an unknown one in the thread."""

    row: Any
    part: Any
    tag: str | None
    token: str = field(repr=False)
    secret: str = field(repr=False)
    look: bool = False


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a message failed, as customers are told."""

    code: str
    message: str
    underlying: dict[str, Any] | None = None

    def wire(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.underlying:
            error["underlyingError"] = self.underlying
        return error


class OutboundWorker:
    """Handles the ``send`` lanes."""

    def __init__(self, database: Database, graph: Graph, box: SecretBox, *, unknown_grace: float) -> None:
        self._database = database
        self._graph = graph
        self._box = box
        self._grace = timedelta(seconds=unknown_grace)
        # When this process may read the thread again for a part that it did not tell of; until then the echo may settle it.
        self._look_again: dict[tuple[str, int], float] = {}

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            SEND_LANE, self.handle, self.on_dead, jobs_per_lane=1, most_batches=100, most_lanes=256, lease_seconds=8.0
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Send the first waiting message of each lane, all lanes beside each other."""
        endings = await asyncio.gather(*(self._lane(lane) for lane in lanes), return_exceptions=True)
        for lane, ending in zip(lanes, endings, strict=True):
            if isinstance(ending, LeaseLostError):
                log.warning("lease lost", conversation=lane.key)
            elif isinstance(ending, Exception):
                log.error("send crashed", conversation=lane.key, error=repr(ending))

    async def _lane(self, lane: Lane) -> None:
        if not lane.jobs:
            return
        job = lane.jobs[0]
        if job.payload.startswith("{"):
            await activities.pass_on(self._database, self._graph, self._box, lane.key, job)
            async with self._database.transaction() as connection:
                await settle(connection, [Outcome(lane, [job.id])])
            lane.settled = True
            return
        tag: str | None = None  # forced, when Meta knows better than we that 24 h are over
        while True:
            async with self._database.transaction() as connection:
                todo = await self._next(connection, lane, job, tag)
            if todo is None:
                break
            answer = await self._ask(todo)
            async with self._database.transaction() as connection:
                goes_on, tag = await self._record(connection, lane, job, todo, answer)
            if not goes_on:
                break
        lane.settled = True

    async def _next(self, connection: Connection, lane: Lane, job: Job, forced_tag: str | None) -> _Ask | None:
        """Claim what is to be done next. None: the lane is settled, with this message done, failed or waiting."""
        row = await ledger.load(connection, lane.key, job.payload, lane.group)
        if row is None or row["message"] is None:
            # Deleted before it was sent.
            await ledger.give_up(connection, job.payload)
            await settle(connection, [Outcome(lane, [job.id])])
            return None
        parts = await ledger.parts(connection, job.payload) if row["send_state"] else []
        if not parts:
            try:
                requests = await quote(connection, row, _render(row))
            except UnsupportedContentError as error:
                await ledger.open_parts(connection, job.payload, row, [])
                await self._fail(connection, lane, job, _Failure(error.code, str(error)))
                return None
            parts = await ledger.open_parts(connection, job.payload, row, requests)
        if row["page_token"] is None:
            gone = _Failure("unauthorized", "The integration of this conversation was deleted.")
            await self._fail(connection, lane, job, gone)
            return None
        part = next((part for part in parts if part["state"] != "sent"), None)
        if part is None:
            await self._complete(connection, lane, job)
            return None
        try:
            token = self._box.open(row["page_token"], token_place(row["integration_id"]))
            secret = self._box.open(row["app_secret"], secret_place(row["facebook_app_id"]))
        except KeyMissingError as error:
            # Another machine may have the key, and whoever repairs this one wants the message sent.
            log.warning("key missing", conversation=lane.key, integration=row["integration_id"], error=str(error))
            await settle(connection, [Outcome(lane, retry_after=NO_KEY_PAUSE_SECONDS)])
            return None
        except SecretError as error:
            log.warning("token unreadable", conversation=lane.key, integration=row["integration_id"], error=str(error))
            unreadable = "The stored token cannot be read. Update the integration with a new pageAccessToken."
            await self._fail(connection, lane, job, _Failure("unauthorized", unreadable))
            return None
        if part["state"] == "sending":
            # Whoever claimed it died before writing down what came of it.
            await ledger.move(connection, job.payload, part["part"], "unknown", of=["sending"])
            metrics.SENDS.labels(SendOutcome.UNKNOWN).inc()
        if part["state"] in ("sending", "unknown"):
            looked = self._look_again.get((job.payload, part["part"]), 0.0) > time.monotonic()
            if datetime.now(UTC) - part["started_at"] >= self._grace and not looked:
                return _Ask(row, part, part["tag"], token, secret, look=True)
            await settle(connection, [Outcome(lane, retry_after=ECHO_POLL_SECONDS)])
            return None
        if part["state"] == "failed":
            await self._fail(connection, lane, job, _Failure("uncategorized_error", part["error"] or ""))
            return None
        return await self._claim(connection, lane, job, _Ask(row, part, forced_tag, token, secret))

    async def _claim(self, connection: Connection, lane: Lane, job: Job, todo: _Ask) -> _Ask | None:
        row, number = todo.row, todo.part["part"]
        if row["removed_at"] is not None:
            gone = _Failure(
                "unreachable", "The client was removed from its user. It comes back when the person writes."
            )
            await self._fail(connection, lane, job, gone)
            return None
        verdict = permit(
            row["last_action_at"], self._graph.now(), policy=row["human_agent_tag"], automatic=_automatic(row)
        )
        if not verdict.allowed:
            await ledger.move(connection, job.payload, number, "failed", of=["pending"], error=verdict.reason)
            metrics.SENDS.labels(SendOutcome.WINDOW_CLOSED).inc()
            await self._fail(connection, lane, job, _Failure("message_outside_window", verdict.reason))
            return None
        tag = todo.tag or (TAG if verdict.tagged else None)
        claimed = await ledger.claim(connection, job.payload, number, tag)
        assert claimed, "the lane's lease keeps others away from its parts"
        return replace(todo, tag=tag)

    async def _ask(self, todo: _Ask) -> Answer:
        row = todo.row
        if todo.look:
            return await thread.look_for(self._database, self._graph, row, todo.part, todo.token, todo.secret)
        by_url = todo.part["request"]
        request = await uploads.prepare(self._database, self._graph, row, by_url, todo.token, todo.secret)
        answer = await ask(self._graph, row["person"], request, todo.tag, todo.token, todo.secret)
        if await uploads.lost(self._database, row, request, by_url, answer):
            answer = await ask(self._graph, row["person"], by_url, todo.tag, todo.token, todo.secret)
        return answer

    def _looked(self, message_id: str, part: int) -> None:
        """The thread did not tell: it is not read again for a while."""
        now = time.monotonic()
        if len(self._look_again) >= _MOST_LOOKED_FOR:
            self._look_again = {key: at for key, at in self._look_again.items() if at > now}
        self._look_again[message_id, part] = now + LOOK_PAUSE_SECONDS

    async def _record(
        self, connection: Connection, lane: Lane, job: Job, todo: _Ask, answer: Answer
    ) -> tuple[bool, str | None]:
        """Write down what Meta said. True: go on with this message (the second value forces a tag)."""
        message_id, part = job.payload, todo.part["part"]
        metrics.SENDS.labels(answer.outcome).inc()
        log.info(
            "part " + answer.outcome, message=message_id, conversation=lane.key, part=part, code=answer.code,
            subcode=answer.subcode, tag=todo.tag,
        )  # fmt: skip
        if answer.outcome is SendOutcome.SENT:
            await ledger.sent(connection, todo.row, message_id, part, answer.mid)
            return True, None
        said: dict[str, Any] = {"code": answer.code, "subcode": answer.subcode, "error": answer.text}
        unknown = answer.outcome is SendOutcome.UNKNOWN
        if unknown and not todo.look:
            await ledger.move(connection, message_id, part, "unknown", of=["sending"], **said)
            await settle(connection, [Outcome(lane, retry_after=ECHO_POLL_SECONDS)])
            return False, None
        if todo.look and (unknown or answer.outcome in PAUSES):
            if datetime.now(UTC) - todo.part["started_at"] < LOOK_PATIENCE:
                if unknown:
                    self._looked(message_id, part)
                pause = ECHO_POLL_SECONDS if unknown else LOOK_PAUSE_SECONDS
                await settle(connection, [Outcome(lane, retry_after=pause)])
                return False, None
            answer = replace(
                answer, outcome=SendOutcome.PERMANENT, sunshine_code="uncategorized_error", advice=_IN_DOUBT
            )
        if answer.outcome is SendOutcome.WINDOW_CLOSED and self._may_tag(todo):
            # Meta counts the 24 h from an action we have not seen: the tag is what this answer needs.
            await ledger.move(connection, message_id, part, "pending", of=["sending"], **said)
            return True, TAG
        pauses = ONCE_MORE if answer.once_more else PAUSES.get(answer.outcome, ())
        tries = todo.part["attempts"]
        if tries < len(pauses):
            await ledger.move(connection, message_id, part, "pending", of=["sending"], **said)
            await settle(connection, [Outcome(lane, retry_after=pauses[tries])])
            return False, None
        await ledger.move(connection, message_id, part, "failed", of=["sending", "unknown"], **said)
        if answer.outcome is SendOutcome.RECONNECT:
            await connection.execute(
                "update integrations set status = 'error' where id = $1", todo.row["integration_id"]
            )
        await self._fail(connection, lane, job, _Failure(answer.sunshine_code, answer.advice, answer.underlying()))
        await owned_elsewhere(connection, todo.row["client_id"], answer)
        return False, None

    def _may_tag(self, todo: _Ask) -> bool:
        return todo.tag is None and todo.row["human_agent_tag"] != "never" and not _automatic(todo.row)

    async def _complete(self, connection: Connection, lane: Lane, job: Job) -> None:
        """All parts are with Meta: tell, and settle."""
        now = datetime.now(UTC)
        rows = await ledger.about(connection, [job.payload])  # none: the conversation was deleted just now
        await ledger.finish(connection, job.payload, "sent")
        events = [delivery_event(CHANNEL, about, now) for about in rows]
        if await ledger.confirm_echoed(connection, [job.payload], now):
            events += [delivery_event(USER, about, now) for about in rows]
        await publish(connection, events)
        await settle(connection, [Outcome(lane, [job.id])])

    async def _fail(self, connection: Connection, lane: Lane, job: Job, failure: _Failure) -> None:
        """The message will not go any further: tell why, and settle."""
        rows = await ledger.about(connection, [job.payload])
        await ledger.give_up(connection, job.payload)
        await publish(
            connection, [delivery_event(FAILURE, row, datetime.now(UTC), error=failure.wire()) for row in rows]
        )
        log.warning("message failed", message=job.payload, conversation=lane.key, code=failure.code)
        await settle(connection, [Outcome(lane, [job.id])])

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """A message that crashes the worker again and again fails like any other."""
        if job.payload.startswith("{"):
            return
        log.error("message is poison", message=job.payload, conversation=lane.key, error=error)
        row = await ledger.load(connection, lane.key, job.payload, lane.group)
        if row is not None and row["message"] is not None and row["send_state"] is None:
            await ledger.open_parts(connection, job.payload, row, [])
        await ledger.give_up(connection, job.payload)
        failure = _Failure("uncategorized_error", "An internal error kept this message from being sent.")
        for row in await ledger.about(connection, [job.payload]):
            await publish(connection, [delivery_event(FAILURE, row, datetime.now(UTC), error=failure.wire())])


def _render(row: Any) -> list[Part]:
    """What Meta gets: the override if there is one, else the content; what an AI wrote says so, unless told not to."""
    override = (row["override"] or {}).get("instagram")
    if override and "payload" in override:
        return render_override(override["payload"])
    message = row["message"]
    by_ai = "AI" in (message["author"].get("subtypes") or ()) and row["ai_disclaimer"] is not False
    return render(message["content"], by_ai, row["carousel_mode"] or "native")


def _automatic(row: Any) -> bool:
    """Whether no human wrote this (Meta reference 2.3)."""
    return bool({"AI", "bot"} & set(row["message"]["author"].get("subtypes") or ()))
