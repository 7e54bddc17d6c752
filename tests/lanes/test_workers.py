"""The workers: who is woken, who is tried again, who is given up, and how it all stops.

Where polling is switched off (``poll_seconds=3600``), only a NOTIFY or the worker's own bookkeeping can wake it, so a
lost wake-up fails the test by its deadline.
"""

import asyncio
import random
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.lanes import Lane, LaneKind, NewJob, enqueue
from heliograph.storage import Database
from tests.lanes.working import Ledger, finish, is_empty, put, working
from tests.support import Patience, fresh_name, opened, run, wait_until

Plan = list[list[tuple[list[str], int]]]

PLANS: st.SearchStrategy[Plan] = (
    st.lists(  # per producer, its transactions: lanes of the jobs, and a pause before commit
        st.lists(
            st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6), st.integers(0, 2)),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=4,
    )
)


def test_order_is_kept_nothing_is_lost_or_doubled_and_nobody_sleeps_over_work(each_database: str) -> None:
    """Concurrent producers, three sets of workers, no polling: each lane's jobs run in order, once, one at a time."""
    patience = Patience(10)
    with asyncio.Runner() as runner:
        database = runner.run(Database.connect(each_database, largest=16))

        async def scene(plan: Plan, batches: int, jobs_per_lane: int, seed: int) -> None:
            kind, ledger, chance = fresh_name("kind"), Ledger(), random.Random(seed)

            async def handler(lanes: list[Lane]) -> None:
                for lane in lanes:
                    if lane.key in ledger.busy:
                        ledger.overlaps.append(lane.key)
                    ledger.busy.add(lane.key)
                for _ in range(chance.randrange(4)):
                    await database.fetchval("select 1")
                try:
                    ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                    for lane in lanes:
                        ledger.busy.discard(lane.key)
                    await finish(database, lanes)
                except Exception as error:
                    ledger.overlaps.append(repr(error))
                    raise

            async def producer(number: int, transactions: list[tuple[list[str], int]]) -> None:
                count = 0
                for keys, pause in transactions:
                    async with database.transaction() as connection:
                        jobs = [NewJob(kind, key, f"{number}:{count + n:04}") for n, key in enumerate(keys)]
                        await enqueue(connection, jobs)
                        for _ in range(pause):
                            await connection.fetchval("select 1")
                    count += len(keys)

            lane_kind = LaneKind(
                kind,
                handler,
                ledger.on_dead,
                lanes_per_batch=batches,
                jobs_per_lane=jobs_per_lane,
                linger_seconds=0,
            )
            async with working(database, [lane_kind], processes=3):
                await asyncio.gather(*(producer(n, transactions) for n, transactions in enumerate(plan)))
                await patience.wait_until(lambda: is_empty(database, kind), "all work done without a poll")
            wanted = defaultdict(list)
            for number, transactions in enumerate(plan):
                count = 0
                for keys, _ in transactions:
                    for key in keys:
                        wanted[key, number].append(f"{number}:{count:04}")
                        count += 1
            assert ledger.overlaps == []
            assert len(ledger.done) == sum(len(payloads) for payloads in wanted.values()), "lost or doubled"
            for (key, number), payloads in wanted.items():
                assert [p for p in ledger.of(key) if p.startswith(f"{number}:")] == payloads
            for key in "abcdef":
                ids = [job_id for done_key, _, job_id in ledger.done if done_key == key]
                assert ids == sorted(ids), "not in the order of commits"

        @settings(max_examples=25)
        @given(PLANS, st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
        def property_holds(plan: Plan, batches: int, jobs_per_lane: int, seed: int) -> None:
            runner.run(asyncio.wait_for(scene(plan, batches, jobs_per_lane, seed), 30))

        try:
            property_holds()
        finally:
            runner.run(database.close())


def test_no_wake_up_is_lost_when_enqueue_and_release_race(each_database: str) -> None:
    """One lane, one producer that puts a job in whenever the worker is about to settle, and no polling."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            about_to_settle = asyncio.Event()

            async def handler(lanes: list[Lane]) -> None:
                ledger.done += [(lane.key, job.payload, job.id) for lane in lanes for job in lane.jobs]
                about_to_settle.set()
                await finish(database, lanes)

            async with working(database, [LaneKind(kind, handler, ledger.on_dead, linger_seconds=0)], processes=2):
                for number in range(150):
                    await put(database, kind, ("a", str(number)))
                    await asyncio.wait_for(about_to_settle.wait(), 20)
                    about_to_settle.clear()
                await wait_until(lambda: is_empty(database, kind))
            assert ledger.of("a") == [str(number) for number in range(150)]

    run(scene())


def test_work_that_came_while_nobody_listened_is_found_at_the_start(each_database: str) -> None:
    """The first lease needs no NOTIFY."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()
            await put(database, kind, ("a", "1"))

            async def handler(lanes: list[Lane]) -> None:
                await finish(database, lanes)

            async with working(database, [LaneKind(kind, handler, ledger.on_dead)]):
                await wait_until(lambda: is_empty(database, kind))

    run(scene())


def test_work_is_found_when_the_listening_connection_was_cut(each_database: str) -> None:
    """The poll carries on alone, and listening comes back by itself."""

    async def scene() -> None:
        async with opened(each_database) as database:
            kind, ledger = fresh_name("kind"), Ledger()

            async def handler(lanes: list[Lane]) -> None:
                await finish(database, lanes)

            async with working(database, [LaneKind(kind, handler, ledger.on_dead)], poll=0.1):
                cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen%'"
                assert await database.fetchval(cut + " and datname = current_database()") == 1
                await put(database, kind, ("a", "1"))
                await wait_until(lambda: is_empty(database, kind))

    run(scene())
