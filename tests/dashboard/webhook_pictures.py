"""The pictures of Webhooks: ``pytest tests/dashboard/webhook_pictures.py`` writes the first into docs/images.

``HELIOGRAPH_PICTURES`` names a folder for all of them, to be looked at.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import NARROW, WIDE
from tests.dashboard.conftest import SignedInPage
from tests.dashboard.house import Browser, House
from tests.dashboard.test_webhooks import add, start

IMAGES = Path(__file__).parents[2] / "docs" / "images"

# Outcome, number, status, error, milliseconds, minutes ago.
HISTORY = [
    ("delivered", 1, 200, None, 84, 190),
    ("delivered", 1, 200, None, 71, 42),
    ("failed", 1, 401, "HTTP 401", 38, 20),
    ("retry", 1, 503, "HTTP 503", 112, 9),
    ("retry", 2, None, "no answer in time", 20004, 8),
    ("delivered", 3, 200, None, 95, 7),
    ("delivered", 1, 204, None, 66, 2),
]
_PUT = """
with told as (
    insert into events (id, app_id, type, body, created_at)
    values (md5(random()::text), $1, $2, '{}', now()) returning id
)
insert into delivery_attempts
    (app_id, webhook_id, event_ids, attempt, outcome, status, error, duration_ms, created_at)
select $1, w.id, array[told.id], $4, $3, $5, $6, $7, now() - make_interval(mins => $8)
from told, webhooks w where w.id = $9
"""


def history(house: House, app_id: str, path: str, rows: Any) -> None:
    for number, row in enumerate(rows):
        kind = ("conversation:message", "conversation:postback", "conversation:message:delivery:user")[number % 3]
        house.run(house.database.execute(_PUT, app_id, kind, *row, path.rpartition("/")[2]))


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
    three = ["conversation:message", "conversation:postback", "conversation:message:delivery:user"]
    found = house.rows("select id from webhooks where app_id = $1 order by created_at", app_id)
    if found:
        path = f"{start(app_id)}/{found[0]['id']}"
    else:
        path = add(house, owner, app_id, "https://93.184.215.14/heliograph", name="Shop", triggers=three)
        history(house, app_id, path, HISTORY)
        house.run(house.database.execute("update webhooks set target = 'https://shop.lumen.example/heliograph'"))
        second = add(house, owner, app_id, "https://93.184.215.14/events", name="Archive")
        history(house, app_id, second, HISTORY[:4])
        add(house, owner, app_id, "https://93.184.215.14/new")
    everything = os.environ.get("HELIOGRAPH_PICTURES")
    for name, where in (("webhooks", path), ("webhooks-list", start(app_id)), ("webhooks-new", f"{start(app_id)}/new")):
        if not everything and (name, width, mark) != ("webhooks", "", ""):
            continue
        with signed_in_page(where, size, scheme) as page:
            expect(page.locator("h1")).to_be_visible()
            folder = Path(everything) if everything else IMAGES
            page.screenshot(path=folder / f"dashboard-{name}{width}{mark}.png", full_page=bool(everything))
