"""Conversations by the API: reading, starting, changing and deleting them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heliograph.events import Event, publish
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import clients, paging, shapes
from heliograph.messaging.forget import FORGET_LANE, close, conversation_job
from heliograph.messaging.paging import Cut, Slice
from heliograph.messaging.switchboard.state import SEEN
from heliograph.storage import Connection, new_id


class UserNotFoundError(Exception):
    """No such user in this app."""


class OnlyOneConversationError(Exception):
    """The user has a conversation, and the app's ``multiConvoEnabled`` is off."""


class IsDefaultError(Exception):
    """The user's default conversation cannot be deleted."""


# Served by conversations_pkey and participants_of_user.
_GET = f"select {SEEN} from conversations v where id = $2 and app_id = $1"  # noqa: S608
_OF_USER = f"""
select {SEEN} from participants p join conversations v on v.id = p.conversation_id
where p.user_id = $2 and v.app_id = $1
"""  # noqa: S608

# The user's row is locked, so that two first conversations cannot both become the default one, and so that a user who
# is being deleted gets none; the app's too, for the same reason. Served by users_pkey or users_external.
_LOCK_USER = {
    "userId": """select u.*, a.settings from users u join apps a on a.id = u.app_id
                 where u.app_id = $1 and u.id = $2 for update of u for key share of a""",
    "userExternalId": """select u.*, a.settings from users u join apps a on a.id = u.app_id
                         where u.app_id = $1 and u.external_id = $2
                         order by u.brand_id nulls first limit 1 for update of u for key share of a""",
}

# The live client is the one that was heard of last. Served by participants_of_user, clients_of_user, primary keys.
_SURROUNDINGS = """
select exists (select from participants p join conversations v on v.id = p.conversation_id
               where p.user_id = $1 and v.type = 'personal') as has_personal,
       exists (select from participants where user_id = $1) as has_one,
       (select c.id from clients c join integrations i on i.id = c.integration_id
        where c.user_id = $1 and c.status = 'active' and c.removed_at is null
        order by c.last_seen desc nulls last, c.id desc limit 1) as client_id
"""

_CREATE = f"""
with made as (
    insert into conversations (id, app_id, type, is_default, display_name, description, icon_url, metadata,
                               last_updated_at, created_at)
    values ($1, $2, 'personal', $3, $4, $5, $6, $7, $8, $8) returning *
), joined as (
    insert into participants (id, app_id, conversation_id, user_id, client_id, created_at)
    values ($9, $2, $1, $10, $11, $8)
)
select {SEEN} from made v
"""  # noqa: S608

_LOCK = f"select {SEEN} from conversations v where app_id = $1 and id = $2 for update of v"  # noqa: S608

_UPDATE = f"""
update conversations v set
    display_name = case when $3::jsonb ? 'displayName' then $3 ->> 'displayName' else display_name end,
    description = case when $3 ? 'description' then $3 ->> 'description' else description end,
    icon_url = case when $3 ? 'iconUrl' then $3 ->> 'iconUrl' else icon_url end,
    metadata = case when $3 ? 'metadata' then coalesce(nullif($3 -> 'metadata', 'null'), '{{}}') else metadata end
where id = $2 and app_id = $1 returning {SEEN}
"""  # noqa: S608


async def get(connection: Connection, app_id: str, conversation_id: str) -> dict[str, Any] | None:
    """One conversation, or None."""
    row = await connection.fetchrow(_GET, app_id, conversation_id)
    return None if row is None else shapes.conversation(row)


async def list_of_user(connection: Connection, app_id: str, user_id: str, cut: Cut) -> Slice:
    """A page of the conversations a user takes part in."""
    page = await paging.cut_by_id(connection, _OF_USER, (app_id, user_id), cut, column="v.id")
    return Slice([shapes.conversation(row) for row in page.rows], page.more)


async def create_personal(
    connection: Connection,
    app_id: str,
    user: tuple[str, str],
    fields: Mapping[str, Any],
    now: datetime,
    *,
    sdk: bool = False,
) -> dict[str, Any]:
    """Start a personal conversation with an existing user, and tell of it (creationReason ``none``).

    ``user`` is (``userId`` or ``userExternalId``, its value). Messages reach the user's live client, if there is one.
    ``sdk``: the user shall have an SDK client, which takes part where no other does.
    Raises :class:`UserNotFoundError`, :class:`OnlyOneConversationError`.
    """
    field, value = user
    person = await connection.fetchrow(_LOCK_USER[field], app_id, value)
    if person is None:
        raise UserNotFoundError
    around = await connection.fetchrow(_SURROUNDINGS, person["id"])
    if around["has_one"] and not person["settings"].get("multiConvoEnabled"):
        raise OnlyOneConversationError
    client_id = around["client_id"]
    if sdk:
        made = await clients.sdk_clients(connection, app_id, [person["id"]], now)
        client_id = client_id or made[person["id"]]
    row = await connection.fetchrow(
        _CREATE,
        new_id(),
        app_id,
        not around["has_personal"],
        fields.get("displayName"),
        fields.get("description"),
        fields.get("iconUrl"),
        fields.get("metadata") or {},
        now,
        new_id(),
        person["id"],
        client_id,
    )
    wire_user = shapes.user(person)
    payload = {
        "conversation": shapes.conversation_brief(row),
        "user": shapes.user_brief(wire_user),
        "creationReason": "none",
        "source": {"type": "api:conversations"},
    }
    await publish(connection, [Event(app_id, "conversation:create", payload, now, row["id"], wire_user)])
    return shapes.conversation(row)


async def update(
    connection: Connection, app_id: str, conversation_id: str, changes: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Change what ``changes`` names; null clears. None: no such conversation."""
    row = await connection.fetchrow(_UPDATE, app_id, conversation_id, dict(changes))
    return None if row is None else shapes.conversation(row)


async def delete(connection: Connection, app_id: str, conversation_id: str, now: datetime) -> bool:
    """Delete a conversation, and tell of it. Its messages are unreachable at once; the `forget` lane erases them.

    False: no such conversation. Raises :class:`IsDefaultError`.
    """
    row = await connection.fetchrow(_LOCK, app_id, conversation_id)
    if row is None:
        return False
    if row["is_default"]:
        raise IsDefaultError
    await close(connection, row, now)
    await enqueue(connection, [NewJob(FORGET_LANE, conversation_id, conversation_job(conversation_id))])
    return True
