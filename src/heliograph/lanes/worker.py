"""The workers: lease due lanes, hand them to their handler, look after what the handler left.

One loop per kind. It wakes by NOTIFY, and by a slow poll for what a lost NOTIFY would miss (and for lanes whose retry
time has come). While handlers run, leases are renewed, so that a lease ends early only when its process does.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from heliograph.lanes.queue import CHANNEL, Job, Lane, LeaseLostError, Outcome, lease, renew, settle
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.faults import plain
from heliograph.telemetry.logs import get_logger

log = get_logger("lanes")

Handler = Callable[[list[Lane]], Awaitable[None]]
# While the process is pressed, a kind leases this little, this often: work goes on, but what can wait does not take the
# core from what cannot.
PRESSED_LANES = 8
PRESSED_JOBS = 4
PRESSED_PAUSE_SECONDS = 0.5

OnDead = Callable[[Connection, Lane, Job, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LaneKind:
    """A kind of work and how it likes to be done.

    The handler settles each lane itself, in the transaction of its effects, and sets nothing aside: a lane it leaves
    unsettled, by returning or raising, is tried again with growing pauses. A job whose handler raised ``most_crashes``
    times is poison: ``on_dead`` records it and the lane goes on.

    ``linger_seconds``: under load, the least time between two leases, so that batches are worth their transactions. A
    lone job never waits for it, nor does one that follows a lone one.
    """

    name: str
    handler: Handler
    on_dead: OnDead
    lanes_per_batch: int = 100
    jobs_per_lane: int = 50
    most_batches: int = 2
    most_lanes: int = 1000
    lease_seconds: float = 6.0
    linger_seconds: float = 0.01
    most_crashes: int = 8


class LaneWorkers:
    """Runs the loops of all kinds in this process.

    ``pressed`` tells whether the process has something more urgent to do just now; lanes then stand back a little.
    """

    def __init__(
        self,
        database: Database,
        kinds: Sequence[LaneKind],
        *,
        poll_seconds: float = 0.5,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._loops = {kind.name: _KindLoop(database, kind, poll_seconds, pressed) for kind in kinds}
        self._running: list[asyncio.Task[None]] = []
        self._helping: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the loops in the running event loop."""
        self._running = [asyncio.create_task(loop.run(), name=f"lanes:{name}") for name, loop in self._loops.items()]
        self._helping = [asyncio.create_task(loop.renew()) for loop in self._loops.values()]
        self._helping.append(asyncio.create_task(self._listen(), name="lanes:listen"))

    async def stop(self, *, patience: float = 5.0) -> None:
        """Stop leasing, give running handlers ``patience`` seconds, then cancel them. What they leave is due at once."""
        for loop in self._loops.values():
            loop.stopping = True
            loop.wake.set()
        # The loops end by themselves: a lease that is under way is waited for, or its lanes would stay leased.
        running = {*self._running, *(task for loop in self._loops.values() for task in loop.batches)}
        if running:
            _, late = await asyncio.wait(running, timeout=patience)
            await _cancelled(late)
        await _cancelled(self._helping)
        await asyncio.gather(*(loop.give_back() for loop in self._loops.values()), return_exceptions=True)

    async def _listen(self) -> None:
        """Keep one connection listening; without it the poll carries on alone."""
        while True:
            try:
                async with self._database.pool.acquire() as connection:
                    await connection.add_listener(CHANNEL, self._woken)
                    for loop in self._loops.values():
                        loop.wake.set()
                    try:
                        while not connection.is_closed():
                            await asyncio.sleep(5)
                            await connection.execute("select 1")
                    finally:
                        with contextlib.suppress(Exception):
                            await connection.remove_listener(CHANNEL, self._woken)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("listening failed, polling goes on", error=error)
                await asyncio.sleep(1)

    def _woken(self, _connection: Connection, _pid: int, _channel: str, kind: str) -> None:
        if kind in self._loops:
            self._loops[kind].wake.set()


class _KindLoop:
    def __init__(self, database: Database, kind: LaneKind, poll_seconds: float, pressed: Callable[[], bool]) -> None:
        self._pressed = pressed
        self._database = database
        self._kind = kind
        self._poll = poll_seconds
        self.wake = asyncio.Event()
        self.stopping = False
        self.batches: set[asyncio.Task[None]] = set()
        self._held: dict[int, Lane] = {}
        self._leased_at = 0.0
        self._leased = 0  # how many jobs the last lease brought: more than one is load
        self._left_some = False

    async def run(self) -> None:
        while not self.stopping:
            self.wake.clear()
            try:
                more = await self._lease_once()
            except Exception as error:
                log.warning("leasing failed", kind=self._kind.name, error=error)
                more = False
            if not more and not self.stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), self._poll)

    async def _lease_once(self) -> bool:
        """Lease one batch and start it. True when there may be more to lease right away."""
        kind = self._kind
        if self._leased > 1:
            await asyncio.sleep(max(0.0, self._leased_at + kind.linger_seconds - time.monotonic()))
        await self._stand_back()
        pressed = self._pressed()
        held = [lane for lane in self._held.values() if not lane.settled]
        room = min(PRESSED_LANES if pressed else kind.lanes_per_batch, kind.most_lanes - len(held))
        if room <= 0 or len(self.batches) >= (1 if pressed else kind.most_batches):
            await asyncio.wait(self.batches, return_when=asyncio.FIRST_COMPLETED)
            return True
        by_group = Counter(lane.group for lane in held)
        crowded = [group for group, n in by_group.items() if group and n >= kind.most_lanes // 4]
        # A crowded group's lanes stay behind, and no NOTIFY will come for them: the next batch to end wakes us.
        self._left_some = bool(crowded)
        self._leased_at = time.monotonic()
        async with self._database.relaxed.acquire() as connection:
            lanes = await lease(
                connection,
                kind.name,
                lanes=room,
                jobs=min(PRESSED_JOBS, kind.jobs_per_lane) if pressed else kind.jobs_per_lane,
                seconds=kind.lease_seconds,
                but_not=crowded,
            )
        self._leased = sum(len(lane.jobs) for lane in lanes)
        if not lanes:
            return False
        for lane in lanes:
            self._held[lane.lease] = lane
        if self.stopping:
            return False
        task = asyncio.create_task(self._work(lanes))
        self.batches.add(task)
        task.add_done_callback(self.batches.discard)
        return len(lanes) == room

    async def _stand_back(self) -> None:
        """While the process is pressed, let it be; but no longer than a pause since the last lease."""
        until = self._leased_at + PRESSED_PAUSE_SECONDS
        while self._pressed() and time.monotonic() < until and not self.stopping:  # noqa: ASYNC110  it ends by itself
            await asyncio.sleep(0.005)

    async def _work(self, lanes: list[Lane]) -> None:
        try:
            await self._handle(lanes)
        finally:
            for lane in lanes:
                if lane.settled or not self.stopping:
                    self._held.pop(lane.lease, None)
            if self._left_some:
                self.wake.set()

    async def _handle(self, lanes: list[Lane]) -> None:
        try:
            await self._kind.handler(lanes)
            error = "the handler left the lane unsettled"
        except LeaseLostError as lost:
            log.warning("lease lost", kind=self._kind.name, error=str(lost))
            error = str(lost)
        except Exception as raised:
            metrics.JOB_FAILURES.labels(self._kind.name).inc()
            log.exception("handler raised", kind=self._kind.name, lanes=len(lanes), error=raised)
            error = plain(raised)
        left = [lane for lane in lanes if not lane.settled]
        if not left:
            return
        if len(lanes) > 1:
            # One lane's trouble is not its neighbours': each gets a run, and a verdict, of its own.
            for lane in left:
                await self._handle([lane])
            return
        await self._put_back(left[0], error)

    async def _put_back(self, lane: Lane, error: str) -> None:
        first = lane.jobs[0] if lane.jobs else None
        poison = first is not None and first.attempts + 1 >= self._kind.most_crashes
        try:
            async with self._database.transaction() as connection:
                if first is None:
                    outcome = Outcome(lane)
                elif poison:
                    await self._kind.on_dead(connection, lane, first, error)
                    outcome = Outcome(lane, finished=[first.id])
                else:
                    outcome = Outcome(lane, tried=[first.id], retry_after=min(0.1 * 4**first.attempts, 60))
                await settle(connection, [outcome])
            lane.settled = True
        except LeaseLostError:
            log.warning("lease lost", kind=self._kind.name, key=lane.key)
        except Exception as failure:
            # The lease will run out and the lane come back by itself.
            log.warning("putting back failed", kind=self._kind.name, key=lane.key, error=failure)

    async def renew(self) -> None:
        """Keep the leases of what is being worked on; a task beside :meth:`run`."""
        while True:
            await asyncio.sleep(self._kind.lease_seconds / 3)
            held = [lane for lane in self._held.values() if not lane.settled]
            if held:
                try:
                    async with self._database.relaxed.acquire() as connection:
                        await renew(connection, held, seconds=self._kind.lease_seconds)
                except Exception as error:
                    log.warning("renewing failed", kind=self._kind.name, error=error)

    async def give_back(self) -> None:
        """On the way out: let others have what was leased and not finished."""
        left = [lane for lane in self._held.values() if not lane.settled]
        self._held.clear()
        try:
            await self._release(left)
        except LeaseLostError:
            for lane in left:
                with contextlib.suppress(LeaseLostError):
                    await self._release([lane])

    async def _release(self, lanes: list[Lane]) -> None:
        if lanes:
            async with self._database.transaction() as connection:
                await settle(connection, [Outcome(lane) for lane in lanes])


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are gone."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
