"""Integrations of an app: their rows, whatever their type. What a type does at its channel, its channel does."""

from collections.abc import Mapping, Sequence
from typing import Any

from heliograph.delivery.removal import ANNOUNCE
from heliograph.messaging import paging, shapes, webhooks
from heliograph.messaging.paging import Cut, Slice
from heliograph.messaging.switchboard import boards
from heliograph.storage import Connection, SecretBox, is_id, new_id

# Sunshine reference 2.3: every integration type of the wire.
TYPES = (*sorted(shapes.CHANNELS), "custom")

# Served by integrations_of_app and integrations_pkey. OAuth clients' are listed when they are asked for: their type, the
# client's id, is none that the official clients can read, and one of them would spoil the whole page.
_LIST = """
select * from integrations where app_id = $1 and (type = any ($2) or $2::text[] is null and type !~ '^[0-9a-f]{24}$')
"""
_GET = "select * from integrations where app_id = $1 and id = $2"
_OF_APP = "select id, type from integrations where app_id = $1 order by id"
_INSERT = "insert into integrations (id, app_id, type, display_name) values ($1, $2, $3, $4) returning *"
_INSERT_INACTIVE = """
insert into integrations (id, app_id, type, status, display_name, settings) values ($1, $2, $3, 'inactive', $4, $5)
returning *
"""
# Null takes a setting away.
_CHANGE = """
update integrations set
    display_name = case when $3::jsonb ? 'displayName' then $3 ->> 'displayName' else display_name end,
    settings = jsonb_strip_nulls(settings || ($3 - 'displayName'))
where app_id = $1 and id = $2
"""

# Its people stay, and their history; no message goes to them any more. The integration's own row is locked first. Keys
# have no foreign key to it; webhooks and accounts go with the row.
# Served by integrations_pkey, clients_external, participants_of_user and commitments_of_integration.
_DELETE = (
    "select id from integrations where app_id = $1 and id = $2 for update",
    "update clients set status = 'inactive' where integration_id = $2 and app_id = $1",
    """update participants p set client_id = null from clients c
       where c.integration_id = $2 and c.app_id = $1 and p.user_id = c.user_id and p.client_id = c.id""",
    "delete from api_keys where app_id = $1 and integration_id = $2",
    "delete from commitments where app_id = $1 and integration_id = $2",
    ANNOUNCE,
    "delete from integrations where app_id = $1 and id = $2",
)
# The same backwards. Served by clients_external, participants_of_user and conversations_pkey.
_REVIVE = (
    "update clients set status = 'active' where integration_id = $2 and app_id = $1 and removed_at is null",
    """update participants p set client_id = c.id from clients c, conversations v
       where c.integration_id = $2 and c.app_id = $1 and c.removed_at is null
       and p.user_id = c.user_id and p.client_id is null and v.id = p.conversation_id and v.type = 'personal'""",
)
_DROP = "delete from integrations where app_id = $1 and id = $2"


def owns_webhooks(kind: str) -> bool:
    """Whether integrations of a type can own webhooks (1.11): custom ones, and those of OAuth clients."""
    return kind == "custom" or is_oauth(kind)


def is_oauth(kind: str) -> bool:
    """Whether a type is an OAuth client's: the client's id."""
    return is_id(kind)


async def create_custom(
    connection: Connection,
    box: SecretBox,
    app_id: str,
    display_name: str | None,
    webhook: Mapping[str, Any],
) -> dict[str, Any]:
    """Make a custom integration with its first webhook. Raises :class:`webhooks.TooManyWebhooksError`."""
    row = await connection.fetchrow(_INSERT, new_id(), app_id, "custom", display_name)
    hook = await webhooks.create(connection, box, app_id, row["id"], webhook)
    return {**shapes.integration(row), "webhooks": [hook]}


async def get(connection: Connection, box: SecretBox, app_id: str, integration_id: str) -> dict[str, Any] | None:
    """One integration as the wire shows it, or None."""
    row = await connection.fetchrow(_GET, app_id, integration_id)
    return None if row is None else (await _wire(connection, box, app_id, [row]))[0]


async def type_of(connection: Connection, app_id: str, integration_id: str) -> str | None:
    """The integration's type, or None when the app has no such integration."""
    row = await connection.fetchrow(_GET, app_id, integration_id)
    return None if row is None else str(row["type"])


async def list_integrations(
    connection: Connection, box: SecretBox, app_id: str, types: Sequence[str] | None, cut: Cut
) -> Slice:
    """A page of an app's integrations, as the wire shows them; ``types`` None means all."""
    page = await paging.cut_by_id(connection, _LIST, (app_id, None if types is None else list(types)), cut)
    return Slice(await _wire(connection, box, app_id, page.rows), page.more)


async def all_of(connection: Connection, app_id: str) -> list[tuple[str, str]]:
    """(id, type) of all integrations of an app."""
    return [(row["id"], row["type"]) for row in await connection.fetch(_OF_APP, app_id)]


async def create_inactive(
    connection: Connection, app_id: str, kind: str, display_name: str | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Make an integration of a type that has no channel here: it is kept and shown, and does nothing."""
    row = await connection.fetchrow(_INSERT_INACTIVE, new_id(), app_id, kind, display_name, dict(settings))
    return (await _wire(connection, None, app_id, [row]))[0]


async def change(connection: Connection, app_id: str, integration_id: str, changes: Mapping[str, Any]) -> None:
    """Change display name and settings by the wire's names; null clears."""
    await connection.execute(_CHANGE, app_id, integration_id, dict(changes))


async def delete(connection: Connection, app_id: str, integration_id: str) -> None:
    """Delete an integration with its keys, its webhooks and its place on the switchboard.

    Its clients become inactive, its conversations stay.
    """
    await boards.leave(connection, app_id, integration_id)
    for sql in _DELETE:
        await connection.execute(sql, app_id, integration_id, timeout=600)


async def revive(connection: Connection, app_id: str, integration_id: str) -> None:
    """An integration that was deleted is there again by the same id: its people are reached, conversations go on."""
    for sql in _REVIVE:
        await connection.execute(sql, app_id, integration_id, timeout=600)


async def drop(connection: Connection, app_id: str, integration_id: str) -> None:
    """Delete an integration whose whole app is about to go: what hangs on it goes with the app."""
    await connection.execute(_DROP, app_id, integration_id)


# Served by switchboard_integrations_pkey.
_RESPONDERS = "select * from switchboard_integrations where app_id = $1 and id = any ($2::text[])"


async def _wire(
    connection: Connection, box: SecretBox | None, app_id: str, rows: Sequence[Any]
) -> list[dict[str, Any]]:
    owners = [row["id"] for row in rows if owns_webhooks(row["type"])]
    hooks = await webhooks.of_integrations(connection, box, app_id, owners) if owners and box else {}
    named = {row["id"]: row["settings"].get("defaultResponderId") for row in rows}
    responders = await _responders(connection, app_id, sorted({id_ for id_ in named.values() if id_}))
    return [
        {**shapes.integration(row), "webhooks": hooks.get(row["id"], [])}
        if owns_webhooks(row["type"])
        else shapes.integration(row, responders.get(named[row["id"]]))
        for row in rows
    ]


async def _responders(connection: Connection, app_id: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The wire's ``defaultResponder`` for those of ``ids`` that name a switchboard integration of the app."""
    if not ids:
        return {}
    places = [shapes.switchboard_integration(row) for row in await connection.fetch(_RESPONDERS, app_id, ids)]
    return {place["id"]: {name: value for name, value in place.items() if name != "id"} for place in places}
