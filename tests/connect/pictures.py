"""The pictures of the documentation: ``pytest tests/connect/pictures.py`` writes them into docs/images."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import NARROW, WIDE, opened
from tests.connect.guests import vendor
from tests.connect.installation import Installation, owner
from tests.connect.test_hosted_pages import through_the_dialog

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.mark.parametrize(("scheme", "mark"), [("light", ""), ("dark", "-dark")])
@pytest.mark.parametrize(("size", "width"), [(WIDE, ""), (NARROW, "-narrow")])
def test_pictures(
    browser: Browser, place: Installation, size: tuple[int, int], width: str, scheme: str, mark: str
) -> None:
    at = vendor(place, "facebook", "instagram")
    made = owner(
        place,
        page_name="Lamp & Chart Books",
        name="Lamp & Chart Books",
        username=f"lamp.chart{width}{mark}".replace("-", "."),
    )
    pages = [made["page_id"]]
    for name, linked in (("Café Lumen", True), ("Harbour Walks", False), ("Rowing Club", False)):
        more = owner(place, page_name=name, owner_user_id=made["owner_user_id"], instagram=linked)
        pages.append(more["page_id"])
    with opened(browser, at.invites()["url"], size, scheme) as page:
        page.screenshot(path=IMAGES / f"connect-invitation{width}{mark}.png", full_page=True)
        page.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(page, made, page=pages)
        page.get_by_role("radio").first.check()
        page.screenshot(path=IMAGES / f"connect-chooser{width}{mark}.png", full_page=True)
        page.get_by_text("Cannot be connected yet").click()
        page.screenshot(path=IMAGES / f"connect-blocked{width}{mark}.png", full_page=True)
    with opened(browser, at.invites()["url"], size, scheme) as page:
        page.get_by_role("button", name="Continue with Facebook").click()
        through_the_dialog(page, made, decision="deny")
        page.get_by_role("heading", name="Nothing was connected").wait_for()
        page.screenshot(path=IMAGES / f"connect-cancelled{width}{mark}.png", full_page=True)
