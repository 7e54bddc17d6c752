"""The dialogs and the person's settings in a browser: clicked, by keyboard, read by axe."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, opened
from tests.simulator.login.visitor import SCOPES
from tests.simulator.support import Seeded, Simulator, Sink

SERIOUS = ("serious", "critical")


@pytest.fixture
def seeded(simulator: Simulator, sink: Sink) -> Seeded:
    sink.files["back.html"] = ("text/html", b"<!doctype html><title>Back</title>back")
    return Seeded(simulator, sink, simulator.control("/seed", 200, connections=True))


def back(seeded: Seeded) -> str:
    return seeded.sink.url.replace("/hook", "/files/back.html")


def at(seeded: Seeded, path: str = "/v23.0/dialog/oauth", **changed: str) -> str:
    asked = {"client_id": seeded.facts["facebook_app_id"], "redirect_uri": back(seeded), "scope": SCOPES, "state": "s"}
    return f"http://127.0.0.1:{seeded.simulator.port}{path}?{urlencode({**asked, **changed})}"


@pytest.fixture
def dialog(browser: Browser, seeded: Seeded) -> Iterator[Page]:
    with opened(browser, at(seeded)) as page:
        yield page


def returns(page: Page, how: str = "code=") -> None:
    expect(page).to_have_url(re.compile(rf"/files/back\.html\?{how}"))


def problems(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


def test_narrowed_then_reconnected_then_removed(dialog: Page, seeded: Seeded) -> None:
    """The whole way into the hole and out of it, by clicks alone."""
    dialog.get_by_role("checkbox", name="Lighthouse Books", exact=True).uncheck()
    dialog.get_by_role("checkbox", name="@lighthouse.books").uncheck()
    dialog.get_by_role("button", name="Continue").click()
    returns(dialog)
    dialog.goto(at(seeded))
    expect(dialog.get_by_role("heading", level=1)).to_have_text("Reconnect to Heliograph?")
    expect(dialog.get_by_text("not allowed:Lighthouse Books")).to_be_attached()
    dialog.get_by_role("link", name="Edit previous settings").click()
    expect(dialog.get_by_role("checkbox", name="Lighthouse Books", exact=True)).not_to_be_checked()
    dialog.get_by_label("All of them, and those to come").check()
    expect(dialog.get_by_role("checkbox", name="Lighthouse Books", exact=True)).to_be_hidden()
    dialog.get_by_role("button", name="Save and continue").click()
    returns(dialog)
    dialog.goto(f"http://127.0.0.1:{seeded.simulator.port}/settings?tab=business_tools")
    dialog.get_by_role("button", name="Remove Heliograph").click()
    expect(dialog.get_by_role("status")).to_contain_text("Heliograph was removed")
    dialog.goto(at(seeded))
    expect(dialog.get_by_role("heading", level=1)).to_have_text("Continue to Heliograph")


def test_somebody_else_logs_in_and_is_remembered(dialog: Page, seeded: Seeded) -> None:
    dialog.get_by_role("link", name="Log in as somebody else").click()
    dialog.get_by_role("link", name="Ingrid Halvorsen").click()
    expect(dialog.get_by_role("checkbox", name="Northwind Bakery", exact=True)).to_be_checked()
    expect(dialog.get_by_role("checkbox", name="@saltwater.records")).to_be_checked()
    dialog.get_by_role("button", name="Cancel").click()
    returns(dialog, "error=access_denied")
    dialog.goto(at(seeded))
    expect(dialog.get_by_text("Ingrid Halvorsen")).to_be_visible()


def test_by_keyboard_alone(dialog: Page) -> None:
    dialog.get_by_label("Only these").focus()
    dialog.keyboard.press("Tab")
    dialog.keyboard.press("Space")
    expect(dialog.get_by_role("checkbox", name="Lighthouse Books", exact=True)).not_to_be_checked()
    while dialog.evaluate("document.activeElement.value") != "allow":
        dialog.keyboard.press("Tab")
    dialog.keyboard.press("Enter")
    returns(dialog)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious(browser: Browser, seeded: Seeded, size: tuple[int, int], scheme: str) -> None:
    app = seeded.simulator.control("/instagram/apps")["id"]
    basic = {"client_id": app, "scope": "instagram_business_basic"}
    asked = {"client_id": seeded.facts["facebook_app_id"], "redirect_uri": back(seeded)}
    with opened(browser, at(seeded), size, scheme) as page:
        for url in (
            at(seeded),
            at(seeded, who="1"),
            at(seeded, config_id=seeded.facts["config_id"]),
            at(seeded, config_id="1"),
            at(seeded, "/instagram/oauth/authorize", **basic),
            at(seeded, "/instagram/oauth/authorize", force_reauth="true", **basic),
            f"http://127.0.0.1:{seeded.simulator.port}/settings/business-integrations",
        ):
            page.goto(url)
            assert problems(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        seeded.simulator.control("/login", 200, **asked, scope=SCOPES, granted=["pages_show_list"], page_ids=[])
        for url in (at(seeded), at(seeded, edit="1")):
            page.goto(url)
            assert problems(page) == []
