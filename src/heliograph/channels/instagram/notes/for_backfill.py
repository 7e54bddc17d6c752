"""For backfill: accounts that come, come back and go, and so are compared with Meta; and what was new of what it found."""

from collections.abc import Iterable
from datetime import datetime

from heliograph.storage import Connection, Database

# Accounts of before, or whose row was never written, begin with now. Served by the primary keys.
_KNOW = """
insert into backfill_accounts (app_id, facebook_app_id, account_id, not_before, complete_to, due_at)
select a.app_id, a.facebook_app_id, a.account_id, i.created_at, i.created_at, null
from instagram_accounts a join integrations i on i.id = a.integration_id
where a.integration_id = any ($1::text[]) order by 1, 2, 3 on conflict do nothing
"""

# An account that comes back brings its times along: what was written since it went is brought in.
_CONNECTED = """
insert into backfill_accounts as b (app_id, facebook_app_id, account_id, not_before, complete_to, due_at, reason)
values ($1, $2, $3, $4, $4, now(), 'connected')
on conflict (app_id, facebook_app_id, account_id) do update set due_at = now(), reason = 'connected'
"""
_RECONNECTED = """
update backfill_accounts b set due_at = now(), reason = 'reconnected' from instagram_accounts a
where a.integration_id = $1 and (b.app_id, b.facebook_app_id, b.account_id) = (a.app_id, a.facebook_app_id, a.account_id)
"""
_DISCONNECTED = """
update backfill_accounts b set due_at = null, complete_to = greatest(complete_to, $2), not_before = greatest(not_before, $2)
from instagram_accounts a
where a.integration_id = $1 and (b.app_id, b.facebook_app_id, b.account_id) = (a.app_id, a.facebook_app_id, a.account_id)
"""

# Once to each run, in the order of their ids: two batches never wait for each other.
_ADDED = """
update backfill_runs r set added = r.added + t.n
from (select b.id, t.n from unnest($1::bigint[], $2::int[]) as t (id, n) join backfill_runs b using (id)
      order by b.id for update of b) t
where r.id = t.id
"""


async def know(connection: Connection, integration_ids: Iterable[str]) -> None:
    """Have a row for the account of each of these integrations, where there is none."""
    await connection.execute(_KNOW, list(integration_ids))


async def connected(connection: Connection, app_id: str, facebook_app_id: str, account_id: str, now: datetime) -> None:
    """An account was connected, ``now`` by Meta's clock. What is older than its first connection is not brought in."""
    await connection.execute(_CONNECTED, app_id, facebook_app_id, account_id, now)


async def reconnected(connection: Connection, integration_id: str) -> None:
    """An integration got a new token, or its webhooks were away: what was written meanwhile is brought in."""
    await know(connection, [integration_id])
    await connection.execute(_RECONNECTED, integration_id)


async def disconnected(database: Database, integration_id: str, now: datetime) -> None:
    """An integration is about to be deleted: if its account is connected anew, it goes on from here."""
    await database.execute(_DISCONNECTED, integration_id, now)


async def added(connection: Connection, counts: dict[int, int]) -> None:
    """So many messages that runs found were applied just now, and were new."""
    if counts:
        await connection.execute(_ADDED, list(counts), list(counts.values()))
