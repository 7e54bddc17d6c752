"""Connecting an account through the Integration API, with the simulator as Meta; rare answers by the scripted one."""

from collections.abc import Iterator
from typing import Any

import pytest

from heliograph.channels.instagram.accounts.connect import APP_FIELDS, PAGE_FIELDS, REQUIRED_SCOPES
from heliograph.channels.instagram.journal.receive import callback_url
from tests.instagram.house import House, unique
from tests.instagram.meta import PlayedMeta, refused
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually

ALL_SCOPES = [*REQUIRED_SCOPES, "pages_messaging", "pages_show_list"]


def everything_stored(house: House) -> str:
    """The whole database as text; bytes as hexadecimal and, where they are text, as such."""
    found = []
    for table in house.rows("select tablename from pg_tables where schemaname = 'public'"):
        for row in house.rows(f'select * from "{table["tablename"]}"'):
            found += [
                value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row.values()
            ]
    return "\n".join(found)


def callback(owner: Owner) -> str:
    return callback_url(owner.house.url, owner.facebook_app)


# It works -----------------------------------------------------------------------------------------------------


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


# Each 400, and what it says -----------------------------------------------------------------------------------


def test_a_wrong_secret_or_app(owner: Owner) -> None:
    for changes in ({"appSecret": "wrong-secret"}, {"appId": "999999"}):
        title = owner.refusal(**changes)
        assert "appId or appSecret is wrong" in title
        assert "App settings, Basic" in title


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
    monkeypatch.setattr(owner.house.channel, "_public_url", "http://127.0.0.1:1")
    title = owner.refusal()
    assert "Meta does not send webhooks to http://127.0.0.1:1/webhooks/instagram" in title
    assert "HELIOGRAPH_PUBLIC_URL" in title
    assert owner.page_subscription() == []


def test_meta_not_to_be_reached(door: House) -> None:
    body = {"type": "instagram", "appId": "1", "appSecret": "s", "pageAccessToken": "t"}
    answer = door.api("POST", f"/v2/apps/{door.new_app()}/integrations", body, 400)
    assert "Meta could not be asked" in answer["errors"][0]["title"]


# Rare answers, scripted ---------------------------------------------------------------------------------------


class Played:
    """A Facebook app, Page and account of the scripted Meta; everything is right until a test says otherwise."""

    def __init__(self, house: House, meta: PlayedMeta) -> None:
        self.house = house
        self.meta = meta
        self.app, self.page, self.account = unique("10"), unique("10"), unique("17841")
        self.says("GET", "debug_token", (200, {"data": self.inspected()}))
        account = {"id": self.account, "username": "x", "name": "X"}
        self.says("GET", "me", (200, {"id": self.page, "name": "P", "instagram_business_account": account}))
        self.says("POST", f"{self.app}/subscriptions", (200, {"success": True}))
        self.says("POST", f"{self.page}/subscribed_apps", (200, {"success": True}))

    def inspected(self, **changes: Any) -> dict[str, Any]:
        return {"app_id": self.app, "type": "PAGE", "is_valid": True, "scopes": ALL_SCOPES, **changes}

    def says(self, method: str, path: str, told: Any) -> None:
        self.meta.answers[method, path] = told

    def connect(self, status: int) -> Any:
        body = {"type": "instagram", "appId": self.app, "appSecret": "s3cr3t", "pageAccessToken": "EAAtoken"}
        answer = self.house.api("POST", f"/v2/apps/{self.house.new_app()}/integrations", body, status)
        return answer["integration"] if status == 201 else answer["errors"][0]["title"]


@pytest.fixture
def played(house: House, meta: PlayedMeta) -> Iterator[Played]:
    before = dict(meta.answers)
    yield Played(house, meta)
    meta.answers.clear()
    meta.answers.update(before)


def test_the_scripted_meta_can_be_connected_to(played: Played) -> None:
    assert played.connect(201)["businessId"] == played.account


@pytest.mark.parametrize(
    ("path", "told", "says"),
    [
        ("debug_token", (504, b"<html>"), "Meta could not be asked about the token"),
        ("debug_token", refused(2, status=500), "Meta does not accept them"),
        ("debug_token", (200, {}), "pageAccessToken is not valid"),
        ("debug_token", (200, {"data": []}), "pageAccessToken is not valid"),
        ("debug_token", (200, {"data": {"is_valid": True}}), "belongs to the app None"),
        ("debug_token", (200, {"data": {"is_valid": False, "error": "no"}}), "pageAccessToken is not valid"),
        (
            "debug_token",
            (200, {"data": {"is_valid": False, "error": {"message": "Bad EAAtoken"}}}),
            "not valid: Bad ***",
        ),
        ("me", refused(190, 463, 401), "The Page of pageAccessToken could not be read"),
        ("me", (504, b""), "Meta could not be asked about the Page"),
        (
            "me",
            (200, {"id": "1", "name": "P", "instagram_business_account": None}),
            "no Instagram professional account",
        ),
        ("me", (200, {"id": "1", "name": "P", "instagram_business_account": {}}), "no Instagram professional account"),
    ],
)
def test_odd_answers_while_checking(played: Played, path: str, told: Any, says: str) -> None:
    played.says("GET", path, told)
    assert says in played.connect(400)


@pytest.mark.parametrize("scopes", [None, "x"])
def test_scopes_of_an_odd_shape(played: Played, scopes: Any) -> None:
    played.says("GET", "debug_token", (200, {"data": played.inspected(scopes=scopes)}))
    assert "lacks the permission" in played.connect(400)


@pytest.mark.parametrize(
    "granular", [None, [], [{"scope": "instagram_basic"}], ["x"], [{"scope": "email", "target_ids": []}]]
)
def test_grants_that_narrow_nothing(played: Played, granular: Any) -> None:
    played.says("GET", "debug_token", (200, {"data": played.inspected(granular_scopes=granular)}))
    assert played.connect(201)["businessId"] == played.account


def test_grants_with_ids_as_numbers(played: Played) -> None:
    grants = [{"scope": "instagram_basic", "target_ids": [int(played.account)]}]
    played.says("GET", "debug_token", (200, {"data": played.inspected(granular_scopes=grants)}))
    assert played.connect(201)["businessId"] == played.account


def test_an_app_that_can_only_be_set_up_in_the_dashboard_and_is(played: Played) -> None:
    played.says("POST", f"{played.app}/subscriptions", refused(100))
    ours = callback_url(played.house.url, played.app)
    for subscriptions, status in (
        ([{"object": "instagram", "callback_url": ours, "active": True}], 201),
        ([{"object": "page", "callback_url": ours, "active": True}], 400),
        ([{"object": "instagram", "callback_url": "https://else.example", "active": True}], 400),
        ([{"object": "instagram", "callback_url": ours, "active": False}], 400),
        ([], 400),
    ):
        played.says("GET", f"{played.app}/subscriptions", (200, {"data": subscriptions}))
        answer = played.connect(status)
        if status == 400:
            assert "enter that callback URL" in answer


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (refused(190, 492), "The Page could not be subscribed to webhooks"),
        (refused(200, status=403), "the token needs pages_manage_metadata"),
        (refused(100), "the token needs pages_manage_metadata"),
        ((504, b""), "Meta could not be asked to subscribe the Page"),
    ],
)
def test_a_page_that_cannot_be_subscribed(played: Played, told: Any, says: str) -> None:
    played.says("POST", f"{played.page}/subscribed_apps", told)
    assert says in played.connect(400)


def test_subscriptions_that_cannot_be_asked_for(played: Played) -> None:
    played.says("POST", f"{played.app}/subscriptions", (504, b""))
    assert "Meta could not be asked to send webhooks" in played.connect(400)


# Updating -----------------------------------------------------------------------------------------------------


def patch(shop: Any, status: int = 200, **changes: Any) -> Any:
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    return shop.house.api("PATCH", path, changes, status)


def test_a_new_token_brings_a_broken_integration_back(owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person))
    owner.simulator.control("/tokens/revoke", 200, access_token=owner.token)
    assert shop.failure(shop.post(person, "lost"))["code"] == "unauthorized"
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    assert owner.house.api("GET", path)["integration"]["status"] == "error"

    assert "not valid" in patch(shop, 400, pageAccessToken=owner.token)["errors"][0]["title"]
    assert owner.house.api("GET", path)["integration"]["status"] == "error"

    token = owner.new_token()
    assert patch(shop, pageAccessToken=token)["integration"]["status"] == "active"
    eventually(lambda: shop.outcome(shop.post(person, "found"))[:1] == ["channel"])
    assert owner.on_the_phone(person) == ["found"]
    assert token not in everything_stored(owner.house)


def test_a_new_token_of_another_account_is_refused_and_changes_nothing(
    owner: Owner, town: House, simulator: Simulator
) -> None:
    shop, made = owner.connect()
    other = owner.simulator.control("/accounts")
    token = owner.new_token(page_id=other["page_id"])
    answer = patch(shop, 400, pageAccessToken=token, storyMentionsEnabled=False)
    assert f"leads to the Instagram account {other['instagram_account_id']}" in answer["errors"][0]["title"]
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    assert town.api("GET", path)["integration"] == made


def test_the_account_may_have_moved_to_another_page(played: Played) -> None:
    made = played.connect(201)
    new_page = unique("10")
    account = {"id": played.account, "username": "x", "name": "X"}
    played.says("GET", "me", (200, {"id": new_page, "name": "New", "instagram_business_account": account}))
    played.says("POST", f"{new_page}/subscribed_apps", (200, {"success": True}))
    app_id = played.house.value("select app_id from integrations where id = $1", made["id"])
    path = f"/v2/apps/{app_id}/integrations/{made['id']}"
    changed = played.house.api("PATCH", path, {"pageAccessToken": "EAAnew"})["integration"]
    assert changed["pageId"] == new_page
    stored = played.house.value("select page_id from instagram_accounts where integration_id = $1", made["id"])
    assert stored == new_page


# Disconnecting ------------------------------------------------------------------------------------------------


def delete(shop: Any) -> None:
    shop.house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}")


def test_deleting_unsubscribes_page_and_app_and_forgets_the_token(owner: Owner) -> None:
    shop, _ = owner.connect()
    delete(shop)
    assert owner.page_subscription() == []
    assert owner.app_subscription() == {"callback_url": None, "fields": []}
    assert owner.house.rows("select 1 from instagram_accounts where integration_id = $1", shop.integration_id) == []


def test_a_second_integration_on_the_page_keeps_the_subscription(owner: Owner) -> None:
    one, _ = owner.connect()
    two, _ = owner.connect()
    delete(one)
    assert owner.page_subscription() == PAGE_FIELDS.split(",")
    assert owner.app_subscription()["callback_url"] == callback(owner)
    person = owner.customer()
    owner.says(person, "still here?")
    eventually(lambda: two.texts(person) == ["still here?"])
    assert one.texts() == []
    delete(two)
    assert owner.page_subscription() == []
    assert owner.app_subscription()["callback_url"] is None


def test_a_second_page_of_the_app_keeps_the_app_s_subscription(owner: Owner) -> None:
    one, _ = owner.connect()
    other = owner.simulator.control("/accounts")
    owner.connect(pageAccessToken=owner.new_token(page_id=other["page_id"]))
    delete(one)
    assert owner.page_subscription() == []
    assert owner.app_subscription()["callback_url"] == callback(owner)


def test_a_dead_token_does_not_keep_an_integration_alive(owner: Owner) -> None:
    shop, _ = owner.connect()
    owner.simulator.control("/tokens/revoke", 200, access_token=owner.token)
    delete(shop)
    assert owner.house.rows("select 1 from integrations where id = $1", shop.integration_id) == []
    assert owner.app_subscription()["callback_url"] is None


def test_meta_s_silence_does_not_either(played: Played) -> None:
    made = played.connect(201)
    played.says("DELETE", f"{played.page}/subscribed_apps", (504, b""))
    played.says("DELETE", f"{played.app}/subscriptions", refused(2, status=500))
    app_id = played.house.value("select app_id from integrations where id = $1", made["id"])
    played.house.api("DELETE", f"/v2/apps/{app_id}/integrations/{made['id']}")
    assert played.house.rows("select 1 from integrations where id = $1", made["id"]) == []


def test_what_comes_after_the_deletion_is_kept_as_not_connected(owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person))
    delete(shop)
    shop.given(shop.text(person, "too late"))
    assert shop.leftovers() == ["not_connected"]
    assert shop.texts(person) == ["Hello"]
