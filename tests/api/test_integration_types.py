"""Integrations of every type of the wire: what is taken, what is shown, what can be changed."""

from typing import Any

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import IntegrationsApi

from heliograph.api.integration_types import FIELDS, STARS
from heliograph.messaging.integrations import TYPES
from tests.api.conftest import Shop
from tests.api.house import GOOD_TOKEN, House

SECRET = "s3cret-" + "x" * 88

# What a new integration of each type is made with, and what it shows then beside what all show.
GIVEN: dict[str, dict[str, Any]] = {
    "messenger": {"pageAccessToken": SECRET, "appId": "77", "appSecret": SECRET},
    "android": {"projectId": SECRET, "clientEmail": SECRET, "privateKey": SECRET, "senderId": "4711"},
    "ios": {"certificate": SECRET, "password": SECRET, "production": True, "autoUpdateBadge": False},
    "web": {"brandColor": "fff", "businessName": "Kent Shop", "originWhitelist": ["https://a.example:8443"]},
    "unity": {"canUserSeeConversationList": False},
    "apple": {
        "businessId": "b-1",
        "apiSecret": SECRET,
        "mspId": "m-1",
        "authenticationMessageSecret": SECRET,
    },
    "line": {"channelId": "1", "channelSecret": SECRET, "channelAccessToken": SECRET, "switcherSecret": SECRET},
    "mailgun": {"apiKey": SECRET, "signingKey": SECRET, "domain": "m.example", "incomingAddress": "in@m.example"},
    "messagebird": {"accessKey": SECRET, "signingKey": SECRET, "originator": "12345"},
    "telegram": {"token": SECRET},
    "twilio": {"accountSid": "AC1", "authToken": SECRET, "phoneNumberSid": "PN1"},
    "twitter": {
        "tier": "enterprise",
        "consumerKey": SECRET,
        "consumerSecret": SECRET,
        "accessTokenKey": SECRET,
        "accessTokenSecret": SECRET,
    },
    "viber": {"token": SECRET},
    "whatsapp": {"accountId": "9", "accountManagementAccessToken": SECRET},
}
WEB = {
    "brandColor": "fff", "conversationColor": "0099ff", "actionColor": "0099ff", "displayStyle": "button",
    "buttonWidth": "58", "buttonHeight": "58", "fixedIntroPane": False, "attachmentsEnabled": True,
    "businessName": "Kent Shop", "originWhitelist": ["https://a.example:8443"],
}  # fmt: skip
SHOWN: dict[str, dict[str, Any]] = {
    "messenger": {"appId": "77"},
    "android": {"senderId": "4711", "attachmentsEnabled": True},
    "ios": {"production": True, "autoUpdateBadge": False, "attachmentsEnabled": True},
    "web": WEB,
    "unity": {"canUserSeeConversationList": False, "attachmentsEnabled": True},
    "apple": {"businessId": "b-1", "mspId": "m-1", "apiSecret": STARS},
    "line": {"channelId": "1"},
    "mailgun": {"domain": "m.example", "incomingAddress": "in@m.example"},
    "messagebird": {"originator": "12345"},
    "telegram": {},
    "twilio": {"accountSid": "AC1", "phoneNumberSid": "PN1"},
    "twitter": {"tier": "enterprise", "consumerKey": STARS, "accessTokenKey": STARS},
    "viber": {},
    "whatsapp": {"hsmFallbackLanguage": "en_US", "accountId": "9"},
}

# A change of each type, and what it shows of it afterwards (None: no longer there).
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "messenger": ({"pageAccessToken": "new", "appId": "78"}, {"appId": "77"}),
    "android": ({"senderId": None, "privateKey": "new"}, {"senderId": None, "privateKey": None}),
    "ios": ({"production": False, "password": "new"}, {"production": False, "password": None}),
    "web": ({"prechatCapture": {"enabled": True}, "originWhitelist": None, "brandColor": "A0b1C2"},
            {"prechatCapture": {"enabled": True, "enableEmailLinking": False}, "originWhitelist": None,
             "brandColor": "A0b1C2"}),
    "unity": ({"canUserCreateMoreConversations": True}, {"canUserCreateMoreConversations": True}),
    "apple": ({"authenticationMessageSecret": "n" * 88, "mspId": "m-2"}, {"mspId": "m-1"}),
    "line": ({"channelId": "2"}, {"channelId": "1"}),
    "mailgun": ({"fromAddress": "a@b.c", "hideUnsubscribeLink": True, "domain": "x"},
                {"fromAddress": "a@b.c", "hideUnsubscribeLink": True, "domain": "m.example"}),
    "messagebird": ({"originator": "2"}, {"originator": "12345"}),
    "telegram": ({"token": "new"}, {"token": None}),
    "twilio": ({"accountSid": "AC2"}, {"accountSid": "AC1"}),
    "twitter": ({"consumerKey": "new"}, {"consumerKey": STARS}),
    "viber": ({"token": "new"}, {"token": None}),
    "whatsapp": ({"hsmFallbackLanguage": "de", "accountId": None}, {"hsmFallbackLanguage": "de", "accountId": None}),
}  # fmt: skip

BAD: list[tuple[dict[str, Any], str]] = [
    ({"type": "gbm"}, "Invalid integration type"),
    ({"type": "=web"}, "Invalid integration type"),
    ({"type": "telegram"}, "should have required property 'token'"),
    ({"type": "telegram", "token": ""}, "token must have at least 1"),
    ({"type": "telegram", "token": 7}, "token must be a string"),
    ({"type": "telegram", "token": "t", "displayName": "x" * 101}, "displayName must have at most 100"),
    ({"type": "telegram", "token": "t", "showAIDisclaimer": "yes"}, "showAIDisclaimer must be true or false"),
    ({"type": "telegram", "token": "t", "defaultResponderId": 7}, "defaultResponderId must be a string"),
    ({"type": "twitter", **GIVEN["twitter"], "tier": "basic"}, "tier must be"),
    ({"type": "twitter", **GIVEN["twitter"], "consumerKey": None}, "consumerKey must be a string"),
    ({"type": "twilio", "accountSid": "A", "authToken": "t"}, "exactly one of phoneNumberSid, messagingServiceSid"),
    (
        {"type": "twilio", **GIVEN["twilio"], "messagingServiceSid": "MG1"},
        "exactly one of phoneNumberSid, messagingServiceSid",
    ),
    (
        {"type": "apple", **GIVEN["apple"], "authenticationMessageSecret": "x" * 87},
        "authenticationMessageSecret must have",
    ),
    ({"type": "web", "brandColor": "red"}, "brandColor must be a hexadecimal color"),
    ({"type": "web", "displayStyle": "wide"}, "displayStyle must be one of button, tab"),
    ({"type": "web", "buttonWidth": 58}, "buttonWidth must be a string"),
    ({"type": "web", "businessIconUrl": "icon"}, "businessIconUrl must be an absolute URI"),
    ({"type": "web", "originWhitelist": ["a.example"]}, "originWhitelist[0] must be an origin"),
    ({"type": "web", "integrationOrder": "a"}, "integrationOrder must be an array"),
    ({"type": "web", "prechatCapture": {"fields": [{"type": "text", "name": "n"}]}}, "prechatCapture.fields[0].label"),
    ({"type": "web", "fixedIntroPane": None}, "fixedIntroPane must be true or false"),
    ({"type": "ios", "production": "no"}, "production must be true or false"),
    ({"type": "mailgun", "apiKey": "k", "domain": "d"}, "'incomingAddress'"),
    ({"type": "line", "switcherSecret": ""}, "switcherSecret must have at least 1"),
    ({"type": "messenger", "appId": "1", "appSecret": "s"}, "'pageAccessToken'"),
]


def made(house: House, shop: Shop, kind: str, **more: Any) -> dict[str, Any]:
    answer = house.post(shop.path + "/integrations", {"type": kind, **GIVEN[kind], **more}, key=shop.key)
    assert answer.status == 201, answer.body
    return dict(answer.body["integration"])


def test_the_table_has_every_type_of_the_wire() -> None:
    assert {*FIELDS, "custom"} == set(TYPES)
    assert {*GIVEN, "instagram"} == set(FIELDS)
    assert set(SHOWN) == set(CHANGES) == set(GIVEN)


@pytest.mark.parametrize("kind", GIVEN)
def test_a_type_without_a_channel_is_kept_inactive_and_without_its_secrets(house: House, shop: Shop, kind: str) -> None:
    shown = made(house, shop, kind, displayName="Mine")
    id_ = shown["id"]
    base = {"id": id_, "type": kind, "status": "inactive", "displayName": "Mine", "showAIDisclaimer": True}
    assert shown == base | SHOWN[kind]
    path = f"{shop.path}/integrations/{id_}"
    assert house.get(path).body["integration"] == shown
    listed = house.get(f"{shop.path}/integrations?filter[types]={kind}").body["integrations"]
    assert listed == [shown]
    (row,) = house.rows("select i::text as everything from integrations i where id = $1", id_)
    assert SECRET not in row["everything"]
    assert house.delete(path).body == {}
    assert house.get(path).status == 404


@pytest.mark.parametrize("kind", CHANGES)
def test_what_a_type_lets_change_is_changed_and_the_rest_is_passed_over(house: House, shop: Shop, kind: str) -> None:
    before = made(house, shop, kind)
    path = f"{shop.path}/integrations/{before['id']}"
    change, expected = CHANGES[kind]
    after = house.patch(path, {**change, "showAIDisclaimer": False, "displayName": "New"}).body["integration"]
    wanted = before | expected | {"showAIDisclaimer": False, "displayName": "New"}
    assert after == {name: value for name, value in wanted.items() if value is not None}
    assert house.get(path).body["integration"] == after


@pytest.mark.parametrize("kind", GIVEN)
def test_the_official_client_makes_reads_and_lists_every_type(house: House, shop: Shop, kind: str) -> None:
    with house.client(shop.key) as client:
        api = IntegrationsApi(client)
        body = m.Integration.from_dict({"type": kind, **GIVEN[kind]})
        new = api.create_integration(shop.app_id, body).integration
        assert (new.type, new.status) == (kind, "inactive")
        assert api.get_integration(shop.app_id, new.id).integration == new
        listed = api.list_integrations(shop.app_id, filter=m.IntegrationListFilter(types=kind)).integrations
        assert listed == [new]


@pytest.mark.parametrize(("body", "title"), BAD, ids=range(len(BAD)))
def test_a_bad_field_is_told_by_name(house: House, shop: Shop, body: dict[str, Any], title: str) -> None:
    answer = house.post(shop.path + "/integrations", body)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]
    assert len(house.get(shop.path + "/integrations").body["integrations"]) == 1


def test_a_bad_change_is_told_by_name_and_changes_nothing(house: House, shop: Shop) -> None:
    id_ = made(house, shop, "web")["id"]
    path = f"{shop.path}/integrations/{id_}"
    before = house.get(path).body
    for change, title in (
        ({"displayStyle": "wide"}, "displayStyle must be one of"),
        ({"prechatCapture": {"enabled": 1}}, "prechatCapture.enabled must be true or false"),
        ({"fixedIntroPane": None}, "fixedIntroPane must be true or false"),
        ({"showAIDisclaimer": None}, "showAIDisclaimer must be true or false"),
        ({"displayName": ""}, "displayName must have at least 1"),
    ):
        answer = house.patch(path, {"displayName": "New", **change})
        assert (answer.status, answer.error["code"]) == (400, "bad_request"), change
        assert title in answer.error["title"]
    assert house.get(path).body == before
    bad = house.patch(f"{shop.path}/integrations/{shop.integration_id}", {"storyRepliesEnabled": 1})
    assert (bad.status, bad.error["title"]) == (400, "storyRepliesEnabled must be true or false")


def test_what_all_types_share_is_kept_for_instagram_too_and_not_for_custom(house: House, shop: Shop) -> None:
    shared = {"defaultResponderId": "0" * 24, "showAIDisclaimer": False}
    body = {"type": "instagram", "appId": "123", "appSecret": "s", "pageAccessToken": GOOD_TOKEN, **shared}
    answer = house.post(shop.path + "/integrations", body)
    new = answer.body["integration"]
    assert (answer.status, new["showAIDisclaimer"], new["status"]) == (201, False, "active")
    assert not {"defaultResponderId", "defaultResponder"} & set(new)
    (row,) = house.rows("select settings from integrations where id = $1", new["id"])
    assert row["settings"]["defaultResponderId"] == "0" * 24
    path = f"{shop.path}/integrations/{new['id']}"
    changed = house.patch(path, {"defaultResponderId": None, "showAIDisclaimer": True}).body["integration"]
    assert changed["showAIDisclaimer"] is True
    (row,) = house.rows("select settings from integrations where id = $1", new["id"])
    assert "defaultResponderId" not in row["settings"]
    custom = house.custom(shop.app_id)
    changed = house.patch(f"{shop.path}/integrations/{custom['id']}", shared | {"displayName": "CRM"})
    assert set(changed.body["integration"]) == {"id", "type", "status", "displayName", "webhooks"}


def test_an_inactive_integration_can_own_neither_keys_nor_webhooks_and_reaches_nobody(house: House, shop: Shop) -> None:
    id_ = made(house, shop, "whatsapp")["id"]
    path = f"{shop.path}/integrations/{id_}"
    assert house.post(path + "/keys", {"displayName": "K"}).status == 400
    assert house.get(path + "/webhooks").status == 403
    message = {"author": {"type": "business"}, "content": {"type": "text", "text": "x"}}
    answer = house.post(shop.conversation + "/messages", {**message, "destination": {"integrationId": id_}})
    assert (answer.status, answer.error["code"]) == (400, "bad_request")


def test_the_clients_update_models_change_their_types(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        api = IntegrationsApi(client)
        web, whatsapp = made(house, shop, "web"), made(house, shop, "whatsapp")
        change = m.IntegrationUpdate(m.WebUpdate(business_name="New", display_style="tab", brand_color="000"))
        assert api.update_integration(shop.app_id, web["id"], change).integration.display_style == "tab"
        change = m.IntegrationUpdate(m.WhatsAppUpdate(hsm_fallback_language="fr", display_name="WA"))
        after = api.update_integration(shop.app_id, whatsapp["id"], change).integration
        assert (after.hsm_fallback_language, after.display_name) == ("fr", "WA")
        with pytest.raises(sunshine.ApiException) as caught:
            api.update_integration(shop.app_id, "0" * 24, change)
        assert caught.value.status == 404
