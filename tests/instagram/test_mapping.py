"""Instagram's events in Sunshine's terms: one row for each choice of the reference (Sunshine 5.3, 5.4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound import mapping
from heliograph.messaging.arrivals import (
    MessageArrival,
    PostbackArrival,
    ReadArrival,
    ReferralArrival,
    Route,
    UnsendArrival,
)

AT = datetime(2026, 1, 1, 13, 0, 1, 337000, UTC)
ROUTE = Route("app", "integration", "instagram")


def arrived(event: wire.Event) -> Any:
    return mapping.arrival(event, ROUTE, "5846102938471625")


def picture(number: int) -> wire.Attachment:
    return wire.Attachment("image", f"https://cdn/{number}")


def image(number: int, **more: str) -> dict[str, str]:
    return {"type": "image", "mediaUrl": f"https://cdn/{number}", "mediaType": "image/jpeg", **more}


@pytest.mark.parametrize(
    ("message", "contents"),
    [
        (wire.Message(AT, "m", "hi"), [{"type": "text", "text": "hi"}]),
        (wire.Message(AT, "m", "Yes", quick_reply="Y"), [{"type": "text", "text": "Yes", "payload": "Y"}]),
        (wire.Message(AT, "m", "Yes", quick_reply=""), [{"type": "text", "text": "Yes", "payload": ""}]),
        (wire.Message(AT, "m", "", (picture(1),)), [image(1)]),
        (wire.Message(AT, "m", "look", (picture(1),)), [image(1, text="look")]),
        (wire.Message(AT, "m", "look", (picture(1), picture(2))), [image(1, text="look"), image(2)]),
        (
            wire.Message(AT, "m", "", tuple(wire.Attachment(kind, kind) for kind in ("video", "audio", "file"))),
            [
                {"type": "file", "mediaUrl": "video", "mediaType": "video/mp4"},
                {"type": "file", "mediaUrl": "audio", "mediaType": "audio/mp4"},
                {"type": "file", "mediaUrl": "file", "mediaType": "application/octet-stream"},
            ],
        ),
    ],
)
def test_a_message_becomes_one_content_for_its_text_or_for_each_attachment(
    message: wire.Message, contents: list[dict[str, Any]]
) -> None:
    assert arrived(message) == MessageArrival(ROUTE, "5846102938471625", AT, "m", tuple(contents))


def test_every_kind_of_media_that_is_understood_has_a_media_type() -> None:
    for kind in wire.MEDIA_TYPES:
        (content,) = mapping.contents(wire.Message(AT, "m", "", (wire.Attachment(kind, "u"),)))
        assert "/" in content["mediaType"]


def test_an_echo_is_the_business_speaking() -> None:
    assert arrived(wire.Message(AT, "m", "hi", echo=True)).author == "business"
    assert arrived(wire.Message(AT, "m", "hi")).author == "user"


@pytest.mark.parametrize(
    ("story", "metadata"),
    [
        (wire.Story("18", "https://cdn/s"), {"instagram.storyId": "18", "instagram.storyUrl": "https://cdn/s"}),
        (wire.Story("", "https://cdn/s"), {"instagram.storyUrl": "https://cdn/s"}),
        (wire.Story("18", ""), {"instagram.storyId": "18"}),
        (None, None),
    ],
)
def test_a_story_that_is_answered_stands_in_flat_metadata(story: wire.Story | None, metadata: Any) -> None:
    assert arrived(wire.Message(AT, "m", "hi", story=story)).metadata == metadata


def test_a_quoted_message_keeps_its_external_id() -> None:
    assert arrived(wire.Message(AT, "m", "hi", quoted_mid="m0")).quoted_mid == "m0"


def test_a_story_mention_is_a_referral_whose_code_is_the_link() -> None:
    arrival = arrived(wire.StoryMention(AT, "m", "https://cdn/s"))
    assert isinstance(arrival, ReferralArrival)
    assert (arrival.mid, arrival.at) == ("m", AT)
    assert arrival.referral == {
        "code": "https://cdn/s",
        "details": {"source": "INSTAGRAM", "type": "STORY_MENTION"},
        "url": "https://cdn/s",
        "messageId": "m",
    }


def test_the_rest_keeps_its_name() -> None:
    who = (ROUTE, "5846102938471625", AT)
    assert arrived(wire.Postback(AT, "m", "Help", "HELP")) == PostbackArrival(*who, "m", "Help", "HELP")
    assert arrived(wire.Read(AT, "m")) == ReadArrival(*who)
    assert arrived(wire.Unsend(AT, "m")) == UnsendArrival(*who, "m")


def test_what_is_not_understood_is_never_mapped() -> None:
    with pytest.raises(AssertionError, match="no arrival"):
        arrived(wire.NotUnderstood("shape"))


def test_what_backfill_brings_in_is_marked_where_it_is_seen() -> None:
    said = mapping.backfilled(arrived(wire.Message(AT, "m", "hi", story=wire.Story("7", "https://cdn/s"))))
    assert isinstance(said, MessageArrival)
    marked = {"instagram.storyId": "7", "instagram.storyUrl": "https://cdn/s", "instagram.backfilled": True}
    assert said.metadata == marked
    mentioned = arrived(wire.StoryMention(AT, "m", "https://cdn/s"))
    found = mapping.backfilled(mentioned)
    assert isinstance(found, ReferralArrival)
    details = {"source": "INSTAGRAM", "type": "STORY_MENTION"}
    assert found.referral == {**mentioned.referral, "details": {**details, "backfilled": True}}
    assert mentioned.referral["details"] == details, "the webhook's own stays as it is"
    taken_back = arrived(wire.Unsend(AT, "m"))
    assert mapping.backfilled(taken_back) == taken_back
