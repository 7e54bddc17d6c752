"""What the server adds to a posted content before it is stored (Sunshine reference 2.7 and its examples). Pure."""

import mimetypes
import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from heliograph.api.messages.rich_text import html_of_markdown, text_of_html

Content = dict[str, Any]

# Of a file whose name tells nothing.
_UNKNOWN_TYPE = {"image": "image/jpeg", "file": "application/octet-stream"}

# Our own: the module's functions read the machine's tables, and every machine would derive something else.
_TYPES = mimetypes.MimeTypes()
_OFFICE = "application/vnd.openxmlformats-officedocument."
for _extension, _type in {
    ".aac": "audio/aac",
    ".avif": "image/avif",
    ".docx": _OFFICE + "wordprocessingml.document",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".pptx": _OFFICE + "presentationml.presentation",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".xlsx": _OFFICE + "spreadsheetml.sheet",
}.items():
    _TYPES.add_type(_type, _extension)

LONGEST_TEXT = 4096


class TooLongError(Exception):
    """What was made of a text is longer than the wire allows. The text says which."""


def complete(content: Content) -> Content:
    """A checked content as it is stored: with plain text, media types, alternative texts and fallback texts.

    Raises :class:`TooLongError`.
    """
    done = {"type": content["type"], **content}
    completer = _COMPLETERS.get(done["type"])
    if completer is not None:
        completer(done)
    for holder in (done, *done.get("items", ())):
        if "actions" in holder:
            holder["actions"] = [_action(action) for action in holder["actions"]]
    return done


def _rich(content: Content) -> None:
    markdown = content.pop("markdownText", None)
    if markdown:
        content["htmlText"] = html_of_markdown(markdown)
        if len(content["htmlText"]) > LONGEST_TEXT:
            raise TooLongError(f"markdownText becomes htmlText of more than {LONGEST_TEXT} characters")
    if content.get("htmlText") and not content.get("text"):
        content["text"] = text_of_html(content["htmlText"])[:LONGEST_TEXT]


def _media(content: Content) -> None:
    _rich(content)
    _describe(content, _UNKNOWN_TYPE[content["type"]])


def _describe(holder: Content, unknown: str) -> None:
    """Media type by the file's extension, and its name as the alternative text."""
    name = posixpath.basename(unquote(urlsplit(holder["mediaUrl"]).path)).replace("\0", "")
    holder.setdefault("mediaType", _TYPES.guess_type(name)[0] or unknown)
    if name:
        holder.setdefault("altText", name[:128])


def _items(content: Content) -> None:
    content["items"] = [dict(item) for item in content["items"]]
    for item in content["items"]:
        if "mediaUrl" in item:
            _describe(item, _UNKNOWN_TYPE["image"])
    content["text"] = items_text(content["items"])


def items_text(items: list[Content]) -> str:
    """The fallback of a carousel or list: numbered titles, descriptions, and link actions."""
    blocks = []
    for number, item in enumerate(items, start=1):
        lines = [f"{number}. {item['title']}"]
        if item.get("description"):
            lines.append(item["description"])
        lines += [f"{action['text']}: {action['uri']}" for action in item["actions"] if action["type"] == "link"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _location(content: Content) -> None:
    place = content["coordinates"]
    content["text"] = f"Location shared:\nhttps://maps.google.com/maps?q={place['lat']},{place['long']}"


def _form(content: Content) -> None:
    content["submitted"] = False


def _action(action: Content) -> Content:
    """The original shows an empty ``uri`` on postbacks."""
    added = {"uri": ""} if action["type"] == "postback" else {}
    return {"type": action["type"], **action, **added}


_COMPLETERS: Mapping[str, Callable[[Content], None]] = {
    "text": _rich,
    "image": _media,
    "file": _media,
    "carousel": _items,
    "list": _items,
    "location": _location,
    "form": _form,
}
