"""Users: reading and changing them by the API. People who write on a channel are made by `contacts`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heliograph.messaging import shapes
from heliograph.storage import Connection

# Served by users_pkey and users_external. An id wins over an external id that looks like one.
_FIND = """
select * from users where app_id = $1 and (id = $2 or external_id = $2) order by (id = $2) desc limit 1
"""

_FIND_BY = {
    "userId": "select * from users where app_id = $1 and id = $2",
    "userExternalId": "select * from users where app_id = $1 and external_id = $2",
}

_UPDATE = """
update users set
    signed_up_at = case when $3::jsonb ? 'signedUpAt' then $4 else signed_up_at end,
    to_be_retained = case when $3 ? 'toBeRetained' then ($3 ->> 'toBeRetained')::boolean else to_be_retained end,
    profile = jsonb_strip_nulls(profile || coalesce(nullif($3 -> 'profile', 'null'), '{}')),
    metadata = case when $3 ? 'metadata' then coalesce(nullif($3 -> 'metadata', 'null'), '{}') else metadata end
where app_id = $1 and id = $2 returning *
"""


async def find(connection: Connection, app_id: str, id_or_external_id: str) -> Any:
    """The user's row, or None."""
    return await connection.fetchrow(_FIND, app_id, id_or_external_id)


async def find_by(connection: Connection, app_id: str, field: str, value: str) -> Any:
    """The user's row by ``userId`` or ``userExternalId`` and nothing else, or None."""
    return await connection.fetchrow(_FIND_BY[field], app_id, value)


async def get(connection: Connection, app_id: str, id_or_external_id: str) -> dict[str, Any] | None:
    """The user as the wire shows it, or None."""
    row = await find(connection, app_id, id_or_external_id)
    return None if row is None else shapes.user(row)


async def update(
    connection: Connection,
    app_id: str,
    id_or_external_id: str,
    changes: Mapping[str, Any],
    signed_up_at: datetime | None,
) -> dict[str, Any] | None:
    """Change what ``changes`` names: the profile field by field (null clears one), metadata as a whole.

    ``signed_up_at`` is the parsed ``signedUpAt`` of ``changes``. None: no such user.
    """
    user = await find(connection, app_id, id_or_external_id)
    if user is None:
        return None
    row = await connection.fetchrow(_UPDATE, app_id, user["id"], dict(changes), signed_up_at)
    return None if row is None else shapes.user(row)
