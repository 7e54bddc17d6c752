"""`heliograph backfill`: compare accounts with Meta now, and show what came of it.

The runs are lane jobs as all others: a server that runs takes part, and without one this command does it all.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.instagram.backfill import runs
from heliograph.channels.instagram.backfill.runs import Request
from heliograph.commands.console import CommandError
from heliograph.lanes import LaneWorkers
from heliograph.opening.instagram import opened_channel
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings
from heliograph.storage import Database

POLL_SECONDS = 0.2
# Progress is shown to those who have waited this long.
QUICK_SECONDS = 2.0
# After the last run its messages may still be on their way through their lanes; no longer than this is waited for them.
_PATIENCE_SECONDS = 30.0

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

_ACCOUNTS = """
select integration_id from instagram_accounts
where $1::text[] is null or integration_id = any ($1) order by integration_id
"""
# Served by backfill_runs_pkey. A run `waits` when all that is left of it are gaps that may still close (`backfill.todo`).
STANDING = """
select r.id, r.integration_id, r.state, r.reason, r.since, r.started_at, r.ended_at, r.threads, r.found, r.added,
       r.unreadable, r.error, r.resume_at,
       r.listed and r.ended_at is null and r.todo <> '[]' and not exists (
           select from jsonb_array_elements(r.todo) e where (e ->> 'looks')::int = 0) as waits,
       i.settings ->> 'businessUsername' as username
from backfill_runs r join integrations i on i.id = r.integration_id where r.id = any ($1::bigint[]) order by r.id
"""
# What these runs found and is yet to be applied. Served by journal_of_backfill; jobs are few.
_UNDER_WAY = """
with own as (select id from journal where backfill_run = any ($1::bigint[]))
select exists (select from jobs where kind = 'filing'
               and string_to_array(payload, ',')::bigint[] && (select array_agg(id) from own))
    or exists (select from jobs where kind = 'inbound' and split_part(payload, ':', 1)::bigint in (select id from own))
"""

Row = Mapping[str, Any]


def parse_since(text: str, now: datetime) -> datetime:
    """``3d``, ``12h``, ``30m`` ago, or a date or time of ISO 8601 (UTC when it has no zone). Raises CommandError."""
    ago = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--since {text} is no time. Give a date (2026-11-20), a time (2026-11-20T08:00), or 3d, 12h, 30m"
        ) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > now:
        raise CommandError(f"--since {text} lies in the future")
    return found


async def backfill(
    settings: Settings,
    integrations: Sequence[str],
    since: datetime | None,
    progress: Callable[[Sequence[Row]], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Run backfill for these integrations, or all; how each run ended. Raises CommandError for what is not connected.

    ``progress`` is told how the runs stand, now and then, once it takes longer. A run that Meta makes wait for more than
    a minute is left to the server.
    """
    async with open_database(settings) as database:
        wanted = await _accounts(database, integrations)
        async with opened_channel(settings, database, open_box(settings)) as channel:
            async with database.transaction() as connection:
                made = await runs.request(connection, [Request(one, "asked", since) for one in wanted])
            workers = LaneWorkers(database, channel.inbound_kinds())
            workers.start()
            try:
                rows = await _watch(database, list(made.values()), progress)
            finally:
                await workers.stop()
    return [_shown(row) for row in rows]


async def _accounts(database: Database, integrations: Sequence[str]) -> list[str]:
    rows = await database.fetch(_ACCOUNTS, list(integrations) or None)
    found = [row["integration_id"] for row in rows]
    missing = sorted(set(integrations) - set(found))
    if missing:
        raise CommandError(f"there is no Instagram integration {missing[0]}")
    return found


async def _watch(database: Database, ids: list[int], progress: Callable[[Sequence[Row]], None]) -> list[Row]:
    began = time.monotonic()
    while True:
        rows: list[Row] = list(await database.fetch(STANDING, ids))
        if all(_over(row) for row in rows):
            break
        if time.monotonic() - began > QUICK_SECONDS:
            progress(rows)
        await asyncio.sleep(POLL_SECONDS)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not await database.fetchval(_UNDER_WAY, ids):
            break
        await asyncio.sleep(POLL_SECONDS / 4)
    return list(await database.fetch(STANDING, ids))


def _over(row: Row) -> bool:
    if row["state"] == "paused" and row["resume_at"] is not None:
        return bool(row["resume_at"] - datetime.now(UTC) > timedelta(seconds=45))
    return row["ended_at"] is not None


def _shown(row: Row) -> dict[str, Any]:
    ended, started = row["ended_at"], row["started_at"]
    return {
        "integrationId": row["integration_id"],
        "username": row["username"],
        "state": row["state"],
        "since": row["since"].isoformat() if row["since"] else None,
        "threads": row["threads"],
        "added": row["added"],
        "unreadable": row["unreadable"],
        "seconds": round((ended - started).total_seconds(), 1) if ended and started else None,
        "error": row["error"],
    }
