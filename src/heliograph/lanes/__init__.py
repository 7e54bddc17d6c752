"""Lanes: ordered, leased, durable work on PostgreSQL.

A lane is a first-in-first-out of jobs, named (kind, key). Its jobs run in order, one batch at a time, on one worker in
the whole cluster; lanes run beside each other.

          enqueue                  lease                        settle
    (none) ──────▶ due ─────────────────────▶ leased ──────────────────────▶ (none)   no job left
                    ▲                           │ │
                    ├───────────────────────────┘ │  jobs left, or retry at
                    └─────────────────────────────┘  the lease ran out: its worker died

Invariants: a lane has a row exactly while it has jobs (``pending`` counts them, under the row's lock, so that no wake-up
is lost when an enqueue and a release race); a lane is settled only by the holder of its current lease; jobs of a lane
get their ids under the lane's lock, so that id order is commit order.

``queue`` is the SQL, ``worker`` runs the lanes, ``rounds`` is work that is looked for rather than put in one.
"""

from heliograph.lanes.queue import (
    Job,
    Lane,
    LeaseLostError,
    NewJob,
    Outcome,
    enqueue,
    enqueue_with,
    postpone,
    renew,
    settle,
)
from heliograph.lanes.rounds import Rounds
from heliograph.lanes.worker import LaneKind, LaneWorkers

__all__ = [
    "Job",
    "Lane",
    "LaneKind",
    "LaneWorkers",
    "LeaseLostError",
    "NewJob",
    "Outcome",
    "Rounds",
    "enqueue",
    "enqueue_with",
    "postpone",
    "renew",
    "settle",
]
