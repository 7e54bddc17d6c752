"""Failures on order: Graph calls and webhook events that go wrong in a chosen way.

    ordered ─▶ waits ──matches, and its chance says so──▶ strikes ──count used up──▶ gone
                 ▲                                          │
                 └──────────── more of them to come ────────┘

An order strikes what it matches with a chance of ``rate``, ``count`` times or for ever. The chance comes from ``seed``
alone: the same seed over the same calls strikes the same ones. The first order that strikes wins.
Invariant: nothing is lost by an order but by one that is called *drop*.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol

from heliograph.simulator.errors import GraphError

GraphOutcome = Literal["error", "late", "html", "bad_json", "empty", "no_message_id", "drop", "hang"]
WebhookKind = Literal["drop", "duplicate", "delay", "reorder", "batch", "corrupt", "corrupt_body", "slow"]
Usage = Literal["app", "business"]


class GraphTarget(Protocol):
    """What an order asks of a Graph call. Finding the ids costs something, so they are found when they are asked for."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The path, with its version."""

    @property
    def node(self) -> str:
        """What kind of object the path names: ``person``, ``message``, ``conversation``, or nothing of these."""

    @property
    def account_id(self) -> str | None:
        """The account that the call is about."""

    @property
    def person_id(self) -> str | None:
        """The person that the call is about."""


MATCHES: dict[str, tuple[str, Callable[[GraphTarget], bool]]] = {
    "any": ("every call", lambda call: True),
    "send": ("the Send API", lambda call: call.method == "POST" and call.path.endswith("/messages")),
    "upload": ("uploads of attachments", lambda call: call.path.endswith("/message_attachments")),
    "profile": ("profiles of people", lambda call: call.method == "GET" and call.node == "person"),
    "conversations": (
        "the Conversations API: threads and messages",
        lambda call: (
            call.method == "GET" and (call.path.endswith("/conversations") or call.node in ("conversation", "message"))
        ),
    ),
    "subscribe": (
        "subscriptions of apps and Pages",
        lambda call: call.method != "GET" and call.path.endswith(("/subscriptions", "/subscribed_apps")),
    ),
    "login": ("codes and tokens", lambda call: "/oauth/" in call.path or call.path.endswith("access_token")),
}
"""The calls that have a name, with words for people. Any other name is a part of the path."""


@dataclass(slots=True, kw_only=True)
class Order:
    """When something strikes. ``count`` is how often it still may, None for ever."""

    id: str
    count: int | None = 1
    rate: float = 1.0
    seed: int = 0
    account_id: str | None = None
    struck: int = 0
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - reproducible on purpose

    def due(self) -> bool:
        """Whether it is this one's turn. Each asking draws once, but for an order that strikes always."""
        return self.rate >= 1 or self._chance.random() < self.rate

    def told(self) -> dict[str, Any]:
        """The order as JSON."""
        return {one.name: getattr(self, one.name) for one in fields(self) if not one.name.startswith("_")}


@dataclass(slots=True, kw_only=True)
class GraphFault(Order):
    """What happens to Graph calls.

    ``mode`` *before* spoils a call that did nothing, *after* does the work and spoils the answer of a success.
    ``outcome``: an *error*, a *late* but true answer, a page of *html*, JSON that ends too early (*bad_json*), nothing
    (*empty*), a success without its ``message_id``, a connection cut in its middle (*drop*), or silence (*hang*).
    ``usage`` adds the headers that come with a limit of the app or of the account.
    """

    name: str
    match: str = "send"
    person_id: str | None = None
    status: int = 500
    code: int = 2
    subcode: int | None = None
    message: str = ""
    is_transient: bool = False
    mode: Literal["before", "after"] = "before"
    outcome: GraphOutcome = "error"
    delay_seconds: float = 0
    usage: Usage | None = None
    regain_minutes: int = 5

    def matches(self, call: GraphTarget) -> bool:
        """Whether a call is meant."""
        _, meant = MATCHES.get(self.match, ("", None))
        return (
            (meant(call) if meant else self.match in call.path)
            and self.account_id in (None, call.account_id)
            and self.person_id in (None, call.person_id)
        )

    def error(self) -> GraphError:
        """The refusal that was ordered."""
        return GraphError(self.status, self.code, self.subcode, self.message, transient=self.is_transient)


@dataclass(slots=True, kw_only=True)
class WebhookFault(Order):
    """What happens to webhook events. ``event`` narrows it to one kind of event.

    *batch* makes what comes next wait until ``size`` events can leave in one POST, at the longest ``delay_seconds``;
    ``shuffle`` mixes them, ``split`` gives each an entry of its own. *corrupt* sends a wrong signature first,
    *corrupt_body* a body that was cut; the right one follows, whatever the answer. *slow* sends the body in drops.
    """

    kind: WebhookKind
    event: str | None = None
    delay_seconds: float = 2
    size: int = 10
    shuffle: bool = False
    split: bool = False

    def matches(self, account_id: str, event: str) -> bool:
        """Whether an event is meant."""
        return self.account_id in (None, account_id) and self.event in (None, event)


class Faults:
    """The orders, and what has struck so far. ``changed`` is called after each strike and each change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.graph: list[GraphFault] = []
        self.webhook: list[WebhookFault] = []
        self.struck: Counter[str] = Counter()
        self.changed = changed

    def take_graph(self, call: GraphTarget) -> GraphFault | None:
        """The fault that strikes this call, counted."""
        for fault in self.graph:
            if fault.matches(call) and fault.due():
                self._count(self.graph, fault, f"graph {fault.name}")
                return fault
        return None

    def take_webhook(self, account_id: str, event: str) -> WebhookFault | None:
        """The fault that strikes an event of this account, counted."""
        for fault in self.webhook:
            if fault.matches(account_id, event) and fault.due():
                self._count(self.webhook, fault, f"webhook {fault.kind}")
                return fault
        return None

    def _count(self, orders: list[Any], fault: Order, name: str) -> None:
        self.struck[name] += 1
        fault.struck += 1
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                orders.remove(fault)
        self.changed()

    def order(self, fault: GraphFault | WebhookFault) -> None:
        """Put a fault on order, behind those that wait already."""
        if isinstance(fault, GraphFault):
            self.graph.append(fault)
        else:
            self.webhook.append(fault)
        self.changed()

    def cancel(self, fault_id: str) -> bool:
        """Take one order back. Returns whether there was one."""
        before = len(self.graph) + len(self.webhook)
        self.graph[:] = [one for one in self.graph if one.id != fault_id]
        self.webhook[:] = [one for one in self.webhook if one.id != fault_id]
        self.changed()
        return len(self.graph) + len(self.webhook) < before

    def clear(self) -> None:
        """Nothing goes wrong any more, and nothing has."""
        self.graph.clear()
        self.webhook.clear()
        self.struck.clear()
        self.changed()
