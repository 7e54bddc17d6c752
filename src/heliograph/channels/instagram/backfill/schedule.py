"""When runs begin by themselves. In every process; whichever comes first does it, once.

    every few seconds ──▶ heartbeat: was nobody here for a while? then every account is due, spread
                     └──▶ accounts that are due ──▶ a run each, and the time of the next

Three facts on disk decide, whoever asks: the heartbeat tells that no process ran; ``due_at`` of an account that it was
connected or reconnected, or that its interval is over; and a run that found missed messages has the next one follow soon,
for webhooks do not reach us.
"""

from typing import Any

from heliograph.channels.instagram.backfill import runs
from heliograph.channels.instagram.backfill.runs import Request
from heliograph.lanes import Rounds
from heliograph.storage import Connection, Database
from heliograph.telemetry.logs import get_logger

log = get_logger("backfill")

BEAT_SECONDS = 10.0
# Shorter absences are bridged by Meta, which repeats what got no 200 (Meta reference 1.4).
DOWN_SECONDS = 60.0
_ACCOUNTS_AT_ONCE = 100
# After an absence so many accounts begin in a second, but nobody waits longer than an interval, or an hour.
_ACCOUNTS_A_SECOND = 10
_LONGEST_SPREAD_SECONDS = 3600.0
# An interval is drawn from this range of itself, so that accounts drift apart.
_JITTER = (0.8, 1.2)

_BEAT = """
with before as (select at from backfill_heartbeat for update)
update backfill_heartbeat h set at = greatest(clock_timestamp(), before.at) from before
returning extract(epoch from clock_timestamp() - before.at)::float8 as seconds
"""

# An account that is due already stays so. Reads all accounts; rare.
_AFTER_DOWNTIME = """
with all_of as (select count(*) as n from backfill_accounts)
update backfill_accounts b set
    due_at = least(b.due_at, now() + random() * make_interval(secs => least($1::float8, a.n / $2::float8))),
    reason = case when b.reason in ('connected', 'reconnected') and b.due_at <= now() then b.reason else 'downtime' end
from all_of a
where exists (select from instagram_accounts i
    where (i.app_id, i.facebook_app_id, i.account_id) = (b.app_id, b.facebook_app_id, b.account_id))
"""

# Served by backfill_accounts_due and instagram_accounts_once.
_DUE = """
with due as (
    select * from backfill_accounts where due_at <= now() order by due_at limit $1 for update skip locked
), next as (
    update backfill_accounts b set reason = 'interval',
        due_at = case when $2::float8 > 0
            then now() + make_interval(secs => $2 * ($3::float8 + random() * ($4::float8 - $3))) end
    from due d where (b.app_id, b.facebook_app_id, b.account_id) = (d.app_id, d.facebook_app_id, d.account_id)
)
select a.integration_id, d.reason from due d join instagram_accounts a using (app_id, facebook_app_id, account_id)
join integrations i on i.id = a.integration_id and (i.status = 'active' or d.reason <> 'interval')
"""


class Schedule:
    """Looks for what is due, for as long as it runs. ``every``: seconds between runs of an account; 0 for none."""

    def __init__(self, database: Database, *, every: float, beat: float = BEAT_SECONDS) -> None:
        self._database = database
        self._every = every
        self._rounds = Rounds("backfill schedule", self.look, beat, at_once=True)

    def start(self) -> None:
        """Start in the running event loop."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stop; a look under way is rolled back."""
        await self._rounds.stop()

    async def look(self) -> int:
        """Look once; how many runs were begun."""
        async with self._database.transaction(relaxed=True) as connection:
            await self._notice_absence(connection)
        begun = 0
        while True:
            async with self._database.transaction() as connection:
                due = await connection.fetch(_DUE, _ACCOUNTS_AT_ONCE, self._every, *_JITTER)
                made = await runs.request(connection, [_request(row) for row in due])
            begun += len(made)
            if len(due) < _ACCOUNTS_AT_ONCE:
                return begun

    async def _notice_absence(self, connection: Connection) -> None:
        away = await connection.fetchval(_BEAT)
        if away is None or away < DOWN_SECONDS:
            return
        spread = self._every if 0 < self._every < _LONGEST_SPREAD_SECONDS else _LONGEST_SPREAD_SECONDS
        await connection.execute(_AFTER_DOWNTIME, spread, _ACCOUNTS_A_SECOND)
        log.info("nothing ran for a while: all accounts are compared with Meta", seconds=round(away))


def _request(row: Any) -> Request:
    return Request(row["integration_id"], row["reason"])
