"""What parts are made of: the Send API's ``message`` objects, texts within the limit, buttons (Meta reference 2.1). Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from heliograph.channels.instagram.meta.limits import IMAGES, PAYLOAD, TEXT, TITLE

Part = dict[str, Any]
Action = Mapping[str, Any]

_WEB = ("http://", "https://")
_JOINER = "\u200d"


class UnsupportedContentError(Exception):
    """This content cannot be sent to Instagram. The text says why; ``code`` is the delivery event's."""

    code = "unsupported_message_type"


def split(text: str, limit: int = TEXT) -> list[str]:
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


def texts(text: str) -> Iterator[Part]:
    """A text as parts."""
    yield from ({"text": piece} for piece in split(text))


def lines(*given: str | None) -> str:
    """Those that are there, below each other."""
    return "\n".join(line for line in given if line and line.strip())


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters; a text that is cut ends in an ellipsis, and never between a letter and its accent."""
    text = text.strip()
    if len(text) <= limit:
        return text
    cut = limit - 1
    while cut > 1 and (_belongs(text[cut]) or text[cut - 1] == _JOINER):
        cut -= 1
    return text[:cut].rstrip() + "…"


def _belongs(char: str) -> bool:
    """Whether it is drawn as one with the character before it: accents, variants, shades of skin."""
    return char == _JOINER or unicodedata.category(char) in ("Mn", "Me") or "\U0001f3fb" <= char <= "\U0001f3ff"


def attachment(kind: str, url: str) -> Part:
    """Media by its address."""
    return {"attachment": {"type": kind, "payload": {"url": url}}}


def gathered(parts: Iterable[Part]) -> list[Part]:
    """Pictures that follow each other become one message, as many as Meta shows together."""
    made: list[Part] = []
    run: list[dict[str, Any]] = []
    for part in [*parts, {}]:
        if part.get("attachment", {}).get("type") == "image":
            run.append(part["attachment"])
            continue
        for start in range(0, len(run), IMAGES):
            album = run[start : start + IMAGES]
            made.append({"attachments": album} if len(album) > 1 else {"attachment": album[0]})
        run = []
        if part:
            made.append(part)
    return made


def template(kind: str, **payload: Any) -> Part:
    """A template."""
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **payload}}}


def label_of(action: Action) -> str:
    """What stands on the button."""
    return str(action.get("text") or "").strip()


def address_of(action: Action) -> str:
    """Where the action leads: a webview to what it names for channels that have none."""
    return str(action.get("fallback") or action.get("uri") or "").strip()


def button(action: Action) -> dict[str, Any] | None:
    """A template's button; None when Instagram has none for this action."""
    title, address, payload = label_of(action), address_of(action), action.get("payload") or ""
    if not title:
        return None
    if action["type"] in ("link", "webview") and address.startswith(_WEB):
        return {"type": "web_url", "url": address, "title": shorten(title, TITLE)}
    if action["type"] == "postback" and payload.strip() and len(payload) <= PAYLOAD:
        return {"type": "postback", "payload": payload, "title": shorten(title, TITLE)}
    return None


def quick_reply(action: Action) -> dict[str, Any] | None:
    """A quick reply; None when Instagram cannot carry this one. One without a payload carries its label."""
    title = label_of(action)
    payload = action.get("payload") or ""
    payload = payload if payload.strip() else title
    if action["type"] != "reply" or not title or len(payload) > PAYLOAD:
        return None
    return {"content_type": "text", "title": shorten(title, TITLE), "payload": payload}


def line(action: Action) -> str:
    """An action that cannot be a button: its label, and where it leads. Empty when it has neither."""
    label, address = label_of(action), address_of(action)
    if action["type"] == "buy" and label and action.get("currency"):
        return f"{label}: {action['amount'] / 100:.2f} {action['currency'].upper()}"
    return f"{label}: {address}" if label and address else label or address
