"""Short words for what tests do on the phone page."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.simulator.support import Seeded, eventually


@dataclass
class Phone:
    page: Page
    at: Seeded

    def bubble(self, text: str) -> Locator:
        return self.page.locator(".said").filter(has=self.page.locator(".said-body", has_text=text))

    def write(self, text: str) -> None:
        self.page.locator("#words").fill(text)
        self.page.locator("#words").press("Enter")

    def attach(self, entry: str) -> None:
        self.page.locator("#attach").click()
        self.choose(entry)

    def choose(self, entry: str) -> None:
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def menu(self, text: str) -> None:
        """Open the menu of a message with the mouse."""
        self.bubble(text).locator(".said-body").click(button="right")

    def until(self, found: Any) -> dict[str, Any]:
        """The last message of the thread that satisfies ``found``, as soon as there is one."""
        return eventually(lambda: next((one for one in reversed(self.at.thread()) if found(one)), None))

    def webhook(self, found: Any) -> dict[str, Any]:
        """The webhook item that satisfies ``found``, as soon as it arrived."""
        return eventually(lambda: next((one for one in self.at.sink.items if found(one)), None))

    def gone(self, locator: Locator) -> None:
        expect(locator).to_have_count(0)
