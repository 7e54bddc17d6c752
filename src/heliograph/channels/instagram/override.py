"""``override.instagram``: what Instagram gets in the place of a message's content (Sunshine reference 5.3). Pure.

The payload is the ``message`` object of Meta's Send API, or a body that holds one. To whom it goes, with which tag and
type, is never the payload's to say: the window rule and the ledger decide that.
"""

from collections.abc import Mapping
from typing import Any

from heliograph.channels.instagram.render import MOST_QUICK_REPLIES, MOST_TEXT_BYTES, Part, UnsupportedContentError

_MEMBERS = frozenset({"text", "attachment", "quick_replies", "metadata"})
_ATTACHMENTS = ("image", "video", "audio", "file", "template", "MEDIA_SHARE")


class IllegalOverrideError(UnsupportedContentError):
    """This is no message of the Send API. The text says why."""

    code = "bad_request"


def render_override(payload: Mapping[str, Any]) -> list[Part]:
    """The one part that an override is. Raises :class:`IllegalOverrideError`."""
    message = payload["message"] if set(payload) == {"message"} else payload
    problem = _problem(message)
    if problem:
        raise IllegalOverrideError(f"override.instagram.payload {problem}")
    return [dict(message)]


def _problem(message: Any) -> str | None:
    if not isinstance(message, dict):
        return "must be a message object of the Send API"
    strange = sorted(set(message) - _MEMBERS)
    if strange:
        return f"must hold nothing but {', '.join(sorted(_MEMBERS))}: {strange[0][:100]}"
    if ("text" in message) == ("attachment" in message):
        return "must hold either text or attachment"
    return _text(message) or _attachment(message) or _quick_replies(message) or _metadata(message)


def _text(message: dict[str, Any]) -> str | None:
    text = message.get("text", "-")
    if not isinstance(text, str) or not text.strip():
        return "must hold a text that is not empty"
    return f"must hold a text of at most {MOST_TEXT_BYTES} bytes" if len(text.encode()) > MOST_TEXT_BYTES else None


def _attachment(message: dict[str, Any]) -> str | None:
    if "attachment" not in message:
        return None
    attachment = message["attachment"]
    if not isinstance(attachment, dict) or attachment.get("type") not in _ATTACHMENTS:
        return f"must hold an attachment whose type is one of {', '.join(_ATTACHMENTS)}"
    return None if isinstance(attachment.get("payload"), dict) else "must hold an attachment with a payload object"


def _quick_replies(message: dict[str, Any]) -> str | None:
    replies = message.get("quick_replies", [])
    if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
        return "must hold quick_replies as an array of objects"
    return f"must hold at most {MOST_QUICK_REPLIES} quick_replies" if len(replies) > MOST_QUICK_REPLIES else None


def _metadata(message: dict[str, Any]) -> str | None:
    return None if isinstance(message.get("metadata", ""), str) else "must hold metadata as a string"
