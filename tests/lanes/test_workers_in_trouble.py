"""Workers in trouble: a job that fails holds its own lane for a while, and nothing else."""

import asyncio

from heliograph.lanes import Job, Lane, LaneKind
from heliograph.storage import Connection
from tests.lanes.working import Ledger, finish, is_empty, put, working
from tests.support import fresh_name, opened, run, wait_until


def test_a_job_that_fails_holds_its_lane_and_no_other(each_database: str) -> None:
    """Head-of-line: what is behind it waits for it; other lanes of the very same batch do not."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            tries: list[int] = []

            async def handler(lanes: list[Lane]) -> None:
                for lane in lanes:
                    if lane.jobs[0].payload == "bad" and lane.jobs[0].attempts < 2:
                        tries.append(lane.jobs[0].attempts)
                        raise RuntimeError("not now")
                    ledger.done += [(lane.key, job.payload, job.id) for job in lane.jobs]
                await finish(database, lanes)

            ill = [("ill", "bad"), ("ill", "behind it")]
            await put(database, kind, ("w1", "1"), *ill, ("w2", "1"))
            async with working(database, [LaneKind(kind, handler, ledger.on_dead, lease_seconds=600)], poll=0.02):
                await wait_until(lambda: ledger.of("w1") and ledger.of("w2"))
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.of("ill") == ["bad", "behind it"]
            assert set(ledger.of("w1") + ledger.of("w2")) == {"1"}
            assert sorted(set(tries)) == [0, 1]
            assert ledger.dead == []

    run(scene())


def test_poison_ends_dead_and_the_lane_goes_on(each_database: str) -> None:
    """After ``most_crashes`` tries the domain is told, once, and the next job runs."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()

            async def handler(lanes: list[Lane]) -> None:
                if any(job.payload == "poison" for lane in lanes for job in lane.jobs[:1]):
                    raise RuntimeError("crash")
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                await finish(database, lanes)

            async def on_dead(connection: Connection, lane: Lane, job: Job, error: str) -> None:
                assert "crash" in error
                await connection.fetchval("select 1")
                await ledger.on_dead(connection, lane, job, error)

            await put(database, kind, ("a", "poison"), ("a", "2"), ("b", "1"))
            async with working(
                database, [LaneKind(kind, handler, on_dead, most_crashes=3, lease_seconds=600)], poll=0.02
            ):
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.dead == [("a", "poison")]
            assert ledger.of("a") == ["2"]
            assert ledger.of("b") == ["1"]

    run(scene())


def test_a_handler_that_forgets_a_lane_gets_it_again(each_database: str) -> None:
    """Returning without settling is a failure like raising: no job is lost in silence."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()

            async def handler(lanes: list[Lane]) -> None:
                ready = [lane for lane in lanes if lane.key != "forgotten" or lane.jobs[0].attempts]
                if ready:
                    ledger.done += [(lane.key, job.payload, job.id) for lane in ready for job in lane.jobs]
                    await finish(database, ready)

            await put(database, kind, ("forgotten", "1"), ("other", "1"))
            async with working(database, [LaneKind(kind, handler, ledger.on_dead, lease_seconds=600)], poll=0.02):
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.of("forgotten") == ["1"]
            assert ledger.of("other") == ["1"]

    run(scene())


def test_a_lease_is_renewed_while_its_handler_runs(each_database: str) -> None:
    """Slow work is not taken for a dead worker, however short the lease: nobody else gets the lane."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            go = asyncio.Event()

            async def handler(lanes: list[Lane]) -> None:
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                await go.wait()
                await finish(database, lanes)

            await put(database, kind, ("slow", "1"))
            lane_kind = LaneKind(kind, handler, ledger.on_dead, lease_seconds=3)
            async with working(database, [lane_kind], poll=0.02, processes=2):
                await wait_until(lambda: ledger.done)
                leased = await database.fetchrow("select lease, due_at from lanes where kind = $1", kind)

                async def renewed_past_the_first_lease() -> bool:
                    row = await database.fetchrow("select lease, due_at from lanes where kind = $1", kind)
                    assert row["lease"] == leased["lease"], "another worker took it"
                    return bool(row["due_at"] > leased["due_at"])

                await wait_until(renewed_past_the_first_lease)
                go.set()
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.of("slow") == ["1"]

    run(scene())


def test_a_crowd_of_one_group_leaves_room_for_the_others(each_database: str) -> None:
    """A customer with many lanes in hand gets no more until some are done; another's lane is taken meanwhile."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            go = asyncio.Event()

            async def handler(lanes: list[Lane]) -> None:
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                if lanes[0].group == "crowd":
                    await go.wait()
                await finish(database, lanes)

            await put(database, kind, *((f"crowd{n}", "1") for n in range(30)), group="crowd")
            lane_kind = LaneKind(
                kind, handler, ledger.on_dead, lanes_per_batch=1, most_batches=16, most_lanes=16, linger_seconds=0
            )
            async with working(database, [lane_kind]):
                await wait_until(lambda: len(ledger.done) >= 4)
                await put(database, kind, ("quiet", "1"), group="quiet")
                await wait_until(lambda: ledger.of("quiet"), what="the quiet customer's turn")
                assert len(ledger.done) == 5, "a quarter of the hands for one group, no more"
                go.set()
                await wait_until(
                    lambda: is_empty(database, kind), what="the crowd is served in the end, without a poll"
                )
            assert len(ledger.done) == 31

    run(scene())
