"""Clients: the channel identities of a user."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from heliograph.events import Event, publish
from heliograph.messaging import commitment, paging, shapes
from heliograph.messaging.paging import Cut, Slice
from heliograph.messaging.switchboard.state import SEEN
from heliograph.storage import Connection, new_id


class ClientNotFoundError(Exception):
    """The user has no such client."""


class SdkClientError(Exception):
    """A client of type ``sdk`` cannot be removed (Sunshine reference 1.14)."""


# Served by conversations_pkey.
_LOCK_CONVERSATION = f"select {SEEN} from conversations v where v.app_id = $1 and v.id = $2 for update of v"  # noqa: S608

# Served by clients_of_user.
_LIST = "select * from clients where app_id = $1 and user_id = $2 and removed_at is null"

# The user first, then all conversations of theirs in id order, then clients and participants, as intake has them.
# Served by the primary keys, participants_of_user and clients_of_user.
_LOCK_USER = "select * from users where app_id = $1 and id = $2 for no key update"
_LOCK_CONVERSATIONS = """
select v.id from participants p join conversations v on v.id = p.conversation_id
where p.user_id = $1 order by v.id for update of v
"""
_GET = "select * from clients where id = $2 and user_id = $1 and removed_at is null for update"
_REMOVE = """
update clients set removed_at = $2, display_name = null, avatar_url = null, raw = '{}' where id = $1
"""
_LEAVE = "update participants set client_id = null where user_id = $1 and client_id = $2 returning conversation_id"

# Served by clients_sdk. A statement of its own then reads what another transaction may have made.
_ADD_SDK = """
insert into clients (id, app_id, user_id, type, last_seen, linked_at)
select id, $1, user_id, 'sdk', $4, $4 from unnest($2::text[], $3::text[]) as n (id, user_id)
on conflict (user_id) where type = 'sdk' do nothing
"""
_SDK = "select user_id, id from clients where user_id = any ($1::text[]) and type = 'sdk'"

# The client that messages of the conversation go to. Served by participants_of_conversation and clients_pkey.
_LIVE = """
select c.integration_id, c.external_id from participants p join clients c on c.id = p.client_id
where p.app_id = $1 and p.conversation_id = $2 and c.type = $3 and c.status = 'active' order by p.id limit 1
"""


async def list_clients(connection: Connection, app_id: str, user_id: str, cut: Cut) -> Slice:
    """A page of a user's clients, as the wire shows them."""
    page = await paging.cut_by_id(connection, _LIST, (app_id, user_id), cut)
    return Slice([shapes.client(row) for row in page.rows], page.more)


async def fail_link(
    connection: Connection, app_id: str, person: Any, conversation_id: str, link: Mapping[str, Any], now: datetime
) -> dict[str, Any] | None:
    """A link into a channel that is not live: pending for the caller, and at once told as failed (reference 1.14, 3.3).

    ``person`` is the user's row, ``link`` has the client's ``type``, ``integrationId`` and ``externalId``. Nothing is
    stored: the user has the clients that they had. Returns the wire's client; None: no such conversation.
    """
    conversation = await connection.fetchrow(_LOCK_CONVERSATION, app_id, conversation_id)
    if conversation is None:
        return None
    client = {"id": new_id(), "status": "pending", **link}
    user = shapes.user(person)
    payload: dict[str, Any] = {
        "conversation": shapes.conversation_brief(conversation),
        "user": shapes.user_brief(user),
        "client": client,
        "reason": "linkFailed",
        "error": {"code": "channel_unavailable", "message": f"There is no {link['type']} channel on this server."},
        "source": {"type": "api:conversations"},
    }
    await publish(connection, [Event(app_id, "client:remove", payload, now, conversation_id, user)])
    return client


async def remove(connection: Connection, app_id: str, user_id: str, client_id: str, now: datetime) -> None:
    """Take a client from its user and from all conversations. It comes back when the person writes again.

    Raises :class:`ClientNotFoundError`, :class:`SdkClientError`.
    """
    person = await connection.fetchrow(_LOCK_USER, app_id, user_id)
    if person is None:
        raise ClientNotFoundError
    await connection.fetch(_LOCK_CONVERSATIONS, user_id)
    row = await connection.fetchrow(_GET, user_id, client_id)
    if row is None:
        raise ClientNotFoundError
    if row["type"] == "sdk":
        raise SdkClientError
    await connection.execute(_REMOVE, client_id, now)
    conversations = [one["conversation_id"] for one in await connection.fetch(_LEAVE, user_id, client_id)]
    await commitment.unreachable(connection, conversations, row["integration_id"])
    user = shapes.user(person)
    payload: dict[str, Any] = {
        "user": shapes.user_brief(user),
        "client": shapes.client(row),
        "reason": "api",
        "source": {"type": "api:conversations"},
    }
    await publish(connection, [Event(app_id, "client:remove", payload, now, user=user)])


async def sdk_clients(connection: Connection, app_id: str, user_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """The SDK clients of users, by user; made for those who have none. The users are locked by the caller."""
    if not user_ids:
        return {}
    await connection.execute(_ADD_SDK, app_id, [new_id() for _ in user_ids], list(user_ids), now)
    return {row["user_id"]: row["id"] for row in await connection.fetch(_SDK, list(user_ids))}


async def live_of(connection: Connection, app_id: str, conversation_id: str, kind: str) -> Mapping[str, Any] | None:
    """The integration and the person's id there of a conversation's active client of this type, or None."""
    row: Mapping[str, Any] | None = await connection.fetchrow(_LIVE, app_id, conversation_id, kind)
    return row
