"""What the control API tells of the world's records."""

from typing import Any

from heliograph.simulator import routing, window
from heliograph.simulator.models import Account, App, Message, Page, Person, Story, Thread
from heliograph.simulator.world import World


def app(one: App) -> dict[str, Any]:
    """A Facebook app, with its secret: this is where developers get it from."""
    return {
        "id": one.id,
        "secret": one.secret,
        "name": one.name,
        "human_agent": one.human_agent,
        "require_proof": one.require_proof,
        "callback_url": one.callback_url,
        "deauthorize_url": one.deauthorize_url,
        "data_deletion_url": one.data_deletion_url,
        "fields": one.fields,
        "redirect_uris": one.redirect_uris,
        "configurations": one.configurations,
    }


def account(page: Page, one: Account | None) -> dict[str, Any]:
    """A Page and its account."""
    return {
        "page_id": None if page.hidden else page.id,
        "page_name": None if page.hidden else page.name,
        "instagram_account_id": one.id if one else None,
        "username": one.username if one else None,
        "name": one.name if one else None,
        "owner_user_id": page.owner_id,
        "subscribed_app_ids": list(page.subscribed),
        "allow_messages": one.allow_messages if one else None,
        "professional": one.professional if one else None,
        "linked": page.account_id is not None,
    }


def person(one: Person) -> dict[str, Any]:
    """A person."""
    return {
        "id": one.id,
        "name": one.name,
        "username": one.username,
        "profile_available": one.profile_available,
        "reachable": one.reachable,
    }


def story(world: World, one: Story) -> dict[str, Any]:
    """A story that is alive."""
    return {
        "id": one.id,
        "owner_id": one.owner_id,
        "url": world.cdn.link(one.asset_id),
        "timestamp": one.created_ms,
    }


def thread(world: World, one: Thread) -> dict[str, Any]:
    """A thread without its messages."""
    now = world.clock.now_ms()
    state = window.window(one.last_action_ms, now)
    someone = world.state.people[one.person_id]
    listed = world.state.listed[one.key]
    return {
        "account_id": one.account_id,
        "person": one.person_id,
        "igsid": one.igsid,
        "conversation_id": one.conversation_id,
        "name": someone.name,
        "username": someone.username,
        "messages_count": len(listed),
        "owner_app_id": routing.owner(one, now),
        "updated": one.updated_ms or None,
        "last_text": next((said.text for said in reversed(listed) if said.text), None),
        "last": _gist(next((said for said in reversed(listed) if not said.deleted), None)),
        "unread": _unread(one, listed),
        "typing": one.typing_until_ms > now,
        "typing_until": one.typing_until_ms if one.typing_until_ms > now else None,
        "window": {
            "state": state.state,
            "standard_closes": state.standard_closes_ms,
            "human_agent_closes": state.human_agent_closes_ms,
        },
    }


def _gist(said: Message | None) -> dict[str, Any] | None:
    """As much of a message as a list of threads or a quotation shows."""
    if said is None:
        return None
    return {
        "from": said.sender,
        "text": said.text,
        "attachments": [one["type"] for one in said.attachments],
        "template": said.template is not None,
        "deleted": said.deleted,
    }


def _unread(one: Thread, listed: list[Message]) -> int:
    """How many messages of the business the person has not seen. Whoever writes has seen what stood there."""
    count = 0
    for said in reversed(listed):
        if said.sender == "person" or said.mid == one.person_seen:
            break
        count += not said.deleted
    return count


def messages(world: World, one: Thread, before: str | None = None, limit: int | None = None) -> dict[str, Any]:
    """Messages of a thread, oldest first: all, or the youngest ``limit`` that came before the message ``before``."""
    listed = world.state.listed[one.key]
    order = {said.mid: index for index, said in enumerate(listed)}
    end = order.get(before or "", len(listed))
    start = 0 if limit is None else max(0, end - limit)
    seen = {"business": order.get(one.person_seen or "", -1), "person": order.get(one.business_seen or "", -1)}
    told = [message(world, said, seen[said.sender] >= start + index) for index, said in enumerate(listed[start:end])]
    return {"messages": told, "older": start > 0}


def one_message(world: World, said: Message) -> dict[str, Any]:
    """One message, with what its thread knows of it."""
    thread = world.state.threads[said.thread]
    order = [one.mid for one in world.state.listed[thread.key]]
    mid = thread.person_seen if said.sender == "business" else thread.business_seen
    return message(world, said, mid in order and order.index(said.mid) <= order.index(mid))


def message(world: World, said: Message, seen: bool) -> dict[str, Any]:
    """One message. ``seen`` tells whether the other side has seen it."""
    return {
        "mid": said.mid,
        "from": said.sender,
        "source": said.source,
        "text": said.text,
        "attachments": [_attachment(world, one) for one in said.attachments],
        "quick_replies": said.quick_replies,
        "quick_reply_payload": said.quick_reply_payload,
        "template": said.template,
        "postback": said.postback,
        "reply_to": said.reply_to,
        "referral": said.referral,
        "unsupported": said.unsupported,
        "quoted": _quoted(world, said.reply_to),
        "tag": said.tag,
        "messaging_type": said.messaging_type,
        "timestamp": said.timestamp_ms,
        "deleted": said.deleted,
        "edited": said.num_edit > 0,
        "reactions": [{"from": by, **given} for by, given in said.reactions.items()],
        "seen": seen,
    }


def _quoted(world: World, target: dict[str, str] | None) -> dict[str, Any] | None:
    """What a message answers, so that a reader of one page need not look for it on another."""
    if target is None:
        return None
    if "story_id" in target:
        return {"story_id": target["story_id"], "url": world.cdn.link(target["asset_id"])}
    answered = world.state.messages.get(target["mid"])
    gist = _gist(answered)
    return {"mid": target["mid"], **gist} if gist else None


def _attachment(world: World, stored: dict[str, Any]) -> dict[str, Any]:
    url = world.cdn.link(stored["asset_id"]) if "asset_id" in stored else stored.get("url")
    return {"type": stored["type"], "url": url, "payload": stored.get("payload")}
