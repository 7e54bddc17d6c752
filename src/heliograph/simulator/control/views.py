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
    }


def account(page: Page, one: Account | None) -> dict[str, Any]:
    """A Page and its account."""
    return {
        "page_id": page.id,
        "page_name": page.name,
        "instagram_account_id": one.id if one else None,
        "username": one.username if one else None,
        "name": one.name if one else None,
        "owner_user_id": page.owner_id,
        "subscribed_app_ids": list(page.subscribed),
        "allow_messages": one.allow_messages if one else None,
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
    return {"id": one.id, "url": world.cdn.link(one.asset_id), "timestamp": one.created_ms}


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
        "typing": one.typing_until_ms > now,
        "window": {
            "state": state.state,
            "standard_closes": state.standard_closes_ms,
            "human_agent_closes": state.human_agent_closes_ms,
        },
    }


def messages(world: World, one: Thread) -> list[dict[str, Any]]:
    """The messages of a thread, oldest first."""
    listed = world.state.listed[one.key]
    order = {said.mid: index for index, said in enumerate(listed)}
    seen = {"business": order.get(one.person_seen or "", -1), "person": order.get(one.business_seen or "", -1)}
    return [message(world, said, seen[said.sender] >= order[said.mid]) for said in listed]


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
        "tag": said.tag,
        "messaging_type": said.messaging_type,
        "timestamp": said.timestamp_ms,
        "deleted": said.deleted,
        "edited": said.num_edit > 0,
        "reactions": [{"from": by, **given} for by, given in said.reactions.items()],
        "seen": seen,
    }


def _attachment(world: World, stored: dict[str, Any]) -> dict[str, Any]:
    url = world.cdn.link(stored["asset_id"]) if "asset_id" in stored else stored.get("url")
    return {"type": stored["type"], "url": url, "payload": stored.get("payload")}
