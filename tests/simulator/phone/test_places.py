"""Several people and accounts, stories, the owner, time, a first visit."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, opened
from tests.simulator.phone.driver import Phone
from tests.simulator.support import Seeded, Simulator, eventually

Spoken = tuple[Phone, dict[str, Any]]


def test_each_person_has_a_phone_and_their_own_unread(phone: Phone) -> None:
    control, page = phone.at.simulator.control, phone.page
    jonas = phone.at.simulator.read("/people")["people"][1]["id"]
    where = {"account_id": phone.at.account, "person": jonas}
    control("/messages", **where, text="Open on Sunday?")
    for text in ("Yes", "From ten"):
        control("/owner-messages", **where, text=text)
    row = page.get_by_role("button", name="Jonas Brandt")
    expect(row.get_by_role("img", name="2 not read")).to_be_visible()
    row.click()
    expect(phone.bubble("From ten")).to_be_visible()
    expect(row.locator(".badge")).to_have_count(0)
    phone.write("Thank you")
    assert phone.webhook(lambda one: one.get("message", {}).get("text") == "Thank you")


def test_a_person_and_an_account_are_added(phone: Phone) -> None:
    page = phone.page
    page.locator("#add-person").click()
    page.keyboard.press("Escape")
    expect(page.locator("#add-person")).to_be_focused()
    page.locator("#add-person").click()
    page.get_by_label("Name", exact=True).fill("Ana Novák")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Ana Novák")).to_have_attribute("aria-pressed", "true")
    page.locator("#add-account").click()
    page.get_by_label("Name of the business").fill("Harbour Café")
    page.keyboard.press("Enter")
    expect(page.locator("#account-name")).to_have_text("Harbour Café")
    phone.write("A table for two")
    (thread,) = eventually(lambda: phone.at.simulator.read("/threads")["threads"])
    assert thread["name"] == "Ana Novák"
    page.locator("#back").click()
    expect(page.locator(".talk-name")).to_have_text(["Harbour Café", "Lighthouse Books"])


def test_on_a_narrow_screen_list_and_conversation_are_two_steps(browser: Browser, connected: Seeded) -> None:
    connected.says("Hello")
    with opened(browser, f"http://127.0.0.1:{connected.simulator.port}/", NARROW) as page:
        page.locator("#back").click()
        expect(page.locator("#inbox-title")).to_be_focused()
        page.locator(".talk").click()
        expect(page.locator("#account-name")).to_be_focused()
        page.get_by_role("button", name="Wire").click()
        page.locator(".wire-row").first.click()
        expect(page.locator(".wire-detail pre").first).to_be_visible()
        page.get_by_role("button", name="People").click()
        page.get_by_role("button", name="Jonas Brandt").click()
        expect(page.locator("#words")).to_have_attribute("placeholder", "Write as Jonas")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]


def test_a_story_is_opened_and_answered(phone: Phone) -> None:
    page = phone.page
    phone.at.simulator.call("POST", f"/_simulator/accounts/{phone.at.account}/stories")
    page.locator("#back").click()
    page.get_by_role("button", name="Open the story of Lighthouse Books").click()
    story = page.get_by_role("dialog", name="Story of Lighthouse Books")
    story.get_by_role("button", name="Pause").click()  # else the second comes by itself after six seconds
    expect(story.get_by_role("img", name="Story 1 of 2")).to_be_visible()
    page.get_by_role("button", name="Next story").click()
    expect(story.get_by_role("img", name="Story 2 of 2")).to_be_visible()
    page.keyboard.press("Escape")
    expect(story).to_be_hidden()
    expect(page.get_by_role("button", name="Open the story of Lighthouse Books")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Answer this story").fill("Lovely light")
    page.keyboard.press("Enter")
    item = phone.webhook(lambda one: one.get("message", {}).get("text") == "Lovely light")
    assert item["message"]["reply_to"]["story"]["id"]
    expect(phone.bubble("Lovely light").locator(".quoted")).to_contain_text("You answered their story")
    expect(phone.page.locator(".story-quote img")).to_be_visible()


def test_a_story_of_ones_own_mentions_the_account(phone: Phone) -> None:
    phone.page.locator("#back").click()
    phone.page.get_by_role("button", name="Post a story that mentions an account").click()
    phone.choose("Mention Lighthouse Books")
    item = phone.webhook(lambda one: "attachments" in one.get("message", {}))
    assert item["message"]["attachments"][0]["type"] == "story_mention"
    expect(phone.page.locator(".ring-button").first.locator(".ring.alive")).to_be_visible()


def test_the_owner_writes_in_the_app_and_shuts_the_server_out(phone: Phone) -> None:
    page = phone.page
    page.locator("#owner-words").fill("Written by hand")
    page.get_by_role("button", name="Send as owner").click()
    item = phone.webhook(lambda one: one.get("message", {}).get("is_echo"))
    assert item["message"]["text"] == "Written by hand"
    expect(phone.bubble("Written by hand").locator(".note")).to_contain_text("Written in the app")
    page.get_by_role("switch", name="Allow access to messages").click()
    expect(page.locator("#access-words")).to_have_text("Calls about messages are refused now")
    assert phone.at.send({"text": "x"}).error == (403, 200, 2534041)
    page.get_by_role("switch").click()
    expect(page.locator("#access-words")).to_have_text("Your server may read and write")


def test_the_clock_moves_the_window(spoken: Spoken) -> None:
    phone, _ = spoken
    window = phone.page.locator("#window")
    expect(window).to_have_class("window standard")
    phone.page.get_by_role("button", name="+25 h").click()
    expect(window).to_contain_text("Human agent only, until")
    expect(window).to_have_class("window human_agent")
    phone.page.get_by_role("button", name="+8 d").click()
    expect(window).to_contain_text("It opens when you write")
    expect(window).to_have_class("window closed")
    expect(phone.page.locator("#clock-shift")).to_have_text("ahead by 9 d 1 h")
    phone.page.get_by_role("button", name="Back to now").click()
    expect(window).to_contain_text("Open until")


@pytest.fixture
def empty(browser: Browser, simulator: Simulator) -> Any:
    with opened(browser, f"http://127.0.0.1:{simulator.port}/") as page:
        yield page


def test_an_empty_world_teaches_the_first_step(empty: Page) -> None:
    expect(empty.locator("#wire-empty")).to_contain_text("Connect your server")
    empty.get_by_role("button", name="Make a small world").click()
    expect(empty.locator("#thread")).to_contain_text("Nothing said yet")
    empty.get_by_text("Connect your server", exact=True).click()
    expect(empty.get_by_role("button", name="Copy Page access token")).to_be_visible()
