"""Groups as tests start and look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.api.house import House, Person

if TYPE_CHECKING:
    from tests.api.conftest import Shop


@pytest.fixture
def crowd(house: House, shop: Shop) -> list[str]:
    """Twelve users of an app that allows several conversations."""
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    return [house.post(shop.path + "/users", {"externalId": f"u{n}"}).body["user"]["id"] for n in range(12)]


def group(house: House, shop: Shop, user_ids: list[str], **fields: Any) -> dict[str, Any]:
    people = [{"userId": user_id, "subscribeSDKClient": False} for user_id in user_ids]
    answer = house.post(shop.path + "/conversations", {"type": "sdkGroup", "participants": people, **fields})
    assert answer.status == 201, answer.body
    return dict(answer.body["conversation"])


def told(house: House, conversation_id: str) -> list[dict[str, Any]]:
    rows = house.rows("select body from events where conversation_id = $1 order by seq", conversation_id)
    return [orjson.loads(row["body"]) for row in rows]


def second(house: House, shop: Shop, person: Person | None = None) -> str:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    start = {"type": "personal", "participants": [{"userId": (person or shop.person).user_id}], "metadata": {"n": 2}}
    return str(house.post(shop.path + "/conversations", start).body["conversation"]["id"])
