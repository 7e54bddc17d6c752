"""What an attempt means: its word, its colour, and what to do about one that failed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.delivery.schedule import FINAL_STATUSES, MOST_ATTEMPTS, TIMEOUT_SECONDS, next_pause


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST of the log. ``lane_due`` and ``lane_free``: when its conversation's lane is due, unless it is at work."""

    id: int
    at: datetime
    outcome: str  # delivered, retry or failed
    number: int
    status: int | None
    error: str | None
    duration_ms: int
    types: Sequence[str] = ()
    events: int = 0
    lane_due: datetime | None = None
    lane_free: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A status: ``kind`` is one of ``look.status``."""

    kind: str
    word: str


_WORDS = {
    "delivered": Word("good", "Delivered"),
    "retry": Word("warn", "Failed, tried again"),
    "failed": Word("bad", "Failed for good"),
}
_NOTHING = Word("off", "Nothing sent yet")
_STANDING = {
    "delivered": Word("good", "Delivering"),
    "retry": Word("warn", "Failing"),
    "failed": Word("bad", "Failing"),
}

# A row's moment and its lane's are of one transaction, so they differ by the pause alone; this is for rounding.
_SAME = timedelta(seconds=1)


def standing(outcome: str | None) -> Word:
    """How a webhook does, by the outcome of its last attempt; None when there is none."""
    return _NOTHING if outcome is None else _STANDING[outcome]


def next_try(attempt: Attempt) -> datetime | None:
    """When what this attempt could not deliver is tried again; None when it was tried since, or never will be."""
    if attempt.outcome != "retry" or not attempt.lane_free or attempt.lane_due is None:
        return None
    pause = next_pause(attempt.number, attempt.status)
    if pause is None or abs(attempt.at + timedelta(seconds=pause) - attempt.lane_due) > _SAME:
        return None
    return attempt.lane_due


def word(attempt: Attempt) -> Word:
    """An attempt's status."""
    return Word("warn", "Failed, waiting") if next_try(attempt) else _WORDS[attempt.outcome]


_BY_STATUS = {
    400: "Your server could not read the body. Compare what it expects with the events' examples in docs/api/events.md.",
    401: "Your server refused the secret. Compare the header X-API-Key with this webhook's secret.",
    403: "Your server forbids it. Compare the header X-API-Key with this webhook's secret, and look for a firewall's rule.",
    404: "There is nothing at this path on your server. Correct the target, or serve it there.",
    405: "Your server takes no POST there. Correct the target, or accept POST.",
    406: "Your server refuses JSON. Accept application/json there.",
    413: "Your server takes no bodies of this size. Raise its limit: a POST carries up to 50 events.",
    429: "Your server has had too many at once. Answer first, and work on the events afterwards.",
}
_BY_HUNDRED = {
    3: "Redirects are not followed. Enter the address that it leads to as the target.",
    4: "Your server refused it. Its log says why.",
    5: "Your server failed, or what stands before it did. Its log of this moment says why.",
}

# The beginning or a piece of the error, and what to do. The first that fits.
_BY_ERROR = (
    ("no answer in time", f"Answer with 200 within {TIMEOUT_SECONDS:.0f} seconds, and work on the events afterwards."),
    (
        "not a public address",
        "The target leads into a private network. Give it a public address, or let the operator allow the network.",
    ),
    (
        "ertificate",
        "The certificate of your server does not hold. Renew it, with its whole chain, for the target's name.",
    ),
    ("ssl", "Your server and ours found no common TLS. Offer TLS 1.2 or newer."),
    ("no connection", "Nobody answers at this address. Start your server; check name, port and firewall."),
    ("invalidurl", "The target is no address that can be called. Correct it."),
)
_ELSE = "The connection broke. Check that your server is up, and what its log says of this moment."


def advice(attempt: Attempt) -> str:
    """What to do about an attempt that failed; empty when it did not."""
    if attempt.outcome == "delivered":
        return ""
    if attempt.status is not None:
        return _BY_STATUS.get(attempt.status) or _BY_HUNDRED.get(attempt.status // 100) or _ELSE
    said = (attempt.error or "").lower()
    return next((words for piece, words in _BY_ERROR if piece in said), _ELSE)


def ending(attempt: Attempt) -> str:
    """Why it is not tried again."""
    if attempt.outcome != "failed":
        return ""
    if attempt.status in FINAL_STATUSES:
        return f"A {attempt.status} is taken as final: not tried again. Later events are sent."
    return f"Tried {min(attempt.number, MOST_ATTEMPTS)} times, given up. Later events are sent."
