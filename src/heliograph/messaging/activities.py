"""Activities: typing, reading, and reactions of the business that come by the API. As `posting`, it waits for no channel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from heliograph.events import Event, publish
from heliograph.lanes import NewJob, enqueue
from heliograph.messaging import shapes
from heliograph.messaging.posting import SEND_LANE
from heliograph.messaging.posting_conversation import hold
from heliograph.storage import Connection, is_id


class MessageNotFoundError(Exception):
    """No such message in this conversation."""


class NoChannelError(Exception):
    """The conversation is on no channel that could be told."""


# Served by messages_pkey.
_MESSAGE = "select true from messages where id = $1 and conversation_id = $2 and not deleted"


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
    held = await hold(connection, app_id, conversation_id)
    now = held.not_before(now)
    activity: dict[str, Any] = {
        "type": kind,
        "author": {name: value for name, value in author.items() if name != "userExternalId"},
        "source": {"type": "api:conversations"},
    }
    user = held.first
    if author["type"] == "user":
        user = held.writer(author)
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
    payload = {"conversation": shapes.conversation_brief(held.row), "activity": activity}
    full_user = shapes.user(user) if user else None
    await publish(connection, [Event(app_id, event_type, payload, now, conversation_id, full_user)])
    integration_id = held.reached_by
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
    held = await hold(connection, app_id, conversation_id)
    integration_id = held.reached_by
    if integration_id is None:
        raise NoChannelError
    if is_id(wanted["message"]) and not await connection.fetchval(_MESSAGE, wanted["message"], conversation_id):
        raise MessageNotFoundError
    job = orjson.dumps({**wanted, "at": now.timestamp()}).decode()
    await enqueue(connection, [NewJob(SEND_LANE, conversation_id, job, integration_id)])
