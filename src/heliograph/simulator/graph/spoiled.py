"""Graph calls that go wrong on order: which call is meant, and what its client gets.

Nothing here runs while no order waits.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from heliograph.simulator.errors import GraphError
from heliograph.simulator.faults import GraphFault
from heliograph.simulator.graph.call import parameters
from heliograph.simulator.graph.flavours import INSTAGRAM_PREFIX, Flavour, dialect
from heliograph.simulator.models import Thread
from heliograph.simulator.wire_log import Entry
from heliograph.simulator.world import World

_JSON = b"application/json; charset=UTF-8"
_HTML = b"<!DOCTYPE html><html><title>Error</title><body><h1>Sorry, something went wrong.</h1></body></html>"


@dataclass(slots=True)
class Reply:
    """An answer as bytes. ``broken`` says how it fails to arrive, when it does."""

    status: int
    body: bytes
    content_type: bytes = _JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    broken: str | None = None


class _Call:
    """A call as an order sees it."""

    def __init__(self, world: World, entry: Entry, headers: dict[bytes, bytes]) -> None:
        self._state = world.state
        self._entry = entry
        self._headers = headers
        self.method, self.path = entry.method, entry.path
        parts = [one for one in entry.path.removeprefix(INSTAGRAM_PREFIX).split("/") if one]
        self._node = next((one for one in parts if not (one[0] == "v" and "." in one)), "")

    @cached_property
    def _params(self) -> dict[str, Any]:
        kind = self._headers.get(b"content-type", b"").decode("latin-1")
        try:
            return parameters(self._entry.query, kind, self._entry.body)
        except GraphError:
            return {}

    @cached_property
    def node(self) -> str:
        """The kind of object that the path names."""
        if self._node in self._state.by_igsid:
            return "person"
        if self._node in self._state.messages:
            return "message"
        return "conversation" if self._node in self._state.by_conversation else ""

    @cached_property
    def _thread(self) -> Thread | None:
        """The thread that the call is about, by its path, its recipient or its ``user_id``."""
        state = self._state
        if said := state.messages.get(self._node):
            return state.threads[said.thread]
        if thread := state.by_conversation.get(self._node):
            return thread
        recipient = self._params.get("recipient")
        named = recipient.get("id") if isinstance(recipient, dict) else self._params.get("user_id")
        return state.by_igsid.get(str(named or self._node))

    @property
    def person_id(self) -> str | None:
        """The person that the call is about."""
        return self._thread.person_id if self._thread else None

    @cached_property
    def account_id(self) -> str | None:
        """The account that the call is about, by its path, its thread or its Page token."""
        state = self._state
        if self._node in state.accounts:
            return self._node
        if page := state.pages.get(self._node):
            return page.account_id
        if self._thread:
            return self._thread.account_id
        bearer = self._headers.get(b"authorization", b"").decode("latin-1")[7:]
        token = state.tokens.get(bearer or str(self._params.get("access_token")))
        page = state.pages.get(token.page_id) if token and token.page_id else None
        return page.account_id if page else None


@dataclass(slots=True)
class Strike:
    """A fault that met a call."""

    fault: GraphFault
    account_id: str | None
    flavour: Flavour


def strike(world: World, entry: Entry, headers: dict[bytes, bytes], flavour: Flavour) -> Strike | None:
    """The order that strikes a call, if one does."""
    call = _Call(world, entry, headers)
    fault = world.faults.take_graph(call)
    return Strike(fault, call.account_id if fault.usage == "business" else None, flavour) if fault else None


async def reply(
    world: World, struck: Strike, work: Callable[[], Awaitable[tuple[int, Any]]], after: list[Callable[[], None]]
) -> Reply:
    """The answer to a call that was struck. What the call did reaches everybody before a late answer does."""
    fault = struck.fault
    if fault.mode == "before":
        await world.pause(fault.delay_seconds)
        if fault.outcome != "late":
            return _spoil(struck, {})
    status, answer = await work()
    if status != 200 or fault.mode == "before":
        return Reply(status, orjson.dumps(answer))
    while after:
        after.pop(0)()
    await world.pause(fault.delay_seconds)
    return _spoil(struck, answer)


def _spoil(struck: Strike, answer: Any) -> Reply:
    fault = struck.fault
    match fault.outcome:
        case "error":
            return Reply(
                fault.status, orjson.dumps(dialect(struck.flavour, fault.error().body())), headers=_usage(struck)
            )
        case "html":
            return Reply(fault.status, _HTML, b"text/html; charset=utf-8")
        case "bad_json":
            whole = orjson.dumps(answer or {"recipient_id": "1"})
            return Reply(200, whole[: len(whole) // 2])
        case "empty":
            return Reply(200, b"")
        case "no_message_id":
            return Reply(200, orjson.dumps({name: value for name, value in answer.items() if name != "message_id"}))
        case "late":
            return Reply(200, orjson.dumps(answer))
        case "drop" | "hang":
            return Reply(200, b"", broken=fault.outcome)


def _usage(struck: Strike) -> list[tuple[bytes, bytes]]:
    """The headers that tell of a limit. Source: Meta reference 3.3."""
    fault = struck.fault
    full = {"call_count": 100, "total_cputime": 25, "total_time": 25}
    if fault.usage == "app":
        return [(b"x-app-usage", orjson.dumps(full))]
    if fault.usage == "business":
        kind = {80002: "instagram", 80001: "pages"}.get(fault.code, "messenger")
        told = {"type": kind, **full, "estimated_time_to_regain_access": fault.regain_minutes}
        return [(b"x-business-use-case-usage", orjson.dumps({struck.account_id or "0": [told]}))]
    return []
