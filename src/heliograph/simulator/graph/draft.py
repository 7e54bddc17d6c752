"""The rules for the ``message`` of a send. Pure: a body goes in, a :class:`Draft` or Meta's refusal comes out.

Source: Meta's send-message, quick-replies, generic-template and button-template pages. Lengths are in characters except
the text, which is limited to 1000 bytes of UTF-8.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from heliograph.simulator.errors import GraphError, refuse

TEXT_BYTES = 1000
QUICK_REPLIES = 13
TITLE = 20
PAYLOAD = 1000
ELEMENTS = 10
BUTTONS = 3
ELEMENT_TEXT = 80
BUTTON_TEXT = 640
IMAGES = 10

MEDIA_TYPES = frozenset({"image", "video", "audio", "file"})
_QUICK_REPLY_TYPES = frozenset({"text", "user_phone_number", "user_email"})
_ELEMENT_EXTRAS = ("subtitle", "image_url", "default_action", "buttons")


@dataclass(frozen=True, slots=True)
class Media:
    """Media to send: a URL that Meta fetches, or the id of an earlier upload."""

    type: str
    url: str | None = None
    attachment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that keeps the rules."""

    text: str | None = None
    media: tuple[Media, ...] = ()
    plain: tuple[dict[str, Any], ...] = ()
    """Attachments that need no fetching: a heart, a shared post."""
    quick_replies: tuple[dict[str, Any], ...] = ()
    template: dict[str, Any] | None = None


@dataclass(slots=True)
class _Parts:
    media: list[Media] = field(default_factory=list)
    plain: list[dict[str, Any]] = field(default_factory=list)
    template: dict[str, Any] | None = None


def read(message: Any, long_text: str = "parameter") -> Draft:
    """The draft in a ``message`` object. Raises a ``GraphError``; ``long_text`` names that of a text too long."""
    if not isinstance(message, dict) or not message:
        raise refuse("parameter", reason="Param message must be a non-empty object")
    text = message.get("text")
    attachments = _attachments(message)
    if text is not None and attachments:
        raise _invalid("text and attachment can not be sent together")
    if text is None and not attachments:
        raise _invalid("message must have text or an attachment")
    if text is not None:
        _check_text(text, long_text)
    parts = _Parts()
    for one in attachments:
        _attachment(one, parts)
    if len(attachments) > 1 and (len(parts.media) < len(attachments) or {one.type for one in parts.media} != {"image"}):
        raise _invalid("several attachments must all be images")
    return Draft(text, tuple(parts.media), tuple(parts.plain), _quick_replies(message), parts.template)


def _check_text(text: Any, long_text: str) -> None:
    if not isinstance(text, str):
        raise _wrong("message[text]", "must be a string")
    if not text.strip():
        raise _invalid("message[text] must not be empty")
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
        raise refuse(long_text, reason=f"Param message[text] must be at most {TEXT_BYTES} bytes of UTF-8")


def _attachments(message: dict[str, Any]) -> list[Any]:
    several = message.get("attachments")
    one = message.get("attachment")
    if several is None:
        return [] if one is None else [one]
    if one is not None or not isinstance(several, list) or not several:
        raise _wrong("message[attachments]", "must be a non-empty array, and not beside message[attachment]")
    if len(several) > IMAGES:
        raise _wrong("message[attachments]", f"must have at most {IMAGES} elements")
    return several


def _attachment(given: Any, parts: _Parts) -> None:
    if not isinstance(given, dict):
        raise _wrong("message[attachment]", "must be an object")
    kind = given.get("type")
    payload = given.get("payload")
    if kind in MEDIA_TYPES:
        parts.media.append(media(given))
    elif kind == "template":
        parts.template = template(payload)
    elif kind == "like_heart":
        parts.plain.append({"type": "like_heart"})
    elif kind == "MEDIA_SHARE":
        if not isinstance(payload, dict) or not payload.get("id"):
            raise _wrong("message[attachment][payload][id]", "is required")
        parts.plain.append({"type": "share", "payload": {"ig_post_media_id": str(payload["id"])}})
    else:
        raise _wrong("message[attachment][type]", f'has the unknown value "{kind}"')


def media(given: dict[str, Any]) -> Media:
    """One media attachment, ``{"type", "payload": {"url" or "attachment_id"}}``."""
    payload = given.get("payload")
    if given.get("type") not in MEDIA_TYPES or not isinstance(payload, dict):
        raise _wrong("message[attachment][payload]", "must be an object")
    url, attachment_id = payload.get("url"), payload.get("attachment_id")
    if attachment_id:
        return Media(given["type"], attachment_id=str(attachment_id))
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise _wrong("message[attachment][payload][url]", "must be a valid URL")
    return Media(given["type"], url=url)


def _quick_replies(message: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    given = message.get("quick_replies")
    if given is None:
        return ()
    if not isinstance(given, list) or not 0 < len(given) <= QUICK_REPLIES:
        raise _wrong("message[quick_replies]", f"must have 1 to {QUICK_REPLIES} elements")
    for index, one in enumerate(given):
        name = f"message[quick_replies][{index}]"
        if not isinstance(one, dict) or one.get("content_type") not in _QUICK_REPLY_TYPES:
            raise _wrong(f"{name}[content_type]", "must be one of {text, user_phone_number, user_email}")
        if one["content_type"] == "text":
            _length(one.get("title"), f"{name}[title]", TITLE)
            _length(one.get("payload"), f"{name}[payload]", PAYLOAD)
    return tuple(given)


def template(payload: Any) -> dict[str, Any]:
    """A generic, button or product template."""
    kind = payload.get("template_type") if isinstance(payload, dict) else None
    check = _TEMPLATES.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise _wrong("message[attachment][payload][template_type]", "must be one of {generic, button, product}")
    assert isinstance(payload, dict)
    check(payload)
    return payload


def _generic(payload: dict[str, Any]) -> None:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= ELEMENTS:
        raise _wrong("elements", f"must have 1 to {ELEMENTS} elements")
    for index, element in enumerate(elements):
        name = f"elements[{index}]"
        if not isinstance(element, dict):
            raise _wrong(name, "must be an object")
        _length(element.get("title"), f"{name}[title]", ELEMENT_TEXT)
        if not any(element.get(extra) for extra in _ELEMENT_EXTRAS):
            raise _wrong(name, "must have a subtitle, image_url, default_action or buttons besides its title")
        if element.get("subtitle") is not None:
            _length(element["subtitle"], f"{name}[subtitle]", ELEMENT_TEXT)
        if element.get("default_action") is not None:
            _web_url(element["default_action"], f"{name}[default_action]")
        if element.get("buttons") is not None:
            _buttons(element["buttons"], f"{name}[buttons]")


def _button(payload: dict[str, Any]) -> None:
    _length(payload.get("text"), "text", BUTTON_TEXT)
    _buttons(payload.get("buttons"), "buttons")


def _product(payload: dict[str, Any]) -> None:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= ELEMENTS:
        raise _wrong("elements", f"must have 1 to {ELEMENTS} elements")
    for index, element in enumerate(elements):
        if not isinstance(element, dict) or not element.get("id"):
            raise _wrong(f"elements[{index}][id]", "is required")


_TEMPLATES: dict[str, Callable[[dict[str, Any]], None]] = {
    "generic": _generic,
    "button": _button,
    "product": _product,
}


def _buttons(given: Any, name: str) -> None:
    if not isinstance(given, list) or not 0 < len(given) <= BUTTONS:
        raise _wrong(name, f"must have 1 to {BUTTONS} elements")
    for index, button in enumerate(given):
        where = f"{name}[{index}]"
        kind = button.get("type") if isinstance(button, dict) else None
        if kind not in ("web_url", "postback"):
            raise _wrong(f"{where}[type]", "must be one of {web_url, postback}")
        _length(button.get("title"), f"{where}[title]", TITLE)
        if kind == "postback":
            _length(button.get("payload"), f"{where}[payload]", PAYLOAD)
        else:
            _web_url(button, where)


def _web_url(action: Any, name: str) -> None:
    url = action.get("url") if isinstance(action, dict) else None
    if not isinstance(url, str) or action.get("type") != "web_url" or not url.startswith(("http://", "https://")):
        raise _wrong(f"{name}[url]", "must be a valid URL of a web_url action")


def _length(value: Any, name: str, limit: int) -> None:
    if not isinstance(value, str) or not value:
        raise _wrong(name, "is required")
    if len(value) > limit:
        raise _wrong(name, f"must be at most {limit} characters")


def _wrong(name: str, rule: str) -> GraphError:
    return refuse("parameter", reason=f"Param {name} {rule}")


def _invalid(reason: str) -> GraphError:
    return refuse("invalid_message", reason=reason)
