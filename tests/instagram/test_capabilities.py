"""The table of what Instagram can do: its page is up to date, and each of its rows is true."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.instagram import capabilities
from heliograph.channels.instagram.capabilities import IN, OUT, Support
from heliograph.channels.instagram.inbound import wire
from heliograph.channels.instagram.sending.render import UnsupportedContentError, render
from tests.instagram.contents import (
    URL,
    attachment,
    buttons,
    cards,
    carousel,
    file,
    item,
    link,
    postback,
    quick,
    reply,
    tap,
    text,
    web_url,
)

PAGE = Path(__file__).parents[2] / "docs" / "instagram" / "capabilities.md"

LONG = "word " * 150
BUY = {"type": "buy", "text": "Buy", "amount": 100, "currency": "USD"}
IMAGE: dict[str, Any] = {"type": "image", "mediaUrl": URL}
PICTURES = carousel(item(mediaUrl=URL), item(mediaUrl=URL))
ALBUM = {"attachments": [attachment("image")["attachment"]] * 2}
LINKED = [web_url()]

# What rows of what goes out say, as content and parts. None: refused.
SHOWN: dict[str, tuple[dict[str, Any], list[dict[str, Any]] | None]] = {
    "text": (text("Hi"), [{"text": "Hi"}]),
    "htmlText and markdownText": ({**text("Hi"), "htmlText": "<b>Hi</b>"}, [{"text": "Hi"}]),
    "reply actions": (text("?", reply("S")), [{"text": "?", "quick_replies": [quick("S")]}]),
    "link actions": (text("?", link()), [buttons("?", web_url())]),
    "webview actions": (text("?", {**link(uri="x:1"), "type": "webview", "fallback": URL}), [buttons("?", web_url())]),
    "postback actions": (text("?", postback()), [buttons("?", tap())]),
    "replies beside links": (text("?", reply("S"), link()), [{"text": f"?\nShop: {URL}", "quick_replies": [quick("S")]}]),
    "replies beside postbacks": (
        text("?", reply("S"), postback()), [buttons("?", tap()), {"text": "S", "quick_replies": [quick("S")]}],
    ),
    "buttons below a long text": (
        text(LONG, postback()), [{"text": LONG[:640].strip()}, buttons(LONG[640:].strip(), tap())],
    ),
    "buy actions": (text("?", BUY), [{"text": "?\nBuy: 1.00 USD"}]),
    "locationRequest actions": (text("?", {"type": "locationRequest", "text": "Where?"}), [{"text": "?\nWhere?"}]),
    "image": ({**IMAGE, "text": "New", "actions": [link()]}, [attachment("image"), buttons("New", web_url())]),
    "several images": (PICTURES, [ALBUM]),
    "audio": (file("audio/mp4"), [attachment("audio")]),
    "video": (file("video/mp4"), [attachment("video")]),
    "PDF": (file("application/pdf"), [attachment("file")]),
    "other files": (file("application/zip"), [{"text": URL}]),
    "carousel": (carousel(item()), [cards({"title": "Tacos", "buttons": LINKED})]),
    "a card that does not fit": (
        carousel(item("t" * 81)),
        [cards({"title": "t" * 79 + "…", "buttons": LINKED}), {"text": f"1. {'t' * 81}\nShop: {URL}"}],
    ),
    "an item without a card": (carousel(item("Tacos", BUY)), [{"text": "1. Tacos\nBuy: 1.00 USD"}]),
    "list": (carousel(item(), kind="list"), [cards({"title": "Tacos", "buttons": LINKED})]),
    "actions of a list": (
        carousel(item(), kind="list", actions=[postback()]),
        [cards({"title": "Tacos", "buttons": LINKED}), buttons("More", tap())],
    ),
    "carouselMode text": (PICTURES, [ALBUM, {"text": f"1. Tacos\nShop: {URL}\n\n2. Tacos\nShop: {URL}"}]),
    "location": (
        {"type": "location", "coordinates": {"lat": 1, "long": 2}, "location": {"name": "Café"}},
        [{"text": "Café\nhttps://maps.google.com/maps?q=1,2"}],
    ),
    "form": (
        {"type": "form", "text": "Tell us", "fields": [{"type": "text", "name": "n", "label": "Name"}]},
        [{"text": "Tell us\nName"}],
    ),
    "template": ({"type": "template", "template": {}}, None),
    "formResponse": ({"type": "formResponse"}, None),
}  # fmt: skip

# The others, by the test that shows them.
ELSEWHERE = {
    "override of any kind": "test_override_kinds.test_an_override_can_be_any_kind_of_message",
    "override: heart": "test_override_kinds.test_an_override_can_be_any_kind_of_message",
    "override: shared post": "test_override_kinds.test_an_override_can_be_any_kind_of_message",
    "override: product template": "test_override_kinds.test_an_override_can_be_any_kind_of_message",
    "reply to a message": "test_override_kinds.test_only_the_first_part_quotes",
    "written by an AI": "test_app_settings.test_what_an_ai_wrote_says_so_below",
    "stored files sent again": "test_uploads.test_a_stored_file_is_uploaded_at_its_second_send_and_then_sent_by_id",
    "typing": "test_activities.test_typing_and_reading_reach_the_person_in_order",
    "seen": "test_activities.test_typing_and_reading_reach_the_person_in_order",
    "reactions of the business": "test_reactions_out.test_a_message_of_the_person_is_reacted_to_by_our_id",
}


def message(**said: Any) -> dict[str, Any]:
    return {"timestamp": 1767272401337, "message": {"mid": "m1", **said}}


def attached(kind: str, **payload: Any) -> dict[str, Any]:
    return message(attachments=[{"type": kind, "payload": payload} if payload else {"type": kind}])


def happened(**event: Any) -> dict[str, Any]:
    return {"timestamp": 1767272401337, **event}


# What rows of what comes in are about, as items of a webhook.
ITEMS: dict[str, dict[str, Any]] = {
    "text": message(text="Hi"),
    "quick reply tapped": message(text="S", quick_reply={"payload": "P"}),
    "button tapped": happened(postback={"mid": "m1", "title": "S", "payload": "P"}),
    "picture, video, audio, file": attached("video", url=URL),
    "reply to a message": message(text="Hi", reply_to={"mid": "m0"}),
    "reply to a story": message(text="Hi", reply_to={"story": {"id": "1", "url": URL}}),
    "mention in a story": attached("story_mention", url=URL),
    "seen": happened(read={"mid": "m1"}),
    "taken back": message(is_deleted=True),
    "typed in the Instagram app": message(text="Hi", is_echo=True),
    "reaction": happened(reaction={"mid": "m1", "action": "react", "reaction": "love", "emoji": "❤️"}),
    "edited text": happened(message_edit={"mid": "m1", "text": "Ho", "num_edit": 1}),
    "ig.me link in a thread": happened(referral={"ref": "r", "source": "IG_ME", "type": "OPEN_THREAD"}),
    "ad or product that led here": message(text="Hi", referral={"product": {"id": "1"}}),
    "shared post or reel": attached("ig_post", url=URL, ig_post_media_id="1", title="t"),
    "shared story": attached("ig_story", story_media_id="1", story_media_url=URL),
    "heart": attached("like_heart"),
    "template sent elsewhere": attached("template", generic={"elements": [{"title": "t"}]}),
    "view-once media": attached("ephemeral"),
    "what only the app shows": message(is_unsupported=True),
    "thread passed or taken": happened(pass_thread_control={"new_owner_app_id": "1", "metadata": ""}),
    "comment": {"field": "comments", "value": {"id": "1", "text": "Hi"}},
}


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text() == capabilities.page(), "python -m heliograph.channels.instagram.capabilities > " + str(
        PAGE
    )


@pytest.mark.parametrize("feature", [one for one in OUT if one.name not in ELSEWHERE], ids=lambda one: one.name)
def test_out(feature: capabilities.Feature) -> None:
    content, parts = SHOWN[feature.name]
    assert (feature.support is Support.REFUSED) == (parts is None)
    if parts is None:
        with pytest.raises(UnsupportedContentError):
            render(content)
        return
    made = render(content, carousels="text" if content is PICTURES else "native")
    assert made[: len(parts)] == parts


@pytest.mark.parametrize("feature", [one for one in OUT if one.name in ELSEWHERE], ids=lambda one: one.name)
def test_out_elsewhere(feature: capabilities.Feature) -> None:
    module, _, name = ELSEWHERE[feature.name].partition(".")
    assert callable(getattr(importlib.import_module(f"tests.instagram.{module}"), name))


@pytest.mark.parametrize("feature", IN, ids=lambda one: one.name)
def test_in(feature: capabilities.Feature) -> None:
    value = ITEMS[feature.name]
    event = wire.parse("0.changes.0" if "field" in value else "0.messaging.0", value)
    assert isinstance(event, wire.NotUnderstood) == (feature.support is Support.LEFT)


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    assert [one.name for one in OUT] == [*SHOWN, *ELSEWHERE]
    assert [one.name for one in IN] == list(ITEMS)


def test_every_limit_says_what_it_is_of_and_where_it_is_from() -> None:
    for row in OUT + IN:
        assert row.source
        for limit in row.limits:
            assert limit.what
            assert limit.unit
            assert limit.source.startswith("2.")
