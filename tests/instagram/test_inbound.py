"""From a signed webhook to users, conversations, messages and events, against PostgreSQL and a scripted Meta."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.channels.instagram import inbound, leftovers, mapping, wire
from heliograph.events import TRIGGERS
from tests.instagram.house import House, Shop, new_mid, now_ms, unique
from tests.instagram.meta import Gate, PlayedMeta, refused
from tests.simulator.support import Loop, eventually

PICTURE = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"
AMA = {
    "id": "1", "name": "Ama Boateng", "username": "ama.b", "profile_pic": "https://cdn/ama.jpg", "follower_count": 12,
    "is_user_follow_business": False, "is_business_follow_user": True, "is_verified_user": False,
}  # fmt: skip


def attachment(kind: str, url: str = PICTURE) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": url}}


def brief(message: dict[str, Any]) -> dict[str, Any]:
    return {"author": message["author"]["type"], **message["content"]}


# First contact ------------------------------------------------------------------------------------------------


def test_first_contact_makes_user_client_and_default_conversation_with_the_profile(
    shop: Shop, house: House, meta: PlayedMeta
) -> None:
    person, mid, at = unique("5846"), new_mid(), now_ms(minutes=1)
    meta.profiles[person] = (200, AMA)
    shop.given(shop.text(person, "Hello", mid, at))

    (client,) = house.rows("select * from clients where integration_id = $1", shop.integration_id)
    assert (client["external_id"], client["type"], client["status"]) == (person, "instagram", "active")
    assert (client["display_name"], client["avatar_url"]) == ("Ama Boateng", "https://cdn/ama.jpg")
    assert client["raw"] == {name: value for name, value in AMA.items() if name != "id"}
    assert client["last_action_at"] == datetime.fromtimestamp(at / 1000, UTC)
    (user,) = house.rows("select * from users where app_id = $1", shop.app_id)
    assert user["profile"] == {"givenName": "Ama", "surname": "Boateng", "avatarUrl": "https://cdn/ama.jpg"}
    (conversation,) = house.rows("select * from conversations where app_id = $1", shop.app_id)
    assert conversation["is_default"] is True
    assert conversation["message_count"] == 1
    (participant,) = house.rows("select * from participants where app_id = $1", shop.app_id)
    assert (participant["conversation_id"], participant["user_id"], participant["client_id"]) == (
        conversation["id"], user["id"], client["id"],
    )  # fmt: skip

    created, message = shop.events()
    source = {"type": "instagram", "integrationId": shop.integration_id}
    assert created["type"] == "conversation:create"
    assert created["payload"] == {
        "conversation": {"id": conversation["id"], "type": "personal", "metadata": {}},
        "user": {"id": user["id"], "authenticated": False},
        "creationReason": "message",
        "source": source,
    }
    assert message["type"] == "conversation:message"
    told = message["payload"]["message"]
    assert told["author"] == {
        "type": "user", "userId": user["id"], "displayName": "Ama Boateng", "avatarUrl": "https://cdn/ama.jpg",
        "user": {"id": user["id"], "authenticated": False},
    }  # fmt: skip
    assert told["content"] == {"type": "text", "text": "Hello"}
    stamp = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert told["source"] == {**source, "originalMessageId": mid, "originalMessageTimestamp": stamp}
    (stored,) = shop.messages()
    assert stored == {**told, "author": {name: value for name, value in told["author"].items() if name != "user"}}
    assert {event["type"] for event in shop.events()} <= TRIGGERS


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (refused(230, status=403), "Instagram user"),
        (refused(9010), "Instagram user"),
        (refused(2, status=500), "Instagram user"),
        (refused(190), "Instagram user"),
        ((200, b"<html>"), "Instagram user"),
        ((200, []), "Instagram user"),
        ((200, {"id": "1", "name": None, "username": "ama.b"}), "ama.b"),
        ((200, {"id": "1", "name": "", "username": ""}), "Instagram user"),
        ((200, {"id": "1", "name": {"a": 1}, "username": ["x"]}), "Instagram user"),
        ((200, {"id": "1", "name": "A\0ma", "profile_pic": "x" * 5000}), "Ama"),
    ],
)
def test_a_profile_that_fails_or_is_odd_never_blocks_a_message(
    shop: Shop, house: House, meta: PlayedMeta, profile: Any, name: str
) -> None:
    person = unique("5846")
    meta.profiles[person] = profile
    shop.given(shop.text(person, "Hello"))
    assert shop.texts() == ["Hello"]
    assert house.value("select display_name from clients where external_id = $1", person) == name


def test_a_slow_profile_keeps_nobody_else_waiting(shop: Shop, meta: PlayedMeta, loop: Loop) -> None:
    known, stranger = shop.person(), unique("5846")
    gate = Gate(loop, (200, AMA))
    meta.profiles[stranger] = gate
    shop.deliver(shop.text(stranger, "slow"), shop.text(known, "quick"))
    gate.wait()
    eventually(lambda: "quick" in shop.texts(known))
    assert shop.texts(stranger) == []
    gate.open()
    shop.received()
    assert shop.texts(stranger) == ["slow"]


def test_a_profile_is_read_once_for_each_person(shop: Shop, meta: PlayedMeta) -> None:
    person = unique("5846")
    for _ in range(3):
        shop.given(shop.text(person))
    assert [edge for edge in meta.others if edge == ("GET", person)] == [("GET", person)]


def test_two_accounts_know_the_same_person_by_two_clients(house: House) -> None:
    person, one, two = unique("5846"), house.shop(), house.shop()
    one.given(one.text(person, "to one"))
    two.given(two.text(person, "to two"))
    assert (one.texts(), two.texts()) == (["to one"], ["to two"])


# Once ---------------------------------------------------------------------------------------------------------


def test_the_same_webhook_twice_is_applied_once(shop: Shop) -> None:
    person = unique("5846")
    items = [
        shop.text(person, "Hello"),
        shop.item(person, postback={"mid": new_mid(), "title": "T", "payload": "P"}),
        shop.item(person, message={"mid": new_mid(), "attachments": [attachment("story_mention")]}),
        shop.item(person, message={"mid": new_mid(), "attachments": [attachment("image"), attachment("video")]}),
        shop.item(person, read={"mid": "m"}),
    ]
    for _ in range(3):
        shop.given(*items)
    assert shop.told() == ["create", "message", "postback", "referral", "message", "message", "read"]
    assert shop.house.value("select message_count from conversations where app_id = $1", shop.app_id) == 3


def test_one_mid_makes_one_message_whatever_else_changes(shop: Shop) -> None:
    person, mid = unique("5846"), new_mid()
    shop.given(shop.text(person, "first", mid), shop.text(person, "second in the same webhook", mid))
    shop.given(shop.text(person, "third", mid, now_ms(minutes=-1)))
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment("image")]}))
    assert shop.texts() == ["first"]


def test_a_postback_without_a_mid_is_told_once(shop: Shop) -> None:
    person, at = unique("5846"), now_ms()
    for _ in range(2):
        shop.given(shop.item(person, at, postback={"title": "T", "payload": "P"}))
    shop.given(shop.item(person, at + 1, postback={"title": "T", "payload": "P"}))
    assert shop.told() == ["create", "postback", "postback"]


def test_two_processes_that_get_the_same_apply_it_once(house: House, loop: Loop, shop: Shop) -> None:
    """Each with a receiver and workers of its own, on one database."""
    neighbour = House(loop, house.database_url, house.graph_url).start()
    try:
        people = [unique("5846") for _ in range(6)]
        sent = {person: [new_mid() for _ in range(8)] for person in people}
        bodies = [
            shop.body(*(shop.text(person, str(number), sent[person][number]) for person in people))
            for number in range(8)
        ]

        def both(body: bytes) -> list[int]:
            with ThreadPoolExecutor(2) as pool:
                posts = [
                    pool.submit(h.webhook, shop.facebook_app, body, secret=shop.secret) for h in (house, neighbour)
                ]
                return [post.result().status for post in posts]

        for body in bodies:
            assert both(body) == [200, 200]
        house.quiet()
        for person in people:
            assert shop.texts(person) == [str(number) for number in range(8)]
        assert shop.told().count("create") == len(people)
        assert shop.told().count("message") == 8 * len(people)
    finally:
        neighbour.stop()


def test_the_order_of_a_conversation_is_that_of_arrival_and_people_do_not_mix(shop: Shop) -> None:
    people = [unique("5846") for _ in range(5)]
    for start in range(0, 60, 6):
        shop.deliver(*(shop.text(person, str(start + n)) for n in range(6) for person in people))
    shop.received()
    for person in people:
        assert shop.texts(person) == [str(number) for number in range(60)]
        told = [
            event["payload"]["message"]["content"]["text"]
            for event in shop.events("message")
            if event["payload"]["conversation"]["id"] == shop.conversation(person)
        ]
        assert told == shop.texts(person)


# Contents -----------------------------------------------------------------------------------------------------


def test_several_attachments_become_several_messages_of_one_mid(shop: Shop, house: House) -> None:
    person, mid = unique("5846"), new_mid()
    kinds = ("image", "image", "video", "audio", "file")
    items = [attachment(kind, f"{PICTURE}{n}") for n, kind in enumerate(kinds)]
    shop.given(shop.item(person, message={"mid": mid, "text": "look", "attachments": items}))
    assert [brief(message) for message in shop.messages()] == [
        {"author": "user", "type": "image", "mediaUrl": f"{PICTURE}0", "mediaType": "image/jpeg", "text": "look"},
        {"author": "user", "type": "image", "mediaUrl": f"{PICTURE}1", "mediaType": "image/jpeg"},
        {"author": "user", "type": "file", "mediaUrl": f"{PICTURE}2", "mediaType": "video/mp4"},
        {"author": "user", "type": "file", "mediaUrl": f"{PICTURE}3", "mediaType": "audio/mp4"},
        {"author": "user", "type": "file", "mediaUrl": f"{PICTURE}4", "mediaType": "application/octet-stream"},
    ]
    assert {message["source"]["originalMessageId"] for message in shop.messages()} == {mid}
    parts = house.rows("select part, message_id from mids where mid = $1 order by part", mid)
    assert [row["part"] for row in parts] == [0, 1, 2, 3, 4]
    assert [row["message_id"] for row in parts] == [message["id"] for message in shop.messages()]
    assert shop.told() == ["create"] + ["message"] * 5


def test_a_story_reply_says_which_story(shop: Shop) -> None:
    story = {"story": {"url": PICTURE, "id": "18005550123456789"}}
    shop.given(shop.text(unique("5846"), "love it", reply_to=story))
    (message,) = shop.messages()
    assert message["metadata"] == {"instagram.storyId": "18005550123456789", "instagram.storyUrl": PICTURE}


def test_a_quoting_message_names_the_quoted_one(shop: Shop) -> None:
    shop.given(shop.text(unique("5846"), "this", reply_to={"mid": "m0"}))
    (message,) = shop.messages()
    assert message["quotedMessage"] == {"type": "externalMessageId", "externalMessageId": "m0"}


def test_a_quick_reply_carries_its_payload(shop: Shop) -> None:
    shop.given(shop.text(unique("5846"), "Yes", quick_reply={"payload": "ORDER_YES"}))
    assert [brief(message) for message in shop.messages()] == [
        {"author": "user", "type": "text", "text": "Yes", "payload": "ORDER_YES"}
    ]


def mention(shop: Shop, person: str, mid: str = "") -> Any:
    return shop.item(person, message={"mid": mid or new_mid(), "attachments": [attachment("story_mention")]})


def test_a_mention_by_a_new_person_rides_in_the_creation_of_the_conversation(shop: Shop) -> None:
    person, mid = unique("5846"), new_mid()
    shop.given(mention(shop, person, mid))
    (created,) = shop.events()
    assert created["type"] == "conversation:create"
    assert created["payload"]["creationReason"] == "startConversation"
    assert created["payload"]["referral"] == {
        "code": PICTURE,
        "details": {"source": "INSTAGRAM", "type": "STORY_MENTION"},
        "url": PICTURE,
        "messageId": mid,
    }
    assert shop.messages() == []


def test_a_mention_by_a_known_person_is_a_referral(shop: Shop) -> None:
    person = shop.person()
    shop.given(mention(shop, person))
    *_, referral = shop.events()
    assert referral["type"] == "conversation:referral"
    assert referral["payload"]["referral"]["code"] == PICTURE
    assert referral["payload"]["user"]["id"] == shop.events()[0]["payload"]["user"]["id"]
    assert referral["payload"]["source"] == {"type": "instagram", "integrationId": shop.integration_id}


def test_a_postback_by_a_new_person_starts_a_conversation(shop: Shop) -> None:
    shop.given(shop.item(unique("5846"), postback={"mid": new_mid(), "title": "Help", "payload": "HELP"}))
    created, postback = shop.events()
    assert created["payload"]["creationReason"] == "startConversation"
    assert "referral" not in created["payload"]
    assert postback["payload"]["postback"] == {"payload": "HELP"}


@pytest.mark.parametrize(
    "event", ["text", "mention", "postback", "story reply", "quick reply", "read", "echo", "unsend"]
)
def test_what_the_person_does_opens_the_window_and_nothing_else_does(shop: Shop, house: House, event: str) -> None:
    person = shop.person(days=3)
    at = now_ms(hours=1)
    item = {
        "text": lambda: shop.text(person, at=at),
        "mention": lambda: {**mention(shop, person), "timestamp": at},
        "postback": lambda: shop.item(person, at, postback={"mid": new_mid(), "title": "T", "payload": "P"}),
        "story reply": lambda: shop.text(person, at=at, reply_to={"story": {"id": "1", "url": PICTURE}}),
        "quick reply": lambda: shop.text(person, at=at, quick_reply={"payload": "P"}),
        "read": lambda: shop.item(person, at, read={"mid": "m"}),
        "echo": lambda: shop.echo(person, new_mid(), at, text="from the app"),
        "unsend": lambda: shop.item(person, at, message={"mid": "m", "is_deleted": True}),
    }[event]()
    shop.given(item)
    last = house.value("select last_action_at from clients where external_id = $1", person)
    opened = event not in ("read", "echo", "unsend")
    assert (last == datetime.fromtimestamp(at / 1000, UTC)) is opened


def test_an_old_event_that_comes_late_does_not_turn_the_window_back(shop: Shop, house: House) -> None:
    person = shop.person(hours=1)
    before = house.value("select last_action_at from clients where external_id = $1", person)
    shop.given(shop.text(person, "late", at=now_ms(days=2)))
    assert house.value("select last_action_at from clients where external_id = $1", person) == before


# Echoes -------------------------------------------------------------------------------------------------------


def test_what_is_typed_in_the_instagram_app_becomes_a_message_of_the_business(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    for _ in range(2):
        shop.given(shop.echo(person, mid, text="We are open till six"))
    *_, message = shop.events()
    assert message["payload"]["message"]["author"] == {"type": "business"}
    assert [brief(m) for m in shop.messages()][1:] == [
        {"author": "business", "type": "text", "text": "We are open till six"}
    ]
    assert shop.told() == ["create", "message", "message"]


def test_the_business_may_write_first_from_the_app(shop: Shop, house: House) -> None:
    person = unique("5846")
    shop.given(shop.echo(person, new_mid(), text="Thank you for following"))
    assert shop.told() == ["create", "message"]
    assert house.value("select last_action_at from clients where external_id = $1", person) is None
    shop.given(shop.text(person, "You are welcome"))
    assert shop.told() == ["create", "message", "message"]
    assert [m["author"]["type"] for m in shop.messages(person)] == ["business", "user"]


def test_the_account_that_mentions_somebody_in_its_story_is_kept_for_later(shop: Shop) -> None:
    person = shop.person()
    shop.given(shop.echo(person, new_mid(), attachments=[attachment("story_mention")]))
    assert shop.leftovers() == ["echo:story_mention"]


# Reads and unsends --------------------------------------------------------------------------------------------


def test_a_read_is_told_once_and_never_goes_back(shop: Shop, house: House) -> None:
    person = shop.person()
    at = now_ms()
    shop.given(shop.item(person, at, read={"mid": "m"}), shop.item(person, at, read={"mid": "m"}))
    shop.given(shop.item(person, at - 5000, read={"mid": "m"}))
    (event,) = shop.events("read")
    user = shop.events()[0]["payload"]["user"]
    assert event["payload"]["activity"] == {
        "type": "conversation:read",
        "author": {"type": "user", "userId": user["id"], "user": user},
        "source": {"type": "instagram", "integrationId": shop.integration_id},
    }
    (participant,) = house.rows("select * from participants where app_id = $1", shop.app_id)
    assert participant["last_read"] == datetime.fromtimestamp(at / 1000, UTC)
    shop.given(shop.item(person, at + 5000, read={"mid": "m"}))
    assert len(shop.events("read")) == 2


def test_a_read_of_a_stranger_makes_nobody(shop: Shop, house: House) -> None:
    shop.given(shop.item(unique("5846"), read={"mid": "m"}))
    assert shop.told() == []
    assert house.rows("select * from users where app_id = $1", shop.app_id) == []


def test_a_message_that_is_taken_back_is_blanked_with_all_its_parts(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    items = [attachment("image"), attachment("video")]
    story = {"story": {"id": "1", "url": PICTURE}}
    shop.given(shop.item(person, message={"mid": mid, "text": "oops", "attachments": items, "reply_to": story}))
    shop.given(shop.text(person, "stays"))
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    first, *blanked, last = shop.messages(person)
    assert (first["content"]["text"], last["content"]["text"]) == ("hello", "stays")
    assert [message["content"] for message in blanked] == [{"type": "text", "text": ""}] * 2
    assert PICTURE not in json.dumps(blanked)
    rows = shop.house.rows("select deleted from messages where app_id = $1 order by seq", shop.app_id)
    assert [row["deleted"] for row in rows] == [False, True, True, False]


def test_what_the_account_takes_back_is_blanked_too(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.echo(person, mid, text="wrong chat"))
    shop.given(shop.echo(person, mid, is_deleted=True))
    assert shop.texts(person) == ["hello", ""]


def test_a_message_that_was_taken_back_before_it_came_never_appears(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    shop.given(shop.text(person, "oops", mid))
    assert shop.texts(person) == ["hello"]


def test_even_when_it_is_the_first_of_a_stranger(shop: Shop, house: House) -> None:
    """And the stranger stays one: nobody is made by a message that never was."""
    person, mid = unique("5846"), new_mid()
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    shop.given(shop.text(person, "oops", mid))
    assert shop.told() == []
    assert house.rows("select * from clients where external_id = $1", person) == []
    shop.given(shop.text(person, "Hello"))
    assert shop.told() == ["create", "message"]
    assert shop.texts(person) == ["Hello"]


def test_an_unsend_in_the_same_webhook_as_its_message(shop: Shop) -> None:
    person, mid = shop.person(), new_mid()
    shop.given(shop.text(person, "oops", mid), shop.item(person, message={"mid": mid, "is_deleted": True}))
    assert shop.texts(person) == ["hello", ""]


# What stays behind --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s: s.item("5", reaction={"mid": "m", "action": "react", "emoji": "❤️"}), "kind:reaction"),
        (lambda s: s.item("5", message={"mid": "m", "is_unsupported": True}), "unsupported"),
        (lambda s: s.item("5", message={"mid": "m", "attachments": [attachment("ig_reel")]}), "attachment:ig_reel"),
        (lambda s: s.item("5", message={"mid": "m", "attachments": [attachment("é" * 9000)]}), "attachment:?"),
        (lambda s: {"timestamp": now_ms(), "read": {"mid": "m"}}, "no_person"),
        (lambda s: {"timestamp": now_ms(), "message": {"mid": "m", "text": "t"}}, "no_person"),
        (lambda s: {"nonsense": 1}, "shape"),
        (lambda s: "nonsense", "shape"),
    ],
)
def test_what_cannot_be_applied_is_kept_with_its_reason(shop: Shop, make: Any, reason: str) -> None:
    shop.given(make(shop), shop.text("6", "a neighbour"))
    assert shop.leftovers() == [reason]
    assert shop.texts() == ["a neighbour"]


def test_a_field_that_is_not_understood_is_kept(shop: Shop) -> None:
    shop.given({"field": "comments", "value": {"id": "1"}}, {"field": "new\0field", "value": {}}, name="changes")
    assert shop.leftovers() == ["field:comments", "field:?"]


def test_a_dashboard_test_is_kept_as_one(shop: Shop) -> None:
    value = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}, "timestamp": "1527459824"}
    value["message"] = {"mid": "random_mid", "text": "random_text"}  # type: ignore[assignment]
    for entry in ({"id": "0", "changes": [{"field": "messages", "value": value}]}, {"id": "0", "messaging": [value]}):
        body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
        assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    shop.received()
    assert shop.leftovers() == ["dashboard_test"] * 2


def test_a_picture_that_came_with_something_unknown_is_shown_and_the_unknown_kept(shop: Shop) -> None:
    items = [attachment("image"), attachment("hologram"), attachment("other")]
    shop.given(shop.item("5", message={"mid": new_mid(), "attachments": items}))
    assert len(shop.messages()) == 1
    assert shop.leftovers() == ["attachment:hologram"]


def test_standby_messages_are_stored_like_any_other(shop: Shop) -> None:
    shop.given(shop.text("5", "to the other app"), name="standby")
    assert shop.texts() == ["to the other app"]


@pytest.mark.parametrize(
    ("column", "kind", "reason"),
    [
        ("story_mentions", "mention", "switched_off:story_mention"),
        ("story_replies", "reply", "switched_off:story_reply"),
    ],
)
def test_what_is_switched_off_is_kept(house: House, column: str, kind: str, reason: str) -> None:
    shop = house.shop(**{column: False})
    reply = shop.text("5", "nice", reply_to={"story": {"id": "1", "url": PICTURE}})
    shop.given(mention(shop, "5") if kind == "mention" else reply)
    assert shop.leftovers() == [reason]
    assert shop.told() == []
    shop.given(shop.text("5", "an ordinary one"))
    assert shop.texts() == ["an ordinary one"]


def test_an_account_connected_to_two_apps_is_told_to_both(house: House) -> None:
    one = house.shop()
    two = house.shop(of=one)
    person, mid = unique("5846"), new_mid()
    one.given(one.text(person, "Hello", mid), one.item(person, message={"mid": new_mid(), "is_unsupported": True}))
    assert one.texts() == two.texts() == ["Hello"]
    assert one.told() == two.told() == ["create", "message"]
    one.given(one.item(person, message={"mid": mid, "is_deleted": True}))
    assert one.texts() == two.texts() == [""]


def test_two_apps_that_both_switched_a_thing_off(house: House) -> None:
    one = house.shop(story_mentions=False)
    two = house.shop(of=one, story_mentions=False)
    one.given(mention(one, "5"), one.text("5", "goes on"))
    assert one.leftovers() == ["switched_off:story_mention"]
    assert one.texts() == two.texts() == ["goes on"]


def test_one_app_s_switch_is_not_the_other_s(house: House) -> None:
    one = house.shop(story_mentions=False)
    two = house.shop(of=one)
    one.given(mention(one, "5"))
    assert (one.told(), two.told()) == ([], ["create"])
    assert one.leftovers() == ["switched_off:story_mention"]


# Replay -------------------------------------------------------------------------------------------------------


def replay(house: House, reason: str | None = None, batch: int = 1000) -> int:
    count = house.loop.run(leftovers.replay(house.database, reason, batch=batch))
    house.quiet()
    return count


def test_what_came_before_the_account_was_connected_is_applied_by_replay(house: House) -> None:
    shop = house.shop(connected=False)
    person = unique("5846")
    shop.given(shop.text(person, "before"))
    assert shop.leftovers() == ["not_connected"]
    shop.connect()
    replay(house, "not_connected")
    assert shop.leftovers() == []
    assert shop.texts() == ["before"]
    shop.given(shop.text(person, "after"))
    assert shop.texts() == ["before", "after"]


@pytest.mark.parametrize("batch", [1000, 4])
def test_replay_keeps_the_order_of_each_conversation(house: House, batch: int) -> None:
    """Also beyond the tenth item of a webhook, and of several entries."""
    shop = house.shop(connected=False)
    people = [unique("5846"), unique("5847")]
    shop.given(*(shop.text(person, f"a{n}") for n in range(13) for person in people))
    entries = [{"id": shop.account, "messaging": [shop.text(p, f"b{n}") for p in people]} for n in range(12)]
    body = json.dumps({"object": "instagram", "entry": entries}).encode()
    assert house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    house.quiet()
    shop.connect()
    replay(house, "not_connected", batch)
    for person in people:
        assert shop.texts(person) == [f"a{n}" for n in range(13)] + [f"b{n}" for n in range(12)]


def test_replay_leaves_what_is_still_not_understood_and_applies_nothing_twice(shop: Shop, house: House) -> None:
    items = [attachment("image"), attachment("hologram")]
    shop.given(
        shop.item("5", reaction={"mid": "m"}),
        shop.item("5", message={"mid": new_mid(), "attachments": items}),
    )
    before = shop.leftovers()
    assert sorted(before) == ["attachment:hologram", "kind:reaction"]
    for batch in (2, 1000):
        replay(house, None, batch)
        assert sorted(shop.leftovers()) == sorted(before)
    assert len(shop.messages()) == 1
    summary = {row["reason"]: row["items"] for row in house.loop.run(leftovers.summary(house.database))}
    assert summary["kind:reaction"] >= 1


def test_replay_takes_only_the_reason_that_was_asked(house: House) -> None:
    shop = house.shop(connected=False)
    shop.given(shop.text("5", "x"), shop.item("5", reaction={"mid": "m"}))
    shop.connect()
    assert replay(house, "no such reason") == 0
    assert replay(house, "not_connected") >= 1
    assert shop.leftovers() == ["kind:reaction"]


# Poison -------------------------------------------------------------------------------------------------------


def test_a_poison_item_ends_as_failed_and_its_neighbours_go_on(
    shop: Shop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neighbours in other lanes, and those before and behind it in its own."""
    understood = mapping.arrival
    tries = threading.Event()

    def arrival(event: wire.Event, *rest: Any) -> Any:
        if isinstance(event, wire.Message) and event.text == "poison":
            tries.set()
            raise RuntimeError("cannot digest this")
        return understood(event, *rest)

    monkeypatch.setattr(inbound.mapping, "arrival", arrival)
    said = ["one", "two", "poison", "three", "four"]
    shop.deliver(*(shop.text("5", text) for text in said), shop.text("6", "neighbour"))
    house.quiet(30)
    assert tries.is_set()
    assert shop.texts("5") == ["one", "two", "three", "four"]
    assert shop.texts("6") == ["neighbour"]
    assert shop.leftovers() == ["failed"]
    detail = house.value(
        "select detail from journal_leftovers where reason = 'failed' and account_id = $1", shop.account
    )
    assert "cannot digest this" in detail
    monkeypatch.setattr(inbound.mapping, "arrival", understood)
    replay(house, "failed")
    assert shop.texts("5") == ["one", "two", "three", "four", "poison"]


def test_a_journal_row_that_was_erased_leaves_nothing_behind(shop: Shop, door: House) -> None:
    house = shop.house
    house.execute("insert into lanes (kind, key, due_at, pending) values ('inbound', 'x/y/z', now(), 1)")
    house.execute("insert into jobs (kind, key, payload) values ('inbound', 'x/y/z', '999999999:0.messaging.0')")
    house.quiet()
    assert shop.leftovers() == []
