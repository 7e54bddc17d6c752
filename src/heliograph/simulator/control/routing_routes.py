"""Control: conversation routing of an account, and acting as another app in a thread.

What is done here keeps no rule of who may do it: it is how a test puts a thread where it wants it.
"""

from typing import Any

from fastapi import APIRouter

from heliograph.simulator import routing
from heliograph.simulator.control import lookup
from heliograph.simulator.control import meta_models as models
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.models import Thread
from heliograph.simulator.world import World

router = APIRouter(tags=["routing"])


@router.get("/accounts/{account_id}/routing")
async def read(world: Held, account_id: str) -> dict[str, Any]:
    """The default app, the apps that may take control, and the apps that are connected."""
    page = world.state.pages[lookup.account(world, account_id).page_id]
    return {
        "default_app_id": page.default_app_id,
        "may_take": page.may_take,
        "connected_app_ids": list(page.subscribed),
        "inboxes": routing.INBOXES,
    }


@router.put("/accounts/{account_id}/routing")
async def change(world: Held, account_id: str, body: models.Routing) -> dict[str, Any]:
    """Set or clear the default app."""
    page = world.state.pages[lookup.account(world, account_id).page_id]
    for app_id in (body.default_app_id, *body.may_take):
        if app_id and app_id not in routing.INBOXES:
            lookup.app(world, app_id)
    page.default_app_id, page.may_take = body.default_app_id, list(body.may_take)
    world.state.save(page)
    return await read(world, account_id)


@router.get("/threads/{account_id}/{person}/owner")
async def owner(world: Held, account_id: str, person: str) -> dict[str, Any]:
    """Who is in control of a thread, and until when."""
    return _told(world, lookup.thread(world, account_id, person))


@router.post("/app-acts")
async def act(world: Held, body: models.AppAct) -> dict[str, Any]:
    """Let an app take, pass, release or ask for a thread, or say something in it."""
    thread = lookup.thread(world, body.account_id, body.person)
    if body.app_id not in routing.INBOXES:
        lookup.app(world, body.app_id)
    threads = world.threads
    match body.action:
        case "take":
            threads.take(thread, body.app_id, body.metadata)
        case "release":
            threads.release(thread)
        case "request":
            threads.request(thread, body.app_id, body.metadata)
        case "pass":
            if not body.target_app_id:
                raise ControlError("target_app_id", "Pass needs the app that gets the thread.")
            threads.pass_control(thread, body.target_app_id, body.metadata)
        case "message":
            if not body.text:
                raise ControlError("text", "A message needs a text.")
            _, echo = threads.business_says(thread, "api", text=body.text)
            echo()
    return _told(world, thread)


def _told(world: World, thread: Thread) -> dict[str, Any]:
    holder = routing.owner(thread, world.clock.now_ms())
    return {"owner_app_id": holder, "expires": routing.expires_ms(thread) if holder else None}
