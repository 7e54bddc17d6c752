"""`heliograph listen`: a webhook target that shows what arrives, in the terminal and on a page. For development."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from typing import Any

import jinja2
from aiohttp import web
from rich.markup import escape

from heliograph.commands.console import console
from heliograph.look import hash_of, style_of

_SHOWN = 100


class Listener:
    """Keeps the last hundred deliveries. ``POST /`` takes one, ``GET /`` shows them, ``GET /webhooks.json`` as JSON.

    ``spoken`` is called with a conversation's id when a message in it arrives.
    """

    def __init__(self, *, spoken: Callable[[str], None] = lambda _: None) -> None:
        self._seen: deque[dict[str, Any]] = deque(maxlen=_SHOWN)
        self._count = 0
        self._spoken = spoken
        self._text, self._policy = _page()

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/", self._take),
                web.get("/", self._page),
                web.get("/webhooks.json", self._json),
                web.get("/since/{number:[0-9]{1,15}}", self._since),
            ]
        )
        return app

    async def _take(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            events = [event for event in body["events"] if isinstance(event, dict)]
        except (ValueError, TypeError, KeyError):
            return web.json_response({"error": "The body must be JSON with a list of events."}, status=400)
        now = datetime.now().astimezone()
        for event in events:
            self._count += 1
            kind, gist, conversation = str(event.get("type")), _gist(event), _conversation(event)
            self._seen.appendleft(
                {"number": self._count, "at": now.isoformat(), "type": kind, "gist": gist, "event": event}
            )
            said = f" {escape(gist[:100])}" if gist else ""
            where = f" [soft]conversation {escape(conversation)}[/soft]" if conversation else ""
            console.print(f"[soft]{now:%H:%M:%S}[/soft] [sun]{escape(kind)}[/sun]{said}{where}")
            if kind == "conversation:message" and conversation:
                self._spoken(conversation)
        return web.json_response({})

    async def _page(self, _: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": self._policy, "Cache-Control": "no-store"}
        return web.Response(text=self._text, content_type="text/html", headers=headers)

    async def _since(self, request: web.Request) -> web.Response:
        """What came after a number, the oldest first; the page asks."""
        after = int(request.match_info["number"])
        # A page that is older than this process begins anew.
        new = [one for one in reversed(self._seen) if one["number"] > after or after > self._count]
        return web.json_response({"anew": after > self._count, "seen": new})

    async def _json(self, _: web.Request) -> web.Response:
        return web.json_response([one["event"] for one in self._seen])


async def listen(host: str, port: int, listener: Listener, *, ready: asyncio.Event | None = None) -> None:
    """Serve until cancelled. Raises OSError when the port is taken."""
    runner = web.AppRunner(listener.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        if ready is not None:
            ready.set()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _page() -> tuple[str, str]:
    """The page and its policy: one document with its style and script in it."""
    style = style_of(__name__)
    script = resources.files(__name__).joinpath("static", "page.js").read_text("utf-8")
    templates = jinja2.Environment(loader=jinja2.PackageLoader(__name__, "templates"), autoescape=True)
    policy = (
        f"default-src 'none'; style-src '{hash_of(style)}'; script-src '{hash_of(script)}'; connect-src 'self';"
        " img-src data:; base-uri 'none'; frame-ancestors 'none'"
    )
    return templates.get_template("page.html").render(style=style, script=script), policy


def _gist(event: dict[str, Any]) -> str:
    """A few words of an event. It is the developer's own screen, so text may show."""
    message = _dict(_dict(event.get("payload")).get("message"))
    content = _dict(message.get("content"))
    return str(content.get("text") or content.get("mediaUrl") or content.get("type") or "")[:300]


def _conversation(event: dict[str, Any]) -> str:
    found = _dict(_dict(event.get("payload")).get("conversation")).get("id")
    return json.dumps(found).strip('"') if found else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
