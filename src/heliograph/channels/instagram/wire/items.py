"""The kinds of messaging items, one parser each (Meta reference 1.6). Pure; raises :class:`ShapeError`."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Literal

from heliograph.channels.instagram.wire.attachments import STORY_MENTION, attachments
from heliograph.channels.instagram.wire.events import (
    REACTIONS,
    Edit,
    Event,
    Message,
    NotUnderstood,
    PolicyNotice,
    Postback,
    Reaction,
    Read,
    Referral,
    Referred,
    Story,
    StoryMention,
    ThreadControl,
    Unsend,
)
from heliograph.channels.instagram.wire.fields import (
    Object,
    ShapeError,
    count,
    known,
    maybe,
    mid,
    needed_mid,
    text,
    time,
)

# What an ad's `ads_context_data` may tell, and our names for it.
_AD_FIELDS = {
    "ad_title": "title",
    "photo_url": "photoUrl",
    "video_url": "videoUrl",
    "post_id": "postId",
    "product_id": "productId",
    "flow_id": "flowId",
}


def item(value: Object) -> Event:
    """The event of a messaging item. Exactly one kind is present; the table's order decides where Meta errs."""
    for kind, parser in _PARSERS.items():
        if kind in value:
            return parser(value)
    return NotUnderstood("shape")


def _message(value: Object) -> Event:
    at, message = time(value), known(value, "message")
    own = needed_mid(message)
    echo = message.get("is_echo") is True
    if message.get("is_self") is True or value.get("is_self") is True:
        return NotUnderstood("self")
    if message.get("is_deleted") is True:
        return Unsend(at, own)
    if message.get("is_unsupported") is True:
        return Message(at, own, echo=echo, unsupported=True)
    found = attachments(message)
    mention = next((one for one in found if one.type == STORY_MENTION and one.url), None)
    if mention is not None:
        return StoryMention(at, own, mention.url, echo, mention.id)
    said = text(message, "text")
    referral = _referral(message)
    if not said and not found:
        if referral is not None and not echo:
            return Referred(at, own, referral)
        return NotUnderstood("empty", None if echo else at)
    reply = maybe(message, "reply_to")
    story = known(reply, "story") if "story" in reply else None
    return Message(
        at,
        own,
        said,
        found,
        echo,
        Story(text(story, "id"), text(story, "url")) if story is not None else None,
        mid(reply) or None,
        text(known(message, "quick_reply"), "payload") if "quick_reply" in message else None,
        referral,
    )


def _postback(value: Object) -> Event:
    at, postback = time(value), known(value, "postback")
    if value.get("is_self") is True or postback.get("is_self") is True:
        return NotUnderstood("self")
    title, payload = text(postback, "title"), text(postback, "payload")
    own = mid(postback) or _made_up("postback", value, payload)
    return Postback(at, own, title, payload, _referral(postback))


def _referred(value: Object) -> Event:
    referral = _referral(value)
    if referral is None:
        raise ShapeError
    return Referred(time(value), _made_up("referral", value, referral.ref), referral)


def _referral(parent: Object) -> Referral | None:
    if parent.get("referral") is None:
        return None
    found = known(parent, "referral")
    ad = maybe(found, "ads_context_data")
    return Referral(
        text(found, "ref"),
        text(found, "source"),
        text(found, "type"),
        text(found, "ad_id"),
        text(maybe(found, "product"), "id"),
        tuple((ours, shown) for theirs, ours in _AD_FIELDS.items() if (shown := text(ad, theirs))),
    )


def _made_up(kind: str, value: Object, what: str) -> str:
    """What makes an event without a mid apply once (1.4: by its time).

    A digest, for mids are kept for ever and tell nothing of anybody. The person is in it: many may follow one link at once.
    """
    sender = value.get("sender")
    who = text(sender, "id") if isinstance(sender, dict) else ""
    digest = hashlib.sha256(f"{time(value).timestamp():.3f}\0{who}\0{what}".encode()).hexdigest()
    return f"{kind}:{digest[:32]}"


def _reaction(value: Object) -> Event:
    at, reaction = time(value), known(value, "reaction")
    own, action = needed_mid(reaction), text(reaction, "action")
    sender = value.get("sender")
    who = text(sender, "id") if isinstance(sender, dict) else ""
    if action == "unreact":
        return Reaction(at, own, sender=who)
    word, emoji = text(reaction, "reaction")[:40], text(reaction, "emoji")[:40]
    if action != "react":
        raise ShapeError
    # Older versions knew one reaction only, and did not name it.
    return Reaction(at, own, word or ("other" if emoji else "love"), emoji or REACTIONS.get(word or "love", ""), who)


def _edit(value: Object) -> Event:
    edit = known(value, "message_edit")
    return Edit(time(value), needed_mid(edit), text(edit, "text"), count(edit, "num_edit"))


def _read(value: Object) -> Event:
    return Read(time(value), mid(known(value, "read")))


def _control(change: Literal["pass", "take", "request"]) -> Callable[[Object], Event]:
    def parse(value: Object) -> Event:
        control = known(value, f"{change}_thread_control")
        owner = text(control, "requested_owner_app_id" if change == "request" else "new_owner_app_id")
        metadata = text(control, "metadata")[:1000]
        return ThreadControl(time(value), change, owner[:64], text(control, "previous_owner_app_id")[:64], metadata)

    return parse


def _policy(value: Object) -> Event:
    notice = known(value, "policy-enforcement")
    action = text(notice, "action")
    if action not in ("block", "unblock"):
        raise ShapeError
    return PolicyNotice("block" if action == "block" else "unblock", text(notice, "reason")[:1000])


_PARSERS: Mapping[str, Callable[[Object], Event]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "read": _read,
    "message_edit": _edit,
    "pass_thread_control": _control("pass"),
    "take_thread_control": _control("take"),
    "request_thread_control": _control("request"),
    "policy-enforcement": _policy,
    "optin": lambda _: NotUnderstood("kind:optin"),
    # Last: beside a message or a postback it is part of that.
    "referral": _referred,
}
