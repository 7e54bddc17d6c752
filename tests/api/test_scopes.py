"""Who may do what: the table of scopes, run over every operation."""

import base64

import pytest

from heliograph.api.auth import OPEN, SCOPES
from tests.api.conftest import Shop
from tests.api.house import Answer, House, Key
from tests.api.operations import FORM_TYPE, OPERATIONS, REFUSED, filled
from tests.api.switchboards import put, switchboard_of

ALL_SCOPES = ("account", "app", "integration")

# Once done, they are not done again: a second key in reach gets a 400.
ONCE = {"CreateSwitchboard", "CreateSwitchboardIntegration"}


def ids_of(house: House, shop: Shop) -> dict[str, str]:
    """Something of everything in the shop."""
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    custom = house.custom(shop.app_id)
    switchboard = switchboard_of(house, shop.app_id, bot=custom["id"], free=house.custom(shop.app_id)["id"])
    group = house.post(shop.path + "/conversations", {"type": "sdkGroup"}).body["conversation"]
    message = house.post(shop.conversation + "/messages", OPERATIONS["PostMessage"].body).body["messages"][0]
    return {
        "appId": shop.app_id,
        "customId": custom["id"],
        "webhookId": custom["webhooks"][0]["id"],
        "keyId": house.key("app", shop.app_id).id,
        "integrationKeyId": house.key("integration", shop.app_id, custom["id"]).id,
        "userId": shop.person.user_id,
        "clientId": shop.person.client_id,
        "conversationId": shop.person.conversation_id,
        "groupId": group["id"],
        "messageId": message["id"],
        "spareId": house.custom(shop.app_id)["id"],
        "whatsappId": house.post(shop.path + "/integrations", {"type": "whatsapp"}).body["integration"]["id"],
        "switchboardId": switchboard.id,
        "switchboardIntegrationId": switchboard.places["bot"],
        "freePlaceId": switchboard.places["free"],
        "invitationId": call(house, "CreateInvitation", {"appId": shop.app_id}, shop.key).body["invitation"]["id"],
        "mediaUrl": call(house, "UploadAttachment", {"appId": shop.app_id}, shop.key).body["attachment"]["mediaUrl"],
    }


def call(house: House, operation: str, ids: dict[str, str], key: Key) -> Answer:
    request = OPERATIONS[operation]
    if request.form is not None:
        sent = {"Content-Type": FORM_TYPE}
        return house.request(request.method, filled(request.path, ids), raw=request.form, headers=sent, key=key)
    return house.request(request.method, filled(request.path, ids), filled(request.body, ids), key=key)


def keys_of(house: House, ids: dict[str, str]) -> dict[str, Key]:
    return {
        "account": house.account,
        "app": house.key("app", ids["appId"]),
        "integration": house.key("integration", ids["appId"], ids["customId"]),
    }


def test_the_tables_know_every_operation_there_is(house: House) -> None:
    paths = house.get("/openapi.json").body["paths"]
    served = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    assert served - OPEN == set(SCOPES) == set(OPERATIONS)
    assert served > OPEN


def test_each_scope_reaches_what_the_table_says_and_nothing_else(house: House, shop: Shop) -> None:
    ids = ids_of(house, shop)
    keys = keys_of(house, ids)
    # What is refused first, so that deletions come last; then what is allowed, DeleteApp at the very end.
    for operation, allowed in SCOPES.items():
        for scope in set(ALL_SCOPES) - allowed:
            answer = call(house, operation, ids, keys[scope])
            assert (answer.status, answer.error["code"]) == (403, "forbidden"), (operation, scope)
    bot = ids["switchboardIntegrationId"]
    gone = (
        *("DeleteSwitchboardIntegration", "DeleteSwitchboard", "DeleteAttachment"),
        *("DeleteWebhook", "DeleteCustomIntegrationKey", "DeleteIntegration", "DeleteAppKey", "DeleteMessage"),
        *("DeleteAllMessages", "LeaveConversation", "DeleteConversation", "RemoveClient", "DeleteUser", "DeleteApp"),
    )
    of_oauth = "RevokeAccess"  # an integration's key must be an OAuth client's, too: test_oauth.py
    for operation in [name for name in SCOPES if name not in (*gone, of_oauth)]:
        for scope in sorted(SCOPES[operation]):
            put(house, ids["conversationId"], active=bot, pending=bot)
            answer = call(house, operation, ids, keys[scope])
            expected = (
                (REFUSED[operation],) if operation in REFUSED else (201, 400) if operation in ONCE else (200, 201)
            )
            assert answer.status in expected, (operation, scope, answer.body)
    for operation in gone:
        answer = call(house, operation, ids, keys["account"])
        assert (answer.status, answer.body) == (200, {}), operation


def test_another_apps_key_finds_nothing(house: House, shop: Shop) -> None:
    """404 and never 403: that the app exists is nobody else's business. 403 only where the scope itself forbids."""
    ids = ids_of(house, shop)
    other_app, _ = house.app()
    other_custom = house.custom(other_app)["id"]
    keys = {"app": house.key("app", other_app), "integration": house.key("integration", other_app, other_custom)}
    for operation, allowed in SCOPES.items():
        if "appId" not in OPERATIONS[operation].path:
            continue
        for scope, key in keys.items():
            answer = call(house, operation, ids, key)
            expected = (404, "app_not_found") if scope in allowed else (403, "forbidden")
            assert (answer.status, answer.error["code"]) == expected, (operation, scope)


def test_another_apps_ids_are_not_found_under_ones_own_app(house: House, shop: Shop) -> None:
    ids = ids_of(house, shop)
    own_app, own_key = house.app(multiConvoEnabled=True)
    for operation, request in OPERATIONS.items():
        if request.path.count("{") < 2 or "app" not in SCOPES[operation]:
            continue
        answer = call(house, operation, {**ids, "appId": own_app}, own_key)
        assert answer.status == 404, (operation, answer.body)
        assert answer.error["code"].endswith("not_found")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"app_000000000000000000000000:secret").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(b"app_\x00:x").decode(),
        "Bearer abc.def.ghi",
        "Digest username=x",
    ],
)
def test_whoever_is_not_known_gets_401(house: House, header: str) -> None:
    answer = house.get("/v2/apps", headers={"Authorization": header})
    assert (answer.status, answer.error["code"]) == (401, "unauthorized")
    assert "basic" in answer.headers["www-authenticate"].lower()


def test_a_wrong_secret_gets_401_and_a_bad_body_does_not_get_in_first(house: House, shop: Shop) -> None:
    wrong = Key(shop.key.id, shop.key.secret[:-1] + "~")
    answer = house.request("POST", shop.path + "/integrations", raw=b"{", key=wrong)
    assert (answer.status, answer.error["code"]) == (401, "unauthorized")


def test_an_unknown_app_is_not_found(house: House) -> None:
    answer = house.get("/v2/apps/" + "0" * 24)
    assert (answer.status, answer.error["code"]) == (404, "app_not_found")


def test_a_deleted_key_stops_working_at_once(house: House, shop: Shop) -> None:
    assert house.get(shop.path, key=shop.key).status == 200
    assert house.delete(f"{shop.path}/keys/{shop.key.id}").status == 200
    assert house.get(shop.path, key=shop.key).status == 401


def test_an_integrations_key_reaches_only_its_own_webhooks(house: House, shop: Shop) -> None:
    mine, other = house.custom(shop.app_id), house.custom(shop.app_id)
    key = house.key("integration", shop.app_id, mine["id"])
    path = shop.path + "/integrations/{}/webhooks"
    for name in ("me", mine["id"]):
        answer = house.get(path.format(name), key=key)
        assert [hook["id"] for hook in answer.body["webhooks"]] == [mine["webhooks"][0]["id"]]
    assert house.get(path.format(other["id"]), key=key).status == 403
    assert house.get(path.format("0" * 24), key=key).error["code"] == "integration_not_found"
    assert house.get(path.format("me")).error["code"] == "integration_not_found"
