"""What can be posted, field by field: contents, destinations, overrides, references, authors; and what is refused."""

from typing import Any

import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import MessagesApi

from tests.api.conftest import Shop
from tests.api.house import Answer, House
from tests.api.operations import BUSINESS, TEXT

LINK = {"type": "link", "text": "Site", "uri": "https://a.example"}
ITEM = {"title": "Tacos", "actions": [LINK]}
FIELD = {"type": "text", "name": "a", "label": "A"}
SELECT = {"type": "select", "name": "s", "label": "S"}
OPTION = {"name": "a", "label": "A"}
PLACE = {"lat": 45.5, "long": -73.6}
URL = "https://a.example/x.png"


def post(house: House, shop: Shop, body: dict[str, Any]) -> Answer:
    return house.post(shop.conversation + "/messages", body)


def content(house: House, shop: Shop, **content: Any) -> Answer:
    return post(house, shop, {"author": BUSINESS, "content": content})


# Contents -----------------------------------------------------------------------------------------------------

ACCEPTED: list[dict[str, Any]] = [
    {"type": "text", "text": "x", "blockChatInput": True},
    {"type": "text", "text": "x" * 4096, "payload": "P"},
    {"type": "image", "mediaUrl": URL, "blockChatInput": True, "attachmentId": "a"},
    {"type": "file", "mediaUrl": URL, "altText": "x" * 128, "blockChatInput": False},
    {
        "type": "carousel",
        "items": [ITEM] * 10,
        "displaySettings": {"imageAspectRatio": "square"},
        "blockChatInput": True,
    },
    {"type": "list", "items": [ITEM], "actions": [LINK] * 10, "blockChatInput": True},
    {"type": "location", "coordinates": {"lat": 0, "long": 0}, "location": {"name": "Null Island"}},
    {"type": "form", "fields": [{**FIELD, "format": "decimal", "minSize": 1, "maxSize": 256}], "text": "Please"},
    {"type": "form", "fields": [{**SELECT, "options": [OPTION, {"name": "b", "label": "A"}]}], "blockChatInput": True},
    {"type": "template", "template": {"name": "hello"}},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"type": "text", "text": "x" * 4097}, "content.text must have at most 4096"),
    ({"type": "text"}, "text is required unless"),
    ({"type": "text", "htmlText": "a", "markdownText": "b"}, "htmlText and markdownText exclude each other"),
    ({"type": "text", "markdownText": "*a* " * 1000}, "content.markdownText becomes htmlText of more than 4096"),
    ({"type": "text", "text": "x", "blockChatInput": "yes"}, "content.blockChatInput must be true or false"),
    ({"type": "image"}, "'content.mediaUrl'"),
    ({"type": "image", "mediaUrl": "ftp://a/b"}, "content.mediaUrl must be an http or https URL"),
    ({"type": "image", "mediaUrl": URL, "altText": "x" * 129}, "content.altText"),
    ({"type": "file", "mediaUrl": "a.png"}, "content.mediaUrl"),
    ({"type": "carousel", "items": []}, "content.items must have at least 1"),
    ({"type": "carousel", "items": [ITEM] * 11}, "content.items must have at most 10"),
    ({"type": "carousel", "items": [{**ITEM, "title": ""}]}, "content.items[0].title"),
    ({"type": "carousel", "items": [{**ITEM, "actions": []}]}, "content.items[0].actions must have at least 1"),
    ({"type": "carousel", "items": [{**ITEM, "actions": [LINK] * 4}]}, "content.items[0].actions must have at most 3"),
    ({"type": "carousel", "items": [{**ITEM, "actions": [{**LINK, "type": "reply"}]}]}, "actions[0].type"),
    ({"type": "carousel", "items": [{**ITEM, "size": "huge"}]}, "content.items[0].size must be one of compact, large"),
    ({"type": "carousel", "items": [ITEM], "displaySettings": {"imageAspectRatio": "round"}}, "imageAspectRatio"),
    ({"type": "list", "items": [ITEM], "actions": []}, "content.actions must have at least 1"),
    ({"type": "list", "items": [ITEM], "actions": [LINK] * 11}, "content.actions must have at most 10"),
    ({"type": "location", "coordinates": {"lat": 1}}, "'content.coordinates.long'"),
    ({"type": "location", "coordinates": {**PLACE, "lat": "1"}}, "content.coordinates.lat must be a number"),
    ({"type": "form", "fields": []}, "content.fields must have at least 1"),
    ({"type": "form", "fields": [{**FIELD, "name": str(n)} for n in range(21)]}, "content.fields must have at most 20"),
    ({"type": "form", "fields": [{**FIELD, "type": "date"}]}, "content.fields[0].type"),
    ({"type": "form", "fields": [{**FIELD, "minSize": 0}]}, "content.fields[0].minSize must be at least 1"),
    ({"type": "form", "fields": [{**FIELD, "maxSize": 257}]}, "content.fields[0].maxSize must be at most 256"),
    ({"type": "form", "fields": [{**SELECT, "options": [OPTION] * 2}]}, "options must have names that differ"),
    ({"type": "form", "fields": [{**FIELD, "label": ""}]}, "content.fields[0].label"),
    ({"type": "formResponse", "fields": [{**FIELD, "text": "x"}]}, "type must not be formResponse"),
    ({"type": "template"}, "'content.template'"),
    ({"type": "poll"}, "content.type must be one of carousel, file, form"),
    ({}, "content.type"),
]  # fmt: skip


@pytest.mark.parametrize("given", ACCEPTED, ids=lambda given: given["type"])
def test_a_legal_content_is_stored_as_it_was_given(house: House, shop: Shop, given: dict[str, Any]) -> None:
    answer = content(house, shop, **given)
    assert answer.status == 201, answer.body
    stored = answer.body["messages"][0]["content"]
    assert {name: stored[name] for name in given} == given
    with house.client(shop.key) as client:
        (message,) = MessagesApi(client).list_messages(shop.app_id, shop.person.conversation_id).messages
    assert message.content.actual_instance.type == given["type"]


@pytest.mark.parametrize(("given", "title"), REFUSED)
def test_an_illegal_content_is_refused_by_name(house: House, shop: Shop, given: dict[str, Any], title: str) -> None:
    answer = content(house, shop, **given)
    assert answer.status == 400
    assert any(title in error["title"] for error in answer.body["errors"]), answer.body
    assert house.get(shop.conversation + "/messages").body["messages"] == []


def test_a_form_response_is_refused_whoever_writes(house: House, shop: Shop) -> None:
    author = {"type": "user", "userId": shop.person.user_id}
    answer = post(house, shop, {"author": author, "content": {"type": "formResponse", "fields": [FIELD]}})
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert "cannot be sent by the API" in answer.error["title"]


@pytest.mark.parametrize("name", ["received", "id", "source", "deleted"])
def test_what_the_server_makes_cannot_be_given(house: House, shop: Shop, name: str) -> None:
    answer = post(house, shop, {**TEXT, name: "2001-01-01T00:00:00.000Z"})
    assert answer.status == 201
    assert answer.body["messages"][0].get(name) != "2001-01-01T00:00:00.000Z"


# Where it goes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "title"),
    [
        ({"integrationId": "0" * 24}, "destination.integrationId is not possible"),
        ({"integrationType": "telegram"}, "destination.integrationType is not possible"),
        ({"integrationType": ""}, "destination.integrationType is not possible"),
        ({"integrationType": "instagram", "integrationId": "0" * 24}, "exclude each other"),
        ({"integrationType": 7}, "destination.integrationType must be a string"),
        ("instagram", "destination must be an object"),
    ],
)  # fmt: skip
def test_a_destination_without_a_client_is_refused(house: House, shop: Shop, destination: Any, title: str) -> None:
    answer = post(house, shop, {**TEXT, "destination": destination})
    assert answer.status == 400
    assert title in answer.error["title"]


def test_another_integration_of_the_app_is_no_destination_either(house: House, shop: Shop) -> None:
    answer = post(house, shop, {**TEXT, "destination": {"integrationId": house.connected(shop.app_id)}})
    assert (answer.status, "no such client" in answer.error["title"]) == (400, True)


@pytest.mark.parametrize("destination", [{"integrationType": "instagram"}, {"integrationType": "none"}])
def test_only_a_business_has_a_destination(house: House, shop: Shop, destination: dict[str, str]) -> None:
    author = {"type": "user", "userId": shop.person.user_id}
    answer = post(house, shop, {**TEXT, "author": author, "destination": destination})
    assert answer.status == 400
    assert "destination.integrationType is possible only when author.type is business" in answer.error["title"]
    assert post(house, shop, {**TEXT, "author": author, "destination": {}}).status == 201


@pytest.mark.parametrize("destination", [{"integrationType": "instagram"}, {"integrationType": "none"}])
def test_a_group_has_no_destination(house: House, shop: Shop, destination: dict[str, str]) -> None:
    conversation = shop.person.conversation_id
    house.run(house.database.execute("update conversations set type = 'sdkGroup' where id = $1", conversation))
    answer = post(house, shop, {**TEXT, "destination": destination})
    assert (answer.status, "type personal only" in answer.error["title"]) == (400, True)
    assert post(house, shop, TEXT).status == 201


# Overrides, references, metadata ------------------------------------------------------------------------------

PAYLOAD = {"text": "Hi", "quick_replies": [{"content_type": "user_email", "x": None}]}


def test_an_override_is_kept_for_its_channel_and_not_shown(house: House, shop: Shop) -> None:
    override = {
        "instagram": {"payload": PAYLOAD},
        "whatsapp": {"payload": {"a": 1}},
        "apple": {"withCapabilities": ["LIST"]},
    }
    answer = post(house, shop, {**TEXT, "override": override})
    assert answer.status == 201, answer.body
    (message,) = answer.body["messages"]
    assert "override" not in message
    assert house.get(shop.conversation + "/messages").body["messages"] == [message]
    (row,) = house.rows("select override from messages where id = $1", message["id"])
    assert row["override"] == {"instagram": {"payload": PAYLOAD}, "whatsapp": {"payload": {"a": 1}}}


@pytest.mark.parametrize("override", [None, {}, {"telegram": 7}, {"instagram": {}}, {"instagram": {"payload": {}}}])
def test_an_override_without_anything_is_none(house: House, shop: Shop, override: Any) -> None:
    answer = post(house, shop, {**TEXT, "override": override})
    assert answer.status == 201, answer.body
    assert [row["override"] for row in house.rows("select override from messages where app_id = $1", shop.app_id)] == [
        None
    ]


@pytest.mark.parametrize(
    ("override", "title"),
    [
        ([], "override must be an object"),
        ({"instagram": 7}, "override.instagram must be an object"),
        ({"messenger": {"payload": "hi"}}, "override.messenger.payload must be an object"),
        (
            {"apple": {"payload": {}, "withCapabilities": ["FLY"]}},
            "override.apple.withCapabilities[0] must be one of LIST",
        ),
    ],
)
def test_an_override_that_is_none_of_the_wires_is_refused(house: House, shop: Shop, override: Any, title: str) -> None:
    answer = post(house, shop, {**TEXT, "override": override})
    assert answer.status == 400
    assert title in answer.error["title"]


def test_references_are_stored_told_and_shown(house: House, shop: Shop) -> None:
    house.custom(shop.app_id, "conversation:message")
    references = [
        {"uri": "https://a.example/1", "title": "One", "description": "The first"},
        {"uri": "https://a.example/2"},
    ]
    (message,) = post(house, shop, {**TEXT, "references": references}).body["messages"]
    assert message["references"] == references
    with house.client(shop.key) as client:
        (shown,) = MessagesApi(client).list_messages(shop.app_id, shop.person.conversation_id).messages
    assert shown.id == message["id"]
    (event,) = house.rows("select body::json -> 'payload' as payload from events where app_id = $1", shop.app_id)
    assert event["payload"]["message"]["references"] == references


@pytest.mark.parametrize(
    ("references", "title"),
    [
        ([], "references must have at least 1"),
        ([{"uri": "https://a.example"}] * 11, "references must have at most 10"),
        ([{"title": "a"}], "'references[0].uri'"),
        ([{"uri": "x" * 2049}], "references[0].uri"),
        ([{"uri": "https://a.example", "title": "x" * 129}], "references[0].title"),
        ([{"uri": "https://a.example", "description": ""}], "references[0].description"),
    ],
)
def test_references_have_limits(house: House, shop: Shop, references: Any, title: str) -> None:
    answer = post(house, shop, {**TEXT, "references": references})
    assert answer.status == 400
    assert title in answer.error["title"]


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (None, 201),
        ({"a": "x", "b": 1, "c": 1.5, "d": True}, 201),
        ({"a": "x" * 4088}, 201),
        ({"a": "x" * 4089}, 400),
        ({"a": None}, 400),
        ({"a": {"b": 1}}, 400),
        ([], 400),
    ],
)  # fmt: skip
def test_metadata_is_flat_and_small(house: House, shop: Shop, metadata: Any, status: int) -> None:
    answer = post(house, shop, {**TEXT, "metadata": metadata})
    assert answer.status == status, answer.body
    if status == 201:
        assert answer.body["messages"][0].get("metadata") == metadata


# Who writes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "title"),
    [
        ({"type": "business", "subtypes": ["activity"]}, "author.subtypes[0] must be one of AI, agent, bot"),
        ({"type": "business", "subtypes": ["AI", "AI"]}, "author.subtypes must have at most 1"),
        ({"type": "user"}, "exactly one of userId, userExternalId"),
        ({"type": "robot"}, "author.type must be one of business, user"),
        ({"type": "business", "avatarUrl": "me.png"}, "author.avatarUrl must be an absolute URI"),
    ],
)
def test_an_illegal_author_is_refused(house: House, shop: Shop, author: dict[str, Any], title: str) -> None:
    answer = post(house, shop, {**TEXT, "author": author})
    assert answer.status == 400
    assert title in answer.error["title"]


def test_what_an_ai_wrote_says_so_in_its_author_and_keeps_its_text(house: House, shop: Shop) -> None:
    with house.client(shop.key) as client:
        body = m.MessagePost(
            author=m.Author(type="business", subtypes=["AI"]), content=m.Content(m.TextMessage(type="text", text="Hi"))
        )
        (message,) = MessagesApi(client).post_message(shop.app_id, shop.person.conversation_id, body).messages
    assert message.author.subtypes == ["AI"]
    assert message.content.actual_instance.text == "Hi"


# Deleting -----------------------------------------------------------------------------------------------------


def test_what_is_deleted_leaves_nothing_of_its_content(house: House, shop: Shop) -> None:
    """Also in the send ledger, once the message is sent or failed; a part that is with Meta stays until then."""
    ids = [post(house, shop, TEXT).body["messages"][0]["id"] for _ in range(4)]
    states = ["sent", "failed", "pending", "sent"]
    ledger = "insert into {} (message_id, app_id, integration_id, client_id, state, {}) values ($1, '', '', '', $2, {})"
    for message, state in zip(ids, states, strict=True):
        for table, names, values in (
            ("sends", "conversation_id, parts", "'', 1"),
            ("send_parts", "part, request", "1, '{}'"),
        ):
            house.run(house.database.execute(ledger.format(table, names, values), message, state))
    assert house.delete(f"{shop.conversation}/messages/{ids[0]}").body == {}

    def left(table: str) -> set[str]:
        return {
            row["message_id"] for row in house.rows(f"select message_id from {table} where message_id = any ($1)", ids)
        }

    assert left("sends") == left("send_parts") == set(ids[1:])
    assert [message["id"] for message in house.get(shop.conversation + "/messages").body["messages"]] == ids[1:]
    assert house.delete(shop.conversation + "/messages").body == {}
    assert left("sends") == left("send_parts") == {ids[2]}
    assert house.get(shop.conversation + "/messages").body["messages"] == []
    answer = house.delete(f"{shop.conversation}/messages/{ids[0]}")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    (row,) = house.rows("select message_count from conversations where id = $1", shop.person.conversation_id)
    assert row["message_count"] == 0


def test_a_page_of_messages_is_always_a_hundred(house: House, shop: Shop) -> None:
    insert = """insert into messages (id, app_id, conversation_id, author_type, received, body)
        select lpad(to_hex(n), 24, '0'), $1, $2, 'business', now(), json_build_object('id', lpad(to_hex(n), 24, '0'))
        from generate_series(1, 150) n"""
    house.run(house.database.execute(insert, shop.app_id, shop.person.conversation_id))
    path = shop.conversation + "/messages"
    last = house.get(path + "?page[size]=2").body
    numbers = [int(message["id"], 16) for message in last["messages"]]
    assert numbers == list(range(51, 151))
    assert last["meta"] == {"hasMore": True, "beforeCursor": last["messages"][0]["id"]}
    first = house.get(f"{path}?page[before]={last['meta']['beforeCursor']}").body
    assert [int(message["id"], 16) for message in first["messages"]] == list(range(1, 51))
    assert first["meta"] == {"hasMore": False, "afterCursor": first["messages"][-1]["id"]}
    assert house.get(f"{path}?page[after]={first['meta']['afterCursor']}").body["messages"] == last["messages"]
