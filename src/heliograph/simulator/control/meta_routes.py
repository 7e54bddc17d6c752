"""Control: the rarer things that happen in a thread (Meta reference 1.6)."""

from typing import Any

from fastapi import APIRouter

from heliograph.simulator import ids
from heliograph.simulator.control import lookup, views
from heliograph.simulator.control import meta_models as models
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.control.models import Thread as ThreadName
from heliograph.simulator.models import Message
from heliograph.simulator.pictures import story as picture
from heliograph.simulator.webhooks import events
from heliograph.simulator.world import World

router = APIRouter(tags=["events"])


@router.post("/shares", status_code=201)
async def share(world: Held, body: models.NewShare) -> dict[str, Any]:
    """A person shares a post, a reel or a story. What a shared post looks like is the knob ``shared_post``."""
    thread = lookup.thread(world, body.account_id, body.person)
    media_id = body.media_id or world.state.fresh(lambda: ids.digits(17, "18"))
    url = body.url or world.cdn.link(world.cdn.keep(picture(media_id), "image/png", "shared").id)
    if body.kind == "story":
        found = [{"type": "ig_story", "payload": {"story_media_id": media_id, "story_media_url": url}}]
    else:
        key = "ig_post_media_id" if body.kind == "post" else "reel_video_id"
        payload = {key: media_id, "title": body.title}
        asset_id = world.cdn.asset_of(url)
        at = {"asset_id": asset_id} if asset_id else {"url": url}
        found = [{"type": name, "payload": payload, **at} for name in _types(world, body.kind)]
    return _told(world.threads.person_says(thread, text=body.text, attachments=found))


def _types(world: World, kind: str) -> list[str]:
    if kind == "post":
        return ["share", "ig_post"] if world.rules.shared_post == "both" else [world.rules.shared_post]
    return [{"reel": "ig_reel", "facebook_reel": "reel"}[kind]]


@router.post("/unsupported", status_code=201)
async def unsupported(world: Held, body: ThreadName) -> dict[str, Any]:
    """A person sends what Meta does not hand over."""
    thread = lookup.thread(world, body.account_id, body.person)
    return _told(world.threads.person_says(thread, unsupported=True))


@router.post("/referrals", status_code=201)
async def referral(world: Held, body: models.NewReferral) -> dict[str, Any]:
    """A person follows an ig.me link; ``told`` is false while it waits for the first message of a new thread."""
    thread = lookup.thread(world, body.account_id, body.person)
    given = {"ref": body.ref, "source": body.source, "type": "OPEN_THREAD"}
    return {"told": world.threads.referred(thread, given)}


@router.post("/context-messages", status_code=201)
async def context(world: Held, body: models.NewContext) -> dict[str, Any]:
    """A person writes from a product's page or from an ad."""
    if bool(body.product_id) == bool(body.ad_id):
        raise ControlError("product_id", "Give either product_id or ad_id.")
    thread = lookup.thread(world, body.account_id, body.person)
    if body.product_id:
        given: dict[str, Any] = {"product": {"id": body.product_id}}
    else:
        ad: dict[str, Any] = {"ref": body.ref, "ad_id": body.ad_id, "source": "ADS", "type": "OPEN_THREAD"}
        ad["ads_context_data"] = body.ads_context_data or {"ad_title": "An ad"}
        given = {key: value for key, value in ad.items() if value is not None}
    return _told(world.threads.person_says(thread, text=body.text, referral=given))


@router.post("/optins", status_code=201)
async def optin(world: Held, body: models.NewOptin) -> dict[str, Any]:
    """A person opts in to notification messages."""
    thread = lookup.thread(world, body.account_id, body.person)
    token = ids.digits(18)
    world.threads.opts_in(
        thread,
        {
            "type": "notification_messages",
            "payload": body.payload,
            "title": body.title,
            "notification_messages_token": token,
            "notification_messages_frequency": body.frequency,
            "notification_messages_timezone": "UTC",
            "token_expiry_timestamp": world.clock.now_ms() + 180 * 24 * 3_600_000,
            "user_token_status": body.status,
        },
    )
    return {"notification_messages_token": token}


@router.post("/policy-enforcement")
async def policy(world: Held, body: models.Policy) -> dict[str, Any]:
    """Meta blocks an app for an account; until it lets go, sends answer 100/2534029."""
    account, app = lookup.account(world, body.account_id), lookup.app(world, body.app_id)
    page = world.state.pages[account.page_id]
    blocked = [one for one in page.blocked_apps if one != app.id]
    page.blocked_apps = [*blocked, app.id] if body.action == "block" else blocked
    world.state.save(page)
    if app.callback_url and "messaging_policy_enforcement" in app.fields:
        told = events.policy(account.id, body.action, body.reason, world.clock.now_ms())
        world.delivery.publish_to(app.id, account.id, account.id, told)
    return {"blocked_app_ids": page.blocked_apps}


@router.post("/self-messages", status_code=201)
async def to_self(world: Held, body: models.SelfMessage) -> dict[str, Any]:
    """The account writes to itself, as Meta advises for tests: an echo with ``is_self``, or a postback with it."""
    thread = world.threads.to_self(lookup.account(world, body.account_id))
    postback = {"title": body.text, "payload": body.payload} if body.payload else None
    said, echo = world.threads.business_says(thread, "app", text=body.text, postback=postback)
    echo()
    return {**_told(said), "igsid": thread.igsid}


@router.post("/threads/{account_id}/{person}/archive")
async def archive(world: Held, account_id: str, person: str) -> dict[str, Any]:
    """The owner deletes a thread in the app: sends answer 100/2534001 until the person writes again."""
    thread = lookup.thread(world, account_id, person)
    world.threads.archive(thread)
    return views.thread(world, thread)


def _told(said: Message) -> dict[str, Any]:
    return {"mid": said.mid, "timestamp": said.timestamp_ms}
