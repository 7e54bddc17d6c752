"""The table of what Instagram can do: its page is up to date, and each of its rows is true."""

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.instagram import capabilities, wire
from heliograph.channels.instagram.capabilities import IN, OUT, Support
from heliograph.channels.instagram.inbound import mapping
from heliograph.channels.instagram.inbound.contents import NOTICE
from heliograph.channels.instagram.sending.render import UnsupportedContentError, render
from heliograph.messaging.arrivals import (
    Arrival,
    ControlArrival,
    EditArrival,
    MessageArrival,
    PostbackArrival,
    ReactionArrival,
    ReadArrival,
    ReferralArrival,
    Route,
    UnsendArrival,
)
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


AT = datetime(2026, 1, 1, 13, 0, 1, 337000, UTC)
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"
REFERRED = "referral:6e335572294b95252a1982234faaf806"  # of our making: Meta gives such an event no mid
_HERE = (Route("app", "integration", "instagram"), "5", AT)


def becomes(*contents: dict[str, Any], **more: Any) -> MessageArrival:
    return MessageArrival(*_HERE, "m1", contents, **more)


def notice(words: str) -> dict[str, Any]:
    return text(f"{NOTICE}{words}")


# What rows of what comes in are about, as items of a webhook; what the row says of it, and what that is. None: left.
COMES: dict[str, tuple[dict[str, Any], str, Arrival | None]] = {
    "text": (message(text="Hi"), "a text message", becomes(text("Hi"))),
    "quick reply tapped": (
        message(text="S", quick_reply={"payload": "P"}), "a text message with the payload",
        becomes({**text("S"), "payload": "P"}),
    ),
    "button tapped": (
        happened(postback={"mid": "m1", "title": "S", "payload": "P"}), "conversation:postback",
        PostbackArrival(*_HERE, "m1", "S", "P"),
    ),
    "picture, video, audio, file": (
        message(attachments=[{"type": one, "payload": {"url": URL}} for one in ("image", "video", "audio", "file")]),
        "image or file messages, one for each",
        becomes(
            {"type": "image", "mediaUrl": URL, "mediaType": "image/jpeg"},
            file("video/mp4"), file("audio/mp4"), file("application/octet-stream"),
        ),
    ),
    "reply to a message": (
        message(text="Hi", reply_to={"mid": "m0"}), "the message with quotedMessage", becomes(text("Hi"), quoted_mid="m0"),
    ),
    "reply to a story": (
        message(text="Hi", reply_to={"story": {"id": "1", "url": URL}}), "a text message, the story in its metadata",
        becomes(text("Hi"), metadata={"instagram.storyId": "1", "instagram.storyUrl": URL}),
    ),
    "mention in a story": (
        attached("story_mention", url=URL), "conversation:referral",
        ReferralArrival(*_HERE, "m1", {
            "code": URL, "url": URL, "details": {"source": "INSTAGRAM", "type": "STORY_MENTION"}, "messageId": "m1",
        }),
    ),
    "seen": (
        happened(read={"mid": "m1"}), "conversation:read, and delivery:user of what was seen", ReadArrival(*_HERE),
    ),
    "taken back": (message(is_deleted=True), "the message is blanked", UnsendArrival(*_HERE, "m1")),
    "typed in the Instagram app": (
        message(text="Hi", is_echo=True), "a message of the business", becomes(text("Hi"), author="business"),
    ),
    "reaction": (
        happened(reaction={"mid": "m1", "action": "react", "reaction": "love", "emoji": "❤️"}),
        "reactions of the message, and conversation:message:reaction", ReactionArrival(*_HERE, "m1", "❤️", "love"),
    ),
    "edited text": (
        happened(message_edit={"mid": "m1", "text": "Ho", "num_edit": 1}),
        "the message's text, and conversation:message:edited", EditArrival(*_HERE, "m1", "Ho", 1),
    ),
    "ig.me link in a thread": (
        happened(referral={"ref": "r", "source": "IG_ME", "type": "OPEN_THREAD"}), "conversation:referral",
        ReferralArrival(
            *_HERE, REFERRED, {"code": "r", "details": {"source": "IG_ME", "type": "OPEN_THREAD"}}, acts=False
        ),
    ),
    "ad or product that led here": (
        message(text="Hi", referral={"product": {"id": "1"}}), "conversation:referral, then the message",
        becomes(text("Hi"), referral={"details": {"productId": "1"}}),
    ),
    "shared post or reel": (
        attached("ig_post", url=CDN, ig_post_media_id="1", title="t"), "an image or file message with its caption",
        becomes(
            {"type": "file", "mediaUrl": CDN, "mediaType": "application/octet-stream", "text": f"{NOTICE}shared a post] t"},
            metadata={"instagram.shared": "ig_post", "instagram.postId": "1"},
        ),
    ),
    "shared story": (
        attached("ig_story", story_media_id="1", story_media_url=URL), "a text with its link",
        becomes(notice(f"shared a story]\n{URL}"), metadata={
            "instagram.shared": "ig_story", "instagram.storyId": "1", "instagram.storyUrl": URL,
        }),
    ),
    "heart": (attached("like_heart"), "a text: the heart", becomes(text("❤️"))),
    "template sent elsewhere": (
        attached("template", generic={"elements": [{"title": "t"}]}), "a carousel, or a text with actions",
        becomes({"type": "carousel", "items": [{"title": "t", "actions": []}]}),
    ),
    "view-once media": (
        attached("ephemeral"), "a text that says so",
        becomes(
            notice("sent a photo or video to be viewed once, in the Instagram app only]"),
            metadata={"instagram.notShown": "ephemeral"},
        ),
    ),
    "what only the app shows": (
        message(is_unsupported=True), "a text that says so; kept as it came",
        becomes(
            notice("sent something that only the Instagram app shows]"), metadata={"instagram.notShown": "unsupported"}
        ),
    ),
    "thread passed or taken": (
        happened(pass_thread_control={"new_owner_app_id": "1", "metadata": ""}), "conversation:thread:control",
        ControlArrival(*_HERE, f"control:{AT.timestamp():.3f}:pass:1", "passed", "1"),
    ),
    "comment": ({"field": "comments", "value": {"id": "1", "text": "Hi"}}, "", None),
}  # fmt: skip


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
    value, how, expected = COMES[feature.name]
    assert feature.how == how
    event = wire.parse("0.changes.0" if "field" in value else "0.messaging.0", value)
    if expected is None:
        assert (feature.support, type(event)) == (Support.LEFT, wire.NotUnderstood)
        return
    route, person, _ = _HERE
    assert mapping.arrival(event, route, person) == expected
    # What stands for something else is a text that says what it was.
    said = expected.contents if isinstance(expected, MessageArrival) else ()
    stands_in = any(one["type"] == "text" and one["text"].startswith(NOTICE) for one in said)
    assert feature.support is (Support.FALLBACK if stands_in else Support.NATIVE)


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    assert [one.name for one in OUT] == [*SHOWN, *ELSEWHERE]
    assert [one.name for one in IN] == list(COMES)


def test_every_limit_says_what_it_is_of_and_where_it_is_from() -> None:
    for row in OUT + IN:
        assert row.source
        for limit in row.limits:
            assert limit.what
            assert limit.unit
            assert limit.source.startswith("2.")
