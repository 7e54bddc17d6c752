"""Integrations and webhooks, with the official client where it has the operation."""

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import IntegrationsApi, WebhooksApi

from tests.api.conftest import Shop
from tests.api.house import GOOD_TOKEN, House
from tests.api.operations import HOOK, TEXT

INSTAGRAM = {"type": "instagram", "appId": "123", "appSecret": "the app secret", "pageAccessToken": GOOD_TOKEN}


def test_an_instagram_account_is_connected_changed_and_disconnected(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        api = IntegrationsApi(client)
        body = m.Instagram(type="instagram", app_id="123", app_secret="s", page_access_token=GOOD_TOKEN)
        made = api.create_integration(shop.app_id, body).integration
        assert (made.type, made.status, made.business_username) == ("instagram", "active", "cafe.lumen")
        change = m.IntegrationUpdate(m.InstagramUpdate(page_access_token=GOOD_TOKEN, display_name="Café"))
        assert api.update_integration(shop.app_id, made.id, change).integration.display_name == "Café"
        # The client's models do not know the story switches.
        path = f"{shop.path}/integrations/{made.id}"
        raw = house.patch(path, {"storyRepliesEnabled": False}).body["integration"]
        assert (raw["storyRepliesEnabled"], raw["storyMentionsEnabled"]) == (False, True)
        assert house.get(path).body["integration"] == raw
        api.delete_integration(shop.app_id, made.id)
        with pytest.raises(sunshine.ApiException) as caught:
            api.get_integration(shop.app_id, made.id)
        assert caught.value.status == 404
    assert made.id in house.instagram.disconnected


def test_secrets_never_come_back(house: House, shop: Shop) -> None:
    made = house.post(shop.path + "/integrations", INSTAGRAM | {"humanAgentTag": "never"}).body["integration"]
    assert made["humanAgentTag"] == "never"
    listed = house.get(shop.path + "/integrations").body["integrations"]
    for shown in (made, *listed):
        assert not {"appSecret", "pageAccessToken"} & set(shown)
        assert not {"the app secret", GOOD_TOKEN} & {str(value) for value in shown.values()}


def test_a_display_name_can_be_unset(house: House, shop: Shop) -> None:
    path = f"{shop.path}/integrations/{shop.integration_id}"
    assert house.patch(path, {"displayName": "Café"}).body["integration"]["displayName"] == "Café"
    assert "displayName" not in house.patch(path, {"displayName": None}).body["integration"]


def test_a_refused_change_changes_nothing(house: House, shop: Shop) -> None:
    path = f"{shop.path}/integrations/{shop.integration_id}"
    before = house.get(path).body
    answer = house.patch(path, {"displayName": "New", "pageAccessToken": "bad", "storyRepliesEnabled": False})
    assert (answer.status, house.get(path).body) == (400, before)


def test_a_disconnected_account_keeps_its_history_and_gets_no_more_messages(house: House, shop: Shop) -> None:
    assert house.delete(f"{shop.path}/integrations/{shop.integration_id}").status == 200
    client = house.get(f"{shop.path}/users/{shop.person.user_id}/clients").body["clients"][0]
    assert client["status"] == "inactive"
    assert house.post(shop.conversation + "/messages", TEXT).status == 201
    assert house.get(shop.conversation + "/participants").body["participants"][0]["clientAssociations"] == []
    assert not house.rows("select 1 from lanes where key = $1", shop.person.conversation_id)


def test_a_custom_integration_comes_with_its_webhook(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        hook = m.Webhook(target="https://example.com/in", triggers=["conversation:message", "conversation:message"])
        body = m.Integration.from_dict(m.Custom(type="custom", display_name="CRM", webhooks=[hook]).to_dict())
        made = IntegrationsApi(client).create_integration(shop.app_id, body).integration
        assert made.display_name == "CRM"
        (webhook,) = made.webhooks
        assert (webhook.version, webhook.triggers) == ("v2", ["conversation:message"])
        assert len(bytes.fromhex(webhook.secret)) == 16
        assert (webhook.include_full_user, webhook.include_full_source) == (False, False)
        change = m.IntegrationUpdate(m.CustomUpdate(display_name="CRM 2"))
        assert (
            IntegrationsApi(client).update_integration(shop.app_id, made.id, change).integration.display_name == "CRM 2"
        )


def test_webhooks_are_made_changed_and_deleted(house: House, shop: Shop) -> None:
    custom = house.custom(shop.app_id)["id"]
    with house.client(house.key("integration", shop.app_id, custom)) as client:
        api = WebhooksApi(client)
        body = m.WebhookCreateBody(target="https://example.com/2", triggers=["user:merge"], include_full_user=True)
        made = api.create_webhook(shop.app_id, "me", body).webhook
        assert (made.target, made.include_full_user) == ("https://example.com/2", True)
        changed = api.update_webhook(
            shop.app_id, custom, made.id, m.WebhookBody(target="http://10.0.0.1:8080/x", include_full_source=True)
        ).webhook  # the client's model sends includeFullUser false unless told otherwise
        assert (changed.target, changed.triggers, changed.secret) == (
            "http://10.0.0.1:8080/x",
            ["user:merge"],
            made.secret,
        )
        assert (changed.include_full_user, changed.include_full_source) == (False, True)
        assert api.get_webhook(shop.app_id, custom, made.id).webhook == changed
        assert len(api.list_webhooks(shop.app_id, custom).webhooks) == 2
        api.delete_webhook(shop.app_id, custom, made.id)
        assert len(api.list_webhooks(shop.app_id, custom).webhooks) == 1


def test_an_app_has_at_most_ten_webhooks_wherever_they_hang(house: House, shop: Shop) -> None:
    custom = [house.custom(shop.app_id)["id"] for _ in range(9)]
    path = f"{shop.path}/integrations/{custom[0]}/webhooks"
    assert [house.post(path, HOOK).status for _ in range(2)] == [201, 400]
    answer = house.post(shop.path + "/integrations", {"type": "custom", "webhooks": [HOOK]})
    assert (answer.status, len(house.get(shop.path + "/integrations").body["integrations"])) == (400, 10)
    assert "10 webhooks" in answer.error["title"]
