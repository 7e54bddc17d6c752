"""The switchboard as Instagram's events tell of it."""

from heliograph.storage import new_id
from tests.instagram.house import House, Shop
from tests.instagram.meta import PlayedMeta


def switchboard(house: House, shop: Shop) -> dict[str, str]:
    """An enabled switchboard with one integration, the default; how conversations show it."""
    integration, board = new_id(), f"/v2/apps/{shop.app_id}/switchboards"
    house.execute("insert into integrations (id, app_id, type) values ($1, $2, 'custom')", integration, shop.app_id)
    board += "/" + house.api("POST", board)["switchboard"]["id"]
    body = {"name": "bot", "integrationId": integration}
    place = house.api("POST", board + "/switchboardIntegrations", body)["switchboardIntegration"]
    house.api("PATCH", board, {"enabled": True, "defaultSwitchboardIntegrationId": place["id"]})
    return {"id": place["id"], "name": "bot", "integrationId": integration, "integrationType": "custom"}


def test_every_event_of_a_conversation_tells_who_is_in_control(house: House, shop: Shop, meta: PlayedMeta) -> None:
    bot = switchboard(house, shop)
    person = shop.person()
    message = shop.post(person)
    assert "channel" in shop.outcome(message)
    shop.given(shop.item(person, read={"mid": ""}))
    events = shop.events()
    told = {event["type"].removeprefix("conversation:") for event in events}
    assert {"create", "message", "read", "message:delivery:channel"} <= told
    assert [event["payload"]["conversation"].get("activeSwitchboardIntegration") for event in events] == [bot] * len(
        events
    )


def test_before_anybody_speaks_nobody_is_in_control(house: House, shop: Shop) -> None:
    person = shop.person()
    switchboard(house, shop)
    shop.given(shop.item(person, read={"mid": ""}))
    (read,) = shop.events("read")
    assert "activeSwitchboardIntegration" not in read["payload"]["conversation"]
