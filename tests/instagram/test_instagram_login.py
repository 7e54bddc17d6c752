"""An account by Instagram Login, end to end with the simulator as Meta: the main job, alone and beside the other login.

Source: Meta reference 0, 1.1, 2, 3.2, 4.6.
"""

from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.base import ChannelError
from tests.instagram.backfills import backfill, lost
from tests.instagram.house import House
from tests.instagram.instagram_owner import DAY, InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually


@pytest.fixture
def owner(town: House, simulator: Simulator) -> InstagramOwner:
    """Somebody with an Instagram app and an account without a Page, not connected yet."""
    return InstagramOwner.new(town, simulator)


# The main job -------------------------------------------------------------------------------------------------


def test_messages_flow_both_ways_and_the_echo_settles_nothing_twice(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    message = shop.post(person, "Hi there")
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    assert owner.on_the_phone(person) == ["Hi there"]
    shop.quiet()
    assert shop.texts(person) == ["Hello", "Hi there"]
    (call,) = [
        one
        for one in owner.simulator.read("/wire", limit=1000)["entries"]
        if one["path"] == "/instagram/v25.0/me/messages" and person in str(one)
    ]
    assert "appsecret_proof" not in str(call)


def test_what_the_owner_types_in_the_app_comes_by_message_echoes(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    owner.acts(person, "owner-messages", text="Typed in the app")
    eventually(lambda: shop.texts(person) == ["Hello", "Typed in the app"])


def test_a_persons_name_comes_from_instagrams_host(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    names = "select display_name from clients where external_id = $1 and integration_id = $2"
    eventually(lambda: owner.house.value(names, person, shop.integration_id))


def test_a_story_reply_and_a_read_receipt_arrive(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    story = owner.simulator.control(f"/accounts/{owner.account}/stories")
    owner.says(person, "lovely", story_id=story["id"])
    eventually(lambda: shop.texts(person) == ["lovely"])
    assert shop.messages(person)[0]["metadata"]["instagram.storyId"] == story["id"]
    message = shop.post(person, "thanks")
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    owner.acts(person, "seen", 200)
    eventually(lambda: shop.events("read"))


def test_what_webhooks_missed_is_read_from_instagrams_host(
    owner: InstagramOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner.house.channel._messages.backfill.looks, "young", timedelta())
    monkeypatch.setattr(owner.house.channel.pace, "_limits", {})
    shop, _ = owner.connect()
    lost(owner.house, owner)
    owner.says(owner.customer(), "are you there?")
    run = backfill(shop)
    assert (run["error"], run["state"], run["added"]) == (None, "done", 1)
    assert shop.texts() == ["are you there?"]


@pytest.mark.parametrize(("hours", "tag"), [(1, None), (25, "HUMAN_AGENT")])
def test_an_answer_after_a_day_carries_the_tag(owner: InstagramOwner, hours: int, tag: str | None) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello", age_seconds=hours * 3600)
    eventually(lambda: shop.texts(person) == ["Hello"])
    message = shop.post(person, "Hi")
    eventually(lambda: shop.outcome(message) == ["channel", "user"])
    assert owner.thread(person)[-1]["tag"] == tag


def test_after_eight_days_the_answer_fails_and_says_why(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello", age_seconds=8 * DAY)
    eventually(lambda: shop.texts(person) == ["Hello"])
    message = shop.post(person, "Too late")
    assert shop.failure(message)["code"] == "message_outside_window"
    assert owner.on_the_phone(person) == []


def test_an_answer_without_access_is_a_matter_of_configuration(owner: InstagramOwner) -> None:
    """Meta reference 4.6: 100 without a subcode means this only when every call fails alike."""
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    owner.app_mode(live=False)
    message = shop.post(person, "Hi")
    assert shop.failure(message)["code"] == "forbidden"
    owner.app_mode(live=True)


def test_a_hundred_for_one_message_alone_is_that_messages_fault(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person) == ["Hello"])
    owner.fault(code=100, status=400, message="Invalid parameter")
    message = shop.post(person, "Hi")
    assert shop.failure(message)["code"] == "bad_request"


# Both logins --------------------------------------------------------------------------------------------------


def test_both_logins_work_on_one_installation_beside_each_other(owner: InstagramOwner, simulator: Simulator) -> None:
    other = Owner.new(owner.house, simulator)
    app_id = owner.house.new_app()
    shops = [one.connect(app_id)[0] for one in (owner, other)]
    for one, shop in zip((owner, other), shops, strict=True):
        person = one.customer()
        one.says(person, "Hello")
        eventually(lambda shop=shop, person=person: shop.texts(person) == ["Hello"])
        message = shop.post(person, "Hi")
        eventually(lambda shop=shop, message=message: shop.outcome(message) == ["channel", "user"])
        assert one.on_the_phone(person) == ["Hi"]


def both(owner: InstagramOwner, simulator: Simulator) -> tuple[Owner, dict[str, Any]]:
    """An account with a Page, and what connects the same account by Instagram Login."""
    other = Owner.new(owner.house, simulator)
    token = simulator.control("/instagram/tokens", app_id=owner.facebook_app, account_id=other.account)["access_token"]
    return other, owner.request(pageAccessToken=token)


def test_one_account_is_in_one_app_by_one_login_only(owner: InstagramOwner, simulator: Simulator) -> None:
    other, request = both(owner, simulator)
    app_id = owner.house.new_app()
    other.connect(app_id)
    answer = owner.house.api("POST", f"/v2/apps/{app_id}/integrations", request, 400)
    assert "by the other login" in answer["errors"][0]["title"]
    assert owner.house.rows("select 1 from instagram_accounts where app_id = $1 and login = 'instagram'", app_id) == []


def test_in_two_apps_each_gets_each_event_once(owner: InstagramOwner, simulator: Simulator) -> None:
    """Decision 5: several apps may have one account; by both logins, too (Meta reference 1.4)."""
    other, request = both(owner, simulator)
    first, _ = other.connect()
    app_id = owner.house.new_app()
    owner.house.api("POST", f"/v2/apps/{app_id}/integrations", request, 201)
    owner.enter_webhook()
    person = other.customer()
    other.says(person, "Hello")
    eventually(lambda: first.texts(person) == ["Hello"])
    counted = "select count(*) from messages where app_id = $1"
    eventually(lambda: owner.house.value(counted, app_id))
    owner.house.quiet()
    assert (owner.house.value(counted, app_id), first.texts(person)) == (1, ["Hello"])


def test_conversion_events_need_facebook_login(owner: InstagramOwner) -> None:
    shop, _ = owner.connect()
    with pytest.raises(ChannelError, match="by Facebook Login"):
        owner.house.loop.run(
            owner.house.channel.post_conversions(shop.app_id, shop.integration_id, "5551234567890123", {"data": []})
        )
