"""What pages show as it happens: server-sent events, and one reader per process for what all open pages ask.

    page ─▶ stream(visit, FEED, key, render) ─▶ Live ─▶ [one round every FEED.every s, while anybody looks]
                                                          read(database, keys of all pages) ─▶ who sees a change

A stream ends with the session, with the member's right to the app, and when the server stops. A page's stream begins
with the value of now, so that nothing is missed between page and stream.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from heliograph.dashboard import access, sessions
from heliograph.storage import Database
from heliograph.telemetry.logs import get_logger

if TYPE_CHECKING:
    from heliograph.dashboard.frame import Visit

log = get_logger("dashboard")

# So often a silent stream says that it lives, and asks whether it still may.
HEARTBEAT_SECONDS = 15.0
_RETRY = b"retry: 3000\n\n"


@dataclass(frozen=True, eq=False)
class Feed:
    """Something that changes. ``read`` answers, for all keys that are looked at, what there is now: values that can be
    compared. ``every``: seconds between two looks.
    """

    name: str
    read: Callable[[Database, frozenset[str]], Awaitable[Mapping[str, Any]]]
    every: float = 2.0


_NOTHING = object()


@dataclass(eq=False)
class _Follower:
    key: str
    value: Any = _NOTHING
    fresh: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, value: Any) -> None:
        if self.value is _NOTHING or value != self.value:
            self.value = value
            self.fresh.set()


class Live:
    """The feeds of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.heartbeat = HEARTBEAT_SECONDS
        self._stopping = asyncio.Event()
        self._followers: dict[Feed, set[_Follower]] = {}
        self._readers: dict[Feed, asyncio.Task[None]] = {}

    def stopping(self) -> bool:
        """Whether the server stops."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """End all streams: the server stops."""
        self._stopping.set()
        for followers in self._followers.values():
            for follower in followers:
                follower.fresh.set()
        for reader in self._readers.values():
            reader.cancel()

    @contextlib.contextmanager
    def following(self, feed: Feed, key: str) -> Iterator[_Follower]:
        """Look at a feed; the first who does starts its reader, the last one's leaving ends it."""
        follower = _Follower(key)
        others = self._followers.setdefault(feed, set())
        others.add(follower)
        if feed not in self._readers:
            self._readers[feed] = asyncio.create_task(self._read(feed), name=f"live {feed.name}")
        try:
            yield follower
        finally:
            others.discard(follower)
            if not others and feed in self._readers:
                self._readers.pop(feed).cancel()

    async def _read(self, feed: Feed) -> None:
        while True:
            followers = set(self._followers[feed])
            try:
                values = await feed.read(self._database, frozenset(one.key for one in followers))
                for follower in followers:
                    if follower.key in values:
                        follower.tell(values[follower.key])
            except Exception as error:
                log.warning("a live page could not be brought up to date", feed=feed.name, error=error)
            await asyncio.sleep(feed.every if self._followers[feed] == followers else min(0.2, feed.every))


def stream(visit: "Visit", feed: Feed, key: str, render: Callable[[Any], Mapping[str, str]]) -> StreamingResponse:
    """An answer that goes on: for each change of ``key``, what ``render`` makes of it: texts by the events' names.

    A page listens with htmx: ``hx-ext="sse" sse-connect="…" sse-close="end"``, and ``sse-swap="name"`` inside it.
    """
    live, session, app = visit.live, visit.session, visit.chosen

    async def may() -> bool:
        async with visit.services.database.pool.acquire() as connection:
            found = await sessions.find_by_digest(connection, session.digest, visit.now)
            if found is None or app is None:
                return found is not None
            return await access.app_of(connection, found.member, app.id) is not None

    async def events() -> AsyncIterator[bytes]:
        yield _RETRY
        with live.following(feed, key) as follower:
            while not live.stopping():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(follower.fresh.wait(), live.heartbeat)
                if not live.stopping() and not await may():
                    yield event("end", "")
                    return
                if live.stopping():
                    break
                if not follower.fresh.is_set():
                    yield b": still here\n\n"
                    continue
                follower.fresh.clear()
                for name, text in render(follower.value).items():
                    yield event(name, text)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def event(name: str, text: str) -> bytes:
    """An event as it goes over the wire (HTML Living Standard, 9.2.6)."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
