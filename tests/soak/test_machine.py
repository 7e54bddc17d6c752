"""Nothing lost, nothing doubled, order kept, every message ended: hypothesis looks for a sequence that breaks it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.soak.compare import differences
from tests.soak.ground import Ground, ground
from tests.soak.moves import MOVES
from tests.soak.tour import misses, play_tour
from tests.support import open_directory

PEOPLE = 3
# The first of the runs is the plainest there is: nothing but messages.
RUNS, STEPS = 3, 50
_NAMES = [move.name for move in MOVES for _ in range(move.weight)]
_BY_NAME = {move.name: move for move in MOVES}


@pytest.fixture(scope="module")
def shared(database_url: str) -> Iterator[Ground]:
    """One installation for all runs: each has people of its own."""
    with open_directory() as directory, ground(database_url, directory) as made:
        yield made


def test_after_everything_that_can_happen_the_two_sides_are_equal(shared: Ground) -> None:
    """Chance may leave something out; the tour does not."""
    play_tour(shared)
    assert misses(shared) == []
    shared.heal()
    shared.quiet()
    assert differences(shared) == []


def test_no_sequence_of_mishaps_parts_the_two_sides(shared: Ground) -> None:
    """After each run server and simulator are compared message by message."""

    class Machine(RuleBasedStateMachine):
        @initialize()
        def people(self) -> None:
            shared.house.target.events.clear()
            shared.new_round(PEOPLE)

        @rule(name=st.sampled_from(_NAMES), who=st.integers(0, PEOPLE - 1))
        def move(self, name: str, who: int) -> None:
            if _BY_NAME[name].can(shared):
                _BY_NAME[name].do(shared, shared.book.people[who])

        def teardown(self) -> None:
            if shared.book.people:
                shared.heal()
                shared.settle()
                assert differences(shared) == []

    run = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        # What a kill did cannot be repeated exactly: the sequence that failed is shown as it was.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(20261122)(Machine), settings=run)
