"""OAuth: codes, tokens, and the integration that a token is for."""

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import sunshine_conversations_client as sunshine

from heliograph.messaging.oauth import clients
from tests.api.conftest import Shop
from tests.api.house import NOW, Answer, House, Key
from tests.api.oauth import (
    BACK,
    OTHER_BACK,
    Browser,
    Partner,
    code_for,
    exchanged,
    integration_of,
    registered,
    token_for,
)
from tests.api.operations import HOOK
from tests.api.test_auth_jwt import ask

# Codes and tokens ---------------------------------------------------------------------------------------------------


def test_a_code_that_comes_twice_takes_its_token_down(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    token = exchanged(house, partner, code).body["access_token"]
    other = token_for(house, partner, shop.key)
    assert ask(house, "/v2/tokenInfo", token).status == 200
    again = exchanged(house, partner, code)
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert ask(house, "/v2/tokenInfo", other).status == 200


def test_of_many_who_bring_one_code_at_most_one_gets_a_token(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    answers: list[Answer] = []
    crowd = [threading.Thread(target=lambda: answers.append(exchanged(house, partner, code))) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(20)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 5
    (token,) = [answer.body["access_token"] for answer in answers if answer.status == 200]
    assert ask(house, "/v2/tokenInfo", token).status == 401


def test_codes_lapse_after_ten_minutes_and_with_their_approver(house: House, shop: Shop, partner: Partner) -> None:
    code, orphan = (code_for(Browser(house), partner, shop.key) for _ in range(2))
    try:
        house.clock.now = NOW + timedelta(minutes=10)
        assert exchanged(house, partner, code).body["error"] == "invalid_grant"
    finally:
        house.clock.now = NOW
    house.delete(f"{shop.path}/keys/{shop.key.id}")
    assert exchanged(house, partner, orphan).body["error"] == "invalid_grant"


def test_codes_are_the_clients_own_and_for_its_address(house: House, shop: Shop, partner: Partner) -> None:
    thief = registered(house, "Thief")
    code = code_for(Browser(house), partner, shop.key, redirect_uri=OTHER_BACK)
    assert exchanged(house, thief, code).body["error"] == "invalid_grant"
    assert exchanged(house, partner, code, redirect_uri=BACK).body["error"] == "invalid_grant"
    assert exchanged(house, partner, code, redirect_uri=OTHER_BACK).status == 200


def test_codes_and_secrets_do_not_stand_in_the_database(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    stored = house.rows("select c.*, o.secret from oauth_codes c join oauth_clients o on o.id = c.client_id")
    assert stored
    assert code not in repr(stored)
    assert partner.secret not in repr(stored)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "0" * 24}, 401, "invalid_client"),
        ({"client_id": "nonsense"}, 401, "invalid_client"),
        ({"client_id": "\0"}, 400, None),
        ({"client_secret": "\ud800"}, 400, None),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_request"),
        ({"code": 658965}, 400, "invalid_request"),
        ({"code": "x" * 3000}, 400, "invalid_request"),
        ({"redirect_uri": 1}, 400, "invalid_request"),
    ],
)
def test_refusals_speak_oauth_and_this_apis_tongue(
    house: House, partner: Partner, change: dict[str, Any], status: int, error: str | None
) -> None:
    body = {**partner.token_request("unknown"), **change}
    answer = house.post("/oauth/token", body, headers={"Authorization": ""})
    assert (answer.status, answer.body.get("error")) == (status, error)
    assert set(answer.body["errors"][0]) == {"code", "title"}
    if error:
        assert answer.headers["cache-control"] == "no-store"


def test_a_token_can_be_asked_for_by_form_and_by_header(house: House, shop: Shop, partner: Partner) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Authorization": ""}
    raw = urlencode(partner.token_request(code_for(Browser(house), partner, shop.key))).encode()
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).status == 200
    code = code_for(Browser(house), partner, shop.key)
    raw = urlencode({"code": code, "grant_type": "authorization_code"}).encode()
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).body["error"] == "invalid_request"
    form["Authorization"] = Key(partner.id, partner.secret).header
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).status == 200
    for bad in (b"code=%ff", b"code=1&code=2", b"\xff", b"&" * 50):
        assert house.request("POST", "/oauth/token", raw=bad, headers=form).status == 400
    assert house.request("POST", "/oauth/token", raw=b"{", headers={"Authorization": ""}).status == 400
    assert house.request("POST", "/oauth/token", raw=b"<a/>", headers={"Content-Type": "text/xml"}).status == 415


def test_ten_tokens_at_most_the_oldest_makes_room(house: House, shop: Shop, partner: Partner) -> None:
    tokens = [token_for(house, partner, shop.key) for _ in range(11)]
    assert [ask(house, "/v2/tokenInfo", token).status for token in tokens] == [401] + [200] * 10
    assert len(house.rows("select 1 from integrations where app_id = $1 and type = $2", shop.app_id, partner.id)) == 1


# The integration ----------------------------------------------------------------------------------------------------


def test_the_integration_is_shown_to_who_asks_for_it(house: House, shop: Shop, partner: Partner) -> None:
    token = token_for(house, partner, shop.key)
    own, path = integration_of(house, shop.app_id, partner), shop.path + "/integrations"
    hook = house.post(f"{path}/me/webhooks", HOOK, headers={"Authorization": f"Bearer {token}"}).body["webhook"]
    shown = {"id": own, "type": partner.id, "status": "active", "displayName": "Café Bot", "webhooks": [hook]}
    assert house.get(f"{path}/{own}").body == {"integration": shown}
    assert house.get(f"{path}?filter[types]={partner.id}").body["integrations"] == [shown]
    # The official client cannot read a list with such a type in it.
    with house.client(shop.key) as client:
        listed = sunshine.api.IntegrationsApi(client).list_integrations(shop.app_id).integrations
    assert [one.id for one in listed] == [shop.integration_id]
    assert house.patch(f"{path}/{own}", {"displayName": "Bot"}).body["integration"]["displayName"] == "Bot"
    assert house.get(f"{path}/{own}/keys").status == 400
    assert house.get(f"{path}/{own}/webhooks").body["webhooks"] == [hook]


def test_a_client_sees_only_its_own_webhooks(house: House, shop: Shop, partner: Partner) -> None:
    custom = house.custom(shop.app_id)
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    path = shop.path + "/integrations/{}/webhooks"
    assert house.get(path.format("me"), headers=bearer).body == {"webhooks": []}
    assert house.get(path.format(integration_of(house, shop.app_id, partner)), headers=bearer).body == {"webhooks": []}
    assert house.get(path.format(custom["id"]), headers=bearer).status == 403
    hook = custom["webhooks"][0]["id"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert house.request(method, f"{path.format('me')}/{hook}", body, headers=bearer).status == 404
    for denied in (shop.path, "/v2/apps", shop.path + "/integrations", shop.path + "/keys"):
        assert house.get(denied, headers=bearer).status == 403
    other, _ = house.app()
    assert house.get(f"/v2/apps/{other}/conversations?filter[userId]=x", headers=bearer).status == 404


def test_a_custom_integrations_key_revokes_nothing(house: House, shop: Shop) -> None:
    custom = house.custom(shop.app_id)["id"]
    answer = house.delete("/oauth/authorization", key=house.key("integration", shop.app_id, custom))
    assert (answer.status, answer.error["code"]) == (403, "forbidden")
    assert house.get(f"{shop.path}/integrations/{custom}").status == 200


def test_a_deleted_app_takes_its_codes_along(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    token = token_for(house, partner, shop.key)
    assert house.delete(shop.path).status == 200
    assert exchanged(house, partner, code).body["error"] == "invalid_grant"
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert not house.rows("select 1 from oauth_codes where app_id = $1", shop.app_id)


def test_a_deleted_client_is_out_everywhere(house: House, shop: Shop) -> None:
    gone = registered(house, "Gone")
    token, code = token_for(house, gone, shop.key), code_for(Browser(house), gone, shop.key)

    async def delete() -> bool:
        async with house.database.transaction() as connection:
            return await clients.delete(connection, gone.id)

    assert house.run(delete()) is True
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert exchanged(house, gone, code).status == 401
    assert not house.rows("select 1 from integrations where type = $1", gone.id)
    assert house.run(delete()) is False
