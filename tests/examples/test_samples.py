"""Both samples end to end in a browser: log in, choose, connected, a message arrives; and what can go wrong on the way.

The installation comes before the browser: beside one no other event loop can run.
"""

import re
import urllib.error
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser import NARROW, opened
from tests.e2e.stack import wait_for
from tests.examples.conftest import EXAMPLES, SAMPLES, Site


def post(url: str, body: bytes, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_an_account_is_connected_and_a_message_to_it_arrives(site: Site, browser: Browser) -> None:
    owner = site.person(f"Owner by {site.name}", page_name=f"Shop of {site.name}")
    accounts = site.house.control("GET", "accounts")["accounts"]
    account = next(one for one in accounts if one["owner_user_id"] == owner)
    with opened(browser, site.url) as page:
        sent: list[str] = []
        page.context.on("response", lambda answer: sent.append(answer.url))
        site.logs_in(page, f"Owner by {site.name}")
        seen = page.content()
        page.get_by_role("radio", name=account["page_name"]).check()
        page.get_by_role("button", name="Connect").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{account['page_name']} is connected")
        integration = page.locator("#integration").text_content()
        # No token came near the browser.
        assert "EAA" not in seen + page.content() + "".join(sent)
        assert all(cookie["httpOnly"] for cookie in page.context.cookies() if cookie["name"] == "sample_session")
    known = site.house.control("GET", "people")["people"][0]["id"]
    site.house.control(
        "POST", "messages", {"account_id": account["instagram_account_id"], "person": known, "text": f"Hi {site.name}"}
    )

    def arrived() -> list[dict]:
        told = site.house.target.of("conversation:message")
        return [one for one in told if one["message"]["content"].get("text") == f"Hi {site.name}"]

    (message,) = wait_for(arrived, what="the message at the webhook")
    assert message["message"]["source"]["integrationId"] == integration


def test_pages_that_can_not_be_connected_say_why(site: Site, browser: Browser) -> None:
    site.forgotten_by("Ingrid Halvorsen")
    with opened(browser, site.url, NARROW) as page:
        site.logs_in(page, "Ingrid Halvorsen")
        expect(page.get_by_role("radio", name="Northwind Bakery")).to_be_enabled()
        for name, reason in (("Saltwater Records", "personal"), ("Quayside Bikes", "may not answer messages")):
            choice = page.get_by_role("radio", name=re.compile(f"{name}.*{reason}"))
            expect(choice).to_be_disabled()
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_cancelling_connects_nothing_and_says_so(site: Site, browser: Browser) -> None:
    with opened(browser, site.url) as page:
        with site.dialog(page) as dialog:
            dialog.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("You cancelled the login")).to_be_visible()


def test_what_was_left_out_is_named_and_asked_for_again(site: Site, browser: Browser) -> None:
    name = f"Careful by {site.name}"
    site.person(name, page_name=f"Careful {site.name}")
    with opened(browser, site.url) as page:
        with site.dialog(page) as dialog:
            dialog.get_by_role("link", name="Log in as somebody else").click()
            dialog.get_by_role("link", name=name).click()
            dialog.get_by_role("checkbox", name="instagram_manage_messages").uncheck()
            dialog.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("You left out instagram_manage_messages.")).to_be_visible()
        again = page.get_by_role("link", name="Log in again and allow it")
        dialog = page
        if site.by_popup:
            again.click()
            with page.expect_popup() as opening:
                page.get_by_role("button", name="Continue with Facebook").click()
            dialog = opening.value
        else:
            again.click()
        dialog.get_by_role("button", name="Save and continue").click()
        expect(page.get_by_role("heading", name="Choose a Page")).to_be_visible()
        expect(page.get_by_text("You left out")).to_have_count(0)


def test_markup_in_the_name_of_a_page_stays_text(site: Site, browser: Browser) -> None:
    name = f"<img src=x onerror=document.title='stolen'> {site.name}"
    site.person(f"Markup by {site.name}", page_name=name)
    with opened(browser, site.url) as page:
        site.logs_in(page, f"Markup by {site.name}")
        expect(page.get_by_text(name)).to_be_visible()
        expect(page).to_have_title("Choose a Page")


def test_a_refusal_of_heliograph_is_shown(site: Site, browser: Browser) -> None:
    """Meta lets the app in, but the grant is narrowed between the login and the choice."""
    name = f"Late by {site.name}"
    owner = site.person(name, page_name=f"Late {site.name}")
    app = site.house.seed["facebook_app_id"]
    with opened(browser, site.url) as page:
        site.logs_in(page, name)
        site.house.control("POST", f"apps/{app}/deauthorize", {"user_id": owner})
        page.get_by_role("radio", name=f"Late {site.name}").check()
        page.get_by_role("button", name="Connect").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Late {site.name} could not be connected")


def test_a_login_whose_answer_is_not_the_servers_is_told(site: Site, browser: Browser) -> None:
    if not site.by_popup:
        return  # the browser itself shows what it got
    name = f"Cut off by {site.name}"
    site.person(name)
    with opened(browser, site.url) as page:
        page.route("**/login", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
        with site.dialog(page) as dialog:
            dialog.get_by_role("link", name="Log in as somebody else").click()
            dialog.get_by_role("link", name=name).click()
            dialog.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("The login could not be finished")).to_be_visible()


def test_a_form_from_elsewhere_is_refused(site: Site) -> None:
    status, text = post(f"{site.url}connect", b"page=1&form_token=")
    assert (status, "This form is not from here" in text) == (403, True)


@pytest.mark.parametrize("query", ["code=x&state=", "code=x&state=guessed", "code=x", "error=access_denied&state=x"])
def test_a_return_that_was_not_begun_here_is_refused(site: Site, query: str) -> None:
    if site.by_popup:
        status, text = post(f"{site.url}login", b'{"code": "x"}', X_Form_Token="guessed")
        assert (status, "not begun here" in text) == (403, True)
        return
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{site.url}callback?{query}", timeout=10)
    assert refused.value.code == 400
    assert "not begun here" in refused.value.read().decode()
    refused.value.close()


@pytest.mark.parametrize("name", ["meta.py", "settings.py", "static/sample.css", "templates/done.html"])
def test_what_both_share_is_the_same_in_both(name: str) -> None:
    """Each sample can be copied alone; so the shared files stand in both, word for word."""
    one, other = ((EXAMPLES / sample / name).read_text() for sample in SAMPLES)
    assert one == other
