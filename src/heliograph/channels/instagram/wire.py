"""An item of a webhook to a typed event (Meta reference 1.6, 1.7). Pure; raises nothing.

What is not understood comes back as :class:`NotUnderstood`, with a reason that is counted and shown; the item stays in
the journal, where a newer version can parse it again.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Meta reference 0.2: values below are seconds, the rest milliseconds.
_SECONDS_BELOW = 10**11
# In bytes: a mid is part of an index key.
_LONGEST_MID = 1024

# What may become part of a reason. Anything else is "?": reasons label a metric and stand in an index.
_PLAIN_NAME = re.compile(r"[A-Za-z][\w-]{0,39}", re.ASCII)

MEDIA_TYPES = ("image", "video", "audio", "file")


@dataclass(frozen=True, slots=True)
class Attachment:
    """``type`` is one of :data:`MEDIA_TYPES`; ``url`` is Meta's CDN link, which lapses."""

    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Story:
    """The story that a message answers. Its link dies with the story."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the person, or (``echo``) of the account, from any surface."""

    at: datetime
    mid: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    echo: bool = False
    story: Story | None = None
    quoted_mid: str | None = None
    quick_reply: str | None = None
    unknown: tuple[str, ...] = ()  # attachment types that came along and are not understood


@dataclass(frozen=True, slots=True)
class StoryMention:
    """The person mentioned the account in a story."""

    at: datetime
    mid: str
    url: str
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Postback:
    """A tap on an ice breaker, a menu item or a template's button. Old versions send no ``mid``."""

    at: datetime
    mid: str
    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Read:
    """Seen up to and including ``mid``; ``""``: everything up to ``at``."""

    at: datetime
    mid: str


@dataclass(frozen=True, slots=True)
class Unsend:
    """The message was taken back."""

    at: datetime
    mid: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Kept, counted, shown. ``reason`` is from a small set: ``shape``, ``kind:reaction``, ``attachment:share``…

    ``at``: when the person wrote what is not understood; None for everything that is no message of theirs.
    """

    reason: str
    at: datetime | None = None


Event = Message | StoryMention | Postback | Read | Unsend | NotUnderstood


class _ShapeError(Exception):
    """A field has a type that Meta never documented."""


# `changes` that carry a messaging item as their value (1.7, dashboard tests and flavour B).
_ITEM_FIELDS = frozenset({"messages", "messaging_postbacks", "messaging_seen", "message_echoes"})

# Kinds of messaging items that exist and wait for their parser.
_KNOWN_KINDS = (
    "reaction",
    "referral",
    "message_edit",
    "optin",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "policy-enforcement",
)


def parse(path: str, value: Any) -> Event:
    """The event of an item, found at ``path`` of its webhook (see :mod:`envelope`)."""
    if not isinstance(value, dict):
        return NotUnderstood("shape")
    if ".changes." in path:
        field = value.get("field")
        if not isinstance(field, str):
            return NotUnderstood("shape")
        if field not in _ITEM_FIELDS:
            return NotUnderstood(f"field:{_name(field)}")
        value = value.get("value")
        if not isinstance(value, dict):
            return NotUnderstood("shape")
    try:
        return _item(value)
    except _ShapeError:
        return NotUnderstood("shape")


def _item(item: dict[str, Any]) -> Event:
    if "message" in item:
        return _message(_time(item), _object(item, "message"))
    if "postback" in item:
        postback = _object(item, "postback")
        at, title, payload = _time(item), _text(postback, "title"), _text(postback, "payload")
        return Postback(at, _mid(postback) or f"postback:{at.timestamp():.3f}:{payload[:200]}", title, payload)
    if "read" in item:
        return Read(_time(item), _mid(_object(item, "read")))
    for kind in _KNOWN_KINDS:
        if kind in item:
            return NotUnderstood(f"kind:{kind}")
    return NotUnderstood("shape")


def _message(at: datetime, message: dict[str, Any]) -> Event:
    mid = _mid(message)
    if not mid:
        raise _ShapeError
    echo = message.get("is_echo") is True
    if message.get("is_deleted") is True:
        return Unsend(at, mid)
    if message.get("is_unsupported") is True:
        return NotUnderstood("unsupported", None if echo else at)
    attachments, unknown = [], []
    for attachment in _list(message, "attachments"):
        kind = _text(attachment, "type")
        url = _text(_object(attachment, "payload"), "url") if "payload" in attachment else ""
        if kind == "story_mention" and url:
            return StoryMention(at, mid, url, echo)
        if kind in MEDIA_TYPES and url:
            attachments.append(Attachment(kind, url))
        else:
            unknown.append(_name(kind))
    text = _text(message, "text")
    if not text and not attachments:
        return NotUnderstood(f"attachment:{unknown[0]}" if unknown else "empty", None if echo else at)
    reply = _object(message, "reply_to") if "reply_to" in message else {}
    story = _object(reply, "story") if "story" in reply else None
    return Message(
        at,
        mid,
        text,
        tuple(attachments),
        echo,
        Story(_text(story, "id"), _text(story, "url")) if story is not None else None,
        _mid(reply) or None,
        _text(_object(message, "quick_reply"), "payload") if "quick_reply" in message else None,
        tuple(unknown),
    )


def _time(item: dict[str, Any]) -> datetime:
    """Meta reference 0.2: milliseconds or seconds, number or text."""
    value = item.get("timestamp")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**14:
        raise _ShapeError
    return datetime.fromtimestamp(value if value < _SECONDS_BELOW else value / 1000, UTC)


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise _ShapeError
    return value


def _list(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = parent.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _ShapeError
    return value


def _text(parent: dict[str, Any], name: str) -> str:
    """A text, ``""`` when absent or null. NUL, which PostgreSQL cannot hold, is dropped."""
    value = parent.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _ShapeError
    return value.replace("\0", "")


def _mid(parent: dict[str, Any]) -> str:
    mid = _text(parent, "mid")
    if len(mid.encode()) > _LONGEST_MID:
        raise _ShapeError
    return mid


def _name(text: str) -> str:
    return text if _PLAIN_NAME.fullmatch(text) else "?"
