"""The queue's SQL against a model of it: whatever the order of enqueue, lease, renew, settle and the passing of time,
the tables say what a simple list per lane says, and wake-ups come when there is something to wake up for."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from heliograph.lanes import Lane, LeaseLostError, NewJob, Outcome, enqueue, renew, settle
from heliograph.lanes.queue import CHANNEL, lease
from tests.support import Patience, fresh_name

LONG = 1000.0
KEYS = st.sampled_from(["a", "b", "c", "d"])
# A lane's group is its owner's: fixed by the key.
GROUP = {"a": "g", "b": "g", "c": "h", "d": ""}


@dataclass
class Model:
    """A lane as one thinks of it."""

    jobs: list[list[Any]] = field(default_factory=list)  # [payload, attempts]
    due: bool = True
    lease: int = 0


@pytest.fixture
def connections(each_database: str) -> Iterator[tuple[asyncio.Runner, Any, Any]]:
    """One connection that works, one that listens."""
    with asyncio.Runner() as runner:
        worker = runner.run(asyncpg.connect(each_database))
        listener = runner.run(asyncpg.connect(each_database))
        runner.run(worker.execute("create table if not exists effects (payload text)"))
        runner.run(worker.execute("set plan_cache_mode = force_custom_plan"))
        yield runner, worker, listener
        runner.run(worker.close())
        runner.run(listener.close())


def test_the_queue_does_what_its_model_does(connections: tuple[asyncio.Runner, Any, Any]) -> None:
    """Order, counts, leases, attempts, due times and effects, after every step of every history."""
    runner, worker, listener = connections
    heard: list[str] = []
    patience = Patience(20)
    runner.run(listener.add_listener(CHANNEL, lambda _c, _p, _n, kind: heard.append(kind)))

    class Queue(RuleBasedStateMachine):
        @initialize(index=st.sampled_from(["on", "off"]))
        def begin(self, index: str) -> None:
            # No promise may hang on the order in which an index happens to give the rows.
            self.go(worker.execute(f"set enable_indexscan = {index}; set enable_bitmapscan = {index}"))
            self.kind = fresh_name("kind")
            self.lanes: dict[str, Model] = {}
            self.held: list[tuple[Lane, int]] = []  # every lease ever given, with how many jobs were shown
            self.effects: list[str] = []
            self.number = 0

        def go(self, coroutine: Any) -> Any:
            return runner.run(coroutine)

        def expect_wake_up(self) -> None:
            self.go(patience.wait_until(lambda: self.kind in heard, "a NOTIFY"))

        def holds(self, lane: Lane) -> bool:
            return lane.key in self.lanes and self.lanes[lane.key].lease == lane.lease

        def leases(self) -> st.SearchStrategy[list[tuple[Lane, int]]]:
            return st.lists(st.sampled_from(self.held), min_size=1, max_size=3, unique_by=lambda held: held[0].key)

        @rule(keys=st.lists(KEYS, min_size=1, max_size=5), committed=st.booleans())
        def enqueues(self, keys: list[str], committed: bool) -> None:
            """Jobs take part in the caller's transaction: committed with it, or never there."""
            jobs = []
            for key in keys:
                self.number += 1
                jobs.append(NewJob(self.kind, key, f"{key}{self.number}", GROUP[key]))
            heard.clear()

            async def act() -> None:
                transaction = worker.transaction()
                await transaction.start()
                await enqueue(worker, jobs)
                await (transaction.commit() if committed else transaction.rollback())

            self.go(act())
            if committed:
                for job in jobs:
                    self.lanes.setdefault(job.key, Model()).jobs.append([job.payload, 0])
                self.expect_wake_up()

        @rule(lanes=st.integers(1, 4), jobs=st.integers(1, 4), but_not=st.sets(st.sampled_from(["g", "h"])))
        def is_leased(self, lanes: int, jobs: int, but_not: set[str]) -> None:
            """As many due lanes as wanted and no others, each with the first of its jobs, under a lease of its own."""
            due = {key for key, lane in self.lanes.items() if lane.due and GROUP[key] not in but_not}
            got = self.go(lease(worker, self.kind, lanes=lanes, jobs=jobs, seconds=LONG, but_not=sorted(but_not)))
            assert len(got) == min(lanes, len(due))
            assert {lane.key for lane in got} <= due
            assert len({lane.key for lane in got}) == len(got)
            for lane in got:
                model = self.lanes[lane.key]
                assert [[job.payload, job.attempts] for job in lane.jobs] == model.jobs[:jobs]
                assert [job.id for job in lane.jobs] == sorted(job.id for job in lane.jobs)
                assert lane.group == GROUP[lane.key]
                assert lane.lease not in {0, *(held.lease for held, _ in self.held)}
                model.lease, model.due = lane.lease, False
                self.held.append((lane, len(lane.jobs)))

        @precondition(lambda self: self.held)
        @rule(data=st.data())
        def is_settled(self, data: st.DataObject) -> None:
            """All of the batch, with its effects, or, when one lease of it is lost, nothing of it."""
            outcomes, effects = [], []
            for lane, shown in data.draw(self.leases()):
                finished = data.draw(st.sets(st.sampled_from(range(shown)))) if shown else set()
                tried = data.draw(st.sets(st.sampled_from(range(shown)))) - finished if shown else set()
                pause = data.draw(st.sampled_from([0.0, LONG]))
                outcomes.append(
                    Outcome(lane, [lane.jobs[n].id for n in finished], [lane.jobs[n].id for n in tried], pause)
                )
                effects += [lane.jobs[n].payload for n in sorted(finished)]
            lost = [outcome for outcome in outcomes if not self.holds(outcome.lane)]
            heard.clear()

            async def act() -> None:
                async with worker.transaction():
                    await worker.executemany("insert into effects values ($1)", [(self.kind + e,) for e in effects])
                    await settle(worker, outcomes)

            if lost:
                with pytest.raises(LeaseLostError):
                    self.go(act())
                return
            self.go(act())
            self.effects += effects
            for outcome in outcomes:
                shown_jobs = {job.id: job.payload for job in outcome.lane.jobs}
                model = self.lanes[outcome.lane.key]
                gone = {shown_jobs[job] for job in outcome.finished}
                tried_payloads = {shown_jobs[job] for job in outcome.tried}
                model.jobs = [[p, a + (p in tried_payloads)] for p, a in model.jobs if p not in gone]
                model.lease, model.due = 0, outcome.retry_after == 0
                if not model.jobs:
                    del self.lanes[outcome.lane.key]
            if any(o.lane.key in self.lanes and self.lanes[o.lane.key].due for o in outcomes):
                self.expect_wake_up()

        @precondition(lambda self: self.held)
        @rule(data=st.data())
        def is_renewed(self, data: st.DataObject) -> None:
            """A lease that is still held is good for longer, also when it had run out; a lost one stays lost."""
            lanes = [lane for lane, _ in data.draw(self.leases())]
            self.go(renew(worker, lanes, seconds=LONG))
            for lane in lanes:
                if self.holds(lane):
                    self.lanes[lane.key].due = False

        @rule(key=KEYS)
        def time_passes(self, key: str) -> None:
            """A lane's lease runs out, or its retry time comes."""
            self.go(
                worker.execute(
                    "update lanes set due_at = now() - interval '1 ms' where kind = $1 and key = $2", self.kind, key
                )
            )
            if key in self.lanes:
                self.lanes[key].due = True

        @invariant()
        def tables_say_what_the_model_says(self) -> None:
            if not hasattr(self, "lanes"):
                return
            rows = self.go(
                worker.fetch(
                    "select l.key, l.grp, l.pending, l.lease, l.due_at <= clock_timestamp() as due,"
                    " array(select array[j.payload, j.attempts::text] from jobs j"
                    "       where j.kind = l.kind and j.key = l.key order by j.id) as jobs"
                    " from lanes l where kind = $1",
                    self.kind,
                )
            )
            found = {row["key"]: row for row in rows}
            assert set(found) == set(self.lanes), "a lane has a row exactly while it has jobs"
            for key, model in self.lanes.items():
                row = found[key]
                assert row["jobs"] == [[payload, str(attempts)] for payload, attempts in model.jobs]
                assert row["pending"] == len(model.jobs)
                assert row["due"] == model.due
                assert row["lease"] == model.lease
                assert row["grp"] == GROUP[key]
            orphans = self.go(
                worker.fetchval(
                    "select count(*) from jobs j where kind = $1 and not exists"
                    " (select from lanes l where l.kind = j.kind and l.key = j.key)",
                    self.kind,
                )
            )
            assert orphans == 0

        def teardown(self) -> None:
            if not hasattr(self, "kind"):
                return
            rows = self.go(worker.fetch("select payload from effects where payload like $1 || '%'", self.kind))
            assert sorted(row["payload"].removeprefix(self.kind) for row in rows) == sorted(self.effects)

    run_state_machine_as_test(Queue, settings=settings(max_examples=40, stateful_step_count=30))
