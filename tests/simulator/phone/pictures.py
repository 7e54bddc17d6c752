"""The pictures of the documentation: ``python -m tests.simulator.phone.pictures`` writes them into docs/images."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.sync_api import Browser, Page, sync_playwright

from heliograph.simulator import pictures
from tests.browser import NARROW, WIDE, executable, opened
from tests.simulator.support import Loop, Seeded, Simulator, Sink, free_port

IMAGES = Path(__file__).parents[3] / "docs" / "images"


def play(at: Seeded, files: str) -> None:
    """A conversation that shows what there is."""
    for name in ("lamp", "charts"):
        at.sink.files[name] = ("image/png", pictures.story(name))
    at.says("Hi! Is “The Lamp at Noon” in stock?")
    told = at.send({"text": "Good morning, Maya. Yes: two copies, and one of them is signed."}).json["message_id"]
    at.simulator.control("/reactions", 200, mid=told, emoji="❤️")
    at.says("Signed, please 🙂", reply_to_mid=told)
    reserve = {"type": "postback", "title": "Reserve", "payload": "reserve"}
    titles = (("lamp", "The Lamp at Noon", "Signed, 24 €"), ("charts", "Sea charts", "Unsigned, 18 €"))
    elements = [{"title": t, "subtitle": s, "image_url": files + name, "buttons": [reserve]} for name, t, s in titles]
    template = {"type": "template", "payload": {"template_type": "generic", "elements": elements}}
    at.send({"attachment": template})
    chips = [{"content_type": "text", "title": title, "payload": title} for title in ("Send it", "I come by")]
    at.send({"text": "Shall we send it, or will you come by?", "quick_replies": chips})
    jonas = at.simulator.read("/people")["people"][1]["id"]
    where = {"account_id": at.account, "person": jonas}
    at.simulator.control("/messages", **where, text="Do you open on Sunday?")
    at.simulator.control("/owner-messages", **where, text="Yes, from ten to four.")


def _shoot(page: Page, name: str) -> None:
    page.locator(".card img").first.wait_for()
    page.wait_for_function("document.querySelector('.said:last-child') && !document.querySelector('.typing')")
    page.screenshot(path=IMAGES / name)


def shoot(browser: Browser, url: str) -> None:
    """Every picture."""
    for scheme, mark in (("light", ""), ("dark", "-dark")):
        with opened(browser, url, WIDE, scheme) as page:
            page.locator(".wire-row").filter(has_text="Signed, please").first.click()
            page.locator(".wire-detail pre").first.wait_for()
            page.locator(".wire-detail").evaluate("node => node.parentElement.scrollIntoView()")
            _shoot(page, f"phone{mark}.png")
        with opened(browser, url, NARROW, scheme) as page:
            _shoot(page, f"phone-narrow{mark}.png")
    with opened(browser, url, NARROW) as page:
        page.locator("#back").click()
        page.locator(".talk").first.wait_for()
        page.screenshot(path=IMAGES / "phone-inbox.png")
        page.get_by_role("button", name="Wire").click()
        page.screenshot(path=IMAGES / "phone-wire.png")


def main() -> None:
    loop = Loop()
    simulator, sink, port = Simulator(loop).start(), Sink(), free_port()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", sink.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    loop.run(start())
    sink.url = f"http://127.0.0.1:{port}/webhooks/instagram"
    facts: dict[str, Any] = simulator.control("/seed", 200)
    at = Seeded(simulator, sink, facts)
    at.subscribe()
    play(at, f"http://127.0.0.1:{port}/files/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        shoot(browser, f"http://127.0.0.1:{simulator.port}/")
        browser.close()
    simulator.stop()
    loop.run(runner.cleanup())
    loop.run(asyncio.sleep(0))
    loop.close()


if __name__ == "__main__":
    main()
