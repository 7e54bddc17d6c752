"""Meta's webhooks, understood: bytes to items, an item to a typed event (Meta reference 1.5 to 1.7). Pure; raises nothing.

    envelope  a webhook's bytes -> its items     items        one parser for each kind of item
    fields    reading a field of a type          attachments  what a message carries
    events    what an item can be

What is not understood comes back as :class:`NotUnderstood`, with a reason that is counted and shown; the item stays in
the journal, where a newer version can parse it again.
"""

from datetime import datetime
from typing import Any

from heliograph.channels.instagram.wire.attachments import read_attachment
from heliograph.channels.instagram.wire.envelope import of_changes
from heliograph.channels.instagram.wire.events import (
    MEDIA_TYPES,
    Attachment,
    Button,
    Edit,
    Element,
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
from heliograph.channels.instagram.wire.fields import ShapeError, moment, name
from heliograph.channels.instagram.wire.items import item

__all__ = [
    "MEDIA_TYPES",
    "Attachment",
    "Button",
    "Edit",
    "Element",
    "Event",
    "Message",
    "NotUnderstood",
    "PolicyNotice",
    "Postback",
    "Reaction",
    "Read",
    "Referral",
    "Referred",
    "Story",
    "StoryMention",
    "ThreadControl",
    "Unsend",
    "moment",
    "parse",
    "read_attachment",
    "standby",
]

# `changes` that carry a messaging item as their value (1.7, dashboard tests and flavour B).
_ITEM_FIELDS = frozenset(
    {
        *("messages", "message_echoes", "message_reactions", "message_edit", "messaging_postbacks", "messaging_seen"),
        *("messaging_referral", "messaging_handover", "messaging_optins", "messaging_policy_enforcement", "standby"),
    }
)


def parse(path: str, value: Any, told_at: datetime | None = None) -> Event:
    """The event of an item, found at ``path`` of its webhook (see `envelope`).

    ``told_at`` is when its webhook told it: the time of a message that tells none, for a message is never lost over its
    time. Of anything else, where the time decides what stands, a time that cannot be read stays a wrong shape.
    """
    if not isinstance(value, dict):
        return NotUnderstood("shape")
    if of_changes(path, value):
        field = value.get("field")
        if not isinstance(field, str):
            return NotUnderstood("shape")
        if field not in _ITEM_FIELDS:
            return NotUnderstood(f"field:{name(field)}")
        value = value.get("value")
        if not isinstance(value, dict):
            return NotUnderstood("shape")
    if told_at is not None and "message" in value and moment(value.get("timestamp")) is None:
        value = {**value, "timestamp": int(told_at.timestamp() * 1000)}
    try:
        return item(value)
    except ShapeError:
        return NotUnderstood("shape")


def standby(path: str, value: Any) -> bool:
    """Whether the item was told in passing, because another app owns the thread."""
    return ".standby." in path or (
        of_changes(path, value) and isinstance(value, dict) and value.get("field") == "standby"
    )
