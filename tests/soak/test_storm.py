"""Many messages through a Meta that doubles, shuffles and drops webhooks, and times out after accepting."""

import pytest

from tests.soak.ground import ground
from tests.soak.storm import run_storm
from tests.support import open_directory

MESSAGES = 800


@pytest.mark.parametrize("seed", [7])
def test_a_storm_ends_with_nothing_lost_and_nothing_doubled(database_url: str, seed: int) -> None:
    """`make soak SOAK_ARGS="--messages 10000"` is the same, larger."""
    with open_directory() as directory, ground(database_url, directory) as made:
        result = run_storm(made, MESSAGES, seed, print)
    assert result["differences"] == []
    assert result["messages_in"] + result["messages_out"] == MESSAGES
    assert all(result["struck"].get(f"webhook {kind}", 0) > 0 for kind in ("duplicate", "reorder", "drop")), result[
        "struck"
    ]
