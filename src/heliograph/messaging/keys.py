"""API keys: who may call the API, and as what (Sunshine reference 2.8, 4.1).

A key's secret is sealed with the key's own place, so that it opens for no other key.
"""

import secrets
from typing import Any

from heliograph.storage import Connection, SecretBox, new_id

PREFIXES = {"account": "act_", "app": "app_", "integration": "int_"}

# Sunshine reference 1.2 and 1.10.
MOST_KEYS = 10


class TooManyKeysError(Exception):
    """The app, or the custom integration, has ten keys."""


# Locks the app, so that two creations cannot both be the tenth.
_LOCK = "select id from apps where id = $1 for no key update"

# Both served by api_keys_of_app.
_COUNT = "select count(*) from api_keys where app_id = $1 and scope = $2 and integration_id is not distinct from $3"

_INSERT = """
insert into api_keys (id, scope, app_id, integration_id, display_name, secret) values ($1, $2, $3, $4, $5, $6)
"""

_LIST = """
select id, display_name, secret from api_keys
where app_id is not distinct from $1 and scope = $2 and integration_id is not distinct from $3 order by id
"""

_NAMES = """
select id, display_name, created_at from api_keys
where app_id is not distinct from $1 and scope = $2 and integration_id is null order by id
"""

# The three below by api_keys_pkey (and apps_pkey).
_GET = """
select id, display_name, secret from api_keys
where id = $4 and app_id is not distinct from $1 and scope = $2 and integration_id is not distinct from $3
"""

_DELETE = """
delete from api_keys
where id = $4 and app_id is not distinct from $1 and scope = $2 and integration_id is not distinct from $3
returning id
"""

_FIND = """
select k.scope, k.app_id, k.integration_id, k.secret, exists (select from apps a where a.id = $2) as app_exists
from api_keys k where k.id = $1
"""


def place(key_id: str) -> str:
    """The place a key's secret is sealed for."""
    return f"api_key:{key_id}"


async def create_key(
    connection: Connection,
    box: SecretBox,
    scope: str,
    app_id: str | None,
    integration_id: str | None,
    display_name: str,
) -> dict[str, Any]:
    """Mint a key: ``{id, displayName, secret}``. ``scope`` is account, app or integration.

    Raises :class:`TooManyKeysError`.
    """
    if app_id is not None:
        await connection.execute(_LOCK, app_id)
        if await connection.fetchval(_COUNT, app_id, scope, integration_id) >= MOST_KEYS:
            raise TooManyKeysError
    key_id = PREFIXES[scope] + new_id()
    secret = secrets.token_urlsafe(64)
    sealed = box.seal(secret, place(key_id))
    await connection.execute(_INSERT, key_id, scope, app_id, integration_id, display_name, sealed)
    return {"id": key_id, "displayName": display_name, "secret": secret}


async def list_keys(
    connection: Connection, box: SecretBox, scope: str, app_id: str | None, integration_id: str | None = None
) -> list[dict[str, Any]]:
    """The keys of an app or of a custom integration, with their secrets as the original does."""
    return [_wire(row, box) for row in await connection.fetch(_LIST, app_id, scope, integration_id)]


async def names_of_keys(connection: Connection, scope: str, app_id: str | None) -> list[dict[str, Any]]:
    """The same without secrets: id, display_name, created_at."""
    return [dict(row) for row in await connection.fetch(_NAMES, app_id, scope)]


async def get_key(
    connection: Connection, box: SecretBox, scope: str, app_id: str | None, integration_id: str | None, key_id: str
) -> dict[str, Any] | None:
    """One key, or None."""
    row = await connection.fetchrow(_GET, app_id, scope, integration_id, key_id)
    return None if row is None else _wire(row, box)


async def delete_key(
    connection: Connection, scope: str, app_id: str | None, integration_id: str | None, key_id: str
) -> bool:
    """Delete a key; whether there was one."""
    return await connection.fetchval(_DELETE, app_id, scope, integration_id, key_id) is not None


async def find_key(connection: Connection, key_id: str, app_id: str | None) -> Any:
    """What authentication needs, in one query: the key's row (or None), and whether ``app_id`` exists."""
    return await connection.fetchrow(_FIND, key_id, app_id)


def _wire(row: Any, box: SecretBox) -> dict[str, Any]:
    return {"id": row["id"], "displayName": row["display_name"], "secret": box.open(row["secret"], place(row["id"]))}
