"""The README's way to a second account: from what `make demo` prints to the green check, by clicking, in under a minute."""

import time

from playwright.sync_api import Browser, expect

from heliograph.simulator import Meta
from tests.browser import opened
from tests.e2e.test_demo import demo
from tests.support import open_directory

PASSWORD = "a long walk by the harbour"
MINUTE = 60


def test_a_second_account_is_connected_in_under_a_minute(browser: Browser) -> None:
    with open_directory() as directory, demo(directory / "demo") as running:
        began = time.monotonic()
        with opened(browser, running.known["dashboard_url"]) as page:
            page.get_by_label("Email").fill("noa@lumen.example")
            page.get_by_label("Your name").fill("Noa Berg")
            passwords = page.locator("input[type=password]").all()
            for field in passwords:
                field.fill(PASSWORD)
            passwords[-1].press("Enter")
            page.get_by_role("link", name="Integrations", exact=True).first.click()
            page.get_by_role("link", name="Connect an account").click()
            page.get_by_role("button", name="Authenticate", exact=True).click()
            page.get_by_role("button", name="Continue", exact=True).click()
            page.get_by_role("radio", name="Harbour Tea").check()
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("heading", name="Send yourself a message")).to_be_visible()

            meta = Meta(running.known["simulator_url"])
            (tea,) = [one for one in meta.accounts() if one.username == "harbour.tea"]
            meta.person_writes(tea, meta.people()[0], "Is the harbour open?")
            expect(page.get_by_role("heading", name="It works")).to_be_visible()
        assert time.monotonic() - began < MINUTE
