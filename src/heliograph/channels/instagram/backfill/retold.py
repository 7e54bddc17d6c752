"""A message as the Conversations API tells it, retold as the webhook that Meta would have sent (Meta reference 1.5, 5.2).

Pure; raises nothing. What the API does not tell stays away: the payloads of quick replies, of taps and of referrals.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from heliograph.channels.instagram.backfill.listing import Told
from heliograph.channels.instagram.wire.events import REACTIONS

_AUDIO_NAMES = (".aac", ".m4a", ".wav", ".mp3", ".ogg")


def webhook(account: str, person: str, messages: Iterable[Told], now_ms: int) -> bytes:
    """The bytes of one webhook with these messages, in the order given."""
    items = [item for told in messages for item in _items(account, person, told)]
    body = {"object": "instagram", "entry": [{"time": now_ms, "id": account, "messaging": items}]}
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def _items(account: str, person: str, told: Told) -> list[dict[str, Any]]:
    sides = {"sender": {"id": person}, "recipient": {"id": account}}
    echo = {"sender": {"id": account}, "recipient": {"id": person}}
    at = {"timestamp": int(told.created.timestamp() * 1000)}
    items: list[dict[str, Any]] = [{**(echo if told.by_business else sides), **at, "message": message(told)}]
    # When somebody reacted is not told. It was no earlier than the message, so no window opens that was not open.
    items += [
        {**sides, **at, "reaction": {"mid": told.mid, "action": "react", **reaction}}
        for reaction in _reactions(told.raw, person)
    ]
    return items


def message(told: Told) -> dict[str, Any]:
    """The ``message`` of a webhook item."""
    raw = told.raw
    made: dict[str, Any] = {"mid": told.mid}
    if raw.get("is_unsupported") in (True, "true"):
        made["is_unsupported"] = True
    else:
        if isinstance(raw.get("message"), str) and raw["message"]:
            made["text"] = raw["message"]
        attachments = [*_mention(raw), *_attachments(raw), *_shares(raw)]
        if attachments:
            made["attachments"] = attachments
        reply = _reply_to(raw)
        if reply:
            made["reply_to"] = reply
    if told.by_business:
        made["is_echo"] = True
    return made


def _attachments(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_attachment(one) for one in _data(raw, "attachments")]


def _attachment(one: Mapping[str, Any]) -> dict[str, Any]:
    for name, kind in (("image_data", "image"), ("video_data", "video")):
        url = _text(one.get(name), "url")
        if url:
            return {"type": kind, "payload": {"url": url}}
    url = _text(one, "file_url")
    if not url:
        return {"type": "unsupported_type"}
    audio = _text(one, "mime_type").startswith("audio/") or _text(one, "name").lower().endswith(_AUDIO_NAMES)
    return {"type": "audio" if audio else "file", "payload": {"url": url}}


def _shares(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for share in _data(raw, "shares"):
        products = _data(_object(_object(_object(share, "template"), "payload"), "product"), "elements")
        link = _text(share, "link")
        if products:
            elements = [_product(one) for one in products]
            found.append({"type": "template", "payload": {"product": {"elements": elements}}})
        elif link:
            found.append({"type": "share", "payload": {"url": link}})
    return found


def _product(one: Mapping[str, Any]) -> dict[str, str]:
    fields = {"id": _text(one, "id"), "retailer_id": _text(one, "retailer_id"), "image_url": _text(one, "image_url")}
    return {**fields, "title": _text(one, "name"), "subtitle": _text(one, "price")}


def _mention(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    mention = _object(_object(raw, "story"), "mention")
    if not mention:
        return []
    return [{"type": "story_mention", "payload": {"url": _text(mention, "link")}}]


def _reply_to(raw: Mapping[str, Any]) -> dict[str, Any]:
    story = _object(_object(raw, "story"), "reply_to")
    if story:
        return {"story": {"url": _text(story, "link"), "id": _text(story, "id")}}
    quoted = _object(raw, "reply_to")
    mid = _text(quoted, "mid") or _text(quoted, "id")
    return {"mid": mid} if mid else {}


def _reactions(raw: Mapping[str, Any], person: str) -> list[dict[str, str]]:
    """What the person reacted with; webhooks never tell of the account's own reactions (1.6)."""
    found = []
    for one in _data(raw, "reactions"):
        if any(_text(user, "id") == person for user in _objects(one.get("users"))):
            name = _text(one, "reaction")
            emoji = REACTIONS.get(name, "" if name.isascii() else name)
            fields = {"reaction": name if name in REACTIONS else "other", "emoji": emoji}
            found.append({field: value for field, value in fields.items() if value})
    return found


def _object(parent: Any, name: str) -> dict[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _data(parent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a Graph list ``{"data": […]}``."""
    return _objects(_object(parent, name).get("data"))


def _text(parent: Any, name: str) -> str:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, str) else ""
