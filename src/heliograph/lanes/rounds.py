"""Work that is looked for every now and then, rather than put in a lane."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from heliograph.telemetry.logs import get_logger

log = get_logger("lanes")

# Of our own: whoever seeds the common one is not disturbed.
_CHANCE = random.Random()  # noqa: S311


class Rounds:
    """Does ``work`` again and again, for as long as it runs. Every process has its rounds: the work minds the others.

    ``every``: seconds between two rounds, at most. Each pause is shorter by chance, so that processes that start together
    do not look together. ``at_once``: the first round comes before the first pause. A round that fails is logged.
    """

    def __init__(
        self, name: str, work: Callable[[], Awaitable[object]], every: float, *, at_once: bool = False
    ) -> None:
        self._name = name
        self._work = work
        self._every = every
        self._at_once = at_once
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start in the running event loop."""
        self._running = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Stop; a round under way is broken off where it waits, and its transaction rolled back."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        if self._at_once:
            await self._round()
        while True:
            await asyncio.sleep(self._every * _CHANCE.uniform(0.5, 1.0))
            await self._round()

    async def _round(self) -> None:
        try:
            await self._work()
        except Exception as error:
            log.warning("a round failed, the next one comes", what=self._name, error=error)
