"""What waits for one app: a lane per thread, and the gate that makes events leave together.

Invariant: a thread's events leave in the order in which they were put in, and none while an earlier batch with that
thread is under way.
"""

from collections import deque
from dataclasses import dataclass

from heliograph.simulator.faults import WebhookFault
from heliograph.simulator.models import Pending


@dataclass(slots=True)
class Gate:
    """Holds everything back until ``fault.size`` events can leave in one POST, or patience has run out (``late``)."""

    fault: WebhookFault
    late: bool = False


class Outbox:
    """The lanes of one app: what waits per thread, which threads have a batch under way, which are ready."""

    def __init__(self) -> None:
        self.lanes: dict[str, deque[Pending]] = {}
        self.busy: set[str] = set()
        self.ready: deque[str] = deque()
        self.posting = 0
        self.gate: Gate | None = None

    def put(self, event: Pending) -> None:
        """Take in an event, behind the others of its thread."""
        lane = self.lanes.setdefault(event.thread, deque())
        lane.append(event)
        if len(lane) == 1 and event.thread not in self.busy:
            self.ready.append(event.thread)

    def next(self, free: int, batch_max: int) -> tuple[list[Pending], WebhookFault | None]:
        """The next batch, with the order that made it; nothing while the gate is shut.

        One thread per POST while POSTs are free; together only what had to wait for one, or stood at a gate.
        """
        gate = self.gate
        if gate is None:
            limit = batch_max if len(self.ready) > free or free == 1 else 1
            return self._take(limit), None
        if not gate.late and sum(len(self.lanes[thread]) for thread in self.ready) < gate.fault.size:
            return [], None
        self.gate = None
        return self._take(gate.fault.size), gate.fault

    def _take(self, limit: int) -> list[Pending]:
        """Everything that waits in the threads that are ready, oldest thread first, up to ``limit`` events."""
        batch: list[Pending] = []
        while self.ready and len(batch) < limit:
            thread = self.ready.popleft()
            lane = self.lanes[thread]
            self.busy.add(thread)
            while lane and len(batch) < limit:
                batch.append(lane.popleft())
        return batch

    def release(self, batch: list[Pending]) -> None:
        """A batch is done with: its threads are ready again, or gone when nothing waits in them."""
        for thread in {event.thread for event in batch}:
            self.busy.discard(thread)
            if self.lanes[thread]:
                self.ready.append(thread)
            else:
                del self.lanes[thread]
