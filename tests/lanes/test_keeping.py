"""A lane that its holder keeps although some of its jobs are done; and lanes that are put off while nobody has them."""

from datetime import timedelta

import pytest

from heliograph.lanes import LeaseLostError, NewJob, Outcome, enqueue, postpone, settle
from heliograph.lanes.queue import lease
from heliograph.storage import Database
from tests.lanes.test_queue import let_time_pass, put, take, with_database


def test_a_lane_that_is_kept_loses_its_finished_jobs_and_no_lease(each_database: str) -> None:
    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"), ("a", "2"))
        (lane,) = await take(database, kind)
        async with database.transaction() as connection:
            await settle(connection, [Outcome(lane, [lane.jobs[0].id], keep=True)])
        assert await take(database, kind) == []
        async with database.transaction() as connection:
            await settle(connection, [Outcome(lane, [lane.jobs[1].id])])
        assert await database.fetchval("select count(*) from lanes where kind = $1", kind) == 0

    with_database(each_database, scene)


def test_a_kept_lane_whose_holder_dies_goes_on_with_the_rest(each_database: str) -> None:
    async def scene(database: Database, kind: str) -> None:
        await put(database, kind, ("a", "1"), ("a", "2"))
        (lane,) = await take(database, kind)
        async with database.transaction() as connection:
            await settle(connection, [Outcome(lane, [lane.jobs[0].id], keep=True)])
        await let_time_pass(database, kind)
        (again,) = await take(database, kind)
        assert [job.payload for job in again.jobs] == ["2"]
        with pytest.raises(LeaseLostError):
            async with database.transaction() as connection:
                await settle(connection, [Outcome(lane, [lane.jobs[1].id])])

    with_database(each_database, scene)


def test_waiting_lanes_of_a_group_are_put_off_one_after_the_other_and_leased_ones_are_not(each_database: str) -> None:
    async def scene(database: Database, kind: str) -> None:
        async with database.transaction() as connection:
            await enqueue(connection, [NewJob(kind, key, "1", "slow") for key in "abcd"])
            await enqueue(connection, [NewJob(kind, "e", "1", "quick")])
        async with database.pool.acquire() as connection:
            (busy,) = await lease(connection, kind, lanes=1, jobs=1, seconds=60, but_not=["quick"])
            before = await connection.fetchval("select clock_timestamp()")
            await postpone(connection, kind, [busy.group], seconds=100, each=10)
            after = await connection.fetchval("select clock_timestamp()")
        waiting = await take(database, kind)
        assert {lane.group for lane in waiting} == {"quick"}
        rows = await database.fetch(
            "select due_at from lanes where kind = $1 and grp = $2 and key <> $3 order by due_at",
            kind,
            busy.group,
            busy.key,
        )
        assert len(rows) == 3
        for place, row in enumerate(rows, 1):
            pause = timedelta(seconds=100 + 10 * place)
            assert before + pause <= row["due_at"] <= after + pause
        async with database.transaction() as connection:
            await settle(connection, [Outcome(busy, [busy.jobs[0].id])])

    with_database(each_database, scene)
