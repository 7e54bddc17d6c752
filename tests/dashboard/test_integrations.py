"""Integrations in a browser: an account is connected by clicking, and tells by itself that it works."""

import pytest
from playwright.sync_api import expect

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.meta import place


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_account_is_connected_by_clicking_and_turns_green_with_its_first_message(
    house: House, owner: Browser, signed_in_page: SignedInPage, size: tuple[int, int]
) -> None:
    harbour = place(house, owner)
    with signed_in_page(harbour.path, size) as page:
        page.get_by_role("link", name="Connect an account").click()
        harbour.authenticate(page)
        harbour.allow(page)
        expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
        expect(page.get_by_role("radio", name="Harbour Tea")).to_be_checked()
        page.get_by_label("Name (optional)").fill("Tea by the harbour")
        page.get_by_role("button", name="Save").click()

        expect(page.get_by_role("heading", name="Tea by the harbour")).to_be_visible()
        expect(page.get_by_role("heading", name="Send yourself a message")).to_be_visible()
        harbour.says()
        expect(page.get_by_role("heading", name="It works")).to_be_visible()
        expect(page.locator(".arrival")).to_contain_text("A message from Maya Okafor")
        assert "Is the harbour open?" not in page.content()
        page.get_by_role("link", name="Integrations", exact=True).first.click()
        expect(page.get_by_role("link", name="Tea by the harbour")).to_contain_text("Connected")
