"""What an account was to be connected to goes while Meta is asked: Meta is unsubscribed again, and it is said."""

from typing import Any

import pytest

from tests.instagram.house import House
from tests.instagram.owner import Owner


@pytest.fixture
def goes(town: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have a statement run just after Meta was asked to subscribe."""

    def after_subscribing(sql: str, *args: Any) -> None:
        login = town.channel._accounts.connecting._logins["facebook"]
        subscribe = login.subscribe

        async def and_then(*given: Any) -> None:
            await subscribe(*given)
            await town.database.execute(sql, *args)

        monkeypatch.setattr(login, "subscribe", and_then)

    return after_subscribing


def test_an_app_that_is_deleted_leaves_nothing_subscribed(town: House, owner: Owner, goes: Any) -> None:
    app_id = town.new_app()
    goes("delete from apps where id = $1", app_id)
    answer = town.api("POST", f"/v2/apps/{app_id}/integrations", owner.request(), 404)
    assert answer["errors"][0]["code"] == "app_not_found"
    assert owner.page_subscription() == []
    assert owner.app_subscription()["callback_url"] is None


def test_what_another_app_needs_stays_subscribed(town: House, owner: Owner, goes: Any) -> None:
    owner.connect()
    app_id = town.new_app()
    goes("delete from apps where id = $1", app_id)
    town.api("POST", f"/v2/apps/{app_id}/integrations", owner.request(), 404)
    assert "messages" in owner.page_subscription()
    assert owner.app_subscription()["callback_url"]


def test_an_integration_that_is_deleted_while_it_is_reconnected(town: House, owner: Owner, goes: Any) -> None:
    shop, made = owner.connect()
    goes("delete from integrations where id = $1", made["id"])
    path = f"/v2/apps/{shop.app_id}/integrations/{made['id']}"
    answer = town.api("PATCH", path, {"pageAccessToken": owner.new_token()}, 404)
    assert answer["errors"][0]["code"] == "integration_not_found"
    assert owner.page_subscription() == []
