"""A switchboard with three places, and actions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.house import House, Key
from tests.api.switchboards import Switchboard, control, switchboard_of

if TYPE_CHECKING:
    from tests.api.conftest import Shop

PLACES = "/switchboardIntegrations"


@pytest.fixture
def board(house: House, shop: Shop) -> Switchboard:
    """bot (default) ──next──▶ human ──next──▶ bot, and a spare without a next. Nobody is in control."""
    hooks = [house.custom(shop.app_id, "switchboard:passControl")["id"] for _ in range(3)]
    board = switchboard_of(house, shop.app_id, bot=hooks[0], human=hooks[1], spare=hooks[2])
    for name, following in (("bot", "human"), ("human", "bot")):
        path = f"{board.path}{PLACES}/{board.places[name]}"
        assert house.patch(path, {"nextSwitchboardIntegrationId": board.places[following]}).status == 200
    return board


def now(house: House, shop: Shop) -> tuple[str | None, str | None]:
    """Who is in control of the shop's conversation, and whom it was offered to."""
    return control(house.get(shop.conversation).body["conversation"])


def act(
    house: House, shop: Shop, action: str, target: str | None = None, *, key: Key | None = None, **body: Any
) -> Any:
    named = {} if target is None else {"switchboardIntegration": target}
    return house.post(f"{shop.conversation}/{action}", {**named, **body}, key=key)
