"""Apps, keys, integrations, webhooks."""

import sunshine_conversations_client.model as m

from tests.api.house import GOOD_TOKEN, Key
from tests.api.proof.ground import Ground


def create_app(g: Ground) -> None:
    made = g.as_account.apps.create_app(m.AppCreateBody(display_name="Second shop", metadata={"tier": "gold"})).app
    assert g.as_account.apps.get_app(made.id).app.metadata == {"tier": "gold"}


def get_app(g: Ground) -> None:
    app = g.apps.get_app(g.app_id).app
    assert (app.id, app.display_name) == (g.app_id, "Test")


def list_apps(g: Ground) -> None:
    page = m.Page(size=100)
    listed = g.as_account.apps.list_apps(page=page)
    ids = [app.id for app in listed.apps]
    while listed.meta.has_more:
        listed = g.as_account.apps.list_apps(page=m.Page(size=100, after=listed.meta.after_cursor))
        ids += [app.id for app in listed.apps]
    assert ids.count(g.app_id) == 1


def update_app(g: Ground) -> None:
    change = m.AppUpdateBody(display_name="Renamed", settings=m.AppSettings(echo_postback=True))
    g.apps.update_app(g.app_id, change)
    app = g.apps.get_app(g.app_id).app
    assert (app.display_name, app.settings.echo_postback) == ("Renamed", True)


def delete_app(g: Ground) -> None:
    g.as_account.apps.delete_app(g.app_id)
    g.refused(404, lambda: g.as_account.apps.get_app(g.app_id))
    g.refused(401, lambda: g.apps.get_app(g.app_id))


def create_app_key(g: Ground) -> None:
    key = g.as_account.app_keys.create_app_key(g.app_id, m.AppKeyCreateBody(display_name="Agent desk")).key
    assert key.id.startswith("app_")
    assert g.with_key(Key(key.id, key.secret)).apps.get_app(g.app_id).app.id == g.app_id


def list_app_keys(g: Ground) -> None:
    made = g.as_account.app_keys.create_app_key(g.app_id, m.AppKeyCreateBody(display_name="Agent desk")).key
    assert made.id in [key.id for key in g.as_account.app_keys.list_app_keys(g.app_id).keys]


def get_app_key(g: Ground) -> None:
    made = g.as_account.app_keys.create_app_key(g.app_id, m.AppKeyCreateBody(display_name="Agent desk")).key
    read = g.as_account.app_keys.get_app_key(g.app_id, made.id).key
    assert (read.display_name, read.secret) == ("Agent desk", made.secret)


def delete_app_key(g: Ground) -> None:
    g.as_account.app_keys.delete_app_key(g.app_id, g.shop.key.id)
    g.refused(401, lambda: g.apps.get_app(g.app_id))


def create_integration(g: Ground) -> None:
    body = {"type": "instagram", "appId": "124", "appSecret": "s", "pageAccessToken": GOOD_TOKEN}
    made = g.integrations.create_integration(g.app_id, m.Instagram.from_dict(body))
    assert made.integration.business_username == "cafe.lumen"
    messenger = {"type": "messenger", "appId": "1", "appSecret": "s", "pageAccessToken": "EAAx"}
    other = g.integrations.create_integration(g.app_id, m.Messenger.from_dict(messenger))
    assert other.integration.status == "inactive"


def list_integrations(g: Ground) -> None:
    custom = g.custom()
    found = g.integrations.list_integrations(g.app_id).integrations
    assert {one.id for one in found} >= {custom.id, g.shop.integration_id}
    only = g.integrations.list_integrations(g.app_id, filter=m.IntegrationListFilter(types="custom")).integrations
    assert {one.type for one in only} == {"custom"}


def get_integration(g: Ground) -> None:
    found = g.integrations.get_integration(g.app_id, g.shop.integration_id).integration
    assert (found.type, found.status, found.app_id) == ("instagram", "active", "123")


def update_integration(g: Ground) -> None:
    change = m.IntegrationUpdate(m.InstagramUpdate(display_name="Café Lumen on Instagram"))
    g.integrations.update_integration(g.app_id, g.shop.integration_id, change)
    found = g.integrations.get_integration(g.app_id, g.shop.integration_id).integration
    assert found.display_name == "Café Lumen on Instagram"


def delete_integration(g: Ground) -> None:
    g.integrations.delete_integration(g.app_id, g.shop.integration_id)
    g.refused(404, lambda: g.integrations.get_integration(g.app_id, g.shop.integration_id))
    assert g.house.instagram.disconnected[-1] == g.shop.integration_id


def create_custom_integration_key(g: Ground) -> None:
    custom = g.custom()
    key = g.integration_keys.create_custom_integration_key(g.app_id, custom.id, m.IntegrationApiKey(display_name="Bot"))
    own = g.with_key(Key(key.key.id, key.key.secret))
    assert own.users.get_user(g.app_id, g.user_id).user.id == g.user_id
    own.refused(403, lambda: own.apps.get_app(g.app_id))


def list_custom_integration_keys(g: Ground) -> None:
    custom = g.custom()
    made = g.integration_keys.create_custom_integration_key(
        g.app_id, custom.id, m.IntegrationApiKey(display_name="Bot")
    )
    listed = g.integration_keys.list_custom_integration_keys(g.app_id, custom.id).keys
    assert [key.id for key in listed] == [made.key.id]


def get_custom_integration_key(g: Ground) -> None:
    custom = g.custom()
    made = g.integration_keys.create_custom_integration_key(
        g.app_id, custom.id, m.IntegrationApiKey(display_name="Bot")
    )
    read = g.integration_keys.get_custom_integration_key(g.app_id, custom.id, made.key.id).key
    assert (read.display_name, read.secret) == ("Bot", made.key.secret)


def delete_custom_integration_key(g: Ground) -> None:
    custom = g.custom()
    made = g.integration_keys.create_custom_integration_key(
        g.app_id, custom.id, m.IntegrationApiKey(display_name="Bot")
    )
    g.integration_keys.delete_custom_integration_key(g.app_id, custom.id, made.key.id)
    assert not g.integration_keys.list_custom_integration_keys(g.app_id, custom.id).keys


def create_webhook(g: Ground) -> None:
    custom = g.custom()
    body = m.WebhookCreateBody(target="https://example.com/second", triggers=["conversation:read"])
    made = g.webhooks.create_webhook(g.app_id, custom.id, body).webhook
    assert (made.version, len(made.secret), made.triggers) == ("v2", 32, ["conversation:read"])
    assert made.id in [hook.id for hook in g.webhooks.list_webhooks(g.app_id, custom.id).webhooks]


def list_webhooks(g: Ground) -> None:
    custom = g.custom()
    (hook,) = g.webhooks.list_webhooks(g.app_id, custom.id).webhooks
    assert hook.target == "https://example.com/hook"


def get_webhook(g: Ground) -> None:
    custom = g.custom()
    hook = g.webhooks.get_webhook(g.app_id, custom.id, custom.webhooks[0].id).webhook
    assert (hook.target, hook.secret) == ("https://example.com/hook", custom.webhooks[0].secret)


def update_webhook(g: Ground) -> None:
    custom = g.custom()
    hook = custom.webhooks[0].id
    change = m.WebhookBody(target="https://example.com/moved", triggers=["user:update"], include_full_user=True)
    g.webhooks.update_webhook(g.app_id, custom.id, hook, change)
    read = g.webhooks.get_webhook(g.app_id, custom.id, hook).webhook
    assert (read.target, read.triggers, read.include_full_user) == ("https://example.com/moved", ["user:update"], True)


def delete_webhook(g: Ground) -> None:
    custom = g.custom()
    g.webhooks.delete_webhook(g.app_id, custom.id, custom.webhooks[0].id)
    assert not g.webhooks.list_webhooks(g.app_id, custom.id).webhooks
    g.post()
    assert not g.house.rows("select 1 from lanes where kind = 'webhook' and grp = $1", custom.webhooks[0].id)
