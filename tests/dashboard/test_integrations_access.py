"""Integrations, read by everybody: axe finds nothing serious; at phone width and at 200 % nothing is out of reach."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.meta import SETTINGS, Place, place

LONG = "Harbour Tea and the Very Long Name of a Business That Sells it since Seventeen Hundred and Something"


@pytest.fixture(scope="module")
def pages(house: House, owner: Browser) -> list[str]:
    """Every page, with what makes them long: names, what is wrong, what cannot be chosen."""
    tea: Place = place(house, owner, page_name=LONG[:60])
    path = tea.connect()
    house.simulator.control("/accounts", page_name="Pier Nine", instagram=False, owner_user_id=tea.person)
    add = "insert into integrations (id, app_id, type, display_name) values ($1, $2, 'custom', $3)"
    house.run(house.database.execute(add, f"w{tea.app_id[1:]}", tea.app_id, LONG[:100]))
    chooser = tea.logs_in(assets="all")
    empty = f"/dashboard/apps/{house.app('Empty')}/integrations"
    bare = f"{path}?since=1"
    apps = [SETTINGS, f"{SETTINGS}/new", f"{SETTINGS}/{tea.facebook_app}"]
    return [empty, tea.path, f"{tea.path}/new", chooser, path, bare, *apps]


def _problems(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (NARROW, "dark"), ((720, 450), "light")], ids=["wide", "narrow", "zoomed"]
)
def test_every_page_can_be_read(
    pages: list[str], signed_in_page: SignedInPage, size: tuple[int, int], scheme: str
) -> None:
    with signed_in_page(pages[0], size, scheme, reduced_motion="reduce") as page:
        origin = page.url.partition("/dashboard")[0]
        for path in pages:
            page.goto(origin + path)
            expect(page.locator("h1")).to_be_visible()
            for folded in page.locator("main details:not([open]) > summary").all():
                folded.click()
            if page.locator("[data-opens-part]").count():
                page.locator("[data-opens-part]").check()
                page.get_by_label("When", exact=True).select_option("hours")
            assert _problems(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
