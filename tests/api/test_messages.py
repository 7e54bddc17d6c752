"""Messages and activities: posting, reading, deleting, and what is told of it."""

import mimetypes
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import structlog.testing
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import ActivitiesApi, MessagesApi

from heliograph.api.messages.completion import complete
from tests.api.conftest import Shop
from tests.api.house import NOW, House
from tests.api.operations import BUSINESS, TEXT

ITEM = {
    "title": "Tacos",
    "description": "Get your tacos today!",
    "mediaUrl": "https://example.org/image.jpg",
    "altText": "A giant taco",
    "size": "compact",
    "actions": [
        {"text": "Select", "type": "postback", "payload": "TACOS"},
        {"text": "More info", "type": "link", "uri": "https://example.org"},
    ],
}
DONE_ITEM = {
    **ITEM,
    "mediaType": "image/jpeg",
    "actions": [{"text": "Select", "type": "postback", "payload": "TACOS", "uri": ""}, ITEM["actions"][1]],
}
CARDS = "1. Tacos\nGet your tacos today!\nMore info: https://example.org\n\n2. Tacos\nGet your tacos today!\nMore info: https://example.org"
FIELD = {"type": "text", "name": "full_name", "label": "Your name?", "minSize": 1, "maxSize": 30}
ACTIONS = [
    {"type": "link", "text": "Site", "uri": "https://example.org", "default": True, "metadata": {"a": 1}},
    {"type": "webview", "text": "Shop", "uri": "https://a.example", "fallback": "https://b.example", "size": "tall"},
    {"type": "reply", "text": "Yes", "payload": "YES", "iconUrl": "https://a.example/y.png"},
    {"type": "locationRequest", "text": "Where are you?"},
    {"type": "buy", "text": "Buy", "amount": 999, "currency": "eur"},
]

# What is posted, and what is stored of it beside that (the OpenAPI document's examples, where it has some).
CONTENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "text", "text": "Hello! 🌞"}, {}),
    ({"type": "text", "text": "Choose", "actions": ACTIONS}, {}),
    ({"type": "text", "actions": [ACTIONS[2]]}, {}),
    ({"type": "text", "htmlText": "<p>One<br>two &amp; <b>three</b></p>"}, {"text": "One\ntwo & three"}),
    ({"type": "text", "htmlText": "<p>long</p>", "text": "short"}, {}),
    (
        {"type": "image", "text": "Hello!", "mediaUrl": "https://example.org/image.jpg", "altText": "A wonderful image"},
        {"mediaType": "image/jpeg"},
    ),
    ({"type": "image", "mediaUrl": "https://example.org/i"}, {"mediaType": "image/jpeg", "altText": "i"}),
    ({"type": "image", "mediaUrl": "https://example.org/", "mediaType": "image/x-own"}, {}),
    (
        {"type": "file", "mediaUrl": "https://example.org/The%20FAQ.pdf?v=2"},
        {"mediaType": "application/pdf", "altText": "The FAQ.pdf"},
    ),
    ({"type": "file", "mediaUrl": "https://example.org/v.mp4"}, {"mediaType": "video/mp4", "altText": "v.mp4"}),
    (
        {"type": "carousel", "items": [ITEM, ITEM], "displaySettings": {"imageAspectRatio": "square"}},
        {"items": [DONE_ITEM, DONE_ITEM], "text": CARDS},
    ),
    ({"type": "list", "items": [ITEM, ITEM]}, {"items": [DONE_ITEM, DONE_ITEM], "text": CARDS}),
    (
        {
            "type": "location",
            "coordinates": {"lat": 45.5261583, "long": -73.595346},
            "location": {"address": "5333 avenue Casgrain", "name": "Zendesk Montréal"},
        },
        {"text": "Location shared:\nhttps://maps.google.com/maps?q=45.5261583,-73.595346"},
    ),
    ({"type": "form", "blockChatInput": True, "fields": [FIELD]}, {"submitted": False}),
    ({"type": "template", "template": {"name": "hello", "language": {"code": "en"}}}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("posted", "added"), CONTENTS, ids=lambda value: value.get("type"))
def test_each_content_is_stored_and_read_back(
    house: House, shop: Shop, posted: dict[str, Any], added: dict[str, Any]
) -> None:
    answer = house.post(shop.conversation + "/messages", {"author": BUSINESS, "content": posted}, key=shop.key)
    assert answer.status == 201, answer.body
    (message,) = answer.body["messages"]
    assert message["content"] == {**posted, **added}
    assert message["source"] == {"type": "api:conversations"}
    assert message["received"] == "2026-03-01T09:15:02.101Z"
    assert house.get(shop.conversation + "/messages").body["messages"] == [message]
    with house.client(shop.key) as client:
        (read,) = MessagesApi(client).list_messages(shop.app_id, shop.person.conversation_id).messages
        assert read.id == message["id"]
        assert read.content.actual_instance.type == posted["type"]


def test_the_official_client_posts_reads_and_deletes(house: House, shop: Shop) -> None:
    with house.client(shop.key, "/sc") as client:
        api = MessagesApi(client)
        body = m.MessagePost(
            author=m.Author(type="business", display_name="Ada"),
            content=m.Content(m.TextMessage(type="text", text="hi")),
            metadata={"ticket": 7},
        )
        (made,) = api.post_message(shop.app_id, shop.person.conversation_id, body).messages
        (read,) = api.list_messages(shop.app_id, shop.person.conversation_id).messages
        assert read == made
        assert (read.author.display_name, read.metadata) == ("Ada", {"ticket": 7})
        api.delete_message(shop.app_id, shop.person.conversation_id, made.id)
        assert api.list_messages(shop.app_id, shop.person.conversation_id).messages == []
        with pytest.raises(sunshine.ApiException) as caught:
            api.delete_message(shop.app_id, shop.person.conversation_id, made.id)
        assert caught.value.status == 404
        api.post_message(shop.app_id, shop.person.conversation_id, body)
        api.delete_all_messages(shop.app_id, shop.person.conversation_id)
    assert house.rows("select 1 from messages where conversation_id = $1", shop.person.conversation_id) == []
    (counted,) = house.rows("select message_count from conversations where id = $1", shop.person.conversation_id)
    assert counted["message_count"] == 0


def test_a_message_is_told_and_put_in_line(house: House, shop: Shop) -> None:
    hook = house.custom(shop.app_id)["webhooks"][0]["id"]
    house.clock.now = NOW + timedelta(minutes=5)
    try:
        message = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]
    finally:
        house.clock.now = NOW
    (event,) = house.rows(
        "select body::json as body from events where conversation_id = $1", shop.person.conversation_id
    )
    assert event["body"]["payload"]["message"] == message
    jobs = house.rows("select kind, payload from jobs where key like '%' || $1", shop.person.conversation_id)
    assert {job["kind"]: job["payload"] for job in jobs} == {"send": message["id"], "webhook": event["body"]["id"]}
    assert house.rows("select 1 from lanes where key = $1", f"{hook}/{shop.person.conversation_id}")
    assert house.get(shop.conversation).body["conversation"]["lastUpdatedAt"] == "2026-03-01T09:20:02.101Z"


@pytest.mark.parametrize(
    ("destination", "sent"),
    [
        ({}, True),
        ({"integrationType": "instagram"}, True),
        ({"integrationId": "{integration}"}, True),
        ({"integrationType": "none"}, False),
    ],
)
def test_the_destination_decides_whether_it_is_sent(
    house: House, shop: Shop, destination: dict[str, str], sent: bool
) -> None:
    filled = {name: value.replace("{integration}", shop.integration_id) for name, value in destination.items()}
    assert house.post(shop.conversation + "/messages", {**TEXT, "destination": filled}).status == 201
    assert bool(house.rows("select 1 from lanes where key = $1", shop.person.conversation_id)) is sent


def test_a_message_on_behalf_of_the_user(house: House, shop: Shop) -> None:
    person = house.person(shop.app_id, shop.integration_id, "crm/7")
    path = f"{shop.path}/conversations/{person.conversation_id}/messages"
    author = {"type": "user", "userExternalId": "crm/7"}
    (message,) = house.post(path, {**TEXT, "author": author}).body["messages"]
    assert message["author"] == {"type": "user", "userId": person.user_id, "displayName": "Noa Berg"}
    assert message["content"] == TEXT["content"]
    assert not house.rows("select 1 from lanes where key = $1", person.conversation_id)


def test_markdown_is_stored_as_html_and_text(house: House, shop: Shop) -> None:
    content = {"type": "text", "markdownText": "**Hi** [there](https://a.example)\n\n- one\n- two"}
    (message,) = house.post(shop.conversation + "/messages", {"author": BUSINESS, "content": content}).body["messages"]
    assert message["content"] == {
        "type": "text",
        "htmlText": '<p><strong>Hi</strong> <a href="https://a.example">there</a></p><ul><li>one</li><li>two</li></ul>',
        "text": "Hi there (https://a.example)\n- one\n- two",
    }


def test_a_repeated_post_with_the_same_key_makes_one_message(house: House, shop: Shop) -> None:
    path, key = shop.conversation + "/messages", {"Idempotency-Key": "order-7"}

    def post(_: int) -> Any:
        return house.post(path, TEXT, headers=key)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["messages"][0]["id"] for answer in answers}) == 1
    assert len(house.get(path).body["messages"]) == 1
    other = {**TEXT, "metadata": {"a": 1}}
    answer = house.post(path, other, headers=key)
    assert (answer.status, answer.error["code"]) == (409, "conflict")
    assert house.post(path, other, headers={"Idempotency-Key": "x" * 256}).status == 400


def test_a_full_conversation_is_locked(house: House, shop: Shop) -> None:
    house.run(
        house.database.execute(
            "update conversations set message_count = 30000 where id = $1", shop.person.conversation_id
        )
    )
    answer = house.post(shop.conversation + "/messages", TEXT)
    assert (answer.status, answer.error["code"]) == (423, "locked")
    assert "30000" in answer.error["title"]
    activity = {"author": BUSINESS, "type": "conversation:read"}
    assert house.post(shop.conversation + "/activity", activity).status == 200


def test_activities_are_recorded_told_and_passed_on(house: House, shop: Shop) -> None:
    house.custom(shop.app_id, "conversation:typing", "conversation:read")
    house.post(shop.conversation + "/messages", TEXT)
    with house.client(shop.key) as client:
        api = ActivitiesApi(client)
        user = m.Author(type="user", user_id=shop.person.user_id)
        for author, kind in ((m.Author(type="business"), "typing:start"), (user, "conversation:read")):
            api.post_activity(shop.app_id, shop.person.conversation_id, m.ActivityPost(author=author, type=kind))
    events = house.rows("select type from events where conversation_id = $1 order by seq", shop.person.conversation_id)
    assert [event["type"] for event in events] == ["conversation:message", "conversation:typing", "conversation:read"]
    (participant,) = house.get(shop.conversation + "/participants").body["participants"]
    assert (participant["unreadCount"], participant["lastRead"]) == (0, "2026-03-01T09:15:02.101Z")
    assert house.post(shop.conversation + "/activity", {"author": BUSINESS, "type": "conversation:read"}).body == {}
    assert house.get(shop.conversation).body["conversation"]["businessLastRead"] == "2026-03-01T09:15:02.101Z"


def test_unsent_and_older_shapes_are_shown_as_they_were_stored(house: House, shop: Shop) -> None:
    body = {"id": "0" * 24, "received": "2026-01-01T00:00:00.000Z", "deleted": True, "later": {"key": [1]}}
    house.run(
        house.database.execute(
            "insert into messages (id, app_id, conversation_id, author_type, received, body)"
            " values ($1, $2, $3, 'user', now(), $4)",
            body["id"],
            shop.app_id,
            shop.person.conversation_id,
            body,
        )
    )
    assert house.get(shop.conversation + "/messages").body["messages"] == [body]


@pytest.mark.parametrize(
    ("name", "media_type"), [("a.m4a", "audio/mp4"), ("v.ogv", "video/ogg"), ("p.webp", "image/webp")]
)
def test_media_types_are_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch, name: str, media_type: str) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_: ("of/this-machine", None))
    assert complete({"type": "file", "mediaUrl": f"https://example.org/{name}"})["mediaType"] == media_type


def test_time_does_not_run_backwards_in_a_conversation(house: House, shop: Shop) -> None:
    try:
        house.clock.now = NOW + timedelta(seconds=5)
        first = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]
        house.clock.now = NOW + timedelta(seconds=3)  # read before the wait for the first one's transaction
        second = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]
    finally:
        house.clock.now = NOW
    assert second["received"] == first["received"]
    assert house.get(shop.conversation).body["conversation"]["lastUpdatedAt"] == first["received"]


def test_a_post_is_logged_without_its_text(house: House, shop: Shop) -> None:
    with structlog.testing.capture_logs() as logged:
        made = house.post(shop.conversation + "/messages", TEXT).body["messages"][0]
    (line,) = [line for line in logged if line["event"] == "accepted"]
    assert (
        line.items() >= {"message": made["id"], "conversation": shop.person.conversation_id, "app": shop.app_id}.items()
    )
    assert TEXT["content"]["text"] not in str(line)
