"""One server with its simulator and database for a module; browsers of plain HTTP, and Chromium's pages signed in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser import WIDE, opened
from tests.dashboard.house import Browser, House

expect.set_options(timeout=10_000)

SignedInPage = Callable[..., AbstractContextManager[Page]]


def words_stay(page: Page) -> None:
    """What this page says for a moment only, such as "Copied", is said for ever: a busy test may look late."""
    page.evaluate("() => { window.setTimeout = () => 0; }")


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The running installation, with nobody in it."""
    house = House(database_url, tmp_path_factory.mktemp("house"))
    house.start()
    try:
        yield house
    finally:
        house.stop()


@pytest.fixture(scope="module")
def owner(house: House) -> Browser:
    """An owner's browser."""
    return house.owner()


@pytest.fixture(scope="module")
def app_id(house: House) -> str:
    """An app."""
    return house.app()


@pytest.fixture(scope="module")
def browser(house: House, browser: Chromium) -> Chromium:
    """Chromium, started after the house: while it runs, no event loop can be started in this thread."""
    return browser


@pytest.fixture
def signed_in_page(browser: Chromium, house: House, owner: Browser) -> SignedInPage:
    """``with signed_in_page(path, size, scheme) as page``: Chromium with the owner signed in, or whoever ``who`` is."""

    @contextmanager
    def open_page(
        path: str, size: tuple[int, int] = WIDE, scheme: str = "light", who: Browser | None = None, **more: Any
    ) -> Iterator[Page]:
        about = {
            "domain": "127.0.0.1",
            "path": "/",
            "expires": -1,
            "httpOnly": True,
            "secure": False,
            "sameSite": "Lax",
        }
        cookies = [{"name": name, "value": value, **about} for name, value in (who or owner).cookies.items()]
        state = {"cookies": cookies, "origins": []}
        with opened(browser, house.url + path, size, scheme, storage_state=state, **more) as page:
            yield page

    return open_page
