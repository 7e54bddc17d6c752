"""Users: making, reading and changing them by the API. People who write on a channel are made by `contacts`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heliograph.lanes import enqueue
from heliograph.messaging import forget, shapes
from heliograph.storage import Connection, new_id


class UserExistsError(Exception):
    """The external id is taken, in the same brand."""


# Served by users_pkey and users_external. An id wins over an external id that looks like one; an external id is looked
# for within the brand that is named (Sunshine reference 1.13), or among users of no brand.
_FIND = """
select * from users where app_id = $1 and (id = $2 or external_id = $2 and coalesce(brand_id, '') = coalesce($3, ''))
order by (id = $2) desc limit 1
"""

# The wire names no brand beside a `userExternalId`: a user of no brand comes first.
_FIND_BY = {
    "userId": "select * from users where app_id = $1 and id = $2",
    "userExternalId": """
        select * from users where app_id = $1 and external_id = $2 order by brand_id nulls first limit 1
    """,
}

_INSERT = """
insert into users (id, app_id, external_id, brand_id, signed_up_at, to_be_retained, profile, metadata, created_at)
select $1, id, $3, $4, $5, $6, jsonb_strip_nulls($7), $8, $9 from apps where id = $2 for key share
on conflict do nothing returning *
"""

_APP = "select exists (select from apps where id = $1)"

# Served by users_identities.
_BY_EMAIL = """
select * from users where app_id = $1 and identities <> '[]'
  and identities @> jsonb_build_array(jsonb_build_object('type', 'email', 'value', lower($2)))
  and ($3::text is null or brand_id = $3)
order by id limit 100
"""

_UPDATE = """
update users set
    signed_up_at = case when $3::jsonb ? 'signedUpAt' then $4 else signed_up_at end,
    to_be_retained = case when $3 ? 'toBeRetained' then ($3 ->> 'toBeRetained')::boolean else to_be_retained end,
    profile = jsonb_strip_nulls(profile || coalesce(nullif($3 -> 'profile', 'null'), '{}')),
    metadata = case when $3 ? 'metadata' then coalesce(nullif($3 -> 'metadata', 'null'), '{}') else metadata end
where app_id = $1 and id = $2 returning *
"""

# Sunshine reference 1.13: what is personal of a user, and of a user's clients (clients_of_user).
_BLANK = """
update users set profile = profile - '{givenName,surname,email,avatarUrl}'::text[], metadata = '{}',
    identities = '[]'
where app_id = $1 and id = $2 returning *
"""
_BLANK_CLIENTS = "update clients set display_name = null, avatar_url = null, raw = '{}' where user_id = $1"


async def find(connection: Connection, app_id: str, id_or_external_id: str, brand_id: str | None = None) -> Any:
    """The user's row, or None."""
    return await connection.fetchrow(_FIND, app_id, id_or_external_id, brand_id)


async def find_by(connection: Connection, app_id: str, field: str, value: str) -> Any:
    """The user's row by ``userId`` or ``userExternalId`` and nothing else, or None."""
    return await connection.fetchrow(_FIND_BY[field], app_id, value)


async def create(
    connection: Connection, app_id: str, fields: Mapping[str, Any], signed_up_at: datetime | None, now: datetime
) -> dict[str, Any] | None:
    """Make a user. Without a date of signing up, it is today. None: no such app.

    Raises :class:`UserExistsError`.
    """
    row = await connection.fetchrow(
        _INSERT,
        new_id(),
        app_id,
        fields.get("externalId"),
        fields.get("brandId"),
        signed_up_at or now,
        fields.get("toBeRetained"),
        fields.get("profile") or {},
        fields.get("metadata") or {},
        now,
    )
    if row is None:
        if await connection.fetchval(_APP, app_id):
            raise UserExistsError
        return None
    return shapes.user(row)


async def list_by_email(connection: Connection, app_id: str, email: str, brand_id: str | None) -> list[dict[str, Any]]:
    """Users who have an email among their identities. What stands in ``profile.email`` does not count."""
    return [shapes.user(row) for row in await connection.fetch(_BY_EMAIL, app_id, email, brand_id)]


async def update(
    connection: Connection, app_id: str, user_id: str, changes: Mapping[str, Any], signed_up_at: datetime | None
) -> dict[str, Any] | None:
    """Change what ``changes`` names: the profile field by field (null clears one), metadata as a whole.

    ``signed_up_at`` is the parsed ``signedUpAt`` of ``changes``. None: no such user.
    """
    row = await connection.fetchrow(_UPDATE, app_id, user_id, dict(changes), signed_up_at)
    return None if row is None else shapes.user(row)


async def forget_personal(connection: Connection, app_id: str, user_id: str) -> dict[str, Any] | None:
    """Clear what is personal of a user and of their clients; messages stay, soon without the name. None: no such user."""
    row = await connection.fetchrow(_BLANK, app_id, user_id)
    if row is None:
        return None
    await connection.execute(_BLANK_CLIENTS, user_id)
    await enqueue(connection, [forget.personal_job(app_id, user_id)])
    return shapes.user(row)
