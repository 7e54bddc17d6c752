"""Every kind of event that Meta sends (Meta reference 1.5 to 1.7): its field, its shape, the order of its keys."""

import json
from typing import Any

import pytest

from tests.simulator.refusals import comment, patch, rules
from tests.simulator.support import Seeded, eventually

EVERY_FIELD = (
    "messages,messaging_postbacks,messaging_seen,message_reactions,message_edit,messaging_referral,messaging_optins,"
    "messaging_handover,messaging_policy_enforcement,standby,comments,live_comments,mentions,story_insights"
)
FRAME = ["sender", "recipient", "timestamp"]


@pytest.fixture
def all_ears(seeded: Seeded) -> Seeded:
    """The seed's world, subscribed to every field."""
    form = {"object": "instagram", "callback_url": seeded.sink.url, "verify_token": "known", "fields": EVERY_FIELD}
    path = f"/{seeded.facts['facebook_app_id']}/subscriptions"
    assert seeded.simulator.call("POST", path, form={**form, "access_token": seeded.app_token}).status == 200
    page = f"/{seeded.facts['page_id']}/subscribed_apps"
    assert seeded.graph("POST", page, {"subscribed_fields": "feed"}).status == 200
    return seeded


def bodies(seeded: Seeded) -> list[dict[str, Any]]:
    """The bodies of what was delivered, once there is something."""
    eventually(lambda: seeded.sink.deliveries)
    return [json.loads(one.raw) for one in seeded.sink.deliveries]


def only_item(seeded: Seeded) -> dict[str, Any]:
    ((entry,),) = [body["entry"] for body in bodies(seeded)]
    assert list(entry) == ["time", "id", "messaging"]
    assert entry["id"] == seeded.account
    (item,) = entry["messaging"]
    return item


def only_change(seeded: Seeded) -> tuple[str, dict[str, Any]]:
    (body,) = bodies(seeded)
    assert list(body) == ["entry", "object"]
    (entry,) = body["entry"]
    assert list(entry) == ["id", "time", "changes"]
    assert entry["id"] == seeded.account
    assert entry["time"] < 10**11, "changes give the time in seconds"
    (change,) = entry["changes"]
    assert list(change) == ["value", "field"]
    return change["field"], change["value"]


URL = "https://example.org/a"


@pytest.mark.parametrize(
    "attachment",
    [
        {"type": "image", "payload": {"url": URL}},
        {"type": "image", "payload": {"sticker_id": 369239263222822, "url": URL}},
        {"type": "video", "payload": {"url": URL}},
        {"type": "audio", "payload": {"url": URL}},
        {"type": "file", "payload": {"url": URL}},
        {"type": "share", "payload": {"url": URL}},
        {"type": "ephemeral"},
        {"type": "like_heart"},
        {"type": "unsupported_type", "payload": {"url": URL}},
        {"type": "media", "payload": {"url": URL}},
        {"type": "fallback", "payload": {"title": "A page", "url": URL}},
        {"type": "story", "payload": {"story_media_id": "1", "story_media_url": URL}},
        {"type": "something_new", "payload": {"any": "thing"}},
    ],
    ids=lambda one: "sticker" if "sticker_id" in one.get("payload", {}) else one["type"],
)
def test_an_attachment_of_a_person(all_ears: Seeded, attachment: dict[str, Any]) -> None:
    all_ears.says(text=None, attachments=[attachment])
    item = only_item(all_ears)
    assert list(item) == [*FRAME, "message"]
    assert list(item["message"]) == ["mid", "attachments"]
    assert item["message"]["attachments"] == [attachment]


@pytest.mark.parametrize(
    ("kind", "knob", "types", "keys"),
    [
        ("post", "ig_post", ["ig_post"], {"ig_post_media_id", "title", "url"}),
        ("post", "both", ["share", "ig_post"], {"ig_post_media_id", "title", "url"}),
        ("post", "share", ["share"], {"ig_post_media_id", "title", "url"}),
        ("reel", "ig_post", ["ig_reel"], {"reel_video_id", "title", "url"}),
        ("facebook_reel", "ig_post", ["reel"], {"reel_video_id", "title", "url"}),
        ("story", "ig_post", ["ig_story"], {"story_media_id", "story_media_url"}),
    ],
)
def test_a_share(all_ears: Seeded, kind: str, knob: str, types: list[str], keys: set[str]) -> None:
    rules(all_ears, shared_post=knob)
    mid = all_ears.acts("/shares", kind=kind, media_id="18000000000000001")["mid"]
    attachments = only_item(all_ears)["message"]["attachments"]
    assert [one["type"] for one in attachments] == types
    assert all(set(one["payload"]) == keys for one in attachments)
    assert all("18000000000000001" in one["payload"].values() for one in attachments)
    shares = all_ears.graph("GET", f"/{mid}", fields="shares").json.get("shares")
    assert (shares is not None) == (kind != "story")
    assert not shares or len(shares["data"]) == 1, "the twins are one share"


def test_what_meta_does_not_hand_over_is_unsupported(all_ears: Seeded) -> None:
    mid = all_ears.acts("/unsupported")["mid"]
    assert only_item(all_ears)["message"] == {"mid": mid, "is_unsupported": True}
    assert all_ears.graph("GET", f"/{mid}", fields="is_unsupported").json["is_unsupported"] is True


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"product_id": "7"}, {"product": {"id": "7"}}),
        (
            {"ad_id": "9", "ref": "spring"},
            {
                "ref": "spring",
                "ad_id": "9",
                "source": "ADS",
                "type": "OPEN_THREAD",
                "ads_context_data": {"ad_title": "An ad"},
            },
        ),
        (
            {"ad_id": "9", "ads_context_data": {"ad_title": "T", "post_id": "1"}},
            {
                "ad_id": "9",
                "source": "ADS",
                "type": "OPEN_THREAD",
                "ads_context_data": {"ad_title": "T", "post_id": "1"},
            },
        ),
    ],
    ids=["product", "ad with ref", "ad without ref"],
)
def test_a_message_from_a_product_or_an_ad(all_ears: Seeded, given: dict[str, Any], told: dict[str, Any]) -> None:
    all_ears.acts("/context-messages", text="hi", **given)
    message = only_item(all_ears)["message"]
    assert list(message) == ["mid", "text", "referral"]
    assert message["referral"] == told


REF = {"ref": "flyer", "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"}


class TestReferral:
    def test_in_a_thread_that_exists_it_is_an_event_of_its_own(self, all_ears: Seeded) -> None:
        all_ears.says()
        assert all_ears.acts("/referrals", ref="flyer") == {"told": True}
        item = all_ears.sink.wait(2)[1]
        assert list(item) == [*FRAME, "referral"]
        assert item["referral"] == REF

    def test_in_a_new_thread_it_comes_with_the_first_message_only(self, all_ears: Seeded) -> None:
        assert all_ears.acts("/referrals", ref="flyer") == {"told": False}
        all_ears.says("one")
        all_ears.says("two")
        first, second = all_ears.sink.wait(2)
        assert first["message"]["referral"] == REF
        assert "referral" not in second["message"]

    def test_in_a_new_thread_it_comes_with_the_first_tap(self, all_ears: Seeded) -> None:
        all_ears.acts("/referrals", ref="flyer")
        all_ears.acts("/postbacks", title="Start", payload="START")
        assert only_item(all_ears)["postback"]["referral"] == REF


def test_an_optin(all_ears: Seeded) -> None:
    token = all_ears.acts("/optins", payload="NEWS", title="News")["notification_messages_token"]
    told = only_item(all_ears)["optin"]
    assert told["type"] == "notification_messages"
    assert (told["payload"], told["title"], told["notification_messages_token"]) == ("NEWS", "News", token)
    assert {"notification_messages_frequency", "token_expiry_timestamp", "user_token_status"} < set(told)


def test_policy_enforcement_has_no_sender_and_blocks_until_it_is_taken_back(all_ears: Seeded) -> None:
    all_ears.says()
    names = {"account_id": all_ears.account, "app_id": all_ears.facts["facebook_app_id"]}
    all_ears.simulator.control("/policy-enforcement", 200, **names, action="block", reason="Spam")
    item = all_ears.sink.wait(2)[1]
    assert list(item) == ["recipient", "timestamp", "policy-enforcement"]
    assert item["policy-enforcement"] == {"action": "block", "reason": "Spam"}
    assert all_ears.send({"text": "x"}).error == (400, 100, 2534029)
    all_ears.simulator.control("/policy-enforcement", 200, **names, action="unblock")
    assert all_ears.send({"text": "x"}).status == 200


class TestSelf:
    def test_a_message_of_the_account_to_itself(self, all_ears: Seeded) -> None:
        made = all_ears.simulator.control("/self-messages", account_id=all_ears.account, text="test")
        item = only_item(all_ears)
        assert (item["sender"]["id"], item["recipient"]["id"]) == (all_ears.account, made["igsid"])
        assert item["message"] == {"mid": made["mid"], "text": "test", "is_echo": True, "is_self": True}

    def test_a_tap_has_the_flag_beside_it(self, all_ears: Seeded) -> None:
        all_ears.simulator.control("/self-messages", account_id=all_ears.account, text="Start", payload="GO")
        assert list(only_item(all_ears)) == [*FRAME, "is_self", "postback"]

    def test_the_window_does_not_apply(self, all_ears: Seeded) -> None:
        made = all_ears.simulator.control("/self-messages", account_id=all_ears.account, text="test")
        body = {"recipient": {"id": made["igsid"]}, "message": {"text": "x"}}
        assert all_ears.graph("POST", "/me/messages", body).status == 200


def test_seen_can_come_without_sender_and_recipient(all_ears: Seeded) -> None:
    all_ears.says()
    mid = all_ears.send({"text": "x"}).json["message_id"]
    all_ears.acts("/seen", 200, bare=True)
    assert list(all_ears.sink.wait(3)[2]) == ["timestamp", "read"]
    assert all_ears.sink.items[2]["read"] == {"mid": mid}


@pytest.mark.parametrize(
    ("told", "person"),
    [(True, {}), (False, {"private": True}), (True, {"private": True, "followed": True})],
    ids=["public", "private", "private but followed"],
)
def test_a_mention_is_told_when_the_account_can_see_the_story(all_ears: Seeded, told: bool, person: dict) -> None:
    followed_by = [all_ears.account] if person.pop("followed", False) else []
    patch(all_ears, f"/people/{all_ears.igsid}", followed_by=followed_by, **person)
    all_ears.acts("/mentions")
    all_ears.says("last")
    items = all_ears.sink.wait(1 + told)
    assert [("attachments" in one["message"]) for one in items] == ([True] if told else []) + [False]


def test_a_story_answered_with_a_picture_is_not_told(all_ears: Seeded) -> None:
    story = all_ears.simulator.read(f"/accounts/{all_ears.account}/stories")["stories"][0]
    all_ears.says(text=None, story_id=story["id"], attachments=[{"type": "image", "url": URL}])
    all_ears.says("last")
    assert all_ears.sink.wait(1)[0]["message"]["text"] == "last"


def test_edits_are_told_unless_the_knob_says_that_this_flavour_has_none(all_ears: Seeded) -> None:
    rules(all_ears, message_edit=False)
    mid = all_ears.says()["mid"]
    all_ears.simulator.control("/edits", 200, mid=mid, text="better")
    rules(all_ears, message_edit=True)
    all_ears.simulator.control("/edits", 200, mid=mid, text="best")
    assert all_ears.sink.wait(2)[1]["message_edit"] == {"mid": mid, "text": "best", "num_edit": "2"}


class TestChanges:
    def test_a_comment(self, all_ears: Seeded) -> None:
        made = all_ears.acts("/comments", text="Nice", parent_id="5", ad_id="6", ad_title="Ad")
        field, value = only_change(all_ears)
        assert field == "comments"
        assert value == {
            "from": {"id": all_ears.igsid, "username": "maya.okafor"},
            "media": {"id": made["post_id"], "media_product_type": "FEED", "ad_id": "6", "ad_title": "Ad"},
            "id": made["id"],
            "parent_id": "5",
            "text": "Nice",
        }

    def test_a_comment_of_the_account_itself(self, all_ears: Seeded) -> None:
        made = all_ears.simulator.control("/comments", account_id=all_ears.account, text="Mine")
        _, value = only_change(all_ears)
        assert value["from"] == {
            "id": all_ears.account,
            "username": "lighthouse.books",
            "self_ig_scoped_id": made["igsid"],
        }

    def test_a_comment_on_a_broadcast(self, all_ears: Seeded) -> None:
        post = all_ears.simulator.control(f"/accounts/{all_ears.account}/posts", live=True)
        comment(all_ears, post_id=post["id"])
        assert only_change(all_ears)[0] == "live_comments"

    @pytest.mark.parametrize("given", [{"media_id": "1"}, {"media_id": "1", "comment_id": "2"}])
    def test_a_mention(self, all_ears: Seeded, given: dict[str, str]) -> None:
        all_ears.simulator.control("/media-mentions", account_id=all_ears.account, **given)
        assert only_change(all_ears) == ("mentions", given)

    def test_the_numbers_of_a_story(self, all_ears: Seeded) -> None:
        story = all_ears.simulator.read(f"/accounts/{all_ears.account}/stories")["stories"][0]["id"]
        all_ears.simulator.control(f"/accounts/{all_ears.account}/stories/{story}/insights")
        field, value = only_change(all_ears)
        assert (field, value["media_id"]) == ("story_insights", story)
        assert {"impressions", "reach", "taps_forward", "taps_back", "exits", "replies"} < set(value)


class TestDashboard:
    @pytest.mark.parametrize("form", ["messaging", "changes"])
    @pytest.mark.parametrize(
        "field", ["messages", "messaging_postbacks", "messaging_seen", "message_reactions", "comments"]
    )
    def test_a_test_comes_with_entry_id_0(self, all_ears: Seeded, field: str, form: str) -> None:
        app = all_ears.facts["facebook_app_id"]
        all_ears.simulator.control(f"/apps/{app}/dashboard-test", 200, field=field, form=form)
        (entry,) = bodies(all_ears)[0]["entry"]
        assert entry["id"] == "0"
        expected = "changes" if form == "changes" or field == "comments" else "messaging"
        assert expected in entry
        if field == "messages":
            item = entry["messaging"][0] if form == "messaging" else entry["changes"][0]["value"]
            assert item == {
                "sender": {"id": "12334"},
                "recipient": {"id": "23245"},
                "timestamp": "1527459824",
                "message": {"mid": "random_mid", "text": "random_text"},
            }

    def test_it_arrives_in_development_mode_and_without_a_page(self, all_ears: Seeded) -> None:
        app = all_ears.facts["facebook_app_id"]
        patch(all_ears, f"/apps/{app}", live=False)
        assert all_ears.graph("DELETE", f"/{all_ears.facts['page_id']}/subscribed_apps").status in (200, 403)
        all_ears.simulator.control(f"/apps/{app}/dashboard-test", 200)
        assert bodies(all_ears)[0]["entry"][0]["id"] == "0"


def test_an_echo_of_a_product_template(all_ears: Seeded) -> None:
    all_ears.says()
    patch(all_ears, f"/accounts/{all_ears.account}/rules", catalog=["11"])
    payload = {"template_type": "product", "elements": [{"id": "11"}]}
    assert all_ears.send({"attachment": {"type": "template", "payload": payload}}).status == 200
    echo = all_ears.sink.wait(2)[1]["message"]
    assert echo["attachments"] == [{"type": "template", "payload": {"product": {"elements": [{"id": "11"}]}}}]
