"""What kind of event a webhook carries, for orders and for people. Pure."""

from typing import Any, Final

from heliograph.simulator.webhooks import events
from heliograph.simulator.wire_log import gist

_FLAGS = {"is_deleted": "unsend", "is_unsupported": "unsupported", "is_echo": "echo"}

KINDS: Final = {
    "message": "messages of people",
    "echo": "echoes of the business's messages",
    "unsend": "messages taken back",
    "postback": "taps on buttons, menus and ice breakers",
    "reaction": "reactions",
    "read": "seen",
    "message_edit": "edits",
    "referral": "links into the thread",
    "unsupported": "messages that Meta does not hand over",
    "comments": "comments",
    "pass_thread_control": "control that is passed on",
    "take_thread_control": "control that is taken",
}
"""The kinds that an order can be narrowed to, with words for people. Any other event has its own key as its kind."""


def kind(item: dict[str, Any]) -> str:
    """``message``, ``echo`` and the like for what is under ``message``; otherwise the event's key, or its field."""
    event = events.name_of(item)
    body = item.get(event)
    if event != "message" or not isinstance(body, dict):
        return event
    return next((name for flag, name in _FLAGS.items() if body.get(flag)), event)


def summary(items: list[dict[str, Any]]) -> str:
    """What a batch carries: ``message “Hi”``, ``echo, read``, ``12 events``."""
    if len(items) > 3:
        return f"{len(items)} events"
    return ", ".join(_name(item) for item in items)


def _name(item: dict[str, Any]) -> str:
    name = kind(item)
    body = item.get("message")
    if not isinstance(body, dict):
        return name
    what = gist(body.get("text"), ", ".join(one["type"] for one in body.get("attachments", ())))
    return f"{name} {what}" if what else name
