"""What a webhook says: one ``messaging[]`` item for each thing that happens in a thread. Pure.

Key order follows real captures: sender, recipient, timestamp, then the event; inside a message ``mid``, then its
content, then what it answers, flags last.
"""

from collections.abc import Callable
from typing import Any

from heliograph.simulator.models import Message, Thread

FIELD_OF = {
    "message": "messages",
    "postback": "messaging_postbacks",
    "read": "messaging_seen",
    "reaction": "message_reactions",
    "message_edit": "message_edit",
    "referral": "messaging_referral",
}
"""The subscription field that carries each event."""

EMOJI = {
    "love": "❤️",
    "like": "👍",
    "laugh": "😂",
    "wow": "😮",
    "sad": "😢",
    "angry": "😡",
}
"""The named reactions and what they look like; anything else is called ``other``."""

Link = Callable[[str], str]


def item(thread: Thread, timestamp_ms: int, event: str, body: dict[str, Any], from_business: bool) -> dict[str, Any]:
    """A ``messaging[]`` item. An echo has the account as its sender."""
    person, account = {"id": thread.igsid}, {"id": thread.account_id}
    sender, recipient = (account, person) if from_business else (person, account)
    return {"sender": sender, "recipient": recipient, "timestamp": timestamp_ms, event: body}


def message(thread: Thread, said: Message, link: Link) -> dict[str, Any]:
    """A message of the person, or the echo of one of the business. ``link`` makes a CDN link from an asset id."""
    from_business = said.sender == "business"
    if said.postback is not None:
        return item(thread, said.timestamp_ms, "postback", {"mid": said.mid, **said.postback}, from_business)
    body: dict[str, Any] = {"mid": said.mid}
    if said.text is not None:
        body["text"] = said.text
    attachments = [attachment(one, link) for one in said.attachments]
    if said.template:
        attachments.append({"type": "template", "payload": {"generic": {"elements": echoed_elements(said.template)}}})
    if attachments:
        body["attachments"] = attachments
    if said.reply_to:
        body["reply_to"] = _reply_to(said.reply_to, link)
    if said.quick_reply_payload is not None:
        body["quick_reply"] = {"payload": said.quick_reply_payload}
    if from_business:
        body["is_echo"] = True
    return item(thread, said.timestamp_ms, "message", body, from_business)


def attachment(stored: dict[str, Any], link: Link) -> dict[str, Any]:
    """An attachment as the wire shows it; some types have no payload at all."""
    payload: dict[str, Any] = dict(stored.get("payload") or {})
    if "asset_id" in stored:
        payload["url"] = link(stored["asset_id"])
    elif "url" in stored:
        payload["url"] = stored["url"]
    return {"type": stored["type"], "payload": payload} if payload else {"type": stored["type"]}


def echoed_elements(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a sent template as its echo shows them: ``web_url`` comes back as ``open_url``.

    What the echo of a button template looks like is not documented; here it is one element with the text as title.
    """
    if template["template_type"] == "button":
        elements = [{"title": template["text"], "buttons": template["buttons"]}]
    else:
        elements = template["elements"]
    return [
        {
            **element,
            **(
                {"buttons": [{**button, "type": _ECHOED.get(button["type"], button["type"])} for button in buttons]}
                if (buttons := element.get("buttons"))
                else {}
            ),
        }
        for element in elements
    ]


_ECHOED = {"web_url": "open_url"}


def _reply_to(target: dict[str, str], link: Link) -> dict[str, Any]:
    if "story_id" in target:
        return {"story": {"url": link(target["asset_id"]), "id": target["story_id"]}}
    return {"mid": target["mid"]}


def unsent(thread: Thread, said: Message, timestamp_ms: int) -> dict[str, Any]:
    """A message was taken back."""
    flags: dict[str, Any] = {"mid": said.mid, "is_deleted": True}
    if said.sender == "business":
        flags["is_echo"] = True
    return item(thread, timestamp_ms, "message", flags, said.sender == "business")


def seen(thread: Thread, mid: str, timestamp_ms: int) -> dict[str, Any]:
    """The person has seen everything up to ``mid``."""
    return item(thread, timestamp_ms, "read", {"mid": mid}, from_business=False)


def reaction(thread: Thread, mid: str, given: dict[str, str] | None, timestamp_ms: int) -> dict[str, Any]:
    """The person reacted to a message, or took the reaction back (``given`` None)."""
    body = {"mid": mid, "action": "react", **given} if given else {"mid": mid, "action": "unreact"}
    return item(thread, timestamp_ms, "reaction", body, from_business=False)


def edit(thread: Thread, said: Message, timestamp_ms: int) -> dict[str, Any]:
    """The person changed the text of a message. The documents print ``num_edit`` as a string."""
    body = {"mid": said.mid, "text": said.text, "num_edit": str(said.num_edit)}
    return item(thread, timestamp_ms, "message_edit", body, from_business=False)
