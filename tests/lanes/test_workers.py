"""The workers: who is woken, who is tried again, who is given up, and how it all stops.

Where polling is switched off (``poll_seconds=3600``), only a NOTIFY or the worker's own bookkeeping can wake it, so a
lost wake-up fails the test by its deadline.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.lanes import Job, Lane, LaneKind, LaneWorkers, NewJob, Outcome, enqueue, settle
from heliograph.storage import Connection, Database
from tests.support import Patience, fresh_name, opened, run, wait_until

NEVER = 3600.0


async def put(database: Database, kind: str, *jobs: tuple[str, str], group: str = "") -> None:
    async with database.transaction() as connection:
        await enqueue(connection, [NewJob(kind, key, payload, group) for key, payload in jobs])


async def finish(database: Database, lanes: list[Lane]) -> None:
    """Settle lanes as done, in one transaction."""
    async with database.transaction() as connection:
        await settle(connection, [Outcome(lane, [job.id for job in lane.jobs]) for lane in lanes])
    for lane in lanes:
        lane.settled = True


async def is_empty(database: Database, kind: str) -> bool:
    return not await database.fetchval("select count(*) from lanes where kind = $1", kind)


async def nothing_is_leased(database: Database, kind: str) -> bool:
    return not await database.fetchval(
        "select count(*) from lanes where kind = $1 and (lease <> 0 or due_at > now())", kind
    )


@dataclass
class Ledger:
    """What ran, in order; and whether a lane was ever in two hands at once."""

    done: list[tuple[str, str, int]] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    overlaps: list[str] = field(default_factory=list)

    def of(self, key: str) -> list[str]:
        return [payload for done_key, payload, _ in self.done if done_key == key]

    async def on_dead(self, _connection: Connection, lane: Lane, job: Job, _error: str) -> None:
        self.dead.append((lane.key, job.payload))


@asynccontextmanager
async def working(
    database: Database, kinds: list[LaneKind], *, poll: float = NEVER, processes: int = 1
) -> AsyncIterator[list[LaneWorkers]]:
    """Lane workers as in ``processes`` processes, stopped at the end."""
    workers = [LaneWorkers(database, kinds, poll_seconds=poll) for _ in range(processes)]
    for one in workers:
        one.start()
    # Their LISTEN stands before the scene begins: what is committed before that is found by the first lease.
    await wait_until(
        lambda: database.fetchval(
            "select count(*) >= $1 from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
            processes,
        )
    )
    try:
        yield workers
    finally:
        await asyncio.gather(*(one.stop(patience=2) for one in workers))


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
                    await asyncio.wait_for(about_to_settle.wait(), 5)
                    about_to_settle.clear()
                await wait_until(lambda: is_empty(database, kind), 5)
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
            lane_kind = LaneKind(kind, handler, ledger.on_dead, lease_seconds=0.6)
            async with working(database, [lane_kind], poll=0.02, processes=2):
                await wait_until(lambda: ledger.done)
                leased = await database.fetchrow("select lease, due_at from lanes where kind = $1", kind)

                async def renewed_past_the_first_lease() -> bool:
                    row = await database.fetchrow("select lease, due_at, now() from lanes where kind = $1", kind)
                    assert row["lease"] == leased["lease"], "another worker took it"
                    return bool(row["now"] > leased["due_at"] and row["due_at"] > row["now"])

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
            stopping = asyncio.create_task(workers.stop(patience=10))
            await put(database, kind, ("b", "1"))
            assert not stopping.done()
            go.set()
            await asyncio.wait_for(stopping, 5)
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
                await wait_until(lambda: is_empty(database, kind), 5)
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
                await asyncio.wait_for(workers.stop(patience=5), 10)
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
                await wait_until(lambda: is_empty(database, quick), 5)
            await workers.stop(patience=0.01)
            assert await nothing_is_leased(database, hanging)

    run(scene())
