"""Meta, played for rare answers: a Graph API whose every answer a test can write beforehand. The simulator plays the rest.

Sends are scripted per person. A script's entry is an answer ``(status, body)``, or one with headers as its third, or an
async function of the body that returns one; without a script a send succeeds.
"""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.instagram.house import new_mid
from tests.simulator.support import Loop, eventually, free_port

Told = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Script = Told | Callable[[dict[str, Any]], Awaitable[Told]]


def refused(code: int, subcode: int | None = None, status: int = 400, **more: Any) -> Told:
    """An error of Meta's."""
    error = {"message": f"(#{code}) No", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return status, {"error": error | ({} if subcode is None else {"error_subcode": subcode}) | more}


def accepted(mid: str, person: str = "") -> Told:
    """Meta took a part."""
    return 200, {"recipient_id": person, "message_id": mid}


@dataclass
class Sent:
    """A request to the Send API."""

    body: dict[str, Any]
    token: str
    at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str | None:
        return self.body.get("message", {}).get("text")

    @property
    def tag(self) -> str | None:
        return self.body.get("tag")


@dataclass
class PlayedMeta:
    """The Graph API."""

    url: str = ""
    asked: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    scripts: dict[str, deque[Script]] = field(default_factory=lambda: defaultdict(deque))
    profiles: dict[str, Script] = field(default_factory=dict)
    threads: dict[str, list[dict[str, Any]] | Told] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[tuple[str, str], Script] = field(default_factory=dict)
    together: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most_together: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def script(self, person: str, *answers: Script) -> None:
        """What the next sends to a person get."""
        self.scripts[person].extend(answers)

    def texts(self, person: str) -> list[str | None]:
        """What was handed over for a person, in order."""
        return [one.text for one in self.asked[person]]

    def wait(self, person: str, count: int = 1) -> list[Sent]:
        """Wait until so many sends came for a person."""
        return eventually(lambda: len(self.asked[person]) >= count and self.asked[person], 15)

    async def handle(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")[1:]
        edge = (request.method, "/".join(parts))
        if edge in self.answers:
            # In this order: who has seen the call may change the answer, in another thread.
            told = self.answers[edge]
            self.others.append(edge)
            return _answer(told if isinstance(told, tuple) else await told({}))
        if edge == ("POST", "me/messages"):
            return await self._send(request)
        if len(parts) == 2 and parts[1] == "conversations":
            person = request.query["user_id"]
            self.looked.append(person)
            thread = self.threads.get(person, [])
            if isinstance(thread, tuple):
                return _answer(thread)
            return _answer((200, {"data": [{"id": "t1", "messages": {"data": thread}}]}))
        if len(parts) == 1 and parts[0] in self.profiles:
            told = self.profiles[parts[0]]
            return _answer(told if isinstance(told, tuple) else await told({}))
        self.others.append(edge)
        return _answer(refused(230, status=403))

    async def _send(self, request: web.Request) -> web.Response:
        body = await request.json()
        person = body["recipient"]["id"]
        self.asked[person].append(Sent(body, request.headers["Authorization"].removeprefix("Bearer ")))
        if "sender_action" in body:
            return _answer((200, {"recipient_id": person}))
        script = self.scripts[person].popleft() if self.scripts[person] else accepted(new_mid(), person)
        self.together[person] += 1
        self.most_together[person] = max(self.most_together[person], self.together[person])
        try:
            return _answer(script if isinstance(script, tuple) else await script(body))
        finally:
            self.together[person] -= 1


def _answer(told: Told) -> web.Response:
    status, body, *headers = told
    if isinstance(body, bytes):
        return web.Response(status=status, body=body)
    return web.json_response(body, status=status, headers=headers[0] if headers else None)


class Gate:
    """A send that Meta holds until the test lets it go; then it is answered with ``told``."""

    def __init__(self, loop: Loop, told: Told) -> None:
        self._loop = loop
        self._open = asyncio.Event()
        self.told = told
        self.reached = False

    async def __call__(self, _: dict[str, Any]) -> Told:
        self.reached = True
        await self._open.wait()
        return self.told

    def wait(self) -> None:
        """Wait until the send is here."""
        eventually(lambda: self.reached)

    def open(self) -> None:
        """Let it go."""
        self._loop.loop.call_soon_threadsafe(self._open.set)


def in_thread(mid: str, text: str, *, by: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A message as the Conversations API lists it."""
    created = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": mid, "created_time": created, "from": {"id": by}, "message": text, **more}


class Site:
    """An aiohttp server in a background loop."""

    def __init__(self, loop: Loop, handle: Any) -> None:
        self._loop = loop
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> "Site":
        async def start() -> None:
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

        self._loop.run(start())
        return self

    def stop(self) -> None:
        with contextlib.suppress(Exception):
            self._loop.run(self._runner.cleanup())
