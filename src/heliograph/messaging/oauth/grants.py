"""What a person grants a client: a code, then an integration of the app with a key that signs the token.

          exchanged                      comes again
fresh ───────────────▶ used ───────────────────────────▶ its key deleted: the token is worth nothing
  └── 10 minutes, or the key that approved it is deleted ──▶ nothing
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.messaging import keys
from heliograph.messaging.oauth.clients import Client
from heliograph.storage import Connection, SecretBox, new_id

CODE_LIFE = timedelta(minutes=10)

# Used codes are known for this long after they lapsed, so that a second use is recognised.
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """A granted access: the key that signs its token."""

    app_id: str
    key_id: str
    secret: str


# Served by oauth_codes_pkey, oauth_codes_age, apps_pkey, integrations_of_oauth and api_keys_of_app.
_INSERT = """
insert into oauth_codes (hash, client_id, app_id, approved_by, redirect_uri, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
_PURGE = "delete from oauth_codes where expires_at < $1"
_LOCK_CLIENT = "select id from oauth_clients where id = $1 for key share"
_APP_OF = "select app_id from oauth_codes where hash = $1 and client_id = $2"
_LOCK_APP = "select id from apps where id = $1 for no key update"
_LOCK_CODE = "select * from oauth_codes where hash = $1 for update"
_USE = "update oauth_codes set key_id = $2 where hash = $1"
_TAKE_BACK = "delete from api_keys where id = $1"
_INTEGRATION = "select id from integrations where type = $1 and app_id = $2 and type ~ '^[0-9a-f]{24}$'"
_CREATE = "insert into integrations (id, app_id, type, display_name) values ($1, $2, $3, $4)"
# An integration has ten keys at most: the oldest tokens make room.
_MAKE_ROOM = """
delete from api_keys where id = any (array(
    select id from api_keys where app_id = $1 and integration_id = $2 order by created_at desc, id desc offset $3
))
"""


async def give_code(
    connection: Connection, client: Client, app_id: str, key_id: str, redirect_uri: str, now: datetime
) -> str:
    """A code for the client, approved by the holder of a key. Only its hash is kept."""
    code = secrets.token_urlsafe(32)
    await connection.execute(_PURGE, now - _KEPT)
    await connection.execute(_INSERT, _hash(code), client.id, app_id, key_id, redirect_uri, now + CODE_LIFE)
    return code


async def exchange(
    connection: Connection, box: SecretBox, client: Client, code: str, redirect_uri: str | None, now: datetime
) -> Grant | None:
    """The grant that a code stands for. None: no such code, too late, not this client's, or used before.

    Commit either way: a code that comes again takes down the token it became (RFC 6749, 4.1.2).
    """
    if await connection.fetchval(_LOCK_CLIENT, client.id) is None:
        return None
    app_id = await connection.fetchval(_APP_OF, _hash(code), client.id)
    if app_id is None or await connection.fetchval(_LOCK_APP, app_id) is None:
        return None
    row = await connection.fetchrow(_LOCK_CODE, _hash(code))
    if row is None:
        return None
    if row["key_id"] is not None:
        await connection.execute(_TAKE_BACK, row["key_id"])
        return None
    # The original's request has no redirect_uri; whoever sends it, as RFC 6749 wants, must send the right one.
    if row["expires_at"] <= now or redirect_uri not in (None, row["redirect_uri"]):
        return None
    key = await _key(connection, box, app_id, client)
    await connection.execute(_USE, _hash(code), key["id"])
    return Grant(app_id, key["id"], key["secret"])


async def _key(connection: Connection, box: SecretBox, app_id: str, client: Client) -> dict[str, Any]:
    """A new key of the client's integration in the app, which is made when it is the first. The app is locked."""
    integration_id = await connection.fetchval(_INTEGRATION, client.id, app_id)
    if integration_id is None:
        integration_id = new_id()
        await connection.execute(_CREATE, integration_id, app_id, client.id, client.display_name)
    await connection.execute(_MAKE_ROOM, app_id, integration_id, keys.MOST_KEYS - 1)
    return await keys.create_key(connection, box, "integration", app_id, integration_id, client.display_name)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
