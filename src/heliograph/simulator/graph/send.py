"""The Send API: ``POST /me/messages`` and ``POST /{page-id}/messages``.

Checks stand in the order in which their failures are most useful: who may call, whom it may reach, what it says, when
it may be said, and only then the fetching of media. The answer carries the ``mid`` that the echo will carry too.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from heliograph.simulator import access, routing, window
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import draft, media, private_replies
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Account, Message, Page, Thread, Token
from heliograph.simulator.webhooks.events import EMOJI
from heliograph.simulator.wire_log import gist

_SIGNALS = frozenset({"typing_on", "typing_off", "mark_seen"})
_REACTIONS = frozenset({"react", "unreact"})
_ECHO_LEAD_SECONDS = 0.25


async def send(call: Call, page: Page | None = None) -> dict[str, Any]:
    """Answer a send."""
    token, own, account = sender(call, page)
    given = call.params.get("recipient")
    if not isinstance(given, dict):
        raise refuse("parameter_missing", name="recipient")
    replied = None
    if "comment_id" in given:
        replied = private_replies.comment(call, token, own, account, str(given["comment_id"]))
        thread = call.world.threads.between(account, call.world.state.people[replied.person_id])
    else:
        thread = thread_of(call, account, str(given.get("id")))
    _check_reach(call, token, own, account, thread)
    if replied is None and not routing.may_answer(thread, own, token.app_id, call.world.clock.now_ms()):
        raise not_owner(call)
    if "sender_action" in call.params:
        _take(call, call.flavour.send_limit, account, thread)
        return _sender_action(call, thread)
    if "message" not in call.params:
        raise refuse("parameter_missing", name="message")
    message = draft.read(call.params["message"], call.world.rules.long_text)
    tag = _tag(call)
    if replied is None and not thread.is_self:
        _check_window(call, token, thread, tag)
    _check_content(call, account, message)
    onward = _thread_control(call, own, thread, token.app_id)
    reply_to = _reply_to(call, thread)
    heavy = any(one.type in ("audio", "video") for one in message.media)
    _take(call, "media" if heavy else call.flavour.send_limit, account, thread)
    attachments = [*await _media(call, own, message), *message.plain]
    if replied and replied.reply_mid:
        # Another reply was faster while this one fetched its media.
        raise refuse("comment_replied")
    said, echo = call.world.threads.business_says(
        thread,
        "api",
        text=message.text,
        attachments=attachments,
        quick_replies=list(message.quick_replies),
        template=message.template,
        reply_to=reply_to,
        messaging_type=call.text("messaging_type"),
        tag=tag,
    )
    if replied:
        replied.reply_mid = said.mid
        call.world.state.save(replied)
    if call.world.delivery.settings.echo_before_answer:
        echo()
        await call.world.pause(_ECHO_LEAD_SECONDS)
    else:
        call.after.append(echo)
    call.after.append(onward)
    call.note = gist(said.text, _kind(message))
    return {"recipient_id": thread.igsid, "message_id": said.mid}


def _kind(message: draft.Draft) -> str:
    return (
        "template"
        if message.template
        else ", ".join([*(one.type for one in message.media), *(one["type"] for one in message.plain)])
    )


def sender(call: Call, page: Page | None) -> tuple[Token, Page, Account]:
    """Who calls for which Page and account, when they may message for it at all."""
    token, own = call.page_token(page)
    account = call.account_of(own)
    call.check(token, own, call.flavour.send_scope, account.id, "permission_app", "MESSAGING")
    if not account.allow_messages:
        raise refuse("messages_access_off")
    if token.app_id in own.blocked_apps:
        raise refuse("business_blocked")
    if account.restriction:
        raise refuse(account.restriction, method=call.method.lower())
    return token, own, account


def thread_of(call: Call, account: Account, igsid: str) -> Thread:
    """The thread of a person with the account; 100/2534014 for nobody and for another account's IGSID."""
    thread = call.world.state.by_igsid.get(igsid)
    if thread is None or thread.account_id != account.id:
        raise refuse("no_user")
    return thread


def not_owner(call: Call) -> Exception:
    """The refusal of an app that has not the thread, in the wording that the world has chosen."""
    return refuse(f"not_owner_{call.world.rules.not_owner}")


def _check_reach(call: Call, token: Token, page: Page, account: Account, thread: Thread) -> None:
    """Whether the person can be reached: by anybody, and by this app."""
    person = call.world.state.people[thread.person_id]
    if not person.reachable or person.refusal:
        raise refuse(person.refusal or "unreachable")
    if thread.archived:
        raise refuse("thread_archived")
    app = call.world.state.apps[token.app_id]
    if refusal := access.may_message(app, page, thread, person, call.world.rules):
        raise refuse(refusal)


def _take(call: Call, limit: str, account: Account, thread: Thread) -> None:
    call.world.limits.take("thread", thread.key)
    call.world.limits.take(limit, account.id)


def _check_content(call: Call, account: Account, message: draft.Draft) -> None:
    """What only the world knows: the account's posts and products, and hosts that may not be linked."""
    state = call.world.state
    for one in message.plain:
        if one["type"] == "share":
            post = state.posts.get(one["payload"]["ig_post_media_id"])
            if post is None or post.account_id != account.id:
                raise refuse("parameter", reason="Param message[attachment][payload][id] must be a post of the account")
    if message.template and message.template["template_type"] == "product":
        for index, element in enumerate(message.template["elements"]):
            if str(element["id"]) not in account.catalog:
                raise refuse("parameter", reason=f"Param elements[{index}][id] must be a product of the catalog")
    if message.text and any(host in message.text for host in call.world.rules.restricted_hosts):
        raise refuse("link_restricted")


def _thread_control(call: Call, page: Page, thread: Thread, app_id: str) -> Callable[[], None]:
    """What ``thread_control`` asks to happen after the message: nothing, or the thread changes hands."""
    given = call.params.get("thread_control")
    if given is None:
        return lambda: None
    kind = given.get("control_type") if isinstance(given, dict) else None
    threads, metadata = call.world.threads, call.text("metadata")
    if kind == "release":
        return lambda: threads.release(thread)
    target = str(given.get("app_id")) if isinstance(given, dict) else ""
    if kind != "pass":
        raise refuse("parameter", reason="Param thread_control[control_type] must be one of {pass, release}")
    if target not in page.subscribed and target not in routing.INBOXES:
        raise refuse("parameter", reason=f"Param thread_control[app_id] {target} is not connected to the Page")
    return lambda: threads.pass_control(thread, target, metadata)


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
    if window.may_send(now.state, tag, app.human_agent):
        return
    if tag and now.state != "never" and call.world.rules.no_feature == "parameter":
        raise refuse("parameter", reason="Param tag is not available to the app")
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


async def _media(call: Call, page: Page, message: draft.Draft) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(_one(call, page, given) for given in message.media)))


async def _one(call: Call, page: Page, given: draft.Media) -> dict[str, Any]:
    if given.url:
        asset = await media.fetch(call.world, given.type, given.url)
        return {"type": given.type, "asset_id": asset.id}
    known = call.world.state.assets.get(given.attachment_id or "")
    if known is None or known.deleted or known.page_id != page.id:
        raise refuse("media_unknown")
    if known.content_type not in media.KINDS[given.type].types:
        raise refuse("media_type")
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
    # Facebook Login documents names, Instagram Login any emoji as well.
    if action == "react" and reaction not in EMOJI and (reaction.isascii() or not call.world.rules.emoji_reactions):
        names = ", ".join(EMOJI)
        raise refuse("parameter", reason=f'Param payload[reaction] must be one of {{{names}}} - got "{reaction}"')
    call.world.threads.business_reacts(said, EMOJI.get(reaction, reaction) if action == "react" else None)
