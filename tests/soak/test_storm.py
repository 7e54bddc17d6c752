"""Many messages through a Meta that doubles, shuffles and drops webhooks, and times out after accepting.

It costs half a minute: faults of one in a hundred need hundreds of messages.
"""

import pytest

from tests.soak.ground import ground
from tests.soak.storm import DEPTH, MISSING, run_storm
from tests.support import open_directory

MESSAGES = 800


@pytest.mark.parametrize("seed", [7])
def test_a_storm_ends_with_nothing_lost_and_nothing_doubled(database_url: str, seed: int) -> None:
    """`make soak SOAK_ARGS="--messages 10000"` is the same, larger."""
    with open_directory() as directory, ground(database_url, directory) as made:
        result = run_storm(made, MESSAGES, seed, print)
    assert result["differences"] == []
    assert result["messages_in"] == MESSAGES // 2 + 2 * MISSING
    assert result["messages_out"] == result["messages_in"] - result["unreadable"]
    # Of the silent one five; of the one who wrote on, whatever new messages and their answers have pushed out.
    assert MISSING - DEPTH < result["unreadable"] < 2 * MISSING
    struck = {**result["struck"], "webhook drop": result["struck"]["webhook drop"] - 2 * MISSING}
    wanted = ("webhook duplicate", "webhook reorder", "webhook drop", "graph drop")
    assert all(struck.get(kind, 0) > 0 for kind in wanted), result["struck"]
