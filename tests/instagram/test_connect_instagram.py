"""Connecting an account by Instagram Login, with the simulator as Meta (Meta reference 0, 1.1, 4.6)."""

import dataclasses
from collections.abc import Iterator

import pytest

from heliograph.channels.instagram.accounts import instagram_login
from heliograph.channels.instagram.accounts.records import open_token
from heliograph.channels.instagram.meta.flavours import FLAVOURS, INSTAGRAM
from heliograph.settings import Settings
from tests.instagram.house import House
from tests.instagram.instagram_owner import DAY, InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually

FLAVOUR = FLAVOURS[INSTAGRAM]


@pytest.fixture
def owner(town: House, simulator: Simulator) -> Iterator[InstagramOwner]:
    """Somebody with an Instagram app and an account without a Page, not connected yet."""
    owner = InstagramOwner.new(town, simulator)
    yield owner
    owner.rules(instagram_answers="flat")


# Connecting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["flat", "data"])
def test_a_token_is_enough_whichever_way_meta_wraps_its_answers(owner: InstagramOwner, shape: str) -> None:
    owner.rules(instagram_answers=shape)
    _, made = owner.connect()
    assert made == {
        "id": made["id"],
        "type": "instagram",
        "status": "active",
        "appId": owner.facebook_app,
        "login": "instagram",
        "businessId": owner.account,
        "businessName": "Harbour Tea",
        "businessUsername": owner.username,
        "tokenExpiresAt": made["tokenExpiresAt"],
        **{name: made[name] for name in ("storyRepliesEnabled", "storyMentionsEnabled", "humanAgentTag")},
        **{name: made[name] for name in ("carouselMode", "mediaMode", "showAIDisclaimer")},
    }
    assert owner.subscription() == FLAVOUR.fields.split(",")


def test_a_short_lived_token_is_exchanged_and_an_old_one_refreshed(owner: InstagramOwner) -> None:
    for token in (owner.new_token(short=True), owner.new_token(age_seconds=40 * DAY)):
        shop, _ = owner.connect(pageAccessToken=token)
        (row,) = owner.house.rows(
            "select token_expires_at - now() as left, refresh_at - now() as due from instagram_accounts"
            " where integration_id = $1",
            shop.integration_id,
        )
        assert (row["left"].days, row["due"].days) == (59, 49)


def test_a_token_of_today_is_kept_and_refreshed_tomorrow(owner: InstagramOwner) -> None:
    shop, _ = owner.connect(pageAccessToken=owner.new_token(age_seconds=3600))
    due = owner.house.value(
        "select refresh_at - now() from instagram_accounts where integration_id = $1", shop.integration_id
    )
    assert due.days == 1


def test_names_that_meta_does_not_know_cost_only_themselves(
    owner: InstagramOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = dataclasses.replace(FLAVOUR, fields="messages,message_echoes,no_such_field")
    monkeypatch.setattr(instagram_login, "FLAVOUR", odd)
    owner.connect()
    assert owner.subscription() == FLAVOUR.fields_at_least.split(",")


# What can be wrong ---------------------------------------------------------------------------------------------


def test_a_wrong_secret_is_told_while_a_fresh_token_can_prove_it(owner: InstagramOwner) -> None:
    title = owner.refusal(appSecret="f" * 32, pageAccessToken=owner.new_token(short=True))
    assert "appSecret is wrong" in title
    assert "API setup with Instagram login" in title


def test_a_wrong_secret_that_nothing_proves_does_not_take_the_right_ones_place(owner: InstagramOwner) -> None:
    shop, _ = owner.connect(pageAccessToken=owner.new_token(short=True))
    assert "not the one that is known" in owner.refusal(appSecret="f" * 32, pageAccessToken=owner.new_token())
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])


def test_with_the_wrong_of_the_two_secrets_webhooks_are_refused_until_it_is_mended(owner: InstagramOwner) -> None:
    """Gotcha 25. A long-lived token proves no secret: the first webhook's signature shows that it is wrong."""
    app_id = owner.house.new_app()
    shop, _ = owner.connect(app_id, appSecret="f" * 32)
    body = shop.body(shop.text("5551234567890123"))
    assert owner.house.webhook(owner.facebook_app, body, secret=owner.secret).status == 401
    owner.house.api("DELETE", f"/v2/apps/{app_id}/integrations/{shop.integration_id}")
    shop, _ = owner.connect(app_id, pageAccessToken=owner.new_token(short=True))
    assert owner.house.webhook(owner.facebook_app, body, secret=owner.secret).status == 200


def test_a_token_of_facebook_login_is_no_instagram_user_token(owner: InstagramOwner, simulator: Simulator) -> None:
    other = Owner.new(owner.house, simulator)
    assert "pageAccessToken is not valid" in owner.refusal(pageAccessToken=other.token)
    assert "pageAccessToken is not valid" in other.refusal(pageAccessToken=owner.token)


def test_a_facebook_app_is_no_instagram_app(owner: InstagramOwner, simulator: Simulator) -> None:
    other = Owner.new(owner.house, simulator)
    other.connect()
    assert "is a Facebook app here" in owner.refusal(appId=other.facebook_app)
    assert "login must be one of facebook, instagram" in owner.refusal(login="twitter")


def test_an_account_without_a_role_is_told_what_to_do(owner: InstagramOwner) -> None:
    owner.app_mode(live=False)
    title = owner.refusal()
    assert "Meta refuses every call" in title
    assert "tester" in title


def test_missing_permissions_are_named(owner: InstagramOwner) -> None:
    only = owner.new_token(scopes=["instagram_business_manage_messages"], age_seconds=2 * DAY)
    assert "lacks the permission instagram_business_basic" in owner.refusal(pageAccessToken=only)
    only = owner.new_token(scopes=["instagram_business_basic"], age_seconds=2 * DAY)
    assert "instagram_business_manage_messages" in owner.refusal(pageAccessToken=only)


# Afterwards ---------------------------------------------------------------------------------------------------


def test_a_deleted_integration_unsubscribes_its_account(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    owner.house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}")
    assert owner.subscription() == []


def test_a_new_token_is_exchanged_like_the_first(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    owner.house.execute(
        "update integrations set status = 'error', settings = settings || '{\"tokenError\": \"dead\"}' where id = $1",
        shop.integration_id,
    )
    given = owner.new_token(short=True)
    changed = owner.house.api("PATCH", path, {"pageAccessToken": given})["integration"]
    assert (changed["status"], "tokenError" in changed) == ("active", False)
    stored = owner.house.rows("select * from instagram_accounts where integration_id = $1", shop.integration_id)[0]
    assert open_token(owner.house.box, stored) != given


@pytest.mark.parametrize(
    ("graph", "given", "wanted"),
    [
        ("https://graph.facebook.com", "", "https://graph.instagram.com"),
        ("http://127.0.0.1:8001", "", "http://127.0.0.1:8001/instagram"),
        ("http://127.0.0.1:8001", "https://elsewhere.example/", "https://elsewhere.example"),
    ],
)
def test_where_the_graph_api_is_a_simulator_instagrams_host_is_its_too(graph: str, given: str, wanted: str) -> None:
    assert Settings(graph_url=graph, instagram_graph_url=given).instagram_graph == wanted
