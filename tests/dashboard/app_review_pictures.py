"""The picture of App Review: ``pytest tests/dashboard/app_review_pictures.py`` writes it into docs/images."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.test_app_review import connect

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation that has a privacy policy and terms."""
    pages = {
        "privacy_policy_url": "https://lumen.example/privacy",
        "terms_url": "https://lumen.example/terms",
    }
    house = House(database_url, tmp_path_factory.mktemp("house"), **pages)
    house.start()
    try:
        yield house
    finally:
        house.stop()


def test_picture(house: House, owner: Browser, app_id: str, signed_in_page: SignedInPage) -> None:
    connected = connect(house, app_id)
    with signed_in_page(connected.path) as page:
        page.get_by_role("button", name="Make the test calls").click()
        expect(page.get_by_text("Every test call succeeded")).to_be_visible()
        page.screenshot(path=IMAGES / "dashboard-app-review.png")
