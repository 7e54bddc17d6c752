"""Pauses: accounts that Meta wants left alone for a while (Meta reference 3.2 "RL", 3.3). SQL, and the log line.

             refused, or at a limit              time
    going ──────────────────────────▶ paused ─────────▶ going
      ▲ │                                ▲                │
      │ └── near a limit ──▶ slow        └── refused ─────┘  the pause is longer each time
      └───────── time ────────┘

Invariant: a pause holds for every process, and ends by itself. What was under way when it began and is refused as well
belongs to it: it lengthens nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.lanes import postpone
from heliograph.messaging.posting import SEND_LANE
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# Seconds of the first pause, the second in a row, and so on; the last repeats.
SCHEDULE: tuple[float, ...] = (30, 60, 120, 300, 600, 1800, 3600)
# A refusal so long after the last pause begins the schedule anew.
FORGIVEN_SECONDS = 900.0
# One answer near a limit makes an account slow for so long.
SLOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a subject is to pause. ``seconds``: how long; None: as the schedule says."""

    subject: str
    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands: paused for so many seconds yet, and whether it goes slowly."""

    seconds: float
    slow: bool


def account(account_id: str) -> str:
    """The subject of a pause of one account; its id or its Page's."""
    return f"account:{account_id}"


def app(facebook_app_id: str) -> str:
    """The subject of a pause of all accounts of a Facebook app."""
    return f"app:{facebook_app_id}"


# What stands against an account `a`, for a statement that reads it. Served by instagram_pauses_pkey.
STANDING = """(
    select max(nullif(until_at, '-infinity')) as until_at, max(slow_until) as slow_until from instagram_pauses
    where subject in ('account:' || a.account_id, 'account:' || a.page_id, 'app:' || a.facebook_app_id)
)"""

# Served by instagram_accounts_routing and instagram_pauses_pkey.
_OF_ACCOUNT = f"""
select greatest(0, extract(epoch from max(h.until_at) - clock_timestamp()))::float8 as seconds,
       coalesce(max(h.slow_until) > clock_timestamp(), false) as slow
from instagram_accounts a join lateral {STANDING} h on true where a.account_id = $1
"""  # noqa: S608  the only thing put in is a constant above

# Served by instagram_accounts_pkey and instagram_pauses_pkey.
_PAUSED = f"""
select a.integration_id, extract(epoch from h.until_at - clock_timestamp())::float8 as seconds
from instagram_accounts a join lateral {STANDING} h on true
where a.integration_id = any ($1::text[]) and h.until_at > clock_timestamp()
"""  # noqa: S608

# Served by instagram_pauses_pkey; locked in its order.
_PAUSE = """
insert into instagram_pauses as p (subject, reason, refusals, until_at)
select subject, min(reason), max((seconds is null)::int),
       clock_timestamp() + make_interval(secs => max(coalesce(seconds, ($4::float8[])[1])))
from unnest($1::text[], $2::text[], $3::float8[]) as s (subject, reason, seconds) group by subject order by subject
on conflict (subject) do update set reason = excluded.reason,
    refusals = case when excluded.refusals = 0 then p.refusals
                    when p.until_at > clock_timestamp() - make_interval(secs => $5) then p.refusals + 1 else 1 end,
    until_at = case when excluded.refusals = 0 or p.until_at <= clock_timestamp() - make_interval(secs => $5)
                    then excluded.until_at
                    else clock_timestamp() + make_interval(secs => ($4::float8[])[least(p.refusals + 1, cardinality($4))])
               end
where p.until_at <= clock_timestamp() or (excluded.refusals = 0 and excluded.until_at > p.until_at + interval '5 s')
returning subject, reason, refusals, extract(epoch from until_at - clock_timestamp())::float8 as seconds
"""

_LEFT = """
select subject, greatest(0, extract(epoch from until_at - clock_timestamp()))::float8 as seconds
from instagram_pauses where subject = any ($1::text[])
"""

_SLOW = """
insert into instagram_pauses as p (subject, reason, slow_until)
select subject, min(reason), clock_timestamp() + make_interval(secs => $3)
from unnest($1::text[], $2::text[]) as s (subject, reason) group by subject order by subject
on conflict (subject) do update set slow_until = excluded.slow_until,
    reason = case when p.until_at > clock_timestamp() then p.reason else excluded.reason end
"""

# A handful of rows, and asked once in a pause. Few accounts have no index by Page or Facebook app; nor do they need one.
_INTEGRATIONS = """
select a.integration_id from instagram_accounts a
where array['account:' || a.account_id, 'account:' || a.page_id, 'app:' || a.facebook_app_id] && $1::text[]
"""
_COUNT = f"""
select count(distinct a.account_id) from instagram_accounts a join lateral {STANDING} h on true
where h.until_at > clock_timestamp() and exists (select from instagram_pauses p where p.until_at > clock_timestamp())
"""  # noqa: S608


async def standing(database: Database, account_id: str) -> Standing:
    """How an account stands, for a caller that knows no more of it than its id."""
    row = await database.fetchrow(_OF_ACCOUNT, account_id)
    return Standing(row["seconds"] or 0.0, row["slow"])


async def paused(database: Database, integration_ids: Iterable[str]) -> dict[str, float]:
    """Those of these integrations whose account is paused, and for how many seconds yet."""
    return {row["integration_id"]: row["seconds"] for row in await database.fetch(_PAUSED, list(integration_ids))}


async def pause(connection: Connection, stops: Sequence[Stop]) -> tuple[dict[str, float], list[str]]:
    """Pause these subjects: for how many seconds each is paused now, and which of them were not before.

    Part of the caller's transaction; to be followed by :func:`set_aside`, after it, for those that are new.
    """
    rows = await connection.fetch(
        _PAUSE,
        [stop.subject for stop in stops],
        [stop.reason for stop in stops],
        [stop.seconds for stop in stops],
        list(SCHEDULE),
        FORGIVEN_SECONDS,
    )
    for row in rows:
        metrics.PAUSES.inc()
        log.warning(
            "paused at Meta's wish", subject=row["subject"], reason=row["reason"], in_a_row=row["refusals"],
            seconds=round(row["seconds"]),
        )  # fmt: skip
    left = await connection.fetch(_LEFT, [stop.subject for stop in stops])
    return {row["subject"]: row["seconds"] for row in left}, [row["subject"] for row in rows]


async def slow(database: Database, reasons: Mapping[str, str]) -> None:
    """Let these subjects go slowly for a while; why, by subject."""
    await database.execute(_SLOW, list(reasons), list(reasons.values()), SLOW_SECONDS)


async def set_aside(database: Database, paused: Mapping[str, float], *, each: float) -> None:
    """Have nobody lease the waiting conversations of paused subjects (by subject, how long), and let them come back
    one after the other, ``each`` so many seconds.

    Only a saving: a conversation that comes before its time finds the pause, and waits. So what goes wrong here is logged.
    """
    try:
        async with database.transaction(relaxed=True) as connection:
            for subject, seconds in paused.items():
                found = await connection.fetch(_INTEGRATIONS, [subject])
                groups = [row["integration_id"] for row in found]
                await postpone(connection, SEND_LANE, groups, seconds=seconds, each=each)
    except Exception as error:
        log.warning("not set aside", subjects=list(paused), error=error)


async def count(database: Database) -> None:
    """Count the paused accounts, for the metrics."""
    metrics.PAUSED_ACCOUNTS.set(await database.fetchval(_COUNT))


def seconds_left(row: Any) -> float:
    """How long the account of a row with :data:`STANDING` (``until_at``) and the database's ``now`` is paused yet."""
    until, now = row["until_at"], row["now"]
    return max(0.0, (until - now).total_seconds()) if until is not None and until > now else 0.0
