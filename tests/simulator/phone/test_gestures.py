"""Hold to react, swipe to reply; the same by mouse and by keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser import NARROW, opened
from tests.simulator.phone.driver import Phone
from tests.simulator.support import Seeded

Spoken = tuple[Phone, dict[str, Any]]


class Finger:
    """Touches as a phone's browser gets them."""

    def __init__(self, phone: Phone, target: Locator) -> None:
        self._session = phone.page.context.new_cdp_session(phone.page)
        box = target.bounding_box()
        assert box
        self._x, self._y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def _touch(self, kind: str, across: float = 0) -> None:
        points = [] if kind == "touchEnd" else [{"x": self._x + across, "y": self._y}]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self) -> None:
        self._touch("touchStart")

    def up(self) -> None:
        self._touch("touchEnd")

    def swipe(self, across: float) -> None:
        self.down()
        for step in range(1, 9):
            self._touch("touchMove", across * step / 8)
        self.up()


@pytest.fixture
def held(browser: Browser, connected: Seeded) -> Iterator[Phone]:
    connected.says("Hello")
    answer = connected.send({"text": "Good morning"})
    assert answer.status == 200
    url = f"http://127.0.0.1:{connected.simulator.port}/"
    with opened(browser, url, NARROW, has_touch=True, is_mobile=True) as page:
        phone = Phone(page, connected)
        expect(phone.bubble("Good morning")).to_be_visible()
        yield phone


def test_holding_a_message_offers_reactions(held: Phone) -> None:
    finger = Finger(held, held.bubble("Good morning").locator(".bubble"))
    finger.down()
    expect(held.page.get_by_role("menu")).to_be_visible()
    finger.up()
    held.page.get_by_role("menuitem", name="Laugh").tap()
    item = held.webhook(lambda one: "reaction" in one)
    assert (item["reaction"]["reaction"], item["reaction"]["emoji"]) == ("laugh", "😂")
    expect(held.bubble("Good morning").locator(".reactions")).to_have_text("😂")


def test_swiping_a_message_answers_it(held: Phone) -> None:
    bubble = held.bubble("Good morning").locator(".bubble")
    Finger(held, bubble).swipe(25)
    expect(held.page.locator(".swiping")).to_have_count(0)
    expect(held.page.locator("#answering")).to_be_hidden()
    for across in (90, -90):
        # Back at its place after the swipe before.
        bubble.element_handle().wait_for_element_state("stable")
        Finger(held, bubble).swipe(across)
        expect(held.page.locator("#answering")).to_be_visible()
        expect(held.page.locator("#answering")).to_contain_text("Good morning")
        held.page.locator("#answering-stop").click()
        expect(held.page.locator("#answering")).to_be_hidden()
    Finger(held, bubble).swipe(90)
    held.write("And to you")
    item = held.webhook(lambda one: one.get("message", {}).get("text") == "And to you")
    assert item["message"]["reply_to"]["mid"] == held.at.thread()[1]["mid"]
    expect(held.bubble("And to you").locator(".quoted")).to_contain_text("Good morning")


def test_a_reaction_is_taken_back_by_the_same_emoji(spoken: Spoken) -> None:
    phone, said = spoken
    for count in (1, 0):
        phone.bubble("Hello").locator(".bubble").dblclick()
        expect(phone.bubble("Hello").locator(".reactions")).to_have_count(count)
    phone.webhook(lambda one: one.get("reaction", {}).get("action") == "unreact")
    phone.menu("Hello")
    phone.choose("Another emoji")
    phone.choose("🔥")
    phone.until(lambda one: one["mid"] == said["mid"] and [r["emoji"] for r in one["reactions"]] == ["🔥"])


def test_editing_marks_the_message(spoken: Spoken) -> None:
    phone, _ = spoken
    phone.menu("Hello")
    phone.choose("Edit")
    expect(phone.page.locator("#words")).to_have_value("Hello")
    phone.write("Hello there")
    item = phone.webhook(lambda one: "message_edit" in one)
    assert item["message_edit"]["text"] == "Hello there"
    expect(phone.bubble("Hello there").locator(".note")).to_contain_text("Edited")


def test_an_unsent_message_is_gone(spoken: Spoken) -> None:
    phone, said = spoken
    phone.menu("Hello")
    phone.choose("Unsend")
    item = phone.webhook(lambda one: one.get("message", {}).get("is_deleted"))
    assert item["message"]["mid"] == said["mid"]
    phone.gone(phone.bubble("Hello"))
    expect(phone.page.locator("#thread")).to_contain_text("Nothing said yet")


def test_a_message_is_copied(spoken: Spoken) -> None:
    phone, said = spoken
    for entry, words in (("Copy", "Hello"), ("Copy mid", said["mid"])):
        phone.menu("Hello")
        phone.choose(entry)
        expect(phone.page.locator("#toast")).to_have_text("Copied")
        # It may be the first one that is still said.
        phone.page.wait_for_function("async (words) => (await navigator.clipboard.readText()) === words", arg=words)


def test_everything_works_by_keyboard_alone(spoken: Spoken) -> None:
    phone, _ = spoken
    keys = phone.page.keyboard
    phone.at.send({"text": "Good morning"})
    expect(phone.bubble("Good morning")).to_be_visible()
    phone.page.locator("#more").focus()
    keys.press("Tab")
    expect(phone.bubble("Good morning")).to_be_focused()
    keys.press("ArrowUp")
    expect(phone.bubble("Hello")).to_be_focused()
    keys.press("Enter")
    expect(phone.page.get_by_role("menuitem", name="Love")).to_be_focused()
    keys.press("Escape")
    expect(phone.bubble("Hello")).to_be_focused()
    expect(phone.page.get_by_role("menu")).to_have_count(0)
    keys.press("End")
    expect(phone.bubble("Good morning")).to_be_focused()
    keys.press("Enter")
    expect(phone.page.get_by_role("menuitem", name="Love")).to_be_focused()
    keys.press("ArrowRight")
    keys.press("Enter")
    phone.webhook(lambda one: one.get("reaction", {}).get("emoji") == "😂")
    # The message was drawn anew with its reaction: the focus stays on it.
    expect(phone.bubble("Good morning")).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert phone.page.evaluate(outline) == "solid"
