"""Every move once, in an order in which each can do its harm: what a run by chance may leave out has happened here.

A fault is followed by what it strikes. Stages end in peace: the next one begins with nothing under way.
"""

from collections.abc import Mapping

from tests.e2e.stack import wait_for
from tests.soak.compare import FAILURE
from tests.soak.ground import Ground
from tests.soak.moves import MOVES

PEOPLE = 3
_MOVES = {move.name: move for move in MOVES}

Stop = tuple[str, int]  # the move, and whose it is

STAGES: tuple[tuple[Stop, ...], ...] = (
    (
        ("receive", 0), ("receive three", 1), ("receive a picture", 2), ("owner writes in the app", 0), ("edit", 0),
        ("unsend", 1),
    ),
    (
        ("webhook duplicated", 0), ("receive", 0), ("receive three", 0),
        ("time out after accepting", 0), ("send", 0), ("send", 0),
        ("time out before accepting", 0), ("send", 1), ("send", 1),
        ("no answer after accepting", 0), ("send", 2), ("send", 2),
        ("webhook reordered", 1), ("receive", 1), ("receive", 1), ("webhook delayed", 2), ("receive", 2),
        ("may have been sent", 0), ("send", 0), ("temporarily unavailable", 1), ("send two", 1),
        ("refused for good", 2), ("send", 2), ("seen", 1),
        ("webhooks batched and shuffled", 1), ("receive three", 1), ("receive", 1), ("webhook corrupted", 2),
        ("receive", 2), ("message dropped", 0), ("receive", 0), ("echo dropped", 0), ("send", 0),
    ),
    (
        ("webhook target down", 0), ("receive", 0), ("send", 0), ("kill -9", 0), ("receive", 2), ("start", 0),
        ("send", 2), ("kill -9 and restart", 0), ("webhook target up", 0),
    ),
    (("window passes", 0), ("send", 1)),
    (("backfill", 0),),  # late, for it waits until the webhook of what is missing can no more be under way
    (("seven days pass", 0), ("send", 1), ("receive", 2), ("send", 2)),
    (("revoke", 0), ("send", 2), ("receive", 0)),
    (("reconnect", 0), ("send", 2)),
)  # fmt: skip

# What the faults of the tour have struck at its end, as the simulator counts.
STRIKES = {
    "webhook duplicate": 3, "webhook reorder": 1, "webhook delay": 1, "webhook batch": 4, "webhook drop": 2,
    "webhook corrupt": 1, "graph drop": 2, "graph hang": 1, "graph 1/1357046": 1, "graph 2": 1, "graph 100/2534015": 1,
}  # fmt: skip


def play_tour(ground: Ground) -> None:
    """Play all stages among new people, each move at its time or not at all."""
    ground.new_round(PEOPLE)
    for stage in STAGES:
        for name, who in stage:
            assert _MOVES[name].can(ground), f"{name} cannot happen here"
            _MOVES[name].do(ground, ground.book.people[who])
        if stage is STAGES[0]:
            wait_for(lambda: all(ground.conversation_of(person) for person in ground.book.people))
        ground.quiet()


def misses(ground: Ground) -> list[str]:
    """What the tour was to bring about and did not, in words."""
    found = [
        f"{name} was not played" for name in sorted(_MOVES.keys() - {name for stage in STAGES for name, _ in stage})
    ]
    struck: Mapping[str, int] = ground.house.control("GET", "faults")["struck"]
    found += [
        f"{name} struck {struck.get(name, 0)} times" for name, times in STRIKES.items() if struck.get(name, 0) != times
    ]
    codes = {payload["error"]["code"] for payload in ground.house.target.of(FAILURE)}
    found += [f"nothing failed as {code}" for code in ("message_outside_window", "unauthorized") if code not in codes]
    if not ground.fetch("select from backfill_runs where added > 0"):
        found.append("backfill brought nothing in")
    return found
