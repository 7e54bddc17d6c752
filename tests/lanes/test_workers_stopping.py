"""Workers that stop: what runs is waited for, what is not finished goes back."""

import asyncio

import pytest

from heliograph.lanes import Lane, LaneKind, LaneWorkers
from heliograph.storage import Database
from tests.lanes.working import NEVER, Ledger, finish, is_empty, put, working
from tests.support import fresh_name, opened, run, wait_until


async def nothing_is_leased(database: Database, kind: str) -> bool:
    return not await database.fetchval(
        "select count(*) from lanes where kind = $1 and (lease <> 0 or due_at > now())", kind
    )


def test_stop_waits_for_running_handlers(each_database: str) -> None:
    """What is being done is finished and settled; nothing new is begun."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            go = asyncio.Event()

            async def handler(lanes: list[Lane]) -> None:
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                await go.wait()
                await finish(database, lanes)

            workers = LaneWorkers(database, [LaneKind(kind, handler, ledger.on_dead)], poll_seconds=NEVER)
            workers.start()
            await put(database, kind, ("a", "1"))
            await wait_until(lambda: ledger.done)
            stopping = asyncio.create_task(workers.stop(patience=30))
            await put(database, kind, ("b", "1"))
            assert not stopping.done()
            go.set()
            await asyncio.wait_for(stopping, 20)
            assert ledger.done[0][0] == "a"
            assert len(ledger.done) == 1
            rows = await database.fetch("select key from lanes where kind = $1", kind)
            assert [row["key"] for row in rows] == ["b"]
            assert await nothing_is_leased(database, kind)

    run(scene())


def test_stop_gives_back_what_is_not_finished_in_time(each_database: str) -> None:
    """A handler that hangs is cancelled, and another process gets its lanes at once, not when the lease runs out."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            hangs = True

            async def handler(lanes: list[Lane]) -> None:
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                if hangs:
                    await asyncio.Event().wait()
                await finish(database, lanes)

            lane_kind = LaneKind(kind, handler, ledger.on_dead, lease_seconds=600)
            workers = LaneWorkers(database, [lane_kind], poll_seconds=NEVER)
            workers.start()
            await put(database, kind, ("a", "1"), ("b", "1"))
            await wait_until(lambda: len(ledger.done) == 2)
            async with working(database, [lane_kind]):
                hangs = False
                await workers.stop(patience=0.05)
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.of("a") == ["1", "1"]

    run(scene())


@pytest.mark.parametrize("round_trips", [0, 1, 2, 5])
def test_after_a_stop_at_any_moment_nothing_is_leased_and_nothing_runs(each_database: str, round_trips: int) -> None:
    """Whether it was just leasing, working or settling: on the way out everything is due again, or done."""

    async def scene() -> None:
        async with opened(each_database) as database:
            for number in range(15):
                kind, ledger = fresh_name("kind"), Ledger()

                async def handler(lanes: list[Lane], ledger: Ledger = ledger) -> None:
                    ledger.busy.add("x")
                    try:
                        await asyncio.sleep(0)
                        await finish(database, lanes)
                    finally:
                        ledger.busy.discard("x")

                await put(database, kind, *((f"lane{n}", "1") for n in range(20)))
                lane_kind = LaneKind(
                    kind, handler, ledger.on_dead, lanes_per_batch=3, lease_seconds=600, linger_seconds=0
                )
                workers = LaneWorkers(database, [lane_kind], poll_seconds=NEVER)
                workers.start()
                for _ in range(round_trips):
                    await database.fetchval("select 1")
                for _ in range(number):
                    await asyncio.sleep(0)
                await asyncio.wait_for(workers.stop(patience=20), 30)
                assert not ledger.busy
                left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
                assert left == []
                assert await nothing_is_leased(database, kind)

    run(scene())


def test_each_kind_is_worked_on_its_own(each_database: str) -> None:
    """A kind whose handlers hang does not keep another kind waiting; a NOTIFY wakes the kind it names."""

    async def scene() -> None:
        async with opened(each_database) as database:
            hanging, quick, ledger = fresh_name("kind"), fresh_name("kind"), Ledger()

            async def hang(lanes: list[Lane]) -> None:
                await asyncio.Event().wait()

            async def handler(lanes: list[Lane]) -> None:
                await finish(database, lanes)

            kinds = [LaneKind(hanging, hang, ledger.on_dead), LaneKind(quick, handler, ledger.on_dead)]
            workers = LaneWorkers(database, kinds, poll_seconds=NEVER)
            workers.start()
            await put(database, hanging, *((f"{n}", "1") for n in range(5)))
            for number in range(20):
                await put(database, quick, ("a", str(number)))
                await wait_until(lambda: is_empty(database, quick))
            await workers.stop(patience=0.01)
            assert await nothing_is_leased(database, hanging)

    run(scene())
