"""Instagram's events in Sunshine's terms (Sunshine reference 5.3, 5.4). Pure; the one place for these choices."""

from dataclasses import replace
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.messaging.arrivals import (
    Arrival,
    MessageArrival,
    PostbackArrival,
    ReadArrival,
    ReferralArrival,
    Route,
    UnsendArrival,
)

# What Meta's CDN serves for each kind of attachment. The link itself carries no type.
_MEDIA_TYPE = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mp4",
    "file": "application/octet-stream",
}


def arrival(event: wire.Event, route: Route, person: str) -> Arrival:
    """The arrival that an understood event is."""
    match event:
        case wire.Message():
            return MessageArrival(
                route,
                person,
                event.at,
                event.mid,
                contents(event),
                "business" if event.echo else "user",
                _story_metadata(event.story),
                event.quoted_mid,
            )
        case wire.StoryMention():
            return ReferralArrival(route, person, event.at, event.mid, mention(event))
        case wire.Postback():
            return PostbackArrival(route, person, event.at, event.mid, event.title, event.payload)
        case wire.Read():
            return ReadArrival(route, person, event.at)
        case wire.Unsend():
            return UnsendArrival(route, person, event.at, event.mid)
    raise AssertionError(f"no arrival for {event}")


def backfilled(arrival: Arrival) -> Arrival:
    """The same, marked as brought in from Meta's Conversations API because no webhook told of it."""
    if not isinstance(arrival, MessageArrival):
        return arrival
    return replace(arrival, metadata={**(arrival.metadata or {}), "instagram.backfilled": True})


def contents(message: wire.Message) -> tuple[dict[str, Any], ...]:
    """One content for a text, one for each attachment; a text beside a first attachment is its caption."""
    text: dict[str, Any] = {"text": message.text} if message.text else {}
    if message.quick_reply is not None:
        text["payload"] = message.quick_reply
    if not message.attachments:
        return ({"type": "text", **text},)
    made = [
        {
            "type": "image" if attachment.type == "image" else "file",
            "mediaUrl": attachment.url,
            "mediaType": _MEDIA_TYPE[attachment.type],
        }
        for attachment in message.attachments
    ]
    made[0] |= text
    return tuple(made)


def mention(event: wire.StoryMention) -> dict[str, Any]:
    """A story mention as a referral: the link to the story is its code (Sunshine reference 5.4)."""
    return {
        "code": event.url,
        "details": {"source": "INSTAGRAM", "type": "STORY_MENTION"},
        "url": event.url,
        "messageId": event.mid,
    }


def _story_metadata(story: wire.Story | None) -> dict[str, Any] | None:
    """Which story a reply answers, as flat metadata: all that the wire's message has room for."""
    if story is None:
        return None
    fields = {"instagram.storyId": story.id, "instagram.storyUrl": story.url}
    return {name: value for name, value in fields.items() if value}
