"""When webhooks count as a flood, and when it is over: looks decide, not seconds."""

from collections.abc import Callable

import pytest

from heliograph.channels.instagram.journal import flood
from heliograph.channels.instagram.journal.flood import Flood

MANY = flood._MANY


class Loop:
    """An event loop that only notes what it shall call later."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def call_later(self, _seconds: float, call: Callable[[], None]) -> None:
        self.later.append(call)

    def look(self) -> None:
        """The next look."""
        (call,) = self.later
        self.later.clear()
        call()


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    made = Loop()
    monkeypatch.setattr(flood.asyncio, "get_running_loop", lambda: made)
    return made


def come(watch: Flood, count: int) -> None:
    for _ in range(count):
        watch.came()


def go(watch: Flood, count: int) -> None:
    for _ in range(count):
        watch.went()


def test_a_few_webhooks_at_once_are_no_flood_however_many_come(loop: Loop) -> None:
    watch = Flood()
    for _ in range(100):
        come(watch, MANY - 1)
        go(watch, MANY - 1)
    assert not watch
    assert not loop.later


def test_many_at_once_are_one_and_it_lasts_until_several_looks_were_calm(loop: Loop) -> None:
    watch = Flood()
    come(watch, MANY)
    assert watch
    go(watch, MANY)
    loop.look()  # there were many since the look before
    for _ in range(flood._CALM_LOOKS - 1):
        assert watch
        loop.look()
    assert watch
    loop.look()
    assert not watch
    assert not loop.later


def test_a_wave_between_two_looks_makes_it_last(loop: Loop) -> None:
    watch = Flood()
    come(watch, MANY)
    go(watch, MANY)
    for _ in range(5 * flood._CALM_LOOKS):
        loop.look()
        come(watch, MANY)
        go(watch, MANY)
    assert watch


def test_who_waits_on_and_on_keeps_it_going(loop: Loop) -> None:
    watch = Flood()
    come(watch, MANY)
    for _ in range(5 * flood._CALM_LOOKS):
        loop.look()
    assert watch


def test_the_next_one_is_seen_like_the_first(loop: Loop) -> None:
    watch = Flood()
    for _ in range(2):
        come(watch, MANY)
        assert watch
        go(watch, MANY)
        while loop.later:
            loop.look()
        assert not watch
