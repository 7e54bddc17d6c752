"""What the pages read: the app's webhooks with how they do, and a webhook's attempts, newest first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.dashboard.webhooks.verdicts import Attempt
from heliograph.events import WEBHOOK_LANE
from heliograph.storage import Connection

PAGE = 25

# Lanes are counted up to this: a target that is down for a day may have one for each conversation.
MOST_LANES = 1000


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook with what waits for it, and how the last attempt ended (None: there was none)."""

    id: str
    app_id: str
    integration_id: str
    kind: str
    name: str | None
    target: str
    triggers: tuple[str, ...]
    full_user: bool
    full_source: bool
    created_at: datetime
    waiting: int
    more_waiting: bool
    next_try: datetime | None
    last: Attempt | None


# One statement for all webhooks of some apps, each with at most one attempt and MOST_LANES lanes. Served by
# webhooks_of_app, integrations_pkey, delivery_attempts_of_webhook and lanes_pkey: a lane's key is the webhook's id, a
# slash and more, which stands between the id and the id with a "g" in any collation, ids being hexadecimal.
_ALL = f"""
select w.id, w.app_id, w.integration_id, w.target, w.triggers, w.include_full_user, w.include_full_source, w.created_at,
       i.type as kind, i.display_name as name, q.lanes, q.waiting, q.next_try,
       a.id as attempt_id, a.created_at as at, a.outcome, a.attempt, a.status, a.error, a.duration_ms
from webhooks w
join integrations i on i.id = w.integration_id
left join lateral (
    select id, created_at, outcome, attempt, status, error, duration_ms from delivery_attempts
    where webhook_id = w.id order by id desc limit 1
) a on true
cross join lateral (
    select count(*) as lanes, coalesce(sum(pending), 0)::int as waiting, min(due_at) filter (where lease = 0) as next_try
    from (
        select pending, due_at, lease from lanes
        where kind = '{WEBHOOK_LANE}' and key > w.id and key < w.id || 'g' and grp = w.id limit {MOST_LANES}
    ) l
) q
where w.app_id = any ($1::text[]) and (w.id = any ($2::text[]) or $2::text[] is null)
order by w.app_id, w.id
"""  # noqa: S608  what is put in are constants

# Served by delivery_attempts_of_webhook, lanes_pkey (by the lane of the attempt's conversation) and events_pkey.
_ATTEMPTS = f"""
select w.id as webhook_id, a.id as attempt_id, a.created_at as at, a.outcome, a.attempt, a.status, a.error, a.duration_ms,
       cardinality(a.event_ids) as events, t.types, l.due_at as lane_due, l.lease = 0 as lane_free
from webhooks w
cross join lateral (
    select * from delivery_attempts
    where webhook_id = w.id and app_id = w.app_id and id < $3 order by id desc limit {PAGE + 1}
) a
left join lanes l on l.kind = '{WEBHOOK_LANE}' and l.key = w.id || '/' || coalesce(a.conversation_id, w.app_id)
left join lateral (
    select array_agg(distinct e.type) as types from events e where e.id = any (a.event_ids)
) t on true
where w.app_id = any ($1::text[]) and w.id = any ($2::text[])
order by w.id, a.id desc
"""  # noqa: S608  what is put in are constants

# Whether nothing else hangs on a custom integration: served by webhooks_of_app, api_keys' and the switchboard's indexes.
_BARE = """
select i.type = 'custom'
   and not exists (select from webhooks w where w.app_id = $1 and w.integration_id = $2)
   and not exists (select from api_keys k where k.app_id = $1 and k.integration_id = $2)
   and not exists (select from switchboard_integrations s where s.app_id = $1 and s.integration_id = $2)
from integrations i where i.app_id = $1 and i.id = $2
"""

NEWEST = 2**63 - 1


async def of_apps(connection: Connection, app_ids: Collection[str]) -> Mapping[str, tuple[Webhook, ...]]:
    """The webhooks of each app."""
    found: dict[str, list[Webhook]] = {app_id: [] for app_id in app_ids}
    for row in await connection.fetch(_ALL, list(app_ids), None):
        found[row["app_id"]].append(_webhook(row))
    return {app_id: tuple(listed) for app_id, listed in found.items()}


async def some(connection: Connection, app_ids: Collection[str], ids: Collection[str]) -> Mapping[str, Webhook]:
    """Webhooks of these apps by id."""
    return {row["id"]: _webhook(row) for row in await connection.fetch(_ALL, list(app_ids), list(ids))}


async def attempts(
    connection: Connection, app_ids: Collection[str], ids: Collection[str], before: int = NEWEST
) -> Mapping[str, tuple[Attempt, ...]]:
    """The last attempts of each webhook, one more than :data:`PAGE` when there are older ones."""
    found: dict[str, list[Attempt]] = {id_: [] for id_ in ids}
    for row in await connection.fetch(_ATTEMPTS, list(app_ids), list(ids), before):
        more = {"types": tuple(row["types"] or ()), "events": row["events"]}
        lane = {"lane_due": row["lane_due"], "lane_free": bool(row["lane_free"])}
        found[row["webhook_id"]].append(_attempt(row, **more, **lane))
    return {id_: tuple(listed) for id_, listed in found.items()}


async def is_bare(connection: Connection, app_id: str, integration_id: str) -> bool:
    """Whether an integration is a custom one on which nothing hangs: no webhook, no key, no switchboard."""
    return bool(await connection.fetchval(_BARE, app_id, integration_id))


def _webhook(row: Any) -> Webhook:
    return Webhook(
        row["id"],
        row["app_id"],
        row["integration_id"],
        row["kind"],
        row["name"],
        row["target"],
        tuple(row["triggers"]),
        row["include_full_user"],
        row["include_full_source"],
        row["created_at"],
        row["waiting"],
        row["lanes"] >= MOST_LANES,
        row["next_try"] if row["outcome"] == "retry" else None,
        None if row["attempt_id"] is None else _attempt(row),
    )


def _attempt(row: Any, **more: Any) -> Attempt:
    return Attempt(
        row["attempt_id"],
        row["at"],
        row["outcome"],
        row["attempt"],
        row["status"],
        row["error"],
        row["duration_ms"],
        **more,
    )
