"""An integration gets a new token, or goes: what is subscribed at Meta follows."""

from typing import Any

import pytest

from heliograph.channels.instagram.accounts.facebook_login import PAGE_FIELDS
from tests.instagram.connecting import Played, callback, delete, everything_stored
from tests.instagram.house import House, unique
from tests.instagram.meta import refused
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually


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
    assert shop.outcome(shop.post(person, "found"))[0] == "channel"
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


@pytest.mark.parametrize("needed", [False, True])
def test_the_account_may_have_moved_to_another_page(played: Played, needed: bool) -> None:
    made = played.connect(201)
    left = ("DELETE", f"{played.page}/subscribed_apps")
    played.says(*left, (200, {"success": True}))
    if needed:
        played.connect(201)
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
    # The Page of old is unsubscribed, unless another integration has it.
    assert (left in played.meta.others) is not needed
    assert ("DELETE", f"{played.app}/subscriptions") not in played.meta.others


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


def test_an_account_that_is_connected_again_is_the_integration_that_it_was(owner: Owner) -> None:
    shop, made = owner.connect()
    person = owner.customer()
    said = owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    delete(shop)
    again, new = owner.connect(shop.app_id)
    assert (new["id"], again.integration_id) == (made["id"], shop.integration_id)
    # Before the person writes again, the answer that is owed can be given.
    assert shop.outcome(shop.post(person, "Hello again"))[0] == "channel"
    assert owner.on_the_phone(person) == ["Hello again"]
    owner.says(person, "Good", reply_to_mid=said)
    eventually(lambda: shop.texts(person) == ["Hello", "Hello again", "Good"])
    quoted = shop.messages()[-1]["quotedMessage"]["message"]["source"]["originalMessageId"]
    assert quoted == said, "what was said before is known by its mid"


def test_by_another_facebook_app_or_in_another_app_it_is_a_new_one(owner: Owner) -> None:
    """People have other ids there: nobody could tell who is who."""
    shop, made = owner.connect()
    delete(shop)
    _, elsewhere = owner.connect()
    assert elsewhere["id"] != made["id"]
    shop.house.execute("update departed_accounts set facebook_app_id = '1' where integration_id = $1", made["id"])
    _, new = owner.connect(shop.app_id)
    assert new["id"] != made["id"]
