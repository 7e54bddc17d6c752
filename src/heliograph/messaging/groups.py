"""Group conversations (type ``sdkGroup``): starting one, joining, leaving (Sunshine reference 1.4, 1.5).

Locks: app and users in id order, then the conversation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.events import Event, publish
from heliograph.messaging import clients, shapes
from heliograph.messaging.conversations import OnlyOneConversationError, UserNotFoundError
from heliograph.messaging.switchboard.state import SEEN
from heliograph.storage import Connection, new_id

MOST_PARTICIPANTS = 10


class AppNotFoundError(Exception):
    """The app was deleted just now."""


class ConversationNotFoundError(Exception):
    """No such conversation in this app."""


class NotAGroupError(Exception):
    """The conversation is personal: nobody joins or leaves it."""


class TooManyParticipantsError(Exception):
    """The conversation has ten participants."""


class NotAMemberError(Exception):
    """The user takes no part in the conversation."""


class TwiceError(Exception):
    """The same user is named twice."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who shall take part: ``field`` is ``userId`` or ``userExternalId``. ``sdk``: by an SDK client too."""

    field: str
    value: str
    sdk: bool = False


# Served by users_pkey and users_external. The users stay while the transaction lasts; the app's settings come along.
_LOCK_USERS = """
select u.*, a.settings from users u join apps a on a.id = u.app_id
where u.app_id = $1 and (u.id = any ($2::text[]) or u.external_id = any ($3::text[]))
order by u.id for no key update of u for key share of a
"""

# A statement of its own after the lock: only then does it see what others did meanwhile. Served by participants_of_user.
_BUSY = "select distinct user_id from participants where user_id = any ($1::text[]) and conversation_id <> $2"

_GET = f"select {SEEN} from conversations v where app_id = $1 and id = $2"  # noqa: S608
_LOCK = _GET + " for update of v"

_CREATE = f"""
with made as (
    insert into conversations (id, app_id, type, display_name, description, icon_url, metadata,
                               last_updated_at, created_at)
    select $1, id, 'sdkGroup', $3, $4, $5, $6, $7, $7 from apps where id = $2 for key share returning *
)
select {SEEN} from made v
"""  # noqa: S608

_JOIN = """
insert into participants (id, app_id, conversation_id, user_id, client_id, created_at)
select id, $1, $2, user_id, client_id, $6 from unnest($3::text[], $4::text[], $5::text[]) as n (id, user_id, client_id)
on conflict do nothing
"""

# Served by participants_of_conversation and the primary keys.
_MEMBERS = """
select p.*, u.external_id, c.type as client_type
from participants p join users u on u.id = p.user_id left join clients c on c.id = p.client_id
where p.conversation_id = $1
"""

_LEAVE = """
delete from participants p using users u
where p.conversation_id = $1 and p.user_id = u.id and (u.id = $2 or p.id = $3) returning u.*
"""


async def create(
    connection: Connection, app_id: str, members: Sequence[Member], fields: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Start a group with existing users, or with nobody yet, and tell of it (creationReason ``none``).

    Raises :class:`UserNotFoundError`, :class:`TwiceError`, :class:`OnlyOneConversationError`,
    :class:`AppNotFoundError`.
    """
    people = await _lock(connection, app_id, members, "")
    row = await connection.fetchrow(
        _CREATE,
        new_id(),
        app_id,
        fields.get("displayName"),
        fields.get("description"),
        fields.get("iconUrl"),
        fields.get("metadata") or {},
        now,
    )
    if row is None:
        raise AppNotFoundError
    await _add(connection, app_id, row["id"], people, now)
    payload = {
        "conversation": shapes.conversation_brief(row),
        "creationReason": "none",
        "source": {"type": "api:conversations"},
    }
    await publish(connection, [Event(app_id, "conversation:create", payload, now, row["id"])])
    return shapes.conversation(row)


async def join(
    connection: Connection, app_id: str, conversation_id: str, member: Member, now: datetime
) -> dict[str, Any]:
    """Let a user take part; the wire's participant. Who takes part already stays as they are, and nothing is told.

    Raises :class:`ConversationNotFoundError`, :class:`NotAGroupError`, :class:`TooManyParticipantsError`,
    :class:`UserNotFoundError`, :class:`OnlyOneConversationError`.
    """
    _check_group(await connection.fetchrow(_GET, app_id, conversation_id))
    ((person, sdk),) = await _lock(connection, app_id, [member], conversation_id)
    row = _check_group(await connection.fetchrow(_LOCK, app_id, conversation_id))
    members = {found["user_id"]: found for found in await connection.fetch(_MEMBERS, conversation_id)}
    if person["id"] not in members:
        if len(members) >= MOST_PARTICIPANTS:
            raise TooManyParticipantsError
        await _add(connection, app_id, conversation_id, [(person, sdk)], now)
        members = {found["user_id"]: found for found in await connection.fetch(_MEMBERS, conversation_id)}
        await publish(connection, [_event("conversation:join", row, person, now)])
    return shapes.participant(members[person["id"]])


async def leave(
    connection: Connection, app_id: str, conversation_id: str, field: str, value: str, now: datetime
) -> None:
    """End a user's part in a group. ``field`` is ``userId``, ``userExternalId`` or ``participantId``.

    Raises :class:`ConversationNotFoundError`, :class:`NotAGroupError`, :class:`UserNotFoundError`,
    :class:`NotAMemberError`.
    """
    row = _check_group(await connection.fetchrow(_LOCK, app_id, conversation_id))
    participant_id = user_id = None
    if field == "participantId":
        participant_id = value
    else:
        user_id = await connection.fetchval(_USER_ID[field], app_id, value)
        if user_id is None:
            raise UserNotFoundError
    person = await connection.fetchrow(_LEAVE, conversation_id, user_id, participant_id)
    if person is None:
        raise NotAMemberError
    await publish(connection, [_event("conversation:leave", row, person, now)])


_USER_ID = {
    "userId": "select id from users where app_id = $1 and id = $2",
    "userExternalId": """
        select id from users where app_id = $1 and external_id = $2 order by brand_id nulls first limit 1
    """,
}


def _check_group(row: Any) -> Any:
    if row is None:
        raise ConversationNotFoundError
    if row["type"] != "sdkGroup":
        raise NotAGroupError
    return row


async def _lock(
    connection: Connection, app_id: str, members: Sequence[Member], conversation_id: str
) -> list[tuple[Any, bool]]:
    """The users that are meant, locked, each with the wish for an SDK client."""
    rows = await connection.fetch(
        _LOCK_USERS,
        app_id,
        [member.value for member in members if member.field == "userId"],
        [member.value for member in members if member.field == "userExternalId"],
    )
    busy = {row["user_id"] for row in await connection.fetch(_BUSY, [row["id"] for row in rows], conversation_id)}
    by_id = {row["id"]: row for row in rows}
    by_external_id = {
        row["external_id"]: row for row in sorted(rows, key=lambda row: row["brand_id"] or "", reverse=True)
    }
    people: dict[str, tuple[Any, bool]] = {}
    for member in members:
        person = (by_id if member.field == "userId" else by_external_id).get(member.value)
        if person is None:
            raise UserNotFoundError
        if person["id"] in people:
            raise TwiceError
        if person["id"] in busy and not person["settings"].get("multiConvoEnabled"):
            raise OnlyOneConversationError
        people[person["id"]] = (person, member.sdk)
    return list(people.values())


async def _add(
    connection: Connection, app_id: str, conversation_id: str, people: Sequence[tuple[Any, bool]], now: datetime
) -> None:
    ids = [person["id"] for person, _ in people]
    sdk = await clients.sdk_clients(connection, app_id, [person["id"] for person, wanted in people if wanted], now)
    new_ids = [new_id() for _ in ids]
    await connection.execute(_JOIN, app_id, conversation_id, new_ids, ids, [sdk.get(user_id) for user_id in ids], now)


def _event(kind: str, conversation: Any, person: Any, now: datetime) -> Event:
    user = shapes.user(person)
    payload = {"conversation": shapes.conversation_brief(conversation), "user": shapes.user_brief(user)}
    return Event(conversation["app_id"], kind, payload, now, conversation["id"], user)
