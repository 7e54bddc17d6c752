"""The way into the Graph API: one ASGI callable and one table of edges.

A path is ``[/vN.N]/{node}[/{edge}]``. The node is ``me``, a word such as ``debug_token``, or the id of an object, whose
kind picks the row of the table. Every answer carries the simulator's ``Date`` and ``X-App-Usage``.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from heliograph.simulator.errors import GraphError, refuse
from heliograph.simulator.graph import (
    apps,
    conversations,
    conversions,
    login,
    messenger_profile,
    pages,
    people,
    posts,
    send,
    spoiled,
    thread_control,
    uploads,
)
from heliograph.simulator.graph.call import Call, Files, locale_of, parameters
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN, Flavour, dialect
from heliograph.simulator.graph.spoiled import Reply
from heliograph.simulator.models import Page
from heliograph.simulator.wire_log import Entry
from heliograph.simulator.world import World

Handler = Callable[..., Awaitable[Any]]
Headers = list[tuple[bytes, bytes]]

_VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
_IGSID = re.compile(r"[1-9]\d{14,15}")
_BODY_LIMIT = 27 * 1024 * 1024
"""A call may carry a file of 25 MB."""
_KEPT_BODY = 64 * 1024
_HANG_SECONDS = 600.0

WORDS: dict[tuple[str, str, str], Handler] = {
    ("GET", "debug_token", ""): apps.debug_token,
    ("GET", "oauth", "access_token"): login.access_token,
    ("POST", "oauth", "access_token"): login.access_token,
    ("GET", "me", ""): pages.me,
    ("GET", "me", "accounts"): pages.accounts,
    ("GET", "me", "permissions"): pages.permissions,
    ("DELETE", "me", "permissions"): login.revoke_permissions,
    ("DELETE", "me", "permissions/{name}"): login.revoke_permission,
    ("POST", "me", "messages"): send.send,
    ("POST", "me", "message_attachments"): uploads.upload,
    ("GET", "me", "conversations"): conversations.conversations,
    ("GET", "me", "messenger_profile"): messenger_profile.read,
    ("POST", "me", "messenger_profile"): messenger_profile.write,
    ("DELETE", "me", "messenger_profile"): messenger_profile.remove,
    ("GET", "me", "thread_owner"): thread_control.thread_owner,
    **{("POST", "me", edge): handler for edge, handler in thread_control.EDGES.items()},
}
"""Edges of nodes that are words."""

EDGES: dict[tuple[str, str, str], Handler] = {
    ("POST", "app", "subscriptions"): apps.subscribe,
    ("GET", "app", "subscriptions"): apps.subscriptions,
    ("DELETE", "app", "subscriptions"): apps.unsubscribe,
    ("GET", "page", ""): pages.page,
    ("POST", "page", "subscribed_apps"): pages.subscribe,
    ("GET", "page", "subscribed_apps"): pages.subscribed,
    ("DELETE", "page", "subscribed_apps"): pages.unsubscribe,
    ("POST", "page", "messages"): send.send,
    ("POST", "page", "message_attachments"): uploads.upload,
    ("GET", "page", "messenger_profile"): messenger_profile.read,
    ("POST", "page", "messenger_profile"): messenger_profile.write,
    ("DELETE", "page", "messenger_profile"): messenger_profile.remove,
    ("GET", "page", "thread_owner"): thread_control.thread_owner,
    **{("POST", "page", edge): handler for edge, handler in thread_control.EDGES.items()},
    ("GET", "page", "conversations"): conversations.conversations,
    ("GET", "account", ""): pages.account,
    ("GET", "account", "stories"): posts.stories,
    ("GET", "account", "media"): posts.media,
    ("POST", "account", "subscribed_apps"): pages.subscribe_account,
    ("GET", "account", "subscribed_apps"): pages.subscribed_account,
    ("DELETE", "account", "subscribed_apps"): pages.unsubscribe_account,
    ("POST", "account", "dataset"): conversions.dataset,
    ("POST", "dataset", "events"): conversions.events,
    ("GET", "person", ""): people.profile,
    ("GET", "conversation", ""): conversations.conversation,
    ("GET", "conversation", "messages"): conversations.messages,
    ("GET", "message", ""): conversations.message,
}
"""Edges of nodes that are objects, by the object's kind. Each handler gets the object."""

_USE_CASES = {"account": "instagram", "person": "messenger", "conversation": "messenger", "message": "messenger"}
_MESSAGING_EDGES = frozenset(
    {"messages", "message_attachments", "conversations", "messenger_profile", "thread_owner", *thread_control.EDGES}
)
"""What counts for which business use case: a messaging edge, or else the kind of the object."""

_log = structlog.get_logger("heliograph.simulator")


class Graph:
    """The Graph API as an ASGI application."""

    def __init__(
        self,
        world: World,
        flavour: Flavour = FACEBOOK_LOGIN,
        words: Mapping[tuple[str, str, str], Handler] = WORDS,
        edges: Mapping[tuple[str, str, str], Handler] = EDGES,
    ) -> None:
        self._world = world
        self._flavour = flavour
        self._words = words
        self._edges = edges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, log it, and do afterwards what waits for the answer."""
        world = self._world
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        headers = dict(scope["headers"])
        body = await _body(receive)
        began = time.perf_counter()
        entry = world.wire.new("graph", world.clock.now_ms(), method, path, query, body)
        after: list[Callable[[], None]] = []
        usage: Headers = []
        struck = spoiled.strike(world, entry, headers, self._flavour) if world.faults.graph else None
        if struck:
            reply = await spoiled.reply(world, struck, lambda: self._answer(entry, headers, after, usage), after)
        else:
            status, answer = await self._answer(entry, headers, after, usage)
            reply = Reply(status, orjson.dumps(answer))
        entry.response, entry.status = reply.body, None if reply.broken else reply.status
        entry.milliseconds = round((time.perf_counter() - began) * 1000)
        if struck or reply.status != 200:
            entry.summary = reply.broken or _summary(reply.body) or (struck.fault.outcome if struck else "")
        for name, value in reply.headers:
            usage = [*(one for one in usage if one[0] != name), (name, value)]
        try:
            if reply.broken:
                world.wire.changed(entry)
                await self._break_off(reply.broken, after, send)
            else:
                await self._respond(send, reply, usage)
        finally:
            # The message is said even when its sender has hung up.
            world.wire.changed(entry)
            for work in after:
                work()

    async def _answer(
        self,
        entry: Entry,
        headers: dict[bytes, bytes],
        after: list[Callable[[], None]],
        usage: Headers,
    ) -> tuple[int, Any]:
        path = entry.path
        call: Call | None = None
        params: dict[str, Any] = {}
        try:
            files: Files = {}
            params = parameters(entry.query, headers.get(b"content-type", b"").decode("latin-1"), entry.body, files)
            # Meta lets a client that can only GET and POST name the method in a parameter.
            method = str(params.pop("method", entry.method)).upper()
            segments = tuple(segment for segment in path.removeprefix(self._flavour.prefix).split("/") if segment)
            if segments and _VERSION.fullmatch(segments[0]):
                segments = segments[1:]
            bearer = headers.get(b"authorization", b"").decode("latin-1")
            call = Call(
                self._world,
                self._flavour,
                method,
                path,
                segments,
                params,
                bearer[7:] if bearer[:7].lower() == "bearer " else None,
                path,
                after,
                files=files,
            )
            answer = await self._dispatch(call)
        except GraphError as problem:
            return problem.status, dialect(self._flavour, problem.body(locale_of(self._world, params, call)))
        except Exception:
            _log.exception("simulator_failed", method=entry.method, path=path)
            unknown = refuse("unknown")
            return unknown.status, unknown.body()
        else:
            entry.summary = call.note
            return 200, answer
        finally:
            # The log shows the beginning only; a ring of uploads would be gigabytes.
            entry.body = entry.body[:_KEPT_BODY]
            page = call.page if call else None
            app_id = call.app_id if call else None
            usage += self._world.limits.headers(app_id, page.account_id if page else None, page.id if page else None)

    async def _dispatch(self, call: Call) -> Any:
        node, edge = [*call.segments, "", ""][:2]
        if len(call.segments) == 3 and (handler := self._words.get((call.method, node, f"{edge}/{{name}}"))):
            return await handler(call)
        if len(call.segments) in (1, 2):
            call.use_case = "messenger" if edge in _MESSAGING_EDGES else "pages"
            if handler := self._words.get((call.method, node, edge)):
                return await handler(call)
            kind, found = self._find(self._page_id(call) if node == "me" else node)
            call.use_case = "messenger" if edge in _MESSAGING_EDGES else _USE_CASES.get(kind, "pages")
            if handler := self._edges.get((call.method, kind, edge)):
                return await handler(call, found)
            if not found and not edge and call.method == "GET" and _IGSID.fullmatch(node):
                return await people.missing(call)
            if found or node == "me" or node.isdecimal() or node.startswith("aWd"):
                call.token()
                raise call.unsupported(node)
        raise refuse("unknown_path", path="/".join(call.segments))

    def _page_id(self, call: Call) -> str:
        """The Page that ``me`` stands for; whether its token may be used is the handler's to say."""
        token = self._world.state.tokens.get(call.bearer or call.text("access_token") or "")
        return (token.page_id if token else None) or ""

    def _find(self, node: str) -> tuple[str, Any]:
        state = self._world.state
        for kind, table in (
            ("page", state.pages),
            ("person", state.by_igsid),
            ("message", state.messages),
            ("account", state.accounts),
            ("app", state.apps),
            ("conversation", state.by_conversation),
            ("dataset", state.datasets),
        ):
            if (found := table.get(node)) and not (isinstance(found, Page) and found.hidden):
                return kind, found
        return "", None

    async def _respond(self, send: Send, reply: Reply, usage: Headers) -> None:
        self._world.calls += 1
        headers = [
            (b"content-type", reply.content_type),
            (b"content-length", b"%d" % len(reply.body)),
            (b"date", self._world.clock.http_date()),
            (b"facebook-api-version", b"v23.0"),
            (b"access-control-allow-origin", b"*"),
            *usage,
        ]
        if reply.status == 401:
            headers.append((b"www-authenticate", b'OAuth "Facebook Platform" "invalid_token"'))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _break_off(self, how: str, after: list[Callable[[], None]], send: Send) -> None:
        """No usable answer: silence, or an answer that ends in its middle because its length was a lie."""
        while after:
            after.pop(0)()
        if how == "hang":
            await self._world.pause(_HANG_SECONDS)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionAbortedError("cut on order")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > _BODY_LIMIT:
            return bytes(body)


def _summary(body: bytes) -> str:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return ""
    subcode = error.get("error_subcode")
    return f"error {error.get('code')}" + (f"/{subcode}" if subcode else "")
