"""The Conversations API: threads, and the messages in them.

Source: Meta's conversations page. Without ``platform=instagram`` one gets Messenger's threads, of which there are none.
A thread lists the ids of all its messages, youngest first, but tells the content of the 20 youngest only; reading an
older one answers 9000001, as if it had been deleted.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from heliograph.simulator import ids
from heliograph.simulator.clock import graph_time
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.fields import ABSENT, Field, select, written
from heliograph.simulator.models import Message, Page, Thread, Token
from heliograph.simulator.webhooks.events import attachment

DEPTH = 20
_LIMIT = 25
REQUEST_MS = 30 * 24 * 3_600_000


async def conversations(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``GET /{page-id}/conversations?platform=instagram``, youngest first."""
    token, own = call.page_token(page)
    if call.text("platform") != "instagram":
        return {"data": []}
    account = call.account_of(own)
    _check(call, token, own, account.id)
    user = call.text("user_id")
    state = call.world.state
    if account.unread:
        account.unread = False
        state.save(account)
    found = [
        one
        for one in state.threads.values()
        if one.account_id == account.id
        and state.listed[one.key]
        and (user is None or one.igsid == user)
        and not one.archived
        and not _forgotten_request(call, one)
    ]
    found.sort(key=lambda one: one.updated_ms, reverse=True)
    chosen, paging = call.page_of(found, lambda one: str(one.thread_id), _LIMIT)
    wanted = call.fields("id,updated_time")
    answer: dict[str, Any] = {"data": [_thread(call, one, wanted) for one in chosen]}
    if paging:
        answer["paging"] = paging
    return answer


async def conversation(call: Call, thread: Thread) -> dict[str, Any]:
    """``GET /{conversation-id}``."""
    _own(call, thread)
    return _thread(call, thread, call.fields("id,updated_time"))


async def messages(call: Call, thread: Thread) -> dict[str, Any]:
    """``GET /{conversation-id}/messages``, the same list as an edge of its own."""
    _own(call, thread)
    return _messages(call, thread, call.fields("id,created_time"), None)


async def message(call: Call, said: Message) -> dict[str, Any]:
    """``GET /{mid}``. An old or deleted message answers 9000001."""
    thread = call.world.state.threads[said.thread]
    _own(call, thread)
    if said.deleted or not _readable(call, thread, said):
        raise refuse("too_old")
    return select("Message", call.fields("id,created_time"), _resolvers(call, thread, said))


def _own(call: Call, thread: Thread) -> None:
    token, page = call.page_token()
    if page.account_id != thread.account_id:
        raise call.unsupported(call.segments[0])
    _check(call, token, page, thread.account_id)


def _forgotten_request(call: Call, thread: Thread) -> bool:
    """A thread of the folder Requests that was idle for 30 days: nobody answered, and the person is no follower."""
    person = call.world.state.people[thread.person_id]
    if thread.account_id in person.follows or call.world.clock.now_ms() - thread.updated_ms <= REQUEST_MS:
        return False
    return all(said.sender == "person" for said in call.world.state.listed[thread.key])


def _check(call: Call, token: Token, page: Page, account_id: str) -> None:
    call.world.limits.take("conversations", account_id)
    call.check(token, page, call.flavour.read_scope, account_id, "permission_app", "MODERATE")
    if not call.world.state.accounts[account_id].allow_messages:
        raise refuse("messages_access_off")


def _thread(call: Call, thread: Thread, wanted: tuple[Field, ...]) -> dict[str, Any]:
    return select(
        "UnifiedThread",
        wanted,
        {
            "id": lambda _: thread.conversation_id,
            "updated_time": lambda _: graph_time(thread.updated_ms),
            "participants": lambda _: {"data": [_business(call, thread), _person(call, thread)]},
            "messages": lambda asked: _messages(call, thread, asked.names("id,created_time"), asked),
        },
    )


def _messages(call: Call, thread: Thread, wanted: tuple[Field, ...], asked: Field | None) -> dict[str, Any]:
    rows = [one for one in reversed(call.world.state.listed[thread.key]) if not one.deleted]
    limit = asked.arguments.get("limit") if asked else None
    paging: dict[str, Any] = {}
    if asked is None:
        rows, paging = call.page_of(rows, lambda one: str(one.mid), _LIMIT)
    elif limit and limit.isdecimal() and int(limit) < len(rows):
        rows = rows[: int(limit)]
        paging = _onward(call, thread, asked, rows)
    answer: dict[str, Any] = {"data": [_listed(call, thread, one, wanted) for one in rows]}
    if paging:
        answer["paging"] = paging
    return answer


def _onward(call: Call, thread: Thread, asked: Field, rows: list[Message]) -> dict[str, Any]:
    """Where a list inside a conversation goes on: the edge of its own."""
    if not rows:
        return {}
    after = ids.escape(rows[-1].mid)
    version = call.path.split("/")[1] + "/" if call.path.startswith("/v") else ""
    query = {"fields": written(asked.inner), "limit": len(rows), "after": after}
    query = {name: value for name, value in query.items() if value}
    token = call.bearer or call.text("access_token") or ""
    link = f"{call.world.cdn.origin}/{version}{thread.conversation_id}/messages?"
    return {
        "cursors": {"before": ids.escape(rows[0].mid), "after": after},
        "next": link + urlencode({**query, "access_token": token}),
    }


def _listed(call: Call, thread: Thread, said: Message, wanted: tuple[Field, ...]) -> dict[str, Any]:
    resolvers = _resolvers(call, thread, said)
    answer = select("Message", wanted, resolvers)
    if _readable(call, thread, said):
        return answer
    return {name: value for name, value in answer.items() if name in ("id", "created_time")}


def _readable(call: Call, thread: Thread, said: Message) -> bool:
    return any(one is said for one in call.world.state.listed[thread.key][-DEPTH:])


def _resolvers(call: Call, thread: Thread, said: Message) -> dict[str, Callable[[Field], Any]]:
    sides = [_person(call, thread), _business(call, thread)]
    sender, recipient = sides if said.sender == "person" else sides[::-1]
    return {
        "id": lambda _: said.mid,
        "created_time": lambda _: graph_time(said.timestamp_ms),
        "from": lambda _: sender,
        "to": lambda _: {"data": [recipient]},
        "message": lambda _: said.text or "",
        "attachments": lambda _: _attachments(call, said),
        "shares": lambda _: _shares(call, said),
        "story": lambda _: _story(call, said),
        "reactions": lambda _: _reactions(said, sides),
        "reply_to": lambda _: {"mid": said.reply_to["mid"]} if said.reply_to and "mid" in said.reply_to else ABSENT,
        "is_unsupported": lambda _: said.unsupported,
    }


def _shares(call: Call, said: Message) -> Any:
    found = [one for one in said.attachments if one["type"] in _SHARED]
    if said.template and said.template["template_type"] == "product":
        elements = {"data": said.template["elements"]}
        return {"data": [{"template": {"payload": {"product": {"elements": elements}}}}]}
    links = dict.fromkeys(attachment(one, call.world.cdn.link).get("payload", {}).get("url", "") for one in found)
    return {"data": [{"link": link} for link in links]} if links else ABSENT


def _person(call: Call, thread: Thread) -> dict[str, str]:
    return {"username": call.world.state.people[thread.person_id].username, "id": thread.igsid}


def _business(call: Call, thread: Thread) -> dict[str, str]:
    return {"username": call.world.state.accounts[thread.account_id].username, "id": thread.account_id}


_SHARED = frozenset({"share", "ig_post", "ig_reel", "reel"})
_MEDIA = {"image": "image_data", "video": "video_data"}


def _attachments(call: Call, said: Message) -> Any:
    found = [one for one in said.attachments if one["type"] in ("image", "video", "audio", "file")]
    if not found:
        return ABSENT
    return {"data": [_attachment(call, said, index, one) for index, one in enumerate(found)]}


def _attachment(call: Call, said: Message, index: int, stored: dict[str, Any]) -> dict[str, Any]:
    asset = call.world.state.assets.get(stored.get("asset_id", ""))
    url = call.world.cdn.link(asset.id) if asset else stored.get("url", "")
    answer: dict[str, Any] = {"id": asset.id if asset else f"{said.timestamp_ms}{index:02d}"}
    if asset:
        answer |= {"mime_type": asset.content_type, "name": asset.name, "size": asset.size}
    kind = _MEDIA.get(stored["type"])
    return {**answer, kind: {"url": url, "preview_url": url}} if kind else {**answer, "file_url": url}


def _story(call: Call, said: Message) -> Any:
    if said.reply_to and "story_id" in said.reply_to:
        return {"reply_to": {"link": call.world.cdn.link(said.reply_to["asset_id"]), "id": said.reply_to["story_id"]}}
    for one in said.attachments:
        if one["type"] == "story_mention":
            return {"mention": {"link": call.world.cdn.link(one["asset_id"]), "id": one["story_id"]}}
    return ABSENT


def _reactions(said: Message, sides: list[dict[str, str]]) -> Any:
    if not said.reactions:
        return ABSENT
    person, business = sides
    who = {"person": person, "business": business}
    return {"data": [{"reaction": given["reaction"], "users": [who[by]]} for by, given in said.reactions.items()]}
