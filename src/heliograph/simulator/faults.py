"""Failures on order: the next few Graph calls or webhooks go wrong in a chosen way.

A fault waits in a list until something matches it; the first match that is not used up wins.
"""

from dataclasses import dataclass
from typing import Literal

from heliograph.simulator.errors import GraphError

GraphOutcome = Literal["error", "drop", "hang"]
WebhookKind = Literal["drop", "duplicate", "delay", "reorder", "corrupt"]


@dataclass(slots=True)
class GraphFault:
    """What happens to the next ``count`` Graph calls that match.

    ``mode`` *before* refuses without doing anything, *after* does the work and spoils the answer. ``outcome`` is an
    error answer, a connection cut in the middle of the answer, or no answer at all until the client gives up.
    """

    id: str
    match: str
    count: int
    status: int
    code: int
    subcode: int | None
    message: str
    is_transient: bool
    mode: Literal["before", "after"]
    outcome: GraphOutcome
    delay_seconds: float

    def matches(self, method: str, path: str) -> bool:
        """Whether a call is meant. ``send`` stands for the Send API; anything else is a part of the path."""
        if self.match == "send":
            return method == "POST" and path.endswith("/messages")
        return self.match in path

    def error(self) -> GraphError:
        """The refusal that was ordered."""
        return GraphError(self.status, self.code, self.subcode, self.message, transient=self.is_transient)


@dataclass(slots=True)
class WebhookFault:
    """What happens to the next ``count`` webhook events, of one account or of all."""

    id: str
    kind: WebhookKind
    count: int
    account_id: str | None
    delay_seconds: float


class Faults:
    """The faults on order."""

    def __init__(self) -> None:
        self.graph: list[GraphFault] = []
        self.webhook: list[WebhookFault] = []

    def take_graph(self, method: str, path: str) -> GraphFault | None:
        """The fault that strikes this call, counted down."""
        for fault in self.graph:
            if fault.matches(method, path):
                fault.count -= 1
                if fault.count <= 0:
                    self.graph.remove(fault)
                return fault
        return None

    def take_webhook(self, account_id: str) -> WebhookFault | None:
        """The fault that strikes an event of this account, counted down."""
        for fault in self.webhook:
            if fault.account_id in (None, account_id):
                fault.count -= 1
                if fault.count <= 0:
                    self.webhook.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.graph.clear()
        self.webhook.clear()
