"""Cards, buttons and pictures by the official client, as they stand on the customer's phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from sunshine_conversations_client import ApiClient, Configuration
from sunshine_conversations_client import model as m
from sunshine_conversations_client.api import AttachmentsApi

from tests.e2e.stack import Stack, stack, wait_for
from tests.support import open_directory

PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
WEBP = b"RIFF\0\0\0\0WEBP" + bytes(500)
SHOP = "https://shop.example/tacos"


@pytest.fixture(scope="module")
def house(database_url: str) -> Iterator[Stack]:
    """One installation for this module, to which a customer has written."""
    with open_directory() as directory, stack(database_url, directory) as made:
        made.customer_says("What do you have?")
        wait_for(lambda: made.target.of("conversation:message"))
        yield made


def conversation(house: Stack) -> str:
    return str(house.target.of("conversation:message")[0]["conversation"]["id"])


def post(house: Stack, content: Any) -> dict[str, Any]:
    """Post with the official client; how its delivery ended."""
    body = m.MessagePost(author=m.Author(type="business"), content=m.Content(content))
    message = house.messages.post_message(house.app_id, conversation(house), body).messages[0].id

    def told() -> dict[str, Any] | None:
        kinds = ("channel", "failure")
        events = [event for event in list(house.target.events) if event["type"].rpartition(":")[2] in kinds]
        return next((event for event in events if event["payload"]["message"]["id"] == message), None)

    event = dict(wait_for(told))
    return {"ended": event["type"].rpartition(":")[2], **event["payload"]}


def upload(house: Stack, name: str, data: bytes) -> str:
    setup = Configuration(host=house.server.url, username=house.key["id"], password=house.key["secret"])
    with ApiClient(setup) as client:
        made = AttachmentsApi(client).upload_attachment(house.app_id, "public", (name, data), var_for="message")
    return str(made.attachment.media_url)


def said(house: Stack) -> list[dict[str, Any]]:
    return [one for one in house.phone() if one["from"] == "business"]


def tacos(**more: Any) -> m.Item:
    actions = [
        m.ActionSubset(m.Link(type="link", text="Look", uri=SHOP, default=True)),
        m.ActionSubset(m.Postback(type="postback", text="Order", payload="ORDER")),
    ]
    return m.Item(title="Tacos", description="Three of them", actions=actions, **more)


def test_a_carousel_stands_on_the_phone_as_cards_with_buttons(house: Stack) -> None:
    told = post(house, m.CarouselMessage(type="carousel", items=[tacos(media_url="https://shop.example/t.png")]))
    shown = said(house)[-1]
    assert told["externalMessages"] == [{"id": shown["mid"]}]
    assert shown["template"] == {
        "template_type": "generic",
        "elements": [
            {
                "title": "Tacos",
                "subtitle": "Three of them",
                "image_url": "https://shop.example/t.png",
                "default_action": {"type": "web_url", "url": SHOP},
                "buttons": [
                    {"type": "web_url", "url": SHOP, "title": "Look"},
                    {"type": "postback", "payload": "ORDER", "title": "Order"},
                ],
            }
        ],
    }


def test_the_same_stored_picture_is_sent_by_meta_s_copy_from_the_second_time_on(house: Stack) -> None:
    url = upload(house, "shoe.png", PNG)
    for _ in range(3):
        assert post(house, m.ImageMessage(type="image", media_url=url))["ended"] == "channel"
    pictures = [one["attachments"][0]["url"].partition("asset_id=")[2].partition("&")[0] for one in said(house)[-3:]]
    assert len(pictures) == 3
    assert pictures[0] != pictures[1] == pictures[2]


def test_pictures_of_a_carousel_as_text_are_one_message(house: Stack) -> None:
    path = f"/v2/apps/{house.app_id}/integrations/{house.integration['id']}"
    house.api("PATCH", path, {"carouselMode": "text"})
    try:
        items = [tacos(media_url=upload(house, name, PNG)) for name in ("a.png", "b.png")]
        assert post(house, m.CarouselMessage(type="carousel", items=items))["ended"] == "channel"
    finally:
        house.api("PATCH", path, {"carouselMode": "native"})
    album, text = said(house)[-2:]
    assert [one["type"] for one in album["attachments"]] == ["image", "image"]
    assert text["text"].startswith(f"1. Tacos\nThree of them\nLook: {SHOP}\nOrder\n\n2. Tacos")


def test_a_stored_picture_that_instagram_cannot_show_fails_at_once_and_says_why(house: Stack) -> None:
    before = len(said(house))
    told = post(house, m.ImageMessage(type="image", media_url=upload(house, "shoe.webp", WEBP)))
    assert told["ended"] == "failure"
    assert told["error"]["code"] == "media_rejected"
    assert "image/webp" in told["error"]["message"]
    assert len(said(house)) == before
