"""App Review in the dashboard: what is missing, test calls made by a click, texts to copy; owners and agents."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from heliograph.messaging import keys
from heliograph.opening.storage import open_box
from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage, words_stay
from tests.dashboard.house import Browser, House

START = "/dashboard/settings/app-review"
NARROWED = ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata"]


@dataclass
class Connected:
    """An account that is connected to an app, by a Facebook app of its own."""

    house: House
    app_id: str
    facebook_app: str
    secret: str
    page_id: str
    token: str

    @property
    def path(self) -> str:
        return f"{START}/{self.facebook_app}"

    def noted(self) -> int:
        rows = self.house.rows("select permission from review_calls where facebook_app_id = $1", self.facebook_app)
        return len(rows)


def connect(house: House, app_id: str, scopes: list[str] | None = None) -> Connected:
    """Connect a new account by a new Facebook app, with the API."""
    simulator = house.simulator
    facebook, made = simulator.control("/apps"), simulator.control("/accounts")
    narrowed = {} if scopes is None else {"scopes": scopes}
    token = simulator.control("/tokens", app_id=facebook["id"], page_id=made["page_id"], **narrowed)["access_token"]
    body = {"type": "instagram", "appId": facebook["id"], "appSecret": facebook["secret"], "pageAccessToken": token}

    async def key() -> dict[str, Any]:
        async with house.database.transaction() as connection:
            return await keys.create_key(connection, open_box(house._settings), "account", None, None, "test")

    made_key = house.run(key())
    pair = base64.b64encode(f"{made_key['id']}:{made_key['secret']}".encode()).decode()
    connection = HTTPConnection("127.0.0.1", house.port, timeout=20)
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    connection.request("POST", f"/v2/apps/{app_id}/integrations", json.dumps(body), headers)
    answer = connection.getresponse()
    assert answer.status == 201, answer.read()
    connection.close()
    return Connected(house, app_id, facebook["id"], facebook["secret"], made["page_id"], token)


@pytest.fixture(scope="module")
def connected(house: House, owner: Browser, app_id: str) -> Connected:
    """An account with everything granted."""
    return connect(house, app_id)


@pytest.fixture
def narrowed(house: House, owner: Browser, app_id: str) -> Iterator[Connected]:
    """One whose token lacks a permission; gone afterwards."""
    made = connect(house, app_id, NARROWED)
    yield made
    house.run(house.database.execute("delete from instagram_accounts where facebook_app_id = $1", made.facebook_app))
    house.run(house.database.execute("delete from facebook_apps where id = $1", made.facebook_app))


def serious(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


class TestByPlainHttp:
    def test_with_nothing_connected_it_says_what_comes_first(self, house: House, owner: Browser) -> None:
        agent = house.agent("nobody@lumen.example", house.app("Empty"))
        page = agent.get(START)
        assert page.status == 200
        assert "Connect an account with yours" in page.words

    def test_an_owner_sees_everything_of_the_one_there_is(self, owner: Browser, connected: Connected) -> None:
        assert owner.get(START).to == connected.path
        page = owner.get(connected.path)
        rows = connected.house.rows("select 1 from facebook_apps where id = $1", connected.facebook_app)
        assert len(rows) == 1
        for words in ("missing before you submit", "pages_show_list", "We use instagram_basic to find", "Verify token"):
            assert words in page.words
        assert f"{connected.house.url}/webhooks/instagram/{connected.facebook_app}/data-deletion" in page.words
        assert connected.token not in page.text
        assert connected.secret not in page.text

    def test_an_agent_of_the_app_sees_it_without_secrets_and_cannot_make_calls(
        self, house: House, connected: Connected
    ) -> None:
        agent = house.agent("ada@lumen.example", connected.app_id)
        page = agent.get(connected.path)
        assert page.status == 200
        assert "Verify token" not in page.words
        assert "Make the test calls" not in page.words.replace("Make the test calls.", "")
        refused = agent.send("/dashboard/settings/account", f"{connected.path}/calls")
        assert refused.status == 403

    def test_an_agent_of_another_app_does_not_learn_that_it_is_there(self, house: House, connected: Connected) -> None:
        agent = house.agent("eve@lumen.example", house.app("Elsewhere"))
        assert agent.get(connected.path).status == 404
        assert agent.get(f"{START}/4711").status == 404
        assert connected.facebook_app not in agent.get(START).text

    def test_nobody_else_comes_in(self, house: House, connected: Connected) -> None:
        assert house.browser().get(connected.path).to.startswith("/dashboard/sign-in")
        before = connected.noted()
        assert house.browser().post(f"{connected.path}/calls", {}).status == 303
        assert connected.noted() == before

    def test_a_post_without_the_forms_token_makes_no_calls(self, owner: Browser, connected: Connected) -> None:
        before = connected.noted()
        assert owner.post(f"{connected.path}/calls", {}).status == 403
        assert owner.post(f"{connected.path}/calls", {"form_token": "x"}).status == 403
        assert connected.noted() == before

    def test_names_are_filled_in_and_stay_text(self, owner: Browser, connected: Connected) -> None:
        page = owner.get(f"{connected.path}?company=%3Cscript%3Ealert(1)%3C/script%3E&product=Tea+Desk")
        assert "<script>alert" not in page.text
        assert "the team of <script>alert(1)</script>" in page.words
        assert "[product]" not in page.words

    def test_without_scripts_the_form_answers_with_the_page(self, owner: Browser, narrowed: Connected) -> None:
        page = owner.send(narrowed.path, f"{narrowed.path}/calls")
        assert page.status == 200
        assert "1 of 4 test calls refused" in page.words
        assert "grant pages_messaging" in page.words
        assert narrowed.noted() == 3

    def test_several_apps_are_listed(self, owner: Browser, connected: Connected, narrowed: Connected) -> None:
        page = owner.get(START)
        assert page.status == 200
        assert connected.facebook_app in page.words
        assert narrowed.facebook_app in page.words
        assert "All Facebook apps" in owner.get(connected.path).words
        assert owner.get(f"{START}/4711").status == 404


class TestInTheBrowser:
    def test_the_calls_are_made_by_a_click(self, connected: Connected, signed_in_page: SignedInPage) -> None:
        house = connected.house
        house.run(house.database.execute("delete from review_calls"))
        with signed_in_page(connected.path) as page:
            row = page.locator("#review-state li", has_text="Test call of pages_manage_metadata")
            expect(row).to_contain_text("Missing")
            page.get_by_role("button", name="Make the test calls").click()
            expect(page.get_by_text("Every test call succeeded")).to_be_visible()
            expect(row).to_contain_text("Done")
            # The server's words, or a moment later those of the page.
            expect(row.locator("time").last).to_have_text(re.compile("^in (30|29) days$"))
        assert connected.noted() == 4

    def test_what_is_refused_says_why(self, narrowed: Connected, signed_in_page: SignedInPage) -> None:
        with signed_in_page(narrowed.path) as page:
            page.get_by_role("button", name="Make the test calls").click()
            expect(page.get_by_role("alert")).to_contain_text("grant pages_messaging, for this Page and account")
        assert narrowed.noted() == 3

    def test_a_text_is_copied_with_the_names_in_it(self, connected: Connected, signed_in_page: SignedInPage) -> None:
        with signed_in_page(connected.path, permissions=["clipboard-read", "clipboard-write"]) as page:
            page.get_by_label("Your company").fill("Harbour Tea")
            page.get_by_label("Your product").fill("Tea Desk")
            page.get_by_role("button", name="Fill in").click()
            page.wait_for_url("**company=**")
            words_stay(page)
            page.get_by_role("button", name="Copy the text for instagram_basic").click()
            expect(page.locator("main").get_by_text("Copied")).to_be_visible()
            copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("We use instagram_basic to find")
        assert "Harbour Tea" in copied
        assert "[" not in copied

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
    def test_axe_finds_nothing_serious(
        self, connected: Connected, signed_in_page: SignedInPage, size: tuple[int, int], scheme: str
    ) -> None:
        with signed_in_page(connected.path, size, scheme, reduced_motion="reduce") as page:
            page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => (one.open = true))")
            assert serious(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
