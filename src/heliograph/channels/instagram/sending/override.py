"""``override.instagram``: what Instagram gets in the place of a message's content (Sunshine reference 5.3). Pure.

The payload is the ``message`` object of Meta's Send API, of any kind of Meta reference 2.1, or a body that holds one, with
``reply_to`` beside it. To whom it goes, with which tag and type, is never the payload's to say: the window rule and the
ledger decide that.
"""

from collections.abc import Callable, Mapping
from typing import Any

from heliograph.channels.instagram.meta.limits import IMAGES, PAYLOAD, QUICK_REPLIES, TEXT, TITLE
from heliograph.channels.instagram.sending.render import Part, UnsupportedContentError

_MEMBERS = frozenset({"text", "attachment", "attachments", "quick_replies", "metadata"})
_WHAT = ("text", "attachment", "attachments")
_ATTACHMENTS = ("image", "video", "audio", "file", "template", "MEDIA_SHARE", "like_heart")
# The key of a part that says which message it answers: beside Meta's `message`, and no member of it.
REPLY_TO = "reply_to"


class IllegalOverrideError(UnsupportedContentError):
    """This is no message of the Send API. The text says why."""

    code = "bad_request"


def render_override(payload: Mapping[str, Any]) -> list[Part]:
    """The one part that an override is. Raises :class:`IllegalOverrideError`."""
    body = payload if "message" in payload and set(payload) <= {"message", REPLY_TO} else {"message": payload}
    problem = _problem(body["message"]) or _reply_to(body.get(REPLY_TO))
    if problem:
        raise IllegalOverrideError(f"override.instagram.payload {problem}")
    return [{**body["message"], **({REPLY_TO: body[REPLY_TO]} if body.get(REPLY_TO) else {})}]


def _problem(message: Any) -> str | None:
    if not isinstance(message, dict):
        return "must be a message object of the Send API"
    strange = sorted(set(message) - _MEMBERS)
    if strange:
        return f"must hold nothing but {', '.join(sorted(_MEMBERS))}: {strange[0][:100]}"
    given = [name for name in _WHAT if name in message]
    if len(given) != 1:
        return "must hold either text or attachment, or attachments"
    checks = (_CHECKS[given[0]], _quick_replies, _metadata)
    return next((problem for check in checks if (problem := check(message))), None)


def _text(message: dict[str, Any]) -> str | None:
    text = message["text"]
    if not isinstance(text, str) or not text.strip():
        return "must hold a text that is not empty"
    return f"must hold a text of at most {int(TEXT)} bytes" if len(text.encode()) > TEXT else None


def _attachment(message: dict[str, Any]) -> str | None:
    attachment = message["attachment"]
    if not isinstance(attachment, dict) or attachment.get("type") not in _ATTACHMENTS:
        return f"must hold an attachment whose type is one of {', '.join(_ATTACHMENTS)}"
    if attachment["type"] == "like_heart":
        return None if set(attachment) == {"type"} else "must hold nothing but the type in a like_heart"
    return None if isinstance(attachment.get("payload"), dict) else "must hold an attachment with a payload object"


def _attachments(message: dict[str, Any]) -> str | None:
    given = message["attachments"]
    if not isinstance(given, list) or not 1 <= len(given) <= IMAGES:
        return f"must hold attachments as an array of 1 to {int(IMAGES)}"
    pictures = (isinstance(one, dict) and one.get("type") == "image" for one in given)
    if not all(pictures) or not all(isinstance(one.get("payload"), dict) for one in given):
        return "must hold attachments that are images with a payload object each"
    return None


def _quick_replies(message: dict[str, Any]) -> str | None:
    replies = message.get("quick_replies", [])
    if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
        return "must hold quick_replies as an array of objects"
    if len(replies) > QUICK_REPLIES:
        return f"must hold at most {int(QUICK_REPLIES)} quick_replies"
    for name, most in (("title", TITLE), ("payload", PAYLOAD)):
        if any(not isinstance(reply.get(name, ""), str) or len(reply.get(name, "")) > most for reply in replies):
            return f"must hold quick_replies with a {name} of at most {int(most)} characters"
    return None


def _metadata(message: dict[str, Any]) -> str | None:
    return None if isinstance(message.get("metadata", ""), str) else "must hold metadata as a string"


def _reply_to(given: Any) -> str | None:
    if given is None or (isinstance(given, dict) and set(given) == {"mid"} and isinstance(given["mid"], str)):
        return None
    return 'must hold reply_to as {"mid": …}'


_CHECKS: Mapping[str, Callable[[dict[str, Any]], str | None]] = {
    "text": _text,
    "attachment": _attachment,
    "attachments": _attachments,
}
