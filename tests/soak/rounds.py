"""Rounds of random moves, each compared at its end, until the time is over."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soak.compare import differences
from tests.soak.ground import Ground
from tests.soak.moves import MOVES

PEOPLE = 8
MOVES_PER_ROUND = 120


@dataclass
class Tally:
    """What a run has done so far."""

    rounds: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    posted: int = 0
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run_rounds(ground: Ground, seed: int, seconds: float, tell: Callable[[Tally], None]) -> Tally:
    """Play rounds for so many seconds; stop at the first in which the two sides differ. ``tell`` hears after each."""
    chance = random.Random(seed)
    tally = Tally()
    began = time.monotonic()
    while time.monotonic() - began < seconds and not tally.differences:
        play_round(ground, chance, tally, MOVES_PER_ROUND)
        tally.seconds = time.monotonic() - began
        tell(tally)
    return tally


def play_round(ground: Ground, chance: random.Random, tally: Tally, moves: int) -> None:
    """Random moves among new people, then peace, then the comparison."""
    ground.new_round(PEOPLE)
    for _ in range(moves):
        possible = [move for move in MOVES if move.can(ground)]
        (move,) = chance.choices(possible, [one.weight for one in possible])
        move.do(ground, chance.choice(ground.book.people))
        tally.moves[move.name] += 1
    ground.heal()
    ground.settle()
    tally.rounds += 1
    tally.arrived += sum(
        said["source"] != "api" for one in ground.book.people for said in ground.house.phone(one.igsid)
    )
    tally.posted += ground.book.posted
    tally.differences += differences(ground)
    ground.house.target.events.clear()
