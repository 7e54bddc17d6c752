"""Delivery of webhook events to the apps' callbacks.

    publish ─▶ pending (stored) ─▶ lane of its thread ─▶ batch ─▶ POST ─▶ 200: forgotten
                                         ▲                 │ anything else: the same bytes again, later and later
                                         └── waits while ──┘

Invariant: the events of one thread reach an app in the order in which they happened; threads do not wait for one
another. A thread's next event leaves only when the batch with its former one was answered with 200 or given up.
"""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any

import aiohttp

from heliograph.simulator import ids
from heliograph.simulator.clock import Clock
from heliograph.simulator.faults import Faults
from heliograph.simulator.models import Form, Pending, Thread
from heliograph.simulator.rules import Rules
from heliograph.simulator.state import State
from heliograph.simulator.webhooks import audience, events, wire
from heliograph.simulator.webhooks.settings import DeliverySettings
from heliograph.simulator.wire_log import Attempt, Entry, WireLog, gist

_REORDER_PATIENCE_SECONDS = 2.0
"""How long an event that is to arrive second waits for one that could arrive first."""
_RESPONSE_LIMIT = 4096


class _Outbox:
    """The lanes of one app: what waits per thread, which threads have a batch under way, which are ready."""

    def __init__(self) -> None:
        self.lanes: dict[str, deque[Pending]] = {}
        self.busy: set[str] = set()
        self.ready: deque[str] = deque()
        self.posting = 0

    def put(self, event: Pending) -> None:
        lane = self.lanes.setdefault(event.thread, deque())
        lane.append(event)
        if len(lane) == 1 and event.thread not in self.busy:
            self.ready.append(event.thread)

    def take(self, limit: int) -> list[Pending]:
        """Everything that waits in the threads that are ready, oldest thread first, up to ``limit`` events."""
        batch: list[Pending] = []
        while self.ready and len(batch) < limit:
            thread = self.ready.popleft()
            lane = self.lanes[thread]
            self.busy.add(thread)
            while lane and len(batch) < limit:
                batch.append(lane.popleft())
        return batch

    def release(self, batch: list[Pending]) -> None:
        for thread in {event.thread for event in batch}:
            self.busy.discard(thread)
            if self.lanes[thread]:
                self.ready.append(thread)
            else:
                del self.lanes[thread]


class Delivery:
    """Sends every event to every app that subscribed to it."""

    def __init__(self, state: State, clock: Clock, log: WireLog, faults: Faults, rules: Rules) -> None:
        self.settings = DeliverySettings()
        self._state = state
        self._clock = clock
        self._log = log
        self._faults = faults
        self._rules = rules
        self._outboxes: dict[str, _Outbox] = {}
        self._held: dict[tuple[str, str], Pending] = {}
        self._corrupt: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Begin to send, first what a former run left undelivered."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        for event in list(self._state.pending.values()):
            if event.app_id in self._state.apps:
                self._enqueue(event)

    async def stop(self) -> None:
        """Stop sending. What is undelivered stays stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
            self._session = None

    def clear(self) -> None:
        """Forget what waits."""
        for task in self._tasks:
            task.cancel()
        self._outboxes.clear()
        self._held.clear()
        self._corrupt.clear()

    @property
    def waiting(self) -> int:
        """Events not delivered yet."""
        return len(self._state.pending)

    def publish(self, thread: Thread, item: dict[str, Any]) -> None:
        """Send an event of a thread to the apps that hear of it, each in the form that is its own."""
        now = self._clock.now_ms()
        for app_id, form in audience.of_thread(self._state, self._rules, thread, events.name_of(item), now):
            self.publish_to(app_id, thread.account_id, thread.key, item, form)

    def publish_change(self, thread: Thread | None, account_id: str, field: str, value: dict[str, Any]) -> None:
        """Send a change of an account, such as a comment, to the apps that hear of it."""
        for app_id in audience.of_change(self._state, self._rules, thread, account_id, field):
            key = thread.key if thread else account_id
            self.publish_to(app_id, account_id, key, events.change(field, value), "changes")

    def publish_to(self, app_id: str, entry_id: str, lane: str, item: dict[str, Any], form: Form = "messaging") -> None:
        """Send an event to one app, whatever it subscribed to. Events of one ``lane`` keep their order."""
        self._accept(Pending(ids.digits(18), app_id, entry_id, lane, item, form))

    def _accept(self, event: Pending) -> None:
        self._state.add(event)
        fault = self._faults.take_webhook(event.account_id)
        match fault.kind if fault else None:
            case "drop":
                self._state.drop_pending([event])
                return
            case "duplicate":
                self._enqueue(event)
                self._enqueue(self._state.add(Pending(ids.digits(18), event.app_id, *_rest(event))))
            case "delay" if fault:
                self._later(fault.delay_seconds, self._arrive(event))
            case "reorder":
                self._held[event.app_id, event.thread] = event
                self._later(_REORDER_PATIENCE_SECONDS, self._arrive_held(event))
                return
            case "corrupt":
                self._corrupt.add(event.id)
                self._enqueue(event)
            case _:
                self._enqueue(event)
        if held := self._held.pop((event.app_id, event.thread), None):
            self._enqueue(held)

    def _enqueue(self, event: Pending) -> None:
        self._outboxes.setdefault(event.app_id, _Outbox()).put(event)
        self._pump(event.app_id)

    async def _arrive(self, event: Pending) -> None:
        self._enqueue(event)

    async def _arrive_held(self, event: Pending) -> None:
        if self._held.pop((event.app_id, event.thread), None):
            self._enqueue(event)

    def _later(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        async def wait() -> None:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                work.close()
                raise
            await work

        self._spawn(wait())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pump(self, app_id: str) -> None:
        outbox = self._outboxes.get(app_id)
        while self._session and outbox and outbox.ready and outbox.posting < self.settings.concurrency:
            # One thread per POST while POSTs are free; together only what had to wait for one.
            free = self.settings.concurrency - outbox.posting
            limit = self.settings.batch_max if len(outbox.ready) > free or free == 1 else 1
            batch = outbox.take(limit)
            outbox.posting += 1
            self._spawn(self._deliver(app_id, outbox, batch))

    async def _deliver(self, app_id: str, outbox: _Outbox, batch: list[Pending]) -> None:
        app = self._state.apps[app_id]
        body = self._encode(batch)
        entry = self._log.new("webhook", self._clock.now_ms(), "POST", app.callback_url or "", body=body)
        entry.app_id, entry.summary = app_id, _summary(batch)
        entry.headers = {**wire.EVENT_HEADERS, **wire.sign(app.secret, body)}
        spoiled = not self._corrupt.isdisjoint(event.id for event in batch)
        give_up_at = time.monotonic() + self.settings.give_up_seconds
        failures = 0
        while app.callback_url:
            headers = {**entry.headers, "X-Hub-Signature-256": "sha256=" + "0" * 64} if spoiled else entry.headers
            if await self._post(app.callback_url, body, headers, entry):
                break
            spoiled = False
            failures += 1
            outbox.posting -= 1
            self._pump(app_id)
            pause = self.settings.retry_delay(failures)
            if time.monotonic() + pause > give_up_at:
                outbox.posting += 1
                break
            await asyncio.sleep(pause)
            outbox.posting += 1
        outbox.posting -= 1
        self._corrupt.difference_update(event.id for event in batch)
        self._state.drop_pending(batch)
        outbox.release(batch)
        self._pump(app_id)

    def _encode(self, batch: list[Pending]) -> bytes:
        """One entry per account in a row. ``entry.time`` is when Meta sends, always a little after the event."""
        now = self._clock.now_ms()
        entries: list[wire.EntryOf] = []
        for event in batch:
            after = max(now, int(event.item.get("timestamp", 0)) + 1)
            last = entries[-1] if entries else None
            if last and (last.account_id, last.form) == (event.account_id, event.form):
                last.items.append(event.item)
                last.time_ms = max(last.time_ms, after)
            else:
                entries.append(wire.EntryOf(event.account_id, after, event.form, [event.item]))
        return wire.encode(wire.frame(entries))

    async def _post(self, url: str, body: bytes, headers: dict[str, str], entry: Entry) -> bool:
        assert self._session is not None
        began = time.perf_counter()
        attempt = Attempt(self._clock.now_ms(), None, 0)
        entry.attempts.append(attempt)
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout_seconds),
            ) as answer:
                entry.response = await answer.content.read(_RESPONSE_LIMIT)
                entry.status = attempt.status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            attempt.error = str(problem) or type(problem).__name__
            entry.status = None
        attempt.milliseconds = entry.milliseconds = round((time.perf_counter() - began) * 1000)
        self._log.changed(entry)
        return attempt.status == 200


def _rest(event: Pending) -> tuple[str, str, dict[str, Any], Form]:
    return event.account_id, event.thread, event.item, event.form


def _summary(batch: list[Pending]) -> str:
    """What a batch carries, for people: ``message``, ``echo, read``, ``12 events``."""
    if len(batch) > 3:
        return f"{len(batch)} events"
    return ", ".join(_name(event.item) for event in batch)


def _name(item: dict[str, Any]) -> str:
    event = events.name_of(item)
    body = item.get(event)
    if event != "message" or not isinstance(body, dict):
        return event
    name = next((name for flag, name in _FLAGS.items() if body.get(flag)), "message")
    kinds = ", ".join(one["type"] for one in body.get("attachments", ()))
    what = gist(body.get("text"), kinds)
    return f"{name} {what}" if what else name


_FLAGS = {"is_deleted": "unsend", "is_unsupported": "unsupported", "is_echo": "echo"}
