"""For the doctor: an integration is to be examined."""

from collections.abc import Iterable
from datetime import timedelta

from heliograph.storage import Connection

# How soon, at the earliest, one is examined again when somebody asks.
NOT_AGAIN_WITHIN = timedelta(seconds=60)

# Who has just been examined waits a little: one that fails again and again must not be examined as often. Who is due
# already is left alone, so that senders do not wait for one another. Served by instagram_accounts_pkey and
# integration_health_pkey.
_WANT = """
insert into integration_health as h (integration_id, app_id)
select a.integration_id, a.app_id from instagram_accounts a
where a.integration_id = any ($1::text[]) and not exists (
    select from integration_health k where k.integration_id = a.integration_id
    and k.due_at <= greatest(now(), k.checked_at + make_interval(secs => $2)))
order by a.integration_id
on conflict (integration_id) do update
set due_at = greatest(now(), h.checked_at + make_interval(secs => $2))
where h.due_at > greatest(now(), h.checked_at + make_interval(secs => $2))
"""


async def want(connection: Connection, integration_ids: Iterable[str], *, at_once: bool = False) -> None:
    """Have these integrations examined soon; ``at_once``: even those that have just been.

    Their own rows, where they are locked too, are locked before.
    """
    ids = sorted(set(integration_ids))
    if ids:
        await connection.execute(_WANT, ids, 0.0 if at_once else NOT_AGAIN_WITHIN.total_seconds())
