"""The hosted pages in a browser: the popup and its message, the search, the keyboard, and what everybody can read."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import NARROW, WIDE, opened
from tests.connect.guests import vendor
from tests.connect.installation import SCOPES, Installation, owner

SERIOUS = ("serious", "critical")

_OPENER = b"""<!doctype html><title>Desk</title><button>Connect</button><pre></pre><script>
window.got = [];
addEventListener("message", (event) => window.got.push([event.origin, event.data]));
document.querySelector("button").onclick = () => open(new URLSearchParams(location.search).get("to"), "c", "popup");
</script>"""


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    """The vendor's own site: an opener page, and one to return to. On another origin than the server."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(_OPENER if self.path.startswith("/open") else b"<!doctype html><title>Back</title>Back")

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def through_the_dialog(at: Page, made: dict[str, Any], **form: Any) -> None:
    """Meta's dialog, which is Meta's: its answer is asked for in the browser, as its form would."""
    at.wait_for_url("**/dialog/oauth?**")
    form = {"decision": "allow", "scope": list(SCOPES), "page": [made["page_id"]], **form}
    at.evaluate(
        """([who, fields]) => {
            const form = document.createElement("form");
            form.method = "post";
            form.action = location.href + "&as=" + who;
            for (const [name, values] of Object.entries(fields))
                for (const value of [values].flat()) {
                    const field = document.createElement("input");
                    [field.name, field.value] = [name, value];
                    form.append(field);
                }
            document.body.append(form);
            form.submit();
        }""",
        [made["owner_user_id"], form],
    )


def test_the_whole_way_by_keyboard(browser: Browser, place: Installation, desk: str) -> None:
    at, made = vendor(place), owner(place, page_name="Lighthouse")
    invitation = at.invites(returnUrl=f"{desk}/back", state="c 1")
    with opened(browser, invitation["url"], WIDE) as page:
        page.get_by_role("button", name="Continue with Facebook").press("Enter")
        through_the_dialog(page, made)
        choice = page.get_by_role("radio", name="Lighthouse")
        expect(choice).to_be_checked()
        choice.press("Enter")
        page.wait_for_url(f"{desk}/back?**")
        told = at.sees(invitation)
        assert page.url == f"{desk}/back?integrationId={told['integrationId']}&state=c+1&status=connected"


def popup_of(page: Page, context: BrowserContext) -> Page:
    with context.expect_page() as opening:
        page.get_by_role("button", name="Connect").click()
    return opening.value


def test_a_window_with_an_opener_is_no_popup_unless_it_is_asked_to_be(
    browser: Browser, place: Installation, desk: str
) -> None:
    """Whoever opened it may be of another origin: the message would reach nobody, and the address would not be visited."""
    at, made = vendor(place), owner(place)
    invitation = at.invites(returnUrl=f"{desk}/back")
    with opened(browser, f"{desk}/open?to={invitation['url']}") as page:
        window = popup_of(page, page.context)
        assert window.evaluate("window.opener !== null")
        window.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(window, made)
        window.get_by_role("button", name="Connect", exact=True).click()
        window.wait_for_url(f"{desk}/back?**")
        assert "status=connected" in window.url
        page.get_by_role("button", name="Connect").click()
        window.get_by_role("link", name="Return to").click()
        window.wait_for_url(f"{desk}/back?**error=invitation_used")
        assert page.evaluate("window.got") == []


def test_a_popup_tells_its_opener_and_closes(browser: Browser, place: Installation, desk: str) -> None:
    at, made = vendor(place), owner(place)
    invitation = at.invites(returnUrl=f"{desk}/back")
    with opened(browser, f"{desk}/open?to={invitation['url']}?popup=1") as page:
        popup = popup_of(page, page.context)
        popup.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(popup, made)
        with popup.expect_event("close"):
            popup.get_by_role("button", name="Connect", exact=True).click(no_wait_after=True)
        page.wait_for_function("window.got.length")
        told = at.sees(invitation)
        message = {"type": "heliograph:connected", "integrationId": told["integrationId"], "state": "c-1"}
        assert page.evaluate("window.got") == [[place.url, message]]


def test_a_popup_that_is_left_tells_that_too(browser: Browser, place: Installation, desk: str) -> None:
    invitation = vendor(place).invites(returnUrl=f"{desk}/back")
    with opened(browser, f"{desk}/open?to={invitation['url']}?popup=1") as page:
        popup = popup_of(page, page.context)
        with popup.expect_event("close"):
            popup.get_by_role("link", name="Return without connecting").click(no_wait_after=True)
        page.wait_for_function("window.got.length")
        assert page.evaluate("window.got") == [[place.url, {"type": "heliograph:cancelled", "state": "c-1"}]]


def test_an_opener_of_another_origin_hears_nothing(browser: Browser, place: Installation, desk: str) -> None:
    at, made = vendor(place), owner(place)
    invitation = at.invites(returnUrl="https://elsewhere.example/back")
    with opened(browser, f"{desk}/open?to={invitation['url']}?popup=1") as page:
        popup = popup_of(page, page.context)
        popup.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(popup, made)
        with popup.expect_event("close"):
            popup.get_by_role("button", name="Connect", exact=True).click(no_wait_after=True)
        assert at.sees(invitation)["status"] == "used"
        # A message that was meant for it would be here before the answer to this one.
        page.evaluate("() => { window.postMessage('last', '*'); }")
        page.wait_for_function("window.got.length")
        assert [data for _, data in page.evaluate("window.got")] == ["last"]


def test_a_popup_whose_opener_is_gone_returns_by_address(browser: Browser, place: Installation, desk: str) -> None:
    at, made = vendor(place), owner(place)
    invitation = at.invites(returnUrl=f"{desk}/back")
    with opened(browser, invitation["url"] + "?popup=1") as page:
        page.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(page, made)
        page.get_by_role("button", name="Connect", exact=True).click()
        page.wait_for_url(f"{desk}/back?**")
        assert "status=connected" in page.url


def test_without_script_it_works_as_well(browser: Browser, place: Installation, desk: str) -> None:
    at = vendor(place)
    invitation = at.invites(returnUrl=f"{desk}/back")
    with opened(browser, invitation["url"], java_script_enabled=False) as page:
        expect(page.get_by_text("UTC")).to_be_visible()
        page.get_by_role("button", name="Continue with Facebook").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name="Return without connecting").click()
        page.wait_for_url(f"{desk}/back?state=c-1&status=cancelled")


def test_many_pages_are_searched_while_one_types(browser: Browser, place: Installation) -> None:
    at, made = vendor(place), owner(place, page_name="Lighthouse")
    pages = [made["page_id"]]
    for number in range(40):
        more = owner(place, page_name=f"Buoy {number:02d}", owner_user_id=made["owner_user_id"], instagram=number < 2)
        pages.append(more["page_id"])
    with opened(browser, at.invites()["url"]) as page:
        page.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(page, made, page=pages)
        page.wait_for_url("**/connect/choose/**")  # with its script, which searches
        lines = page.locator(".chooser-line:visible")
        expect(page.get_by_role("radio")).to_have_count(3)
        box = page.get_by_role("searchbox")
        box.fill("buoy 01")
        expect(lines).to_have_count(1)
        expect(page.get_by_role("status")).to_have_text("1 of 41")
        box.fill("BUOY 3")
        expect(lines).to_have_count(13)
        box.press("Enter")
        expect(lines).to_have_count(13)
        box.fill("")
        expect(lines).to_have_count(3)
        assert _problems(page) == []


def _problems(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious(browser: Browser, place: Installation, size: tuple[int, int], scheme: str) -> None:
    at, made = vendor(place, "facebook", "instagram"), owner(place)
    bare = owner(place, owner_user_id=made["owner_user_id"], instagram=False)
    invitation = at.invites()
    with opened(browser, invitation["url"], size, scheme, reduced_motion="reduce") as page:
        assert _problems(page) == []
        page.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(page, made, page=[made["page_id"], bare["page_id"]])
        page.get_by_text("Cannot be connected yet").click()
        assert _problems(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        at.call("DELETE", f"/{invitation['id']}")
        page.reload()
        expect(page.get_by_role("heading")).to_have_text("This invitation was cancelled")
        assert _problems(page) == []
