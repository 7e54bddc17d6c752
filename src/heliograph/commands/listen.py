"""`heliograph listen`: a webhook target that shows what arrives, in the terminal and on a page. For development."""

import asyncio
import html
import json
from collections import deque
from datetime import datetime

from aiohttp import web

from heliograph.commands.console import console

_SHOWN = 100

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<meta name="viewport" content="width=device-width"><title>Webhooks</title>
<style>:root{{color-scheme:light dark;--sun:oklch(0.77 0.16 70)}}body{{font:14px system-ui;margin:24px auto;
max-width:72ch;padding:0 16px}}h1{{font-size:20px;border-left:4px solid var(--sun);padding-left:12px}}
summary{{cursor:pointer;padding:8px 0;border-top:1px solid color-mix(in oklch,currentColor 20%,transparent)}}
pre{{overflow:auto;font-size:12px}}time{{opacity:.65;font-variant-numeric:tabular-nums}}</style>
<h1>Webhooks</h1><p>What Heliograph delivered here, the newest first. The page refreshes by itself.</p>{rows}"""


class Listener:
    """Keeps the last hundred deliveries. ``POST /`` takes one, ``GET /`` shows them, ``GET /webhooks.json`` as JSON."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._seen: deque[tuple[datetime, str, str]] = deque(maxlen=_SHOWN)
        self._quiet = quiet

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes([web.post("/", self._take), web.get("/", self._page), web.get("/webhooks.json", self._json)])
        return app

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        now = datetime.now().astimezone()
        for event in body.get("events", []):
            self._seen.appendleft((now, str(event.get("type")), json.dumps(event, indent=2, ensure_ascii=False)))
            if not self._quiet:
                console.print(f"[soft]{now:%H:%M:%S}[/soft] [sun]{event.get('type')}[/sun] {_gist(event)}", markup=True)
        return web.json_response({})

    async def _page(self, _: web.Request) -> web.Response:
        rows = "".join(
            f"<details><summary><time>{at:%H:%M:%S}</time> {html.escape(kind)}</summary>"
            f"<pre>{html.escape(text)}</pre></details>"
            for at, kind, text in self._seen
        )
        empty = "<p>Nothing yet. Write something on the phone page.</p>"
        return web.Response(text=_PAGE.format(rows=rows or empty), content_type="text/html")

    async def _json(self, _: web.Request) -> web.Response:
        return web.json_response([json.loads(text) for _, _, text in self._seen])


async def listen(host: str, port: int, listener: Listener, *, ready: asyncio.Event | None = None) -> None:
    """Serve until cancelled. Raises OSError when the port is taken."""
    runner = web.AppRunner(listener.application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, shutdown_timeout=1).start()
        if ready is not None:
            ready.set()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _gist(event: dict[str, object]) -> str:
    """A few words of an event for the terminal. It is the developer's own screen, so text may show."""
    payload = event.get("payload")
    message = payload.get("message") if isinstance(payload, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    text = str(content.get("text") or content.get("mediaUrl") or "") if isinstance(content, dict) else ""
    return text.replace("[", "\\[")[:100]
