"""A customer's server on loopback, for the tests of delivery."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

Script = Callable[["Post"], Awaitable[web.StreamResponse | int] | web.StreamResponse | int]


@dataclass(frozen=True)
class Post:
    """A request as the customer sees it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    started: float
    payload: bytes = field(repr=False, default=b"")

    @property
    def events(self) -> list[str]:
        return [event["id"] for event in self.body.get("events", [])]


class Target:
    """Keeps every POST, answers as ``script`` says (a status, or a response), and counts what runs at once."""

    def __init__(self, script: Script = lambda _: 200) -> None:
        self.script = script
        self.posts: list[Post] = []
        self.at_once = 0
        self.most_at_once = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def connections(self) -> int:
        """Connections that are open, and requests that were made."""
        return len(self.posts) + len(self._server.connections)

    def delivered(self) -> list[str]:
        """Ids of events, in the order of their arrival."""
        return [event for post in self.posts for event in post.events]

    async def __aenter__(self) -> Self:
        self._server = web.Server(self._handle)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        payload = await request.read()
        post = Post(
            request.path,
            dict(request.headers),
            json.loads(payload or b"{}"),
            asyncio.get_running_loop().time(),
            payload,
        )
        self.posts.append(post)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.script(post)
            if isinstance(answer, Awaitable):
                answer = await answer
        finally:
            self.at_once -= 1
        return web.Response(status=answer) if isinstance(answer, int) else answer
