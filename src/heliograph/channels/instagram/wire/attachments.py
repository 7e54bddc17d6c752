"""The attachments of a message (Meta reference 1.6). Pure; raises `fields.ShapeError`.

One table says how each type is read. A type that stands in no table is kept as it came.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from heliograph.channels.instagram.wire.events import MEDIA_TYPES, Attachment, Button, Element
from heliograph.channels.instagram.wire.fields import Object, ShapeError, known, maybe, name, objects, raw, text

STORY_MENTION = "story_mention"

# Which member of the payload names what is shared.
_MEDIA_ID = {
    "share": "ig_post_media_id",
    "ig_post": "ig_post_media_id",
    "ig_reel": "reel_video_id",
    "reel": "reel_video_id",
}
_TEMPLATES = ("generic", "product", "button")


def attachments(message: Object) -> tuple[Attachment, ...]:
    """All of a message's attachments; one that Meta tells of twice, once."""
    return tuple(_once([_attachment(one, message) for one in objects(message, "attachments")]))


def read_attachment(one: Mapping[str, Any]) -> Attachment | None:
    """One attachment by itself; None when it has no shape of Meta's."""
    try:
        return _attachment(dict(one), {})
    except ShapeError:
        return None


def _attachment(one: Object, message: Object) -> Attachment:
    kind = text(one, "type")
    reader = _READERS.get(kind)
    if reader is None:
        return Attachment(name(kind), raw=raw(one))
    return reader(kind, one, message)


def _media(kind: str, one: Object, message: Object) -> Attachment:
    payload = maybe(one, "payload")
    url = text(payload, "url")
    sticker = text(payload, "sticker_id") or text(message, "sticker_id")
    # Without its link nothing can be shown: as much as a type that is not known.
    return Attachment(kind, url, sticker=sticker, raw=None if url or sticker else raw(one))


def _share(kind: str, one: Object, _: Object) -> Attachment:
    payload = maybe(one, "payload")
    return Attachment(kind, text(payload, "url"), text(payload, "title"), text(payload, _MEDIA_ID[kind]))


def _story(kind: str, one: Object, _: Object) -> Attachment:
    payload = maybe(one, "payload")
    url = text(payload, "story_media_url") or text(payload, "url")
    return Attachment(kind, url, id=text(payload, "story_media_id"))


def _mention(kind: str, one: Object, _: Object) -> Attachment:
    payload = maybe(one, "payload")
    url = text(payload, "url")
    return Attachment(kind, url, id=text(payload, "story_media_id"), raw=None if url else raw(one))


def _bare(kind: str, _: Object, __: Object) -> Attachment:
    return Attachment(kind)


def _link(kind: str, one: Object, _: Object) -> Attachment:
    """A link's preview. Messenger has its fields beside a ``payload`` that is anything (`restfb`)."""
    payload = one.get("payload")
    inner = payload if isinstance(payload, dict) else {}
    return Attachment(kind, text(inner, "url") or text(one, "url"), text(inner, "title") or text(one, "title"))


def _template(kind: str, one: Object, _: Object) -> Attachment:
    payload = maybe(one, "payload")
    form = next((form for form in _TEMPLATES if form in payload), text(payload, "template_type"))
    inner = known(payload, form) if form in payload else payload
    elements = tuple(_element(element) for element in objects(inner, "elements"))
    said, buttons = text(inner, "text"), tuple(_button(button) for button in objects(inner, "buttons"))
    if elements:
        return Attachment(kind, elements=elements)
    if not said:
        return Attachment(kind, raw=raw(one))
    # A button template: its text, and the buttons below.
    return Attachment(kind, title=said, elements=(Element(said, buttons=buttons),))


def _element(element: Object) -> Element:
    buttons = tuple(_button(button) for button in objects(element, "buttons"))
    return Element(
        text(element, "title"), text(element, "subtitle"), text(element, "image_url"), text(element, "id"), buttons
    )


def _button(button: Object) -> Button:
    """``open_url`` is what a ``web_url`` that was sent comes back as."""
    return Button(text(button, "title"), text(button, "url"), text(button, "payload"))


_READERS: Mapping[str, Callable[[str, Object, Object], Attachment]] = {
    **dict.fromkeys((*MEDIA_TYPES, "media", "unsupported_type"), _media),
    **dict.fromkeys(_MEDIA_ID, _share),
    **dict.fromkeys(("ig_story", "story"), _story),
    **dict.fromkeys(("ephemeral", "like_heart"), _bare),
    STORY_MENTION: _mention,
    "fallback": _link,
    "template": _template,
}


def _once(found: list[Attachment]) -> Iterator[Attachment]:
    """Without a ``share`` whose newer twin came with it (gotcha 8)."""
    twins = {key for one in found if one.type == "ig_post" for key in (one.id, one.url) if key}
    for one in found:
        if one.type != "share" or not {one.id, one.url} & twins:
            yield one
