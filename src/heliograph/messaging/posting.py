"""Posting: a message that comes by the API. It writes to PostgreSQL and never waits for a channel.

lock conversation ──▶ message, counters ──▶ events ──▶ job in the conversation's `send` lane
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.events import Event, publish
from heliograph.events.wire_time import wire_time
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import shapes
from heliograph.messaging.apps import masks_cards, switched_on
from heliograph.messaging.card_numbers import masked_content
from heliograph.messaging.names import animal_name
from heliograph.messaging.posting_conversation import Held, hold
from heliograph.messaging.switchboard.state import assign
from heliograph.storage import Connection, new_id
from heliograph.telemetry.logs import get_logger

log = get_logger("messaging")

SEND_LANE = "send"

# Sunshine reference, chapter 1: a conversation holds at most this many messages; then 423.
MOST_MESSAGES = 30_000


class ConversationFullError(Exception):
    """The conversation holds 30,000 messages."""


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

_UNREAD = "update participants set unread_count = unread_count + 1 where conversation_id = $1"


async def post_message(
    connection: Connection, app_id: str, conversation_id: str, draft: Draft, now: datetime
) -> dict[str, Any]:
    """Store a message, tell of it, and put it in line for its channel. Returns the wire's message.

    Raises :class:`ConversationFullError`, and what :func:`hold` and :meth:`Held.writer` raise.
    """
    held = await hold(connection, app_id, conversation_id)
    now = held.not_before(now)
    if held.row["message_count"] >= MOST_MESSAGES:
        raise ConversationFullError
    by_user = draft.author["type"] == "user"
    writer = held.writer(draft.author) if by_user else None
    message = _message(draft, writer, held.settings, now)
    user_id = writer["user_id"] if writer else None
    await assign(connection, [held.row])
    await connection.execute(
        _INSERT, message["id"], app_id, conversation_id, draft.author["type"], user_id, now, message, draft.override
    )
    await connection.execute(_TOUCH, conversation_id, now)
    if not by_user:
        await connection.execute(_UNREAD, conversation_id)
    await publish(connection, [_event(app_id, held, message, writer, now)])
    if not by_user and not draft.silent:
        await _line_up(connection, held, message["id"])
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


def _message(draft: Draft, writer: Any, settings: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The wire's message (2.7). ``writer``: the participant who is its author; None: the business is."""
    author = {name: value for name, value in draft.author.items() if name != "userExternalId"}
    if writer:
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
    return message


def _name(settings: Mapping[str, Any], writer: Any) -> str:
    profile = writer["profile"]
    known = writer["display_name"] or " ".join(profile[part] for part in ("givenName", "surname") if profile.get(part))
    return animal_name(writer["user_id"]) if not known and switched_on(settings, "useAnimalNames") else str(known)


async def _line_up(connection: Connection, held: Held, message_id: str) -> None:
    """Put a message in line for the channel that its conversation is on, or was until its client was removed."""
    integration_id = held.reached_by
    if integration_id is None and held.row["type"] == "personal":
        integration_id = await connection.fetchval(_REMOVED, [person["user_id"] for person in held.people])
    if integration_id is not None:
        await enqueue(connection, [NewJob(SEND_LANE, held.row["id"], message_id, integration_id)])


def _event(app_id: str, held: Held, message: dict[str, Any], writer: Any, now: datetime) -> Event:
    person = writer or held.first
    user = shapes.user(person) if person else None
    told = message
    if writer and user:
        told = {**message, "author": {**message["author"], "user": shapes.user_brief(user)}}
    payload = {"conversation": shapes.conversation_brief(held.row), "message": told}
    return Event(app_id, "conversation:message", payload, now, held.row["id"], user)
