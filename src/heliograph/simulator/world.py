"""The simulated world: its records, its clock, and everything that runs in it. Put together here, once."""

import asyncio
import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import aiohttp

from heliograph.simulator.callbacks import Callbacks
from heliograph.simulator.cdn import Cdn
from heliograph.simulator.clock import Clock
from heliograph.simulator.consents import Consents
from heliograph.simulator.faults import Faults
from heliograph.simulator.grants import Grants
from heliograph.simulator.hub import Hub
from heliograph.simulator.limits import Limits
from heliograph.simulator.rules import Rules
from heliograph.simulator.state import State
from heliograph.simulator.store import Store
from heliograph.simulator.threads import Threads
from heliograph.simulator.webhooks.delivery import Delivery
from heliograph.simulator.webhooks.settings import DeliverySettings
from heliograph.simulator.wire_log import Entry, WireLog

FILE_NAME = "simulator.sqlite3"


class World:
    """One simulated Meta. With ``data_dir`` it is kept in ``data_dir/simulator.sqlite3``, without only in memory.

    ``origin`` is where people and servers reach the simulator; it begins the links to media. Without it the origin of
    the latest request counts.
    """

    def __init__(self, data_dir: Path | None = None, origin: str | None = None) -> None:
        self.store = Store(data_dir / FILE_NAME if data_dir else None)
        self.state = State(self.store)
        self.clock = Clock(int(self.state.settings.get("clock_offset_ms", 0)))
        self.hub = Hub()
        self.faults = Faults(lambda: self.hub.publish("faults", {}))
        self.grants = Grants(self.clock)
        self.consents = Consents(self.state)
        self.wire = WireLog(self._wire_changed)
        self.rules = _rules(self.state.settings.get("rules", {}))
        self.limits = Limits(self.clock, self.rules)
        self.cdn = Cdn(self.state, self.clock, self.rules)
        self.delivery = Delivery(self.state, self.clock, self.wire, self.faults, self.rules)
        self.callbacks = Callbacks(self.state, self.clock, self.wire, lambda: self.session, self.faults.changed)
        self.threads = Threads(self.state, self.clock, self.cdn, self.delivery, self.hub)
        self.delivery.settings = DeliverySettings(**self.state.settings.get("delivery", {}))
        self.stopping = asyncio.Event()
        self.calls = 0
        self._origin_fixed = origin is not None
        self._session: aiohttp.ClientSession | None = None
        self._writer: asyncio.Task[None] | None = None
        if origin:
            self.cdn.origin = origin

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client with which Meta's side fetches media and verifies callbacks."""
        assert self._session is not None, "the world has not been started"
        return self._session

    async def start(self) -> None:
        """Begin to send webhooks and to write changes. Does nothing when it already runs."""
        if self._session:
            return
        self.stopping.clear()
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._writer = asyncio.get_running_loop().create_task(self.store.run())
        await self.delivery.start()

    async def stop(self) -> None:
        """Stop sending, end every open stream, and write what is left."""
        self.stopping.set()
        self.hub.close()
        await self.delivery.stop()
        await self.callbacks.stop()
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
            self._writer = None
        if self._session:
            await self._session.close()
            self._session = None
        self.store.close()

    async def pause(self, seconds: float) -> None:
        """Wait in real time, but no longer than the simulator runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()

    def seen_at(self, origin: str) -> None:
        """Note where a request reached the simulator."""
        if not self._origin_fixed:
            self.cdn.origin = origin

    def move_clock(self, offset_ms: int) -> None:
        """Set the clock's distance from real time."""
        self.clock.offset_ms = offset_ms
        self.state.settings["clock_offset_ms"] = offset_ms
        self.state.save_settings()
        self.delivery.clock_moved()
        self.hub.publish("clock", {"offset_seconds": offset_ms / 1000})

    def set_delivery(self, settings: DeliverySettings) -> None:
        """Change how webhooks are delivered, from the next one on."""
        self.delivery.settings = settings
        self.state.settings["delivery"] = dataclasses.asdict(settings)
        self.state.save_settings()

    def set_rules(self, changed: dict[str, Any]) -> None:
        """Turn some knobs of the rules."""
        for name, value in changed.items():
            setattr(self.rules, name, value)
        self.state.settings["rules"] = dataclasses.asdict(self.rules)
        self.state.save_settings()

    def reset(self) -> None:
        """An empty world at the real time, with nothing on order."""
        self.delivery.clear()
        self.faults.clear()
        self.grants.clear()
        self.callbacks.made.clear()
        self.limits.clear()
        self.state.clear()
        self.wire.clear()
        self.clock.offset_ms = 0
        self.delivery.settings = DeliverySettings()
        for name, value in dataclasses.asdict(Rules()).items():
            setattr(self.rules, name, value)
        self.hub.publish("reset", {})

    def _wire_changed(self, entry: Entry) -> None:
        if self.hub.watched:
            data: dict[str, Any] = {
                "seq": entry.seq,
                "kind": entry.kind,
                "time": entry.at_ms,
                "method": entry.method,
                "path": entry.path,
                "status": entry.status,
                "milliseconds": entry.milliseconds,
                "summary": entry.summary,
                "attempts": len(entry.attempts),
            }
            self.hub.publish("wire", data)


def _rules(stored: dict[str, Any]) -> Rules:
    """The knobs as they were left; JSON knows no tuples, and an older file not every knob."""
    rules = Rules()
    for name, value in stored.items():
        if hasattr(rules, name):
            setattr(rules, name, tuple(value) if isinstance(value, list) else value)
    return rules
