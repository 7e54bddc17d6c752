"""Instagram's events in Sunshine's terms (Sunshine reference 5.3, 5.4). Pure; the one place for these choices.

What a message carries is the matter of `contents`, beside this.
"""

from dataclasses import replace
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound.contents import contents, metadata, raw
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

__all__ = ["arrival", "contents", "mention", "referral"]

_CHANGES = {"pass": "passed", "take": "taken", "request": "requested"}


def arrival(event: wire.Event, route: Route, person: str, own_app: str = "", *, standby: bool = False) -> Arrival:
    """The arrival that an understood event is.

    ``own_app``: the Facebook app that heard of it. ``standby``: it was told in passing, as another app owns the thread.
    """
    match event:
        case wire.Message():
            return MessageArrival(
                route,
                person,
                event.at,
                event.mid,
                contents(event),
                "business" if event.echo else "user",
                metadata(event, standby=standby),
                event.quoted_mid,
                None if event.referral is None or event.echo else referral(event.referral),
                raw(event),
                standby,
            )
        case wire.StoryMention():
            return ReferralArrival(route, person, event.at, event.mid, mention(event))
        case wire.Postback():
            came = None if event.referral is None else referral(event.referral)
            return PostbackArrival(route, person, event.at, event.mid, event.title, event.payload, came, standby)
        case wire.Referred():
            # To follow a link is not among the actions that open the window (Meta reference 2.3).
            return ReferralArrival(route, person, event.at, event.mid, referral(event.referral), acts=False)
        case wire.Reaction():
            by_user = event.sender in ("", person)
            return ReactionArrival(
                route, person, event.at, event.mid, event.emoji, event.reaction, "user" if by_user else "business"
            )
        case wire.Edit():
            return EditArrival(route, person, event.at, event.mid, event.text, event.number)
        case wire.Read():
            return ReadArrival(route, person, event.at)
        case wire.Unsend():
            return UnsendArrival(route, person, event.at, event.mid)
        case wire.ThreadControl():
            return ControlArrival(
                route,
                person,
                event.at,
                f"control:{event.at.timestamp():.3f}:{event.change}:{event.owner}",
                _CHANGES[event.change],
                event.owner,
                event.previous,
                event.metadata,
                own=bool(own_app) and event.owner == own_app,
            )
    raise AssertionError(f"no arrival for {event}")


def backfilled(arrival: Arrival) -> Arrival:
    """The same, marked as brought in from Meta's Conversations API because no webhook told of it.

    A message in its metadata, a mention in the details of its referral: there is no message to mark.
    """
    match arrival:
        case MessageArrival():
            return replace(arrival, metadata={**(arrival.metadata or {}), "instagram.backfilled": True})
        case ReferralArrival():
            details = {**arrival.referral.get("details", {}), "backfilled": True}
            return replace(arrival, referral={**arrival.referral, "details": details})
    return arrival


def mention(event: wire.StoryMention) -> dict[str, Any]:
    """A story mention as a referral: the link to the story is its code (Sunshine reference 5.4)."""
    return {
        "code": event.url,
        "details": {"source": "INSTAGRAM", "type": "STORY_MENTION"} | ({"storyId": event.id} if event.id else {}),
        "url": event.url,
        "messageId": event.mid,
    }


def referral(came: wire.Referral) -> dict[str, Any]:
    """A link, an ad or a product that led to the conversation (Sunshine reference 5.4), with all that Meta tells."""
    fields = {"source": came.source, "type": came.type, "adId": came.ad_id, "productId": came.product_id}
    details: dict[str, Any] = {name: value for name, value in fields.items() if value}
    if came.ad:
        details["ad"] = dict(came.ad)
    told: dict[str, Any] = {"code": came.ref} if came.ref else {}
    return told | ({"details": details} if details else {})
