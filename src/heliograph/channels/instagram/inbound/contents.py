"""What a message carries, as Sunshine content (Sunshine reference 2.7, 5.3). Pure; one table, a row for each type.

Sunshine has pictures, files and texts. What Instagram has beyond them becomes a text that says what it is, in brackets;
what the text does not hold stands in the message's metadata, and what nobody understands is kept as it came.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from heliograph.channels.instagram import wire

Content = dict[str, Any]

# What Meta's CDN serves for each kind of attachment. The link itself carries no type.
_MEDIA_TYPE = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mp4",
    "file": "application/octet-stream",
    "media": "application/octet-stream",
    "ig_reel": "video/mp4",
    "reel": "video/mp4",
}
_ANY_MEDIA = "application/octet-stream"

# Stickers that are sent as what they mean, when they come without their picture (Messenger's thumbs).
_STICKERS = {"369239263222822": "👍", "369239343222814": "👍", "369239383222810": "👍"}

# What is told of that cannot be shown here. All of it begins alike, so that a program knows it again.
NOTICE = "[Instagram: "
_NOTICES = {
    "ephemeral": f"{NOTICE}sent a photo or video to be viewed once, in the Instagram app only]",
    "unsupported": f"{NOTICE}sent something that only the Instagram app shows]",
    "unsupported_type": f"{NOTICE}sent something that only the Instagram app shows]",
    "sticker": f"{NOTICE}sent a sticker]",
    "share": f"{NOTICE}shared a post]",
    "ig_post": f"{NOTICE}shared a post]",
    "ig_reel": f"{NOTICE}shared a reel]",
    "reel": f"{NOTICE}shared a reel]",
    "ig_story": f"{NOTICE}shared a story]",
    "story": f"{NOTICE}shared a story]",
    "template": f"{NOTICE}sent a template]",
}
_UNKNOWN = f"{NOTICE}shared something that cannot be shown here (%s)]"

# Where the media id of what is shared stands in the message's metadata.
_ID_FIELDS = {
    "share": "instagram.postId",
    "ig_post": "instagram.postId",
    "ig_reel": "instagram.reelId",
    "reel": "instagram.reelId",
    "ig_story": "instagram.storyId",
    "story": "instagram.storyId",
}
_MOST_CARDS = 10  # of a carousel (Sunshine reference 2.7)


def contents(message: wire.Message) -> tuple[Content, ...]:
    """One content for a text, one for each attachment; a text beside a first picture or file is its caption."""
    if message.unsupported:
        return (_text(_NOTICES["unsupported"]),)
    caption: Content = {"text": message.text} if message.text else {}
    if message.quick_reply is not None:
        caption["payload"] = message.quick_reply
    made = [content for one in message.attachments if (content := _content(one, message.text)) is not None]
    if made and (not caption or (made[0]["type"] in ("image", "file") and "text" not in made[0])):
        made[0] |= caption
        return tuple(made)
    return ({"type": "text", **caption}, *made)


def metadata(message: wire.Message, *, standby: bool = False) -> dict[str, Any] | None:
    """What the contents have no room for, as flat metadata: the story that is answered, the media that is shared."""
    fields: dict[str, Any] = {}
    if message.story is not None:
        fields |= {"instagram.storyId": message.story.id, "instagram.storyUrl": message.story.url}
    for one in message.attachments:
        for name, value in _about(one):
            fields.setdefault(name, value)
    if message.unsupported:
        fields["instagram.notShown"] = "unsupported"
    if standby:
        fields["instagram.standby"] = True
    return {name: value for name, value in fields.items() if value} or None


def not_shown(message: wire.Message) -> list[str]:
    """The types of what came along and is told as a notice only."""
    return ["unsupported"] * message.unsupported + [one.type for one in message.attachments if _hidden(one)]


def raw(message: wire.Message) -> list[dict[str, Any]] | None:
    """What the message's contents do not hold, as it came; None when there is nothing."""
    return [one.raw for one in message.attachments if one.raw is not None] or None


def _hidden(one: wire.Attachment) -> bool:
    return one.raw is not None or one.type in ("ephemeral", "unsupported_type")


def _about(one: wire.Attachment) -> Iterator[tuple[str, str]]:
    if one.type in _ID_FIELDS:
        yield "instagram.shared", one.type
        yield _ID_FIELDS[one.type], one.id
    if one.type in ("ig_story", "story"):
        yield "instagram.storyUrl", one.url
    if one.sticker:
        yield "instagram.stickerId", one.sticker
    if _hidden(one):
        yield "instagram.notShown", one.type


def _content(one: wire.Attachment, said: str) -> Content | None:
    if one.type == "fallback" and said:
        return None  # the preview of a link that the text has
    maker = _MAKERS.get(one.type, _unknown)
    return maker(one)


def _text(text: str) -> Content:
    return {"type": "text", "text": text}


def _unknown(one: wire.Attachment) -> Content:
    return _text(_UNKNOWN % one.type)


def _media(one: wire.Attachment) -> Content:
    if not one.url:
        return _text(_STICKERS.get(one.sticker, _NOTICES["sticker"])) if one.sticker else _unknown(one)
    kind = "image" if one.type == "image" else "file"
    return {"type": kind, "mediaUrl": one.url, "mediaType": _MEDIA_TYPE[one.type]}


def _notice(one: wire.Attachment) -> Content:
    return _text(_NOTICES[one.type])


def _heart(_: wire.Attachment) -> Content:
    return _text("❤️")


def _share(one: wire.Attachment) -> Content:
    """A file of Meta's CDN with the caption of what is shared; older links lead to a page."""
    words = " ".join(filter(None, (_NOTICES[one.type], one.title)))
    if _is_file(one.url):
        media_type = _MEDIA_TYPE.get(one.type, _ANY_MEDIA)
        return {"type": "file", "mediaUrl": one.url, "mediaType": media_type, "text": words}
    return _text("\n".join(filter(None, (words, one.url))))


def _story(one: wire.Attachment) -> Content:
    """Only the link: stories are not to be kept (Meta reference 5.4)."""
    return _text("\n".join(filter(None, (_NOTICES[one.type], one.url))))


def _link(one: wire.Attachment) -> Content:
    return _text("\n".join(filter(None, (one.title, one.url)))) if one.title or one.url else _unknown(one)


def _is_file(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.endswith((".fbsbx.com", ".fbcdn.net", ".cdninstagram.com"))


def _template(one: wire.Attachment) -> Content:
    if one.title:
        actions = _actions(one.elements)
        return {**_text(one.title), **({"actions": actions} if actions else {})}
    if not one.elements:
        return _text(_NOTICES["template"])
    return {"type": "carousel", "items": [_card(element) for element in one.elements[:_MOST_CARDS]]}


def _card(element: wire.Element) -> Content:
    card: Content = {"title": element.title or element.subtitle or "…", "actions": _actions((element,))}
    if element.title and element.subtitle:
        card["description"] = element.subtitle
    if element.image_url:
        card["mediaUrl"] = element.image_url
    if element.id:
        card["metadata"] = {"instagram.productId": element.id}
    return card


def _actions(elements: tuple[wire.Element, ...]) -> list[Content]:
    made: list[Content] = []
    for button in (button for element in elements for button in element.buttons):
        if button.url:
            made.append({"type": "link", "text": button.title, "uri": button.url})
        elif button.payload:
            made.append({"type": "postback", "text": button.title, "payload": button.payload})
    return made


_MAKERS: Mapping[str, Callable[[wire.Attachment], Content]] = {
    **dict.fromkeys((*wire.MEDIA_TYPES, "media"), _media),
    **dict.fromkeys(("share", "ig_post", "ig_reel", "reel"), _share),
    **dict.fromkeys(("ig_story", "story"), _story),
    **dict.fromkeys(("ephemeral", "unsupported_type"), _notice),
    "like_heart": _heart,
    "fallback": _link,
    "template": _template,
}
