"""An account's stories and posts, as far as messaging needs their ids."""

from typing import Any

from heliograph.simulator.clock import graph_time
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.fields import select
from heliograph.simulator.models import Account, Post, Story


async def stories(call: Call, node: Account) -> dict[str, Any]:
    """``GET /{ig-account-id}/stories``: those of the last 24 hours."""
    _check(call, node)
    wanted = call.fields("id")

    def one(story: Story) -> dict[str, Any]:
        told = {
            "id": lambda _: story.id,
            "media_type": lambda _: "IMAGE",
            "media_product_type": lambda _: "STORY",
            "media_url": lambda _: call.world.cdn.link(story.asset_id),
            "timestamp": lambda _: graph_time(story.created_ms),
        }
        return select("IGMedia", wanted, told)

    return {"data": [one(story) for story in call.world.threads.stories_of(node.id)]}


async def media(call: Call, node: Account) -> dict[str, Any]:
    """``GET /{ig-account-id}/media``: the posts, youngest first."""
    _check(call, node)
    wanted = call.fields("id")

    def one(post: Post) -> dict[str, Any]:
        told = {
            "id": lambda _: post.id,
            "caption": lambda _: post.caption,
            "media_product_type": lambda _: post.product_type,
            "timestamp": lambda _: graph_time(post.created_ms),
        }
        return select("IGMedia", wanted, told)

    mine = [post for post in reversed(list(call.world.state.posts.values())) if post.account_id == node.id]
    chosen, paging = call.page_of(mine, lambda post: str(post.id), 25)
    return {"data": [one(post) for post in chosen], **({"paging": paging} if paging else {})}


def _check(call: Call, node: Account) -> None:
    token, page = call.page_token()
    if page.account_id != node.id:
        raise call.unsupported(node.id)
    call.check(token, page, call.flavour.profile_scope, node.id, "permission")
