"""Control: posts, comments and what else comes as ``changes`` (Meta reference 1.7), and the dashboard's tests."""

from typing import Any

from fastapi import APIRouter

from heliograph.simulator import ids
from heliograph.simulator.control import lookup
from heliograph.simulator.control import meta_models as models
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.models import Account, Comment, Post, Thread
from heliograph.simulator.webhooks import dashboard, events
from heliograph.simulator.world import World

router = APIRouter(tags=["comments"])


@router.get("/accounts/{account_id}/posts")
async def posts(world: Held, account_id: str) -> dict[str, Any]:
    """The account's posts."""
    account = lookup.account(world, account_id)
    return {"posts": [_post(one) for one in world.state.posts.values() if one.account_id == account.id]}


@router.post("/accounts/{account_id}/posts", status_code=201)
async def new_post(world: Held, account_id: str, body: models.NewPost) -> dict[str, Any]:
    """The account posts something, or begins a broadcast."""
    return _post(_publish(world, lookup.account(world, account_id), body))


@router.post("/posts/{post_id}/end")
async def end(world: Held, post_id: str) -> dict[str, Any]:
    """A broadcast ends; its comments can be answered no more."""
    post = world.state.posts.get(post_id)
    if post is None:
        raise ControlError("post_id", f"No post has the id {post_id}.", 404)
    post.live = False
    world.state.save(post)
    return _post(post)


@router.post("/comments", status_code=201)
async def comment(world: Held, body: models.NewComment) -> dict[str, Any]:
    """Somebody comments on a post; a comment on a broadcast is told as ``live_comments``."""
    account = lookup.account(world, body.account_id)
    post = _commented(world, account, body.post_id)
    thread = lookup.thread(world, account.id, body.person) if body.person else world.threads.to_self(account)
    key = world.state.fresh(lambda: ids.digits(17, "17"))
    at = world.clock.now_ms() - round(body.age_seconds * 1000)
    said = world.state.add(
        Comment(key, post.id, account.id, thread.person_id, body.text, at, post.live, body.parent_id)
    )
    field = "live_comments" if said.live else "comments"
    world.delivery.publish_change(thread, account.id, field, _value(world, said, post, thread, body))
    return {"id": said.id, "post_id": post.id, "igsid": thread.igsid}


@router.delete("/comments/{comment_id}")
async def delete(world: Held, comment_id: str) -> dict[str, Any]:
    """A comment is deleted. Meta tells nobody."""
    said = world.state.comments.get(comment_id)
    if said is None:
        raise ControlError("comment_id", f"No comment has the id {comment_id}.", 404)
    said.deleted = True
    world.state.save(said)
    return {"deleted": True}


@router.post("/media-mentions", status_code=201)
async def mention(world: Held, body: models.NewMediaMention) -> dict[str, Any]:
    """Somebody mentions the account in a caption, or in a comment when ``comment_id`` is given."""
    account = lookup.account(world, body.account_id)
    value = {"media_id": body.media_id or ids.digits(17, "179")}
    if body.comment_id:
        value = {"comment_id": body.comment_id, **value}
    world.delivery.publish_change(None, account.id, "mentions", value)
    return value


@router.post("/accounts/{account_id}/stories/{story_id}/insights", status_code=201)
async def insights(world: Held, account_id: str, story_id: str) -> dict[str, Any]:
    """A story has ended: its numbers are told."""
    account = lookup.account(world, account_id)
    if story_id not in world.state.stories:
        raise ControlError("story_id", f"No story has the id {story_id}.", 404)
    value: dict[str, Any] = {"media_id": story_id}
    value |= {"impressions": 444, "reach": 44, "taps_forward": 4, "taps_back": 3, "exits": 3, "replies": 0}
    world.delivery.publish_change(None, account.id, "story_insights", value)
    return value


@router.post("/apps/{app_id}/dashboard-test")
async def dashboard_test(world: Held, app_id: str, body: models.DashboardTest) -> dict[str, Any]:
    """The dashboard's test button: it reaches the callback in every mode, with ``entry.id`` 0."""
    app = lookup.app(world, app_id)
    sample = dashboard.SAMPLES.get(body.field)
    if sample is None:
        raise ControlError("field", f"The dashboard has no test for it. There are {', '.join(dashboard.SAMPLES)}.")
    if not app.callback_url:
        raise ControlError("app_id", "The app has no callback.", 409)
    if body.form == "messaging" and body.field not in dashboard.CHANGES_ONLY:
        world.delivery.publish_to(app.id, dashboard.ENTRY_ID, dashboard.ENTRY_ID, sample)
    else:
        change = events.change(body.field, sample)
        world.delivery.publish_to(app.id, dashboard.ENTRY_ID, dashboard.ENTRY_ID, change, "changes")
    return {"sent": True}


def _value(world: World, said: Comment, post: Post, thread: Thread, body: models.NewComment) -> dict[str, Any]:
    account = world.state.accounts[said.account_id]
    if thread.is_self:
        who = {"id": account.id, "username": account.username, "self_ig_scoped_id": thread.igsid}
    else:
        who = {"id": thread.igsid, "username": world.state.people[thread.person_id].username}
    media: dict[str, Any] = {"id": post.id, "media_product_type": post.product_type}
    ad = {"ad_id": body.ad_id, "ad_title": body.ad_title, "original_media_id": body.original_media_id}
    media |= {key: value for key, value in ad.items() if value}
    value: dict[str, Any] = {"from": who, "media": media, "id": said.id}
    if said.parent_id:
        value["parent_id"] = said.parent_id
    return {**value, "text": said.text}


def _commented(world: World, account: Account, post_id: str | None) -> Post:
    mine = [one for one in world.state.posts.values() if one.account_id == account.id]
    if post_id is None:
        return mine[-1] if mine else _publish(world, account, models.NewPost.model_validate({}))
    found = next((one for one in mine if one.id == post_id), None)
    if found is None:
        raise ControlError("post_id", f"The account has no post {post_id}.", 404)
    return found


def _publish(world: World, account: Account, given: models.NewPost) -> Post:
    key = world.state.fresh(lambda: ids.digits(17, "18"))
    return world.state.add(Post(key, account.id, given.product_type, given.caption, world.clock.now_ms(), given.live))


def _post(one: Post) -> dict[str, Any]:
    return {
        "id": one.id,
        "product_type": one.product_type,
        "caption": one.caption,
        "timestamp": one.created_ms,
        "live": one.live,
    }
