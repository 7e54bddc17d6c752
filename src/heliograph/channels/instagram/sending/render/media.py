"""Pictures, audio, video and files: the attachment first, its text last (Meta reference 2.1). Pure.

What is stored here is known by its bytes: what Meta would surely refuse fails before it is sent.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from heliograph.channels.instagram.meta.limits import IMAGE_BYTES, MEDIA_BYTES, MEDIA_TYPES, Limit
from heliograph.channels.instagram.sending.render.parts import Part, UnsupportedContentError, attachment, lines, texts
from heliograph.channels.instagram.sending.render.text import text


class MediaRefusedError(UnsupportedContentError):
    """Meta does not take this file."""

    code = "media_rejected"


def image(content: Mapping[str, Any]) -> Iterator[Part]:
    """A picture, then its text with the actions."""
    media_type = _media_type(content)
    if _stored_here(content) and media_type not in MEDIA_TYPES["image"]:
        raise MediaRefusedError(f"Instagram shows PNG, JPEG and GIF pictures; this one is {media_type or 'of no type'}")
    _check_size(content, IMAGE_BYTES)
    yield attachment("image", content["mediaUrl"])
    yield from text(content)


def file(content: Mapping[str, Any]) -> Iterator[Part]:
    """Audio, video and PDF as what they are, then the text; any other file as a link."""
    media_type = _media_type(content)
    kind = next((kind for kind in ("audio", "video", "file") if media_type in MEDIA_TYPES[kind]), None)
    if kind is None:
        yield from texts(lines(content.get("text"), content["mediaUrl"]))
        return
    _check_size(content, MEDIA_BYTES)
    yield attachment(kind, content["mediaUrl"])
    yield from text(content)


def _media_type(content: Mapping[str, Any]) -> str:
    return str(content.get("mediaType") or "").partition(";")[0].strip().lower()


def _stored_here(content: Mapping[str, Any]) -> bool:
    """Only of what is kept here a size is known, and a type that its bytes tell."""
    return content.get("mediaSize") is not None


def _check_size(content: Mapping[str, Any], most: Limit) -> None:
    if _stored_here(content) and content["mediaSize"] > most:
        raise MediaRefusedError(f"The file has {content['mediaSize']} bytes; Instagram takes at most {int(most)}")
