"""The Send API: ``POST /me/messages`` and ``POST /{page-id}/messages``.

Checks stand in the order in which their failures are most useful: who may call, whom it may reach, what it says, when
it may be said, and only then the fetching of media. The answer carries the ``mid`` that the echo will carry too.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from heliograph.simulator import routing, window
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import draft, media, sender_actions
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.recipients import Addressed, addressed
from heliograph.simulator.models import Account, Page, Thread, Token
from heliograph.simulator.wire_log import gist

_ECHO_LEAD_SECONDS = 0.25


async def send(call: Call, page: Page | None = None) -> dict[str, Any]:
    """Answer a send."""
    at = addressed(call, page)
    if "sender_action" in call.params:
        _take(call, call.flavour.send_limit, at)
        return sender_actions.answer(call, at.thread)
    if "message" not in call.params:
        raise refuse("parameter_missing", name="message")
    message = draft.read(call.params["message"], call.world.rules.long_text)
    tag = _tag(call)
    if at.comment is None and not at.thread.is_self:
        _check_window(call, at.token, at.thread, tag)
    _check_content(call, at.account, message)
    onward = _thread_control(call, at.page, at.thread, at.token.app_id)
    reply_to = _reply_to(call, at.thread)
    heavy = any(one.type in ("audio", "video") for one in message.media)
    _take(call, "media" if heavy else call.flavour.send_limit, at)
    attachments = [*await _media(call, at.page, message), *message.plain]
    if at.comment and at.comment.reply_mid:
        # Another reply was faster while this one fetched its media.
        raise refuse("comment_replied")
    said, echo = call.world.threads.business_says(
        at.thread,
        "api",
        text=message.text,
        attachments=attachments,
        quick_replies=list(message.quick_replies),
        template=message.template,
        reply_to=reply_to,
        messaging_type=call.text("messaging_type"),
        tag=tag,
    )
    if at.comment:
        at.comment.reply_mid = said.mid
        call.world.state.save(at.comment)
    await _echo(call, echo)
    call.after.append(onward)
    call.note = gist(said.text, _kind(message))
    return {"recipient_id": at.thread.igsid, "message_id": said.mid}


async def _echo(call: Call, echo: Callable[[], None]) -> None:
    """Send the echo, before the answer or after it."""
    if call.world.delivery.settings.echo_before_answer:
        echo()
        await call.world.pause(_ECHO_LEAD_SECONDS)
    else:
        call.after.append(echo)


def _take(call: Call, limit: str, at: Addressed) -> None:
    call.world.limits.take("thread", at.thread.key)
    call.world.limits.take(limit, at.account.id)


def _kind(message: draft.Draft) -> str:
    return (
        "template"
        if message.template
        else ", ".join([*(one.type for one in message.media), *(one["type"] for one in message.plain)])
    )


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
    return {"mid": sender_actions.message_of(call, thread, mid, "reply_to[mid]").mid}


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
