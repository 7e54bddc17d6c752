"""The panel beside the phone: everything that went over the wire."""

import json
import shlex
from typing import Any

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.simulator.phone.driver import Phone
from tests.simulator.support import Seeded

Spoken = tuple[Phone, dict[str, Any]]


def test_both_directions_are_shown_and_filtered(spoken: Spoken) -> None:
    phone, _ = spoken
    phone.at.send({"text": "Good morning"})
    phone.at.send({"text": "x" * 1200})
    page = phone.page
    rows = page.locator(".wire-row")
    expect(rows.filter(has_text="Send: “Good morning”")).to_have_count(1)
    expect(rows.filter(has_text="Webhook: message “Hello”")).to_have_count(1)
    page.get_by_role("button", name="Webhooks").click()
    expect(rows.filter(has_text="Send")).to_have_count(0)
    page.get_by_role("button", name="Problems").click()
    expect(rows).to_have_count(1)
    expect(rows.locator(".status.bad")).to_have_text("✕ 400")
    page.get_by_role("button", name="Graph calls").click()
    expect(rows.filter(has_text="Webhook")).to_have_count(0)


def test_a_body_is_shown_pretty_and_copied_as_it_was_also_as_a_command(spoken: Spoken) -> None:
    phone, _ = spoken
    page = phone.page
    # While it is under way it is drawn again.
    row = page.locator(".wire-row").filter(has_text="message “Hello”")
    expect(row.locator(".status.good")).to_have_text("✓ 200")
    row.click()
    detail = page.locator(".wire-detail")
    expect(detail.locator("pre").first).to_contain_text('"text": "Hello"')
    raw = phone.at.sink.deliveries[0].raw.decode()
    detail.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == raw
    detail.get_by_role("button", name="Copy as curl").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('curl')")
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert words[:4] == ["curl", "-X", "POST", phone.at.sink.url]
    assert words[-1] == raw
    assert any(word.startswith("X-Hub-Signature-256: sha256=") for word in words)


def test_what_happens_while_the_log_is_read_is_shown(page: Page, connected: Seeded) -> None:
    """The answer was written before it."""
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/_simulator/wire?limit=200", lambda route: held.append((route, route.fetch())))
    page.reload()
    expect(page.locator("#window")).to_contain_text("No window yet")
    connected.says("Meanwhile")
    row = page.locator(".wire-row").filter(has_text="message “Meanwhile”")
    expect(row).to_have_count(1)
    for route, answer in held:
        route.fulfill(response=answer)
    expect(page.locator(".wire-row").filter(has_text="App subscription")).to_have_count(1)
    expect(row.locator(".status")).to_have_text("✓ 200")


def test_tries_are_shown(phone: Phone) -> None:
    phone.at.simulator.call("PATCH", "/_simulator/delivery", {"retry_delays": [0.05]})
    phone.at.sink.answers[:] = [500, 503]
    phone.write("Again and again")
    row = phone.page.locator(".wire-row").filter(has_text="Again and again")
    expect(row.locator(".status.warn")).to_have_text("▲ 200, try 3")
    row.click()
    expect(phone.page.locator(".attempts li")).to_have_count(3)
    expect(phone.page.locator(".attempts li").first).to_contain_text("500")


def test_while_it_pauses_news_wait_behind_a_button(spoken: Spoken) -> None:
    phone, _ = spoken
    page = phone.page
    # What was said before is no news.
    expect(page.locator(".wire-row").filter(has_text="message “Hello”")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    count = page.locator(".wire-row").count()
    phone.at.says("Not yet")
    expect(page.locator("#wire-new")).to_have_text("Show 1 new")
    assert page.locator(".wire-row").count() == count
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".wire-row").filter(has_text="Not yet")).to_have_count(1)


def test_a_message_is_found_on_the_wire(spoken: Spoken) -> None:
    phone, _ = spoken
    phone.at.says("Something else")
    phone.at.send({"text": "Grüße / ☀"})
    expect(phone.bubble("Grüße")).to_be_visible()
    phone.menu("Hello")
    phone.choose("Show on the wire")
    rows = phone.page.locator(".wire-row")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("message “Hello”")
    phone.page.locator("#wire-find").fill("grüße / ☀")
    expect(rows.filter(has_text="Send")).to_have_count(1)
    phone.page.locator("#wire-find").fill("no such words")
    phone.page.get_by_role("button", name="Show all").click()
    expect(rows.filter(has_text="Something else")).to_have_count(1)


def test_secrets_are_masked(spoken: Spoken) -> None:
    phone, _ = spoken
    entries = json.dumps(phone.at.simulator.read("/wire", contains="subscriptions"))
    assert "callback_url" in entries
    assert phone.at.facts["facebook_app_secret"] not in entries
