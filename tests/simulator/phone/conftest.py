"""The phone page in a browser: a world that is connected, the page open on its conversation."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import opened
from tests.simulator.phone.driver import Phone
from tests.simulator.support import Seeded

expect.set_options(timeout=10_000)


@pytest.fixture
def page(browser: Browser, connected: Seeded) -> Iterator[Page]:
    with opened(browser, f"http://127.0.0.1:{connected.simulator.port}/", permissions=["clipboard-read"]) as found:
        yield found


@pytest.fixture
def phone(page: Page, connected: Seeded) -> Phone:
    """The conversation of the first person, who has written nothing yet, with the window open."""
    expect(page.locator("#window")).to_have_text("No window yet. The business may answer once you have written.")
    return Phone(page, connected)


@pytest.fixture
def spoken(phone: Phone) -> tuple[Phone, dict[str, Any]]:
    """The same after a first message of the person."""
    said = phone.at.says("Hello")
    expect(phone.bubble("Hello")).to_be_visible()
    return phone, said
