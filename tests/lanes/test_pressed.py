"""While the process has something more urgent to do, lanes stand back: little at once, but never nothing."""

from heliograph.lanes import Lane, LaneKind, LaneWorkers
from heliograph.lanes import worker as lane_worker
from heliograph.storage import Database
from tests.lanes.working import Ledger, finish, is_empty, put
from tests.support import fresh_name, opened, run, wait_until

LANES = 3 * lane_worker.PRESSED_LANES


def test_pressed_workers_take_little_at_once_and_still_finish(each_database: str) -> None:
    async def scene() -> list[tuple[int, int]]:
        async with opened(each_database) as database:
            kind, taken, under_way = fresh_name("pressed"), [], 0

            async def handle(lanes: list[Lane]) -> None:
                nonlocal under_way
                under_way += 1
                taken.append((len(lanes), max(len(lane.jobs) for lane in lanes)))
                assert under_way == 1
                await finish(database, lanes)
                under_way -= 1

            many = [(f"lane {lane}", str(job)) for lane in range(LANES) for job in range(lane_worker.PRESSED_JOBS + 1)]
            await put(database, kind, *many)
            await _work(database, LaneKind(kind, handle, Ledger().on_dead))
            return taken

    taken = run(scene())
    assert max(lanes for lanes, _ in taken) <= lane_worker.PRESSED_LANES
    assert max(jobs for _, jobs in taken) <= lane_worker.PRESSED_JOBS
    assert len(taken) >= LANES // lane_worker.PRESSED_LANES


async def _work(database: Database, kind: LaneKind) -> None:
    workers = LaneWorkers(database, [kind], poll_seconds=0.02, pressed=lambda: True)
    workers.start()
    await wait_until(lambda: is_empty(database, kind.name), 20, what="all is done though the process is pressed")
    await workers.stop()
