"""The page that shows a developer what webhooks bring."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from heliograph.commands.listen import Listener, listen
from tests.browser import NARROW, opened
from tests.support import free_port

MESSAGE = {
    "type": "conversation:message",
    "payload": {"conversation": {"id": "abc"}, "message": {"content": {"type": "text", "text": "<b>Blue</b>, size M"}}},
}


@pytest.fixture
def address() -> Iterator[str]:
    port, started, stop = free_port(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        ready = asyncio.Event()
        task = asyncio.create_task(listen("127.0.0.1", port, Listener(), ready=ready))
        await ready.wait()
        started.set()
        await stop.wait()
        task.cancel()
        await asyncio.wait({task})

    # A thread of its own: the browser keeps this one's loop.
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert started.wait(10)
    yield f"http://127.0.0.1:{port}/"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def post(address: str, body: Any) -> int:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_what_somebody_has_opened_stays_open_when_more_comes(browser: Browser, address: str) -> None:
    with opened(browser, address, NARROW) as page:
        expect(page.get_by_text("Nothing yet.")).to_be_visible()
        assert post(address, {"events": [MESSAGE]}) == 200
        page.locator(".gist", has_text="<b>Blue</b>, size M").click()
        expect(page.locator("pre")).to_contain_text('"id": "abc"')
        post(address, {"events": [{"type": "conversation:read"}]})
        expect(page.locator(".type")).to_have_text(["conversation:read", "conversation:message"])
        expect(page.locator("pre").last).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        assert not [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("body", [[], {"events": 3}, "no", {}, None])
def test_what_is_no_webhook_is_refused(address: str, body: Any) -> None:
    assert post(address, body) == 400
