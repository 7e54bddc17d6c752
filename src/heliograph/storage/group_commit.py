"""Group commit: what arrives while one transaction is being written shares the next one.

    submit ──▶ waiting ──▶ flush(batch) ──▶ each caller gets its result, after the commit
                  ▲             │
                  └── arrivals ─┘

Invariant: a caller's ``submit`` returns only after the flush that held its item has returned, and items are flushed
in the order of their submission. No timer: the batch is whatever came in during the last flush, so a lone item never
waits and a flood shares its commits.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Gathers items of concurrent callers into batches for ``flush``, which returns one result per item, in order.

    A batch that fails is flushed again item by item, also when the failure left open whether it was committed: ``flush``
    must be such that a repeat does no harm.
    """

    def __init__(self, flush: Callable[[list[Item]], Awaitable[list[Result]]], *, largest: int = 500) -> None:
        self._flush = flush
        self._largest = largest
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Hand in an item and wait until it is committed. Raises what the flush raised for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            await self._write(batch)

    async def _write(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._flushed([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            # One bad item must not take its neighbours down: each gets a transaction of its own.
            for one in batch:
                await self._write([one])
            return
        except BaseException as error:
            for _, future in batch:
                _fail(future, error)
            raise
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _flushed(self, items: list[Item]) -> list[Result]:
        results = await self._flush(items)
        if len(results) != len(items):
            raise ValueError(f"the flush returned {len(results)} results for {len(items)} items")
        return results


def _fail(future: asyncio.Future[Result], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
