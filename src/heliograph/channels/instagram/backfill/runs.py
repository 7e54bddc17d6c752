"""The SQL of backfill: runs, and how far each account has been compared. `worker` decides.

                 first look                          all compared
    waiting ────────────────▶ running ───────────────────────────────▶ done
                               ▲   │ Meta limits us, or does not answer
                               │   ├──────▶ paused
                               └───┼──────────┘ later, where it was
                                   └──────▶ failed     Meta refuses: the row says why

Invariant: but for its beginning, a run's row changes only together with the settling of its lane, so only who holds the
lane's lease moves it; and what a step found is in the journal exactly when the row says that the step is behind us.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.instagram.backfill.todo import Entry, all_kept
from heliograph.channels.instagram.journal import people
from heliograph.channels.instagram.journal.entries import filing_job
from heliograph.channels.instagram.notes import for_backfill
from heliograph.channels.instagram.wire.envelope import items
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging.housekeeping import Pruning
from heliograph.storage import Connection, Database

BACKFILL_LANE = "backfill"  # key: the integration; group: its app

# A run that waits takes up what is asked meanwhile: from the earlier of the two times. An answered row has an id of its
# own. Served by backfill_runs_waiting and instagram_accounts_pkey.
_REQUEST = """
insert into backfill_runs (app_id, integration_id, reason, since)
select a.app_id, a.integration_id, w.reason, w.since
from unnest($1::text[], $2::text[], $3::timestamptz[]) as w (integration_id, reason, since)
join instagram_accounts a on a.integration_id = w.integration_id
order by a.integration_id
on conflict (integration_id) where started_at is null do update set
    reason = case when excluded.reason = 'asked' then 'asked' else backfill_runs.reason end,
    since = coalesce(least(backfill_runs.since, excluded.since), backfill_runs.since, excluded.since)
returning id, app_id, integration_id, xmax = 0 as made
"""

# Served by backfill_runs_pkey and the primary keys of what it joins.
_LOAD = """
select r.*, a.facebook_app_id, a.account_id, a.page_id, a.page_token, a.login, f.secret as app_secret,
    b.not_before, b.complete_to
from backfill_runs r
join instagram_accounts a on a.integration_id = r.integration_id
join facebook_apps f on f.id = a.facebook_app_id
join backfill_accounts b
    on (b.app_id, b.facebook_app_id, b.account_id) = (a.app_id, a.facebook_app_id, a.account_id)
where r.id = $1
"""

# Which of these messages nobody here knows. Served by mids_pkey and backfill_seen_pkey.
_UNKNOWN = """
select w.mid from unnest($2::text[]) as w (mid)
where not exists (select from mids k where k.integration_id = $1 and k.mid = w.mid)
  and not exists (select from backfill_seen s where s.integration_id = $1 and s.mid = w.mid)
"""

# Served by mids_pkey.
_APPLIED = "select exists (select from mids where integration_id = $1 and mid = any ($2::text[]))"

_SEE = "insert into backfill_seen (integration_id, mid) select $1, * from unnest($2::text[]) on conflict do nothing"

_WRITE_DOWN = """
insert into journal (facebook_app_id, body, backfill_run, integration_id) values ($1, $2, $3, $4) returning id
"""

# Served by backfill_accounts_pkey.
_COMPLETE = """
update backfill_accounts set complete_to = greatest(complete_to, $4::timestamptz)
where app_id = $1 and facebook_app_id = $2 and account_id = $3
"""
# Only where runs begin by themselves, and not before one that has its own cause.
_NEXT = """
update backfill_accounts set due_at = $4, reason = $5
where app_id = $1 and facebook_app_id = $2 and account_id = $3 and due_at is not null and reason = 'interval'
"""

# It has begun, whatever it came to: only a run that waits is joined by others. The answered rows are those of before.
_CRASHED = """
update backfill_runs r set state = 'failed', started_at = coalesce(r.started_at, $2), ended_at = $2, error = $3, todo = '[]'
from (select * from backfill_runs where id = $1 for update) before
left join instagram_accounts a using (integration_id)
where r.id = before.id returning before.todo, a.facebook_app_id
"""

# Served by backfill_runs_pkey.
_BEGIN = "update backfill_runs set started_at = $2 where id = $1 and started_at is null"

# What a run's row is changed by, column by column.
_COLUMNS = frozenset(
    {
        *("state", "started_at", "ended_at", "since", "began", "threads", "found", "unreadable", "error", "resume_at"),
        *("tries", "page_size", "passes", "pages", "newest", "stop_at", "cursor", "listed", "todo"),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """A run that is wanted. ``since`` None: since the last complete one."""

    integration_id: str
    reason: str
    since: datetime | None = None


def pruning(keep: timedelta) -> list[Pruning]:
    """How old runs go. What they could not read, or what became no message, is remembered as long."""
    waiting = f"select min(payload::bigint) from jobs where kind = '{BACKFILL_LANE}'"  # noqa: S608
    wanted = [
        Pruning("backfill_runs", "id", 0, "asked_at", keep, waiting),
        Pruning("backfill_seen", "id", 0, "seen_at", keep),
    ]
    return wanted if keep else []


async def request(connection: Connection, wanted: Iterable[Request]) -> dict[str, int]:
    """Have runs made, in the caller's transaction; the run of each integration that is connected."""
    rows = sorted(wanted, key=lambda one: one.integration_id)
    if not rows:
        return {}
    await for_backfill.know(connection, [one.integration_id for one in rows])
    made = await connection.fetch(
        _REQUEST,
        [one.integration_id for one in rows],
        [one.reason for one in rows],
        [one.since for one in rows],
    )
    jobs = [NewJob(BACKFILL_LANE, row["integration_id"], str(row["id"]), row["app_id"]) for row in made if row["made"]]
    await enqueue(connection, jobs)
    return {row["integration_id"]: row["id"] for row in made}


async def load(database: Database, run_id: int, now: datetime) -> dict[str, Any] | None:
    """A run with all that its next step needs, its ``todo`` as entries; None when it or its integration is gone.

    From now on it is under way: who asks for a run joins it no more, for it knows how far back it goes.
    """
    await database.execute(_BEGIN, run_id, now)
    row = await database.fetchrow(_LOAD, run_id)
    return row and {**row, "todo": [Entry.of(one) for one in row["todo"]]}


async def change(connection: Connection, run_id: int, **columns: Any) -> None:
    """Write down how far a run has come. Before any lane is touched: so everybody takes these locks in one order."""
    assert _COLUMNS.issuperset(columns)
    if "todo" in columns:
        columns["todo"] = [one.stored() for one in columns["todo"]]
    names = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    await connection.execute(f"update backfill_runs set {names} where id = $1", run_id, *columns.values())  # noqa: S608


async def crashed(connection: Connection, run_id: int, now: datetime, error: str) -> None:
    """A run that nobody can go on with has failed. What it held back goes its way."""
    row = await connection.fetchrow(_CRASHED, run_id, now, error[:1000])
    if row is not None:
        await release(connection, row["facebook_app_id"], all_kept([Entry.of(one) for one in row["todo"]]))


async def release(connection: Connection, facebook_app_id: str, webhooks: Sequence[int]) -> None:
    """Put webhooks that runs retold in line."""
    if webhooks:
        await enqueue(connection, [filing_job(facebook_app_id, sorted(webhooks))])


async def unknown(database: Database, integration_id: str, mids: Sequence[str]) -> set[str]:
    """Which of these messages are not known, and were not told or given up by a run before."""
    if not mids:
        return set()
    return {row["mid"] for row in await database.fetch(_UNKNOWN, integration_id, list(mids))}


async def applied(database: Database, integration_id: str, mids: Sequence[str]) -> bool:
    """Whether one of these messages is in its conversation."""
    return bool(mids) and bool(await database.fetchval(_APPLIED, integration_id, list(mids)))


async def see(connection: Connection, integration_id: str, mids: Sequence[str]) -> None:
    """These messages were put in line, or cannot be read: no run comes back to them."""
    if mids:
        await connection.execute(_SEE, integration_id, list(mids))


async def write_down(connection: Connection, run: Any, body: bytes) -> int:
    """Put a webhook that a run retold into the journal; its number there. Its person can be forgotten from then on."""
    app = run["facebook_app_id"]
    number: int = await connection.fetchval(_WRITE_DOWN, app, body, run["id"], run["integration_id"])
    await people.note(connection, [(number, app, items(body))])
    return number


async def complete(connection: Connection, run: Any, to: datetime) -> None:
    """An account has been compared with Meta up to ``to``, by Meta's clock."""
    await connection.execute(_COMPLETE, *_account(run), to)


async def next_run(connection: Connection, run: Any, at: datetime, reason: str) -> None:
    """Let an account's next automatic run be at another time than its interval says."""
    await connection.execute(_NEXT, *_account(run), at, reason)


def _account(run: Any) -> tuple[str, str, str]:
    return run["app_id"], run["facebook_app_id"], run["account_id"]
