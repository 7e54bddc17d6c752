"""Group commit: what arrives during one flush shares the next one, and nobody returns before the flush that held him."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.storage import GroupCommit
from tests.support import run, wait_until


class Disk:
    """A flush that records its batches and holds each until it is let go."""

    def __init__(self, *, held: bool = False, refuses: Callable[[int], bool] = lambda _: False) -> None:
        self.batches: list[list[int]] = []
        self.written: list[int] = []
        self.go = asyncio.Event()
        self._refuses = refuses
        if not held:
            self.go.set()

    async def flush(self, items: list[int]) -> list[str]:
        self.batches.append(items)
        await self.go.wait()
        await asyncio.sleep(0)
        for item in items:
            if self._refuses(item):
                raise ValueError(f"bad {item}")
        self.written += items
        return [f"result of {item}" for item in items]


def test_a_lone_item_goes_at_once() -> None:
    """No timer: a lone item is a batch of one."""

    async def scene() -> None:
        disk = Disk()
        assert await GroupCommit(disk.flush).submit(7) == "result of 7"
        assert disk.batches == [[7]]

    run(scene())


def test_what_arrives_during_a_flush_shares_the_next_one_in_order() -> None:
    """A hundred callers, two flushes."""

    async def scene() -> None:
        disk = Disk(held=True)
        commit = GroupCommit(disk.flush)
        first = asyncio.create_task(commit.submit(0))
        await wait_until(lambda: disk.batches)
        others = [asyncio.create_task(commit.submit(n)) for n in range(1, 100)]
        await asyncio.sleep(0)
        disk.go.set()
        assert await asyncio.gather(first, *others) == [f"result of {n}" for n in range(100)]
        assert disk.batches == [[0], list(range(1, 100))]

    run(scene())


def test_nobody_returns_before_the_flush_that_held_his_item() -> None:
    """The 200 to Meta stands on this."""

    async def scene() -> None:
        disk = Disk(held=True)
        commit = GroupCommit(disk.flush)
        tasks = [asyncio.create_task(commit.submit(n)) for n in range(5)]
        await wait_until(lambda: disk.batches)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        disk.go.set()
        await asyncio.gather(*tasks)
        assert disk.written == [0, 1, 2, 3, 4]

    run(scene())


@settings(max_examples=60)
@given(
    arrivals=st.lists(st.integers(0, 3), max_size=60),
    bad=st.sets(st.integers(0, 59), max_size=6),
    largest=st.integers(1, 10),
)
def test_every_caller_gets_his_own_result_or_his_own_error(arrivals: list[int], bad: set[int], largest: int) -> None:
    """Whatever arrives when: results fit items, order is kept among the written, and one bad item fails alone."""

    async def scene() -> None:
        disk = Disk(refuses=bad.__contains__)
        commit = GroupCommit(disk.flush, largest=largest)

        async def caller(number: int) -> str:
            result = await commit.submit(number)
            assert number in disk.written, "returned before its flush"
            return result

        tasks = []
        for number, pause in enumerate(arrivals):
            tasks.append(asyncio.create_task(caller(number)))
            for _ in range(pause):
                await asyncio.sleep(0)
        for number, ending in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
            if number in bad:
                assert isinstance(ending, ValueError)
                assert str(ending) == f"bad {number}"
            else:
                assert ending == f"result of {number}"
        assert disk.written == [n for n in range(len(arrivals)) if n not in bad]
        assert all(len(batch) <= largest for batch in disk.batches)

    run(scene())


def test_a_caller_who_gave_up_harms_nobody() -> None:
    """A client that hung up: its item is written all the same, and its neighbours get their results."""

    async def scene() -> None:
        disk = Disk(held=True)
        commit = GroupCommit(disk.flush)
        impatient, patient = (asyncio.create_task(commit.submit(n)) for n in range(2))
        await wait_until(lambda: disk.batches)
        impatient.cancel()
        disk.go.set()
        assert await patient == "result of 1"
        assert disk.written == [0, 1]
        assert await commit.submit(2) == "result of 2"

    run(scene())


def test_a_flush_that_miscounts_leaves_nobody_waiting() -> None:
    """A wrong number of results is a bug of the flush; its callers get an error, not silence."""

    async def scene() -> None:
        async def forgetful(items: list[int]) -> list[int]:
            return items[1:]

        commit = GroupCommit(forgetful)
        async with asyncio.timeout(5):
            endings = await asyncio.gather(*(commit.submit(n) for n in range(3)), return_exceptions=True)
        assert all(isinstance(ending, Exception) for ending in endings)
        with pytest.raises(Exception, match=r"."):
            async with asyncio.timeout(5):
                await commit.submit(3)

    run(scene())
