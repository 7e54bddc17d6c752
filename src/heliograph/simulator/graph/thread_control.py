"""Thread control: who answers in a thread, and how it changes hands (Meta reference 2.6).

Pass and release are the owner's; take is for an app that the default app's rules allow; request asks the owner and is
for Pages without a default app. Every change of hands is told to the app that it concerns.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from heliograph.simulator import routing
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import recipients
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Page, Thread

_METADATA = 1000


async def pass_control(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``pass_thread_control``: the owner gives the thread to another app, or to one of Meta's inboxes."""
    app_id, own, thread = _acting(call, page)
    target = str(call.required("target_app_id"))
    pass_to(call, own, thread, app_id, target)
    return {"success": True}


async def release(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``release_thread_control``: the owner lets go; the thread is idle."""
    app_id, own, thread = _acting(call, page)
    release_from(call, own, thread, app_id)
    return {"success": True}


async def take(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``take_thread_control``: an allowed app takes the thread from whoever has it."""
    app_id, own, thread = _acting(call, page)
    if not routing.may_take(own, app_id):
        raise refuse("permission_app")
    call.world.threads.take(thread, app_id, _metadata(call))
    return {"success": True}


async def request(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``request_thread_control``: ask the owner for the thread."""
    app_id, own, thread = _acting(call, page)
    if own.default_app_id:
        raise refuse("parameter", reason="request_thread_control is not available with conversation routing")
    call.world.threads.request(thread, app_id, _metadata(call))
    return {"success": True}


async def extend(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``extend_thread_control``: the owner keeps the thread for ``duration`` seconds, at most seven days."""
    app_id, _, thread = _acting(call, page)
    duration = call.required("duration")
    if not duration.isdecimal() or not 0 < int(duration) <= routing.MOST_EXTENSION_SECONDS:
        raise refuse("parameter", reason=f"Param duration must be 1 to {routing.MOST_EXTENSION_SECONDS} seconds")
    now = call.world.clock.now_ms()
    if routing.owner(thread, now) != app_id:
        raise recipients.not_owner(call)
    thread.owned_until_ms = now + int(duration) * 1000
    call.world.state.save(thread)
    return {"success": True}


async def thread_owner(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``GET thread_owner?recipient=``: told to the owner and the default app only; empty when the thread is idle."""
    token, own, account = recipients.sender(call, page)
    thread = recipients.thread_of(call, account, call.required("recipient"))
    holder = routing.owner(thread, call.world.clock.now_ms())
    if holder is None:
        return {"data": []}
    known: dict[str, Any] = {"expiration": routing.expires_ms(thread) // 1000}
    if token.app_id in (holder, own.default_app_id):
        known = {"app_id": holder, **known}
    return {"data": [{"thread_owner": known}]}


def pass_to(call: Call, page: Page, thread: Thread, app_id: str, target: str) -> None:
    """Give a thread away. Raises 100/2534037 for who has it not, 100 for a target that is not connected."""
    if not routing.may_answer(thread, page, app_id, call.world.clock.now_ms()):
        raise recipients.not_owner(call)
    if target not in page.subscribed and target not in routing.INBOXES:
        raise refuse("parameter", reason=f"Param target_app_id {target} is not connected to the Page")
    call.world.threads.pass_control(thread, target, _metadata(call))


def release_from(call: Call, page: Page, thread: Thread, app_id: str) -> None:
    """Let a thread go. Raises 100/2534037 for who has it not."""
    if routing.owner(thread, call.world.clock.now_ms()) != app_id:
        raise recipients.not_owner(call)
    call.world.threads.release(thread)


def _acting(call: Call, page: Page | None) -> tuple[str, Page, Thread]:
    token, own, account = recipients.sender(call, page)
    given = call.params.get("recipient")
    recipient = given.get("id") if isinstance(given, dict) else given
    if not recipient:
        raise refuse("parameter_missing", name="recipient")
    return token.app_id, own, recipients.thread_of(call, account, str(recipient))


def _metadata(call: Call) -> str | None:
    given = call.text("metadata")
    if given and len(given) > _METADATA:
        raise refuse("parameter", reason=f"Param metadata must be at most {_METADATA} characters")
    return given


EDGES: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "pass_thread_control": pass_control,
    "release_thread_control": release,
    "take_thread_control": take,
    "request_thread_control": request,
    "extend_thread_control": extend,
}
