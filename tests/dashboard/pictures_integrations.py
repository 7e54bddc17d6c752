"""Pictures of Integrations and Facebook apps: ``pytest tests/dashboard/pictures_integrations.py`` writes docs/images."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.meta import SETTINGS, Place, place

IMAGES = Path(os.environ.get("HELIOGRAPH_PICTURES", Path(__file__).parents[2] / "docs" / "images"))


@pytest.fixture(scope="module")
def town(house: House, owner: Browser) -> Place:
    """An app with one account connected, one whose owner took it back, and others ready to be connected."""
    known = house.simulator.control("/seed", 200, connections=True)
    first = place(house, owner, "Café Lumen", page_name="Lighthouse Books", username="lighthouse.books")
    second = house.simulator.control("/accounts", page_name="Tide & Chart", username="tide.chart")
    first.connect()
    first.says("Do you have sea charts?")
    body = {"app_id": first.facebook_app, "page_id": second["page_id"]}
    token = house.simulator.control("/tokens", **body)["access_token"]
    more = {"login": "facebook", "appId": first.facebook_app, "appSecret": first.secret, "pageAccessToken": token}
    owner.send(f"{first.path}/new", f"{first.path}/token", {**more, "displayName": "Tide and Chart"})
    ids = [row["id"] for row in house.rows("select id from integrations where display_name = 'Tide and Chart'")]
    house.run(house.database.execute("update integrations set status = 'inactive' where id = any ($1)", ids))
    house.run(
        house.database.execute(
            "insert into integrations (id, app_id, type, display_name) values ('a1', $1, 'custom', 'Warehouse'),"
            " ('a2', $1, 'telegram', 'Old bot')",
            first.app_id,
        )
    )
    house.run(house.database.execute("update integrations set status = 'inactive' where id = 'a2'"))
    people = house.simulator.read("/owners")["owners"]
    first.made["owner_user_id"] = next(one["id"] for one in people if one["name"] == "Ingrid Halvorsen")
    first.made["ready"] = known["connections"]["second_person"]
    return first


@pytest.mark.parametrize(("scheme", "mark"), [("light", ""), ("dark", "-dark")])
@pytest.mark.parametrize(("size", "width"), [(WIDE, ""), (NARROW, "-narrow")])
def test_pictures(
    house: House,
    owner: Browser,
    town: Place,
    signed_in_page: SignedInPage,
    size: tuple[int, int],
    width: str,
    scheme: str,
    mark: str,
) -> None:
    def take(page: Page, name: str, *, whole: bool = False) -> None:
        page.screenshot(path=IMAGES / f"dashboard-{name}{width}{mark}.png", full_page=whole)

    def shot(path: str, name: str, before: Callable[[Page], None] = lambda _: None, *, whole: bool = False) -> None:
        with signed_in_page(path, size, scheme, reduced_motion="reduce") as page:
            before(page)
            take(page, name, whole=whole)

    empty = house.app("Quayside")
    shot(f"/dashboard/apps/{empty}/integrations", "integrations-empty")
    shot(town.path, "integrations")
    shot(f"{town.path}/new", "integrations-new")
    lone = house.rows("select id from integrations where app_id = $1 and type = 'instagram'", town.app_id)
    shot(f"{town.path}/{lone[0]['id']}", "integration", whole=True)
    shot(SETTINGS, "facebook-apps")
    shot(f"{SETTINGS}/new", "facebook-app-new", whole=True)
    shot(f"{SETTINGS}/{town.facebook_app}", "facebook-app", whole=True)
    with signed_in_page(f"{town.path}/new", size, scheme, reduced_motion="reduce") as page:
        page.get_by_role("button", name="Authenticate", exact=True).click()
        page.wait_for_url("**/dialog/oauth**")
        page.goto(page.url + "&" + urlencode({"as": town.person, "edit": 1}))
        page.get_by_role("button", name="Continue", exact=True).or_(
            page.get_by_role("button", name="Save and continue")
        ).first.click()
        page.wait_for_url("**/choose/**")
        page.locator("summary", has_text="Cannot be connected yet").click()
        take(page, "chooser", whole=True)
    other = place(house, owner, "Harbour", page_name="Harbour Tea")
    with signed_in_page(f"{other.path}/new", size, scheme, reduced_motion="reduce") as page:
        other.authenticate(page)
        other.allow(page)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Send yourself a message")).to_be_visible()
        take(page, "integration-waits")
        other.says()
        expect(page.locator(".arrival")).to_contain_text("Maya Okafor")
        take(page, "integration-works")
