"""Messages that are stored: reading and deleting them. Posting one is `posting`'s work."""

from typing import Any

from heliograph.messaging import attachments
from heliograph.messaging.paging import Cut, Slice, sliced
from heliograph.storage import Connection

# Sunshine reference 1.6: the page size of ListMessages is fixed.
PAGE_SIZE = 100

# Served by conversations_pkey. The lock is the one that posting takes, so that counts stay right.
_LOCK = "select id from conversations where app_id = $1 and id = $2 for update"

# A cursor is a message's id, the order is seq. When the message of the cursor was deleted meanwhile, the gap it left is
# the cursor, so that paging goes on. Served by messages_of_conversation and messages_pkey.
_LAST = "select body from messages where conversation_id = $1 order by seq desc limit $2"
_AFTER = """
select body from messages where conversation_id = $1 and seq > coalesce(
    (select seq from messages where id = $3 and conversation_id = $1),
    (select max(seq) from messages where id < $3 and conversation_id = $1), 0)
order by seq limit $2
"""
_BEFORE = """
select body from messages where conversation_id = $1 and seq < coalesce(
    (select seq from messages where id = $3 and conversation_id = $1),
    (select max(seq) + 1 from messages where id < $3 and conversation_id = $1), 0)
order by seq desc limit $2
"""

# Its mids stay: a message that was here once never comes again.
_DELETE = "delete from messages where id = $2 and conversation_id = $1 returning id"
_DELETE_ALL = "delete from messages where conversation_id = $1"
_RECOUNT = "update conversations set message_count = greatest(message_count - $2, 0) where id = $1"

# Served by participants_of_conversation, clients_pkey, integrations_pkey.
_REACHES = """
select exists (select from participants p join clients c on c.id = p.client_id
               where p.app_id = $1 and p.conversation_id = $2 and c.integration_id = coalesce($3, c.integration_id)
                 and c.type = coalesce($4, c.type))
"""


async def list_messages(connection: Connection, conversation_id: str, cut: Cut) -> Slice:
    """A page of a conversation's messages as they were stored, oldest first; without a cursor the last page."""
    if cut.after:
        rows = await connection.fetch(_AFTER, conversation_id, cut.size + 1, cut.after)
    elif cut.before:
        rows = await connection.fetch(_BEFORE, conversation_id, cut.size + 1, cut.before)
    else:
        rows = await connection.fetch(_LAST, conversation_id, cut.size + 1)
    page = sliced(list(rows), cut)
    return Slice([row["body"] for row in page.rows], page.more)


async def lock_conversation(connection: Connection, app_id: str, conversation_id: str) -> bool:
    """Lock a conversation until the transaction ends; whether there is one."""
    return await connection.fetchval(_LOCK, app_id, conversation_id) is not None


async def delete(connection: Connection, conversation_id: str, message_id: str) -> bool:
    """Delete one message of a locked conversation; whether there was one."""
    if await connection.fetchval(_DELETE, conversation_id, message_id) is None:
        return False
    await attachments.let_go_of_messages(connection, [message_id])
    await connection.execute(_RECOUNT, conversation_id, 1)
    return True


async def delete_all(connection: Connection, conversation_id: str) -> None:
    """Delete every message of a locked conversation."""
    tag = await connection.execute(_DELETE_ALL, conversation_id)
    await attachments.let_go_of_history(connection, [conversation_id])
    await connection.execute(_RECOUNT, conversation_id, int(tag.split()[-1]))


async def reaches(connection: Connection, app_id: str, conversation_id: str, destination: dict[str, Any]) -> bool:
    """Whether a message with this ``destination`` would find a client of the conversation's participants."""
    return bool(
        await connection.fetchval(
            _REACHES,
            app_id,
            conversation_id,
            destination.get("integrationId"),
            destination.get("integrationType"),
        )
    )
