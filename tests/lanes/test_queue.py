"""The queue's SQL where two transactions meet: each scene is led step by step, nothing is left to luck."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from heliograph.lanes import LeaseLostError, NewJob, Outcome, enqueue, renew, settle
from heliograph.lanes.queue import lease
from heliograph.storage import Database
from tests.support import fresh_name, opened, run, wait_until, waits_for_a_lock


def with_database(url: str, scene: Callable[[Database, str], Awaitable[None]]) -> None:
    """Run a scene with a pool and a kind of its own."""

    async def played() -> None:
        async with opened(url) as database:
            await scene(database, fresh_name("kind"))

    run(played())


async def put(database: Database, kind: str, *jobs: tuple[str, str]) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, [NewJob(kind, key, payload) for key, payload in jobs])


async def take(database: Database, kind: str, *, lanes: int = 10, jobs: int = 10, seconds: float = 60) -> list[Any]:
    async with database.pool.acquire() as connection:
        return await lease(connection, kind, lanes=lanes, jobs=jobs, seconds=seconds)


async def let_time_pass(database: Database, kind: str) -> None:
    """All leases of a kind run out."""
    await database.execute("update lanes set due_at = now() - interval '1 s' where kind = $1", kind)


def test_enqueue_takes_part_in_the_callers_transaction(each_database: str) -> None:
    """Rolled back: no job, no lane. Not yet committed: not seen by workers."""

    async def scene(database: Database, kind: str) -> None:
        async with database.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await enqueue(connection, [NewJob(kind, "a", "1")])
            assert await take(database, kind) == []
            await transaction.rollback()
        assert await take(database, kind) == []
        assert await database.fetchval("select count(*) from jobs where kind = $1", kind) == 0
        await put(database, kind, ("a", "2"))
        (lane,) = await take(database, kind)
        assert [job.payload for job in lane.jobs] == ["2"]

    with_database(each_database, scene)


def test_enqueuing_nothing_is_fine(each_database: str) -> None:
    """An event that no webhook asked for."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind)

    with_database(each_database, scene)


def test_jobs_of_a_lane_get_their_ids_under_its_lock(each_database: str) -> None:
    """While one transaction has put jobs into a lane, another's jobs wait, and get later ids: id order is commit order."""

    async def scene(database: Database, kind: str) -> None:
        sequence = "select last_value from pg_sequences where sequencename = 'jobs_id_seq'"
        async with database.transaction() as first:
            await enqueue(first, [NewJob(kind, "a", "1")])
            before = await first.fetchval(sequence)
            second = asyncio.create_task(put(database, kind, ("a", "2")))
            await wait_until(lambda: waits_for_a_lock(database, "insert into jobs"))
            assert await first.fetchval(sequence) == before, "an id was drawn before the lane's lock was held"
            await enqueue(first, [NewJob(kind, "a", "3")])
        await second
        (lane,) = await take(database, kind)
        assert [job.payload for job in lane.jobs] == ["1", "3", "2"]

    with_database(each_database, scene)


def test_jobs_of_one_call_keep_their_order(each_database: str) -> None:
    """However the lanes of a batch sort, each lane's jobs are in the order they were given."""

    async def scene(database: Database, kind: str) -> None:
        jobs = [(f"lane {(n * 7) % 10}", str(n)) for n in range(200)]
        await put(database, kind, *jobs)
        lanes = await take(database, kind, jobs=100)
        assert len(lanes) == 10
        for lane in lanes:
            assert [job.payload for job in lane.jobs] == [payload for key, payload in jobs if key == lane.key]

    with_database(each_database, scene)


@pytest.mark.parametrize("index", ["on", "off"])
def test_a_job_that_was_tried_in_vain_stays_at_the_head(each_database: str, index: str) -> None:
    """Its row has moved in the table; its place in the lane has not, whatever the plan."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"), ("a", "2"), ("a", "3"))
        (lane,) = await take(database, kind)
        async with database.transaction() as connection:
            await settle(connection, [Outcome(lane, tried=[lane.jobs[0].id])])
        async with database.transaction() as connection:
            await connection.execute(f"set local enable_indexscan = {index}; set local enable_bitmapscan = {index}")
            await connection.execute("set local plan_cache_mode = force_custom_plan")
            (again,) = await lease(connection, kind, lanes=1, jobs=1, seconds=60)
        assert [(job.payload, job.attempts) for job in again.jobs] == [("1", 1)]

    with_database(each_database, scene)


def test_an_enqueue_that_waits_for_a_settle_makes_the_lane_anew(each_database: str) -> None:
    """The settle deletes the empty lane while an enqueue waits for its lock: the job gets a lane, and is due."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"))
        (lane,) = await take(database, kind)
        async with database.transaction() as connection:
            await settle(connection, [Outcome(lane, finished=[lane.jobs[0].id])])
            late = asyncio.create_task(put(database, kind, ("a", "2")))
            await wait_until(lambda: waits_for_a_lock(database, "insert into jobs"))
        await late
        (again,) = await take(database, kind)
        assert [job.payload for job in again.jobs] == ["2"]

    with_database(each_database, scene)


def test_a_settle_that_waits_for_an_enqueue_leaves_the_lane_due(each_database: str) -> None:
    """The lane seems empty to the settle until the enqueue that it waits for commits: then it must stay, and be due."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"))
        (lane,) = await take(database, kind)

        async def finish() -> None:
            async with database.transaction() as connection:
                await settle(connection, [Outcome(lane, finished=[lane.jobs[0].id])])

        async with database.transaction() as connection:
            await enqueue(connection, [NewJob(kind, "a", "2")])
            settling = asyncio.create_task(finish())
            await wait_until(lambda: waits_for_a_lock(database, "for update of l"))
        await settling
        (again,) = await take(database, kind)
        assert [job.payload for job in again.jobs] == ["2"]

    with_database(each_database, scene)


def test_a_leased_lane_is_nobody_elses_while_its_lease_is_alive(each_database: str) -> None:
    """Not even when more work comes into it."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"))
        assert len(await take(database, kind)) == 1
        await put(database, kind, ("a", "2"))
        assert await take(database, kind) == []

    with_database(each_database, scene)


def test_a_lane_that_somebody_is_adding_to_keeps_nobody_waiting(each_database: str) -> None:
    """A slow transaction holds its own lanes only: the others are leased at once, and its own when it commits."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"), ("b", "1"))
        async with database.transaction() as slow:
            await enqueue(slow, [NewJob(kind, "a", "2")])
            lanes = await asyncio.wait_for(take(database, kind), 20)
            assert [lane.key for lane in lanes] == ["b"]
        (lane,) = await take(database, kind)
        assert [job.payload for job in lane.jobs] == ["1", "2"]

    with_database(each_database, scene)


def test_a_zombie_cannot_settle_and_its_effects_are_undone(each_database: str) -> None:
    """A worker that was away longer than its lease: another has the lane, and the first one's transaction is void."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"), ("b", "1"))
        zombie = await take(database, kind)
        await let_time_pass(database, kind)
        (heir,) = await take(database, kind, lanes=1)
        await database.execute("create table if not exists effects (payload text)")
        with pytest.raises(LeaseLostError):  # noqa: PT012  the block is the transaction
            async with database.transaction() as connection:
                await connection.execute("insert into effects values ($1)", kind)
                await settle(connection, [Outcome(lane, finished=[lane.jobs[0].id]) for lane in zombie])
        assert await database.fetchval("select count(*) from effects where payload = $1", kind) == 0
        # Neither lane was touched: the heir's is the heir's, the other one is due.
        async with database.transaction() as connection:
            await settle(connection, [Outcome(heir, finished=[heir.jobs[0].id])])
        (other,) = await take(database, kind)
        assert other.key != heir.key
        assert len(other.jobs) == 1

    with_database(each_database, scene)


def test_a_zombie_cannot_renew(each_database: str) -> None:
    """A lost lease stays lost, also when the heir's has run out in turn."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"))
        zombie = await take(database, kind)
        await let_time_pass(database, kind)
        await take(database, kind)
        await let_time_pass(database, kind)
        async with database.pool.acquire() as connection:
            await renew(connection, zombie, seconds=60)
        assert len(await take(database, kind)) == 1

    with_database(each_database, scene)


def test_renewing_never_stands_in_the_way_of_enqueuing(each_database: str) -> None:
    """Both lock several lanes; in the same order, so that neither is killed as a deadlock's victim."""

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("b", "1"))
        await put(database, kind, ("a", "1"))
        lanes = sorted(await take(database, kind), key=lambda lane: lane.key, reverse=True)
        assert [lane.key for lane in lanes] == ["b", "a"]

        async def renewing() -> None:
            async with database.pool.acquire() as connection:
                await renew(connection, lanes, seconds=60)

        async with database.transaction() as connection:
            await enqueue(connection, [NewJob(kind, "a", "2")])
            task = asyncio.create_task(renewing())
            await wait_until(lambda: waits_for_a_lock(database, "make_interval"))
            await enqueue(connection, [NewJob(kind, "b", "2")])
        await task

    with_database(each_database, scene)


def test_enqueues_into_the_same_lanes_in_any_order_do_not_deadlock(each_database: str) -> None:
    """One call locks its lanes sorted, whatever order it was given."""

    async def scene(database: Database, kind: str) -> None:
        keys = [str(n) for n in range(20)]

        async def enqueuer(order: list[str]) -> None:
            for _ in range(30):
                await put(database, kind, *((key, "x") for key in order))

        await asyncio.gather(
            *(enqueuer(order) for order in (keys, keys[::-1], keys[5:] + keys[:5], keys[15:] + keys[:15]))
        )
        assert await database.fetchval("select sum(pending) from lanes where kind = $1", kind) == 20 * 30 * 4
        assert await database.fetchval("select count(*) from jobs where kind = $1", kind) == 20 * 30 * 4

    with_database(each_database, scene)


def test_a_lease_never_shows_jobs_that_are_already_done(each_database: str) -> None:
    """A worker whose lease ran out settles in the very moment in which another leases the lane.

    The other's statement began before that settle committed and reaches the lane after it: it must not be given the
    job that is done. (The statement is held in between by a trigger on the lane before.)
    """

    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("first", "1"))
        await put(database, kind, ("second", "1"), ("second", "2"))
        slow = next(lane for lane in await take(database, kind, jobs=1) if lane.key == "second")
        await let_time_pass(database, kind)
        await database.execute(
            "update lanes set due_at = due_at - interval '1 s' where kind = $1 and key = 'first'", kind
        )
        await database.execute(
            f"create function hold_{kind}() returns trigger language plpgsql as"
            " $$ begin perform pg_advisory_xact_lock(4711); return new; end $$"
        )
        await database.execute(
            f"create trigger hold before update on lanes for each row when (old.kind = '{kind}' and old.key = 'first')"
            f" execute function hold_{kind}()"
        )
        other = await asyncpg.connect(database.url)
        try:
            # A plan that takes lanes one by one, as on a large table.
            await other.execute("set enable_hashjoin = off; set enable_mergejoin = off")
            async with database.pool.acquire() as gate:
                await gate.execute("select pg_advisory_lock(4711)")
                async with database.transaction() as settling:
                    await settling.fetchval("select now()")  # the settle's clock began before the lease's
                    leasing = asyncio.create_task(lease(other, kind, lanes=10, jobs=10, seconds=60))
                    await wait_until(lambda: waits_for_a_lock(database, "update lanes"))
                    await settle(settling, [Outcome(slow, finished=[slow.jobs[0].id])])
                await gate.execute("select pg_advisory_unlock(4711)")
                lanes = await leasing
            shown = [job.payload for lane in lanes if lane.key == "second" for job in lane.jobs]
            assert "1" not in shown, "the job was done, and was given out again"
            # Nothing is lost either: what is left comes with this lease or the next.
            lanes += await take(database, kind)
            assert [job.payload for lane in lanes if lane.key == "second" for job in lane.jobs] == ["2"]
        finally:
            await other.close()
            await database.execute("drop trigger hold on lanes")

    with_database(each_database, scene)
