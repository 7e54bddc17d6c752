"""Sunshine content to the parts that Meta gets, each a Send API ``message`` object (Meta reference 2.1). Pure.

Attachments go first and text last, because quick replies vanish with the next message.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Part = dict[str, Any]

MOST_TEXT_BYTES = 1000
MOST_QUICK_REPLIES = 13
MOST_TITLE = 20

# Media types that Meta takes as an attachment of a kind; any other file goes as a link.
_NATIVE_FILES = {"application/pdf": "file"}
_NATIVE_MEDIA = {
    "audio": {"audio/aac", "audio/m4a", "audio/x-m4a", "audio/mp4", "audio/wav", "audio/x-wav", "audio/vnd.wave"},
    "video": {"video/mp4", "video/ogg", "video/x-msvideo", "video/avi", "video/quicktime", "video/webm"},
}


class UnsupportedContentError(Exception):
    """This content cannot be sent to Instagram. The text says why."""


def render(content: Mapping[str, Any]) -> list[Part]:
    """The parts of a message, in order; at least one. Raises :class:`UnsupportedContentError`."""
    kind = content["type"]
    if kind not in _RENDERERS:
        raise UnsupportedContentError(f'Unsupported message type: Instagram cannot take "{kind}" yet')
    parts = list(_RENDERERS[kind](content))
    if not parts:
        raise UnsupportedContentError("The message has nothing that Instagram can show")
    return parts


def _text(content: Mapping[str, Any]) -> Iterator[Part]:
    actions = content.get("actions") or []
    lines = [content.get("text") or "", *filter(None, map(_action_line, actions))]
    chunks = split("\n".join(line for line in lines if line))
    replies = [_quick_reply(action) for action in actions if action["type"] == "reply"][:MOST_QUICK_REPLIES]
    if replies and not chunks:
        raise UnsupportedContentError("Instagram shows reply buttons only below a text")
    for number, chunk in enumerate(chunks, start=1):
        part: Part = {"text": chunk}
        if replies and number == len(chunks):
            part["quick_replies"] = replies
        yield part


def _image(content: Mapping[str, Any]) -> Iterator[Part]:
    yield _attachment("image", content["mediaUrl"])
    yield from _text(content)


def _file(content: Mapping[str, Any]) -> Iterator[Part]:
    media_type = (content.get("mediaType") or "").partition(";")[0].strip().lower()
    family = media_type.partition("/")[0]
    kind = _NATIVE_FILES.get(media_type) or (family if media_type in _NATIVE_MEDIA.get(family, ()) else None)
    if kind:
        yield _attachment(kind, content["mediaUrl"])
        yield from _text(content)
    else:
        text = "\n".join(filter(None, (content.get("text"), content["mediaUrl"])))
        yield from ({"text": chunk} for chunk in split(text))


_RENDERERS = {"text": _text, "image": _image, "file": _file}


def split(text: str, limit: int = MOST_TEXT_BYTES) -> list[str]:
    """Cut a text into pieces of at most ``limit`` UTF-8 bytes, at a blank where one is near, never inside a character."""
    pieces = []
    rest = text.strip()
    while len(rest.encode()) > limit:
        cut = len(rest.encode()[:limit].decode("utf-8", "ignore"))
        blank = max(rest.rfind(" ", 0, cut + 1), rest.rfind("\n", 0, cut + 1))
        if blank > cut // 2:
            cut = blank
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        pieces.append(rest)
    return pieces


def _attachment(kind: str, url: str) -> Part:
    return {"attachment": {"type": kind, "payload": {"url": url}}}


def _quick_reply(action: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "content_type": "text",
        "title": action["text"][:MOST_TITLE],
        "payload": action["payload"][:MOST_TEXT_BYTES],
    }


def _action_line(action: Mapping[str, Any]) -> str:
    """Actions other than replies as a line of text: their label, and where they lead."""
    if action["type"] == "reply":
        return ""
    uri = action.get("uri") or action.get("fallback")
    return f"{action['text']}: {uri}" if uri else str(action.get("text", ""))
