"""Posting: a message or an activity that comes by the API. It writes to PostgreSQL and never waits for a channel.

lock conversation ──▶ message, counters ──▶ events ──▶ job in the conversation's `send` lane
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from heliograph.events import Event, publish
from heliograph.events.wire_time import wire_time
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import shapes
from heliograph.messaging.apps import masks_cards, switched_on
from heliograph.messaging.card_numbers import masked_content
from heliograph.messaging.names import animal_name
from heliograph.messaging.switchboard.state import CONVERSATION, assign
from heliograph.storage import Connection, new_id
from heliograph.telemetry.logs import get_logger

log = get_logger("messaging")

SEND_LANE = "send"

# Sunshine reference, chapter 1: a conversation holds at most this many messages; then 423.
MOST_MESSAGES = 30_000

# What tells our ids from a channel's.
OUR_ID = re.compile(r"[0-9a-f]{24}")


class ConversationNotFoundError(Exception):
    """No such conversation in this app."""


class ConversationFullError(Exception):
    """The conversation holds 30,000 messages."""


class AuthorNotFoundError(Exception):
    """The user who should have written is not a participant of the conversation."""


class MessageNotFoundError(Exception):
    """No such message in this conversation."""


class NoChannelError(Exception):
    """The conversation is on no channel that could be told."""


class KeyReusedError(Exception):
    """The idempotency key was used before, with another request."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be posted. ``content`` and ``author`` are the wire's objects, already checked.

    ``silent``: store and tell, but hand nothing to a channel (``destination.integrationType: none``). ``override``: what
    channels get in the place of the content, by channel. ``references``: what an answer is based on.
    """

    author: dict[str, Any]
    content: dict[str, Any]
    metadata: dict[str, Any] | None = None
    silent: bool = False
    override: dict[str, Any] | None = None
    references: list[dict[str, Any]] | None = None


# Served by primary keys and participants_of_conversation. A personal conversation has one participant; of several, the
# first that joined.
_CONVERSATION = f"""
select {CONVERSATION} as conversation, (select a.settings from apps a where a.id = v.app_id) as settings
from conversations v where v.id = $1 and v.app_id = $2 for update
"""  # noqa: S608

_PARTICIPANTS = """
select p.user_id, p.client_id, c.integration_id, c.type as client_type, c.display_name, c.avatar_url, c.status,
       u.id, u.external_id, u.brand_id, u.signed_up_at, u.to_be_retained, u.profile, u.metadata, u.identities
from participants p join users u on u.id = p.user_id left join clients c on c.id = p.client_id
where p.conversation_id = $1 order by p.id
"""

# A client that the API removed: a message for it fails, and is told as failed. Served by clients_of_user.
_REMOVED = """
select integration_id from clients where user_id = any ($1::text[]) and removed_at is not null
order by removed_at desc limit 1
"""

_INSERT = """
insert into messages (id, app_id, conversation_id, author_type, user_id, received, body, override)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_TOUCH = """
update conversations set last_updated_at = greatest(last_updated_at, $2), message_count = message_count + 1 where id = $1
"""

# Served by messages_pkey.
_MESSAGE = "select true from messages where id = $1 and conversation_id = $2 and not deleted"

_UNREAD = "update participants set unread_count = unread_count + 1 where conversation_id = $1"


async def post_message(
    connection: Connection, app_id: str, conversation_id: str, draft: Draft, now: datetime
) -> dict[str, Any]:
    """Store a message, tell of it, and put it in line for its channel. Returns the wire's message.

    Raises :class:`ConversationNotFoundError`, :class:`ConversationFullError`, :class:`AuthorNotFoundError`.
    """
    conversation, people, settings = await _lock(connection, app_id, conversation_id)
    now = _not_before(conversation, now)
    if conversation["message_count"] >= MOST_MESSAGES:
        raise ConversationFullError
    by_user = draft.author["type"] == "user"
    author, writer = dict(draft.author), None
    author.pop("userExternalId", None)
    if by_user:
        writer = _writer(people, draft.author)
        author["userId"] = writer["user_id"]
        if "displayName" not in author:
            author["displayName"] = _name(settings, writer)
    message: dict[str, Any] = {
        "id": new_id(),
        "received": wire_time(now),
        "author": author,
        "content": masked_content(draft.content) if masks_cards(settings) else draft.content,
        "source": {"type": "api:conversations"},
    }
    if draft.metadata is not None:
        message["metadata"] = draft.metadata
    if draft.references is not None:
        message["references"] = draft.references
    user_id = writer["user_id"] if writer else None
    await assign(connection, [conversation])
    await connection.execute(
        _INSERT, message["id"], app_id, conversation_id, author["type"], user_id, now, message, draft.override
    )
    await connection.execute(_TOUCH, conversation_id, now)
    if not by_user:
        await connection.execute(_UNREAD, conversation_id)
    await publish(connection, [_message_event(app_id, conversation, message, writer or _first(people), by_user, now)])
    if not by_user and not draft.silent:
        integration_id = _reached_by(people)
        if integration_id is None and conversation["type"] == "personal":
            integration_id = await connection.fetchval(_REMOVED, [person["user_id"] for person in people])
        if integration_id is not None:
            await enqueue(connection, [NewJob(SEND_LANE, conversation_id, message["id"], integration_id)])
    log.info("accepted", message=message["id"], conversation=conversation_id, app=app_id)
    return message


async def post_once(
    connection: Connection,
    app_id: str,
    conversation_id: str,
    draft: Draft,
    now: datetime,
    *,
    key: str,
    request: bytes,
) -> dict[str, Any]:
    """As :func:`post_message`, once per idempotency key: a repeat gets the first answer.

    ``request`` is the body as it came. Raises :class:`KeyReusedError` when it differs from the first one's.
    """
    digest = hashlib.sha256(conversation_id.encode() + b"\0" + request).digest()
    claimed = await connection.fetchval(
        "insert into idempotency_keys (app_id, key, request_hash, conversation_id) values ($1, $2, $3, $4)"
        " on conflict do nothing returning true",
        app_id,
        key,
        digest,
        conversation_id,
    )
    if not claimed:
        row = await connection.fetchrow(
            "select request_hash, response from idempotency_keys where app_id = $1 and key = $2", app_id, key
        )
        if row["request_hash"] != digest:
            raise KeyReusedError
        return dict(row["response"])
    message = await post_message(connection, app_id, conversation_id, draft, now)
    await connection.execute(
        "update idempotency_keys set response = $3 where app_id = $1 and key = $2", app_id, key, message
    )
    return message


async def post_activity(
    connection: Connection,
    app_id: str,
    conversation_id: str,
    kind: str,
    author: Mapping[str, Any],
    now: datetime,
) -> None:
    """Typing or reading (``typing:start``, ``typing:stop``, ``conversation:read``): recorded, told, passed on.

    Raises :class:`ConversationNotFoundError`, :class:`AuthorNotFoundError`.
    """
    conversation, people, _ = await _lock(connection, app_id, conversation_id)
    now = _not_before(conversation, now)
    activity: dict[str, Any] = {
        "type": kind,
        "author": {name: value for name, value in author.items() if name != "userExternalId"},
        "source": {"type": "api:conversations"},
    }
    user = _first(people)
    if author["type"] == "user":
        user = _writer(people, author)
        activity["author"] |= {"userId": user["user_id"], "user": shapes.user_brief(shapes.user(user))}
        if kind == "conversation:read":
            await connection.execute(
                "update participants set unread_count = 0, last_read = $3 where conversation_id = $1 and user_id = $2",
                conversation_id,
                user["user_id"],
                now,
            )
    elif kind == "conversation:read":
        await connection.execute("update conversations set business_last_read = $2 where id = $1", conversation_id, now)
    event_type = "conversation:read" if kind == "conversation:read" else "conversation:typing"
    payload = {"conversation": shapes.conversation_brief(conversation), "activity": activity}
    full_user = shapes.user(user) if user else None
    await publish(connection, [Event(app_id, event_type, payload, now, conversation_id, full_user)])
    integration_id = _reached_by(people)
    if author["type"] == "business" and integration_id is not None:
        job = orjson.dumps({"activity": kind, "at": now.timestamp()}).decode()
        await enqueue(connection, [NewJob(SEND_LANE, conversation_id, job, integration_id)])


async def post_reaction(
    connection: Connection, app_id: str, conversation_id: str, wanted: Mapping[str, Any], now: datetime
) -> None:
    """The business reacts to a message (``activity`` react, with a ``reaction``) or takes that back (unreact).

    ``message`` in ``wanted`` is our id, or the channel's. It is put in line for the channel; only the channel knows what
    comes of it. Raises :class:`ConversationNotFoundError`, :class:`MessageNotFoundError`, :class:`NoChannelError`.
    """
    _, people, _ = await _lock(connection, app_id, conversation_id)
    integration_id = _reached_by(people)
    if integration_id is None:
        raise NoChannelError
    if OUR_ID.fullmatch(wanted["message"]) and not await connection.fetchval(
        _MESSAGE, wanted["message"], conversation_id
    ):
        raise MessageNotFoundError
    job = orjson.dumps({**wanted, "at": now.timestamp()}).decode()
    await enqueue(connection, [NewJob(SEND_LANE, conversation_id, job, integration_id)])


async def _lock(
    connection: Connection, app_id: str, conversation_id: str
) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    """The locked conversation, who takes part in it, and the app's settings."""
    row = await connection.fetchrow(_CONVERSATION, conversation_id, app_id)
    if row is None:
        raise ConversationNotFoundError
    people = list(await connection.fetch(_PARTICIPANTS, conversation_id))
    return row["conversation"], people, row["settings"] or {}


def _not_before(conversation: Mapping[str, Any], now: datetime) -> datetime:
    """``now`` was read before the wait for the conversation: what was written meanwhile must not come after it."""
    return max(now, datetime.fromisoformat(conversation["last_updated_at"]).astimezone(UTC))


def _writer(people: list[Any], author: Mapping[str, Any]) -> Any:
    for person in people:
        if author.get("userId") == person["user_id"] or (
            "userExternalId" in author and author["userExternalId"] == person["external_id"]
        ):
            return person
    raise AuthorNotFoundError


def _reached_by(people: list[Any]) -> str | None:
    """The integration whose channel the conversation is on; an SDK client belongs to none."""
    return next((str(person["integration_id"]) for person in people if person["integration_id"]), None)


def _name(settings: Mapping[str, Any], writer: Any) -> str:
    profile = writer["profile"]
    known = writer["display_name"] or " ".join(profile[part] for part in ("givenName", "surname") if profile.get(part))
    return animal_name(writer["user_id"]) if not known and switched_on(settings, "useAnimalNames") else str(known)


def _first(people: list[Any]) -> Any:
    return people[0] if people else None


def _message_event(
    app_id: str, conversation: dict[str, Any], message: dict[str, Any], person: Any, by_user: bool, now: datetime
) -> Event:
    user = shapes.user(person) if person else None
    told = message
    if by_user and user:
        told = {**message, "author": {**message["author"], "user": shapes.user_brief(user)}}
    payload = {"conversation": shapes.conversation_brief(conversation), "message": told}
    return Event(app_id, "conversation:message", payload, now, conversation["id"], user)
