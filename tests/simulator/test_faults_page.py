"""The page of knobs in a browser: what it orders, what it shows, and that anybody can use it."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from heliograph.simulator import Meta
from heliograph.simulator.scenarios import SCENARIOS
from tests.browser import NARROW, WIDE, opened
from tests.simulator.scripted import meta_of
from tests.simulator.support import Seeded


@pytest.fixture
def meta(seeded: Seeded) -> Meta:
    return meta_of(seeded)


@pytest.fixture
def page(browser: Browser, meta: Meta) -> Iterator[Page]:
    with opened(browser, f"{meta.url}/faults") as made:
        expect(made.locator("#orders")).to_contain_text("Meta behaves")
        # With this the lists are filled, of which the calls take their ids.
        expect(made.locator("#connection-state")).to_contain_text("Now not so")
        yield made


def form(page: Page, title: str) -> Any:
    return page.locator("form.knob", has=page.get_by_role("heading", name=title, exact=True))


def run(line: str, meta: Meta) -> None:
    """Do what a shown line of Python says."""
    eval(line, {"meta": meta, "app": meta.apps()[0]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_anybody_can_use_it(browser: Browser, meta: Meta, scheme: str, size: tuple[int, int]) -> None:
    meta.spoil_webhooks("duplicate", rate=0.05, seed=3)
    meta.fail_calls("613/2534040")
    with opened(browser, f"{meta.url}/faults", size, scheme) as page:
        expect(page.locator("#orders li")).to_have_count(2)
        violations = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_a_share_of_the_webhooks_is_ordered_seen_and_cancelled(page: Page, meta: Meta) -> None:
    webhooks = form(page, "Events that go wrong")
    webhooks.get_by_label("What").select_option("drop")
    webhooks.get_by_label("Which").select_option("echo")
    webhooks.get_by_label("or a share").fill("0.05")
    webhooks.get_by_label("Seed").fill("7")
    line = webhooks.locator('[data-line="python"]')
    expect(line).to_have_text('meta.spoil_webhooks("drop", event="echo", rate=0.05, seed=7)')
    expect(webhooks.locator('[data-line="curl"]')).to_contain_text(
        '{"kind":"drop","event":"echo","rate":0.05,"seed":7}'
    )
    webhooks.get_by_role("button", name="Order").press("Enter")
    expect(page.locator("#orders")).to_contain_text("drop of echo")
    expect(page.locator("#orders")).to_contain_text("5 %, seed 7")
    assert meta.faults().webhooks[0].rate == 0.05
    page.get_by_role("button", name="Cancel drop").click()
    expect(page.locator("#orders")).to_contain_text("Meta behaves")
    run(line.text_content() or "", meta)
    assert meta.faults().webhooks[0].seed == 7


def test_a_scenario_strikes_and_is_counted(page: Page, meta: Meta, seeded: Seeded) -> None:
    calls = form(page, "Calls that fail")
    calls.get_by_label("How").select_option("613/2534040")
    calls.get_by_role("button", name="Order").click()
    expect(page.locator("#orders")).to_contain_text("613/2534040 on send")
    seeded.says()
    assert seeded.send({"text": "x"}).error == (429, 613, 2534040)
    expect(page.locator("#struck")).to_have_text("graph 613/25340401")
    expect(page.locator("#orders")).to_contain_text("Meta behaves")


def test_every_scenario_can_be_picked(page: Page) -> None:
    options = form(page, "Calls that fail").get_by_label("How").locator("option")
    assert sorted(options.evaluate_all("all => all.map((one) => one.value)")) == sorted(SCENARIOS)


def test_everything_is_cleared_with_one_button(page: Page, meta: Meta) -> None:
    meta.fail_calls("2", rate=1)
    meta.spoil_webhooks("drop", rate=1)
    expect(page.locator("#orders li")).to_have_count(2)
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#orders")).to_contain_text("Meta behaves")
    assert (meta.faults().graph, meta.faults().webhooks) == ([], [])


def test_a_connection_breaks_and_is_mended(page: Page, meta: Meta, seeded: Seeded) -> None:
    connection = form(page, "What happens to it")
    state = page.locator("#connection-state")
    connection.get_by_label("What").select_option("messages_off")
    expect(state).to_contain_text("Now not so")
    connection.get_by_role("button", name="Let it happen").click()
    expect(state).to_contain_text("Now so")
    assert meta.account(seeded.account).allow_messages is False
    connection.get_by_role("button", name="Undo it").click()
    expect(state).to_contain_text("Now not so")
    assert meta.account(seeded.account).allow_messages is True
    connection.get_by_label("What").select_option("password_changed")
    expect(connection.get_by_role("button", name="Undo it")).to_be_disabled()
    expect(state).to_contain_text("Only a new login helps")
    connection.get_by_label("What").select_option("scope_dropped")
    connection.locator("[name=scope]").select_option("instagram_basic")
    line = connection.locator('[data-line="python"]')
    expect(line).to_contain_text('scope="instagram_basic"')
    run(line.text_content() or "", meta)
    expect(state).to_contain_text("Now so")


def test_time_moves(page: Page, meta: Meta) -> None:
    time = form(page, "Move the clock forward")
    time.get_by_label("By").select_option("8d")
    time.get_by_role("button", name="Move").click()
    expect(page.locator("#clock-shift")).to_have_text("ahead by 8 d")
    page.get_by_role("button", name="Back to now").click()
    expect(page.locator("#clock-shift")).to_have_text("real time")
    assert meta.ask("GET", "/clock")["offset_seconds"] == 0


def test_a_callback_that_fails_is_told(page: Page, meta: Meta) -> None:
    where = form(page, "Where they go")
    where.get_by_label("Deauthorize").fill("http://127.0.0.1:9/gone")
    where.get_by_role("button", name="Set").click()
    expect(page.locator("#toast")).to_have_text("Done")
    assert meta.apps()[0].deauthorize_url == "http://127.0.0.1:9/gone"
    form(page, "The person removes the app").get_by_role("button", name="Remove the app").click()
    expect(page.locator("#callbacks")).to_contain_text("Meta would object: no answer")


def test_every_line_of_python_runs(page: Page, meta: Meta) -> None:
    lines = page.locator('[data-line="python"]').all_text_contents()
    assert len(lines) == 10
    meta.set_callbacks(meta.apps()[0], data_deletion_url="http://127.0.0.1:9/")
    for line in lines:
        run(line, meta)


def test_the_phone_page_leads_there(meta: Meta, seeded: Seeded) -> None:
    assert b'href="/faults"' in seeded.simulator.get("/").body
