"""Apps: the tenants. Deleting one takes down everything that is its own."""

from collections.abc import Mapping
from typing import Any

from heliograph.messaging import paging, shapes
from heliograph.messaging.paging import Cut, Slice
from heliograph.storage import Connection, new_id

# Sunshine reference 2.1: what a new app starts with.
DEFAULT_SETTINGS: Mapping[str, Any] = {
    "appLocalizationEnabled": True,
    "echoPostback": False,
    "maskCreditCardNumbers": True,
    "multiConvoEnabled": False,
    "useAnimalNames": False,
}


class OneWayError(Exception):
    """``multiConvoEnabled`` cannot be turned off again."""


# All served by apps_pkey.
_INSERT = "insert into apps (id, display_name, settings, metadata) values ($1, $2, $3, $4) returning *"
_GET = "select * from apps where id = $1"
_LIST = "select * from apps where true"
_LOCK = "select settings from apps where id = $1 for no key update"
_UPDATE = """
update apps set
    display_name = case when $2::jsonb ? 'displayName' then $2 ->> 'displayName' else display_name end,
    settings = settings || coalesce(jsonb_strip_nulls(nullif($2 -> 'settings', 'null')), '{}'),
    metadata = case when $2 ? 'metadata' then coalesce(nullif($2 -> 'metadata', 'null'), '{}') else metadata end
where id = $1 returning *
"""


async def create(connection: Connection, display_name: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Make an app; ``more`` may hold ``settings`` and ``metadata``."""
    settings = {**DEFAULT_SETTINGS, **_given(more.get("settings"))}
    row = await connection.fetchrow(_INSERT, new_id(), display_name, settings, more.get("metadata") or {})
    return shapes.app(row)


async def get(connection: Connection, app_id: str) -> dict[str, Any] | None:
    """One app, or None."""
    row = await connection.fetchrow(_GET, app_id)
    return None if row is None else shapes.app(row)


async def list_apps(connection: Connection, cut: Cut) -> Slice:
    """A page of all apps."""
    return await paging.cut_by_id(connection, _LIST, (), cut)


async def update(connection: Connection, app_id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Change what ``changes`` names: settings one by one, metadata as a whole (null clears it). None: no such app.

    Raises :class:`OneWayError`.
    """
    settings = await connection.fetchval(_LOCK, app_id)
    if settings is None:
        return None
    if settings.get("multiConvoEnabled") and (changes.get("settings") or {}).get("multiConvoEnabled") is False:
        raise OneWayError
    row = await connection.fetchrow(_UPDATE, app_id, dict(changes))
    return shapes.app(row)


# First the rows that every writer locks before it writes, so that nothing can be added while the rest goes; each
# delete is a statement of its own, to see what those writers have committed. Conversations in id order, as the intake
# locks them. users, events and attempts have no index led by app_id: they are scanned, for this rare operation.
_DOWN = (
    "select id from apps where id = $1 for update",
    "select id from integrations where app_id = $1 order by id for update",
    "select id from users where app_id = $1 order by id for update",
    "select id from conversations where app_id = $1 order by id for update",
    """delete from send_parts p using messages m join conversations v on v.id = m.conversation_id
       where v.app_id = $1 and p.message_id = m.id""",
    "delete from send_parts where app_id = $1",
    "delete from sends where app_id = $1",
    "delete from mids m using integrations i where i.app_id = $1 and m.integration_id = i.id",
    "delete from mids where app_id = $1",
    "delete from messages m using conversations v where v.app_id = $1 and m.conversation_id = v.id",
    "delete from participants p using conversations v where v.app_id = $1 and p.conversation_id = v.id",
    "delete from clients where app_id = $1",
    "delete from idempotency_keys where app_id = $1",
    "delete from events where app_id = $1",
    "delete from delivery_attempts where app_id = $1",
)

# Work that waits for this app. Lanes are locked in (kind, key) order, as everywhere; their jobs go after them. A worker
# that holds one of these lanes loses its lease, and what it would have written is rolled back.
_LOCK_LANES = """
select kind, key from lanes
where (kind = 'webhook' and grp in (select id from webhooks where app_id = $1))
   or (kind = 'send' and key in (select id from conversations where app_id = $1))
order by kind, key for update
"""
_DROP_JOBS = (
    "delete from jobs j using unnest($1::text[], $2::text[]) as l (kind, key) where j.kind = l.kind and j.key = l.key"
)
_DROP_LANES = (
    "delete from lanes j using unnest($1::text[], $2::text[]) as l (kind, key) where j.kind = l.kind and j.key = l.key"
)

# Keys, integrations, webhooks and Instagram accounts go with their app by their foreign keys.
_LAST = (
    "delete from conversations where app_id = $1",
    "delete from users where app_id = $1",
    "delete from apps where id = $1",
)

# Seconds a statement of these may take: an app can hold millions of messages.
_PATIENCE = 3600.0


async def delete(connection: Connection, app_id: str) -> None:
    """Take an app down with everything that belongs to it, in the caller's transaction.

    The raw webhooks in the journal stay: they belong to the Facebook app, and age out by themselves.
    """
    for sql in _DOWN:
        await connection.execute(sql, app_id, timeout=_PATIENCE)
    lanes = await connection.fetch(_LOCK_LANES, app_id, timeout=_PATIENCE)
    names = [row["kind"] for row in lanes], [row["key"] for row in lanes]
    await connection.execute(_DROP_JOBS, *names, timeout=_PATIENCE)
    await connection.execute(_DROP_LANES, *names, timeout=_PATIENCE)
    for sql in _LAST:
        await connection.execute(sql, app_id, timeout=_PATIENCE)


def _given(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (settings or {}).items() if value is not None}
