"""Attachments: files that the API takes in, kept in pieces in PostgreSQL so that every machine can serve them.

    begin ──▶ piece, piece, … ──▶ finish ──▶ shown by messages ──▶ gone with the last of them
      └── given up, or left by a process that died: dropped by a later `begin`

Invariant: an attachment is served only between `finish` and its end, and no piece is there without its attachment.
No transaction spans an upload: nothing is held while a slow client sends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from heliograph.storage import Connection, new_ulid

# All pieces but the last have this size, so that a range is found without reading what is before it.
PIECE_BYTES = 256 * 1024

# An upload takes less than this (the API sees to it); what is unfinished for longer was left behind.
LEFT_AFTER_SECONDS = 3600

_MOST_SWEPT = 4


class AppGoneError(Exception):
    """The app was deleted."""


class ConversationGoneError(Exception):
    """No such conversation in this app, or no longer."""


# Both locked, so that neither goes between this and what would outlive it. Served by primary keys.
_APP = "select true from apps where id = $1 for key share"
_CONVERSATION = "select true from conversations where id = $2 and app_id = $1 for key share"

# Served by attachments_unfinished.
_SWEEP = """
delete from attachments where id = any (array(
    select id from attachments where size is null and created_at < now() - make_interval(secs => $1)
    order by created_at limit $2 for update skip locked))
"""
_BEGIN = "insert into attachments (id, app_id, conversation_id, for_message) values ($1, $2, $3, $4)"
# Of a run that died: attachments_of_media has room for one copy.
_DROP_COPY = "delete from attachments where media_id = $1"
_BEGIN_COPY = """
insert into attachments (id, app_id, media_id) select $1, $2, id from media where id = $3 for key share returning id
"""
_PIECE = "insert into attachment_pieces (attachment_id, number, data) values ($1, $2, $3)"
_FINISH = "update attachments set name = $2, media_type = $3, size = $4 where id = $1 returning id"
_DROP = "delete from attachments where id = $1"

# What a deleted app leaves is not served until it is erased. Served by attachments_pkey and apps_pkey.
_SERVED = """
select a.id, a.name, a.media_type, a.size from attachments a join apps p on p.id = a.app_id
where a.id = $1 and a.size is not null
"""
_READ = "select data from attachment_pieces where attachment_id = $1 and number = $2"
_REMOVE = "delete from attachments where app_id = $1 and id = $2 and size is not null returning id"
_DESCRIBE = """
select id, media_type, size from attachments where app_id = $1 and id = any ($2::text[]) and size is not null
"""

# Locked: what is being deleted meanwhile is not linked. A message that was deleted since links nothing.
_LINK = """
insert into attachment_uses (attachment_id, message_id, conversation_id)
select a.id, $3, $4 from (
    select id from attachments where app_id = $1 and id = any ($2::text[]) and for_message order by id for key share
) a
where exists (select from messages where id = $3) on conflict do nothing
"""

# Who lets go of them, by what it is that went. Served by attachment_uses_of_… and attachments_of_conversation.
_OF_MESSAGES = "select attachment_id from attachment_uses where message_id = any ($1::text[])"
_OF_HISTORY = "select attachment_id from attachment_uses where conversation_id = any ($1::text[])"
_OF_CONVERSATIONS = """
select attachment_id from attachment_uses where conversation_id = any ($1::text[])
union select id from attachments where conversation_id = any ($1::text[]) and for_message
"""
_LOCK = "select id from attachments where id in ({held}) order by id for update"
_UNUSE = "delete from attachment_uses where attachment_id = any ($2::text[]) and {column} = any ($1::text[])"
_DROP_UNUSED = """
delete from attachments a where id = any ($1::text[])
    and not exists (select from attachment_uses u where u.attachment_id = a.id)
"""


async def begin(connection: Connection, app_id: str, conversation_id: str | None, for_message: bool) -> str:
    """Begin an attachment; its id. Drops what earlier uploads left behind.

    Raises :class:`AppGoneError`, :class:`ConversationGoneError`.
    """
    await _check_owner(connection, app_id, conversation_id)
    await connection.execute(_SWEEP, LEFT_AFTER_SECONDS, _MOST_SWEPT)
    attachment_id = new_ulid()
    await connection.execute(_BEGIN, attachment_id, app_id, conversation_id, for_message)
    return attachment_id


async def begin_copy(connection: Connection, app_id: str, media_id: str) -> str | None:
    """Begin the copy of a file that stands at a channel; it goes with the row of ``media``. None: that is gone."""
    await connection.execute(_DROP_COPY, media_id)
    copy: str | None = await connection.fetchval(_BEGIN_COPY, new_ulid(), app_id, media_id)
    return copy


async def finish_copy(connection: Connection, attachment_id: str, file: Mapping[str, Any]) -> bool:
    """All pieces are there: from now on the copy is served. False: it was taken away meanwhile."""
    done = await connection.fetchval(_FINISH, attachment_id, file["name"], file["media_type"], file["size"])
    return done is not None


async def add_piece(connection: Connection, attachment_id: str, number: int, data: bytes) -> None:
    """Store the next piece: PIECE_BYTES, or less if it is the last."""
    await connection.execute(_PIECE, attachment_id, number, data)


async def finish(
    connection: Connection, app_id: str, conversation_id: str | None, attachment_id: str, file: Mapping[str, Any]
) -> None:
    """All pieces are there: from now on it is served. ``file`` has name, media_type and size.

    Raises :class:`AppGoneError`, :class:`ConversationGoneError`.
    """
    await _check_owner(connection, app_id, conversation_id)
    done = await connection.fetchval(_FINISH, attachment_id, file["name"], file["media_type"], file["size"])
    if done is None:
        raise AppGoneError


async def drop(connection: Connection, attachment_id: str) -> None:
    """Give up an upload: nothing of it stays."""
    await connection.execute(_DROP, attachment_id)


async def served(connection: Connection, attachment_id: str) -> Mapping[str, Any] | None:
    """Id, name, media_type and size of an attachment of whatever app, or None."""
    row: Mapping[str, Any] | None = await connection.fetchrow(_SERVED, attachment_id)
    return row


async def read_piece(connection: Connection, attachment_id: str, number: int) -> bytes | None:
    """One piece, or None when it has been deleted meanwhile."""
    data: bytes | None = await connection.fetchval(_READ, attachment_id, number)
    return data


async def remove(connection: Connection, app_id: str, attachment_id: str) -> bool:
    """Delete an attachment of an app; whether there was one."""
    return await connection.fetchval(_REMOVE, app_id, attachment_id) is not None


async def describe(connection: Connection, app_id: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """media_type and size of an app's attachments, by id."""
    return {row["id"]: row for row in await connection.fetch(_DESCRIBE, app_id, ids)}


async def link(connection: Connection, app_id: str, conversation_id: str, message_id: str, ids: Sequence[str]) -> None:
    """A message shows these attachments: those uploaded for messages now go with it."""
    await connection.execute(_LINK, app_id, ids, message_id, conversation_id)


async def let_go_of_messages(connection: Connection, message_ids: Sequence[str]) -> None:
    """These messages go: so do the attachments that no other message shows. Call it in the same transaction."""
    await _let_go(connection, _OF_MESSAGES, "message_id", message_ids)


async def let_go_of_history(connection: Connection, conversation_ids: Sequence[str]) -> None:
    """All messages of these conversations go; the conversations stay, and with them what was uploaded for later."""
    await _let_go(connection, _OF_HISTORY, "conversation_id", conversation_ids)


async def let_go_of_conversations(connection: Connection, conversation_ids: Sequence[str]) -> None:
    """These conversations go with all in them (of a user who goes: all of theirs), and what was uploaded for them."""
    await _let_go(connection, _OF_CONVERSATIONS, "conversation_id", conversation_ids)


async def _let_go(connection: Connection, held: str, column: str, gone: Sequence[str]) -> None:
    # Locked first: of two messages that go at once, the second to get the lock sees that it is the last.
    ids = [row["id"] for row in await connection.fetch(_LOCK.format(held=held), gone)]
    if ids:
        await connection.execute(_UNUSE.format(column=column), gone, ids)
        await connection.execute(_DROP_UNUSED, ids)


async def _check_owner(connection: Connection, app_id: str, conversation_id: str | None) -> None:
    if not await connection.fetchval(_APP, app_id):
        raise AppGoneError
    if conversation_id is not None and not await connection.fetchval(_CONVERSATION, app_id, conversation_id):
        raise ConversationGoneError
