"""Apps, their keys, and what is left of a deleted app."""

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import AppKeysApi, AppsApi, CustomIntegrationApiKeysApi

from tests.api.conftest import Shop
from tests.api.house import House, Key
from tests.api.operations import FORM, FORM_TYPE, OPERATIONS, TEXT
from tests.api.switchboards import switchboard_of


def test_an_app_is_made_changed_and_deleted(house: House) -> None:
    with house.client(house.account) as client:
        api = AppsApi(client)
        app = api.create_app(m.AppCreateBody(display_name="Lumen", metadata={"plan": "pro", "seats": 3})).app
        assert (app.display_name, app.metadata) == ("Lumen", {"plan": "pro", "seats": 3})
        assert app.settings.mask_credit_card_numbers is True
        assert app.settings.multi_convo_enabled is False
        settings = m.AppSettings(multi_convo_enabled=True, conversation_retention_seconds=3600)
        app = api.update_app(app.id, m.AppUpdateBody(settings=settings, metadata=None)).app
        assert app.settings.multi_convo_enabled is True
        assert app.settings.conversation_retention_seconds == 3600
        assert app.settings.mask_credit_card_numbers is True
        assert app.id in every_app(api)
        assert api.delete_app(app.id) is not None
        with pytest.raises(sunshine.ApiException) as caught:
            api.get_app(app.id)
        assert caught.value.status == 404


def every_app(api: AppsApi) -> set[str]:
    """The ids of all apps, page by page."""
    page = api.list_apps(page=m.Page(size=100))
    found = {app.id for app in page.apps}
    while page.meta.has_more:
        page = api.list_apps(page=m.Page(size=100, after=page.meta.after_cursor))
        found |= {app.id for app in page.apps}
    return found


def test_null_clears_an_apps_metadata_and_leaves_settings_alone(house: House) -> None:
    app_id, _ = house.app(echoPostback=True)
    house.patch(f"/v2/apps/{app_id}", {"metadata": {"a": 1}})
    app = house.patch(f"/v2/apps/{app_id}", {"metadata": None, "settings": None}).body["app"]
    assert app["metadata"] == {}
    assert app["settings"]["echoPostback"] is True


def test_several_conversations_cannot_be_turned_off_again(house: House) -> None:
    app_id, _ = house.app(multiConvoEnabled=True)
    answer = house.patch(f"/v2/apps/{app_id}", {"settings": {"multiConvoEnabled": False}})
    assert answer.status == 400
    assert "settings.multiConvoEnabled" in answer.error["title"]


def test_a_key_opens_its_app(house: House, shop: Shop) -> None:
    with house.client(house.account) as client:
        api = AppKeysApi(client)
        key = api.create_app_key(shop.app_id, m.AppKeyCreateBody(display_name="Backend")).key
        assert key.id.startswith("app_")
        assert len(key.secret) == 86
        assert house.get(shop.path, key=Key(key.id, key.secret)).status == 200
        assert api.get_app_key(shop.app_id, key.id).key == key
        assert key.id in {item.id for item in api.list_app_keys(shop.app_id).keys}
        api.delete_app_key(shop.app_id, key.id)
    assert house.get(shop.path, key=Key(key.id, key.secret)).status == 401


def test_secrets_stand_encrypted_in_the_database(house: House, shop: Shop) -> None:
    hook = house.custom(shop.app_id)["webhooks"][0]
    (key,) = house.rows("select secret from api_keys where id = $1", shop.key.id)
    (webhook,) = house.rows("select secret from webhooks where id = $1", hook["id"])
    assert shop.key.secret.encode() not in key["secret"]
    assert house.box.open(key["secret"], f"api_key:{shop.key.id}") == shop.key.secret
    assert house.box.open(webhook["secret"], f"webhook:{hook['id']}") == hook["secret"]


def test_an_app_has_at_most_ten_keys(house: House) -> None:
    app_id, _ = house.app()
    answers = [house.post(f"/v2/apps/{app_id}/keys", {"displayName": "k"}) for _ in range(10)]
    assert [answer.status for answer in answers] == [201] * 9 + [400]
    assert "10 keys" in answers[-1].error["title"]


def test_a_custom_integrations_keys(house: House, shop: Shop) -> None:
    custom = house.custom(shop.app_id)["id"]
    with house.client(shop.key) as client:
        api = CustomIntegrationApiKeysApi(client)
        body = m.IntegrationApiKey(display_name="Bot")
        key = api.create_custom_integration_key(shop.app_id, custom, body).key
        assert key.id.startswith("int_")
        assert api.get_custom_integration_key(shop.app_id, custom, key.id).key.secret == key.secret
        assert [item.id for item in api.list_custom_integration_keys(shop.app_id, custom).keys] == [key.id]
    bot = Key(key.id, key.secret)
    assert house.get(shop.conversation, key=bot).status == 200
    assert house.get(shop.path, key=bot).status == 403
    assert house.delete(f"{shop.path}/integrations/{custom}").status == 200
    assert house.get(shop.conversation, key=bot).status == 401


def test_a_deleted_app_leaves_nothing_behind(house: House, shop: Shop) -> None:
    hook = house.custom(shop.app_id, "conversation:message", "conversation:create")["id"]
    switchboard_of(house, shop.app_id, bot=hook)
    stays_app, stays_key = house.app()
    stays = Shop(stays_app, stays_key, house.connected(stays_app), house.person(stays_app, house.connected(stays_app)))
    switchboard_of(house, stays_app, bot=house.custom(stays_app)["id"])
    for each in (shop, stays):
        house.post(each.conversation + "/messages", TEXT, headers={"Idempotency-Key": "k"})
        house.patch(each.path, {"settings": {"conversationRetentionSeconds": 3600, "retention": {"eventsDays": 7}}})
        assert house.request("POST", each.conversation + "/activity", OPERATIONS["PostActivity"].body).status == 200
        sent = {"Content-Type": FORM_TYPE}
        assert house.request("POST", each.path + "/attachments", raw=FORM, headers=sent).status == 201
    house.run(house.database.execute(_MORE, shop.app_id, shop.integration_id, shop.person.conversation_id))
    house.run(house.database.execute(_CODE, shop.app_id, shop.key.id))
    tables = [row["table_name"] for row in house.rows(_TABLES)]
    assert len(tables) > 10
    filled = {table: rows_of(house, table, shop.app_id) for table in tables}
    untouched = {table: rows_of(house, table, stays_app) for table in tables}
    assert {table for table, count in filled.items() if not count} <= {"sends", "send_parts", "delivery_attempts"}
    lanes = house.rows("select kind, key from lanes where kind in ('send', 'webhook')")
    assert any(lane["key"] == shop.person.conversation_id for lane in lanes)

    assert house.delete(shop.path).status == 200
    house.erased()

    assert {table: rows_of(house, table, shop.app_id) for table in tables} == dict.fromkeys(tables, 0)
    assert house.rows("select 1 from backfill_seen where integration_id = $1", shop.integration_id) == []
    assert {table: rows_of(house, table, stays_app) for table in tables} == untouched
    for table in ("lanes", "jobs"):
        keys = {row["key"] for row in house.rows(f"select key from {table}")}
        assert not any(shop.person.conversation_id in key for key in keys)
        assert any(stays.person.conversation_id in key for key in keys)
    assert shop.integration_id in house.instagram.disconnected
    assert house.get(shop.path).status == 404


def test_of_a_deleted_app_the_last_account_knows_that_it_is_the_last(house: House) -> None:
    app_id, _ = house.app()
    connected = [house.connected(app_id), house.connected(app_id)]
    house.instagram.siblings.clear()
    assert house.delete(f"/v2/apps/{app_id}").status == 200
    assert house.instagram.disconnected[-2:] == connected
    assert house.instagram.siblings == [2, 1]


_MORE = """
with departed as (
    insert into departed_accounts (integration_id, app_id, facebook_app_id, account_id) values ($2, $1, 'f', 'a')
), one as (insert into mids (integration_id, mid, app_id) values ($2, 'm1', $1)),
copies as (
    insert into instagram_uploads (integration_id, attachment_id, kind, app_id)
    select $2, id, 'file', app_id from attachments where app_id = $1 limit 1),
media_of_story as (
    insert into media (id, app_id, integration_id, mid, part, conversation_id, kind, position, url, refreshed_at)
    values (left(md5($3), 24), $1, $2, 'm2', 0, $3, 'story', 0, 'https://cdn.example/1', now())),
early as (
    insert into early_changes (app_id, integration_id, person, mid, kind, author, at, change)
    values ($1, $2, 'p', 'm3', 'edit', 'user', now(), '{}')),
owed as (
    insert into commitments (conversation_id, app_id, integration_id, since) values ($3, $1, $2, now())
    on conflict do nothing),
invited as (
    insert into invitations (id, app_id, code_hash, return_url, expires_at, integration_id)
    values (left(md5($1), 24), $1, 'h', 'https://a.b', now(), $2)),
facebook_app as (
    insert into facebook_apps (id, secret, verify_token, name, app_id) values ('own', '', '', 'Own', $1)),
logging_in as (
    insert into login_attempts (id, state_hash, nonce_hash, app_id, return_to, again_at, popup, facebook_app_id, login,
        expires_at)
    values ('l1', 's', 'n', $1, '/', '/', false, 'own', 'facebook', now())),
agent as (insert into members (id, email, name, role) values ('m1', 'a@b.c', 'A', 'agent')),
allowed as (insert into member_apps (member_id, app_id) values ('m1', $1)),
examined as (
    insert into integration_health (integration_id, app_id) values ($2, $1) on conflict do nothing),
account as (
    insert into backfill_accounts (app_id, facebook_app_id, account_id, not_before, complete_to)
    values ($1, 'f', 'a', now(), now())),
run as (
    insert into backfill_runs (app_id, integration_id, reason) values ($1, $2, 'asked')),
seen as (
    insert into backfill_seen (integration_id, mid) values ($2, 'm4'))
insert into journal_leftovers (journal_id, path, account_id, person_id, reason) values (hashtext($3), '0', 'a', 'p', 'r')
"""

_CODE = """
with client as (
    insert into oauth_clients (id, display_name, secret, redirect_uris) values ('c1', 'Bot', '', '{https://a.b}')
)
insert into oauth_codes (hash, client_id, app_id, approved_by, redirect_uri, expires_at)
values ('h', 'c1', $1, $2, 'https://a.b', '2026-03-01')
"""

_TABLES = """
select distinct table_name from information_schema.columns
where table_schema = 'public' and column_name = 'app_id' order by 1
"""


def rows_of(house: House, table: str, app_id: str) -> int:
    (row,) = house.rows(f"select count(*) as n from {table} where app_id = $1", app_id)
    return int(row["n"])
