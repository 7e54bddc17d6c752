"""The customers' webhooks: rows with a sealed secret. Delivering to them is the `delivery` room's work."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from heliograph.messaging import shapes
from heliograph.storage import Connection, SecretBox, new_id

# Sunshine reference 1.11.
MOST_WEBHOOKS = 10


class TooManyWebhooksError(Exception):
    """The app has ten webhooks."""


# Locks the app, so that two creations cannot both be the tenth. Served by apps_pkey and webhooks_of_app.
_LOCK = "select id from apps where id = $1 for no key update"
_COUNT = "select count(*) from webhooks where app_id = $1"

_INSERT = """
insert into webhooks (id, app_id, integration_id, target, triggers, include_full_user, include_full_source, secret)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning *
"""

# Served by webhooks_of_app (an app has at most ten) and webhooks_pkey.
_OF = "select * from webhooks where app_id = $1 and integration_id = any ($2::text[]) order by id"
_GET = "select * from webhooks where app_id = $1 and integration_id = $2 and id = $3"
_DELETE = "delete from webhooks where app_id = $1 and integration_id = $2 and id = $3 returning id"
_UPDATE = """
update webhooks set
    target = coalesce($4, target),
    triggers = coalesce($5::text[], triggers),
    include_full_user = coalesce($6, include_full_user),
    include_full_source = coalesce($7, include_full_source)
where app_id = $1 and integration_id = $2 and id = $3 returning *
"""


async def create(
    connection: Connection, box: SecretBox, app_id: str, integration_id: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Make a webhook from the wire's create body. Raises :class:`TooManyWebhooksError`."""
    await connection.execute(_LOCK, app_id)
    if await connection.fetchval(_COUNT, app_id) >= MOST_WEBHOOKS:
        raise TooManyWebhooksError
    webhook_id, secret = new_id(), secrets.token_hex(16)
    row = await connection.fetchrow(
        _INSERT,
        webhook_id,
        app_id,
        integration_id,
        fields["target"],
        list(dict.fromkeys(fields["triggers"])),
        bool(fields.get("includeFullUser")),
        bool(fields.get("includeFullSource")),
        box.seal(secret, place(webhook_id)),
    )
    return shapes.webhook(row, secret)


async def of_integrations(
    connection: Connection, box: SecretBox, app_id: str, integration_ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The webhooks of several integrations of an app, by integration."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await connection.fetch(_OF, app_id, list(integration_ids)):
        found.setdefault(row["integration_id"], []).append(_wire(row, box))
    return found


async def get(
    connection: Connection, box: SecretBox, app_id: str, integration_id: str, webhook_id: str
) -> dict[str, Any] | None:
    """One webhook, or None."""
    row = await connection.fetchrow(_GET, app_id, integration_id, webhook_id)
    return None if row is None else _wire(row, box)


async def update(
    connection: Connection,
    box: SecretBox,
    app_id: str,
    integration_id: str,
    webhook_id: str,
    changes: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Change what ``changes`` names; None: no such webhook."""
    triggers = changes.get("triggers")
    row = await connection.fetchrow(
        _UPDATE,
        app_id,
        integration_id,
        webhook_id,
        changes.get("target"),
        None if triggers is None else list(dict.fromkeys(triggers)),
        changes.get("includeFullUser"),
        changes.get("includeFullSource"),
    )
    return None if row is None else _wire(row, box)


async def delete(connection: Connection, app_id: str, integration_id: str, webhook_id: str) -> bool:
    """Delete a webhook; whether there was one. What waits for it is dropped when its turn comes."""
    return await connection.fetchval(_DELETE, app_id, integration_id, webhook_id) is not None


def _wire(row: Any, box: SecretBox) -> dict[str, Any]:
    return shapes.webhook(row, box.open(row["secret"], place(row["id"])))


def place(webhook_id: str) -> str:
    """The place a webhook's secret is sealed for."""
    return f"webhook:{webhook_id}"
