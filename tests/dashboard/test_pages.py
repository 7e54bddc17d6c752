"""The pages in a browser: by keyboard alone, at both widths, light and dark, read by axe."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser import NARROW, WIDE, opened
from tests.dashboard.conftest import SignedInPage, words_stay
from tests.dashboard.house import PASSWORD, Browser, House
from tests.simulator.support import eventually

SERIOUS = ("serious", "critical")


def problems(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_the_first_link_to_a_key_by_keyboard_alone(browser: Chromium, house: House) -> None:
    with opened(browser, house.url + house.first_link) as page:
        assert problems(page) == []
        expect(page.get_by_label("Email")).to_be_focused()
        for text in ("noa@lumen.example", "Noa Berg", PASSWORD, PASSWORD):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Make your first app")).to_be_visible()
        assert problems(page) == []
        page.get_by_role("link", name="Create app").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type("Café Lumen")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Café Lumen")).to_be_visible()
        page.get_by_label("Name of a new key").focus()
        page.keyboard.type("Warehouse")
        page.keyboard.press("Enter")
        expect(page.get_by_text("It is not shown again")).to_be_visible()
        assert problems(page) == []
        assert fits(page)

        page.get_by_role("link", name="Done").press("Enter")
        page.wait_for_load_state()
        opener = page.get_by_role("button", name="Delete", exact=True)
        opener.press("Enter")
        expect(page.get_by_role("dialog", name="Delete the key Warehouse?")).to_be_visible()
        assert problems(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(opener).to_be_focused()

        page.get_by_role("button", name="Delete app").press("Enter")
        doing = page.get_by_role("dialog").get_by_role("button", name="Delete app")
        expect(doing).to_be_disabled()
        page.get_by_label("Type its name").fill("Café Lumen")
        expect(doing).to_be_enabled()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

        page.locator(".person summary").press("Enter")
        page.get_by_role("button", name="Sign out").press("Enter")
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        assert problems(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW, (WIDE[0] // 2, WIDE[1] // 2)], ids=["wide", "narrow", "at 200 percent"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    house: House, owner: Browser, signed_in_page: SignedInPage, size: tuple[int, int], scheme: str
) -> None:
    long = "L" * 100
    if not house.rows("select 1 from apps where display_name = $1", long):
        house.member(f"{'e' * 60}@lumen.example", long, "agent", house.app(long))
    (member,) = house.rows("select id from members where name = $1", long)
    (app,) = house.rows("select id from apps where display_name = $1", long)
    paths = ["members", "members/new", f"members/{member['id']}", "apps", "apps/new", "account", "nothing"]
    with signed_in_page(f"/dashboard/apps/{app['id']}/settings", size, scheme, reduced_motion="reduce") as page:
        assert fits(page)
        assert problems(page) == []
        page.locator(".switcher summary").click()
        expect(page.get_by_role("link", name="All apps")).to_be_visible()
        assert problems(page) == []
        page.keyboard.press("Escape")
        page.locator(".person summary").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
        for path in paths:
            page.goto(f"{house.url}/dashboard/settings/{path}")
            assert fits(page), path
            assert problems(page) == [], path


def test_an_id_is_copied_by_a_click_and_times_are_the_readers(
    house: House, owner: Browser, signed_in_page: SignedInPage, app_id: str
) -> None:
    owner.send(f"/dashboard/apps/{app_id}/settings", f"/dashboard/apps/{app_id}/settings/keys", {"key_name": "K"})
    where = f"/dashboard/apps/{app_id}/settings"
    with signed_in_page(where, permissions=["clipboard-read", "clipboard-write"], timezone_id="Asia/Tokyo") as page:
        words_stay(page)
        code = page.get_by_role("button", name=f"Copy app id {app_id}")
        code.click()
        expect(code).to_contain_text("Copied")
        expect(page.locator("#heard")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == app_id
        expect(page.locator("time").first).to_have_text("a moment ago")
        sql = "select created_at at time zone 'Asia/Tokyo' as t from api_keys where app_id = $1 and display_name = 'K'"
        (row,) = house.rows(sql, app_id)
        expect(page.locator("time").first).to_have_attribute("title", f"{row['t']:%-d %B %Y at %H:%M}")


def test_what_cannot_be_copied_stands_there_selected(app_id: str, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"/dashboard/apps/{app_id}/settings") as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        page.get_by_role("button", name=f"Copy app id {app_id}").click()
        expect(page.locator("#told")).to_contain_text("copy it by hand")
        assert page.evaluate("getSelection().toString()") == app_id
        page.get_by_label("Name of a new key").fill("Uncopied")
        page.get_by_role("button", name="Create key").click()
        expect(page.get_by_text("It is not shown again")).to_be_visible()
        page.wait_for_load_state()
        secret = page.locator(".block code").last
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        page.locator(".block button").last.click()
        expect(page.locator("#told")).to_contain_text("copy it by hand")
        assert page.evaluate("getSelection().toString()") == secret.text_content()


def test_a_second_click_sends_nothing(app_id: str, signed_in_page: SignedInPage) -> None:
    with signed_in_page(f"/dashboard/apps/{app_id}/settings") as page:
        # Behind the page's own: what it let through is kept, and stays here.
        page.evaluate(
            "window.went = []; addEventListener('submit', (e) => { went.push(!e.defaultPrevented); e.preventDefault(); })"
        )
        page.get_by_label("Name of a new key").fill("Twice")
        page.get_by_role("button", name="Create key").dblclick()
        assert page.evaluate("window.went") == [True, False]
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        page.get_by_role("button", name="Create key").click()
        assert page.evaluate("window.went") == [True, False, True], "who comes back may send again"


def test_who_is_signed_out_elsewhere_is_asked_to_sign_in_and_comes_back(
    house: House, owner: Browser, signed_in_page: SignedInPage
) -> None:
    other = house.owner("lapsing@lumen.example", "Lapsing")
    with signed_in_page("/dashboard/settings/members", who=other) as page:
        house.rows("delete from sessions s using members m where m.id = s.member_id and m.name = 'Lapsing' returning 1")
        page.get_by_role("link", name="Apps", exact=True).click()
        expect(page).to_have_url(f"{house.url}/dashboard/sign-in?to=%2Fdashboard%2Fsettings%2Fapps")
        page.get_by_label("Email").fill("lapsing@lumen.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{house.url}/dashboard/settings/apps")
        eventually(
            lambda: house.rows("select 1 from sessions s join members m on m.id = member_id where name = 'Lapsing'")
        )
