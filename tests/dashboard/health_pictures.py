"""The pictures of Health: ``pytest tests/dashboard/health_pictures.py`` writes them into docs/images."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import NARROW, WIDE
from tests.dashboard.accounts import connect
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.mark.parametrize(("scheme", "mark"), [("light", ""), ("dark", "-dark")])
@pytest.mark.parametrize(("size", "width"), [(WIDE, ""), (NARROW, "-narrow")])
def test_pictures(
    house: House,
    owner: Browser,
    app_id: str,
    signed_in_page: SignedInPage,
    size: tuple[int, int],
    width: str,
    scheme: str,
    mark: str,
) -> None:
    if not house.rows("select 1 from integrations"):
        for name in ("harbour.cafe", "lumen.books", "tide.and.lamp"):
            connect(house, app_id, username=name).is_written_to()
    (row,) = house.rows("select id from integrations where settings ->> 'businessUsername' = 'harbour.cafe'")
    accounts = house.rows(
        "select account_id, facebook_app_id from instagram_accounts where integration_id = $1", row["id"]
    )
    body = {"account_id": accounts[0]["account_id"], "app_id": accounts[0]["facebook_app_id"], "on": True}
    house.simulator.control("/connection/asset_dropped", 200, **body)
    start = f"/dashboard/apps/{app_id}/health"
    with signed_in_page(f"{start}/{row['id']}", size, scheme) as page:
        page.get_by_role("button", name="Check now").click()
        expect(page.get_by_role("region", name="What was allowed")).to_be_visible()
        expect(page.locator("#came")).to_contain_text("Checked")
        page.wait_for_load_state("load")
        page.reload()
        page.screenshot(path=IMAGES / f"dashboard-health-account{width}{mark}.png")
    with signed_in_page(start, size, scheme) as page:
        expect(page.get_by_text("PostgreSQL").first).to_be_visible()
        page.screenshot(path=IMAGES / f"dashboard-health{width}{mark}.png")
