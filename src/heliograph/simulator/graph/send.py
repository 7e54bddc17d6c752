"""The Send API: ``POST /me/messages`` and ``POST /{page-id}/messages``.

Checks stand in the order in which their failures are most useful: who may call, whom it may reach, what it says, when
it may be said, and only then the fetching of media. The answer carries the ``mid`` that the echo will carry too.
"""

import asyncio
from typing import Any

from heliograph.simulator import window
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import draft, media, tokens
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Account, Message, Page, Thread, Token
from heliograph.simulator.webhooks.events import EMOJI
from heliograph.simulator.wire_log import gist

_SIGNALS = frozenset({"typing_on", "typing_off", "mark_seen"})
_REACTIONS = frozenset({"react", "unreact"})
_ECHO_LEAD_SECONDS = 0.25


async def send(call: Call, page: Page | None = None) -> dict[str, Any]:
    """Answer a send."""
    token, account = _sender(call, page)
    thread = _recipient(call, account)
    if "sender_action" in call.params:
        return _sender_action(call, thread)
    if "message" not in call.params:
        raise refuse("parameter_missing", name="message")
    message = draft.read(call.params["message"])
    tag = _tag(call)
    _check_window(call, token, thread, tag)
    reply_to = _reply_to(call, thread)
    said, echo = call.world.threads.business_says(
        thread,
        "api",
        text=message.text,
        attachments=[*await _media(call, message), *message.plain],
        quick_replies=list(message.quick_replies),
        template=message.template,
        reply_to=reply_to,
        messaging_type=call.text("messaging_type"),
        tag=tag,
    )
    if call.world.delivery.settings.echo_before_answer:
        echo()
        await call.world.pause(_ECHO_LEAD_SECONDS)
    else:
        call.after.append(echo)
    call.note = gist(said.text, _kind(message))
    return {"recipient_id": thread.igsid, "message_id": said.mid}


def _kind(message: draft.Draft) -> str:
    return (
        "template"
        if message.template
        else ", ".join([*(one.type for one in message.media), *(one["type"] for one in message.plain)])
    )


async def upload(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``POST /me/message_attachments``: fetch a file once, to send it by its id."""
    _sender(call, page)
    message = call.params.get("message")
    attachment = message.get("attachment") if isinstance(message, dict) else None
    if not isinstance(attachment, dict):
        raise refuse("parameter_missing", name="message[attachment]")
    given = draft.media(attachment)
    if not given.url:
        raise refuse("parameter_missing", name="message[attachment][payload][url]")
    asset = await media.fetch(call.world, given.type, given.url)
    return {"attachment_id": asset.id}


def _sender(call: Call, page: Page | None) -> tuple[Token, Account]:
    token, own = call.page_token(page)
    account = call.account_of(own)
    if not tokens.covers(token, call.flavour.send_scope, account.id):
        raise refuse("permission_app")
    if not account.allow_messages:
        raise refuse("messages_access_off")
    return token, account


def _recipient(call: Call, account: Account) -> Thread:
    recipient = call.params.get("recipient")
    if not isinstance(recipient, dict):
        raise refuse("parameter_missing", name="recipient")
    if "comment_id" in recipient:
        # The simulator has no comments, so none of them can be answered privately.
        raise refuse("comment_invalid")
    thread = call.world.state.by_igsid.get(str(recipient.get("id")))
    if thread is None or thread.account_id != account.id:
        raise refuse("no_user")
    if not call.world.state.people[thread.person_id].reachable:
        raise refuse("unreachable")
    return thread


def _tag(call: Call) -> str | None:
    kind, tag = call.text("messaging_type"), call.text("tag")
    if kind is not None and kind not in window.MESSAGING_TYPES:
        names = ", ".join(sorted(window.MESSAGING_TYPES))
        raise refuse("parameter", reason=f'Param messaging_type must be one of {{{names}}} - got "{kind}"')
    if tag is not None and tag != window.HUMAN_AGENT:
        raise refuse("parameter", reason=f'Param tag must be one of {{{window.HUMAN_AGENT}}} - got "{tag}"')
    if kind == "MESSAGE_TAG" and tag is None:
        raise refuse("parameter", reason="Param tag is required when messaging_type is MESSAGE_TAG")
    return tag


def _check_window(call: Call, token: Token, thread: Thread, tag: str | None) -> None:
    app = call.world.state.apps[token.app_id]
    now = window.window(thread.last_action_ms, call.world.clock.now_ms())
    if not window.may_send(now.state, tag, app.human_agent):
        raise refuse("window_closed")


def _reply_to(call: Call, thread: Thread) -> dict[str, str] | None:
    given = call.params.get("reply_to")
    if given is None:
        return None
    mid = given.get("mid") if isinstance(given, dict) else None
    return {"mid": _message(call, thread, mid, "reply_to[mid]").mid}


def _message(call: Call, thread: Thread, mid: Any, name: str) -> Message:
    said = call.world.state.messages.get(str(mid))
    if said is None or said.thread != thread.key or said.deleted:
        raise refuse("parameter", reason=f"Param {name} must be a message of this conversation")
    return said


async def _media(call: Call, message: draft.Draft) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(_one(call, given) for given in message.media)))


async def _one(call: Call, given: draft.Media) -> dict[str, Any]:
    if given.url:
        asset = await media.fetch(call.world, given.type, given.url)
        return {"type": given.type, "asset_id": asset.id}
    known = call.world.state.assets.get(given.attachment_id or "")
    if known is None or known.deleted or media.type_of(known.content_type) is None:
        raise refuse("media_unknown")
    return {"type": given.type, "asset_id": known.id}


def _sender_action(call: Call, thread: Thread) -> dict[str, Any]:
    action = call.note = call.required("sender_action")
    if "message" in call.params:
        raise refuse("state_and_message")
    if action in _SIGNALS:
        if "payload" in call.params:
            raise refuse("parameter", reason=f"Param payload must not be sent with the sender action {action}")
        call.world.threads.business_signals(thread, action)
    elif action in _REACTIONS:
        _react(call, thread, action)
    else:
        names = ", ".join(sorted(_SIGNALS | _REACTIONS))
        raise refuse("parameter", reason=f'Param sender_action must be one of {{{names}}} - got "{action}"')
    return {"recipient_id": thread.igsid}


def _react(call: Call, thread: Thread, action: str) -> None:
    payload = call.params.get("payload")
    if not isinstance(payload, dict):
        raise refuse("parameter_missing", name="payload")
    said = _message(call, thread, payload.get("message_id"), "payload[message_id]")
    reaction = str(payload.get("reaction") or "")
    if action == "react" and not reaction:
        raise refuse("parameter_missing", name="payload[reaction]")
    # Facebook Login documents names, Instagram Login any emoji as well; both are taken.
    call.world.threads.business_reacts(said, EMOJI.get(reaction, reaction) if action == "react" else None)
