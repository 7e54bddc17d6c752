"""The lanes' SQL: enqueue, lease, renew, settle. Each is one or two set-based statements, whatever the batch's size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.storage import Connection

CHANNEL = "heliograph_lanes"


class LeaseLostError(Exception):
    """The lane's lease ran out and another worker has it. The transaction must be rolled back."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue. ``group`` names whose lane it is, for fairness; all jobs of a lane share it."""

    kind: str
    key: str
    payload: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its handler sees it. ``attempts`` counts the earlier runs that ended in retry."""

    id: int
    payload: str
    attempts: int
    enqueued_at: datetime


@dataclass(slots=True)
class Lane:
    """A leased lane with the first of its jobs, in order."""

    kind: str
    key: str
    group: str
    lease: int
    jobs: list[Job] = field(default_factory=list)
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a leased lane comes back: which jobs are finished (done or dead), which ran in vain, when to go on.

    ``retry_after``: seconds until the lane may be leased again; 0 means at once. ``keep``: the lane does not come back,
    its holder goes on with jobs that are not finished; there must be some.
    """

    lane: Lane
    finished: Sequence[int] = ()
    tried: Sequence[int] = ()
    retry_after: float = 0.0
    keep: bool = False


# Lanes are locked in (kind, key) order everywhere, so that two of these never wait for each other.
# The join with `woken` makes every lane's row lock come before its jobs' ids. Served by lanes_pkey.
_FILE = f"""
woken as (
    insert into lanes (kind, key, grp, due_at, pending)
    select kind, key, min(grp), now(), count(*) from wanted group by kind, key order by kind, key
    on conflict (kind, key) do update set pending = lanes.pending + excluded.pending
    returning kind, key
), filed as (
    insert into jobs (kind, key, payload)
    select w.kind, w.key, w.payload from wanted w join woken using (kind, key) order by w.ord
    returning kind
)
select pg_notify('{CHANNEL}', kind) from (select distinct kind from filed) f
"""  # noqa: S608  the only thing put in is a constant above


def enqueue_with(source: str) -> str:
    """A statement that enqueues what ``source`` finds, for those who write and enqueue in one round trip.

    ``source`` is one or more common table expressions; the last is ``wanted (kind, key, grp, payload, ord)``.
    """
    return f"with {source}, {_FILE}"


_ENQUEUE = enqueue_with("""wanted as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
        with ordinality as w (kind, key, grp, payload, ord)
)""")

# Served by lanes_due and jobs_pkey. An expired lease is simply due again.
# The version (ctid) that was locked must be the one this statement's snapshot sees: a lane that was settled or added to
# in between would come with jobs as they were before. It is left alone; the change that came between wakes us again.
_LEASE = """
with due as (
    select kind, key, ctid as version from lanes
    where kind = $1 and due_at <= now() and not (grp = any ($4::text[]))
    order by due_at limit $2 for update skip locked
), taken as (
    update lanes l set due_at = now() + make_interval(secs => $3), lease = 1 + floor(random() * 9e18)::bigint
    from due where l.kind = due.kind and l.key = due.key and l.ctid = due.version
    returning l.key, l.grp, l.lease
)
select t.key, t.grp, t.lease, j.id, j.payload, j.attempts, j.enqueued_at
from taken t left join lateral (
    select id, payload, attempts, enqueued_at from jobs where kind = $1 and key = t.key order by id limit $5
) j on true
order by t.key, j.id
"""

_RENEW = """
with held as (
    select l.kind, l.key from lanes l
    join unnest($1::text[], $2::text[], $3::bigint[]) as mine (kind, key, lease)
        on l.kind = mine.kind and l.key = mine.key and l.lease = mine.lease
    order by l.kind, l.key for update of l
)
update lanes l set due_at = now() + make_interval(secs => $4)
from held where l.kind = held.kind and l.key = held.key
"""

_LOCK = """
select l.key from lanes l
join unnest($1::text[], $2::text[], $3::bigint[]) as mine (kind, key, lease)
    on l.kind = mine.kind and l.key = mine.key and l.lease = mine.lease
order by l.kind, l.key for update of l
"""

# A statement of its own after _LOCK: only then does it see what was enqueued while we waited for the lock.
# How many jobs of each lane are finished is counted by the caller, and checked: joining the deleted rows with their
# lanes is a nested loop over two lists that PostgreSQL takes for short, quadratic in the batch.
_SETTLE = """
with back as materialized (
    select * from unnest($1::text[], $2::text[], $3::float8[], $4::int[], $8::boolean[])
        as b (kind, key, retry_after, finished, keep)
), gone as (
    delete from jobs j using unnest($5::text[], $6::text[], $7::bigint[]) as f (kind, key, id)
    where j.kind = f.kind and j.key = f.key and j.id = f.id
    returning 1
), emptied as (
    delete from lanes l using back b where l.kind = b.kind and l.key = b.key and l.pending = b.finished
), kept as (
    update lanes l set pending = l.pending - b.finished, lease = case when b.keep then l.lease else 0 end,
        due_at = case when b.keep then l.due_at else now() + make_interval(secs => b.retry_after) end
    from back b where l.kind = b.kind and l.key = b.key and l.pending > b.finished
    returning l.kind, b.keep
)
select (select count(*) from gone) as gone, (select array_agg(distinct kind) from kept where not keep) as kept
"""

# Served by lanes_due. Lanes that somebody is just busy with are left alone.
_POSTPONE = """
with waiting as materialized (
    select kind, key, due_at from lanes
    where kind = $1 and due_at <= now() + make_interval(secs => $3) and lease = 0 and grp = any ($2::text[])
    order by kind, key for update skip locked
), placed as (
    select kind, key, row_number() over (order by due_at) as place from waiting
)
update lanes l set due_at = now() + make_interval(secs => $3 + p.place * $4::float8)
from placed p where l.kind = p.kind and l.key = p.key
"""

_COUNT_TRIES = """
update jobs j set attempts = attempts + 1 from unnest($1::text[], $2::text[], $3::bigint[]) as t (kind, key, id)
where j.kind = t.kind and j.key = t.key and j.id = t.id
"""


async def enqueue(connection: Connection, jobs: Iterable[NewJob]) -> None:
    """Add jobs, in order, within the caller's transaction. Workers wake when it commits."""
    rows = list(jobs)
    if rows:
        await connection.execute(
            _ENQUEUE,
            [job.kind for job in rows],
            [job.key for job in rows],
            [job.group for job in rows],
            [job.payload for job in rows],
        )


async def lease(
    connection: Connection, kind: str, *, lanes: int, jobs: int, seconds: float, but_not: Sequence[str] = ()
) -> list[Lane]:
    """Take up to ``lanes`` due lanes of a kind, each with its first ``jobs`` jobs, for ``seconds``.

    Lanes whose group is in ``but_not`` are left to others.
    """
    leased: dict[int, Lane] = {}
    for row in await connection.fetch(_LEASE, kind, lanes, seconds, list(but_not), jobs):
        lane = leased.setdefault(row["lease"], Lane(kind, row["key"], row["grp"], row["lease"]))
        if row["id"] is not None:
            lane.jobs.append(Job(row["id"], row["payload"], row["attempts"], row["enqueued_at"]))
    return list(leased.values())


async def renew(connection: Connection, lanes: Sequence[Lane], *, seconds: float) -> None:
    """Extend the leases of lanes that are still being worked on. A lost lease stays lost."""
    await connection.execute(_RENEW, *_names(lanes), seconds)


async def postpone(
    connection: Connection, kind: str, groups: Sequence[str], *, seconds: float, each: float = 0.0
) -> None:
    """Have the waiting lanes of these groups leased in ``seconds`` at the earliest, one after the other, ``each`` later.

    Of lanes that are leased just now it is their holder who says when they come back.
    """
    await connection.execute(_POSTPONE, kind, list(groups), seconds, each)


async def settle(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Give leased lanes back, in the transaction that holds the effects of their jobs.

    Raises :class:`LeaseLostError` when any lease is no longer held: then nothing of this transaction may commit.
    """
    lanes = [outcome.lane for outcome in outcomes]
    held = await connection.fetch(_LOCK, *_names(lanes))
    if len(held) != len(lanes):
        raise LeaseLostError(f"{len(lanes) - len(held)} of {len(lanes)} leases were lost")
    finished = [(o.lane.kind, o.lane.key, job) for o in outcomes for job in o.finished]
    row = await connection.fetchrow(
        _SETTLE,
        [lane.kind for lane in lanes],
        [lane.key for lane in lanes],
        [outcome.retry_after for outcome in outcomes],
        [len(outcome.finished) for outcome in outcomes],
        *_columns(finished),
        [outcome.keep for outcome in outcomes],
    )
    if row["gone"] != len(finished):
        raise LeaseLostError(f"{len(finished) - row['gone']} of {len(finished)} jobs were taken away")
    kept = row["kept"]
    tried = [(o.lane.kind, o.lane.key, job) for o in outcomes for job in o.tried]
    if tried:
        await connection.execute(_COUNT_TRIES, *_columns(tried))
    if kept and any(not (outcome.retry_after or outcome.keep) for outcome in outcomes):
        # Work came in while the lane was leased: its NOTIFY found nobody free to take it.
        for kind in kept:
            await connection.execute("select pg_notify($1, $2)", CHANNEL, kind)


def _names(lanes: Sequence[Lane]) -> tuple[list[str], list[str], list[int]]:
    return [lane.kind for lane in lanes], [lane.key for lane in lanes], [lane.lease for lane in lanes]


def _columns(rows: Sequence[tuple[str, str, int]]) -> tuple[list[str], list[str], list[int]]:
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
