"""Control: act as a person or as the owner, and look at the threads."""

from typing import Any

from fastapi import APIRouter, Query

from heliograph.simulator.control import lookup, models, views
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.models import Message
from heliograph.simulator.pictures import story as story_picture
from heliograph.simulator.world import World

router = APIRouter(tags=["threads"])


def _told(said: Message) -> dict[str, Any]:
    return {"mid": said.mid, "timestamp": said.timestamp_ms}


@router.post("/messages", status_code=201)
async def message(world: Held, body: models.NewMessage) -> dict[str, Any]:
    """A person writes to an account."""
    thread = lookup.thread(world, body.account_id, body.person)
    if body.text is None and not body.attachments:
        raise ControlError("text", "A message needs a text or attachments.")
    if body.quick_reply_payload is not None and body.text is None:
        raise ControlError("text", "A quick reply needs its title as the text.")
    said = world.threads.person_says(
        thread,
        _when(world, body.timestamp, body.age_seconds),
        text=body.text,
        attachments=[_attachment(world, index, one) for index, one in enumerate(body.attachments)],
        quick_reply_payload=body.quick_reply_payload,
        reply_to=_reply_to(world, body, thread.key),
    )
    return _told(said)


@router.post("/mentions", status_code=201)
async def mention(world: Held, body: models.NewMention) -> dict[str, Any]:
    """A person mentions an account in their story."""
    thread = lookup.thread(world, body.account_id, body.person)
    when = _when(world, None, body.age_seconds)
    story = world.threads.story(thread.person_id, story_picture(f"{thread.key}{len(world.state.stories)}"), "image/png")
    attachment = {"type": "story_mention", "asset_id": story.asset_id, "story_id": story.id}
    return _told(world.threads.person_says(thread, when, attachments=[attachment]))


@router.post("/postbacks", status_code=201)
async def postback(world: Held, body: models.NewPostback) -> dict[str, Any]:
    """A person taps an ice breaker, a menu item or a button of a template."""
    thread = lookup.thread(world, body.account_id, body.person)
    tapped = {"title": body.title, "payload": body.payload}
    return _told(world.threads.person_says(thread, text=body.title, postback=tapped))


@router.post("/unsend")
async def unsend(world: Held, body: models.MessageName) -> dict[str, Any]:
    """Whoever sent a message takes it back."""
    said = lookup.message(world, body.mid)
    world.threads.unsend(said)
    return _told(said)


@router.post("/seen")
async def seen(world: Held, body: models.Seen) -> dict[str, Any]:
    """The person has seen the thread up to a message."""
    thread = lookup.thread(world, body.account_id, body.person)
    if body.mid:
        mid = lookup.message(world, body.mid).mid
    else:
        mid = next((one.mid for one in reversed(world.state.listed[thread.key]) if one.sender == "business"), "")
    if mid:
        world.threads.seen(thread, mid, body.bare)
    return {"mid": mid or None}


@router.post("/reactions")
async def reaction(world: Held, body: models.NewReaction) -> dict[str, Any]:
    """The person reacts to a message, or takes the reaction back."""
    said = lookup.message(world, body.mid)
    world.threads.person_reacts(said, body.emoji)
    return _told(said)


@router.post("/edits")
async def edit(world: Held, body: models.NewEdit) -> dict[str, Any]:
    """The person changes the text of their message."""
    said = lookup.message(world, body.mid)
    if said.sender != "person" or said.text is None:
        raise ControlError("mid", "Only a text of the person can be edited.", 409)
    world.threads.edit(said, body.text)
    return _told(said)


@router.post("/owner-messages", status_code=201)
async def owner_message(world: Held, body: models.OwnerMessage) -> dict[str, Any]:
    """The owner writes in the Instagram app; the apps see it as an echo."""
    thread = lookup.thread(world, body.account_id, body.person)
    said, echo = world.threads.business_says(thread, "app", text=body.text)
    echo()
    return _told(said)


@router.get("/threads")
async def threads(world: Held) -> dict[str, Any]:
    """All threads with messages, the youngest first."""
    found = [one for one in world.state.threads.values() if world.state.listed[one.key]]
    found.sort(key=lambda one: one.updated_ms, reverse=True)
    return {"threads": [views.thread(world, one) for one in found]}


@router.get("/threads/{account_id}/{person}")
async def thread(
    world: Held,
    account_id: str,
    person: str,
    before: str | None = Query(None, description="A mid: only messages that came before it."),
    limit: int | None = Query(None, ge=1, le=1000, description="Only the youngest; absent: all."),
) -> dict[str, Any]:
    """One thread with its messages, oldest first. ``older`` tells whether there are some before the first."""
    found = lookup.thread(world, account_id, person)
    if before is not None and getattr(world.state.messages.get(before), "thread", None) != found.key:
        raise ControlError("before", f"The thread has no message {before}.", 404)
    return {**views.thread(world, found), **views.messages(world, found, before, limit)}


@router.get("/messages/{mid}")
async def one_message(world: Held, mid: str) -> dict[str, Any]:
    """One message, also when it was unsent."""
    said = world.state.messages.get(mid)
    if said is None:
        raise ControlError("mid", f"No message has the mid {mid}.", 404)
    return views.one_message(world, said)


@router.get("/stories")
async def all_stories(world: Held) -> dict[str, Any]:
    """Every story that is alive, of accounts and of people, youngest first."""
    return {"stories": [views.story(world, one) for one in world.threads.stories_of(None)]}


@router.get("/accounts/{account_id}/stories")
async def stories(world: Held, account_id: str) -> dict[str, Any]:
    """The account's stories that are alive."""
    account = lookup.account(world, account_id)
    return {"stories": [views.story(world, one) for one in world.threads.stories_of(account.id)]}


@router.post("/accounts/{account_id}/stories", status_code=201)
async def new_story(world: Held, account_id: str) -> dict[str, Any]:
    """The account posts a story."""
    account = lookup.account(world, account_id)
    picture = story_picture(f"{account.id}{len(world.state.stories)}")
    return views.story(world, world.threads.story(account.id, picture, "image/png"))


def _when(world: World, timestamp: int | None, age_seconds: float | None) -> int | None:
    if timestamp is not None and age_seconds is not None:
        raise ControlError("age_seconds", "Give either timestamp or age_seconds.")
    if age_seconds is not None:
        return world.clock.now_ms() - round(age_seconds * 1000)
    return timestamp


def _attachment(world: World, index: int, given: models.Attachment) -> dict[str, Any]:
    """A link to our own CDN is kept as its file, so that every reader gets a fresh link."""
    stored: dict[str, Any] = {"type": given.type}
    if given.payload:
        stored["payload"] = given.payload
    if given.url:
        if not given.url.startswith(("http://", "https://", "/")):
            raise ControlError(f"attachments.{index}.url", "Must be an http or https URL.")
        asset_id = world.cdn.asset_of(given.url)
        stored.update({"asset_id": asset_id} if asset_id else {"url": given.url})
    return stored


def _reply_to(world: World, body: models.NewMessage, thread_key: str) -> dict[str, str] | None:
    if body.story_id:
        story = world.state.stories.get(body.story_id)
        if story is None or story not in world.threads.stories_of(body.account_id):
            raise ControlError("story_id", f"The account has no live story {body.story_id}.", 404)
        return {"story_id": story.id, "asset_id": story.asset_id}
    if body.reply_to_mid:
        answered = lookup.message(world, body.reply_to_mid, "reply_to_mid")
        if answered.thread != thread_key:
            raise ControlError("reply_to_mid", "The message is of another thread.")
        return {"mid": answered.mid}
    return None
