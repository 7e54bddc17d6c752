"""kill -9 in the middle of work (invariant 6): another process goes on, and nothing is lost, doubled or out of order.

The workers here are processes of their own. Their handler writes each job's effect in the transaction that settles it.
"""

from heliograph.lanes import Job, Lane, LaneKind, LaneWorkers, NewJob, Outcome, enqueue, settle
from heliograph.storage import Connection, Database
from tests.support import Process, fresh_name, opened, run, wait_until

WORKER = """
    import asyncio, sys
    from heliograph.lanes import LaneKind, LaneWorkers, Outcome, settle
    from heliograph.storage import Database

    url, kind, seconds, hang = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4] == "hang"

    async def main():
        database = await Database.connect(url, largest=4)

        async def handler(lanes):
            print("working on", *(lane.key for lane in lanes), flush=True)
            async with database.transaction() as connection:
                for lane in lanes:
                    for job in lane.jobs:
                        await connection.execute(
                            "insert into effects (kind, key, payload) values ($1, $2, $3)", kind, lane.key, job.payload
                        )
                if hang:
                    await asyncio.Event().wait()
                await settle(connection, [Outcome(lane, [job.id for job in lane.jobs]) for lane in lanes])
            for lane in lanes:
                lane.settled = True

        async def on_dead(connection, lane, job, error):
            print("dead", flush=True)

        lane_kind = LaneKind(kind, handler, on_dead, lanes_per_batch=2, jobs_per_lane=2, lease_seconds=seconds)
        LaneWorkers(database, [lane_kind], poll_seconds=0.05).start()
        await asyncio.Event().wait()

    asyncio.run(main())
"""

EFFECTS = (
    "create table if not exists effects (id bigint generated always as identity, kind text, key text, payload text)"
)


async def _put(database: Database, kind: str, *jobs: tuple[str, str]) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, [NewJob(kind, key, payload) for key, payload in jobs])


async def _count(database: Database, kind: str) -> int:
    return int(await database.fetchval("select count(*) from effects where kind = $1", kind))


def test_a_job_whose_worker_was_killed_is_run_by_another_when_the_lease_has_run_out(each_database: str) -> None:
    """Not before: until then the lane might still be in good hands. Its unfinished transaction left nothing."""

    async def scene() -> None:
        async with opened(each_database) as database:
            await database.execute(EFFECTS)
            kind = fresh_name("kind")
            await _put(database, kind, ("a", "1"), ("a", "2"))
            with Process(WORKER, each_database, kind, "1.5", "hang") as victim:
                assert await victim.line() == "working on a"
                victim.kill()
            assert await _count(database, kind) == 0
            lease_end = await database.fetchval("select due_at from lanes where kind = $1", kind)
            ran: list[tuple[bool, list[str]]] = []

            async def handler(lanes: list[Lane]) -> None:
                on_time = await database.fetchval("select now() >= $1", lease_end)
                ran.append((on_time, [job.payload for job in lanes[0].jobs]))
                async with database.transaction() as connection:
                    await settle(connection, [Outcome(lane, [job.id for job in lane.jobs]) for lane in lanes])
                lanes[0].settled = True

            async def on_dead(_connection: Connection, _lane: Lane, _job: Job, _error: str) -> None:
                raise AssertionError

            heir = LaneWorkers(database, [LaneKind(kind, handler, on_dead)], poll_seconds=0.05)
            heir.start()
            await wait_until(lambda: ran)
            await heir.stop()
            assert ran == [(True, ["1", "2"])]

    run(scene())


def test_processes_are_killed_again_and_again_and_every_job_takes_effect_once_and_in_order(each_database: str) -> None:
    """Two workers at a time, each killed in the middle of a flood of jobs; the last two see it through."""

    async def scene() -> None:
        async with opened(each_database) as database:
            await database.execute(EFFECTS)
            kind = fresh_name("kind")
            keys = [f"lane{n}" for n in range(12)]
            for start in range(0, 30, 10):
                await _put(database, kind, *((key, str(n)) for n in range(start, start + 10) for key in keys))
            for goal in (40, 120, 360):
                workers = [Process(WORKER, each_database, kind, "0.5", "work") for _ in range(2)]
                try:

                    async def enough(goal: int = goal) -> bool:
                        return await _count(database, kind) >= goal

                    await wait_until(enough, 30, what=f"{goal} effects")
                finally:
                    for worker in workers:
                        worker.__exit__()
            rows = await database.fetch("select key, payload from effects where kind = $1 order by id", kind)
            for key in keys:
                assert [row["payload"] for row in rows if row["key"] == key] == [str(n) for n in range(30)]
            assert await database.fetchval("select count(*) from lanes where kind = $1", kind) == 0

    run(scene(), seconds=90)
