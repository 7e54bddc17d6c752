"""The pictures of the documentation: ``pytest tests/dashboard/pictures.py`` writes them into docs/images."""

from pathlib import Path

import pytest

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.mark.parametrize(("scheme", "mark"), [("light", ""), ("dark", "-dark")])
@pytest.mark.parametrize(("size", "width"), [(WIDE, ""), (NARROW, "-narrow")])
def test_pictures(
    house: House,
    owner: Browser,
    signed_in_page: SignedInPage,
    size: tuple[int, int],
    width: str,
    scheme: str,
    mark: str,
) -> None:
    if not house.rows("select 1 from apps"):
        given = house.app("Café Lumen")
        house.app("Lamp & Chart Books")
        house.agent("ada@lumen.example", given)
        house.member("jonas@lumen.example", "Jonas Ek", "agent", given, password=None)
    (app, *_) = house.rows("select id from apps order by display_name")
    path = f"/dashboard/apps/{app['id']}/settings"
    if not house.rows("select 1 from api_keys"):
        owner.send(path, f"{path}/keys", {"key_name": "Warehouse"})
    (member,) = house.rows("select id from members where email = 'ada@lumen.example'")
    pages = {
        "members": "/dashboard/settings/members",
        "member": f"/dashboard/settings/members/{member['id']}",
        "invite": "/dashboard/settings/members/new",
        "app": path,
        "apps": "/dashboard/settings/apps",
        "account": "/dashboard/settings/account",
    }
    for name, where in pages.items():
        with signed_in_page(where, size, scheme) as page:
            page.locator("h1").wait_for()
            page.screenshot(path=IMAGES / f"dashboard-{name}{width}{mark}.png")
    with signed_in_page("/dashboard/sign-in", size, scheme, who=house.browser()) as page:
        page.locator("h1").wait_for()
        page.screenshot(path=IMAGES / f"dashboard-sign-in{width}{mark}.png")
