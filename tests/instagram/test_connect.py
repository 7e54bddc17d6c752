"""Connecting an account through the Integration API, with the simulator as Meta; rare answers by the scripted one."""

from typing import Any

import pytest

from heliograph.channels.instagram.accounts.facebook_login import APP_FIELDS, PAGE_FIELDS, REQUIRED_SCOPES
from tests.instagram.connecting import ALL_SCOPES, callback, delete, everything_stored
from tests.instagram.house import House
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually


def test_a_token_is_enough_to_find_page_and_account_and_to_subscribe_both(owner: Owner) -> None:
    _, made = owner.connect(displayName="Our Instagram")
    assert made == {
        "id": made["id"],
        "type": "instagram",
        "status": "active",
        "displayName": "Our Instagram",
        "appId": owner.facebook_app,
        "pageId": owner.page,
        "businessId": owner.account,
        "businessName": "Lighthouse Books",
        "businessUsername": owner.username,
        "storyRepliesEnabled": True,
        "storyMentionsEnabled": True,
        "humanAgentTag": "afterWindow",
        "carouselMode": "native",
        "mediaMode": "proxy",
        "showAIDisclaimer": True,
    }
    assert owner.app_subscription() == {"callback_url": callback(owner), "fields": APP_FIELDS.split(",")}
    assert owner.page_subscription() == PAGE_FIELDS.split(",")


def test_then_messages_flow_both_ways(owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    message = shop.post(person, "Hi there")
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    assert owner.on_the_phone(person) == ["Hi there"]


def test_secrets_are_sealed_and_shown_nowhere(owner: Owner) -> None:
    shop, made = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person))
    shop.outcome(shop.post(person, "Hi"))
    app = owner.house.channel.apps.cached(owner.facebook_app)
    assert app is not None
    shown = str(made) + str(owner.house.api("GET", f"/v2/apps/{shop.app_id}/integrations"))
    for secret in (owner.token, owner.secret, app.verify_token):
        assert len(secret) >= 20
        assert secret not in everything_stored(owner.house)
        assert secret not in shown


def test_a_sealed_token_opens_for_its_own_integration_only(owner: Owner) -> None:
    one, _ = owner.connect()
    two, _ = owner.connect()
    sealed = owner.house.value(
        "select page_token from instagram_accounts where integration_id = $1", one.integration_id
    )
    owner.house.execute(
        "update instagram_accounts set page_token = $2 where integration_id = $1", two.integration_id, sealed
    )
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: two.texts(person))
    error = two.failure(two.post(person, "Hi"))
    assert error["code"] == "unauthorized"
    assert "new pageAccessToken" in error["message"]
    delete(two)
    assert owner.on_the_phone(person) == []


@pytest.mark.parametrize(
    ("switches", "column"),
    [
        ({"storyRepliesEnabled": False}, "story_replies"),
        ({"storyMentionsEnabled": False}, "story_mentions"),
        ({"humanAgentTag": "never"}, "human_agent_tag"),
        ({"carouselMode": "text"}, "carousel_mode"),
        ({"mediaMode": "link"}, "media_mode"),
    ],
)
def test_switches_are_taken_over_at_creation_and_by_update(owner: Owner, switches: dict[str, Any], column: str) -> None:
    shop, made = owner.connect(**switches)
    (name, value), house = next(iter(switches.items())), owner.house
    stored = f"select {column} from instagram_accounts where integration_id = $1"
    assert made[name] == value
    assert house.value(stored, shop.integration_id) == value
    other = {"humanAgentTag": "always", "carouselMode": "native", "mediaMode": "store"}.get(name, True)
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    assert house.api("PATCH", path, {name: other})["integration"][name] == other
    assert house.value(stored, shop.integration_id) == other


def test_without_pages_messaging_the_page_is_subscribed_to_what_it_may(owner: Owner) -> None:
    owner.connect(pageAccessToken=owner.new_token(scopes=list(REQUIRED_SCOPES)))
    assert owner.page_subscription() == ["feed"]


def test_the_verify_token_of_an_app_is_made_once(owner: Owner) -> None:
    owner.connect()
    first = owner.house.channel.apps.cached(owner.facebook_app)
    owner.connect()
    second = owner.house.channel.apps.cached(owner.facebook_app)
    assert first is not None
    assert second is not None
    assert first.verify_token == second.verify_token
    assert len(first.verify_token) >= 32


def test_a_wrong_secret_or_app(owner: Owner) -> None:
    for changes in ({"appSecret": "wrong-secret"}, {"appId": "999999"}):
        title = owner.refusal(**changes)
        assert "appId or appSecret is wrong" in title
        assert "App settings, Basic" in title


def test_a_limit_is_no_wrong_secret(owner: Owner) -> None:
    owner.fault(match="debug_token", status=400, code=4)
    assert owner.refusal().startswith("Meta could not be asked about the token")


def test_a_mistyped_token(owner: Owner) -> None:
    title = owner.refusal(pageAccessToken="EAAmistyped")
    assert title.startswith("pageAccessToken is not valid")
    assert "Make a new one" in title
    assert "EAAmistyped" not in title


def test_a_token_that_was_revoked(owner: Owner) -> None:
    owner.simulator.control("/tokens/revoke", 200, access_token=owner.token)
    title = owner.refusal()
    assert title.startswith("pageAccessToken is not valid")
    assert "changed their password" in title


def test_a_token_of_another_app(owner: Owner, town: House, simulator: Simulator) -> None:
    stranger = Owner.new(town, simulator)
    title = owner.refusal(pageAccessToken=stranger.token)
    assert "belongs to another app" in title
    assert owner.facebook_app in title


def test_a_user_token(owner: Owner) -> None:
    title = owner.refusal(pageAccessToken=owner.new_token(type="user"))
    assert "a Page token is needed" in title
    assert "GET /me/accounts" in title


@pytest.mark.parametrize("missing", REQUIRED_SCOPES)
def test_a_missing_permission(owner: Owner, missing: str) -> None:
    token = owner.new_token(scopes=[scope for scope in ALL_SCOPES if scope != missing])
    title = owner.refusal(pageAccessToken=token)
    assert f"lacks the permission {missing}" in title
    assert "grant it" in title


@pytest.mark.parametrize(
    ("scope", "what"),
    [("instagram_basic", "account"), ("instagram_manage_messages", "account"), ("pages_manage_metadata", "Page")],
)
def test_a_grant_that_was_narrowed_to_something_else(owner: Owner, scope: str, what: str) -> None:
    targets = {"instagram_basic": [owner.account], scope: ["17841000000000000"]}
    title = owner.refusal(pageAccessToken=owner.new_token(scopes=ALL_SCOPES, targets=targets))
    if scope == "instagram_basic":  # then Meta does not even show the account
        assert "no Instagram professional account" in title or f"({owner.account})" in title
    else:
        assert f"{scope} was granted, but not for this {what}" in title
        assert "Business integrations" in title


def test_a_page_without_an_account(owner: Owner) -> None:
    page = owner.simulator.control("/accounts", instagram=False, page_name="Lonely Page")["page_id"]
    title = owner.refusal(pageAccessToken=owner.new_token(page_id=page))
    assert f"The Page Lonely Page ({page}) has no Instagram professional account" in title
    assert "Link one" in title


def test_a_callback_that_meta_cannot_reach(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    login = owner.house.channel._accounts.connecting._logins["facebook"]
    monkeypatch.setattr(login, "_callback", lambda app: f"http://127.0.0.1:1/webhooks/instagram/{app}")
    title = owner.refusal()
    assert "Meta does not send webhooks to http://127.0.0.1:1/webhooks/instagram" in title
    assert "HELIOGRAPH_PUBLIC_URL" in title
    assert owner.page_subscription() == []


def test_meta_not_to_be_reached(door: House) -> None:
    body = {"type": "instagram", "appId": "1", "appSecret": "s", "pageAccessToken": "t"}
    answer = door.api("POST", f"/v2/apps/{door.new_app()}/integrations", body, 400)
    assert "Meta could not be asked" in answer["errors"][0]["title"]
