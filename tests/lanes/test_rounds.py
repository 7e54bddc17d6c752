"""Rounds: work that is looked for every now and then."""

import asyncio

from heliograph.lanes import Rounds
from tests.support import run, wait_until


def test_a_round_that_fails_is_followed_by_the_next_and_stop_ends_them() -> None:
    async def course() -> None:
        rounds_begun = 0

        async def work() -> None:
            nonlocal rounds_begun
            rounds_begun += 1
            if rounds_begun == 1:
                raise RuntimeError

        rounds = Rounds("test", work, 0.01)
        rounds.start()
        await wait_until(lambda: rounds_begun >= 3)
        await rounds.stop()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "test"]

    run(course())


def test_the_first_round_waits_for_a_pause_unless_it_is_to_come_at_once() -> None:
    async def course() -> None:
        begun: list[str] = []

        async def first() -> None:
            begun.append("at once")

        async def later() -> None:
            begun.append("later")

        both = Rounds("a", later, 3600), Rounds("b", first, 3600, at_once=True)
        for one in both:
            one.start()
        await wait_until(lambda: begun)
        for one in both:
            await one.stop()
        assert begun == ["at once"]

    run(course())
