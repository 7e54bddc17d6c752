"""Delivery of webhook events to the apps' callbacks.

    publish ─▶ pending (stored) ─▶ lane of its thread ─▶ batch ─▶ POST ─▶ 200: forgotten
                     │                   ▲                 │ anything else: the same bytes again, later and later
                     │ struck by a fault │                 │ gave up: forgotten, and unsubscribed if the profile says so
                     └▶ late, held, twice┴── waits while ──┘

Invariant: the events of one thread reach an app in the order in which they happened; threads do not wait for one
another. A thread's next event leaves only when the batch with its former one was answered with 200 or given up.
Faults break the order and spoil or repeat what is sent, and only *drop* loses an event: whatever is held back has a
timer that sends it, and what was spoiled is sent again as it should have been, whatever the answer was.
"""

import asyncio
import contextlib
import dataclasses
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

from heliograph.simulator import ids
from heliograph.simulator.clock import Clock
from heliograph.simulator.faults import Faults, WebhookFault
from heliograph.simulator.models import Form, Pending, Thread
from heliograph.simulator.rules import Rules
from heliograph.simulator.state import State
from heliograph.simulator.webhooks import audience, events, kinds, wire
from heliograph.simulator.webhooks.outbox import Gate, Outbox
from heliograph.simulator.webhooks.settings import DeliverySettings
from heliograph.simulator.webhooks.spoiled import is_bad, spoil
from heliograph.simulator.wire_log import Attempt, Entry, WireLog

_RESPONSE_LIMIT = 4096


class Delivery:
    """Sends every event to every app that subscribed to it."""

    def __init__(self, state: State, clock: Clock, log: WireLog, faults: Faults, rules: Rules) -> None:
        self.settings = DeliverySettings()
        self._state = state
        self._clock = clock
        self._log = log
        self._faults = faults
        self._rules = rules
        self._outboxes: dict[str, Outbox] = {}
        self._held: dict[tuple[str, str], list[Pending]] = {}
        self._spoiled: dict[str, WebhookFault] = {}
        self._moved = asyncio.Event()
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
        self._spoiled.clear()

    def clock_moved(self) -> None:
        """The simulator's clock was moved: what waits by it looks again."""
        self._moved.set()
        self._moved = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Events not delivered yet."""
        return len(self._state.pending)

    def publish(self, thread: Thread, item: dict[str, Any]) -> None:
        """Send an event of a thread to the apps that hear of it, each in the form that is its own."""
        now = self._clock.now_ms()
        name, echo = events.name_of(item), events.is_echo(item)
        for app_id, form in audience.of_thread(self._state, self._rules, thread, name, now, echo):
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
        fault = self._faults.take_webhook(event.account_id, kinds.kind(event.item)) if self._faults.webhook else None
        match fault and fault.kind:
            case "drop":
                self._state.drop_pending([event])
            case "duplicate":
                again = self._state.add(dataclasses.replace(event, id=ids.digits(18)))
                self._arrive(event)
                self._arrive(again)
            case "delay" if fault:
                self._later(fault.delay_seconds, lambda: self._arrive(event))
            case "reorder" if fault:
                self._held.setdefault((event.app_id, event.thread), []).append(event)
                self._later(fault.delay_seconds, lambda: self._release(event))
            case "batch" if fault:
                self._shut(event.app_id, fault)
                self._arrive(event)
            case "corrupt" | "corrupt_body" | "slow" if fault:
                self._spoiled[event.id] = fault
                self._arrive(event)
            case _:
                self._arrive(event)

    def _arrive(self, event: Pending) -> None:
        """An event takes its place in its lane, and those that waited for it come after it."""
        self._enqueue(event)
        if self._held:
            self._release(event)

    def _release(self, event: Pending) -> None:
        """Let go what is held back in the thread of ``event``. The youngest goes first: each waited for the next."""
        for held in reversed(self._held.pop((event.app_id, event.thread), ())):
            self._enqueue(held)

    def _shut(self, app_id: str, fault: WebhookFault) -> None:
        outbox = self._outboxes.setdefault(app_id, Outbox())
        if outbox.gate is None:
            gate = outbox.gate = Gate(fault)
            self._later(fault.delay_seconds, lambda: self._open(app_id, gate))

    def _open(self, app_id: str, gate: Gate) -> None:
        gate.late = True
        self._pump(app_id)

    def let_go(self) -> None:
        """What is held back by faults leaves now; what was delayed keeps its time."""
        for thread in list(self._held):
            for held in reversed(self._held.pop(thread)):
                self._enqueue(held)
        for app_id, outbox in self._outboxes.items():
            if outbox.gate:
                self._open(app_id, outbox.gate)

    def _enqueue(self, event: Pending) -> None:
        self._outboxes.setdefault(event.app_id, Outbox()).put(event)
        self._pump(event.app_id)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            work()

        self._spawn(wait())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pump(self, app_id: str) -> None:
        outbox = self._outboxes.get(app_id)
        while self._session and outbox and outbox.ready and outbox.posting < self.settings.concurrency:
            batch, gathered = outbox.next(self.settings.concurrency - outbox.posting, self.settings.batch_max)
            if not batch:
                return
            outbox.posting += 1
            self._spawn(self._deliver(app_id, outbox, batch, gathered))

    async def _deliver(self, app_id: str, outbox: Outbox, batch: list[Pending], gathered: WebhookFault | None) -> None:
        app = self._state.apps[app_id]
        body = self._encode(batch, gathered)
        entry = self._log.new("webhook", self._clock.now_ms(), "POST", app.callback_url or "", body=body)
        entry.app_id, entry.summary = app_id, kinds.summary([event.item for event in batch])
        entry.headers = {**wire.EVENT_HEADERS, **wire.sign(app.secret, body)}
        spoiled = self._take_spoiled(batch) if self._spoiled else None
        began = time.monotonic(), self._clock.now_ms()
        failures = 0
        while app.callback_url:
            accepted = await self._post(app.callback_url, body, entry, spoiled)
            bad = is_bad(spoiled)
            if accepted and not bad:
                break
            spoiled = None
            failures += 1
            outbox.posting -= 1
            self._pump(app_id)
            pause = self.settings.retry_delay(failures)
            if not bad and self._since(began) + pause > self.settings.give_up_seconds:
                outbox.posting += 1
                self._given_up(app_id, batch)
                break
            await self._wait(pause)
            outbox.posting += 1
        outbox.posting -= 1
        self._state.drop_pending(batch)
        outbox.release(batch)
        self._pump(app_id)

    def _take_spoiled(self, batch: list[Pending]) -> WebhookFault | None:
        found = [self._spoiled.pop(event.id) for event in batch if event.id in self._spoiled]
        return found[0] if found else None

    def _since(self, began: tuple[float, int]) -> float:
        """Seconds since ``began``, by the clock that the settings name."""
        if self.settings.clock == "real":
            return time.monotonic() - began[0]
        return (self._clock.now_ms() - began[1]) / 1000

    async def _wait(self, seconds: float) -> None:
        """A pause by the clock that the settings name. The simulator's may be moved meanwhile."""
        if self.settings.clock == "real":
            await asyncio.sleep(seconds)
            return
        due = self._clock.now_ms() + seconds * 1000
        while (left := due - self._clock.now_ms()) > 0:
            moved = self._moved
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left / 1000):
                    await moved.wait()

    def _given_up(self, app_id: str, batch: list[Pending]) -> None:
        """The callback failed for too long. Source: Meta reference 1.4."""
        self._faults.struck["webhook given up"] += len(batch)
        if self.settings.after_giving_up == "unsubscribe":
            for account_id in {event.account_id for event in batch}:
                account = self._state.accounts.get(account_id)
                page = self._state.pages.get(account.page_id) if account else None
                if page and page.subscribed.pop(app_id, None) is not None:
                    self._state.save(page)
                if account and account.subscribed.pop(app_id, None) is not None:
                    self._state.save(account)
        self._faults.changed()

    def _encode(self, batch: list[Pending], gathered: WebhookFault | None = None) -> bytes:
        """One entry per account in a row. ``entry.time`` is when Meta sends, always a little after the event."""
        now = self._clock.now_ms()
        if gathered and gathered.shuffle:
            batch = list(batch)
            random.Random(gathered.seed).shuffle(batch)  # noqa: S311 - reproducible on purpose
        entries: list[wire.EntryOf] = []
        split = gathered is not None and gathered.split
        for event in batch:
            after = max(now, int(event.item.get("timestamp", 0)) + 1)
            last = entries[-1] if entries and not split else None
            if last and (last.account_id, last.form) == (event.account_id, event.form):
                last.items.append(event.item)
                last.time_ms = max(last.time_ms, after)
            else:
                entries.append(wire.EntryOf(event.account_id, after, event.form, [event.item]))
        return wire.encode(wire.frame(entries))

    async def _post(self, url: str, body: bytes, entry: Entry, spoiled: WebhookFault | None) -> bool:
        assert self._session is not None
        began = time.perf_counter()
        attempt = Attempt(self._clock.now_ms(), None, 0)
        entry.attempts.append(attempt)
        seconds = self.settings.timeout_seconds
        headers: dict[str, str] = entry.headers
        data: Any = body
        if spoiled:
            headers, data = spoil(spoiled, headers, body)
            seconds += spoiled.delay_seconds if spoiled.kind == "slow" else 0
        try:
            async with self._session.post(
                url,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                entry.response = await answer.content.read(_RESPONSE_LIMIT)
                entry.status = attempt.status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            attempt.error = str(problem) or type(problem).__name__
            entry.status = None
        attempt.milliseconds = entry.milliseconds = round((time.perf_counter() - began) * 1000)
        self._log.changed(entry)
        return attempt.status == 200
