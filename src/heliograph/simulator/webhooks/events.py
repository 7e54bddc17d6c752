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
    "optin": "messaging_optins",
    "pass_thread_control": "messaging_handover",
    "take_thread_control": "messaging_handover",
    "request_thread_control": "messaging_handover",
    "policy-enforcement": "messaging_policy_enforcement",
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


def name_of(event: dict[str, Any]) -> str:
    """What an item tells of: its one key that is an event; for a change the field."""
    return next((key for key in event if key in FIELD_OF), "") or str(event.get("field", ""))


def is_echo(event: dict[str, Any]) -> bool:
    """Whether an item tells of what the account itself wrote."""
    message = event.get("message")
    return isinstance(message, dict) and message.get("is_echo") is True


def item(thread: Thread, timestamp_ms: int, event: str, body: dict[str, Any], from_business: bool) -> dict[str, Any]:
    """A ``messaging[]`` item. An echo has the account as its sender."""
    person, account = {"id": thread.igsid}, {"id": thread.account_id}
    sender, recipient = (account, person) if from_business else (person, account)
    return {"sender": sender, "recipient": recipient, "timestamp": timestamp_ms, event: body}


def message(thread: Thread, said: Message, link: Link) -> dict[str, Any]:
    """A message of the person, or the echo of one of the business. ``link`` makes a CDN link from an asset id."""
    from_business = said.sender == "business"
    if said.postback is not None:
        tapped = item(thread, said.timestamp_ms, "postback", {"mid": said.mid, **said.postback}, from_business)
        if not thread.is_self:
            return tapped
        # Meta's sample: the flag stands beside the postback, not in it.
        return {**{key: tapped[key] for key in list(tapped)[:3]}, "is_self": True, "postback": tapped["postback"]}
    body: dict[str, Any] = {"mid": said.mid}
    if said.unsupported:
        return item(thread, said.timestamp_ms, "message", {**body, "is_unsupported": True}, from_business)
    if said.text is not None:
        body["text"] = said.text
    attachments = [attachment(one, link) for one in said.attachments]
    if said.template:
        attachments.append({"type": "template", "payload": echoed(said.template)})
    if attachments:
        body["attachments"] = attachments
    if said.reply_to:
        body["reply_to"] = _reply_to(said.reply_to, link)
    if said.quick_reply_payload is not None:
        body["quick_reply"] = {"payload": said.quick_reply_payload}
    if said.referral:
        body["referral"] = said.referral
    if from_business:
        body["is_echo"] = True
    if thread.is_self:
        body["is_self"] = True
    return item(thread, said.timestamp_ms, "message", body, from_business)


def attachment(stored: dict[str, Any], link: Link) -> dict[str, Any]:
    """An attachment as the wire shows it; some types have no payload at all."""
    payload: dict[str, Any] = dict(stored.get("payload") or {})
    if "asset_id" in stored:
        payload["url"] = link(stored["asset_id"])
    elif "url" in stored:
        payload["url"] = stored["url"]
    return {"type": stored["type"], "payload": payload} if payload else {"type": stored["type"]}


def echoed(template: dict[str, Any]) -> dict[str, Any]:
    """A sent template as its echo shows it, under ``product`` or ``generic``."""
    if template["template_type"] == "product":
        return {"product": {"elements": template["elements"]}}
    return {"generic": {"elements": echoed_elements(template)}}


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


def referral(thread: Thread, given: dict[str, Any], timestamp_ms: int) -> dict[str, Any]:
    """The person followed an ig.me link into a thread that exists."""
    return item(thread, timestamp_ms, "referral", given, from_business=False)


def optin(thread: Thread, given: dict[str, Any], timestamp_ms: int) -> dict[str, Any]:
    """The person opted in to notification messages."""
    return item(thread, timestamp_ms, "optin", given, from_business=False)


def handover(thread: Thread, event: str, body: dict[str, Any], timestamp_ms: int) -> dict[str, Any]:
    """A thread changed hands, or somebody asks for it. What is unknown, as the owner of an idle thread, is left out."""
    known = {key: value for key, value in body.items() if value is not None}
    return item(thread, timestamp_ms, event, known, from_business=False)


def policy(account_id: str, action: str, reason: str, timestamp_ms: int) -> dict[str, Any]:
    """Meta blocked an app, or let it go on. Nobody sent it, so there is no sender."""
    return {
        "recipient": {"id": account_id},
        "timestamp": timestamp_ms,
        "policy-enforcement": {"action": action, "reason": reason},
    }


def change(field: str, value: dict[str, Any]) -> dict[str, Any]:
    """An element of ``changes``. Captured keys: value, then field."""
    return {"value": value, "field": field}
