"""Read by everybody: axe finds nothing serious, at both widths, light and dark; at 200 % nothing is out of reach."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, opened
from tests.simulator.support import Seeded

SERIOUS = ("serious", "critical")


@pytest.fixture
def busy(connected: Seeded) -> Seeded:
    said = connected.says("Do you have www.charts.example?")
    chips = [{"content_type": "text", "title": "Send it", "payload": "s"}]
    card = {
        "title": "Sea chart",
        "subtitle": "18 €",
        "buttons": [{"type": "postback", "title": "Reserve", "payload": "r"}],
    }
    template = {"type": "template", "payload": {"template_type": "generic", "elements": [card, card]}}
    connected.send({"attachment": template})
    connected.send({"text": "Yes", "quick_replies": chips}, reply_to={"mid": said["mid"]})
    connected.simulator.control("/reactions", 200, mid=said["mid"], emoji="👍")
    connected.send({"text": "x" * 1200})
    return connected


def _problems(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious(browser: Browser, busy: Seeded, size: tuple[int, int], scheme: str) -> None:
    with opened(browser, f"http://127.0.0.1:{busy.simulator.port}/", size, scheme, reduced_motion="reduce") as page:
        expect(page.locator(".said")).to_have_count(3)
        assert _problems(page) == []
        page.locator(".said").last.press("Enter")
        expect(page.get_by_role("menu")).to_be_visible()
        assert _problems(page) == []
        page.keyboard.press("Escape")
        page.locator("#ring").click()
        expect(page.get_by_label("Answer this story")).to_be_focused()
        assert _problems(page) == []
        page.keyboard.press("Escape")
        page.locator("#back").click()
        assert _problems(page) == []
        if size == NARROW:
            page.get_by_role("button", name="Wire").click()
        page.locator(".wire-row").first.click()
        expect(page.locator(".wire-detail pre").first).to_be_visible()
        assert _problems(page) == []


def test_at_200_percent_nothing_is_out_of_reach(browser: Browser, busy: Seeded) -> None:
    """Twice the zoom is half the pixels of the style sheet, drawn twice as large."""
    with opened(
        browser, f"http://127.0.0.1:{busy.simulator.port}/", (WIDE[0] // 2, WIDE[1] // 2), device_scale_factor=2
    ) as page:
        expect(page.locator(".said")).to_have_count(3)
        expect(page.locator("#words")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for section in ("People", "Wire", "Phone"):
            page.get_by_role("button", name=section, exact=True).click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_reduced_motion_is_respected(browser: Browser, busy: Seeded) -> None:
    busy.send(sender_action="typing_on")
    with opened(browser, f"http://127.0.0.1:{busy.simulator.port}/", reduced_motion="reduce") as page:
        dots = page.locator(".typing i")
        expect(dots).to_have_count(3)
        assert dots.first.evaluate("node => getComputedStyle(node).animationName") == "none"
