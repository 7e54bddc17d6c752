"""The oldest row that a waiting job names is found at one end of an index, however many jobs wait."""

import json
from typing import Any

import pytest

from heliograph.channels.instagram.backfill.runs import pruning as runs_pruning
from heliograph.channels.instagram.journal.entries import pruning as journal_pruning
from heliograph.messaging.housekeeping import prunings
from heliograph.storage import Database
from tests.messaging.test_housekeeping import DAY
from tests.support import opened, run

BACKLOG = 100_000
# Of a few thousand pages that so many jobs have, and of as many rows.
MOST_PAGES, MOST_ROWS = 24, 6

ALL = [*prunings(events=DAY, idempotency_keys=DAY), *journal_pruning(DAY), *runs_pruning(DAY)]
QUERIES = {one.table: one.least_named for one in ALL if one.least_named}

_WAITING = {
    "events": "insert into jobs (kind, key, payload) select 'webhook', 'hook/' || n % 5000, lpad(n::text, 26, '0')"
    " from generate_series(1, $1::int) n order by md5(n::text)",
    "journal": "insert into jobs (kind, key, payload)"
    " select 'inbound', 'app/account/' || n % 5000, n || ':0.messaging.0' from generate_series(11, $1::int) n"
    " union all select 'filing', 'app' || n % 3, n || ',' || n + 1 from generate_series(7, $1::int / 10) n",
}
_LEAST = {"events": "1".zfill(26), "journal": 7}


def read(plan: dict[str, Any]) -> int:
    """The rows that a plan's scans touched, those among them that it threw away."""
    own = 0
    if "Scan" in plan["Node Type"]:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return int(own) + sum(read(child) for child in plan.get("Plans", ()))


async def explained(database: Database, sql: str) -> dict[str, Any]:
    told = await database.fetchval(f"explain (analyze, buffers, format json) {sql}")
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("table", sorted(_WAITING))
def test_a_backlog_is_not_read_through(each_database: str, table: str, analyzed: bool) -> None:
    async def check() -> None:
        async with opened(each_database) as database:
            await database.execute("truncate jobs, lanes")
            await database.execute(_WAITING[table], BACKLOG)
            if analyzed:
                await database.execute("vacuum analyze jobs")
            assert await database.fetchval(QUERIES[table]) == _LEAST[table]
            plan = await explained(database, QUERIES[table])
            assert read(plan) <= MOST_ROWS, plan
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= MOST_PAGES, plan

    run(check())


def test_none_is_waited_for_where_no_job_waits(each_database: str) -> None:
    async def check() -> None:
        async with opened(each_database) as database:
            await database.execute("truncate jobs, lanes")
            assert {table: await database.fetchval(sql) for table, sql in QUERIES.items()} == dict.fromkeys(QUERIES)

    run(check())
