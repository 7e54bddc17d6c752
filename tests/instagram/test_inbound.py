"""From a signed webhook to users, conversations, messages and events, against PostgreSQL and a scripted Meta."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

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
